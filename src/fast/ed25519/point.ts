// edwards25519 (RFC 8032 section 5.1): points in extended coordinates, from limbs to limbs; the
// group law, and points from and to their encodings (sections 5.1.2, 5.1.3).
//
// The curve is -x² + y² = 1 + d·x²·y². Extended coordinates are those of Hisil, Wong, Carter and
// Dawson, "Twisted Edwards Curves Revisited" (2008): x = X/Z, y = Y/Z, T = X·Y/Z. -1 is a square
// modulo p and d is not, so the formulas below are complete: they hold for every two points, also for
// equal and opposite ones, the identity and points of order 2, 4 and 8, and never make Z = 0.
// (Addition: section 3.1 there. Doubling: G = 0 would make d·x⁴ = -1, F = 0 would make d·x²·y² = 1;
// then d would be a square.) The group law has no exceptional case to branch on.
//
// Decoding and inverses take variable time: for public values only (keys and signatures), never for a
// secret.
//
// Bounds. A unit is that of field.generated.ts: limbs 0 to 9 within 2^23 · 1.0027, limb 10 within
// 2^16. A comment behind a product gives the units of its factors; fa · fb is at most 12. X, Y, Z and T
// are products of at most 9: one unit each, and up to 3 % more in limb 1, which gets the last carry of a
// reduction; so 9 in a comment means 9.6 at most. A number from limbsOf is 1 unit.
import { canonical, isZero, multiply, multiplyAdd, square, squareAdd } from "./field.generated.js";
import { invert, type Modulus, modulusOf } from "../inverse.js";
import {
  add,
  combine,
  copy,
  fromLittleEndian,
  type Limbs,
  limbsOf,
  newLimbs,
  subtract,
  sumAndDifference,
  toBigInt,
} from "../limbs.js";

/** The prime of the field. */
export const P: bigint = 0x7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffedn;

// RFC 8032 section 5.1: d = -121665/121666, the square root 2^((p-1)/4) of -1, and B.
const D_VALUE = 0x52036cee2b6ffe738cc740797779e89800700a4d4141d8ab75eb4dca135978a3n;
const D: Limbs = /* @__PURE__ */ limbsOf(D_VALUE);
const TWICE_D: Limbs = /* @__PURE__ */ limbsOf((2n * D_VALUE) % P);
const SQRT_MINUS_1: Limbs =
  /* @__PURE__ */ limbsOf(0x2b8324804fc1df0b2b4d00993dfbd7a72f431806ad2fe478c4ee1b274a0ea0b0n);
const ONE: Limbs = /* @__PURE__ */ limbsOf(1n);

const MODULUS: Modulus = /* @__PURE__ */ modulusOf(P);

/** Any point: x = X/Z, y = Y/Z, t = X·Y/Z. */
export interface Point {
  readonly x: Limbs;
  readonly y: Limbs;
  readonly z: Limbs;
  readonly t: Limbs;
}

/** A point by its coordinates, 1 unit each. */
export interface AffinePoint {
  readonly x: Limbs;
  readonly y: Limbs;
}

/** What an addition needs of a point with Z = 1: y + x, y - x and 2·d·x·y, 1 unit each. */
export interface AffineNiels {
  readonly sum: Limbs;
  readonly difference: Limbs;
  readonly product: Limbs;
}

/** What an addition needs of any point: Y + X, Y - X, 2·Z (2 units each) and 2·d·T (1 unit). */
export interface ProjectiveNiels extends AffineNiels {
  readonly twiceZ: Limbs;
}

/** B, the generator of the group of order L. */
export const BASE: AffinePoint = {
  x: /* @__PURE__ */ limbsOf(0x216936d3cd6e53fec0a4e231fdd6dc5c692cc7609525a7b2c9562d608f25d51an),
  y: /* @__PURE__ */ limbsOf(0x6666666666666666666666666666666666666666666666666666666666666658n),
};

// Memory of one call, written before it is read.
const a = /* @__PURE__ */ newLimbs();
const b = /* @__PURE__ */ newLimbs();
const c = /* @__PURE__ */ newLimbs();
const e = /* @__PURE__ */ newLimbs();
const f = /* @__PURE__ */ newLimbs();
const g = /* @__PURE__ */ newLimbs();
const h = /* @__PURE__ */ newLimbs();
const s = /* @__PURE__ */ newLimbs();

export function newPoint(): Point {
  return { x: newLimbs(), y: newLimbs(), z: newLimbs(), t: newLimbs() };
}

export function newAffineNiels(): AffineNiels {
  return { sum: newLimbs(), difference: newLimbs(), product: newLimbs() };
}

export function newProjectiveNiels(): ProjectiveNiels {
  return { ...newAffineNiels(), twiceZ: newLimbs() };
}

/** Makes a point the identity (0, 1). */
export function assignIdentity(point: Point): void {
  point.x.fill(0);
  copy(point.y, ONE);
  copy(point.z, ONE);
  point.t.fill(0);
}

