// Scalars: numbers of 256 bits in eight words of 32 bits, the lowest first, modulo the order of a curve (or
// modulo a field's prime, for inverses). Variable time: public values only.
import {
  call,
  type Expression,
  f64,
  type Func,
  I32,
  i32,
  I64,
  i64,
  type Local,
  local,
  loop,
  type Module,
  type Operand,
  select,
  set,
  variable,
  when,
} from "./assembler.js";
import { itemOf } from "./list.js";
import { swap32 } from "./sha2.js";
import { type Layout, type Place, wordBytes } from "./memory.js";

const WORDS = 8;
/** Bytes of a scalar, with room behind it for loads of eight bytes that begin in it. */
export const SCALAR = 48;
/** The inverse works with nine signed limbs of 30 bits. */
const LIMBS = 9;
const LIMB_BITS = 30;
const LIMB_MASK = 2 ** LIMB_BITS - 1;

/** An odd prime in memory: its words, -1/m modulo 2^32, its limbs of 30 bits. */
const NEGATED_INVERSE = 32;
const LIMBS_AT = 48;

/** The most rounds of 30 steps: Bernstein and Yang's theorem 11.2 allows 741 steps below 2^256. */
const ROUNDS = 25;

type Three = readonly [I32, I32, I32];

export interface Scalars {
  /** Reads 32 bytes, the most significant first: out, from. */
  readonly read: Func<readonly [I32, I32], undefined>;
  /** out = a + b; returns the carry. */
  readonly add: Func<Three, I32>;
  /** out = a - b; returns the borrow, 0 or 1. */
  readonly subtract: Func<Three, I32>;
  /** Returns whether a is zero. */
  readonly isZero: Func<readonly [I32], I32>;
  /** out = a·b/2^256 modulo m, for a < 2^256 and b < m (out, a, b, m). The result is below m. */
  readonly multiply: Func<readonly [I32, I32, I32, I32], undefined>;
  /**
   * out = the number of the field, from 0 to m - 1 (out, element, m). The element's lane is that of the address;
   * its value is within ±13·m, its limbs of at most 2^53.
   */
  readonly canonical: Func<Three, undefined>;
  /**
   * out = start/a modulo m, where 0 <= a < m and `start` is in limbs (out, a, start, m). Returns 0 where there
   * is no inverse, as of 0; then out means nothing.
   */
  readonly invert: Func<readonly [I32, I32, I32, I32], I32>;
}

/** Puts a modulus into memory. */
export function modulus(layout: Layout, value: bigint): Place {
  let inverse = value; // right in three bits; each round doubles them
  for (let bits = 3; bits < 32; bits *= 2)
    inverse = BigInt.asUintN(32, inverse * (2n - value * inverse));
  const bytes = new Uint8Array(LIMBS_AT + 8 * LIMBS);
  bytes.set(wordBytes(value, WORDS));
  bytes.set(wordBytes(BigInt.asUintN(32, -inverse), 1), NEGATED_INVERSE);
  bytes.set(limbBytes(value), LIMBS_AT);
  return layout.constant(bytes);
}

/** The number in limbs of 30 bits, as `invert` wants its start. */
export function limbBytes(value: bigint): Uint8Array {
  const limbs = BigInt64Array.from({ length: LIMBS }, (_, i) =>
    BigInt.asUintN(LIMB_BITS, value >> BigInt(LIMB_BITS * i)),
  );
  return new Uint8Array(limbs.buffer);
}

