// Multiplication by a comb of signed digits, for points that are used again: from a point to its table,
// and from a table and a scalar to the points to add. Lim and Lee, More flexible exponentiation with
// precomputation (Crypto '94), with the digits +1 and -1 of Hedabou, Pinel and Bénéteau (2004), here in
// variable time.
//
// A scalar has `length` digits d of +1 or -1, the lowest first. Tooth j covers the digits from
// j · spacing on, and block s of each tooth begins at s · columns, so every digit has one tooth, block
// and column: i = j · spacing + s · columns + column. For each column, from the last to the first:
// double, then add for each block the entry of its digits,
//
//     sum over j of d[i] · 2^(j · spacing + s · columns) · Q
//
// A table holds the entries whose top tooth has the digit +1; the others are their negatives.
import { type Bits, bitAt } from "../bits.js";
import type { Limbs } from "../limbs.js";
import { assignAffine, double, newPoint, type Point } from "./point.js";
import { addEntry, newDraft, normalize, putPoint } from "./table.js";

/** The size of a comb. */
export interface CombShape {
  readonly teeth: number;
  readonly blocks: number;
}

/** A table of multiples of a point Q. */
export interface Comb extends CombShape {
  /** Columns of a block. */
  readonly columns: number;
  /** Digits between two teeth: columns · blocks. */
  readonly spacing: number;
  /** Digits of a scalar: teeth · spacing, at least 256. */
  readonly length: number;
  /** Entries of a block: 2^(teeth - 1). Bit j of the index is 1 where the digit of tooth j is +1. */
  readonly entries: number;
  /** The blocks, one after the other. */
  readonly table: Int32Array;
}

/**
 * Makes the comb of an affine point of order n, which is 1 unit.
 *
 * No entry is infinity. An entry is m · Q with m = 2^(s · columns) · (2^((teeth - 1) · spacing) ± …), where
 * the top power exceeds the sum of the others, and m is below 2^(length - columns + 1). So 0 < m < n while
 * length - columns is at most 254 (with 10 teeth of 2 · 13 it is 247). No sum here is an exceptional case
 * of addition, which addAffine would handle: its terms are different powers of two, or an odd multiple of
 * 2^(s · columns) and an even one.
 */
export function createComb(x: Limbs, y: Limbs, { teeth, blocks }: CombShape): Comb {
  const columns = Math.ceil(Math.ceil(256 / teeth) / blocks);
  const spacing = columns * blocks;
  const entries = 1 << (teeth - 1);
  const powers = powersOfTwo(x, y, teeth * blocks, columns);
  const draft = newDraft(entries * blocks);
  const point = newPoint();
  for (let block = 0; block < blocks; block++) {
    // All digits but the top one are -1: index 0.
    point.isInfinity = true;
    for (let tooth = 0; tooth < teeth; tooth++) {
      addEntry(point, powers, tooth * blocks + block, tooth !== teeth - 1);
    }
    putPoint(draft, block * entries, point);
    // The other entries follow in the order of a Gray code: one digit changes, by 2 · 2^(…) · Q.
    for (let i = 1, index = 0; i < entries; i++) {
      const tooth = 31 - Math.clz32(i & -i);
      index ^= 1 << tooth;
      const isMinus = ((index >>> tooth) & 1) === 0;
      addEntry(point, powers, (teeth + tooth) * blocks + block, isMinus);
      putPoint(draft, block * entries + index, point);
    }
  }
  const table = normalize(draft);
  return { teeth, blocks, columns, spacing, length: teeth * spacing, entries, table };
}

/**
 * Returns 2^(i · columns) · Q for 0 <= i < count, then their doubles, all affine. Entry
 * tooth · blocks + block belongs to that tooth and block.
 */
function powersOfTwo(x: Limbs, y: Limbs, count: number, columns: number): Int32Array {
  const draft = newDraft(2 * count);
  const point = newPoint();
  assignAffine(point, x, y);
  for (let i = 0; i < count; i++) {
    putPoint(draft, i, point);
    double(point);
    putPoint(draft, count + i, point);
    if (i === count - 1) break; // nothing reads what follows
    for (let k = 1; k < columns; k++) double(point);
  }
  return normalize(draft);
}

/**
 * Adds the entries of all blocks that a column of the scalar's digits (writeSignedDigits) selects,
 * negated where `isNegated`.
 */
export function addColumn(
  point: Point,
  comb: Comb,
  { bytes }: Bits,
  column: number,
  isNegated: boolean,
): void {
  const { blocks, columns, entries, spacing, table, teeth } = comb;
  for (let block = 0; block < blocks; block++) {
    let position = block * columns + column;
    let index = 0;
    for (let tooth = 0; tooth < teeth - 1; tooth++, position += spacing) {
      index |= bitAt(bytes, position) << tooth;
    }
    const isMinus = bitAt(bytes, position) === 0; // the top digit is -1: the negated entry
    if (isMinus) index ^= entries - 1;
    addEntry(point, table, block * entries + index, isMinus !== isNegated);
  }
}
