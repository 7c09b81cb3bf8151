// Numbers modulo p, two at a time: eleven limbs of 24 bits as in src/fast, each limb a pair of doubles. The
// lanes of a pair have nothing to do with each other.
//
// Each lane goes through the operations of src/fast/*/field.generated.ts, so limbs are the same to the last
// bit, and so are the bounds, which the file there tells (test/wasm/bounds.test.ts proves them again, from
// the bytes of the module). Every product and every sum is a whole number below 2^53, or such a number
// divided by 2^24 exactly. So a fused multiply-add rounds nothing: it gives the same limbs.
import {
  type Operand,
  call,
  type Expression,
  F64,
  f64,
  f64x2,
  type Func,
  I32,
  i64,
  I64,
  type Local,
  local,
  type Module,
  set,
  V128,
  variable,
} from "./assembler.js";
import { itemOf } from "./list.js";
import { at, type Layout, type Place } from "./memory.js";

const LIMBS = 11;
const COLUMNS = 2 * LIMBS - 1;
/** Columns computed at a time: what one block loads and sums fits into the registers. */
const BLOCK = 4;

type Two = readonly [I32, I32];
type Write = Func<readonly [I32], undefined>;

/** Products, as sums of one weight each in memory that all share, and what folds them to limbs. */
export interface Field {
  /** columns = a·b */
  readonly product: Func<Two, undefined>;
  /** columns = k·a·b */
  readonly scaledProduct: Func<readonly [I32, I32, F64], undefined>;
  /** columns -= a·b */
  readonly subtractProduct: Func<Two, undefined>;
  /** columns = a² */
  readonly squareProduct: Write;
  /** columns -= 8·a² */
  readonly subtractEightSquare: Write;
  /** Each curve has its own modulus. */
  readonly p256: Reduction;
  readonly ed25519: Reduction;
}

export interface Reduction {
  /** out = columns, divided by R for P-256 */
  readonly reduce: Write;
  /** out = columns + k·c, the columns divided by R for P-256 */
  readonly reduceAnd: Func<readonly [I32, F64, I32], undefined>;
}

