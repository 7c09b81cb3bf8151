// HalfSipHash-1-3 (J.-P. Aumasson and D. J. Bernstein, "SipHash: a fast short-input PRF"; the variant on
// words of 32 bits, which kernels use for hash tables): text and key enter, two words leave. Its output
// differs: both words are taken from the state after the last three rounds, as v1 ^ v3 and v0 ^ v2, while
// the paper does three more rounds for the second. It keeps a sender from clustering the entries of a
// table. It is no hash for signatures or proofs.

/** The key of the hash: two random words. */
export interface SipKey {
  readonly k0: number;
  readonly k1: number;
}

/** Changes the key for a text that is not ASCII, so that its hash is not that of its ASCII spelling. */
const MARK = 0x5bd1e995;

/**
 * Hashes a whole text into `out[0]` and `out[1]`. ASCII text is hashed as its bytes. Other text is hashed
 * under another key, each UTF-16 unit as three bytes.
 */
export function halfSipHash(text: string, { k0, k1 }: SipKey, out: Int32Array): void {
  const { length } = text;
  const whole = length & ~3;
  let units = 0; // the OR of all units: nearly every text is ASCII, and one pass costs less than two
  let v0 = k0;
  let v1 = k1 ^ 0xee;
  let v2 = k0 ^ 0x6c796765;
  let v3 = k1 ^ 0x74656462;
  for (let at = 0; at < whole; at += 4) {
    const first = text.charCodeAt(at);
    const second = text.charCodeAt(at + 1);
    const third = text.charCodeAt(at + 2);
    const fourth = text.charCodeAt(at + 3);
    units |= first | second | third | fourth;
    const word = first | (second << 8) | (third << 16) | (fourth << 24);
    v3 ^= word;
    v0 = (v0 + v1) | 0;
    v1 = ((v1 << 5) | (v1 >>> 27)) ^ v0;
    v0 = (v0 << 16) | (v0 >>> 16);
    v2 = (v2 + v3) | 0;
    v3 = ((v3 << 8) | (v3 >>> 24)) ^ v2;
    v0 = (v0 + v3) | 0;
    v3 = ((v3 << 7) | (v3 >>> 25)) ^ v0;
    v2 = (v2 + v1) | 0;
    v1 = ((v1 << 13) | (v1 >>> 19)) ^ v2;
    v2 = (v2 << 16) | (v2 >>> 16);
    v0 ^= word;
  }
  let last = length << 24;
  for (let at = whole; at < length; at++) {
    const unit = text.charCodeAt(at);
    units |= unit;
    last |= unit << (8 * (at - whole));
  }
  // The same round for the last word, then three to finish.
  v3 ^= last;
  for (let round = 0; round < 4; round++) {
    v0 = (v0 + v1) | 0;
    v1 = ((v1 << 5) | (v1 >>> 27)) ^ v0;
    v0 = (v0 << 16) | (v0 >>> 16);
    v2 = (v2 + v3) | 0;
    v3 = ((v3 << 8) | (v3 >>> 24)) ^ v2;
    v0 = (v0 + v3) | 0;
    v3 = ((v3 << 7) | (v3 >>> 25)) ^ v0;
    v2 = (v2 + v1) | 0;
    v1 = ((v1 << 13) | (v1 >>> 19)) ^ v2;
    v2 = (v2 << 16) | (v2 >>> 16);
    if (round === 0) {
      v0 ^= last;
      v2 ^= 0xee;
    }
  }
  out[0] = v1 ^ v3;
  out[1] = v0 ^ v2;
  if (units >= 0x80) halfSipHash(spelt(text), { k0: k0 ^ MARK, k1 }, out);
}

/** Returns every UTF-16 unit as three characters of ASCII. */
function spelt(text: string): string {
  let units = "";
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    units += String.fromCharCode(unit & 127, (unit >>> 7) & 127, unit >>> 14);
  }
  return units;
}