/** Writes the functions of scalars. */
export function defineScalars(module: Module, layout: Layout): Scalars {
  const word = (place: Local<I32>, i: number): Expression<I64> => i64.load32U(place, 4 * i);
  const storeWord = (place: Local<I32>, i: number, value: Local<I64>): void =>
    i64.store32(place, 4 * i, value);

  const read = module.procedure([I32, I32], (out, from) => {
    for (let i = 0; i < WORDS; i++) {
      i32.store(out, 4 * i, swap32(variable(i32.load(from, 28 - 4 * i))));
    }
  });

  const sum = (isDifference: boolean): Func<Three, I32> =>
    module.define([I32, I32, I32], I32, (out, a, b) => {
      const carry = local(I64); // 1, 0 or -1
      for (let i = 0; i < WORDS; i++) {
        const { add, sub } = i64;
        const part = variable(add((isDifference ? sub : add)(word(a, i), word(b, i)), carry));
        storeWord(out, i, part);
        set(carry, i64.shrS(part, 32));
      }
      return i32.and(i32.wrap(carry), 1);
    });

  const isZero = module.define([I32], I32, (a) => {
    const bits = variable(i64.load(a));
    for (const offset of [8, 16, 24]) set(bits, i64.or(bits, i64.load(a, offset)));
    return i64.eqz(bits);
  });

  const subtract = sum(true);
  const difference = layout.take(4 * WORDS);

  /** Montgomery's product, row by row; each sum of a product and two words fits into 64 bits. */
  const multiply = module.procedure([I32, I32, I32, I32], (out, a, b, m) => {
    const t = Array.from({ length: WORDS + 1 }, () => local(I64));
    const carry = local(I64);
    const part = local(I64);
    const top = itemOf(t, WORDS);
    /** t += factor·(the words of `by`), or (that + t)/2^32 where `isDivided` */
    const addRow = (factor: Local<I64>, by: Local<I32>, isDivided: boolean): void => {
      set(carry, 0);
      for (let j = 0; j < WORDS; j++) {
        const product = i64.mul(factor, word(by, j));
        set(part, i64.add(i64.add(product, itemOf(t, j)), carry));
        if (!isDivided) set(itemOf(t, j), i64.and(part, 0xffffffff));
        else if (j > 0) set(itemOf(t, j - 1), i64.and(part, 0xffffffff));
        set(carry, i64.shrU(part, 32));
      }
      set(top, i64.add(top, carry));
      if (!isDivided) return;
      set(itemOf(t, WORDS - 1), i64.and(top, 0xffffffff));
      set(top, i64.shrU(top, 32));
    };
    const negatedInverse = variable(i64.load32U(m, NEGATED_INVERSE));
    for (let i = 0; i < WORDS; i++) {
      addRow(variable(word(a, i)), b, false);
      const quotient = i64.mul(itemOf(t, 0), negatedInverse);
      addRow(variable(i64.and(quotient, 0xffffffff)), m, true);
    }
    // Below 2·m: minus m, unless that is negative.
    for (let i = 0; i < WORDS; i++) storeWord(out, i, itemOf(t, i));
    const borrow = variable(call(subtract, difference, out, m));
    when(i32.geS(i32.wrap(top), borrow), () => {
      for (const offset of [0, 8, 16, 24]) i64.store(out, offset, i64.load(difference, offset));
    });
  });

  /** Bytes of a number that is being put together, with room for the last store. */
  const carried = layout.take(48);
  const canonical = module.procedure([I32, I32, I32], (out, element, m) => {
    const rest = local(I64);
    const address = variable(carried);
    for (let i = 0; i < 11; i++) {
      set(rest, i64.add(rest, i64.truncate(f64.load(element, 16 * i))));
      // Three bytes; the next store puts its own over the fourth. The last one keeps the sign.
      i64.store32(address, 3 * i, rest);
      set(rest, i64.shrS(rest, 24));
    }
    const limbs = Array.from({ length: LIMBS }, (_, i) => variable(limbOf(address, i)));
    const top = itemOf(limbs, LIMBS - 1);
    set(top, i64.extendS(i32.load(address, 30)));
    settle(limbs, local(I64), m);
    pack(out, limbs);
  });

  return {
    read,
    canonical,
    add: sum(false),
    subtract,
    isZero,
    multiply,
    invert: defineInvert(module, layout),
  };
}

/**
 * The inverse by the division steps of D. J. Bernstein and B.-Y. Yang, as src/fast/inverse.ts explains them;
 * here 30 steps at a time.
 */
