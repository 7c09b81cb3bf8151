// dpop-core/noble: algorithms, keys and signers over the bundled noble, and a backend over your own
// copy of it.
import type { SyncSigner } from "./jose/alg.js";
import { noble } from "./noble/bundled.js";
import type { PrivateJwk, SignerOptions, SigningLabel } from "./noble/signer.js";

export { nobleBackend, type NobleBackend } from "./noble/backend.js";
export { Ed25519, EdDSA, ES256, ES384, ES512, noble } from "./noble/bundled.js";
export type { NobleEcdsa, NobleEd25519, NobleEdwardsPoint, NobleParts } from "./noble/parts.js";
export type { PrivateJwk, SignerOptions, SigningLabel } from "./noble/signer.js";

/**
 * Makes a signer of a private key. Its `publicJwk` holds only the public key.
 *
 * Its label is `alg` of the options, else `alg` of the JWK, else EdDSA for Ed25519 and the one label of
 * an EC curve.
 *
 * @param privateJwk a private key on P-256, P-384, P-521 or Ed25519.
 * @param options which label its proofs carry.
 * @returns a signer that signs at once.
 * @throws a TypeError where this is no private key of a known curve, where its public part belongs to
 *   another key, or where the label is not one of its curve.
 * @example
 * ```ts
 * import { createSigner, generatePrivateJwk } from "dpop-core/noble";
 *
 * const signer = createSigner(generatePrivateJwk("Ed25519"), { alg: "EdDSA" });
 * ```
 * @see RFC 7518 section 6.2.2 and RFC 8037 section 2 for the members of a private key.
 */
export function createSigner(privateJwk: PrivateJwk, options: SignerOptions = {}): SyncSigner {
  return noble.createSigner(privateJwk, options);
}

/**
 * Generates a private key for a label, with that label in it.
 *
 * @param alg the JWS label: ES256, ES384, ES512, EdDSA or Ed25519.
 * @returns the private key as a JWK.
 * @throws a TypeError for another label. Where the platform lacks `crypto.getRandomValues`, an Error: pass
 *   a source of random bytes to nobleBackend there.
 * @example
 * ```ts
 * import { generatePrivateJwk } from "dpop-core/noble";
 *
 * const privateJwk = generatePrivateJwk("ES256");
 * ```
 * @see RFC 7518 section 6.2.2 and RFC 8037 section 2 for the members of a private key.
 */
export function generatePrivateJwk(alg: SigningLabel): PrivateJwk {
  return noble.generatePrivateJwk(alg);
}
