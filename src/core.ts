// dpop-core/core: everything but a backend; no cryptography, no bare imports, no globals. In the order
// of the layers: proofs, the verifier, the roles.
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
  type ResourceStatus,
  type ServerStatus,
} from "./proof/failure.js";
export { normalizeHtu, type PlainHttp } from "./proof/htu.js";
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
export type { JsonObject, JsonValue } from "./input/json.js";
export {
  createMemoryReplayStore,
  type MemoryReplayStore,
  type MemoryReplayStoreOptions,
  type ReplayUsage,
} from "./replay/memory-store.js";
export type { ReplayAnswer, ReplayFull, ReplayStore, SyncReplayStore } from "./replay/replay.js";
export type { CacheOptions, CacheUsage } from "./verify/cache.js";
export type { NonceAnswer, NonceCheck, NonceStatus } from "./verify/nonce-check.js";
export type {
  AsyncVerifierOptions,
  IatWithNonce,
  NoncePolicy,
  VerifierOptions,
} from "./verify/policy.js";
export { fapi2, mcp, type VerifierProfile } from "./verify/profiles.js";
export type {
  AsyncGrantJktLookup,
  AsyncJktLookup,
  AsyncProofRequest,
  GrantJktLookup,
  JktLookup,
  ProofRequest,
} from "./verify/request.js";
export {
  type AsyncVerifier,
  type CachingAsyncVerifier,
  type CachingVerifier,
  createAsyncVerifier,
  createVerifier,
  type VerifiedProof,
  type Verifier,
  verifyProof,
  verifyProofAsync,
  type VerifyResult,
} from "./verify/verifier.js";
export { ProofError, unwrap, type Place } from "./verify/unwrap.js";
export {
  parError,
  resourceError,
  tokenError,
  type ResourceError,
  type ResourceErrorOptions,
  type ResponseHeaders,
  type Schemes,
  type ServerError,
  type ServerErrorOptions,
} from "./server/answer.js";
export { bindingFromClaims, type Binding, type TokenClaims } from "./server/binding.js";
export { accessControlExposeHeaders, wwwAuthenticate, type Challenge } from "./server/challenge.js";
export type { AuthorizationHeader, Scheme } from "./server/credentials.js";
export { parseDpopJkt, type DpopJktParameter, type ParsedDpopJkt } from "./server/dpop-jkt.js";
export type {
  AsyncGrantLookup,
  AuthorizationCodeGrant,
  Grant,
  GrantLookup,
  OtherGrant,
  RefreshTokenGrant,
} from "./server/grant.js";
export {
  clientMetadata,
  resourceMetadata,
  serverMetadata,
  type ClientMetadata,
  type ResourceMetadata,
  type ServerMetadata,
  type WithAlgs,
} from "./server/metadata.js";
export {
  createNonceIssuer,
  type NonceIssuer,
  type NonceIssuerOptions,
} from "./server/nonce-issuer.js";
export {
  createAsyncResourceServer,
  createResourceServer,
  type AccessRefused,
  type AccessResult,
  type AsyncResourceRequest,
  type AsyncResourceServer,
  type AsyncResourceServerOptions,
  type BearerAccess,
  type DpopAccess,
  type ResourceRequest,
  type ResourceServer,
  type ResourceServerOptions,
} from "./server/resource.js";
export {
  createAsyncTokenEndpoint,
  createTokenEndpoint,
  type AsyncTokenEndpoint,
  type AsyncTokenEndpointOptions,
  type AsyncTokenRequest,
  type PushedAccepted,
  type PushedRequest,
  type PushedResult,
  type ServerRefused,
  type TokenEndpoint,
  type TokenEndpointOptions,
  type TokenGranted,
  type TokenRequest,
  type TokenResult,
} from "./server/token-endpoint.js";
export {
  createAsyncClientSession,
  createClientSession,
  type AnsweredRequest,
  type AsyncClientSession,
  type AsyncClientSessionOptions,
  type ClientSession,
  type ClientSessionOptions,
  type SessionRequest,
} from "./client/session.js";
export {
  createDpopFetch,
  type DpopFetchOptions,
  type FetchLike,
  type PlainFetch,
  type PlatformFetch,
} from "./client/fetch.js";
export { readNonceChallenge, type ResponseLike } from "./client/challenge.js";
export type { TokenResponse, TokenResponseCode, UnboundTokens } from "./client/token-response.js";