/** Makes a point the affine one. */
export function assignAffine(point: Point, { x, y }: AffinePoint): void {
  copy(point.x, x);
  copy(point.y, y);
  copy(point.z, ONE);
  multiply(point.t, x, y); // 1 · 1
}

/**
 * Doubles a point: EFD twisted/extended-1, dbl-2008-hwcd, with a = -1. There
 *
 *     A = X²   B = Y²   C = 2·Z²   E = (X + Y)² - A - B   G = B - A   F = G - C   H = -A - B
 *     X' = E·F   Y' = G·H   Z' = F·G   T' = E·H
 *
 * and here -F and -H replace F and H, which negates all four coordinates: the same point. T is not
 * read. `withT` says whether T' is written: an addition needs it, a doubling does not.
 */
export function double(point: Point, withT: boolean): void {
  const { x, y, z } = point;
  add(s, x, y); // 2
  square(a, x);
  square(b, y);
  square(c, z);
  sumAndDifference(h, g, b, a); // -H and G: 2, 2
  squareAdd(e, s, -1, h); // E: 2 · 2, and 2 added
  combine(f, 2, c, -1, g); // -F: 4
  multiply(x, e, f); // 1 · 4
  multiply(y, g, h); // 2 · 2
  multiply(z, f, g); // 4 · 2
  if (withT) multiply(point.t, e, h); // 1 · 2
}

/**
 * Adds a point with Z = 1: EFD twisted/extended-1, madd-2008-hwcd-3 (a = -1, k = 2·d):
 *
 *     A = (Y - X)·(y - x)   B = (Y + X)·(y + x)   C = T·2·d·x·y   D = 2·Z
 *     E = B - A   F = D - C   G = D + C   H = B + A
 *     X' = E·F   Y' = G·H   Z' = F·G   T' = E·H
 *
 * T is read. `withT` says whether T' is written: an addition needs it, a doubling does not.
 */
export function addAffine(point: Point, other: AffineNiels, withT: boolean): void {
  const { x, y, z, t } = point;
  sumAndDifference(s, e, y, x); // 2, 2
  multiply(a, e, other.difference); // 2 · 1
  multiply(b, s, other.sum); // 2 · 1
  multiply(c, t, other.product); // 1 · 1
  sumAndDifference(h, e, b, a); // H and E: 2, 2
  combine(g, 2, z, 1, c); // G: 3
  combine(f, 2, z, -1, c); // F: 3
  multiply(x, e, f); // 2 · 3
  multiply(y, g, h); // 3 · 2
  multiply(z, f, g); // 3 · 3
  if (withT) multiply(t, e, h); // 2 · 2
}

/** Adds any point: EFD twisted/extended-1, add-2008-hwcd-3, as addAffine but with D = Z·2·Z2. */
export function addProjective(point: Point, other: ProjectiveNiels, withT: boolean): void {
  const { x, y, z, t } = point;
  sumAndDifference(s, e, y, x); // 2, 2
  multiply(a, e, other.difference); // 2 · 2
  multiply(b, s, other.sum); // 2 · 2
  multiply(c, t, other.product); // 1 · 1
  multiply(s, z, other.twiceZ); // D: 1 · 2
  sumAndDifference(h, e, b, a); // H and E: 2, 2
  sumAndDifference(g, f, s, c); // G and F: 2, 2
  multiply(x, e, f); // 2 · 2
  multiply(y, g, h); // 2 · 2
  multiply(z, f, g); // 2 · 2
  if (withT) multiply(t, e, h); // 2 · 2
}

/**
 * Subtracts a point: -(x, y) is (-x, y), which swaps sum and difference and negates C. Negating C swaps F
 * and G.
 */
export function subtractProjective(point: Point, other: ProjectiveNiels, withT: boolean): void {
  const { x, y, z, t } = point;
  sumAndDifference(s, e, y, x); // 2, 2
  multiply(a, e, other.sum); // 2 · 2
  multiply(b, s, other.difference); // 2 · 2
  multiply(c, t, other.product); // 1 · 1
  multiply(s, z, other.twiceZ); // D: 1 · 2
  sumAndDifference(h, e, b, a); // H and E: 2, 2
  sumAndDifference(f, g, s, c); // F and G: 2, 2
  multiply(x, e, f); // 2 · 2
  multiply(y, g, h); // 2 · 2
  multiply(z, f, g); // 2 · 2
  if (withT) multiply(t, e, h); // 2 · 2
}

/** Writes the point as addProjective needs it. T is read. */
export function toProjectiveNiels(out: ProjectiveNiels, { x, y, z, t }: Point): void {
  sumAndDifference(out.sum, out.difference, y, x); // 2, 2
  add(out.twiceZ, z, z); // 2
  multiply(out.product, t, TWICE_D); // 1 · 1
}

