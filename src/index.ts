// dpop-core: everything in dpop-core/core, with the bundled noble as the default backend.
import * as core from "./core.js";
import { plainArgument } from "./input/argument.js";
import type { HashOptions as CoreHashOptions } from "./jose/hash.js";
import { noble } from "./noble/bundled.js";
import { platformRandomBytes } from "./noble/random.js";
import type { MemoryReplayStoreOptions } from "./replay/memory-store.js";

export type * from "./core.js";
export {
  accessControlExposeHeaders,
  bindingFromClaims,
  clientMetadata,
  createAsyncAuthorizationServer,
  createAsyncResourceServer,
  createAuthorizationServer,
  createDpopFetch,
  createResourceServer,
  FAILURES,
  normalizeHtu,
  parseDpopJkt,
  parseProof,
  profiles,
  pushedError,
  readChallenge,
  requestUrl,
  resourceError,
  resourceMetadata,
  serverMetadata,
  tokenError,
  unwrap,
} from "./core.js";
export {
  createSigner,
  generatePrivateJwk,
  noble,
  type PrivateJwk,
  type SigningLabel,
} from "./noble.js";

/** Options whose backend may be left out. */
type Optional<O extends { readonly backend: unknown }> = Omit<O, "backend"> & {
  /** Default noble. On a server, nodeCrypto and fast verify several times as fast. */
  readonly backend?: O["backend"] | undefined;
};

/** The policy of a verifier whose parts answer at once; the backend may be left out. */
export type VerifierOptions = Optional<core.VerifierOptions>;
/** The policy of a verifier whose parts may return promises; the backend may be left out. */
export type AsyncVerifierOptions = Optional<core.AsyncVerifierOptions>;
/** Options of createProof; all of them may be left out. */
export type CreateOptions = Optional<core.CreateOptions>;
/** Options of createNonceIssuer; the backend may be left out. */
export type NonceIssuerOptions = Optional<core.NonceIssuerOptions>;
/** Options of createClientSession; the backend may be left out. */
export type ClientSessionOptions = Optional<core.ClientSessionOptions>;
/** Options of createAsyncClientSession; the backend may be left out. */
export type AsyncClientSessionOptions = Optional<core.AsyncClientSessionOptions>;
type HashOptions = Optional<CoreHashOptions>;

/**
 * Makes a verifier from parts that answer at once. Make it once and use it often: it remembers the keys
 * of valid proofs.
 *
 * @param options the policy. `replay` is required: a store, or "none".
 * @returns a verifier. Its `verify(proof, request)` checks a proof by every item of RFC 9449 section
 *   4.3 and returns what was proved, or a failure with its code. It never throws for what a client sent.
 * @throws a TypeError or RangeError that names the option.
 * @example
 * ```ts
 * import { createMemoryReplayStore, createVerifier } from "dpop-core";
 * import { nodeCrypto } from "dpop-core/node-crypto";
 *
 * const verifier = createVerifier({ backend: nodeCrypto, replay: createMemoryReplayStore() });
 * const request = { method: "POST", url: "https://server.example.com/token" };
 * const result = verifier.verify("no proof", request);
 * console.log(result.ok ? result.jkt : result.code); // "jws_malformed"
 * ```
 * @see RFC 9449 section 4.3
 */
export function createVerifier(options: VerifierOptions): core.Verifier {
  return core.createVerifier(withBackend(options));
}

/**
 * Makes a verifier whose parts may return promises: a backend, a replay store, a look-up.
 *
 * @param options the policy. `replay` is required: a store, or "none".
 * @returns a verifier whose `verify` returns a promise. What a synchronous one throws is a rejection.
 * @throws a TypeError or RangeError that names the option.
 * @example
 * ```ts
 * import { createAsyncVerifier } from "dpop-core";
 * import { webcrypto } from "dpop-core/webcrypto";
 *
 * const verifier = createAsyncVerifier({ backend: webcrypto, replay: "none" });
 * ```
 * @see RFC 9449 section 4.3
 */
export function createAsyncVerifier(options: AsyncVerifierOptions): core.AsyncVerifier {
  return core.createAsyncVerifier(withBackend(options));
}

