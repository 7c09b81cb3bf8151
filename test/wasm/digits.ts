// The digits of a scalar in a comb of P-256 (src/wasm/comb.ts), by which the tests meet the exceptional cases of sums.
import type { Shape } from "../../src/wasm/comb.js";
import { N } from "../fuzz/p256.js";

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
