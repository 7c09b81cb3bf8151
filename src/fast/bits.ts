// The bits of a scalar, from which a multiplication makes its digits: a number to bytes, bytes to bits.

/** The bits of a number below 2^320, the lowest first. */
export interface Bits {
  readonly bytes: Uint8Array;
  readonly view: DataView;
}

const BYTES = 40;

export function newBits(): Bits {
  const bytes = new Uint8Array(BYTES);
  return { bytes, view: new DataView(bytes.buffer) };
}

/** Writes all bits of a number below 2^256. */
export function writeBits({ view }: Bits, value: bigint): void {
  view.setBigUint64(0, value, true); // each keeps only the low 64 bits
  view.setBigUint64(8, value >> 64n, true);
  view.setBigUint64(16, value >> 128n, true);
  view.setBigUint64(24, value >> 192n, true);
  view.setBigUint64(32, 0n, true);
}

/** Sets one bit. */
export function setBit({ bytes }: Bits, index: number): void {
  bytes[index >>> 3] = (bytes[index >>> 3] ?? 0) | (1 << (index & 7));
}

export function bitAt(bytes: Uint8Array, index: number): number {
  return ((bytes[index >>> 3] ?? 0) >>> (index & 7)) & 1;
}

/** Returns `width` bits, at most 9, from `index` on. */
export function bitsAt(bytes: Uint8Array, index: number, width: number): number {
  const at = index >>> 3;
  const pair = (bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8);
  return (pair >>> (index & 7)) & ((1 << width) - 1);
}
