// ath (RFC 9449 section 4.2): an access token to the hash that a proof for it carries.
import { stringArgument } from "../input/argument.js";
import { type Hasher, type HashOptions, readHasher, sha256Base64url } from "../jose/hash.js";

/**
 * Computes the claim `ath` of an access token: the SHA-256 of its ASCII bytes.
 *
 * @param accessToken printable ASCII without spaces.
 * @param options the backend that hashes.
 * @returns base64url, 43 characters.
 * @throws a TypeError where the token is empty or has other characters.
 * @example
 * ```ts
 * import { accessTokenHash } from "dpop-core/core";
 * import { nodeCrypto } from "dpop-core/node-crypto";
 *
 * const token = "Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU";
 * const ath = accessTokenHash(token, { backend: nodeCrypto });
 * ```
 * @see RFC 9449 section 4.2
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

/** Returns the same hash, or null where the text can't be an access token. */
export function hashOf(accessToken: string, hasher: Hasher): string | null {
  const bytes = tokenBytes(accessToken);
  return bytes === null ? null : sha256Base64url(bytes, hasher);
}

/** Returns true for a non-empty text whose characters can all stand in an access token. */
export function isAccessToken(value: unknown): value is string {
  return typeof value === "string" && tokenBytes(value) !== null;
}

/**
 * Returns the bytes of a token, which the next call overwrites, or null where it is not a token.
 * RFC 6749 appendix A.12 lets a token hold any VSCHAR, but a space can't stand in an Authorization
 * header (token68).
 */
function tokenBytes(token: string): Uint8Array | null {
  const bytes = memoryFor(token.length);
  let outside = 0; // negative after a character outside 0x21 to 0x7e
  for (let i = 0; i < token.length; i++) {
    const unit = token.charCodeAt(i);
    outside |= (unit - 0x21) | (0x7e - unit);
    bytes[i] = unit;
  }
  return outside < 0 || token === "" ? null : bytes;
}

/**
 * The bytes of most tokens. It is kept, because to make an array of that size takes as long as a
 * block of SHA-256.
 */
let memory: Uint8Array | undefined;
const MEMORY_BYTES = 4096;

function memoryFor(length: number): Uint8Array {
  if (length > MEMORY_BYTES) return new Uint8Array(length);
  // Not made yet, or detached by a backend that transferred it.
  if (memory === undefined || memory.length === 0) memory = new Uint8Array(MEMORY_BYTES);
  return memory.subarray(0, length);
}
