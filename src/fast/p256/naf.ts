// Multiplication of a point that is seen for the first time: its odd multiples, and the digits of a
// scalar that select them (width-5 non-adjacent form: Hankerson, Menezes and Vanstone, Guide to
// Elliptic Curve Cryptography, algorithms 3.35 and 3.36).
import { type Bits, bitsAt } from "../bits.js";
import { add, combine, copy, type Limbs, newLimbs, subtract, sumAndDifference } from "../limbs.js";
import { invertElement, ONE } from "./curve.js";
import { multiply, multiplyAdd, multiplyScaled, square, squareAdd } from "./field.generated.js";
import { addAffine, type Point } from "./point.js";

const WIDTH = 5;
/** Digits are odd and within ±15, so the multiples are 1, 3, … 15. */
const COUNT = 1 << (WIDTH - 2);
/** A scalar below 2^256 has one digit more than bits. */
export const NAF_LENGTH = 257;

/** Affine multiples: entry i is (2·i + 1)·Q. */
export interface OddMultiples {
  readonly x: readonly Limbs[];
  readonly y: readonly Limbs[];
}

/** Memory for the odd multiples of one point. */
export function newOddMultiples(): OddMultiples {
  return { x: Array.from({ length: COUNT }, newLimbs), y: Array.from({ length: COUNT }, newLimbs) };
}

// Memory of one call, written before it is read.
const steps: readonly Limbs[] = /* @__PURE__ */ Array.from({ length: COUNT }, newLimbs);
const doubleX = /* @__PURE__ */ newLimbs();
const doubleY = /* @__PURE__ */ newLimbs();
const z = /* @__PURE__ */ newLimbs();
const a = /* @__PURE__ */ newLimbs();
const b = /* @__PURE__ */ newLimbs();
const c = /* @__PURE__ */ newLimbs();
const d = /* @__PURE__ */ newLimbs();
const e = /* @__PURE__ */ newLimbs();

/**
 * Writes the odd multiples of an affine point of order n (1 unit), by additions of points that share one
 * Z: Goundar, Joye and Miyaji, Co-Z addition formulae and binary ladders on elliptic curves (CHES 2010),
 * DBLU and ZADDU. Each step multiplies Z by a factor that `steps` keeps, so one inversion makes all
 * multiples affine.
 *
 * No exceptional case can occur. Z begins as 2·y, which is not 0: a point with y = 0 has order 2. A step
 * adds 2·Q to m·Q for an odd m of at most 13; these are neither equal nor opposite, because n is a prime
 * above 15, so the factor of the step, the difference of their x, is not 0.
 */
export function writeOddMultiples(out: OddMultiples, x: Limbs, y: Limbs): void {
  const xs = out.x;
  const ys = out.y;
  let pointX = limbsAt(xs, 0);
  let pointY = limbsAt(ys, 0);
  // DBLU for Z = 1: Q = (4·x·y², 8·y⁴) and 2·Q = (M² - 2S, M·(S - X) - 8·y⁴), both with Z = 2·y;
  // S = 4·x·y², M = 3·(x + 1)·(x - 1).
  square(a, y); // y²
  multiplyScaled(pointX, x, a, 4); // S: 4 · 1
  multiplyScaled(pointY, a, a, 8); // 8·y⁴: 8 · 1
  sumAndDifference(d, e, x, ONE); // 2 units each
  multiplyScaled(c, d, e, 3); // M: 6 · 2
  squareAdd(doubleX, c, -2, pointX);
  subtract(d, pointX, doubleX); // 2 units
  multiplyAdd(doubleY, c, d, -1, pointY); // 1 · 2
  combine(z, 2, y, 0, y); // 2 units
  for (let i = 1; i < COUNT; i++) {
    // ZADDU of D = 2·Q and P = (2·i - 1)·Q, with D rescaled to the Z of the sum.
    const step = limbsAt(steps, i);
    subtract(step, doubleX, pointX); // 2 units
    square(a, step); // C: 2 · 2
    multiply(b, doubleX, a); // W1
    multiply(c, pointX, a); // W2
    subtract(d, doubleY, pointY); // 2 units
    subtract(e, b, c); // 2 units
    multiply(doubleY, doubleY, e); // A1 = Y1·(W1 - W2): 1 · 2
    add(e, b, c); // 2 units
    pointX = limbsAt(xs, i);
    squareAdd(pointX, d, -1, e); // X3 = (Y1 - Y2)² - W1 - W2: 2 · 2
    subtract(e, b, pointX); // 2 units
    pointY = limbsAt(ys, i);
    multiplyAdd(pointY, d, e, -1, doubleY); // Y3 = (Y1 - Y2)·(W1 - X3) - A1: 2 · 2
    copy(doubleX, b);
    multiply(z, z, step); // 2 · 2
  }
  invertElement(z, z);
  for (let i = COUNT - 1; i >= 0; i--) {
    pointX = limbsAt(xs, i);
    pointY = limbsAt(ys, i);
    square(a, z); // 1/Z²
    multiply(pointX, pointX, a);
    multiply(a, a, z); // 1/Z³
    multiply(pointY, pointY, a);
    if (i > 0) multiply(z, z, limbsAt(steps, i)); // 1 · 2: the inverse of the Z before
  }
}

function limbsAt(list: readonly Limbs[], index: number): Limbs {
  const limbs = list[index];
  if (limbs === undefined) throw new RangeError("no such multiple"); // every index here is below COUNT
  return limbs;
}

/** Writes the digits of a number below 2^256, the lowest first: the number is the sum of digit · 2^i. */
export function writeNaf(digits: Int8Array, { bytes }: Bits): void {
  digits.fill(0);
  let carry = 0;
  let i = 0;
  while (i < NAF_LENGTH) {
    if (bitsAt(bytes, i, 1) === carry) {
      i++; // what is left is even
      continue;
    }
    const window = bitsAt(bytes, i, WIDTH) + carry; // odd, at most 31 (32 would be even)
    carry = window >> (WIDTH - 1);
    digits[i] = window - (carry << WIDTH);
    i += WIDTH;
  }
}

/** Adds the multiple that a digit other than 0 selects. */
export function addMultiple(point: Point, multiples: OddMultiples, digit: number): void {
  const index = (digit < 0 ? -digit : digit) >> 1;
  const y = limbsAt(multiples.y, index);
  if (digit > 0) {
    addAffine(point, limbsAt(multiples.x, index), y);
    return;
  }
  combine(a, -1, y, 0, y);
  addAffine(point, limbsAt(multiples.x, index), a);
}
