// dpop-core/core: everything but a backend; no cryptography, no bare imports, no globals.
export { accessTokenHash } from "./proof/ath.js";
export {
  createProof,
  createProofAsync,
  type CreateOptions,
  type NewProof,
} from "./proof/create.js";
export {
  FAILURES,
  type Failure,
  type FailureCode,
  type FailureRow,
  type OAuthAnswer,
} from "./proof/failure.js";
export { normalizeHtu } from "./proof/htu.js";
export { parseProof, type ParsedProof, type ProofHeader } from "./proof/parse.js";
export type { ProofClaims, ProofLimitOptions, ProofLimits } from "./proof/claims.js";
export type { Hasher, HashOptions } from "./jose/hash.js";
export { jwkThumbprint } from "./jose/thumbprint.js";
export type {
  Alg,
  AsyncAlg,
  AsyncKey,
  AsyncSigner,
  Backend,
  Signer,
  SyncAlg,
  SyncBackend,
  SyncKey,
  SyncSigner,
} from "./jose/alg.js";
export type { EcPublicJwk, OkpPublicJwk, PublicJwk, RsaPublicJwk } from "./jose/jwk.js";
export type { JsonObject, JsonValue } from "./bytes/json.js";
export {
  createMemoryReplayStore,
  type MemoryReplayStore,
  type ReplayAnswer,
  type ReplayStore,
  type SyncReplayStore,
} from "./verify/replay.js";
export type { NonceAnswer, NonceCheck, NonceStatus } from "./verify/nonce.js";
export type { AsyncVerifierOptions, VerifierOptions } from "./verify/policy.js";
export type { ProofRequest } from "./verify/request.js";
export {
  type AsyncVerifier,
  createAsyncVerifier,
  createVerifier,
  type VerifiedProof,
  type Verifier,
  verifyProof,
  verifyProofAsync,
  type VerifyResult,
} from "./verify/verifier.js";
