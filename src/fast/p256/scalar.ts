// Scalars of P-256: from bytes to numbers, their inverses modulo n, and the digits for comb.ts.
import { type Bits, setBit, writeBits } from "../bits.js";
import { invert, modulusOf } from "../inverse.js";
import { fromBigEndian, newLimbs, toBigInt } from "../limbs.js";
import { N } from "./curve.js";

const ORDER = /* @__PURE__ */ modulusOf(N);

// Memory of one call, written before it is read.
const limbs = /* @__PURE__ */ newLimbs();

/** Returns the number in 32 big-endian bytes. */
export function readScalar(bytes: Uint8Array, position: number): bigint {
  const view = new DataView(bytes.buffer, bytes.byteOffset + position, 32);
  const high = (view.getBigUint64(0) << 64n) | view.getBigUint64(8);
  return (high << 128n) | (view.getBigUint64(16) << 64n) | view.getBigUint64(24);
}

/** Returns whether the number in 32 big-endian bytes is below n. */
export function isBelowOrder(bytes: Uint8Array, position: number): boolean {
  for (let i = 0; i < 32; i++) {
    const difference = (bytes[position + i] ?? 0) - (N_BYTES[i] ?? 0);
    if (difference !== 0) return difference < 0;
  }
  return false; // it is n
}

const N_BYTES: readonly number[] = /* @__PURE__ */ bigEndian(N);

function bigEndian(value: bigint): readonly number[] {
  return Array.from({ length: 32 }, (_, i) => Number((value >> BigInt(248 - 8 * i)) & 255n));
}

/** Returns 1/s modulo n, for the number s < n in 32 big-endian bytes; returns 0 where s is 0. */
export function readInverse(bytes: Uint8Array, position: number): bigint {
  fromBigEndian(limbs, bytes, position);
  invert(limbs, limbs, ORDER); // n is a prime: every s but 0 has an inverse
  const inverse = toBigInt(limbs) % N;
  return inverse < 0n ? inverse + N : inverse;
}

/**
 * Writes a scalar k, 0 <= k < n, as `length` digits of +1 (bit 1) and -1 (bit 0), 256 <= length <= 320.
 * Where W is the number that the bits make, the sum of the digits is 2·W - (2^length - 1). The sum is k for
 * an odd k and W = (k - 1)/2 + 2^(length - 1). For an even k the digits are those of n - k, which is odd.
 * Returns whether k is even: then the caller negates the point. (0 becomes n: infinity.)
 */
export function writeSignedDigits(bits: Bits, scalar: bigint, length: number): boolean {
  const isEven = (scalar & 1n) === 0n;
  writeBits(bits, (isEven ? N - scalar : scalar) >> 1n); // below 2^255, so the next bit is 0
  setBit(bits, length - 1);
  return isEven;
}
