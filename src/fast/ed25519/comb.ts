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
// All entries are whole multiples of Q, never taken modulo L, because Q may have torsion.
import { type Bits, bitAt } from "../bits.js";
import { multiply } from "./field.generated.js";
import {
  addAffine,
  type AffinePoint,
  assignAffine,
  assignIdentity,
  double,
  invertElement,
  newAffineNiels,
  newPoint,
  type Point,
  toAffineNiels,
} from "./point.js";
import { limbsOf, load, newLimbs, store } from "../limbs.js";

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
  /** Digits of a scalar: teeth · spacing, at least 253. */
  readonly length: number;
  /** Entries of a block: 2^(teeth - 1). Bit j of the index is 1 where the digit of tooth j is +1. */
  readonly entries: number;
  /** The blocks, one after the other, then Q itself. */
  readonly table: Int32Array;
}

/** The integers of one element of the field. */
const LIMBS = 11;
/**
 * The integers of an entry: sum, difference and product of AffineNiels, or X, Y and Z of a point that is
 * being made. Limbs are integers within 2^23 · 1.1 (1 unit), so 32 bits hold them.
 */
const ENTRY = 3 * LIMBS;

/**
 * Makes the comb of any point of the curve, of any order. Where Q has small order, so has every entry, and
 * one may be the identity: additions have no exceptional case.
 */
export function createComb(q: AffinePoint, { teeth, blocks }: CombShape): Comb {
  const columns = Math.ceil(Math.ceil(253 / teeth) / blocks);
  const spacing = columns * blocks;
  const entries = 1 << (teeth - 1);
  const powers = powersOfTwo(q, teeth * blocks, columns);
  const table = new Int32Array((entries * blocks + 1) * ENTRY);
  const point = newPoint();
  for (let block = 0; block < blocks; block++) {
    // All digits but the top one are -1: index 0.
    assignIdentity(point);
    for (let tooth = 0; tooth < teeth; tooth++)
      addEntry(point, powers, tooth * blocks + block, tooth !== teeth - 1, true);
    putPoint(table, block * entries, point);
    // The other entries follow in the order of a Gray code: one digit changes, by 2 · 2^(…) · Q.
    for (let i = 1, index = 0; i < entries; i++) {
      const tooth = 31 - Math.clz32(i & -i);
      index ^= 1 << tooth;
      const isMinus = ((index >>> tooth) & 1) === 0;
      addEntry(point, powers, (teeth + tooth) * blocks + block, isMinus, true);
      putPoint(table, block * entries + index, point);
    }
  }
  assignAffine(point, q);
  putPoint(table, entries * blocks, point);
  normalize(table);
  return { teeth, blocks, columns, spacing, length: teeth * spacing, entries, table };
}

/**
 * Returns 2^(i · columns) · Q for 0 <= i < count, then their doubles. Entry tooth · blocks + block belongs
 * to that tooth and block.
 */
function powersOfTwo(q: AffinePoint, count: number, columns: number): Int32Array {
  const table = new Int32Array(2 * count * ENTRY);
  const point = newPoint();
  assignAffine(point, q);
  for (let i = 0; i < count; i++) {
    putPoint(table, i, point);
    double(point, false);
    putPoint(table, count + i, point);
    if (i === count - 1) break; // nothing reads what follows
    for (let k = 1; k < columns; k++) double(point, false);
  }
  normalize(table);
  return table;
}

function putPoint(table: Int32Array, index: number, { x, y, z }: Point): void {
  store(table, index * ENTRY, x);
  store(table, index * ENTRY + LIMBS, y);
  store(table, index * ENTRY + 2 * LIMBS, z);
}

/**
 * Turns a table of points into one of entries, with one inversion for all of them (Montgomery's trick:
 * Cohen, A Course in Computational Algebraic Number Theory, 10.3.4). Z is never 0.
 */
function normalize(table: Int32Array): void {
  const length = table.length / ENTRY;
  const products = new Int32Array(length * LIMBS); // at i: the product of the Z before i
  const inverse = limbsOf(1n);
  const factor = newLimbs();
  const x = newLimbs();
  const y = newLimbs();
  const niels = newAffineNiels();
  for (let i = 0; i < length; i++) {
    store(products, i * LIMBS, inverse);
    load(factor, table, i * ENTRY + 2 * LIMBS, 1);
    multiply(inverse, inverse, factor); // 1 · 1, as all below
  }
  invertElement(inverse, inverse); // of all Z; below: of those up to i
  for (let i = length - 1; i >= 0; i--) {
    const position = i * ENTRY;
    load(x, table, position, 1);
    load(y, table, position + LIMBS, 1);
    load(factor, products, i * LIMBS, 1);
    multiply(factor, factor, inverse); // 1/Z
    toAffineNiels(niels, x, y, factor);
    load(factor, table, position + 2 * LIMBS, 1);
    multiply(inverse, inverse, factor);
    store(table, position, niels.sum);
    store(table, position + LIMBS, niels.difference);
    store(table, position + 2 * LIMBS, niels.product);
  }
}

// Memory of one call, written before it is read.
const entry = /* @__PURE__ */ newAffineNiels();

/**
 * Adds an entry of a table, or its negative: -(x, y) is (-x, y), which swaps sum and difference and
 * negates the product. `withT` is that of addAffine.
 */
function addEntry(
  point: Point,
  table: Int32Array,
  index: number,
  isNegative: boolean,
  withT: boolean,
): void {
  const position = index * ENTRY;
  load(entry.sum, table, isNegative ? position + LIMBS : position, 1);
  load(entry.difference, table, isNegative ? position : position + LIMBS, 1);
  load(entry.product, table, position + 2 * LIMBS, isNegative ? -1 : 1);
  addAffine(point, entry, withT);
}

/**
 * Adds the entries of all blocks that a column of the scalar's digits (writeSignedDigits) selects. `withT`
 * says whether T is valid afterwards.
 */
export function addColumn(
  point: Point,
  comb: Comb,
  { bytes }: Bits,
  column: number,
  withT: boolean,
): void {
  const { blocks, columns, entries, spacing, table, teeth } = comb;
  for (let block = 0; block < blocks; block++) {
    let position = block * columns + column;
    let index = 0;
    for (let tooth = 0; tooth < teeth - 1; tooth++, position += spacing)
      index |= bitAt(bytes, position) << tooth;
    const isMinus = bitAt(bytes, position) === 0; // the top digit is -1: the negated entry
    if (isMinus) index ^= entries - 1;
    addEntry(point, table, block * entries + index, isMinus, withT || block < blocks - 1);
  }
}

/** Subtracts the point itself. Reads T, and leaves it valid. */
export function subtractOnce(point: Point, { blocks, entries, table }: Comb): void {
  addEntry(point, table, blocks * entries, true, true);
}