/** Writes the functions of both fields; `isFused` says whether with fused multiply-add. */
export function defineField(module: Module, layout: Layout, isFused: boolean): Field {
  const columns = layout.take(16 * COLUMNS);

  /** sum += x·y */
  function addTimes(sum: Local<V128>, x: Operand<V128>, y: Local<V128>): void {
    set(sum, isFused ? f64x2.fused(x, y, sum) : f64x2.add(sum, f64x2.mul(x, y)));
  }

  /** sum -= x·y */
  function subtractTimes(sum: Local<V128>, x: Operand<V128>, y: Local<V128>): void {
    set(sum, isFused ? f64x2.fusedMinus(x, y, sum) : f64x2.sub(sum, f64x2.mul(x, y)));
  }

  function column(index: number): Expression<V128> {
    return f64x2.load(columns, 16 * index);
  }

  /**
   * Writes every column, in blocks: `term` is a pair of factors for limbs i and j, whose products are summed, or
   * subtracted from what the column was.
   */
  function writeColumns(
    isSubtracted: boolean,
    terms: (column: number, limb: Limb) => readonly (readonly [Local<V128>, Local<V128>])[],
  ): void {
    for (let first = 0; first < COLUMNS; first += BLOCK) {
      const limbs = new Map<string, Local<V128>>();
      const limb: Limb = (name, value) => {
        const known = limbs.get(name);
        if (known !== undefined) return known;
        const made = variable(value());
        limbs.set(name, made);
        return made;
      };
      const last = Math.min(COLUMNS, first + BLOCK);
      for (let k = first; k < last; k++) {
        const pairs = terms(k, limb);
        const sum = local(V128);
        if (isSubtracted) set(sum, column(k));
        for (const [i, [x, y]] of pairs.entries()) {
          if (isSubtracted) subtractTimes(sum, x, y);
          else if (i > 0) addTimes(sum, x, y);
          else set(sum, f64x2.mul(x, y));
        }
        f64x2.store(columns, 16 * k, sum);
      }
    }
  }

  function writeProduct(isSubtracted: boolean, a: Place, b: Place, k?: Local<V128>): void {
    writeColumns(isSubtracted, (sum, limb) =>
      pairsOf(sum).map(([i, j]) => [
        limb(`a${i}`, () => (k === undefined ? load(a, i) : f64x2.mul(load(a, i), k))),
        limb(`b${j}`, () => load(b, j)),
      ]),
    );
  }

  /** factor·a², each mixed pair taken once and doubled. */
  function writeSquare(isSubtracted: boolean, a: Place, factor: number): void {
    writeColumns(isSubtracted, (sum, limb) =>
      pairsOf(sum)
        .filter(([i, j]) => i <= j)
        .map(([i, j]) => {
          const plain = (n: number): Local<V128> => limb(`${n}`, () => load(a, n));
          const times = (n: number): Local<V128> => {
            const k = i === j ? factor : 2 * factor;
            const single = plain(n);
            if (k === 1) return single;
            return limb(`${k}·${n}`, () => f64x2.mul(single, k));
          };
          return [times(i), plain(j)];
        }),
    );
  }

  /** Writes the two functions of a reduction: `fold` leaves the eleven limbs, without the last carries. */
  function defineReduction(
    fold: (t: Sums) => readonly Local<V128>[],
    carry: (t: Sums, r: readonly Local<V128>[], out: Place) => void,
  ): Reduction {
    const sums = (): Sums => {
      const t = Array.from({ length: COLUMNS }, (_, k) => variable(column(k)));
      const round = variable(f64x2.const(ROUND));
      const down = variable(f64x2.const(DOWN));
      return {
        t: (k) => t[k] ?? (t[k] = local(V128)), // column 21 is 0 at the start
        rounded: (x, by = round) => variable(f64x2.sub(f64x2.add(x, by), by)),
        subtract: (x, y) => set(x, f64x2.sub(x, y)),
        add: (x, y) => set(x, f64x2.add(x, y)),
        addTimes,
        subtractTimes,
        down,
      };
    };
    return {
      reduce: module.procedure([I32], (out) => {
        const t = sums();
        carry(t, fold(t), at(out));
      }),
      reduceAnd: module.procedure([I32, F64, I32], (out, k, c) => {
        const t = sums();
        const factor = variable(f64x2.splat(k));
        const limbs = fold(t);
        for (const [i, limb] of limbs.entries()) addTimes(limb, load(at(c), i), factor);
        carry(t, limbs, at(out));
      }),
    };
  }

  return {
    product: module.procedure([I32, I32], (a, b) => writeProduct(false, at(a), at(b))),
    scaledProduct: module.procedure([I32, I32, F64], (a, b, k) =>
      writeProduct(false, at(a), at(b), variable(f64x2.splat(k))),
    ),
    subtractProduct: module.procedure([I32, I32], (a, b) => writeProduct(true, at(a), at(b))),
    squareProduct: module.procedure([I32], (a) => writeSquare(false, at(a), 1)),
    subtractEightSquare: module.procedure([I32], (a) => writeSquare(true, at(a), 8)),
    p256: defineReduction(foldP256, (t, r, out) => carryChains(t, r, out, false)),
    ed25519: defineReduction(foldEd25519, (t, r, out) => carryChains(t, r, out, true)),
  };
}

/** Returns the variable of a limb, or of a multiple of one, within a block of columns. */
type Limb = (name: string, value: () => Expression<V128>) => Local<V128>;

function load(place: Place, limb: number): Expression<V128> {
  return f64x2.load(place, 16 * limb);
}

/** The pairs of limbs whose products fall into a column. */
function pairsOf(sum: number): readonly (readonly [number, number])[] {
  const pairs: (readonly [number, number])[] = [];
  for (let i = Math.max(0, sum - LIMBS + 1); i <= Math.min(LIMBS - 1, sum); i++)
    pairs.push([i, sum - i]);
  return pairs;
}

/** t + ROUND - ROUND is t rounded to a multiple of 2^24 for |t| < 2^75: doubles near ROUND are 2^24 apart. */
const ROUND = 1.5 * 2 ** 76;
const DOWN = 2 ** -24;
/** The same for multiples of 2^15. */
const ROUND_15 = 1.5 * 2 ** 67;

