// Fixed keys of the tests, never used elsewhere, and signatures over them by node:crypto: an implementation that is not ours.
import { constants, createHash, createPrivateKey, type JsonWebKey, sign } from "node:crypto";
import type { RsaLabel } from "./implementation.js";
import keys from "./keys.json" with { type: "json" };

export type KeyName = keyof typeof keys;

/** Signs with one of the fixed keys. */
export type Sign = (key: KeyName, data: Uint8Array) => Uint8Array;

export function privateJwk(name: KeyName): JsonWebKey {
  return keys[name];
}

export function publicJwk(name: KeyName): JsonWebKey {
  const { kty, crv, x, y, n, e } = privateJwk(name);
  return JSON.parse(JSON.stringify({ kty, crv, x, y, n, e })); // leaves out what is undefined
}

/** The JWS label that a key signs under where a test says nothing else. */
export function labelOf(name: KeyName): string {
  switch (name) {
    case "otherES256":
      return "ES256";
    case "otherEd25519":
      return "Ed25519";
    default:
      return name;
  }
}

export const nodeSign: Sign = (name, data) => {
  const key = createPrivateKey({ key: privateJwk(name), format: "jwk" });
  const hash = { "P-256": "sha256", "P-384": "sha384", "P-521": "sha512" }[
    privateJwk(name).crv ?? ""
  ];
  if (name === "RS256") return sign("sha256", data, key);
  return sign(hash ?? null, data, { key, dsaEncoding: "ieee-p1363" });
};

/**
 * Signs with the RSA key under a label (RFC 7518 sections 3.3 and 3.5). `saltLength`, in bytes, is
 * that of the hash where PSS is used as JOSE asks.
 */
export function nodeSignRsa(alg: RsaLabel, data: Uint8Array, saltLength?: number): Uint8Array {
  const key = createPrivateKey({ key: privateJwk("RS256"), format: "jwk" });
  const { RSA_PKCS1_PSS_PADDING, RSA_PSS_SALTLEN_DIGEST } = constants;
  const pss = { padding: RSA_PKCS1_PSS_PADDING, saltLength: saltLength ?? RSA_PSS_SALTLEN_DIGEST };
  return sign(`sha${alg.slice(2)}`, data, alg.startsWith("PS") ? { key, ...pss } : key);
}

/** The RFC 7638 thumbprint, by node:crypto. */
export function thumbprintOf(name: KeyName): string {
  const { kty, crv, x, y, n, e } = privateJwk(name);
  const members =
    kty === "RSA" ? { e, kty, n } : kty === "EC" ? { crv, kty, x, y } : { crv, kty, x };
  return createHash("sha256").update(JSON.stringify(members)).digest("base64url");
}

export const JKT_ES256: string = thumbprintOf("ES256");
export const JKT_OTHER: string = thumbprintOf("otherES256");
