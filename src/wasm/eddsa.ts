// Ed25519 (RFC 8032 section 5.1.7) in lanes, without the cofactor, as src/fast/ed25519/verify.ts explains it: R is
// recomputed as [S]B - [k]A, and its encoding compared with the bytes of R.
import {
  call,
  choose,
  drop,
  f64,
  f64x2,
  type Func,
  I32,
  i32,
  i64,
  leave,
  type Local,
  loop,
  type Module,
  select,
  set,
  variable,
  when,
} from "./assembler.js";
import {
  type Comb,
  defineComb,
  loadColumn,
  NIELS,
  NIELS_BYTES,
  shapeOf,
  takeDigits,
  writeEntries,
} from "./comb.js";
import { defineEdwards, type EdwardsPoints, EXTENDED, P25519 } from "./edwards.js";
import { BASE_TEETH, EARLY_TEETH, LATE_TEETH, UNSURE, writeHalf, writeTagCheck } from "./es256.js";
import { eachLimb, type Field, operationsOf } from "./field.js";
import { addressOf, after, baseOf, ELEMENT, type Layout, type Place, wordBytes } from "./memory.js";
import { limbBytes, modulus, SCALAR, type Scalars, writeLimbs } from "./scalar.js";
import { defineSha512, swap32 } from "./sha2.js";
import { L } from "../fast/ed25519/scalar.js";

/** Where a caller puts what is verified. */
export interface EddsaInput {
  /** R, then A, then the message. */
  readonly hashed: Place;
  /** S, below L. */
  readonly s: Place;
}

/** Where the numbers lie that the tests look at. */
export interface EddsaPlaces extends EddsaInput {
  readonly entry: Place;
  readonly sum: Place;
  /** k, in words of 32 bits, the lowest first: what decideEddsa takes. */
  readonly k: Place;
  readonly encoded: Place;
  readonly inverse: Place;
}

/** What a group uses of it too (eddsa-group.ts). */
export interface Eddsa extends EddsaPlaces {
  readonly points: EdwardsPoints;
  readonly combs: Readonly<Record<"early" | "late" | "base", Comb>>;
  readonly prime: Place;
  /** What 1/Z is inverted from. */
  readonly one: Place;
  /** Writes k to its place: the hash of R, A and a message of that length, modulo the order. */
  readonly hashMessage: Func<readonly [I32], undefined>;
  /** Writes the half of a number that its digits are made of, rounded down: to, from. */
  readonly halve: Func<readonly [I32, I32], undefined>;
  /**
   * Returns the entry that is subtracted once because the digits make the next odd number of an even one: number,
   * the end of its table's entries.
   */
  readonly surplus: Func<readonly [I32, I32], I32>;
  /** Whether X/Z and Y/Z encode to R: the lane of a point, the words of 1/Z, the bytes of R. */
  readonly isEncodedAs: Func<readonly [I32, I32, I32], I32>;
}

