// ES256 (FIPS 186-4 section 6.4, SEC 1 section 4.1.4) in lanes: from a message, a signature and the table of a
// key, all in memory, to one of three answers.
import {
  type Operand,
  call,
  choose,
  drop,
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
  select,
  set,
  variable,
  when,
} from "./assembler.js";
import {
  AFFINE,
  type Comb,
  defineComb,
  loadColumn,
  type Multiple,
  shapeOf,
  takeDigits,
} from "./comb.js";
import { type Field, type Operations, operationsOf } from "./field.js";
import {
  addressOf,
  after,
  baseOf,
  ELEMENT,
  elementBytes,
  type Layout,
  type Place,
  wordBytes,
} from "./memory.js";
import { definePoints, isZeroAt, POINT, type Points } from "./point.js";
import { limbBytes, modulus, SCALAR, type Scalars, writeLimbs } from "./scalar.js";
import { defineSha256 } from "./sha2.js";
import { TAG_BYTES } from "./slots.js";
import { N, P } from "../fast/p256/curve.js";

/** The signature is valid. */
export const YES = 1;
/** It is not. */
export const NO = 0;
/** The lanes can't tell: the caller must ask elsewhere. */
export const UNSURE = 2;

/** Teeth of the combs: a key's first and later one, and the generator's. */
export const EARLY_TEETH = 6;
export const LATE_TEETH = 8;
export const BASE_TEETH = 10;

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
  /** The hash that decideEs256 takes, in words of 32 bits, the lowest first. */
  readonly hash: Place;
}

/** What a group uses of it too (es256-group.ts). */
export interface Es256 extends Es256Places {
  readonly operations: Operations;
  readonly points: Points;
  readonly combs: Readonly<Record<"early" | "late" | "base", Comb>>;
  /** 1 in Montgomery form. */
  readonly one: Place;
  /** The order of the curve, and what 1/s is inverted from: factors are products with that inverse. */
  readonly order: Place;
  readonly start: Place;
  /** Reads r and s to two addresses; returns whether both are in range. */
  readonly readSignature: Func<readonly [I32, I32], I32>;
  /** Writes the hash of a message as a number: to an address, from a length. */
  readonly hashMessage: Func<readonly [I32, I32], undefined>;
  /** Writes half of k or of n - k, for its digits, to an address; returns whether of n - k. */
  readonly halve: Func<readonly [I32, I32], I32>;
  /** Compares: candidate·Z² - X, of the total, from the limbs of numbers below 2^256. */
  readonly compare: Func<readonly [], undefined>;
  /** Writes r + n, for an r, to an address; returns whether it is below p. */
  readonly addOrder: Func<readonly [I32, I32], I32>;
}

