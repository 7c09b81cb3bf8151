// Points of edwards25519 by their bytes (RFC 8032 sections 5.1.2 and 5.1.3): what no key and no
// signature may hold, with any backend.
import { encodeBase64url } from "../bytes/base64url.js";

/**
 * Every encoding of a point of order 1, 2, 4 or 8, in base64url (which is canonical, so that equal
 * bytes are equal text). Under such a key a signature can be valid for many messages.
 */
const SMALL_ORDER: ReadonlySet<string> = /* @__PURE__ */ new Set([
  "AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", // y = 1: order 1, and the same with the sign bit
  "AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAIA",
  "7P_______________________________________38", // y = -1: order 2
  "7P________________________________________8",
  "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", // y = 0: order 4
  "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAIA",
  "JuiVj8KyJ7BFw_SJ8u-Y8NXfrAXTxjM5sTgCiG1T_AU", // order 8
  "JuiVj8KyJ7BFw_SJ8u-Y8NXfrAXTxjM5sTgCiG1T_IU",
  "xxdqcD1N2E-6PAt2DRBnDyogU_osOczGTsf9d5KsA3o", // order 8
  "xxdqcD1N2E-6PAt2DRBnDyogU_osOczGTsf9d5KsA_o",
]);

/**
 * Returns true for a point of small order, given as base64url. Engines disagree on such keys, and
 * on signatures whose R is such a point: Node 20 takes both, Node 24 neither, as the specification
 * of Ed25519 in WebCrypto asks. Here both are refused, with any backend.
 */
export function isSmallOrderPoint(encoded: string): boolean {
  return SMALL_ORDER.has(encoded);
}

/**
 * Returns true where S, the second half of a signature of 64 bytes, is below L (section 5.1.7 step
 * 1), and R, the first half, is not a point of small order. Some platforms leave one of these
 * checks out: libgcrypt, and so WebKitGTK, takes S + L for S; Node 20 and 22 take an R of small
 * order.
 */
export function isStrictSignature(signature: Uint8Array): boolean {
  return (
    isBelowOrder(signature, 32) && !isSmallOrderPoint(encodeBase64url(signature.subarray(0, 32)))
  );
}

/**
 * L = 2^252 + 27742317777372353535851937790883648493: its lowest 16 bytes, little-endian. Byte 31
 * is 0x10, and those between are 0.
 */
const LOW_OF_ORDER: readonly number[] = [
  0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14,
];

function isBelowOrder(bytes: Uint8Array, position: number): boolean {
  for (let i = 31; i >= 0; i--) {
    const difference = (bytes[position + i] ?? 0) - (i === 31 ? 0x10 : (LOW_OF_ORDER[i] ?? 0));
    if (difference !== 0) return difference < 0;
  }
  return false; // equal to L
}

/**
 * Returns true where y, little-endian with the sign of x in the highest bit, is below 2^255 - 19
 * (section 5.1.3 step 1). So a point has one encoding, and a key one thumbprint.
 */
export function isCanonicalPoint(bytes: Uint8Array): boolean {
  if ((bytes[0] ?? 0) < 0xed || ((bytes[31] ?? 0) & 0x7f) !== 0x7f) return true;
  for (let i = 1; i < 31; i++) if (bytes[i] !== 0xff) return true;
  return false;
}