/** The columns of a product in variables, and the steps of a reduction. */
interface Sums {
  t(column: number): Local<V128>;
  /** x rounded to a multiple of 2^24, or by another constant. */
  rounded(x: Local<V128>, by?: Local<V128>): Local<V128>;
  add(x: Local<V128>, y: Local<V128>): void;
  subtract(x: Local<V128>, y: Local<V128>): void;
  /** x += y·k */
  addTimes(x: Local<V128>, y: Local<V128>, k: Local<V128>): void;
  /** x -= y·k */
  subtractTimes(x: Local<V128>, y: Local<V128>, k: Local<V128>): void;
  readonly down: Local<V128>;
}

/** Takes what exceeds 24 bits out of a column, and returns it. */
function takeCarry({ rounded, subtract }: Sums, x: Local<V128>): Local<V128> {
  const carry = rounded(x);
  subtract(x, carry);
  return carry;
}

/** Adds t·p·2^(24·i) for every limb i that a division by 2^264 drops: p is -1 modulo 2^96. */
function foldP256(sums: Sums): readonly Local<V128>[] {
  const { t, add, addTimes, subtractTimes, down } = sums;
  const k8 = variable(f64x2.const(0x100));
  const k16 = variable(f64x2.const(0x10000));
  // Columns 0 to 8 side by side: one carry each, because the lines below multiply them.
  const carries = Array.from({ length: 9 }, (_, k) => takeCarry(sums, t(k)));
  for (const [k, carry] of carries.entries()) addTimes(t(k + 1), carry, down);
  for (let i = 0; i < LIMBS; i++) {
    if (i >= 9) addTimes(t(i + 1), takeCarry(sums, t(i)), down);
    add(t(i + 4), t(i));
    add(t(i + 8), t(i));
    subtractTimes(t(i + 9), t(i), k8);
    addTimes(t(i + 10), t(i), k16);
  }
  return Array.from({ length: LIMBS }, (_, j) => t(LIMBS + j));
}

/** Adds the upper columns to the lower ones: 2^264 is 512·19 modulo p. */
function foldEd25519(sums: Sums): readonly Local<V128>[] {
  const { t, addTimes, down } = sums;
  const fold = variable(f64x2.const(0x2600));
  const carries = Array.from({ length: 9 }, (_, k) => takeCarry(sums, t(LIMBS + k)));
  for (const [k, carry] of carries.entries()) addTimes(t(LIMBS + 1 + k), carry, down);
  for (let k = 0; k < 10; k++) addTimes(t(k), t(LIMBS + k), fold);
  return Array.from({ length: LIMBS }, (_, j) => t(j));
}

/**
 * Carries limbs 0 to 10 to 24 bits each in two chains that run side by side, 0 to 5 and 5 to 10, and stores
 * them. Where `isWrapped`, what exceeds 15 bits of the top limb returns to the bottom: 2^255 is 19.
 */
function carryChains(sums: Sums, r: readonly Local<V128>[], out: Place, isWrapped: boolean): void {
  const { rounded, subtract, addTimes, down } = sums;
  const limb = (j: number): Local<V128> => itemOf(r, j);
  const step = (j: number): void => addTimes(limb(j + 1), takeCarry(sums, limb(j)), down);
  step(5);
  for (let j = 0; j < 5; j++) {
    step(j);
    if (j < 4) step(6 + j);
    else if (isWrapped) {
      const top = rounded(limb(10), variable(f64x2.const(ROUND_15)));
      subtract(limb(10), top);
      addTimes(limb(0), top, variable(f64x2.const(19 / 0x8000)));
    }
  }
  const low = takeCarry(sums, limb(5));
  addTimes(limb(6), low, down);
  if (isWrapped) addTimes(limb(1), takeCarry(sums, limb(0)), down);
  for (let j = 0; j < LIMBS; j++) f64x2.store(out, 16 * j, limb(j));
}

/** The operations on numbers in memory, as the formulas of a curve name them. */
export interface Operations {
  /** out = a·b */
  multiply(out: Place, a: Place, b: Place): void;
  /** out = a² */
  square(out: Place, a: Place): void;
  /** out = a·b + k·c */
  multiplyAdd(out: Place, a: Place, b: Place, k: number, c: Place): void;
  /** out = a² + k·c */
  squareAdd(out: Place, a: Place, k: number, c: Place): void;
  /** out = k·a·b */
  multiplyScaled(out: Place, a: Place, b: Place, k: number): void;
  /** out = a·b - c·d */
  multiplyDifference(out: Place, a: Place, b: Place, c: Place, d: Place): void;
  /** out = a·b - 8·c² */
  multiplyMinus8Square(out: Place, a: Place, b: Place, c: Place): void;
}