/**
 * Checks one proof without keeping a verifier.
 *
 * @param proof the value, or the list of values, of the header field `DPoP`.
 * @param request what the server saw.
 * @param options as for createVerifier.
 * @returns what was proved, or a failure with its code.
 * @throws a TypeError or RangeError for a mistaken argument. What a backend or a store throws propagates.
 * @example
 * ```ts
 * import { verifyProof } from "dpop-core";
 *
 * const request = { method: "POST", url: "https://server.example.com/token" };
 * const result = verifyProof("no proof", request, { replay: "none" });
 * ```
 * @see RFC 9449 section 4.3
 */
export function verifyProof(
  proof: core.FieldValue,
  request: core.ProofRequest,
  options: VerifierOptions,
): core.VerifyResult {
  return core.verifyProof(proof, request, withBackend(options));
}

/**
 * Checks one proof where a part may answer later.
 *
 * @param proof the value, or the list of values, of the header field `DPoP`.
 * @param request what the server saw; its look-up may return a promise.
 * @param options as for createAsyncVerifier.
 * @returns what was proved, or a failure with its code.
 * @throws rejects with what verifyProof throws.
 * @example
 * ```ts
 * import { verifyProofAsync } from "dpop-core";
 *
 * const request = { method: "POST", url: "https://server.example.com/token" };
 * const result = await verifyProofAsync("no proof", request, { replay: "none" });
 * ```
 * @see RFC 9449 section 4.3
 */
export async function verifyProofAsync(
  proof: core.FieldValue,
  request: core.AsyncProofRequest,
  options: AsyncVerifierOptions,
): Promise<core.VerifyResult> {
  return core.verifyProofAsync(proof, request, withBackend(options));
}

/**
 * Makes one proof for one request. Every request needs its own, retries included.
 *
 * @param signer holds the key.
 * @param request method, URL, and the access token and nonce where there are any.
 * @param options only the backend. Default noble.
 * @returns the value of the header field `DPoP`.
 * @throws a TypeError or RangeError that names the argument. What the signer throws propagates.
 * @example
 * ```ts
 * import { createProof, createSigner, generatePrivateJwk } from "dpop-core";
 *
 * const signer = createSigner(generatePrivateJwk("ES256"));
 * const proof = createProof(signer, { method: "GET", url: "https://api.example/" });
 * ```
 * @see RFC 9449 section 4.2
 */
export function createProof(
  signer: core.SyncSigner,
  request: core.ProofInit,
  options: CreateOptions = {},
): string {
  return core.createProof(signer, request, withBackend(options));
}

/**
 * Makes one proof with a signer that may answer later: WebCrypto, a KMS, hardware.
 *
 * @param signer holds the key.
 * @param request method, URL, and the access token and nonce where there are any.
 * @param options only the backend. Default noble.
 * @returns the value of the header field `DPoP`.
 * @throws rejects with what createProof throws.
 * @example
 * ```ts
 * import { createProofAsync } from "dpop-core";
 * import { createSigner, generateKeyPair } from "dpop-core/webcrypto";
 *
 * const signer = await createSigner(await generateKeyPair("ES256"));
 * const proof = await createProofAsync(signer, { method: "GET", url: "https://api.example/" });
 * ```
 * @see RFC 9449 section 4.2
 */
export async function createProofAsync(
  signer: core.Signer,
  request: core.ProofInit,
  options: CreateOptions = {},
): Promise<string> {
  return core.createProofAsync(signer, request, withBackend(options));
}

/**
 * Computes the SHA-256 thumbprint of a public key, called jkt in DPoP.
 *
 * @param jwk a canonical public EC, OKP (Ed25519) or RSA key.
 * @param options only the backend. Default noble.
 * @returns base64url, 43 characters.
 * @throws a TypeError where `jwk` is no such key.
 * @example
 * ```ts
 * import { createSigner, generatePrivateJwk, jwkThumbprint } from "dpop-core";
 *
 * const { publicJwk } = createSigner(generatePrivateJwk("Ed25519"));
 * const jkt = jwkThumbprint(publicJwk);
 * ```
 * @see RFC 7638; RFC 9449 section 6.1
 */
