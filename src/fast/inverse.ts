// The inverse of a number modulo an odd prime, by the division steps of D. J. Bernstein and B.-Y. Yang
// (Fast constant-time gcd computation and modular inversion, 2019), 24 at a time on the lowest limbs, as
// T. Pornin arranges such steps for machine words (Optimized binary GCD for modular inversion, 2020). Its
// time depends on the number: public values only.
import { limbsOf, newLimbs, type Limbs } from "./limbs.js";

/** A modulus, with what every inverse needs of it. */
export interface Modulus {
  readonly limbs: Readonly<Limbs>;
  /** -1/modulus modulo 2^24 */
  readonly negatedInverse: number;
}

/** Prepares an odd prime of at most 256 bits. */
export function modulusOf(prime: bigint): Modulus {
  // Newton: every round doubles the number of right bits. 1/m = m modulo 8 gives the first three.
  let inverse = prime;
  for (let bits = 3; bits < 24; bits *= 2)
    inverse = BigInt.asIntN(24, inverse * (2n - prime * inverse));
  return { limbs: limbsOf(prime), negatedInverse: -Number(inverse) };
}

/**
 * The most rounds of 24 steps that g needs to become zero: theorem 11.2 of Bernstein and Yang allows
 * (49·260 + 57)/17 = 752 steps for |g| < 2^260.
 */
const ROUNDS = 32;

/** x + ROUND_24 - ROUND_24 is x rounded to a multiple of 2^24 (see p256/field.generated.ts). */
const ROUND_24 = 1.5 * 2 ** 76;
const DOWN_24 = 2 ** -24;

// Memory of one call, written before it is read.
const f = /* @__PURE__ */ newLimbs();
const g = /* @__PURE__ */ newLimbs();
const d = /* @__PURE__ */ newLimbs();
const e = /* @__PURE__ */ newLimbs();
/** Rows (u, v) and (q, r): 24 steps take f and g to (u·f + v·g)/2^24 and (q·f + r·g)/2^24. */
const matrix: [number, number, number, number] = [0.5, 0.5, 0.5, 0.5];

/**
 * out = 1/a modulo the prime, of at most 2^260 with limbs 0 to 9 of at most 2^23. Where a is a multiple of
 * the prime, out is zero and the function returns false. a: |a| < 2^260 in limbs of at most 2^24, the top
 * one of at most 2^21; a may be out.
 */
export function invert(out: Limbs, a: Readonly<Limbs>, modulus: Modulus): boolean {
  for (let i = 0; i < 11; i++) {
    f[i] = modulus.limbs[i] ?? 0;
    g[i] = a[i] ?? 0;
    d[i] = 0;
    e[i] = 0;
  }
  e[0] = 1;
  // Throughout, f = d·a and g = e·a modulo the prime. When g is zero, f is plus or minus the greatest
  // common divisor.
  let eta = -1;
  let length = 11;
  for (let round = 0; round < ROUNDS; round++) {
    eta = divisionSteps(eta, f[0], g[0]);
    stepCoefficients(modulus);
    length = stepNumbers(length);
    if (length === 0) break;
  }
  const sign = unit();
  for (let i = 0; i < 11; i++) out[i] = sign * (d[i] ?? 0);
  return sign !== 0;
}

/** Returns f where it is 1 or -1, else 0. */
function unit(): number {
  for (let i = 1; i < 11; i++) if (f[i] !== 0) return 0;
  return f[0] === 1 || f[0] === -1 ? f[0] : 0;
}

/**
 * Sets the matrix to that of 24 division steps, which the low 24 bits of f and g determine; f is odd.
 * `eta` is the negated delta of Bernstein and Yang; returns its new value. A step halves g where g is
 * even. Where g is odd, the step first swaps f and g and negates one of them if eta is negative, then adds
 * f to g. Each step at most doubles the sum of the magnitudes of a row, so that sum is at most 2^24.
 */