function defineInvert(module: Module, layout: Layout): Func<readonly [I32, I32, I32, I32], I32> {
  const list = (): Place => layout.take(8 * LIMBS);
  const [f, g, d, e] = [list(), list(), list(), list()];
  const matrix = layout.take(32); // u, v, q, r
  const limb = (place: Place, i: number): Expression<I64> => i64.load(place, 8 * i);
  const store = (place: Place, i: number, value: Operand<I64>): void =>
    i64.store(place, 8 * i, value);
  const low30 = (x: Operand<I64>): Expression<I64> => i64.and(x, LIMB_MASK);

  /** Sets the matrix to that of 30 steps, from eta and the low words of f and g. Returns the new eta. */
  const divisionSteps = module.define([I32, I32, I32], I32, (eta, fi, gi) => {
    const u = variable(i32.const(1));
    const v = local(I32);
    const q = local(I32);
    const r = variable(i32.const(1));
    const left = variable(i32.const(LIMB_BITS));
    const [zeros, old, bits, w] = [local(I32), local(I32), local(I32), local(I32)];
    /** (a, b) = (b, -a) */
    const swap = (a: Local<I32>, b: Local<I32>): void => {
      set(old, a);
      set(a, b);
      set(b, i32.sub(0, old));
    };
    const atMost = (most: () => Expression<I32>): void =>
      set(bits, select(bits, most(), i32.ltS(bits, most())));
    loop(() => {
      // Several halvings at once, but none beyond the last step.
      set(zeros, i32.ctz(i32.or(gi, i32.shl(-1, left))));
      set(gi, i32.shrS(gi, zeros));
      set(u, i32.shl(u, zeros));
      set(v, i32.shl(v, zeros));
      set(eta, i32.sub(eta, zeros));
      set(left, i32.sub(left, zeros));
      when(left, () => {
        when(i32.ltS(eta, 0), () => {
          set(eta, i32.sub(0, eta));
          swap(fi, gi);
          swap(u, q);
          swap(v, r);
        });
        // w·f clears several bits of g: f·(f² - 2) is -1/f modulo 2^6.
        set(bits, i32.add(eta, 1));
        atMost(() => left);
        atMost(() => i32.const(6));
        set(
          w,
          i32.and(
            i32.mul(i32.mul(fi, gi), i32.sub(i32.mul(fi, fi), 2)),
            i32.sub(i32.shl(1, bits), 1),
          ),
        );
        set(gi, i32.add(gi, i32.mul(fi, w)));
        set(q, i32.add(q, i32.mul(u, w)));
        set(r, i32.add(r, i32.mul(v, w)));
      });
      return left;
    });
    for (const [i, entry] of [u, v, q, r].entries()) {
      i64.store(matrix, 8 * i, i64.extendS(entry));
    }
    return eta;
  });

  /**
   * (a, b) = matrix·(a, b)/2^30: exact, or modulo m: a multiple of it makes the sums divisible. Returns bits of b that
   * are all 0 where b is.
   */
  const step = (a: Place, b: Place, m: Local<I32> | null): Local<I64> => {
    const [ai, bi, bits] = [local(I64), local(I64), local(I64)];
    const rows = [a, b].map((place, row) => {
      const entry = (column: number): Local<I64> =>
        variable(i64.load(matrix, 16 * row + 8 * column));
      return { place, left: entry(0), right: entry(1), sum: local(I64), multiple: local(I64) };
    });
    for (let i = 0; i < LIMBS; i++) {
      set(ai, limb(a, i));
      set(bi, limb(b, i));
      for (const { place, left, right, sum, multiple } of rows) {
        set(sum, i64.add(i64.add(i64.mul(left, ai), i64.mul(right, bi)), sum));
        if (m !== null) {
          if (i === 0) {
            // The lowest 30 bits, from -2^29 to 2^29 - 1.
            const unit = i64.mul(sum, i64.load32U(m, NEGATED_INVERSE));
            set(multiple, i64.shrS(i64.shl(unit, 64 - LIMB_BITS), 64 - LIMB_BITS));
          }
          set(sum, i64.add(sum, i64.mul(multiple, i64.load(m, LIMBS_AT + 8 * i))));
        }
        if (i > 0) {
          store(place, i - 1, low30(sum));
          if (place === b) set(bits, i64.or(bits, low30(sum)));
        }
        set(sum, i64.shrS(sum, LIMB_BITS));
      }
    }
    for (const { place, sum } of rows) {
      store(place, LIMBS - 1, sum);
      if (place === b) set(bits, i64.or(bits, sum));
    }
    return bits;
  };
  /** Returns whether g is not zero. */
  const stepNumbers = module.define([], I32, () => i64.ne(step(f, g, null), 0));
  /** Each round adds at most half of m to the larger of the two, so they stay below 13·m. */
  const stepCoefficients = module.procedure([I32], (m) => void step(d, e, m));

  return module.define(
    [I32, I32, I32, I32],
    I32,
    (out, a, start, m) => {
      const left = variable(i32.const(ROUNDS));
      const eta = variable(i32.const(-1));
      const isUnfinished = local(I32);
      for (let i = 0; i < LIMBS; i++) {
        store(f, i, i64.load(m, LIMBS_AT + 8 * i));
        store(g, i, limbOf(a, i));
        store(d, i, 0);
        store(e, i, i64.load(start, 8 * i));
      }
      loop(() => {
        const low = (place: Place): Expression<I32> =>
          i32.wrap(i64.or(limb(place, 0), i64.shl(limb(place, 1), LIMB_BITS)));
        set(eta, call(divisionSteps, eta, low(f), low(g)));
        call(stepCoefficients, m);
        set(isUnfinished, call(stepNumbers));
        set(left, i32.sub(left, 1));
        return i32.and(isUnfinished, i32.ne(left, 0));
      });
      const limbs = Array.from({ length: LIMBS }, (_, i) => variable(limb(d, i)));
      const isUnit = variable(i32.eqz(isUnfinished));
      settle(limbs, variable(limb(f, LIMBS - 1)), m);
      pack(out, limbs);
      // f is plus or minus the greatest common divisor: 1 or -1.
      const sign = variable(i64.shrS(limb(f, LIMBS - 1), 63));
      for (let i = 0; i < LIMBS; i++) {
        const ones = i === 0 ? i64.or(sign, 1) : sign;
        const expected = i < LIMBS - 1 ? low30(ones) : ones;
        set(isUnit, i32.and(isUnit, i64.eqz(i64.sub(limb(f, i), expected))));
      }
      return isUnit;
    },
    "invert",
  );
}

