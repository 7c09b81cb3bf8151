// Algorithms over node:crypto (RFC 7518 sections 3.3 to 3.5, RFC 8037, RFC 9864): from a public JWK that
// jose/jwk.ts has read to a key that verifies.
//
// Every function of node:crypto is looked up at each use: a module that instruments or replaces it may
// be loaded later than this file.
import crypto from "node:crypto";
import {
  type AlgShape,
  fits,
  shapeArgument,
  type SigningLabel,
  type SyncAlg,
  type SyncKey,
} from "../jose/alg.js";
import { encodeDer } from "../jose/der.js";
import { isStrictSignature } from "../jose/ed25519.js";
import type { PublicJwk } from "../jose/jwk.js";
import { goodKey, modulusBytes, nativeKeySize } from "../jose/native-key.js";

export type KeyObject = ReturnType<typeof crypto.createPublicKey>;

/** The shape of a label, and how node:crypto is called for it. */
export interface Scheme extends AlgShape {
  /** null for Ed25519, which hashes the message itself. */
  readonly hash: string | null;
  /** Only for RSASSA-PSS, in bytes: RFC 7518 section 3.5 asks for a salt exactly as long as the hash. */
  readonly saltLength: number | undefined;
}

/** Throws a TypeError for a label that is not known. */
export function schemeOf(alg: unknown): Scheme {
  const shape = shapeArgument(alg);
  const { hashBits, padding } = shape;
  return {
    ...shape,
    hash: hashBits === undefined ? null : `sha${hashBits}`,
    saltLength: padding === "PSS" && hashBits !== undefined ? hashBits / 8 : undefined,
  };
}

/** A key, with options only where its kind does not decide how to use it. */
type Use =
  KeyObject | { readonly key: KeyObject; readonly padding: number; readonly saltLength: number };

/**
 * Only PSS needs options. On Node 24, an ES256 signature in DER with a bare key takes 0.7 of the time
 * that R||S with options takes; other engines show no difference.
 */
export function useOf(key: KeyObject, saltLength: number | undefined): Use {
  return saltLength === undefined
    ? key
    : { key, padding: crypto.constants.RSA_PKCS1_PSS_PADDING, saltLength };
}

/** Makes the algorithm of a label. */
export function nodeAlg(label: SigningLabel): SyncAlg {
  const scheme = schemeOf(label);
  const { kty, crv } = scheme;
  return Object.freeze({
    ...(crv === undefined ? { alg: label, kty } : { alg: label, kty, crv }),
    importKey(jwk: PublicJwk): SyncKey | null {
      const key = fits(jwk, scheme) ? importPublicKey(jwk) : null;
      return key === null ? null : keyOf(key, jwk, scheme);
    },
  });
}

function keyOf(
  key: KeyObject,
  jwk: PublicJwk,
  { kty, hash, saltLength, signatureSize }: Scheme,
): SyncKey {
  const use = useOf(key, saltLength);
  // R||S of fixed width. For RSA, the modulus decides: it has no leading zeros.
  const width = jwk.kty === "RSA" ? modulusBytes(jwk.n) : signatureSize;
  return {
    size: nativeKeySize(jwk),
    verify(signature, data) {
      if (signature.length !== width) return false;
      // The engine verifies without the cofactor; the tests check that.
      if (kty === "OKP" && !isStrictSignature(signature)) return false;
      return crypto.verify(hash, data, use, kty === "EC" ? encodeDer(signature) : signature);
    },
  };
}

/**
 * Returns null where the point is not on the curve, or where the engine does not take the modulus.
 *
 * Node and Bun check a point of Ed25519 only when they verify: they import one that is not on the curve,
 * and then every signature is false (signature_invalid where another backend says jwk_invalid).
 */
function importPublicKey(jwk: PublicJwk): KeyObject | null {
  return nullUnlessBroken(
    () => crypto.createPublicKey({ key: { ...jwk }, format: "jwk" }),
    () => takeGoodKey(jwk),
  );
}

/** Throws where the engine can't import a key of this kind at all. */
export function takeGoodKey(like: PublicJwk): void {
  crypto.createPublicKey({ key: { ...goodKey(like) }, format: "jwk" });
}

/**
 * Returns what `use` returns, or null where the engine does not take the key. Engines report a bad
 * key in different ways (ERR_CRYPTO_INVALID_JWK, an error of OpenSSL, an Error without a code), and a
 * broken engine may throw the same. So a good key is tried: where that works, the error is about the
 * key; otherwise it propagates.
 */
export function nullUnlessBroken<T>(use: () => T, useGoodKey: () => unknown): T | null {
  try {
    return use();
  } catch (error) {
    try {
      useGoodKey();
    } catch {
      throw error;
    }
    return null;
  }
}

/** Returns the SHA-256. crypto.hash, of newer engines, is about twice as fast as a hash object. */
export function sha256(data: Uint8Array): Uint8Array {
  if (typeof crypto.hash !== "function") {
    return new Uint8Array(crypto.createHash("sha256").update(data).digest());
  }
  const text = crypto.hash("sha256", data, "binary"); // one character a byte; faster than a Buffer
  const hash = new Uint8Array(32);
  for (let i = 0; i < 32; i++) hash[i] = text.charCodeAt(i);
  return hash;
}

/** Returns random bytes of the engine. */
export function randomBytes(length: number): Uint8Array {
  return crypto.randomFillSync(new Uint8Array(length));
}
