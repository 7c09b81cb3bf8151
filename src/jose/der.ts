// ECDSA signatures in two forms: DER (Ecdsa-Sig-Value of RFC 3279 section 2.2.3: a SEQUENCE of the
// INTEGERs r and s), which native cryptography uses, and R||S (RFC 7518 section 3.4), which JWS
// uses.

const INTEGER = 0x02;
const SEQUENCE = 0x30;
/** The first byte of a length that is written in the next byte. */
const LONG_LENGTH = 0x81;
/** A length below this takes one byte. */
const SHORT_LENGTHS = 0x80;

/**
 * Returns the DER of `signature`, which is R||S: two numbers of any value and of equal width, 1 to
 * 124 bytes each.
 */
export function encodeDer(signature: Uint8Array): Uint8Array {
  const width = signature.length / 2;
  const der = new Uint8Array(9 + signature.length);
  const endOfR = writeInteger(der, 3, signature, 0, width);
  const end = writeInteger(der, endOfR, signature, width, 2 * width);
  const isShort = end - 3 < SHORT_LENGTHS;
  der[0] = SEQUENCE;
  der[1] = isShort ? SEQUENCE : LONG_LENGTH;
  der[2] = end - 3;
  return der.subarray(isShort ? 1 : 0, end);
}

/**
 * Writes the bytes from `start` to `end` as an INTEGER at `position`, in memory that is 0. Returns
 * the index after it.
 */
function writeInteger(
  der: Uint8Array,
  position: number,
  bytes: Uint8Array,
  start: number,
  end: number,
): number {
  let first = start;
  while (first < end - 1 && bytes[first] === 0) first++;
  const padding = (bytes[first] ?? 0) >> 7; // with its highest bit set it would be negative
  der[position] = INTEGER;
  der[position + 1] = padding + end - first;
  let next = position + 2 + padding;
  for (let i = first; i < end; i++) der[next++] = bytes[i] ?? 0;
  return next;
}

/** Returns R||S, `width` bytes each, or null for what is not the DER of two such numbers. */
export function decodeDer(der: Uint8Array, width: number): Uint8Array | null {
  const signature = new Uint8Array(2 * width);
  const startOfR = der[1] === LONG_LENGTH ? 5 : 4;
  const endOfR = startOfR + (der[startOfR - 1] ?? 0);
  const r = der.subarray(startOfR, endOfR).subarray(-width);
  const s = der.subarray(endOfR + 2).subarray(-width);
  signature.set(r, width - r.length);
  signature.set(s, 2 * width - s.length);
  // Encoding it again shows whether anything was skipped or cut off.
  const again = encodeDer(signature);
  const isSame = again.length === der.length && again.every((byte, i) => byte === der[i]);
  return isSame ? signature : null;
}
