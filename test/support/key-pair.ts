// New keys of node:crypto, made in the one way in which Node 20 can't stand still. There, a garbage
// collection in the moment in which a KeyObject of generateKeyPairSync is exported as a JWK waits for a lock
// that the export holds, and no timer ends it. A key that was imported does not have that trouble.
// standstill.test.ts keeps every other such call out of the repository.
import {
  createPrivateKey,
  createPublicKey,
  type ED25519KeyPairOptions,
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
  const { privateKey, publicKey } = derPair(kind);
  return {
    privateKey: createPrivateKey({ key: privateKey, format: "der", type: "pkcs8" }),
    publicKey: createPublicKey({ key: publicKey, format: "der", type: "spki" }),
  };
}

/** The JWK of a key that keyPair made, or that was imported. */
export function exportJwk(key: KeyObject): JsonWebKey {
  return key.export({ format: "jwk" });
}

const AS_DER: ED25519KeyPairOptions<"der", "der"> = {
  privateKeyEncoding: { format: "der", type: "pkcs8" },
  publicKeyEncoding: { format: "der", type: "spki" },
};

function derPair(kind: KeyKind): { readonly privateKey: Buffer; readonly publicKey: Buffer } {
  switch (kind) {
    case "ed25519":
      return generateKeyPairSync("ed25519", AS_DER);
    case "x25519":
      return generateKeyPairSync("x25519", AS_DER);
    case "P-256":
    case "P-384":
    case "P-521":
    case "secp256k1":
      return generateKeyPairSync("ec", { namedCurve: kind, ...AS_DER });
  }
  if ("rsaPss" in kind)
    return generateKeyPairSync("rsa-pss", { modulusLength: kind.rsaPss, ...AS_DER });
  const { rsa: modulusLength, publicExponent = 65_537 } = kind;
  return generateKeyPairSync("rsa", { modulusLength, publicExponent, ...AS_DER });
}
