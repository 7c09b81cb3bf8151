// The digits of a scalar in a comb of P-256 (src/wasm/comb.ts), by which the tests meet the exceptional cases of sums.
import { N } from "../fuzz/p256.js";

/** The size of a comb of two blocks: the one of createComb in src/fast, for scalars of 256 bits. */
export interface Shape {
  readonly teeth: number;
  /** Columns of a block. */
  readonly columns: number;
  /** Digits between two teeth. */
  readonly spacing: number;
  /** Digits of a scalar. */
  readonly length: number;
}

export function shapeOf(teeth: number): Shape {
  const columns = Math.ceil(Math.ceil(256 / teeth) / 2);
  return { teeth, columns, spacing: 2 * columns, length: 2 * columns * teeth };
}

/** How a comb sums a scalar's multiple. */
export interface Digits {
  readonly columns: number;
  /** The multiple of the point that the entry of a block in a column is. */
  entry(block: number, column: number): bigint;
}

export function digitsOf(scalar: bigint, { columns, spacing, teeth, length }: Shape): Digits {
  const isEven = scalar % 2n === 0n;
  const bits = ((isEven ? N - scalar : scalar) >> 1n) | (1n << BigInt(length - 1));
  const digit = (i: number): bigint => ((((bits >> BigInt(i)) & 1n) === 1n) === isEven ? -1n : 1n);
  return {
    columns,
    entry(block, column) {
      let sum = 0n;
      for (let tooth = 0; tooth < teeth; tooth++) {
        const from = tooth * spacing + block * columns;
        sum += digit(from + column) << BigInt(from);
      }
      return sum;
    },
  };
}