/** The operations of one of the two fields. */
export function operationsOf(field: Field, { reduce, reduceAnd }: Reduction): Operations {
  const fold = (out: Place): void => call(reduce, out);
  const foldAnd = (out: Place, k: number, c: Place): void => call(reduceAnd, out, k, c);
  const product = (a: Place, b: Place): void => call(field.product, a, b);
  const squareProduct = (a: Place): void => call(field.squareProduct, a);
  return {
    multiply(out, a, b) {
      product(a, b);
      fold(out);
    },
    square(out, a) {
      squareProduct(a);
      fold(out);
    },
    multiplyAdd(out, a, b, k, c) {
      product(a, b);
      foldAnd(out, k, c);
    },
    squareAdd(out, a, k, c) {
      squareProduct(a);
      foldAnd(out, k, c);
    },
    multiplyScaled(out, a, b, k) {
      call(field.scaledProduct, a, b, k);
      fold(out);
    },
    multiplyDifference(out, a, b, c, d) {
      product(a, b);
      call(field.subtractProduct, c, d);
      fold(out);
    },
    multiplyMinus8Square(out, a, b, c) {
      product(a, b);
      call(field.subtractEightSquare, c);
      fold(out);
    },
  };
}

/** Writes limb by limb, with no carry: the results of `limb` for each of the eleven. */
export function eachLimb(out: Place, limb: (offset: number) => Expression<V128>): void {
  for (let i = 0; i < LIMBS; i++) f64x2.store(out, 16 * i, limb(16 * i));
}

/** A limb of a number, for eachLimb. */
export const limbAt: (place: Place, offset: number) => Expression<V128> = f64x2.load;

/** out = x + y */
export function addElements(out: Place, x: Place, y: Place): void {
  eachLimb(out, (offset) => f64x2.add(limbAt(x, offset), limbAt(y, offset)));
}

/** out = x - y */
export function subtractElements(out: Place, x: Place, y: Place): void {
  eachLimb(out, (offset) => f64x2.sub(limbAt(x, offset), limbAt(y, offset)));
}

/** out = a */
export function copy(out: Place, a: Place): void {
  eachLimb(out, (offset) => limbAt(a, offset));
}

/** out = the lanes of a in the other order */
export function copySwapped(out: Place, a: Place): void {
  eachLimb(out, (offset) => f64x2.swap(variable(limbAt(a, offset))));
}

/** The limbs of p for P-256 that are not 0: p = -1 + 2^96 + 2^192 - 2^224 + 2^256. */
const P256_LIMBS: ReadonlyMap<number, number> = new Map([
  [0, -1],
  [4, 1],
  [8, 1],
  [9, -0x100],
  [10, 0x10000],
]);

/**
 * Writes whether a number is zero modulo p of P-256: of the lane that the address points to, 0 or 8 bytes into
 * the number. It is exact for limbs of any size up to 2^53, carried or not, and values up to 2^23·p: limb 0 says
 * modulo 2^24 which multiple of p the value must be, and all limbs are compared with it.
 */
export function defineIsZero(module: Module): Func<readonly [I32], I32> {
  const body = (number: Local<I32>): Expression<I32> => {
    const limb = (i: number): Expression<I64> => i64.truncate(f64.load(number, 16 * i));
    // p is -1 modulo 2^24, so multiple k of p is -k.
    const multiple = variable(i64.shrS(i64.shl(i64.sub(0, limb(0)), 40), 40));
    const rest = local(I64);
    const bits = local(I64);
    for (let i = 0; i < LIMBS; i++) {
      set(rest, i64.add(rest, limb(i)));
      const factor = P256_LIMBS.get(i);
      if (factor !== undefined) {
        set(rest, i64.sub(rest, i64.mul(multiple, factor)));
      }
      set(bits, i64.or(bits, i64.and(rest, 0xffffff)));
      set(rest, i64.shrS(rest, 24));
    }
    return i64.eqz(i64.or(bits, rest));
  };
  return module.define([I32], I32, body, "isZero");
}