export function jwkThumbprint(jwk: core.PublicJwk, options: HashOptions = {}): string {
  return core.jwkThumbprint(jwk, withBackend(options));
}

/**
 * Computes the claim `ath` of an access token: its SHA-256.
 *
 * @param accessToken printable ASCII without spaces.
 * @param options only the backend. Default noble.
 * @returns base64url, 43 characters.
 * @throws a TypeError where the token is empty or has other characters.
 * @example
 * ```ts
 * import { accessTokenHash } from "dpop-core";
 *
 * const ath = accessTokenHash("Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU");
 * ```
 * @see RFC 9449 section 4.2
 */
export function accessTokenHash(accessToken: string, options: HashOptions = {}): string {
  return core.accessTokenHash(accessToken, withBackend(options));
}

/**
 * Makes a replay store in the memory of this process. It is right for a server of one process; several
 * instances share dpop-core/redis instead.
 *
 * @param options bounds of the store. Default: the hash is keyed with the platform's secure random bytes.
 * @returns a store for the option `replay` of a verifier.
 * @throws a TypeError or RangeError that names the option. On a platform without secure random bytes, the
 *   first `add` throws an Error: pass a `backend` there.
 * @example
 * ```ts
 * import { createMemoryReplayStore } from "dpop-core";
 *
 * const replay = createMemoryReplayStore({ maxEntries: 1_000_000 });
 * ```
 * @see RFC 9449 section 11.1
 */
export function createMemoryReplayStore(
  options: MemoryReplayStoreOptions = {},
): core.MemoryReplayStore {
  plainArgument(options, "options"); // or the spread would drop what is inherited
  const { backend = PLATFORM } = options;
  return core.createMemoryReplayStore({ ...options, backend });
}

/** The random bytes of noble, without the rest of it. */
const PLATFORM = { randomBytes: platformRandomBytes } as const;

/**
 * Makes an issuer of nonces, which also checks them. It computes every nonce from the secrets and the
 * clock, and stores nothing.
 *
 * @param options the secrets, which all instances share, and the audience.
 * @returns an issuer, for the option `nonce` of a verifier.
 * @throws a TypeError or RangeError that names the option.
 * @example
 * ```ts
 * import { createNonceIssuer } from "dpop-core";
 *
 * const secret = crypto.getRandomValues(new Uint8Array(32)); // in production: one for all instances
 * const nonce = createNonceIssuer({ secrets: [secret], audience: "https://api.example" });
 * ```
 * @see RFC 9449 sections 8, 9 and 11.1
 */
export function createNonceIssuer(options: NonceIssuerOptions): core.NonceIssuer {
  return core.createNonceIssuer(withBackend(options));
}

/**
 * Makes the session of a client: it builds the proofs of one key, and learns from responses what the
 * next proofs must carry.
 *
 * @param options the signer.
 * @returns a session. Keep it for as long as the tokens that are bound to its key.
 * @throws a TypeError that names the option.
 * @example
 * ```ts
 * import { createClientSession, createSigner, generatePrivateJwk } from "dpop-core";
 *
 * const signer = createSigner(generatePrivateJwk("ES256"));
 * const session = createClientSession({ signer });
 * ```
 * @see RFC 9449 sections 4, 5 and 8
 */
export function createClientSession(options: ClientSessionOptions): core.ClientSession {
  return core.createClientSession(withBackend(options));
}

/**
 * Makes the session of a client whose signer may answer later.
 *
 * @param options the signer.
 * @returns a session whose `buildProof` returns a promise.
 * @throws a TypeError that names the option.
 * @example
 * ```ts
 * import { createAsyncClientSession } from "dpop-core";
 * import { createSigner, generateKeyPair } from "dpop-core/webcrypto";
 *
 * const signer = await createSigner(await generateKeyPair("ES256"));
 * const session = createAsyncClientSession({ signer });
 * ```
 * @see RFC 9449 sections 4, 5 and 8
 */
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