/** One limb of 30 bits of the words at an address. */
function limbOf(words: Local<I32>, i: number): Expression<I64> {
  const bit = LIMB_BITS * i;
  const bits = i64.shrU(i64.load(words, bit >> 3), bit & 7);
  return i64.and(bits, i < LIMBS - 1 ? LIMB_MASK : 0xffff);
}

/** Negates the number where `sign` is negative, and brings it from ±13·m to 0 … m - 1. */
function settle(limbs: readonly Local<I64>[], sign: Local<I64>, m: Local<I32>): void {
  const top = itemOf(limbs, LIMBS - 1);
  const modulusAt = (i: number): Expression<I64> => i64.load(m, LIMBS_AT + 8 * i);
  const carry = (all: readonly Local<I64>[]): void => {
    for (let i = 0; i < LIMBS - 1; i++) {
      const next = itemOf(all, i + 1);
      const one = itemOf(all, i);
      set(next, i64.add(next, i64.shrS(one, LIMB_BITS)));
      set(one, i64.and(one, LIMB_MASK));
    }
  };
  set(sign, i64.shrS(sign, 63));
  for (const limb of limbs) set(limb, i64.sub(i64.xor(limb, sign), sign));
  carry(limbs);
  const isAgain = local(I32);
  loop(() => {
    set(isAgain, i64.ltS(top, 0));
    when(isAgain, () => {
      for (const [i, limb] of limbs.entries()) set(limb, i64.add(limb, modulusAt(i)));
      carry(limbs);
    });
    return isAgain;
  });
  const less = limbs.map(() => local(I64));
  loop(() => {
    for (const [i, limb] of limbs.entries()) {
      set(itemOf(less, i), i64.sub(limb, modulusAt(i)));
    }
    carry(less);
    set(isAgain, i32.eqz(i64.ltS(itemOf(less, LIMBS - 1), 0)));
    when(isAgain, () => {
      for (const [i, limb] of limbs.entries()) set(limb, itemOf(less, i));
    });
    return isAgain;
  });
}

/** Stores limbs of 30 bits as words. */
function pack(out: Local<I32>, limbs: readonly Local<I64>[]): void {
  for (let w = 0; w < WORDS; w++) {
    const first = Math.floor((32 * w) / LIMB_BITS);
    const skipped = 32 * w - LIMB_BITS * first;
    const bits = local(I64);
    set(bits, i64.shrU(itemOf(limbs, first), skipped));
    for (let i = first + 1, shift = LIMB_BITS - skipped; i < LIMBS && shift < 32; i++) {
      set(bits, i64.or(bits, i64.shl(itemOf(limbs, i), shift)));
      shift += LIMB_BITS;
    }
    i64.store32(out, 4 * w, bits);
  }
}

/** Writes the words of a number as limbs, each from 0 to 2^24 - 1, into the lane at byte 0 or 8 of `out`. */
export function writeLimbs(out: Place, words: Local<I32>, byte: 0 | 8): void {
  for (let i = 0; i < 11; i++) {
    const bits = i32.and(i32.load(words, 3 * i), i < 10 ? 0xffffff : 0xffff);
    const limb = variable(f64.convert(bits));
    f64.store(out, 16 * i + byte, limb);
  }
}
