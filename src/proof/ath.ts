// ath (RFC 9449 section 4.2): an access token to the hash that a proof for it carries.
import { asciiBytes } from "../bytes/utf8.js";
import { type Hasher, type HashOptions, readHasher, sha256Base64url } from "../jose/hash.js";

/**
 * The claim `ath` of an access token: base64url of the SHA-256 of its ASCII bytes, 43 characters.
 * Throws a TypeError where `accessToken` is not a non-empty string of printable ASCII without
 * spaces.
 */
export function accessTokenHash(accessToken: string, options: HashOptions): string {
  const hasher = readHasher(options);
  if (!isAccessToken(accessToken)) {
    throw new TypeError("accessToken must be a non-empty string of printable ASCII without spaces");
  }
  return hashOf(accessToken, hasher);
}

/** The same for a token of which the form was checked. */
export function hashOf(accessToken: string, hasher: Hasher): string {
  return sha256Base64url(asciiBytes(accessToken), hasher);
}

/**
 * RFC 6749 appendix A.12 lets a token hold any VSCHAR; a space can't stand in an Authorization
 * header (token68).
 */
export function isAccessToken(value: unknown): value is string {
  if (typeof value !== "string" || value === "") return false;
  for (let i = 0; i < value.length; i++) {
    const unit = value.charCodeAt(i);
    if (unit <= 0x20 || unit >= 0x7f) return false;
  }
  return true;
}
