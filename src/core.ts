// dpop-core/core: everything but a backend; no cryptography, no bare imports, no globals. In the
// order of the layers: proofs, the verifier, the roles.
//
// A part that is passed in (Signer, ReplayStore, an algorithm) may be synchronous or asynchronous.
// What a function makes is synchronous, unless its name begins with Async.
export { accessTokenHash } from "./proof/ath.js";
export {
  createProof,
  createProofAsync,
  type CreateOptions,
  type ProofInit,
} from "./proof/create.js";
export {
  FAILURES,
  type Failure,
  type FailureCode,
  type VerifyFailureCode,
} from "./proof/failure.js";
export { normalizeHtu } from "./proof/htu.js";
export { parseProof, type ParsedProof } from "./proof/parse.js";
export type { ProofClaims } from "./proof/claims.js";
export type { FieldValue } from "./input/http.js";
export { jwkThumbprint } from "./jose/thumbprint.js";
export type {
  Alg,
  AsyncAlg,
  AsyncSigner,
  Backend,
  Signer,
  SyncAlg,
  SyncSigner,
} from "./jose/alg.js";
export type { PublicJwk } from "./jose/jwk.js";
export { createMemoryReplayStore, type MemoryReplayStore } from "./replay/memory-store.js";
export type { ReplayStore, SyncReplayStore } from "./replay/replay.js";
export type { NonceAnswer, NonceCheck, VerifiedNonce } from "./verify/nonce-check.js";
export type { AsyncVerifierOptions, VerifierOptions } from "./verify/policy.js";
export { profiles, type VerifierProfile } from "./verify/profiles.js";
export type { AsyncProofRequest, ProofRequest } from "./verify/request.js";
export {
  type AsyncVerifier,
  createAsyncVerifier,
  createVerifier,
  type Verifier,
  verifyProof,
  verifyProofAsync,
} from "./verify/verifier.js";
export type { VerifiedProof, VerifyResult } from "./verify/drive.js";
export { type ProofError, unwrap } from "./verify/unwrap.js";
export type { AccessToken } from "./tokens/access-token.js";
export { bindingFromClaims, type Binding } from "./tokens/binding.js";
export {
  pushedError,
  resourceError,
  tokenError,
  type ResourceError,
  type ServerError,
} from "./server/answer.js";
export { accessControlExposeHeaders } from "./server/challenge.js";
export type { ServerEvent } from "./server/event.js";
export { parseDpopJkt } from "./server/dpop-jkt.js";
export type { Grant } from "./server/grant.js";
export { clientMetadata, resourceMetadata, serverMetadata } from "./server/metadata.js";
export {
  createNonceIssuer,
  type NonceIssuer,
  type NonceIssuerOptions,
} from "./server/nonce-issuer.js";
export { requestUrl } from "./server/request-url.js";
export {
  createAsyncResourceServer,
  createResourceServer,
  type AccessRefusal,
  type AccessResult,
  type AsyncResourceServer,
  type AsyncResourceServerOptions,
  type BearerAccess,
  type DpopAccess,
  type ResourceRequest,
  type ResourceServer,
  type ResourceServerOptions,
} from "./server/resource.js";
export {
  createAsyncAuthorizationServer,
  createAuthorizationServer,
  type AsyncAuthorizationServer,
  type AsyncAuthorizationServerOptions,
  type AsyncTokenRequest,
  type AuthorizationServer,
  type AuthorizationServerOptions,
  type PushedRequest,
  type PushedResult,
  type ServerRefusal,
  type TokenGranted,
  type TokenRequest,
  type TokenResult,
} from "./server/authorization-server.js";
export {
  createAsyncClientSession,
  createClientSession,
  type AsyncClientSession,
  type AsyncClientSessionOptions,
  type ClientSession,
  type ClientSessionOptions,
  type SessionRequest,
} from "./client/session.js";
export { createDpopFetch, type DpopFetchOptions, type FetchLike } from "./client/fetch.js";
export type { ResponseLike } from "./client/challenge.js";
export { readChallenge } from "./client/refusal.js";
