// The part of the platform's `crypto.subtle` that this folder uses, and the shapes of its keys: our
// declarations need no types of a platform.
import type { PublicJwk } from "../jose/jwk.js";

/** The shape of a `CryptoKey`. */
export interface CryptoKeyLike {
  readonly type: string;
  readonly extractable: boolean;
  readonly algorithm: { readonly name: string };
  readonly usages: readonly string[];
}

/** The shape of a `CryptoKeyPair`. */
export interface CryptoKeyPairLike {
  readonly privateKey: CryptoKeyLike;
  readonly publicKey: CryptoKeyLike;
}

/** The parameters of an algorithm. Every call gets the same object, and reads the members that it knows. */
export interface Params {
  readonly name: string;
  readonly namedCurve?: string;
  readonly hash?: string;
  readonly saltLength?: number;
}

/** The shape of a `SubtleCrypto`. */
export interface SubtleLike {
  importKey(
    format: "raw" | "jwk",
    keyData: Uint8Array | PublicJwk,
    algorithm: Params,
    extractable: boolean,
    usages: readonly string[],
  ): Promise<CryptoKeyLike>;
  exportKey(format: "jwk", key: CryptoKeyLike): Promise<unknown>;
  generateKey(
    algorithm: Params,
    extractable: boolean,
    usages: readonly string[],
  ): Promise<CryptoKeyPairLike>;
  sign(algorithm: Params, key: CryptoKeyLike, data: Uint8Array): Promise<ArrayBuffer>;
  verify(
    algorithm: Params,
    key: CryptoKeyLike,
    signature: Uint8Array,
    data: Uint8Array,
  ): Promise<boolean>;
}

/** Returns the platform's object, looked up at every use: a polyfill may be loaded later than this file. */
export function subtle(): SubtleLike {
  const { crypto } = globalThis as { readonly crypto?: { readonly subtle?: SubtleLike | null } };
  const engine = crypto?.subtle;
  if (typeof engine !== "object" || engine === null) {
    throw new Error(
      "this platform has no crypto.subtle: browsers offer it only to secure contexts",
    );
  }
  return engine;
}