/** Writes the function verifyEs256. */
export function defineEs256(
  module: Module,
  layout: Layout,
  field: Field,
  scalars: Scalars,
  { signature, message }: Input,
): Es256 {
  const one = layout.constant(elementBytes(R % P));
  const squareOfR = layout.constant(elementBytes((R * R) % P));
  const points = definePoints(module, layout, field, one);
  const operations = operationsOf(field, field.p256);
  const order = modulus(layout, N);
  const prime = layout.constant(wordBytes(P, 8));
  // The words of an inverse are 1/s·2^256, which makes the products below those of 1/s.
  const start = layout.constant(limbBytes((1n << 256n) % N));
  const hash = layout.take(32);
  const sha256 = defineSha256(module, hash);
  const [r, s, z, scratch] = [0, 0, 0, 0].map(() => layout.take(SCALAR)) as [
    Place,
    Place,
    Place,
    Place,
  ]; // four
  const [u1, u2, words] = [layout.take(SCALAR), layout.take(SCALAR), layout.take(SCALAR)];
  const candidate = layout.take(ELEMENT);
  const [digitsOfG, digitsOfQ] = [takeDigits(layout), takeDigits(layout)];
  const sum = layout.take(POINT);
  const total = layout.take(POINT);
  const combOf = (teeth: number): Comb => defineComb(module, shapeOf(teeth, 256), AFFINE);
  const combs = { early: combOf(EARLY_TEETH), late: combOf(LATE_TEETH), base: combOf(BASE_TEETH) };

  const isScalar = module.define([I32], I32, (number) =>
    i32.and(
      i32.eqz(call(scalars.isZero, number)),
      call(scalars.subtract, addressOf(scratch), number, addressOf(order)),
    ),
  );

  /**
   * Writes half of k, or of n - k where k is even, and zeros behind it. Returns whether k is even. (0 becomes n:
   * the two lanes have opposite points then.)
   */
  const halve = module.define([I32, I32], I32, (out, k) => {
    const isEven = variable(i32.eqz(i32.and(i32.load(k), 1)));
    const from = variable(k);
    when(isEven, () => {
      drop(call(scalars.subtract, addressOf(scratch), addressOf(order), k));
      set(from, addressOf(scratch));
    });
    writeHalf(out, from);
    return isEven;
  });

  /** Adds a column of a comb to the sum, or begins the sum with it. */
  const addColumn = (
    comb: Comb,
    multiple: Multiple,
    column: Local<I32>,
    isBegun: Local<I32>,
  ): void => {
    loadColumn(comb, multiple, column, points.entry);
    choose(
      isBegun,
      () => call(points.add, addressOf(sum)),
      () => {
        call(points.assign, addressOf(sum));
        set(isBegun, 1);
      },
    );
  };

  /** sum = u1·G + u2·Q, half of it in each lane */
  const multiplyPoints = module.procedure(
    [I32, I32, I32, I32],
    (tableOfG, isLateG, tableOfQ, isLateQ) => {
      const scalar = (u: Place, digits: Place, isLate: Local<I32>, early: Comb, late: Comb) => {
        const isNegated = variable(call(halve, addressOf(words), addressOf(u)));
        const write = (comb: Comb) => () =>
          call(comb.writeDigits, addressOf(digits), addressOf(words));
        choose(isLate, write(late), write(early));
        const columns = variable(select(late.shape.columns, early.shape.columns, isLate));
        return { isNegated, columns, digits, isLate, early, late };
      };
      const ofG = scalar(u1, digitsOfG, isLateG, combs.early, combs.base);
      const ofQ = scalar(u2, digitsOfQ, isLateQ, combs.early, combs.late);
      const isBegun = local(I32);
      const column = variable(select(ofG.columns, ofQ.columns, i32.ltS(ofQ.columns, ofG.columns)));
      loop(() => {
        set(column, i32.sub(column, 1));
        when(isBegun, () => call(points.double, addressOf(sum)));
        for (const [part, table] of [
          [ofG, tableOfG],
          [ofQ, tableOfQ],
        ] as const) {
          const multiple = {
            table: () => table,
            digits: () => addressOf(part.digits),
            isNegated: () => part.isNegated,
          };
          const add = (comb: Comb) => () => addColumn(comb, multiple, column, isBegun);
          when(i32.ltS(column, part.columns), () =>
            choose(part.isLate, add(part.late), add(part.early)),
          );
        }
        return column;
      });
    },
  );

  /** candidate = candidate·Z² - X, from the limbs of a number below 2^256 */
  const compare = module.procedure(
    [],
    () => {
      operations.multiply(candidate, candidate, squareOfR); // 2 · 1, as in readElement of src/fast
      operations.multiplyAdd(candidate, candidate, after(total, ELEMENT), -1, total);
    },
    "compare",
  );

  const addOrder = module.define([I32, I32], I32, (out, from) => {
    const carry = variable(call(scalars.add, out, from, addressOf(order)));
    const isBelow = variable(call(scalars.subtract, addressOf(scratch), out, addressOf(prime)));
    return i32.and(isBelow, i32.eqz(carry));
  });

  /** Whether x of the total is r modulo n: r, or r + n where that is below p. */
  const hasX = module.define([], I32, () => {
    // Lane 1 has the other candidate, or r once more.
    const isBelow = variable(call(addOrder, addressOf(z), addressOf(r)));
    const other = variable(select(addressOf(z), addressOf(r), isBelow));
    writeLimbs(candidate, variable(addressOf(r)), 0);
    writeLimbs(candidate, other, 8);
    call(compare);
    return i32.or(isZeroAt(points, candidate, 0), isZeroAt(points, candidate, 8));
  });

  const readSignature = module.define([I32, I32], I32, (rOut, sOut) => {
    call(scalars.read, rOut, addressOf(signature));
    call(scalars.read, sOut, addressOf(after(signature, 32)));
    return i32.and(call(isScalar, rOut), call(isScalar, sOut));
  });

  const hashMessage = module.procedure([I32, I32], (out, length) => {
    call(sha256, addressOf(message), length);
    for (let i = 0; i < 8; i++) {
      i32.store(out, 4 * i, i32.load(baseOf(hash), hash.offset + 28 - 4 * i));
    }
  });

  /** Decides about the signature and the hash in z. */
  const decide = module.define(
    [I32, I32, I32, I32],
    I32,
    (tableOfG, isLateG, tableOfQ, isLateQ) => {
      const isInRange = call(readSignature, addressOf(r), addressOf(s));
      when(i32.eqz(isInRange), () => leave(NO));
      const isInverted = call(
        scalars.invert,
        addressOf(s),
        addressOf(s),
        addressOf(start),
        addressOf(order),
      );
      when(i32.eqz(isInverted), () => leave(UNSURE));
      const divided = (out: Place, a: Place): void =>
        call(scalars.multiply, addressOf(out), addressOf(a), addressOf(s), addressOf(order));
      divided(u1, z);
      divided(u2, r);
      call(multiplyPoints, tableOfG, isLateG, tableOfQ, isLateQ);
      call(points.addLanes, addressOf(sum), addressOf(total));
      // Some step was exceptional (point.ts).
      when(isZeroAt(points, after(total, 2 * ELEMENT), 0), () => leave(UNSURE));
      return call(hasX);
    },
    "decideEs256",
  );

  module.define(
    [I32, I32, I32, I32, I32, I32],
    I32,
    (tableOfG, isLateG, tableOfQ, isLateQ, tag, length) => {
      writeTagCheck(tableOfQ, tag);
      call(hashMessage, addressOf(z), length);
      return call(decide, tableOfG, isLateG, tableOfQ, isLateQ);
    },
    "verifyEs256",
  );
  return {
    entry: points.entry,
    sum,
    total,
    candidate,
    hash: z,
    operations,
    points,
    combs,
    one,
    order,
    start,
    readSignature,
    hashMessage,
    halve,
    compare,
    addOrder,
  };
}

/** Leaves the function, unsure, where a table has another tag before it (slots.ts). */
export function writeTagCheck(table: Local<I32>, tag: Local<I32>): void {
  const found = i32.load(i32.sub(table, TAG_BYTES));
  when(i32.ne(found, tag), () => leave(UNSURE));
}

/** Writes half of a number, rounded down, and zeros behind it. */
export function writeHalf(out: Local<I32>, from: Local<I32>): void {
  const word = (i: number): Operand<I64> => (i < 4 ? i64.load(from, 8 * i) : 0);
  for (let i = 0; i < 4; i++) {
    const half = variable(i64.shrU(word(i), 1));
    i64.store(out, 8 * i, i64.or(half, i64.shl(word(i + 1), 63)));
  }
  for (const offset of [32, 40]) i64.store(out, offset, 0);
}
