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
 * A signer of a private key. Its label is `alg` of the options, else `alg` of the JWK, else EdDSA
 * for Ed25519 and the one label of an EC curve. Its `publicJwk` is the public key alone. Throws a
 * TypeError where the JWK is no private key of a known curve, where its public part belongs to
 * another key, or where the label is not one of its curve.
 */
export function createSigner(privateJwk: PrivateJwk, options: SignerOptions = {}): SyncSigner {
  return noble.createSigner(privateJwk, options);
}

/**
 * A new private key for `alg`: ES256, ES384, ES512, EdDSA or Ed25519. Throws a TypeError for
 * another label, and an Error where the platform has no `crypto.getRandomValues` (then use
 * nobleBackend with a source of your own).
 */
export function generatePrivateJwk(alg: SigningLabel): PrivateJwk {
  return noble.generatePrivateJwk(alg);
}
