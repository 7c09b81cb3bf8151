// The client session (RFC 9449 sections 5, 7, 8 and 9): from requests to their proofs, and from responses
// to what the next proofs must carry.
import {
  integerArgument,
  LAST_SECOND,
  membersArgument,
  stringArgument,
  timeArgument,
} from "../input/argument.js";
import { platformClock } from "../input/clock.js";
import { type AsyncSigner, type Backend, type Signer, type SyncSigner } from "../jose/alg.js";
import type { PublicJwk } from "../jose/jwk.js";
import { thumbprint } from "../jose/thumbprint.js";
import { isAccessToken } from "../proof/ath.js";
import { readUnboundTokens, type UnboundTokens } from "../proof/unbound-tokens.js";
import {
  createProof,
  createProofAsync,
  type CreateOptions,
  PLAIN_HTTP_FAULT,
  type ProofInit,
  readBackend,
  readSigner,
} from "../proof/create.js";
import { isHttpUrl, type PlainHttp, readPlainHttp } from "../proof/htu.js";
import { nonceOf, readResponse, type ResponseLike } from "./challenge.js";
import { readClockOffset } from "./clock.js";
import { INVALID_PROOF, readRefusal } from "./refusal.js";
import { isWorthRepeating } from "./repeat.js";
import {
  createServerMemory,
  readOrigin,
  type ServerRole,
  type SessionState,
} from "./server-memory.js";
import { readTokenResponse, type TokenResponse } from "./token-response.js";

interface SessionOptions<S extends Signer> {
  /** Holds the key that all tokens are bound to, the refresh tokens of a public client too. */
  readonly signer: S;
  /** The SHA-256 and the random bytes of the proofs. */
  readonly backend: Pick<Backend, "sha256" | "randomBytes">;
  /**
   * The server's metadata `dpop_signing_alg_values_supported`, an array of strings, if you have it. It
   * decides the label of an Ed25519 key: Ed25519 if that is listed, else EdDSA. A list without a label of
   * the key is a TypeError.
   */
  readonly algs?: unknown;
  /** Returns the time in seconds since the epoch. Default: the platform's clock. */
  readonly clock?: (() => number) | undefined;
  /**
   * True: the proofs for a server follow its clock instead of ours, for devices with a wrong clock. The
   * clock is read from the `Date` of its last response that no cache can have kept. Such a response has
   * the status 400 or 401, or `Cache-Control: no-store` as token responses do, and no `Age`. To a script
   * of another origin a browser shows `Date` only if the server exposes it: accessControlExposeHeaders
   * does. A server thus decides the time of the proofs for its own origin, also a time in the future, but not for other
   * origins. Default false.
   */
  readonly correctClockSkew?: boolean | undefined;
  /** What to do with a token response of type Bearer, and with a call that has such a token. Default "refused". */
  readonly unboundTokens?: UnboundTokens | undefined;
  /**
   * The hosts that may be called by plain http. Default "loopback". For any other host an http URL is a
   * TypeError of `buildProof`, since a stranger on the way could read the token in the request.
   */
  readonly plainHttp?: PlainHttp | undefined;
}

/** Options of createClientSession. */
export type ClientSessionOptions = SessionOptions<SyncSigner>;
/** Options of createAsyncClientSession. */
export type AsyncClientSessionOptions = SessionOptions<Signer>;

/** The request that a proof is for. */
export interface SessionRequest extends Pick<
  ProofInit,
  "method" | "url" | "accessToken" | "claims"
> {
  /**
   * The URL in the proof, if it is not `url`: for a server behind a proxy that rewrites URLs, and that
   * compares the one it sees. It may be plain http, since nothing is sent there.
   */
  readonly htu?: string | undefined;
}

/** The request that a response belongs to. The request of `buildProof` is one. */
export type AnsweredRequest = Pick<ProofInit, "url" | "accessToken">;

