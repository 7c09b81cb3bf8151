// ES256 (FIPS 186-4 section 6.4, SEC 1 section 4.1.4) in lanes: from a message, a signature and the table of a
// key, all in memory, to one of three answers.
import {
  call,
  choose,
  drop,
  type Expression,
  type Func,
  I32,
  i32,
  I64,
  i64,
  leave,
  type Local,
  local,
  loop,
  type Module,
  type Operand,
  set,
  select,
  variable,
  when,
} from "./assembler.js";
import { AFFINE, type Comb, defineComb, MULTIPLE } from "./comb.js";
import { type Field, type Operations, operationsOf } from "./field.js";
import { defineEnter, ITEM, NO, UNSURE } from "./items.js";
import { after, at, ELEMENT, elementBytes, type Layout, type Place, wordBytes } from "./memory.js";
import { definePoints, isZeroAt, POINT, type Points } from "./point.js";
import { limbBytes, modulus, SCALAR, type Scalars, writeLimbs } from "./scalar.js";
import { defineSha256 } from "./sha2.js";
import { N, P } from "../fast/p256/curve.js";

/** R of the field's Montgomery form. */
const R = 1n << 264n;

/** Where a caller puts what is verified. */
export interface Input {
  /** 64 bytes. */
  readonly signature: Place;
  readonly message: Place;
}

/** Where the numbers lie that the tests look at. */
export interface Es256Places {
  readonly entry: Place;
  readonly sum: Place;
  readonly total: Place;
  readonly candidate: Place;
}

/** What a group uses of it too (es256-group.ts). */
export interface Es256 extends Es256Places {
  readonly operations: Operations;
  readonly points: Points;
  readonly comb: Comb;
  /** 1 in Montgomery form. */
  readonly one: Place;
  /** The order of the curve, and what 1/s is inverted from: factors are products with that inverse. */
  readonly order: Place;
  readonly start: Place;
  /** Writes the factors of a signature, from 1/s, and their digits. */
  readonly writeFactors: Func<readonly [I32], undefined>;
  /** Writes the answers about the signatures of the two lanes, or of one in both, from the total. */
  readonly answer: Func<readonly [I32, I32], undefined>;
}

