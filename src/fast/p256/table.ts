// Tables of affine points: from Jacobian points to affine ones, with one inversion for all of them
// (Montgomery's trick: Cohen, A Course in Computational Algebraic Number Theory, 10.3.4).
import { copy, load, newLimbs, store } from "../limbs.js";
import { invertElement, ONE } from "./curve.js";
import { multiply, square } from "./field.generated.js";
import { addAffine, type Point } from "./point.js";

/** The integers of one element of the field. */
const LIMBS = 11;
/** The integers of an affine point: x, then y. */
const ENTRY = 2 * LIMBS;

/** A table that is being made: X and Y, which `normalize` makes affine, and Z beside them. */
export interface Draft {
  readonly points: Int32Array;
  readonly z: Int32Array;
}

export function newDraft(length: number): Draft {
  return { points: new Int32Array(length * ENTRY), z: new Int32Array(length * LIMBS) };
}

/**
 * Puts a point, which must not be infinity, into a place of a draft. Limbs of points are whole numbers of
 * 1 unit (point.ts), 2^23, so 32 bits hold them.
 */
export function putPoint(draft: Draft, index: number, point: Point): void {
  store(draft.points, index * ENTRY, point.x);
  store(draft.points, index * ENTRY + LIMBS, point.y);
  store(draft.z, index * LIMBS, point.z);
}

/** Makes the points of a draft affine. Z is never 0, because no point is infinity. */
export function normalize({ points, z }: Draft): Int32Array {
  const length = z.length / LIMBS;
  const products = new Int32Array(z.length); // at i: the product of the Z before i
  const inverse = newLimbs();
  const factor = newLimbs();
  const one = newLimbs();
  const two = newLimbs();
  copy(inverse, ONE);
  for (let i = 0; i < length; i++) {
    store(products, i * LIMBS, inverse);
    load(factor, z, i * LIMBS, 1);
    multiply(inverse, inverse, factor);
  }
  invertElement(inverse, inverse); // of all Z; below: of those up to i
  for (let i = length - 1; i >= 0; i--) {
    load(factor, products, i * LIMBS, 1);
    multiply(one, inverse, factor); // 1/Z
    load(factor, z, i * LIMBS, 1);
    multiply(inverse, inverse, factor);
    square(two, one); // 1/Z²
    multiply(one, one, two); // 1/Z³
    load(factor, points, i * ENTRY, 1);
    multiply(factor, factor, two);
    store(points, i * ENTRY, factor);
    load(factor, points, i * ENTRY + LIMBS, 1);
    multiply(factor, factor, one);
    store(points, i * ENTRY + LIMBS, factor);
  }
  return points;
}

// Memory of one call, written before it is read.
const x = /* @__PURE__ */ newLimbs();
const y = /* @__PURE__ */ newLimbs();

/** Adds an entry of a table, or subtracts it where `isNegative`. */
export function addEntry(
  point: Point,
  table: Int32Array,
  index: number,
  isNegative: boolean,
): void {
  load(x, table, index * ENTRY, 1);
  load(y, table, index * ENTRY + LIMBS, isNegative ? -1 : 1);
  addAffine(point, x, y);
}
