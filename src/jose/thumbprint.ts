// JWK thumbprints (RFC 7638): a public key to the value that DPoP calls jkt.
import { decodeBase64url } from "../bytes/base64url.js";
import { asciiBytes } from "../bytes/utf8.js";
import { type Hasher, type HashOptions, readHasher, sha256Base64url } from "./hash.js";
import { type PublicJwk, readPublicJwk } from "./jwk.js";

/**
 * Computes the SHA-256 thumbprint of a public key, called jkt in DPoP. The order of members and
 * further members do not matter.
 *
 * @param jwk a public EC, OKP (Ed25519) or RSA key in its one canonical form.
 * @param options the backend that hashes.
 * @returns base64url, 43 characters.
 * @throws a TypeError where `jwk` is not such a key, or holds a private member.
 * @example
 * ```ts
 * import { jwkThumbprint } from "dpop-core/core";
 * import { createSigner, generatePrivateJwk, nodeCrypto } from "dpop-core/node-crypto";
 *
 * const { publicJwk } = createSigner(generatePrivateJwk("ES256"));
 * const jkt = jwkThumbprint(publicJwk, { backend: nodeCrypto });
 * ```
 * @see RFC 7638; RFC 9449 section 6.1
 */
export function jwkThumbprint(jwk: PublicJwk, options: HashOptions): string {
  const hasher = readHasher(options);
  const key = readPublicJwk(jwk);
  if (key === "jwk_private") throw new TypeError("jwk must be public; it holds private members");
  if (typeof key === "string") throw new TypeError("jwk must be a canonical public key");
  return thumbprint(key, hasher);
}

/**
 * Computes the thumbprint of a key that was read: its values are base64url and names, which JSON
 * writes without escapes.
 */
export function thumbprint(jwk: PublicJwk, hasher: Hasher): string {
  return sha256Base64url(asciiBytes(canonicalJson(jwk)), hasher);
}

/** Returns true for text that can be a thumbprint: the base64url of 32 bytes. */
export function isThumbprint(value: unknown): value is string {
  return typeof value === "string" && value.length === 43 && decodeBase64url(value) !== null;
}

/**
 * Returns the JSON that is hashed (RFC 7638 section 3.2, RFC 8037 section 2): the required members
 * in lexicographic order, without whitespace.
 */
function canonicalJson(jwk: PublicJwk): string {
  switch (jwk.kty) {
    case "EC":
      return `{"crv":"${jwk.crv}","kty":"EC","x":"${jwk.x}","y":"${jwk.y}"}`;
    case "OKP":
      return `{"crv":"${jwk.crv}","kty":"OKP","x":"${jwk.x}"}`;
    case "RSA":
      return `{"e":"${jwk.e}","kty":"RSA","n":"${jwk.n}"}`;
  }
}