/** Writes the functions enterEs256 and decideEs256, for a signature that is the first of the items. */
export function defineEs256(
  module: Module,
  layout: Layout,
  field: Field,
  scalars: Scalars,
  { signature, message }: Input,
  items: Place,
  roots: Place,
): Es256 {
  const one = layout.constant(elementBytes(R % P));
  const squareOfR = layout.constant(elementBytes((R * R) % P));
  const points = definePoints(module, layout, field, one);
  const operations = operationsOf(field, field.p256);
  const comb = defineComb(module, AFFINE);
  const order = modulus(layout, N);
  const prime = layout.constant(wordBytes(P, 8));
  // The words of an inverse are 1/s·2^256, which makes the products below those of 1/s.
  const start = layout.constant(limbBytes((1n << 256n) % N));
  const hash = layout.take(32);
  const sha256 = defineSha256(module, roots, hash);
  const [scratch, words] = [layout.take(SCALAR), layout.take(SCALAR)];
  const candidate = layout.take(ELEMENT);
  const sum = layout.take(POINT);
  const total = layout.take(POINT);

  const isScalar = module.define([I32], I32, (number) =>
    i32.and(i32.eqz(call(scalars.isZero, number)), call(scalars.subtract, scratch, number, order)),
  );

  defineEnter(
    module,
    items,
    (item, length) => {
      const read = (offset: number, from: Place): void => {
        call(scalars.read, at(item, offset), from);
        when(i32.eqz(call(isScalar, at(item, offset))), () => leave(NO));
      };
      read(ITEM.claimed, signature);
      read(ITEM.inverted, after(signature, 32));
      call(sha256, message, length);
      for (let i = 0; i < 32; i += 4) {
        i32.store(item, ITEM.ofBase + i, i32.load(hash, 28 - i));
      }
    },
    "enterEs256",
  );

  /**
   * Writes the digits of a factor: of n - k where k is even, negated then. (0 becomes n: the two lanes have
   * opposite points then.)
   */
  const writeDigits = module.procedure([I32, I32], (k, multiple) => {
    const isEven = variable(i32.eqz(i32.and(i32.load(k), 1)));
    i32.store(multiple, MULTIPLE.isNegated, isEven);
    when(isEven, () => {
      drop(call(scalars.subtract, scratch, order, k));
      set(k, scratch);
    });
    writeHalf(words, k);
    call(comb.writeDigits, multiple, words);
  });

  const writeFactors = module.procedure([I32], (item) => {
    const write = (factor: number, a: number, multiple: number): void => {
      const part = (offset: number): Expression<I32> => at(item, offset);
      call(scalars.multiply, part(factor), part(a), part(ITEM.inverse), order);
      call(writeDigits, part(factor), part(multiple));
    };
    write(ITEM.ofBase, ITEM.ofBase, ITEM.base);
    write(ITEM.ofKey, ITEM.claimed, ITEM.key);
  });

  /** sum = u1·G + u2·Q, half of it in each lane */
  const multiplyPoints = module.procedure([I32], (item) => {
    const parts = [ITEM.base, ITEM.key].map((offset) => {
      const multiple = variable(at(item, offset));
      return { multiple, columns: variable(i32.load(multiple, MULTIPLE.columns)) };
    });
    const isBegun = local(I32);
    const column = local(I32);
    for (const { columns } of parts) set(column, select(columns, column, i32.ltS(column, columns)));
    loop(() => {
      set(column, i32.sub(column, 1));
      when(isBegun, () => call(points.double, sum));
      for (const { multiple, columns } of parts) {
        when(i32.ltS(column, columns), () => {
          call(comb.load, multiple, 0, multiple, 1, column, points.entry);
          choose(
            isBegun,
            () => call(points.add, sum),
            () => call(points.assign, sum),
          );
          set(isBegun, 1);
        });
      }
      return column;
    });
  });

  /** candidate = candidate·Z² - X, from the limbs of a number below 2^256 */
  const compare = module.procedure(
    [],
    () => {
      operations.multiply(candidate, candidate, squareOfR); // 2 · 1, as in readElement of src/fast
      operations.multiplyAdd(candidate, candidate, after(total, ELEMENT), -1, total);
    },
    "compare",
  );

  /** Whether r + n is below p, so that it may be x as well as r: for one r in 2^128, or where it was looked for. */
  const hasOther = module.define([I32], I32, (r) => {
    const carry = variable(call(scalars.add, words, r, order));
    const isBelow = call(scalars.subtract, scratch, words, prime);
    return i32.and(isBelow, i32.eqz(carry));
  });

  const answer = module.procedure([I32, I32], (item0, item1) => {
    const lanes = [
      [item0, 0],
      [item1, 8],
    ] as const;
    for (const [item, byte] of lanes) {
      writeLimbs(candidate, variable(at(item, ITEM.claimed)), byte);
    }
    call(compare);
    for (const [item, byte] of lanes) {
      // Z is zero where some step was exceptional (point.ts).
      const isUnsure = i32.or(
        isZeroAt(points, after(total, 2 * ELEMENT), byte),
        call(hasOther, at(item, ITEM.claimed)),
      );
      const hasX = isZeroAt(points, candidate, byte);
      i32.store(item, ITEM.answer, select(UNSURE, hasX, isUnsure));
    }
  });

  module.define(
    [],
    I32,
    () => {
      const item = variable(items);
      const isInverted = call(
        scalars.invert,
        at(item, ITEM.inverse),
        at(item, ITEM.inverted),
        start,
        order,
      );
      when(isInverted, () => {
        call(writeFactors, item);
        call(multiplyPoints, item);
        call(points.addLanes, sum, total);
        call(answer, item, item);
      });
      return i32.load(item, ITEM.answer);
    },
    "decideEs256",
  );
  return {
    entry: points.entry,
    sum,
    total,
    candidate,
    operations,
    points,
    comb,
    one,
    order,
    start,
    writeFactors,
    answer,
  };
}

/** Writes half of a number, rounded down, and zeros behind it. */
export function writeHalf(out: Place, from: Local<I32>): void {
  const word = (i: number): Operand<I64> => (i < 4 ? i64.load(from, 8 * i) : 0);
  for (let i = 0; i < 6; i++) {
    const half = i < 4 ? i64.or(i64.shrU(word(i), 1), i64.shl(word(i + 1), 63)) : 0;
    i64.store(out, 8 * i, half);
  }
}