function divisionSteps(eta: number, lowF: number, lowG: number): number {
  let fi = lowF | 0;
  let gi = lowG | 0;
  let u = 1;
  let v = 0;
  let q = 0;
  let r = 1;
  let left = 24;
  for (;;) {
    // Several halvings at once, but none beyond the last step.
    const stop = gi | (-1 << left);
    const zeros = 31 - Math.clz32(stop & -stop);
    gi >>= zeros;
    u <<= zeros;
    v <<= zeros;
    eta -= zeros;
    left -= zeros;
    if (left === 0) break;
    if (eta < 0) {
      eta = -eta;
      const oldF = fi;
      const oldU = u;
      const oldV = v;
      fi = gi;
      gi = -oldF;
      u = q;
      q = -oldU;
      v = r;
      r = -oldV;
    }
    // Adding w·f clears several bits of g, one step for each bit: at most six, and none beyond the
    // last step or the next swap. For odd f, f·(f² - 2) is -1/f modulo 2^6.
    const bits = Math.min(eta + 1, left, 6);
    const w = Math.imul(Math.imul(fi, gi), Math.imul(fi, fi) - 2) & ((1 << bits) - 1);
    gi = (gi + Math.imul(fi, w)) | 0;
    q = (q + Math.imul(u, w)) | 0;
    r = (r + Math.imul(v, w)) | 0;
  }
  matrix[0] = u;
  matrix[1] = v;
  matrix[2] = q;
  matrix[3] = r;
  return eta;
}

/**
 * (f, g) = matrix·(f, g)/2^24, which is exact. Both are zero from limb `length` on. Returns the new
 * length, or 0 where g has become zero.
 */
function stepNumbers(length: number): number {
  const u = matrix[0];
  const v = matrix[1];
  const q = matrix[2];
  const r = matrix[3];
  let fSum = (u * f[0] + v * g[0]) * DOWN_24;
  let gSum = (q * f[0] + r * g[0]) * DOWN_24;
  let isZero = true;
  for (let i = 1; i < length; i++) {
    const fi = f[i] ?? 0;
    const gi = g[i] ?? 0;
    fSum += u * fi + v * gi;
    gSum += q * fi + r * gi;
    const fCarry = fSum + ROUND_24 - ROUND_24;
    const gCarry = gSum + ROUND_24 - ROUND_24;
    const gLimb = gSum - gCarry;
    f[i - 1] = fSum - fCarry;
    g[i - 1] = gLimb;
    if (gLimb !== 0) isZero = false;
    fSum = fCarry * DOWN_24;
    gSum = gCarry * DOWN_24;
  }
  f[length - 1] = fSum;
  g[length - 1] = gSum;
  if (gSum !== 0) return length;
  if (isZero) return 0;
  return fSum === 0 ? length - 1 : length;
}

/**
 * (d, e) = matrix·(d, e)/2^24 modulo the prime: adding a multiple of the prime makes the sums divisible.
 * Each round adds at most half the prime to the larger of the two, so they stay below 2^260.
 */
function stepCoefficients(modulus: Modulus): void {
  const { limbs, negatedInverse } = modulus;
  const u = matrix[0];
  const v = matrix[1];
  const q = matrix[2];
  const r = matrix[3];
  let dSum = u * d[0] + v * e[0];
  let eSum = q * d[0] + r * e[0];
  const dMultiple = digit(digit(dSum) * negatedInverse);
  const eMultiple = digit(digit(eSum) * negatedInverse);
  dSum = (dSum + dMultiple * limbs[0]) * DOWN_24;
  eSum = (eSum + eMultiple * limbs[0]) * DOWN_24;
  for (let i = 1; i < 11; i++) {
    const di = d[i] ?? 0;
    const ei = e[i] ?? 0;
    const limb = limbs[i] ?? 0;
    dSum += u * di + v * ei + dMultiple * limb;
    eSum += q * di + r * ei + eMultiple * limb;
    const dCarry = dSum + ROUND_24 - ROUND_24;
    const eCarry = eSum + ROUND_24 - ROUND_24;
    d[i - 1] = dSum - dCarry;
    e[i - 1] = eSum - eCarry;
    dSum = dCarry * DOWN_24;
    eSum = eCarry * DOWN_24;
  }
  d[10] = dSum;
  e[10] = eSum;
}

/** Returns the lowest 24 bits as a number from -2^23 to 2^23. */
function digit(x: number): number {
  return x - (x + ROUND_24 - ROUND_24);
}
