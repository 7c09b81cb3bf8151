// dpop-core: everything in dpop-core/core, with the bundled noble as the backend wherever none is
// given.
import { plainArgument } from "./input/argument.js";
import * as core from "./core.js";
import type { Signer, SyncSigner } from "./jose/alg.js";
import type { PublicJwk } from "./jose/jwk.js";
import { noble } from "./noble/bundled.js";
import { platformRandomBytes } from "./noble/random.js";

export {
  accessControlExposeHeaders,
  bindingFromClaims,
  clientMetadata,
  createAsyncResourceServer,
  createAsyncTokenEndpoint,
  createDpopFetch,
  createResourceServer,
  createTokenEndpoint,
  FAILURES,
  fapi2,
  mcp,
  normalizeHtu,
  parError,
  parseDpopJkt,
  parseProof,
  ProofError,
  readNonceChallenge,
  resourceError,
  resourceMetadata,
  serverMetadata,
  tokenError,
  unwrap,
  wwwAuthenticate,
  type AccessRefused,
  type AccessResult,
  type Alg,
  type AnsweredRequest,
  type AsyncAlg,
  type AsyncClientSession,
  type AsyncGrantJktLookup,
  type AsyncGrantLookup,
  type AsyncJktLookup,
  type AsyncKey,
  type AsyncProofRequest,
  type AsyncResourceRequest,
  type AsyncResourceServer,
  type AsyncResourceServerOptions,
  type AsyncSigner,
  type AsyncTokenEndpoint,
  type AsyncTokenEndpointOptions,
  type AsyncTokenRequest,
  type AsyncVerifier,
  type AuthorizationCodeGrant,
  type AuthorizationHeader,
  type Backend,
  type BearerAccess,
  type Binding,
  type CacheOptions,
  type CacheUsage,
  type CachingAsyncVerifier,
  type CachingVerifier,
  type Challenge,
  type ClientMetadata,
  type ClientSession,
  type DpopAccess,
  type DpopFetchOptions,
  type DpopJktParameter,
  type EcPublicJwk,
  type Failure,
  type FailureCode,
  type FailureRow,
  type FetchLike,
  type Grant,
  type GrantJktLookup,
  type GrantLookup,
  type Hasher,
  type IatWithNonce,
  type JktLookup,
  type JsonObject,
  type JsonValue,
  type MemoryReplayStore,
  type MemoryReplayStoreOptions,
  type NewProof,
  type NonceAnswer,
  type NonceCheck,
  type NonceIssuer,
  type NoncePolicy,
  type NonceStatus,
  type OAuthAnswer,
  type OkpPublicJwk,
  type OtherGrant,
  type ParsedDpopJkt,
  type ParsedProof,
  type Place,
  type PlainFetch,
  type PlainHttp,
  type PlatformFetch,
  type ProofClaims,
  type ProofHeader,
  type ProofLimitOptions,
  type ProofLimits,
  type ProofRequest,
  type PublicJwk,
  type PushedAccepted,
  type PushedRequest,
  type PushedResult,
  type RefreshTokenGrant,
  type ReplayAnswer,
  type ReplayFull,
  type ReplayStore,
  type ReplayUsage,
  type ResourceError,
  type ResourceErrorOptions,
  type ResourceMetadata,
  type ResourceRequest,
  type ResourceServer,
  type ResourceServerOptions,
  type ResourceStatus,
  type ResponseHeaders,
  type ResponseLike,
  type RsaPublicJwk,
  type Scheme,
  type Schemes,
  type ServerError,
  type ServerErrorOptions,
  type ServerMetadata,
  type ServerRefused,
  type ServerStatus,
  type SessionRequest,
  type Signer,
  type SyncAlg,
  type SyncBackend,
  type SyncKey,
  type SyncReplayStore,
  type SyncSigner,
  type TokenClaims,
  type TokenEndpoint,
  type TokenEndpointOptions,
  type TokenGranted,
  type TokenRequest,
  type TokenResponse,
  type TokenResponseCode,
  type TokenResult,
  type UnboundTokens,
  type VerifiedProof,
  type Verifier,
  type VerifierProfile,
  type VerifyResult,
  type WithAlgs,
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
export type NonceIssuerOptions = Optional<core.NonceIssuerOptions>;
export type ClientSessionOptions = Optional<core.ClientSessionOptions>;
export type AsyncClientSessionOptions = Optional<core.AsyncClientSessionOptions>;

/**
 * Makes a verifier from parts that answer at once; made once, used often. `verify(proof, request)`
 * checks a proof by every item of RFC 9449 section 4.3 and answers what was proved, or a failure
 * with its code; it never throws for what a client sent. Throws a TypeError or RangeError that
 * names the option.
 */
export function createVerifier(options: VerifierOptions): core.CachingVerifier {
  return core.createVerifier(withBackend(options));
}

/**
 * Makes a verifier of which any part may answer later; `verify` returns a promise. What a
 * synchronous one throws is a rejection here.
 */
export function createAsyncVerifier(options: AsyncVerifierOptions): core.CachingAsyncVerifier {
  return core.createAsyncVerifier(withBackend(options));
}

/**
 * Checks one proof without keeping a verifier. Answers what was proved, or a failure with its
 * code. Throws a TypeError or RangeError for a mistaken argument; what a part throws comes through.
 */
export function verifyProof(
  proof: core.ProofHeader,
  request: core.ProofRequest,
  options: VerifierOptions,
): core.VerifyResult {
  return core.verifyProof(proof, request, withBackend(options));
}

/** Checks one proof where a part may answer later. What verifyProof throws is a rejection here. */
export async function verifyProofAsync(
  proof: core.ProofHeader,
  request: core.AsyncProofRequest,
  options: AsyncVerifierOptions,
): Promise<core.VerifyResult> {
  return core.verifyProofAsync(proof, request, withBackend(options));
}

/**
 * Makes one proof for one request: the value of the header field `DPoP`. Every request needs its
 * own, retries included. Throws a TypeError or RangeError that names the argument.
 */
export function createProof(
  signer: SyncSigner,
  request: core.NewProof,
  options: CreateOptions = {},
): string {
  return core.createProof(signer, request, withBackend(options));
}

/** Makes one proof with a signer that may answer later; a mistaken argument is a rejection. */
export async function createProofAsync(
  signer: Signer,
  request: core.NewProof,
  options: CreateOptions = {},
): Promise<string> {
  return core.createProofAsync(signer, request, withBackend(options));
}

/**
 * The RFC 7638 SHA-256 thumbprint of a public key, called jkt: base64url, 43 characters. Throws a
 * TypeError where `jwk` is no canonical public EC, OKP (Ed25519) or RSA key.
 */
export function jwkThumbprint(jwk: PublicJwk, options: HashOptions = {}): string {
  return core.jwkThumbprint(jwk, withBackend(options));
}

/**
 * The claim `ath` of an access token: base64url of its SHA-256, 43 characters. Throws a TypeError
 * where it is not a non-empty string of printable ASCII without spaces.
 */
export function accessTokenHash(accessToken: string, options: HashOptions = {}): string {
  return core.accessTokenHash(accessToken, withBackend(options));
}

/**
 * Makes a replay store in this process's memory, as createMemoryReplayStore of dpop-core/core, but
 * that the hash is keyed with the platform's secure random bytes wherever no `backend` is given. On
 * a platform that has none, the first `add` throws an Error: pass a `backend` there.
 */
export function createMemoryReplayStore(
  options: core.MemoryReplayStoreOptions = {},
): core.MemoryReplayStore {
  plainArgument(options, "options"); // or the spread would drop what is inherited
  const { backend = PLATFORM } = options;
  return core.createMemoryReplayStore({ ...options, backend });
}

/** The random bytes of noble, without the rest of it. */
const PLATFORM = { randomBytes: platformRandomBytes } as const;

/**
 * Makes an issuer of nonces, which also checks them: the option `nonce` of a verifier. It computes
 * every nonce from the secrets and the clock, and stores nothing. Throws a TypeError or RangeError
 * that names the option.
 */
export function createNonceIssuer(options: NonceIssuerOptions): core.NonceIssuer {
  return core.createNonceIssuer(withBackend(options));
}

/**
 * Makes the session of a client: it builds the proofs of one key, and learns from responses what the
 * next ones must carry. Throws a TypeError that names the option.
 */
export function createClientSession(options: ClientSessionOptions): core.ClientSession {
  return core.createClientSession(withBackend(options));
}

/** The same with a signer that may answer later. */
export function createAsyncClientSession(
  options: AsyncClientSessionOptions,
): core.AsyncClientSession {
  return core.createAsyncClientSession(withBackend(options));
}

function withBackend<O extends object, B>(
  options: O & { readonly backend?: B | undefined },
): O & { readonly backend: B | typeof noble } {
  plainArgument(options, "options"); // or the spread would drop what is inherited
  return { ...options, backend: options.backend === undefined ? noble : options.backend };
}
