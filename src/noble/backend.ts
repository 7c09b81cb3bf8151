// The noble backend: noble's objects, bundled or the caller's own, to algorithms, hash, randomness and signers.
import { functionMember, objectArgument, optionsArgument } from "../bytes/argument.js";
import type { Backend, SyncAlg, SyncSigner } from "../jose/alg.js";
import { ecdsaAlg } from "./ecdsa.js";
import { eddsaAlg } from "./eddsa.js";
import type { NobleParts } from "./parts.js";
import { guardedRandomBytes, platformRandomBytes } from "./random.js";
import {
  newPrivateJwk,
  type PrivateJwk,
  type SignerOptions,
  signerOf,
  type SigningLabel,
} from "./signer.js";

export interface NobleBackend extends Backend<SyncAlg> {
  readonly ES256: SyncAlg;
  readonly ES384: SyncAlg;
  readonly ES512: SyncAlg;
  readonly EdDSA: SyncAlg;
  readonly Ed25519: SyncAlg;
  /** A signer of a private key; throws a TypeError where it is none. */
  createSigner(privateJwk: PrivateJwk, options?: SignerOptions): SyncSigner;
  /** A new private key. */
  generatePrivateJwk(alg: SigningLabel): PrivateJwk;
}

/**
 * A backend over the caller's own noble: `p256`, `p384` and `p521` of @noble/curves/nist.js, `ed25519` of
 * @noble/curves/ed25519.js, `sha256` and `sha512` of @noble/hashes/sha2.js, version 2. ES256, EdDSA and Ed25519 are
 * accepted by default; ES384 and ES512 where they are asked for. Throws a TypeError that names a part that is missing.
 */
export function nobleBackend(parts: NobleParts): NobleBackend {
  const given = optionsArgument(parts, "parts", [...CURVES, "sha256", "sha512", "randomBytes"]);
  for (const curve of CURVES)
    functionMember(objectArgument(given[curve], `parts.${curve}`), "sign", `parts.${curve}`);
  functionMember(given, "sha256", "parts");
  functionMember(given, "sha512", "parts");
  if (given["randomBytes"] !== undefined) functionMember(given, "randomBytes", "parts");
  const randomBytes = guardedRandomBytes(parts.randomBytes ?? platformRandomBytes);
  const ES256 = ecdsaAlg("ES256", parts.p256);
  const EdDSA = eddsaAlg("EdDSA", parts);
  const Ed25519 = eddsaAlg("Ed25519", parts);
  return Object.freeze({
    algs: Object.freeze([ES256, EdDSA, Ed25519]),
    ES256,
    ES384: ecdsaAlg("ES384", parts.p384),
    ES512: ecdsaAlg("ES512", parts.p521),
    EdDSA,
    Ed25519,
    sha256: (data: Uint8Array) => parts.sha256(data),
    randomBytes,
    createSigner: (privateJwk: PrivateJwk, options: SignerOptions = {}) =>
      signerOf(parts, privateJwk, options),
    generatePrivateJwk: (alg: SigningLabel) => newPrivateJwk(parts, alg, randomBytes),
  });
}

const CURVES = ["p256", "p384", "p521", "ed25519"] as const;
