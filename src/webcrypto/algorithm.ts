// Asynchronous algorithms over the platform's Web Cryptography (RFC 7518 sections 3.3 to 3.5, RFC 8037,
// RFC 9864): from a public JWK that jose/jwk.ts has read to a key that verifies.
import { decodeBase64url } from "../bytes/base64url.js";
import {
  type AlgShape,
  type AsyncAlg,
  type AsyncKey,
  fits,
  shapeArgument,
  type SigningLabel,
} from "../jose/alg.js";
import { isStrictSignature } from "../jose/ed25519.js";
import type { PublicJwk } from "../jose/jwk.js";
import { goodKey, modulusBytes, nativeKeySize } from "../jose/native-key.js";
import { type CryptoKeyLike, type Params, subtle, type SubtleLike } from "./subtle.js";

/** The shape of a label, and how `crypto.subtle` is called for it. */
export interface Scheme extends AlgShape {
  readonly params: Params;
}

/** Throws a TypeError for a label that is not known. */
export function schemeOf(alg: unknown): Scheme {
  const shape = shapeArgument(alg);
  return { ...shape, params: paramsOf(shape) };
}

function paramsOf({ crv, hashBits, padding }: AlgShape): Params {
  if (hashBits === undefined) return { name: "Ed25519" };
  const hash = `SHA-${hashBits}`;
  if (crv !== undefined) return { name: "ECDSA", namedCurve: crv, hash };
  if (padding === "PKCS1-v1_5") return { name: "RSASSA-PKCS1-v1_5", hash };
  return { name: "RSA-PSS", hash, saltLength: hashBits / 8 }; // RFC 7518 section 3.5
}

/** Makes the algorithm of a label. */
export function webcryptoAlg(label: SigningLabel): AsyncAlg {
  const scheme = schemeOf(label);
  const { kty, crv } = scheme;
  return Object.freeze({
    ...(crv === undefined ? { alg: label, kty } : { alg: label, kty, crv }),
    async importKey(jwk: PublicJwk): Promise<AsyncKey | null> {
      const key = fits(jwk, scheme) ? await importOrNull(jwk, scheme) : null;
      return key === null ? null : keyOf(key, jwk, scheme);
    },
  });
}

/**
 * Once a signature of the key was valid, `verify` returns the promise of `crypto.subtle` itself: another
 * promise around it would cost a microsecond. The verifier checks that the result is true.
 */
function keyOf(key: CryptoKeyLike, jwk: PublicJwk, scheme: Scheme): AsyncKey {
  const { kty, params, signatureSize } = scheme;
  // R||S of fixed width, never DER. For RSA, the modulus decides.
  const width = jwk.kty === "RSA" ? modulusBytes(jwk.n) : signatureSize;
  let isProven = kty === "OKP"; // no known engine throws at a point of Ed25519
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
        if (valid === true) isProven = true; // the key is good, so a later error is the engine's own
        return valid;
      });
    },
  };
}

/**
 * Verifies with a key that has had no valid signature yet. Deno imports RSA keys that it then can't use,
 * and points that are not on the curve: such a key verifies nothing, or makes the engine throw. After an
 * error, a good key is tried. Where that fails too, the error is the engine's own, and propagates. Where
 * it works, the first key is tried again: a second error is about that key, and the result is false. A
 * bad key costs at most one import and three verifications.
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
 * Some engines check a point only when they verify (Node those of Ed25519, Deno and WebKitGTK those of
 * ECDSA): they import it, and then no signature is valid. The proof is refused, as signature_invalid where
 * another backend says jwk_invalid. One code for both would need curve arithmetic of our own, which is too
 * much for this entry.
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
 * Imports points as "raw". As "jwk", workerd (Cloudflare) throws an OperationError for a point that is not
 * on the curve, and that error has other causes too.
 */
function importJwk(engine: SubtleLike, jwk: PublicJwk, params: Params): Promise<CryptoKeyLike> {
  const point = encodedPoint(jwk);
  return point === null
    ? engine.importKey("jwk", jwk, params, false, ["verify"])
    : engine.importKey("raw", point, params, false, ["verify"]);
}

/** Throws the error unless a good key works: then the error is about the key that was refused. */
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
  const signature = new Uint8Array(signatureSize); // zeros
  await engine.verify(params, key, signature, signature);
  return undefined;
}

/** Wraps what was thrown, because that can be any value, also undefined. */
export const reasonOf = (reason: unknown): { readonly reason: unknown } => ({ reason });

function isDataError(error: unknown): boolean {
  return (
    typeof error === "object" && error !== null && "name" in error && error.name === "DataError"
  );
}

/** Returns 04 || x || y (SEC 1 section 2.3.3) or 32 bytes (RFC 8032 section 5.1.2); null for RSA. */
function encodedPoint(jwk: PublicJwk): Uint8Array | null {
  if (jwk.kty === "RSA") return null;
  const x = decodeBase64url(jwk.x);
  if (jwk.kty === "OKP") return x;
  const y = decodeBase64url(jwk.y);
  if (x === null || y === null) return null;
  return Uint8Array.of(4, ...x, ...y);
}
