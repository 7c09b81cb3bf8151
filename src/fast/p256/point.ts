// P-256 (FIPS 186-4 D.1.2.3): points in Jacobian coordinates, from limbs to limbs; doubling, and
// addition of an affine point, with every exceptional case of the group law.
//
// Its branches make the time vary: for public values only (keys and signatures), never for a secret.
//
// Bounds, as in field.generated.ts: one unit is what a product leaves, 2^23 for limbs 0 to 9. The
// comments give the units of the factors of each product. A product is exact where its factors multiply
// to at most 12.79, summed over merged products; sums of up to 16 units may be added to a reduced
// product. X, Y and Z of a point are always outputs of products: 1 unit each (the top limb is a little
// larger, because the summands of X' add to it). test/fast/bounds.test.ts runs these functions over
// intervals until no bound grows, and finds the same.
import { combine, copy, type Limbs, newLimbs, subtract, sumAndDifference } from "../limbs.js";
import { ONE } from "./curve.js";
import {
  isZero,
  multiply,
  multiplyAdd,
  multiplyDifference,
  multiplyMinus8Square,
  multiplyScaled,
  square,
  squareAdd,
} from "./field.generated.js";

/** x = X / Z², y = Y / Z³, each in Montgomery form; at infinity the coordinates mean nothing. */
export interface Point {
  readonly x: Limbs;
  readonly y: Limbs;
  readonly z: Limbs;
  isInfinity: boolean;
}

/** Returns the point at infinity, in memory of its own. */
export function newPoint(): Point {
  return { x: newLimbs(), y: newLimbs(), z: newLimbs(), isInfinity: true };
}

// Memory of one call, written before it is read.
const a = /* @__PURE__ */ newLimbs();
const b = /* @__PURE__ */ newLimbs();
const c = /* @__PURE__ */ newLimbs();
const d = /* @__PURE__ */ newLimbs();
const e = /* @__PURE__ */ newLimbs();
const f = /* @__PURE__ */ newLimbs();
const g = /* @__PURE__ */ newLimbs();

/** Makes a point the affine one (x, y). */
export function assignAffine(point: Point, x: Limbs, y: Limbs): void {
  copy(point.x, x);
  copy(point.y, y);
  copy(point.z, ONE);
  point.isInfinity = false;
}

/**
 * Doubles a point: EFD shortw/jacobian-3, dbl-2001-b (curves with a = -3), where 4·beta is V and
 * Z' is 2·Y·Z:
 *
 *     delta = Z²    gamma = Y²    V = 4·X·gamma    alpha = 3·(X - delta)·(X + delta)
 *     X' = alpha² - 2·V    Z' = 2·Y·Z    Y' = alpha·(V - X') - 8·gamma²
 *
 * Exceptional cases: infinity stays infinity. A point of order 2, with Y = 0, does not exist: the
 * group has the prime order n.
 */
export function double(point: Point): void {
  if (point.isInfinity) return;
  const { x, y, z } = point;
  square(a, z); // delta
  square(b, y); // gamma
  multiplyScaled(c, x, b, 4); // V: 4 · 1
  sumAndDifference(d, e, x, a); // 2 units each
  multiplyScaled(f, d, e, 3); // alpha: 6 · 2
  multiplyScaled(z, y, z, 2); // Z': 2 · 1
  squareAdd(x, f, -2, c); // X'
  subtract(d, c, x); // V - X': 2 units
  multiplyMinus8Square(y, f, d, b); // Y': 1 · 2 + 8 · 1
}

/**
 * Adds the affine point (x, y): EFD shortw/jacobian, madd-2004-hmv, with one reduction for Y':
 *
 *     H = x·Z² - X    r = y·Z³ - Y    V = X·H²
 *     X' = r² - H³ - 2·V    Z' = Z·H    Y' = r·(V - X') - Y·H³
 *
 * `x` and `y` are 1 unit each. Exceptional cases: the point is at infinity (the sum is (x, y)), the
 * two are equal (H = 0 and r = 0: the sum is the double), the two are opposite (only H = 0: the sum
 * is infinity). (x, y) has coordinates, so it is never infinity.
 */
export function addAffine(point: Point, x: Limbs, y: Limbs): void {
  if (point.isInfinity) {
    assignAffine(point, x, y);
    return;
  }
  square(a, point.z); // Z²
  multiplyAdd(b, x, a, -1, point.x); // H: 1 · 1
  multiply(c, point.z, a); // Z³
  multiplyAdd(d, y, c, -1, point.y); // r: 1 · 1
  if (isZero(b)) {
    if (isZero(d)) double(point);
    else point.isInfinity = true;
    return;
  }
  square(a, b); // H²
  multiply(c, a, b); // H³
  multiply(e, point.x, a); // V
  multiply(point.z, point.z, b); // Z'
  combine(f, 1, c, 2, e); // H³ + 2·V, 3 units, added after the reduction
  squareAdd(point.x, d, -1, f); // X'
  subtract(g, e, point.x); // V - X': 2 units
  multiplyDifference(point.y, d, g, point.y, c); // Y': 1 · 2 + 1 · 1
}

/**
 * Returns whether the affine x of a point that is not infinity is `x` (Montgomery form, 1 unit). It
 * compares x·Z² with X, which needs no inversion.
 */
export function hasAffineX(point: Point, x: Limbs): boolean {
  square(a, point.z);
  multiplyAdd(b, x, a, -1, point.x);
  return isZero(b);
}
