// Multiplication of a point that is seen for the first time: its odd multiples, and the digits of a
// scalar that select them (width-5 non-adjacent form: Hankerson, Menezes and Vanstone, Guide to
// Elliptic Curve Cryptography, algorithms 3.35 and 3.36). No inversion: the multiples keep their Z.
import { type Bits, bitsAt } from "../bits.js";
import {
  addProjective,
  type AffinePoint,
  assignAffine,
  double,
  newPoint,
  newProjectiveNiels,
  type Point,
  type ProjectiveNiels,
  subtractProjective,
  toProjectiveNiels,
} from "./point.js";

const WIDTH = 5;
/** Digits are odd and within ±15, so the multiples are 1, 3, … 15. */
const COUNT = 1 << (WIDTH - 2);
/** A scalar below 2^253 has one digit more than bits. */
export const NAF_LENGTH = 254;

/** Entry i is (2·i + 1)·Q. */
export type OddMultiples = readonly ProjectiveNiels[];

/** Memory for the odd multiples of one point. */
export function newOddMultiples(): OddMultiples {
  return Array.from({ length: COUNT }, newProjectiveNiels);
}

// Memory of one call, written before it is read.
const point = /* @__PURE__ */ newPoint();
const twice = /* @__PURE__ */ newProjectiveNiels();

/** Writes the odd multiples of a point: Q, then 2·Q more each time. Additions have no exceptional case. */
export function writeOddMultiples(out: OddMultiples, q: AffinePoint): void {
  assignAffine(point, q);
  double(point, true);
  toProjectiveNiels(twice, point);
  assignAffine(point, q);
  for (let i = 0; i < COUNT; i++) {
    if (i > 0) addProjective(point, twice, true);
    toProjectiveNiels(multipleAt(out, i), point);
  }
}

function multipleAt(multiples: OddMultiples, index: number): ProjectiveNiels {
  const multiple = multiples[index];
  if (multiple === undefined) throw new RangeError("no such multiple"); // every index is below COUNT
  return multiple;
}

/**
 * Writes the digits of a number below 2^253, the lowest first: the number is the sum of digit · 2^i.
 * Returns the place of the highest digit that is not 0, or -1 where the number is 0.
 */
export function writeNaf(digits: Int8Array, { bytes }: Bits): number {
  digits.fill(0);
  let carry = 0;
  let highest = -1;
  let i = 0;
  while (i < NAF_LENGTH) {
    if (bitsAt(bytes, i, 1) === carry) {
      i++; // what is left is even
      continue;
    }
    const window = bitsAt(bytes, i, WIDTH) + carry; // odd, at most 31 (32 would be even)
    carry = window >> (WIDTH - 1);
    digits[i] = window - (carry << WIDTH);
    highest = i;
    i += WIDTH;
  }
  return highest;
}

/** Adds the multiple that a digit other than 0 selects; `withT` is that of addProjective. */
export function addMultiple(
  sum: Point,
  multiples: OddMultiples,
  digit: number,
  withT: boolean,
): void {
  if (digit > 0) addProjective(sum, multipleAt(multiples, digit >> 1), withT);
  else subtractProjective(sum, multipleAt(multiples, -digit >> 1), withT);
}