/** Writes (X/Z, Y/Z) as addAffine needs it, from 1/Z. X, Y and 1/Z are 1 unit each. */
export function toAffineNiels(out: AffineNiels, x: Limbs, y: Limbs, inverseZ: Limbs): void {
  multiply(a, x, inverseZ); // x
  multiplyAdd(out.sum, y, inverseZ, 1, a); // y + x: 1 · 1, and 1 added
  multiplyAdd(out.difference, y, inverseZ, -1, a); // y - x: the same
  subtract(b, out.sum, a); // y: 2
  multiply(a, a, b); // x·y: 1 · 2
  multiply(out.product, a, TWICE_D); // 1 · 1
}

/**
 * Returns the point that 32 bytes encode, or null where they encode no point: RFC 8032 section 5.1.3, step
 * by step.
 */
export function decodePoint(bytes: Uint8Array): AffinePoint | null {
  // 1. y in 255 bits, below p; the highest bit is the sign of x, its parity.
  const sign = (bytes[31] ?? 0) >>> 7;
  const y = newLimbs();
  fromLittleEndian(y, bytes, 0);
  y[10] -= sign * 0x8000;
  const yValue = toBigInt(y);
  if (yValue >= P) return null;
  copy(y, limbsOf(yValue)); // balanced: 1 unit
  // 2. x² = u/v, for u = y² - 1 and v = d·y² + 1. The candidate for x is u·v³·(u·v⁷)^((p-5)/8).
  const u = newLimbs();
  const v = newLimbs();
  const x = newLimbs();
  squareAdd(u, y, -1, ONE);
  square(a, y);
  multiplyAdd(v, a, D, 1, ONE);
  square(b, v);
  multiply(b, b, v); // v³
  multiply(x, b, u); // u·v³
  square(b, b);
  multiply(b, b, v); // v⁷
  multiply(b, b, u);
  powerOf5p8(a, b);
  multiply(x, x, a);
  // 3. v·x² is u, or -u (then x times the square root of -1 is the root), or there is no root.
  square(a, x);
  multiplyAdd(b, a, v, -1, u);
  if (!isZero(b)) {
    multiplyAdd(b, a, v, 1, u);
    if (!isZero(b)) return null;
    multiply(x, x, SQRT_MINUS_1);
  }
  // 4. The sign is the parity of x. Where x is 0, a sign of 1 is refused.
  const xValue = canonical(x);
  if (xValue === 0n && sign === 1) return null;
  copy(x, limbsOf(Number(xValue & 1n) === sign ? xValue : P - xValue));
  return { x, y };
}

/** -(x, y) */
export function negate({ x, y }: AffinePoint): AffinePoint {
  const minusX = newLimbs();
  subtract(minusX, minusX, x);
  return { x: minusX, y };
}

/** Returns -x, from 1 to p, of a point that was decoded. */
export function minusXOf({ x }: AffinePoint): bigint {
  return P - toBigInt(x);
}

/**
 * out = base^((p-5)/8), where (p-5)/8 is 2^252 - 3: 251 squarings and 11 products, by exponents of the
 * form 2^n - 1, each made from two others of that form. `out` is not `base`.
 */
function powerOf5p8(out: Limbs, base: Limbs): void {
  squareTimes(e, base, 1);
  multiply(e, e, base); // 2^2 - 1
  squareTimes(f, e, 1);
  multiply(f, f, base); // 2^3 - 1
  squareTimes(f, f, 2);
  multiply(e, f, e); // 2^5 - 1
  squareTimes(f, e, 5);
  multiply(f, f, e); // 2^10 - 1
  squareTimes(g, f, 10);
  multiply(g, g, f); // 2^20 - 1
  squareTimes(h, g, 20);
  multiply(h, h, g); // 2^40 - 1
  squareTimes(h, h, 10);
  multiply(h, h, f); // 2^50 - 1
  squareTimes(g, h, 50);
  multiply(g, g, h); // 2^100 - 1
  squareTimes(s, g, 100);
  multiply(s, s, g); // 2^200 - 1
  squareTimes(s, s, 50);
  multiply(s, s, h); // 2^250 - 1
  squareTimes(s, s, 2);
  multiply(out, s, base); // 2^252 - 4 + 1
}

/** out = base^(2^times) */
function squareTimes(out: Limbs, base: Limbs, times: number): void {
  square(out, base);
  for (let i = 1; i < times; i++) square(out, out);
}

/**
 * Returns the encoding of a point (RFC 8032 section 5.1.2) as a number: y, and the parity of x in bit 255.
 * Z is never 0, because the formulas are complete.
 */
export function encodePoint({ x, y, z }: Point): bigint {
  invertElement(a, z);
  multiply(b, x, a);
  multiply(c, y, a);
  return canonical(c) | ((canonical(b) & 1n) << 255n);
}

/** out = 1/element, for an element of 1 unit that is not 0 modulo p */
export function invertElement(out: Limbs, element: Limbs): void {
  invert(out, element, MODULUS); // of at most 2^260
  multiply(out, out, ONE); // brings the top limb within a unit, too
}
