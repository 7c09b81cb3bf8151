// dpop-core/webcrypto: an asynchronous backend over the platform's Web Cryptography, and signers of its
// key pairs, which need not be extractable.
import { objectArgument } from "./input/argument.js";
import { type AsyncAlg, type Backend, type ByLabel, byLabel } from "./jose/alg.js";
import { guardedRandomBytes, platformRandomBytes } from "./noble/random.js";
import { sha256 } from "./noble/sha256.js";
import { reasonOf, schemeOf, tryGoodKey, webcryptoAlg } from "./webcrypto/algorithm.js";

export {
  createSigner,
  generateKeyPair,
  type GenerateOptions,
  type SignerOptions,
} from "./webcrypto/signer.js";
export type { CryptoKeyLike, CryptoKeyPairLike } from "./webcrypto/subtle.js";
export type { SigningLabel } from "./jose/alg.js";

/** The backend over `crypto.subtle`: an algorithm for each label, `webcrypto.PS256` for one. */
export type WebCryptoBackend = Backend<AsyncAlg> & ByLabel<AsyncAlg>;

/**
 * A backend over the platform's `crypto.subtle`, for createAsyncVerifier, verifyProofAsync and
 * createProofAsync. Default algorithms: ES256, EdDSA and Ed25519, even where the platform lacks one. The
 * others are accepted where `algs` lists them, RSA with 2048 to 4096 bits, or up to 8192 with the
 * verifier's `limits.modulusLength`.
 *
 * Where the platform lacks `crypto.subtle` or an algorithm, its error propagates as a rejection: the
 * verifier neither accepts nor refuses the proof. Pass `algs: await supportedAlgs()` where Ed25519 may
 * be missing. `sha256` is synchronous, as in every backend.
 *
 * @example
 * ```ts
 * import { createAsyncVerifier, createMemoryReplayStore } from "dpop-core";
 * import { supportedAlgs, webcrypto } from "dpop-core/webcrypto";
 *
 * const verifier = createAsyncVerifier({
 *   backend: webcrypto,
 *   algs: await supportedAlgs(),
 *   replay: createMemoryReplayStore(),
 * });
 * ```
 * @see RFC 7518 sections 3.3 to 3.5, RFC 8037 and RFC 9864 for the algorithms.
 */
export const webcrypto: WebCryptoBackend = /* @__PURE__ */ createBackend();

function createBackend(): WebCryptoBackend {
  const algs = byLabel(webcryptoAlg);
  return Object.freeze({
    ...algs,
    algs: Object.freeze([algs.ES256, algs.EdDSA, algs.Ed25519]),
    sha256: (data: Uint8Array) => sha256(data),
    randomBytes: guardedRandomBytes(platformRandomBytes),
  });
}

/**
 * Returns which algorithms the platform has. Every call tries each of them with a good key.
 *
 * @param algs algorithms of this entry. Default ES256, EdDSA and Ed25519.
 * @returns those that the platform has, in their order.
 * @throws rejects with a TypeError for a value that is not of this entry. Where the platform has none
 *   of them, rejects with the error of the first; without `crypto.subtle` that is an Error that says so.
 * @example
 * ```ts
 * import { supportedAlgs, webcrypto } from "dpop-core/webcrypto";
 *
 * const algs = await supportedAlgs([webcrypto.Ed25519, webcrypto.ES256]);
 * ```
 * @see RFC 9864 for the two labels of Ed25519.
 */
export async function supportedAlgs(
  algs: readonly AsyncAlg[] = webcrypto.algs,
): Promise<readonly AsyncAlg[]> {
  if (!Array.isArray(algs) || algs.length === 0) throw new TypeError("algs must be a list");
  const schemes = algs.map((alg) => {
    const label: unknown = objectArgument(alg, "algs[]")["alg"];
    return schemeOf(label);
  });
  const errors = await Promise.all(schemes.map((scheme) => tryGoodKey(scheme).catch(reasonOf)));
  const supported = algs.filter((_, i) => errors[i] === undefined);
  if (supported.length > 0) return Object.freeze(supported);
  throw errors[0]?.reason;
}
