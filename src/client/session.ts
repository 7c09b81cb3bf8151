// The client session (RFC 9449 sections 5, 7, 8 and 9): requests that are about to be sent to proofs
// for them, and responses to what the next proofs must carry.
import {
  functionMember,
  integerArgument,
  LAST_SECOND,
  membersArgument,
  objectArgument,
  timeArgument,
} from "../input/argument.js";
import {
  algShape,
  type AsyncSigner,
  type Backend,
  type Signer,
  type SyncSigner,
} from "../jose/alg.js";
import { type PublicJwk, readPublicJwk } from "../jose/jwk.js";
import { thumbprint } from "../jose/thumbprint.js";
import { isAccessToken } from "../proof/ath.js";
import { readUnboundTokens, type UnboundTokens } from "../proof/unbound-tokens.js";
import {
  createProof,
  createProofAsync,
  type CreateOptions,
  type ProofInit,
} from "../proof/create.js";
import { type PlainHttp, readPlainHttp } from "../proof/htu.js";
import { nonceOf, readNonceChallenge, readResponse, type ResponseLike } from "./challenge.js";
import { readClockOffset } from "./clock.js";
import { createServerMemory, readOrigin, type ServerRole } from "./server-memory.js";
import { readTokenResponse, type TokenResponse } from "./token-response.js";

interface SessionOptions<S extends Signer> {
  /** The key that everything is bound to. A refresh token of a public client is bound to it too. */
  readonly signer: S;
  readonly backend: Pick<Backend, "sha256" | "randomBytes">;
  /**
   * The server's metadata `dpop_signing_alg_values_supported`, an array of strings, where you have
   * it. For an Ed25519 key it decides the label: Ed25519 if that is listed, else EdDSA. A list
   * without a label of the key is a TypeError.
   */
  readonly algs?: unknown;
  /** Returns the time in seconds since the epoch; the platform's clock where it is not given. */
  readonly clock?: (() => number) | undefined;
  /**
   * True: proofs for a server carry the time of the `Date` of its last response that no cache can
   * have kept, for devices of which the clock is wrong: one with the status 400 or 401, or with
   * `Cache-Control: no-store`, as token responses have it, and without `Age`. So a server decides the
   * time of the proofs that are made for it, those of the future included, but of no proof for another
   * origin. False where it is not given.
   */
  readonly correctClockSkew?: boolean | undefined;
  /** What to do with a token response of type Bearer; "refused" where it is not given. */
  readonly unboundTokens?: UnboundTokens | undefined;
  /**
   * Which hosts proofs are made for by plain http; Default "loopback". A URL that is http for another
   * host is a TypeError of `buildProof`, since the token in the request could be read on the way.
   */
  readonly plainHttp?: PlainHttp | undefined;
}

export type ClientSessionOptions = SessionOptions<SyncSigner>;
export type AsyncClientSessionOptions = SessionOptions<Signer>;

/** The request that a proof is for. */
export type SessionRequest = Pick<ProofInit, "method" | "url" | "accessToken" | "claims">;

/** The request that a response answers; that of `buildProof` is one. */
export type AnsweredRequest = Pick<ProofInit, "url" | "accessToken">;

interface SessionState {
  /**
   * The RFC 7638 thumbprint of the key: the value of `dpop_jkt` in an authorization request or a
   * pushed one (section 10).
   */
  readonly jkt: string;
  /** The label in the proofs. */
  readonly alg: string;
  readonly publicJwk: PublicJwk;
  /**
   * Learns from a response, whatever its status: the nonce for the next proofs for that origin, with
   * or without an access token as this request was (sections 8.2 and 9), and the time if `correctClockSkew`
   * is set. What is no nonce is ignored. Call it for every response, with the URL that answered.
   * Throws a TypeError for a mistaken argument, never for what a server sent.
   */
  observe(request: AnsweredRequest, response: ResponseLike): void;
  /**
   * True where a response asks for a nonce and the request is to be sent again, with a new proof.
   * Call `observe` with the response first: that is what keeps the nonce for the new proof. A
   * response with status 400 asks in its JSON, so it needs `errorBody`, and so may one with 401.
   * `attempt` counts from 1; no request is sent more than twice. Throws a TypeError or RangeError for
   * a mistaken argument.
   */
  shouldRetry(response: ResponseLike, attempt: number): boolean;
  /**
   * Reads the parsed JSON of a token response. Refuses a token that is not bound to the key, unless
   * `unboundTokens` is "accepted"; never throws for what a server sent.
   */
  readTokenResponse(body: unknown): TokenResponse;
}

export interface ClientSession extends SessionState {
  /**
   * Makes a proof for one request, with the nonce that the server handed out last: the value of the
   * header field `DPoP`. Every request needs its own, retries included. With `accessToken` the
   * request is one to a protected resource, without it one to the authorization server. Throws a
   * TypeError or RangeError that names the argument; what the signer throws comes through.
   */
  buildProof(request: SessionRequest): string;
}

export interface AsyncClientSession extends SessionState {
  /** As ClientSession.buildProof; what that throws is a rejection here. */
  buildProof(request: SessionRequest): Promise<string>;
}

/**
 * Makes the session of a client: one key, and what was learned of up to 256 servers. Keep it for as
 * long as the tokens that are bound to the key. Throws a TypeError that names the option.
 */
export function createClientSession(options: ClientSessionOptions): ClientSession {
  const { signer, state, proofOf, options: own } = openSession(options);
  const { alg, publicJwk } = state;
  const labelled: SyncSigner = { alg, publicJwk, sign: (data) => signer.sign(data) };
  return Object.freeze({
    ...state,
    buildProof: (request: SessionRequest) => createProof(labelled, proofOf(request), own),
  });
}

