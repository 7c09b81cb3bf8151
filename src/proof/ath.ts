// ath (RFC 9449 section 4.2): an access token to the hash that a proof for it carries.
import { stringArgument } from "../input/argument.js";
import { type Hasher, type HashOptions, readHasher, sha256Base64url } from "../jose/hash.js";

/**
 * The claim `ath` of an access token: base64url of the SHA-256 of its ASCII bytes, 43 characters.
 * Throws a TypeError where `accessToken` is not a non-empty string of printable ASCII without
 * spaces.
 */
export function accessTokenHash(accessToken: string, options: HashOptions): string {
  const hasher = readHasher(options);
  stringArgument(accessToken, "accessToken");
  const ath = hashOf(accessToken, hasher);
  if (ath === null) {
    throw new TypeError("accessToken must be a non-empty string of printable ASCII without spaces");
  }
  return ath;
}

/** The same, or null for what is no access token. */
export function hashOf(accessToken: string, hasher: Hasher): string | null {
  const bytes = tokenBytes(accessToken);
  return bytes === null ? null : sha256Base64url(bytes, hasher);
}

/** True for a non-empty text of which every character can stand in an access token. */
export function isAccessToken(value: unknown): value is string {
  return typeof value === "string" && tokenBytes(value) !== null;
}

/**
 * RFC 6749 appendix A.12 lets a token hold any VSCHAR; a space can't stand in an Authorization
 * header (token68). The bytes are overwritten by the next call.
 */
function tokenBytes(token: string): Uint8Array | null {
  const bytes = memoryFor(token.length);
  let outside = 0; // negative once a character was outside 0x21 to 0x7e
  for (let i = 0; i < token.length; i++) {
    const unit = token.charCodeAt(i);
    outside |= (unit - 0x21) | (0x7e - unit);
    bytes[i] = unit;
  }
  return outside < 0 || token === "" ? null : bytes;
}

/** For most tokens: to make an array of that size takes as long as a block of SHA-256. */
let memory: Uint8Array | undefined;
const MEMORY_BYTES = 4096;

function memoryFor(length: number): Uint8Array {
  if (length > MEMORY_BYTES) return new Uint8Array(length);
  // Not there yet, or given away by a hash that does such things.
  if (memory === undefined || memory.length === 0) memory = new Uint8Array(MEMORY_BYTES);
  return memory.subarray(0, length);
}