interface CommonSession {
  /**
   * The RFC 7638 thumbprint of the key: the value of `dpop_jkt` in an authorization request or a
   * pushed one (section 10).
   */
  readonly jkt: string;
  /** The JWS label in the proofs. */
  readonly alg: string;
  /** The public key in the proofs. */
  readonly publicJwk: PublicJwk;
  /** What it does with a token that is not bound to the key. */
  readonly unboundTokens: UnboundTokens;
  /** Returns the nonce that the next proof for such a request has; undefined for none. */
  nonceFor(request: AnsweredRequest): string | undefined;
  /**
   * Learns from a response of any status. It keeps the nonce for the next proofs for the origin of the
   * request, apart for requests with and without an access token (sections 8.2 and 9), and the time if
   * `correctClockSkew` is set. A request whose kind has no nonce yet gets that of the other kind, until the
   * server refuses it. It ignores a malformed nonce. Call it for every response, with the URL
   * that answered. Throws a TypeError for a mistaken argument, never for what a server sent.
   */
  observe(request: AnsweredRequest, response: ResponseLike): void;
  /**
   * Returns true if the server refused `proof` and may accept a new one: send the request again with it. Call
   * `observe` with the response first, which learns what the new proof must have. The reasons are a nonce
   * that the server asks for, and with `correctClockSkew` a time that was several seconds off. A response
   * whose challenge can't be read, as CORS may have it, asks for the nonce that it has if `proof` had
   * another one. An authorization server asks in its JSON, so its response needs `errorBody`. `attempt`
   * counts from 1. No request is sent more than three times: twice for the nonce, once more for the time.
   * Throws a TypeError or RangeError for a mistaken argument.
   */
  shouldRetry(proof: string, response: ResponseLike, attempt: number): boolean;
  /**
   * Reads the parsed JSON of a token response. Refuses a token that is not bound to the key, unless
   * `unboundTokens` is "accepted". Never throws for what a server sent.
   */
  readTokenResponse(body: unknown): TokenResponse;
  /**
   * Returns what the session learned: the nonces and the clocks of at most 256 servers, as plain data for
   * JSON. Store it, and give it to `restore` of the next session, so that a reload of a page costs no
   * request. It holds no secret and no token.
   */
  state(): SessionState;
  /**
   * Learns what another session knew: one before a reload, or that of another tab. What is in `state`
   * wins over what this session knows; it ignores what is malformed in it. It takes no times without
   * `correctClockSkew`. Throws a TypeError if `state` is no object.
   */
  restore(state: unknown): void;
}

/** The session of a client whose signer answers at once. */
export interface ClientSession extends CommonSession {
  /**
   * Returns a proof for one request, with the last nonce of the server: the value of the header field
   * `DPoP`. Every request needs its own, retries included. With `accessToken` the request goes to a
   * protected resource, without it to an authorization server. Throws a TypeError or RangeError that
   * names the argument. What the signer throws propagates.
   */
  buildProof(request: SessionRequest): string;
}

/** The session of a client whose signer may answer later. */
export interface AsyncClientSession extends CommonSession {
  /** Does what ClientSession.buildProof does; rejects with what that throws. */
  buildProof(request: SessionRequest): Promise<string>;
}

/**
 * Makes the session of a client: it builds the proofs of one key, and learns from the responses of up to
 * 256 servers what the next proofs must carry.
 *
 * @param options the signer and the backend.
 * @returns a session. Keep it for as long as the tokens that are bound to its key.
 * @throws a TypeError that names the option.
 * @example
 * ```ts
 * import { createClientSession } from "dpop-core/core";
 * import { createSigner, generatePrivateJwk, noble } from "dpop-core/noble";
 *
 * const signer = createSigner(generatePrivateJwk("ES256"));
 * const session = createClientSession({ signer, backend: noble });
 * const proof = session.buildProof({ method: "POST", url: "https://server.example.com/token" });
 * ```
 * @see RFC 9449 sections 4, 5 and 8
 */
export function createClientSession(options: ClientSessionOptions): ClientSession {
  const { signer, common, proofOf, options: own } = openSession(options);
  const { alg, publicJwk } = common;
  const labelled: SyncSigner = { alg, publicJwk, sign: (data) => signer.sign(data) };
  return Object.freeze({
    ...common,
    buildProof: (request: SessionRequest) => createProof(labelled, proofOf(request), own),
  });
}

/**
 * Makes the session of a client whose signer may answer later: WebCrypto, a KMS, hardware.
 *
 * @param options the signer and the backend.
 * @returns a session whose `buildProof` returns a promise.
 * @throws a TypeError that names the option.
 * @example
 * ```ts
 * import { createAsyncClientSession } from "dpop-core/core";
 * import { createSigner, generateKeyPair, webcrypto } from "dpop-core/webcrypto";
 *
 * const signer = await createSigner(await generateKeyPair("ES256"));
 * const session = createAsyncClientSession({ signer, backend: webcrypto });
 * ```
 * @see RFC 9449 sections 4, 5 and 8
 */
