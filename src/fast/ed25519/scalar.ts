// Scalars of Ed25519: from little-endian bytes to numbers (RFC 8032 section 5.1.7), and from numbers to
// the digits for comb.ts.
import { type Bits, setBit, writeBits } from "../bits.js";

/** The order of B, a prime below 2^253. Points of the curve have an order that divides 8·L. */
export const L: bigint = 0x1000000000000000000000000000000014def9dea2f79cd65812631a5cf5d3edn;

/** Returns the number in 32 bytes. */
export function readScalar(bytes: Uint8Array, position: number): bigint {
  const view = new DataView(bytes.buffer, bytes.byteOffset + position, 32);
  const high = (view.getBigUint64(24, true) << 64n) | view.getBigUint64(16, true);
  return (high << 128n) | (view.getBigUint64(8, true) << 64n) | view.getBigUint64(0, true);
}

/** Returns the number in 64 bytes, modulo L. */
export function readWideScalar(bytes: Uint8Array): bigint {
  return ((readScalar(bytes, 32) << 256n) | readScalar(bytes, 0)) % L;
}

/**
 * Writes an odd number k below 2^length, 253 <= length <= 320, as `length` digits of +1 (bit 1) and -1
 * (bit 0). Where W is the number that the bits make, the sum of the digits is 2·W - (2^length - 1), which
 * is k for W = (k - 1)/2 + 2^(length - 1).
 */
export function writeSignedDigits(bits: Bits, odd: bigint, length: number): void {
  writeBits(bits, odd >> 1n); // below 2^252: bit length - 1 is 0
  setBit(bits, length - 1);
}