/** The same with a signer that may answer later. */
export function createAsyncClientSession(options: AsyncClientSessionOptions): AsyncClientSession {
  const { signer, state, proofOf, options: own } = openSession(options);
  const { alg, publicJwk } = state;
  const labelled: AsyncSigner = { alg, publicJwk, sign: async (data) => signer.sign(data) };
  return Object.freeze({
    ...state,
    buildProof: async (request: SessionRequest) =>
      createProofAsync(labelled, proofOf(request), own),
  });
}

interface OpenSession<S extends Signer> extends Pick<SessionOptions<S>, "signer"> {
  readonly state: SessionState;
  /** With which every proof is made. */
  readonly options: CreateOptions;
  /** What to put into the proof of a request. */
  proofOf(request: SessionRequest): ProofInit;
}

const OPTIONS = [
  "signer",
  "backend",
  "algs",
  "clock",
  "correctClockSkew",
  "unboundTokens",
  "plainHttp",
];
const REQUEST_MEMBERS = ["method", "url", "accessToken", "claims"];

function openSession<S extends Signer>(options: SessionOptions<S>): OpenSession<S> {
  const given = membersArgument(options, "options", OPTIONS);
  const { signer, clock, correctClockSkew, unboundTokens } = given;
  const backend = readBackend(given.backend);
  const { alg, publicJwk } = readKey(signer, given.algs);
  if (clock !== undefined && typeof clock !== "function") {
    throw new TypeError("clock must be a function");
  }
  if (correctClockSkew !== undefined && typeof correctClockSkew !== "boolean") {
    throw new TypeError("correctClockSkew must be true or false");
  }
  const policy = readUnboundTokens(unboundTokens);
  const plainHttp = readPlainHttp(given.plainHttp);
  const servers = createServerMemory();
  const now = (): number =>
    timeArgument(clock === undefined ? Date.now() / 1000 : clock(), "clock()");

  const state: SessionState = {
    jkt: thumbprint(publicJwk, backend),
    alg,
    publicJwk,
    observe(request, response) {
      const { url, accessToken } = membersArgument(request, "request", REQUEST_MEMBERS);
      const origin = readOrigin(url);
      const role = readRole(accessToken);
      const answer = readResponse(response);
      const nonce = nonceOf(answer);
      if (nonce !== null) servers.keepNonce(origin, role, nonce);
      const clockOffset = correctClockSkew === true ? readClockOffset(answer, now()) : null;
      if (clockOffset !== null) servers.keepClockOffset(origin, clockOffset);
    },
    shouldRetry(response, attempt) {
      integerArgument(attempt, "attempt", "attempts", 1, Number.MAX_SAFE_INTEGER);
      const nonce = readNonceChallenge(response);
      return attempt === 1 && nonce !== null;
    },
    readTokenResponse: (body) => readTokenResponse(body, policy),
  };

  function proofOf(request: SessionRequest): ProofInit {
    const wanted = membersArgument(request, "request", REQUEST_MEMBERS);
    const origin = readOrigin(wanted.url);
    const nonce = servers.nonce(origin, readRole(wanted.accessToken));
    return { ...wanted, nonce, iat: timeAt(now(), servers.clockOffset(origin)) };
  }

  return { signer, state, options: Object.freeze({ backend, plainHttp }), proofOf };
}

/** 4.2: `iat` in whole seconds. An offset that leads out of all time is not used. */
function timeAt(now: number, clockOffset: number): number {
  const theirs = Math.floor(now + clockOffset);
  return theirs >= 0 && theirs <= LAST_SECOND ? theirs : Math.floor(now);
}

function readRole(accessToken: unknown): ServerRole {
  if (accessToken === undefined) return "authorization";
  if (isAccessToken(accessToken)) return "resource";
  throw new TypeError("accessToken must be a non-empty string of printable ASCII without spaces");
}

function readBackend<B>(backend: B): B {
  const given = objectArgument(backend, "backend");
  functionMember(given, "sha256", "backend");
  functionMember(given, "randomBytes", "backend");
  return backend;
}

/** The key of a signer, read once, and the label that it signs under at this server. */
function readKey(
  signer: Signer,
  algs: unknown,
): { readonly alg: string; readonly publicJwk: PublicJwk } {
  const given = objectArgument(signer, "signer");
  functionMember(given, "sign", "signer");
  const { alg, publicJwk } = given;
  const shape = algShape(alg);
  if (typeof alg !== "string" || shape === undefined) {
    throw new TypeError("signer.alg must be the label of an asymmetric JWS algorithm");
  }
  const jwk = readPublicJwk(publicJwk, { alg, ...shape });
  if (typeof jwk === "string") {
    throw new TypeError("signer.publicJwk must be a canonical public JWK for signer.alg");
  }
  // RFC 9864: two labels for one algorithm, so the same key makes the same signature under both.
  const labels = shape.crv === "Ed25519" ? ["Ed25519", "EdDSA"] : [alg];
  return {
    alg: algs === undefined ? alg : readListedLabel(labels, algs),
    publicJwk: Object.freeze(jwk),
  };
}

function readListedLabel(labels: readonly string[], algs: unknown): string {
  if (!Array.isArray(algs) || !algs.every((one) => typeof one === "string")) {
    throw new TypeError("algs must be an array of strings");
  }
  const label = labels.find((one) => algs.includes(one));
  if (label === undefined)
    throw new TypeError("algs must list a label that the key can sign under");
  return label;
}