export function createAsyncClientSession(options: AsyncClientSessionOptions): AsyncClientSession {
  const { signer, common, proofOf, options: own } = openSession(options);
  const { alg, publicJwk } = common;
  const labelled: AsyncSigner = { alg, publicJwk, sign: async (data) => signer.sign(data) };
  return Object.freeze({
    ...common,
    buildProof: async (request: SessionRequest) =>
      createProofAsync(labelled, proofOf(request), own),
  });
}

interface OpenSession<S extends Signer> extends Pick<SessionOptions<S>, "signer"> {
  readonly common: CommonSession;
  /** For every proof. */
  readonly options: CreateOptions;
  /** Returns what the proof of a request must carry. */
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
const REQUEST_MEMBERS = ["method", "url", "accessToken", "claims", "htu"];

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
    timeArgument(clock === undefined ? platformClock() : clock(), "clock()");

  const common: CommonSession = {
    jkt: thumbprint(publicJwk, backend),
    alg,
    publicJwk,
    unboundTokens: policy,
    nonceFor(request) {
      const { url, accessToken } = membersArgument(request, "request", REQUEST_MEMBERS);
      return servers.nonce(readOrigin(url), readRole(accessToken));
    },
    observe(request, response) {
      const { url, accessToken } = membersArgument(request, "request", REQUEST_MEMBERS);
      const origin = readOrigin(url);
      const role = readRole(accessToken);
      const answer = readResponse(response);
      const nonce = nonceOf(answer);
      if (nonce !== null) servers.keepNonce(origin, role, nonce);
      else if (readRefusal(answer)?.error === INVALID_PROOF) servers.stopLending(origin, role);
      const clockOffset = correctClockSkew === true ? readClockOffset(answer, now()) : null;
      if (clockOffset !== null) servers.keepClockOffset(origin, clockOffset);
    },
    shouldRetry(proof, response, attempt) {
      integerArgument(attempt, "attempt", "attempts", 1, Number.MAX_SAFE_INTEGER);
      return isWorthRepeating(proof, response, attempt, correctClockSkew === true);
    },
    readTokenResponse: (body) => readTokenResponse(body, policy),
    state: () => servers.state(),
    restore: (state) => servers.restore(state, correctClockSkew === true),
  };

  function proofOf(request: SessionRequest): ProofInit {
    const { htu, ...wanted } = membersArgument(request, "request", REQUEST_MEMBERS);
    const { url, accessToken } = wanted;
    const origin = readOrigin(url);
    if (!isHttpUrl(url, plainHttp)) throw new TypeError(PLAIN_HTTP_FAULT);
    const nonce = servers.nonce(origin, readRole(accessToken));
    const iat = timeAt(now(), servers.clockOffset(origin));
    return { ...wanted, url: htu === undefined ? url : stringArgument(htu, "htu"), nonce, iat };
  }

  // The URL that is sent was checked; the one in the proof may be that behind a proxy.
  const proofOptions = Object.freeze({ backend, plainHttp: "anywhere" } as const);
  return { signer, common, options: proofOptions, proofOf };
}

/**
 * Returns `iat` in whole seconds (section 4.2). An offset that leads to a time which createProof
 * refuses is not used.
 */
function timeAt(now: number, clockOffset: number): number {
  const theirs = Math.floor(now + clockOffset);
  return theirs >= 0 && theirs <= LAST_SECOND ? theirs : Math.floor(now);
}

function readRole(accessToken: unknown): ServerRole {
  if (accessToken === undefined) return "authorization";
  if (isAccessToken(accessToken)) return "resource";
  throw new TypeError("accessToken must be a non-empty string of printable ASCII without spaces");
}

/** Returns the key of a signer, read once, and the label that it uses at this server. */
function readKey(
  signer: Signer,
  algs: unknown,
): { readonly alg: string; readonly publicJwk: PublicJwk } {
  const { alg, jwk } = readSigner(signer);
  // RFC 9864: two labels of one algorithm, so the same key makes the same signature under both.
  const labels = jwk.kty === "OKP" ? ["Ed25519", "EdDSA"] : [alg];
  return {
    alg: algs === undefined ? alg : readListedLabel(labels, algs),
    publicJwk: Object.freeze(jwk),
  };
}

/** Returns the first of `labels` that the server lists. */
function readListedLabel(labels: readonly string[], algs: unknown): string {
  if (!Array.isArray(algs) || !algs.every((one) => typeof one === "string")) {
    throw new TypeError("algs must be an array of strings");
  }
  const label = labels.find((one) => algs.includes(one));
  if (label === undefined)
    throw new TypeError("algs must list a label that the key can sign under");
  return label;
}