/** Writes the function verifyEddsa. `hashed` has room for a message behind 64 bytes. */
export function defineEddsa(
  module: Module,
  layout: Layout,
  field: Field,
  scalars: Scalars,
  hashed: Place,
): Eddsa {
  const points = defineEdwards(module, layout, field);
  const operations = operationsOf(field, field.ed25519);
  const order = modulus(layout, L);
  const prime = modulus(layout, P25519);
  const one = layout.constant(limbBytes(1n));
  const R = 1n << 256n;
  const rOfOrder = layout.constant(wordBytes(R % L, 8));
  const squareOfR = layout.constant(wordBytes((R * R) % L, 8));
  const hash = layout.take(64);
  const sha512 = defineSha512(module, hash);
  const take = (): Place => layout.take(SCALAR);
  const [s, k, high, words, inverseOfZ] = [take(), take(), take(), take(), take()];
  const [digitsOfB, digitsOfA] = [takeDigits(layout), takeDigits(layout)];
  const sum = layout.take(EXTENDED);
  const encoded = layout.take(ELEMENT);
  const inverse = layout.take(ELEMENT);
  // The identity as an entry: 1, 1, 0.
  const identity = new Int32Array(NIELS_BYTES / 4);
  identity[0] = 1;
  identity[11] = 1;
  const nothing = layout.constant(new Uint8Array(identity.buffer));
  const combOf = (teeth: number): Comb => defineComb(module, shapeOf(teeth, 253), NIELS);
  const combs = { early: combOf(EARLY_TEETH), late: combOf(LATE_TEETH), base: combOf(BASE_TEETH) };

  /** k = the hash modulo L: its upper half times 2^256, plus its lower one. */
  const hashMessage = module.procedure([I32], (length) => {
    call(sha512, addressOf(hashed), i32.add(length, 64));
    for (let i = 0; i < 16; i++) {
      // The hash is a little-endian number, and its words of 64 bits are big-endian.
      const from = hash.offset + 8 * (i >> 1) + (i % 2 === 0 ? 4 : 0);
      const word = variable(i32.load(baseOf(hash), from));
      const to = i < 8 ? k : high;
      i32.store(baseOf(to), to.offset + 4 * (i % 8), swap32(word));
    }
    const multiply = (out: Place, factor: Place): void =>
      call(scalars.multiply, addressOf(out), addressOf(out), addressOf(factor), addressOf(order));
    multiply(high, squareOfR);
    multiply(k, rOfOrder);
    drop(call(scalars.add, addressOf(k), addressOf(k), addressOf(high))); // below 2·L
    multiply(k, rOfOrder);
  });

  const halve = module.procedure([I32, I32], (out, number) => writeHalf(out, number));

  // The point itself stands last in its table.
  const surplus = module.define([I32, I32], I32, (number, point) =>
    select(point, addressOf(nothing), i32.eqz(i32.and(i32.load(number), 1))),
  );

  /** sum = [s]B + [k]A, A negated in its table, half of it in each lane */
  const multiplyPoints = module.procedure(
    [I32, I32, I32, I32],
    (tableOfB, isLateB, tableOfA, isLateA) => {
      const scalar = (
        number: Place,
        digits: Place,
        table: Local<I32>,
        isLate: Local<I32>,
        early: Comb,
        late: Comb,
      ) => {
        call(halve, addressOf(words), addressOf(number));
        const write = (comb: Comb) => () =>
          call(comb.writeDigits, addressOf(digits), addressOf(words));
        choose(isLate, write(late), write(early));
        const byState = (of: (comb: Comb) => number): Local<I32> =>
          variable(select(of(late), of(early), isLate));
        const columns = byState(({ shape }) => shape.columns);
        const bytes = byState(({ shape }) => 2 * shape.entries * NIELS_BYTES);
        const point = variable(i32.add(table, bytes));
        const once = variable(call(surplus, addressOf(number), point));
        return { digits, table, isLate, early, late, columns, once };
      };
      const ofB = scalar(s, digitsOfB, tableOfB, isLateB, combs.early, combs.base);
      const ofA = scalar(k, digitsOfA, tableOfA, isLateA, combs.early, combs.late);
      const column = variable(select(ofB.columns, ofA.columns, i32.ltS(ofA.columns, ofB.columns)));
      call(points.clear, addressOf(sum));
      loop(() => {
        set(column, i32.sub(column, 1));
        call(points.double, addressOf(sum));
        for (const part of [ofB, ofA]) {
          const multiple = {
            table: () => part.table,
            digits: () => addressOf(part.digits),
            isNegated: () => i32.const(0),
          };
          const load = (comb: Comb) => () => loadColumn(comb, multiple, column, points.entry);
          when(i32.ltS(column, part.columns), () => {
            choose(part.isLate, load(part.late), load(part.early));
            call(points.add, addressOf(sum));
          });
        }
        return column;
      });
      const minus = variable(i32.const(1));
      writeEntries(
        [
          { address: ofB.once, isMinus: minus },
          { address: ofA.once, isMinus: minus },
        ],
        NIELS,
        points.entry,
      );
      call(points.add, addressOf(sum));
      call(points.addLanes, addressOf(sum));
    },
  );

  /** encoded = x in lane 0, y in lane 1, of the lane of a point, from 1/Z in limbs of 24 bits */
  const divide = module.procedure(
    [I32],
    (point) => {
      eachLimb(encoded, (i) =>
        f64x2.replaceLane1(f64x2.splat(f64.load(point, i)), f64.load(point, ELEMENT + i)),
      );
      operations.multiply(encoded, encoded, inverse); // 1 · 2
    },
    "divideExtended",
  );
  const canonical = (out: Place, element: Place): void =>
    call(scalars.canonical, addressOf(out), addressOf(element), addressOf(prime));

  const isEncodedAs = module.define([I32, I32, I32], I32, (point, inverted, claimed) => {
    writeLimbs(inverse, inverted, 0);
    writeLimbs(inverse, inverted, 8);
    call(divide, point);
    canonical(words, encoded);
    canonical(high, after(encoded, 8));
    // The parity of x is the highest bit of the encoding.
    const parity = variable(i32.shl(i32.load(baseOf(words), words.offset), 31));
    const top = high.offset + 28;
    i32.store(baseOf(high), top, i32.or(i32.load(baseOf(high), top), parity));
    const difference = variable(i64.const(0));
    for (let i = 0; i < 32; i += 8) {
      const ours = variable(i64.load(baseOf(high), high.offset + i));
      const theirs = variable(i64.load(claimed, i));
      set(difference, i64.or(difference, i64.xor(ours, theirs)));
    }
    return i64.eqz(difference);
  });

  /** Decides about the k, the S and the R that are in memory. */
  const decide = module.define(
    [I32, I32, I32, I32],
    I32,
    (tableOfB, isLateB, tableOfA, isLateA) => {
      call(multiplyPoints, tableOfB, isLateB, tableOfA, isLateA);
      canonical(words, after(sum, 2 * ELEMENT));
      const isInverted = call(
        scalars.invert,
        addressOf(inverseOfZ),
        addressOf(words),
        addressOf(one),
        addressOf(prime),
      );
      when(i32.eqz(isInverted), () => leave(UNSURE)); // never: Z is not 0
      return call(isEncodedAs, addressOf(sum), addressOf(inverseOfZ), addressOf(hashed));
    },
    "decideEddsa",
  );

  module.define(
    [I32, I32, I32, I32, I32, I32],
    I32,
    (tableOfB, isLateB, tableOfA, isLateA, tag, length) => {
      writeTagCheck(tableOfA, tag);
      call(hashMessage, length);
      return call(decide, tableOfB, isLateB, tableOfA, isLateA);
    },
    "verifyEddsa",
  );
  return {
    hashed,
    s,
    entry: points.entry,
    sum,
    k,
    encoded,
    inverse,
    points,
    combs,
    prime,
    one,
    hashMessage,
    halve,
    surplus,
    isEncodedAs,
  };
}
