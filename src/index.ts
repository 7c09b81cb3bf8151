// dpop-core: everything, with the bundled noble as the backend wherever none is given.
import { plainArgument } from "./bytes/argument.js";
import * as core from "./core.js";
import type { Signer, SyncSigner } from "./jose/alg.js";
import type { PublicJwk } from "./jose/jwk.js";
import { noble } from "./noble/bundled.js";

export {
  createMemoryReplayStore,
  FAILURES,
  normalizeHtu,
  parseProof,
  type Alg,
  type AsyncAlg,
  type AsyncKey,
  type AsyncSigner,
  type AsyncVerifier,
  type Backend,
  type EcPublicJwk,
  type Failure,
  type FailureCode,
  type FailureRow,
  type Hasher,
  type JsonObject,
  type JsonValue,
  type MemoryReplayStore,
  type NewProof,
  type NonceAnswer,
  type NonceCheck,
  type NonceStatus,
  type OAuthAnswer,
  type OkpPublicJwk,
  type ParsedProof,
  type ProofClaims,
  type ProofHeader,
  type ProofLimitOptions,
  type ProofLimits,
  type ProofRequest,
  type PublicJwk,
  type ReplayAnswer,
  type ReplayStore,
  type RsaPublicJwk,
  type Signer,
  type SyncAlg,
  type SyncBackend,
  type SyncKey,
  type SyncReplayStore,
  type SyncSigner,
  type VerifiedProof,
  type Verifier,
  type VerifyResult,
} from "./core.js";
export {
  createSigner,
  Ed25519,
  EdDSA,
  ES256,
  ES384,
  ES512,
  generatePrivateJwk,
  noble,
  nobleBackend,
  type NobleBackend,
  type NobleEcdsa,
  type NobleEd25519,
  type NobleEdwardsPoint,
  type NobleParts,
  type PrivateJwk,
  type SignerOptions,
  type SigningLabel,
} from "./noble.js";

/** Options of which the backend may be left out. */
type Optional<O extends { readonly backend: unknown }> = Omit<O, "backend"> & {
  /** noble where it is not given. */
  readonly backend?: O["backend"] | undefined;
};

export type VerifierOptions = Optional<core.VerifierOptions>;
export type AsyncVerifierOptions = Optional<core.AsyncVerifierOptions>;
export type CreateOptions = Optional<core.CreateOptions>;
export type HashOptions = Optional<core.HashOptions>;

/** As in dpop-core/core, with noble as the backend where none is given. */
export function createVerifier(options: VerifierOptions = {}): core.Verifier {
  return core.createVerifier(withBackend(options));
}

/** As in dpop-core/core, with noble as the backend where none is given. */
export function createAsyncVerifier(options: AsyncVerifierOptions = {}): core.AsyncVerifier {
  return core.createAsyncVerifier(withBackend(options));
}

/** As in dpop-core/core, with noble as the backend where none is given. */
export function verifyProof(
  proof: core.ProofHeader,
  request: core.ProofRequest,
  options: VerifierOptions = {},
): core.VerifyResult {
  return core.verifyProof(proof, request, withBackend(options));
}

/** As in dpop-core/core, with noble as the backend where none is given. */
export async function verifyProofAsync(
  proof: core.ProofHeader,
  request: core.ProofRequest,
  options: AsyncVerifierOptions = {},
): Promise<core.VerifyResult> {
  return core.verifyProofAsync(proof, request, withBackend(options));
}

/** As in dpop-core/core, with noble as the backend where none is given. */
export function createProof(
  signer: SyncSigner,
  request: core.NewProof,
  options: CreateOptions = {},
): string {
  return core.createProof(signer, request, withBackend(options));
}

/** As in dpop-core/core, with noble as the backend where none is given. */
export async function createProofAsync(
  signer: Signer,
  request: core.NewProof,
  options: CreateOptions = {},
): Promise<string> {
  return core.createProofAsync(signer, request, withBackend(options));
}

/** As in dpop-core/core, with noble as the backend where none is given. */
export function jwkThumbprint(jwk: PublicJwk, options: HashOptions = {}): string {
  return core.jwkThumbprint(jwk, withBackend(options));
}

/** As in dpop-core/core, with noble as the backend where none is given. */
export function accessTokenHash(accessToken: string, options: HashOptions = {}): string {
  return core.accessTokenHash(accessToken, withBackend(options));
}

function withBackend<O extends object, B>(
  options: O & { readonly backend?: B | undefined },
): O & { readonly backend: B | typeof noble } {
  plainArgument(options, "options"); // or the spread would drop what is inherited
  return { ...options, backend: options.backend === undefined ? noble : options.backend };
}
