// Asynchronous algorithms over the platform's Web Cryptography (RFC 7518 sections 3.3 to 3.5, RFC 8037,
// RFC 9864): a public JWK that jose/jwk.ts has read, to a key that verifies.
import { decodeBase64url } from "../bytes/base64url.js";
import {
  type AsyncAlg,
  type AsyncKey,
  fits,
  labelArgument,
  type SigningLabel,
} from "../jose/alg.js";
import { isStrictSignature } from "../jose/ed25519.js";
import type { PublicJwk } from "../jose/jwk.js";
import { goodKey, modulusLength, nativeKeySize } from "../jose/native-key.js";
import { type CryptoKeyLike, type Params, subtle, type SubtleLike } from "./subtle.js";

/** How `crypto.subtle` is called for a label. */
export interface Scheme {
  readonly kty: "EC" | "OKP" | "RSA";
  readonly crv: "P-256" | "P-384" | "P-521" | "Ed25519" | undefined;
  /** Length of a signature in bytes; undefined for RSA, where the modulus decides. */
  readonly signatureSize: number | undefined;
  readonly params: Params;
}

/** Throws a TypeError for a label that is not known. */
export function schemeOf(alg: unknown): Scheme {
  const { kty, crv, signatureSize, hashBits = 0, padding } = labelArgument(alg).shape;
  const hash = `SHA-${hashBits}`;
  const common = { kty, crv, signatureSize };
  switch (kty) {
    case "OKP":
      return { ...common, params: { name: "Ed25519" } };
    case "EC":
      return { ...common, params: { name: "ECDSA", namedCurve: crv ?? "", hash } };
    case "RSA":
      if (padding === "PKCS1-v1_5")
        return { ...common, params: { name: "RSASSA-PKCS1-v1_5", hash } };
      // RFC 7518 section 3.5: the salt is as long as the hash.
      return { ...common, params: { name: "RSA-PSS", hash, saltLength: hashBits / 8 } };
  }
}

/** The algorithm of a label. */
export function webcryptoAlg(label: SigningLabel): AsyncAlg {
  const { shape } = labelArgument(label);
  const { kty, crv } = shape;
  const scheme = schemeOf(label);
  return Object.freeze({
    ...(crv === undefined ? { alg: label, kty } : { alg: label, kty, crv }),
    async importKey(jwk: PublicJwk): Promise<AsyncKey | null> {
      const key = fits(jwk, shape) ? await importOrNull(jwk, scheme) : null;
      return key === null ? null : keyOf(key, jwk, scheme);
    },
  });
}

/**
 * Hands on the promise of `crypto.subtle` as it is once a signature of the key was valid: a promise
 * around it would cost a microsecond. The verifier checks that the result is true.
 */
function keyOf(key: CryptoKeyLike, jwk: PublicJwk, scheme: Scheme): AsyncKey {
  const { kty, params, signatureSize } = scheme;
  // R||S of fixed width, never DER. For RSA, the modulus decides.
  const width = jwk.kty === "RSA" ? modulusLength(jwk.n) : signatureSize;
  let isProven = kty === "OKP"; // no engine is known to throw at a point of Ed25519
  return {
    size: nativeKeySize(jwk),
    verify(signature, data) {
      if (signature.length !== width) return Promise.resolve(false);
      // WebCrypto asks every engine to verify without the cofactor.
      if (kty === "OKP" && !isStrictSignature(signature)) return Promise.resolve(false);
      const verify = (): Promise<boolean> => subtle().verify(params, key, signature, data);
      try {
        if (isProven) return verify();
      } catch (error) {
        return Promise.reject(error); // no crypto.subtle
      }
      return verifyUnproven(verify, scheme).then((valid) => {
        if (valid === true) isProven = true; // whatever the engine throws from now on, the key is good
        return valid;
      });
    },
  };
}

/**
 * Verifies with a key that has had no valid signature yet. Deno imports RSA keys that it then can't
 * use, and points that are on no curve: these verify nothing. An engine that throws at such a key
 * throws again after a good key has passed. An error that is gone by then was the engine's own
 * trouble; so is one that the good key meets too, and that one propagates. A bad key costs an import
 * and three verifications at most.
 */
async function verifyUnproven(verify: () => Promise<boolean>, scheme: Scheme): Promise<boolean> {
  try {
    return await verify();
  } catch (error) {
    await throwUnlessGoodKey(error, scheme);
  }
  try {
    return await verify();
  } catch {
    return false;
  }
}

/**
 * Returns null for a point that is not on the curve, which WebCrypto calls a DataError, and for a
 * modulus or exponent that the platform does not take. Every other error propagates.
 *
 * Some engines look at a point only when they verify (Node at those of Ed25519, Deno and WebKitGTK at
 * those of ECDSA): they import it, and then no signature is valid. The proof is refused all the same,
 * as signature_invalid where another backend says jwk_invalid. Curve arithmetic of our own, to have
 * one code for both, would be too much for this entry.
 */
async function importOrNull(jwk: PublicJwk, scheme: Scheme): Promise<CryptoKeyLike | null> {
  const engine = subtle();
  try {
    return await importJwk(engine, jwk, scheme.params);
  } catch (error) {
    if (isDataError(error)) return null;
    if (jwk.kty !== "RSA") throw error;
    await throwUnlessGoodKey(error, scheme);
    return null;
  }
}

/**
 * Imports points as "raw": for one that is not on the curve, workerd (Cloudflare) throws an
 * OperationError when it comes as "jwk", and that could mean anything.
 */
function importJwk(engine: SubtleLike, jwk: PublicJwk, params: Params): Promise<CryptoKeyLike> {
  const point = encodedPoint(jwk);
  return point === null
    ? engine.importKey("jwk", jwk, params, false, ["verify"])
    : engine.importKey("raw", point, params, false, ["verify"]);
}

/** An engine that refuses a key, but works with one that is known to be good, means the key. */
async function throwUnlessGoodKey(error: unknown, scheme: Scheme): Promise<void> {
  if ((await tryGoodKey(scheme).catch(reasonOf)) !== undefined) throw error;
}

/** Rejects where the platform can't import and use a key of a kind. */
export async function tryGoodKey({
  kty,
  crv,
  params,
  signatureSize = 256,
}: Scheme): Promise<undefined> {
  const engine = subtle();
  const key = await importJwk(engine, goodKey({ kty, crv }), params);
  const signature = new Uint8Array(signatureSize); // of nothing
  await engine.verify(params, key, signature, signature);
  return undefined;
}

/** A box around what was thrown, since that can be anything, undefined too. */
export const reasonOf = (reason: unknown): { readonly reason: unknown } => ({ reason });

function isDataError(error: unknown): boolean {
  return (
    typeof error === "object" && error !== null && "name" in error && error.name === "DataError"
  );
}

/** SEC 1 section 2.3.3, 04 || x || y, or the 32 bytes of RFC 8032 section 5.1.2; null for RSA. */
function encodedPoint(jwk: PublicJwk): Uint8Array | null {
  if (jwk.kty === "RSA") return null;
  const x = decodeBase64url(jwk.x);
  if (jwk.kty === "OKP") return x;
  const y = decodeBase64url(jwk.y);
  if (x === null || y === null) return null;
  return Uint8Array.of(4, ...x, ...y);
}
