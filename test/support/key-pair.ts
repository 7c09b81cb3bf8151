// New keys of node:crypto, and their JWK in the one way in which Node 20 can't stand still. There, a garbage
// collection in the moment in which a KeyObject of generateKeyPairSync is exported as a JWK waits for a lock
// that the export holds, and no timer ends it. A key that was imported does not have that trouble.
// standstill.test.ts keeps every other such call out of the repository.
import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type JsonWebKey,
  type KeyObject,
} from "node:crypto";

export type Curve = "P-256" | "P-384" | "P-521" | "secp256k1";

/** What to make: a key on a curve, of a kind that has no options, or of RSA with so many bits. */
export type KeyKind =
  | Curve
  | "ed25519"
  | "x25519"
  | { readonly rsa: number; readonly publicExponent?: number }
  | { readonly rsaPss: number };

export interface KeyPair {
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
}

export function keyPair(kind: KeyKind): KeyPair {
  switch (kind) {
    case "ed25519":
      return generateKeyPairSync("ed25519");
    case "x25519":
      return generateKeyPairSync("x25519");
    case "P-256":
    case "P-384":
    case "P-521":
    case "secp256k1":
      return generateKeyPairSync("ec", { namedCurve: kind });
  }
  if ("rsaPss" in kind) return generateKeyPairSync("rsa-pss", { modulusLength: kind.rsaPss });
  const { rsa: modulusLength, publicExponent = 65_537 } = kind;
  return generateKeyPairSync("rsa", { modulusLength, publicExponent });
}

/** The JWK of a key, wherever it comes from: by way of DER, and imported anew. */
export function exportJwk(key: KeyObject): JsonWebKey {
  return imported(key).export({ format: "jwk" });
}

function imported(key: KeyObject): KeyObject {
  if (key.type === "public") {
    const der = key.export({ format: "der", type: "spki" });
    return createPublicKey({ key: der, format: "der", type: "spki" });
  }
  const der = key.export({ format: "der", type: "pkcs8" });
  return createPrivateKey({ key: der, format: "der", type: "pkcs8" });
}
