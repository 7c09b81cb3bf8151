// Multiplication by a comb of signed digits, for points that come again: a point to its table, a
// table and a scalar to points to add. Lim and Lee, More flexible exponentiation with
// precomputation (Crypto '94), with the digits +1 and -1 of Hedabou, Pinel and Bénéteau (2004),
// here variable in time.
//
// A scalar is `length` digits d of +1 or -1, the lowest first. Tooth j stands on the digits from
// j · spacing on, and of each tooth block s begins at s · columns, so that every digit has one
// tooth, block and column: i = j · spacing + s · columns + column. For each column, from the last
// to the first: double, then add for each block the entry of its digits,
//
//     sum over j of d[i] · 2^(j · spacing + s · columns) · Q
//
// A table has the entries of which the digit of the top tooth is +1: the others are these negated.
import { type Bits, bitAt } from "../bits.js";
import type { Limbs } from "../limbs.js";
import { assignAffine, double, newPoint, type Point } from "./point.js";
import { addEntry, newDraft, normalize, putPoint } from "./table.js";

export interface CombShape {
  readonly teeth: number;
  readonly blocks: number;
}

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
 * The comb of an affine point of order n, which is 1 unit.
 *
 * No entry is infinity: an entry is m · Q with m = 2^(s · columns) · (2^((teeth - 1) · spacing) ± …),
 * where the top power outweighs the rest, and below 2^(length - columns + 1), so 0 < m < n while
 * length - columns is at most 254 (10 teeth of 2 · 13: 247). Nor does any sum here meet the
 * exceptional cases of addition, though addAffine would handle them: the terms are powers of two
 * that differ, or an odd multiple of 2^(s · columns) and an even one.
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
    // The others in the order of a Gray code: one digit changes, by 2 · 2^(…) · Q.
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
 * 2^(i · columns) · Q for 0 <= i < count, then the doubles of these, affine. Entry tooth · blocks +
 * block is the one of that tooth and block.
 */
function powersOfTwo(x: Limbs, y: Limbs, count: number, columns: number): Int32Array {
  const draft = newDraft(2 * count);
  const point = newPoint();
  assignAffine(point, x, y);
  for (let i = 0; i < count; i++) {
    putPoint(draft, i, point);
    double(point);
    putPoint(draft, count + i, point);
    for (let k = 1; k < columns; k++) double(point);
  }
  return normalize(draft);
}

/**
 * Adds what a column of the scalar's digits (writeSignedDigits) stands for, all blocks of it;
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
