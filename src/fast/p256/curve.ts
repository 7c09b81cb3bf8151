// P-256 (FIPS 186-4 D.1.2.3, SEC 2 section 2.4.2, there secp256r1): y² = x³ - 3x + b over the
// integers modulo p, a group of prime order n.
import { invert, modulusOf } from "../inverse.js";
import { combine, fromBigEndian, type Limbs, limbsOf, newLimbs } from "../limbs.js";
import { isZero, multiply, multiplyAdd, square, squareAdd } from "./field.generated.js";

/** The prime of the field. */
export const P: bigint = 0xffffffff00000001000000000000000000000000ffffffffffffffffffffffffn;
/** The order of the group, a prime below p. */
export const N: bigint = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;

const B_VALUE = 0x5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604bn;
const GX_VALUE = 0x6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296n;
const GY_VALUE = 0x4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5n;

const FIELD = /* @__PURE__ */ modulusOf(P);

/** Montgomery's R: 11 limbs of 24 bits. */
const R = 0x1000000000000000000000000000000000000000000000000000000000000000000n;

/** R² modulo p: its product with a number is the Montgomery form of that number. */
const R_SQUARED = /* @__PURE__ */ limbsOf((R * R) % P);

/** R³ modulo p, for inverses. */
const R_CUBED = /* @__PURE__ */ limbsOf((R * R * R) % P);
/** 1 in Montgomery form. */
export const ONE: Limbs = /* @__PURE__ */ limbsOf(R % P);
/** b in Montgomery form. */
const B = /* @__PURE__ */ limbsOf((B_VALUE * R) % P);
/** The generator, in Montgomery form. */
export const GX: Limbs = /* @__PURE__ */ limbsOf((GX_VALUE * R) % P);
export const GY: Limbs = /* @__PURE__ */ limbsOf((GY_VALUE * R) % P);

// Memory of one call, written before it is read.
const plain = /* @__PURE__ */ newLimbs();
const left = /* @__PURE__ */ newLimbs();
const right = /* @__PURE__ */ newLimbs();

/** Writes the Montgomery form of a number below 2^256. */
export function writeElement(out: Limbs, value: bigint): void {
  multiply(out, limbsOf(value), R_SQUARED);
}

/** Writes the Montgomery form of 32 big-endian bytes. Their limbs reach 2^24, which is 2 units: 2 · 1. */
export function readElement(out: Limbs, bytes: Uint8Array, position: number): void {
  fromBigEndian(plain, bytes, position);
  multiply(out, plain, R_SQUARED);
}

/** Returns whether (x, y) is on the curve: y² = (x² - 3)·x + b. `x` and `y` are 1 unit each. */
export function isOnCurve(x: Limbs, y: Limbs): boolean {
  square(left, x);
  combine(left, 1, left, -3, ONE); // 4 units
  multiplyAdd(right, left, x, 1, B); // 4 · 1
  squareAdd(left, y, -1, right); // 1 · 1
  return isZero(left);
}

/** out = 1/element, both in Montgomery form. The element is not 0, and at most 4 p. */
export function invertElement(out: Limbs, element: Limbs): void {
  // The inverse of a·R is 1/(a·R), which lacks two factors of R; the product divides by a third. The
  // inverse is below 2^260 with limbs 0 to 9 of 1 unit, so the product is 1 · 1 except for the top limb.
  invert(plain, element, FIELD);
  multiply(out, plain, R_CUBED);
}
