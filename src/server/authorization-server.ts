// The authorization server (RFC 9449 sections 5 and 10): from token requests and pushed authorization
// requests, with what they are bound to, to what to bind next or which error to send.
import { membersArgument, stringArgument } from "../input/argument.js";
import { type Failure, failure } from "../proof/failure.js";
import { type PlainHttp, readPlainHttp } from "../proof/htu.js";
import type { FieldValue } from "../input/http.js";
import { isProofAbsent } from "../proof/parse.js";
import { thumbprintArgument, urlArgument } from "../verify/request.js";
import type { AsyncVerifier, Verifier } from "../verify/verifier.js";
import type { VerifiedProof, VerifyResult } from "../verify/drive.js";
import {
  dueNonce,
  nonceHeaders,
  pushedError,
  type ResponseHeaders,
  type ServerError,
  tokenError,
} from "./answer.js";
import { parseDpopJkt } from "./dpop-jkt.js";
import {
  type EventResult,
  type OnEvent,
  readOnEvent,
  refusalEvent,
  reported,
  reportedAsync,
  type Reporter,
} from "./event.js";
import {
  type AsyncGrantLookup,
  type Grant,
  grantJkt,
  type GrantLookup,
  readGrant,
} from "./grant.js";
import { type Found, lookUp, readResult } from "./look-up.js";
import { readVerifierLabels, type RoleVerifier } from "./verifier-argument.js";

interface EndpointOptions<V> {
  /** Checks the proofs. Give it a replay store, and a nonce issuer if you use nonces. */
  readonly verifier: V;
  /** Is told what was done with each request. What it throws propagates, and nothing is granted. */
  readonly onEvent?: OnEvent | undefined;
}

/** Options of createAuthorizationServer. */
export type AuthorizationServerOptions = EndpointOptions<RoleVerifier<Verifier>>;
/** Options of createAsyncAuthorizationServer. */
export type AsyncAuthorizationServerOptions = EndpointOptions<RoleVerifier<AsyncVerifier>>;

interface EndpointRequest {
  /** The HTTP method, as it was received. */
  readonly method: string;
  /**
   * The absolute URL that the client called; behind a proxy, the URL outside. It is https, or http for
   * a host that the verifier's `plainHttp` takes. Anything else is a TypeError, also without a proof.
   */
  readonly url: string;
  /**
   * The header field `DPoP`, or the list of its values: on Node, `req.headersDistinct.dpop`.
   * undefined if the client sent none. A request without this member is a TypeError.
   */
  readonly proof: FieldValue;
  /**
   * The thumbprint of the key that the client authenticated with (private_key_jwt, mutual TLS). A
   * proof signed with it is refused. Give it if you want the two keys to differ. A value that is not a
   * thumbprint is a TypeError.
   */
  readonly clientKeyJkt?: string | undefined;
  /**
   * The thumbprint of the only key that the proof may be signed with, if something besides the grant
   * decides it, such as an attestation of the client. A request without a proof is then refused. A
   * value that is not a thumbprint is a TypeError.
   */
  readonly requiredJkt?: string | undefined;
  /** The time of the request in seconds since the epoch. Default: the verifier's clock. */
  readonly now?: number | undefined;
}

interface AnyTokenRequest<L> extends EndpointRequest {
  /** `confidential` if the client authenticates (RFC 6749 section 2.1). */
  readonly clientType: "public" | "confidential";
  /**
   * The client's metadata `dpop_bound_access_tokens` (section 5.2). If true, a request needs a
   * proof.
   */
  readonly boundAccessTokens: boolean;
  /**
   * What the request redeems, or a function that looks it up; null is `invalid_grant`. The function is
   * called once at most, after every check that needs neither the grant nor the signature of the proof;
   * by then the key has been compared with `requiredJkt` and `clientKeyJkt`. So garbage costs no
   * look-up, and only a client with a good grant and a good proof takes room in the replay store. What
   * the function throws propagates.
   */
  readonly grant: Grant | null | L;
}

/** A token request of any grant, from a client that you authenticated. */
export type TokenRequest = AnyTokenRequest<GrantLookup>;

/** A token request whose look-up may return a promise. */
export type AsyncTokenRequest = AnyTokenRequest<AsyncGrantLookup>;

/** A pushed authorization request (RFC 9126). */
export interface PushedRequest extends EndpointRequest {
  /**
   * The parameter `dpop_jkt` of the body, undefined if the client sent none. A request without this
   * member is a TypeError.
   */
  readonly dpopJkt: FieldValue;
}

/** A granted request: issue tokens that are bound to `jkt`. */
export interface DpopTokenGranted {
  readonly ok: true;
  /** For the member `token_type` of the response. */
  readonly tokenType: "DPoP";
  /** The thumbprint of the proof key. */
  readonly jkt: string;
  /** The claim `cnf` of the access token, or the member of its introspection (section 6). */
  readonly cnf: { readonly jkt: string };
  /**
   * Store it with a refresh token, and pass it as `jkt` of the grant later. undefined for a
   * confidential client: client authentication constrains its refresh tokens (section 5).
   */
  readonly refreshJkt: string | undefined;
  /** Set them on the response: `Cache-Control`, and `DPoP-Nonce` when a new one is due. */
  readonly headers: ResponseHeaders;
}

/** A granted request: issue bearer tokens. The request had no proof and needed none. */
export interface BearerTokenGranted {
  readonly ok: true;
  /** For the member `token_type` of the response. */
  readonly tokenType: "Bearer";
  readonly jkt?: undefined;
  readonly cnf?: undefined;
  readonly refreshJkt?: undefined;
  /** Set them on the response: `Cache-Control`. */
  readonly headers: ResponseHeaders;
}

/** A granted token request. `tokenType` tells the two apart. */
export type TokenGranted = DpopTokenGranted | BearerTokenGranted;

/** An accepted pushed authorization request: store `jkt` for the code that it leads to. */
export interface PushedAccepted {
  readonly ok: true;
  /** The key that the code will be bound to, from the proof or `dpop_jkt`; undefined without both. */
  readonly jkt: string | undefined;
  /** Set them on the response: `Cache-Control`, and `DPoP-Nonce` when a new one is due. */
  readonly headers: ResponseHeaders;
}

/** A refused request, with the response to send. */
export interface ServerRefusal extends ServerError {
  readonly ok: false;
  /** The reason, for logs and metrics. */
  readonly failure: Failure;
}

/** The result of a token request. */
export type TokenResult = TokenGranted | ServerRefusal;
/** The result of a pushed authorization request. */
export type PushedResult = PushedAccepted | ServerRefusal;

/** The checks of an authorization server. */
export interface AuthorizationServer {
  /** The JWS labels that a proof may have. */
  readonly algs: readonly string[];
  /**
   * Checks a token request. The `jkt` of a grant is compared for every client; a request without a
   * proof is refused if its grant has one. Never throws for what a client sent. Throws a TypeError or
   * RangeError for a mistaken argument. What a look-up, a backend or a store throws propagates, and
   * nothing is granted.
   */
  checkTokenRequest(request: TokenRequest): TokenResult;
  /**
   * Checks a pushed authorization request. It may have a proof, `dpop_jkt`, or both, which then must
   * agree; with neither, the code will not be bound. Throws what `checkTokenRequest` throws.
   */
  checkPushedRequest(request: PushedRequest): PushedResult;
}

/** The checks of an authorization server where a part may answer later. */
export interface AsyncAuthorizationServer {
  /** The JWS labels that a proof may have. */
  readonly algs: readonly string[];
  /** Does what AuthorizationServer.checkTokenRequest does; rejects with what that throws. */
  checkTokenRequest(request: AsyncTokenRequest): Promise<TokenResult>;
  /** Does what AuthorizationServer.checkPushedRequest does; rejects with what that throws. */
  checkPushedRequest(request: PushedRequest): Promise<PushedResult>;
}

/**
 * Makes the checks of an authorization server from parts that answer at once.
 *
 * @param options the verifier.
 * @returns checks of token requests and of pushed authorization requests.
 * @throws a TypeError that names the option.
 * @example
 * ```ts
 * import { createAuthorizationServer, createMemoryReplayStore, createVerifier } from "dpop-core";
 *
 * const verifier = createVerifier({ replay: createMemoryReplayStore() });
 * const server = createAuthorizationServer({ verifier });
 * const result = server.checkTokenRequest({
 *   method: "POST",
 *   url: "https://server.example.com/token",
 *   proof: "no proof",
 *   clientType: "public",
 *   boundAccessTokens: true,
 *   grant: { type: "authorization_code", jkt: undefined },
 * });
 * if (!result.ok) console.log(result.status, result.body); // 400, "invalid_dpop_proof"
 * ```
 * @see RFC 9449 sections 5 and 10
 */
export function createAuthorizationServer(
  options: AuthorizationServerOptions,
): AuthorizationServer {
  const { verifier, algs, plainHttp, reporterAt } = readOptions(options, true);
  const judgeToken = (given: TokenRequest): Judged<TokenResult> => {
    const look = (): Found => grantJkt(readGrant(grantOf(given)));
    if (isProofAbsent(given.proof)) {
      if (needsProof(given)) return { result: refuse(failure("proof_missing")) };
      return { result: withoutProof(look()) };
    }
    const { note, conclude } = lookUp();
    const jkt = (): string | undefined | null => note(look());
    return tokenResult(given, conclude(verifier.verify(given.proof, { ...facts(given), jkt })));
  };
  const judgePushed = ({ given, jkt }: GivenPushedRequest): Judged<PushedResult> => {
    if (typeof jkt === "object") return { result: refusePushed(jkt) };
    if (isProofAbsent(given.proof)) return { result: pushedWithoutProof(given, jkt) };
    return pushedResult(verifier.verify(given.proof, { ...facts(given), jkt }), given, jkt);
  };
  const [token, pushed] = [reporterAt("token"), reporterAt("pushed")];
  return Object.freeze({
    algs,
    checkTokenRequest(request: TokenRequest): TokenResult {
      const given = readTokenRequest(request, plainHttp);
      return reported(token, given, () => judgeToken(given), grantEvent).result;
    },
    checkPushedRequest(request: PushedRequest): PushedResult {
      const read = readPushedRequest(request, plainHttp);
      return reported(pushed, read.given, () => judgePushed(read), grantEvent).result;
    },
  });
}

/**
 * Makes the checks of an authorization server where a part may answer later: a backend, a replay store,
 * the look-up of the grant.
 *
 * @param options a verifier of createAsyncVerifier.
 * @returns checks that return promises.
 * @throws a TypeError that names the option.
 * @example
 * ```ts
 * import { createAsyncAuthorizationServer, createAsyncVerifier } from "dpop-core";
 * import { webcrypto } from "dpop-core/webcrypto";
 *
 * const verifier = createAsyncVerifier({ backend: webcrypto, replay: "none" });
 * const server = createAsyncAuthorizationServer({ verifier });
 * const result = await server.checkPushedRequest({
 *   method: "POST",
 *   url: "https://server.example.com/par",
 *   proof: undefined,
 *   dpopJkt: "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I",
 * });
 * if (result.ok) console.log(result.jkt); // "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"
 * ```
 * @see RFC 9449 sections 5 and 10
 */
export function createAsyncAuthorizationServer(
  options: AsyncAuthorizationServerOptions,
): AsyncAuthorizationServer {
  const { verifier, algs, plainHttp, reporterAt } = readOptions(options, false);
  const judgeToken = async (given: AsyncTokenRequest): Promise<Judged<TokenResult>> => {
    const look = async (): Promise<Found> => grantJkt(readGrant(await grantOf(given)));
    if (isProofAbsent(given.proof)) {
      if (needsProof(given)) return { result: refuse(failure("proof_missing")) };
      return { result: withoutProof(await look()) };
    }
    const { note, conclude } = lookUp();
    const jkt = async (): Promise<string | undefined | null> => note(await look());
    const result = await verifier.verify(given.proof, { ...facts(given), jkt });
    return tokenResult(given, conclude(result));
  };
  const judgePushed = async ({ given, jkt }: GivenPushedRequest): Promise<Judged<PushedResult>> => {
    if (typeof jkt === "object") return { result: refusePushed(jkt) };
    if (isProofAbsent(given.proof)) return { result: pushedWithoutProof(given, jkt) };
    return pushedResult(await verifier.verify(given.proof, { ...facts(given), jkt }), given, jkt);
  };
  const [token, pushed] = [reporterAt("token"), reporterAt("pushed")];
  return Object.freeze({
    algs,
    async checkTokenRequest(request: AsyncTokenRequest): Promise<TokenResult> {
      const given = readTokenRequest(request, plainHttp);
      return (await reportedAsync(token, given, () => judgeToken(given), grantEvent)).result;
    },
    async checkPushedRequest(request: PushedRequest): Promise<PushedResult> {
      const read = readPushedRequest(request, plainHttp);
      return (await reportedAsync(pushed, read.given, () => judgePushed(read), grantEvent)).result;
    },
  });
}

function readOptions<V extends RoleVerifier<Verifier | AsyncVerifier>>(
  options: EndpointOptions<V>,
  isSync: boolean,
): {
  readonly verifier: V;
  readonly algs: readonly string[];
  readonly plainHttp: PlainHttp;
  reporterAt(place: Reporter["place"]): Reporter;
} {
  const { verifier, onEvent } = membersArgument(options, "options", ["verifier", "onEvent"]);
  const algs = readVerifierLabels(verifier, isSync);
  const plainHttp = readPlainHttp(verifier.plainHttp, "verifier.plainHttp");
  readOnEvent(onEvent);
  return { verifier, algs, plainHttp, reporterAt: (place) => ({ onEvent, place }) };
}

/** A result, and the proof that it rests on. */
interface Judged<R> {
  readonly result: R;
  readonly proof?: VerifiedProof | undefined;
}

function grantEvent({ result, proof }: Judged<TokenResult | PushedResult>): EventResult {
  if (!result.ok) return refusalEvent(result.failure);
  return { outcome: "granted", jkt: proof?.jkt, alg: proof?.alg };
}

const TOKEN_MEMBERS = [
  "method",
  "url",
  "proof",
  "clientType",
  "boundAccessTokens",
  "grant",
  "requiredJkt",
  "clientKeyJkt",
  "now",
];

/** The verifier guards the same members, but it never sees a request without a proof. */
function readTokenRequest<L>(
  request: AnyTokenRequest<L>,
  plainHttp: PlainHttp,
): AnyTokenRequest<L> {
  const members = membersArgument(request, "request", TOKEN_MEMBERS);
  const given = readEndpointRequest(members, plainHttp);
  if (typeof given.grant !== "function") readGrant(given.grant);
  if (given.clientType !== "public" && given.clientType !== "confidential") {
    throw new TypeError('clientType must be "public" or "confidential"');
  }
  if (typeof given.boundAccessTokens !== "boolean") {
    throw new TypeError("boundAccessTokens must be true or false");
  }
  return given;
}

const PUSHED_MEMBERS = ["method", "url", "proof", "dpopJkt", "requiredJkt", "clientKeyJkt", "now"];

interface GivenPushedRequest {
  readonly given: PushedRequest;
  /** Of the parameter, or the failure if the parameter is not a thumbprint. */
  readonly jkt: string | undefined | Failure;
}

function readPushedRequest(request: PushedRequest, plainHttp: PlainHttp): GivenPushedRequest {
  const members = membersArgument(request, "request", PUSHED_MEMBERS);
  const given = readEndpointRequest(members, plainHttp);
  mustBeGiven(given, "dpopJkt");
  const parsed = parseDpopJkt(given.dpopJkt);
  return { given, jkt: parsed.ok ? parsed.jkt : parsed };
}

function readEndpointRequest<R extends EndpointRequest>(given: R, plainHttp: PlainHttp): R {
  const { method, url, requiredJkt, clientKeyJkt } = given;
  mustBeGiven(given, "proof");
  stringArgument(method, "method");
  urlArgument(url, plainHttp);
  thumbprintArgument(requiredJkt, "requiredJkt");
  thumbprintArgument(clientKeyJkt, "clientKeyJkt");
  return given;
}

/**
 * If the caller forgot it, a client with a key would get a token or code that is bound to nothing.
 */
function mustBeGiven(given: object, name: string): void {
  if (!(name in given)) {
    throw new TypeError(`${name} must be given, undefined if the client sent none`);
  }
}

/**
 * Returns the request for the verifier; it has no access token, so that a proof with `ath` is
 * refused.
 */
function facts({ method, url, requiredJkt, clientKeyJkt, now }: EndpointRequest): EndpointFacts {
  return { method, url, requiredJkt, clientKeyJkt, now };
}

type EndpointFacts = Omit<EndpointRequest, "proof">;

/** Returns the grant that the caller gave or that their function returns; readGrant guards it. */
function grantOf({ grant }: AnyTokenRequest<unknown>): unknown {
  return typeof grant === "function" ? grant() : grant;
}

/** True if the request needs a proof whatever its grant is; it is then refused without a look-up. */
function needsProof({ boundAccessTokens, requiredJkt }: AnyTokenRequest<unknown>): boolean {
  return boundAccessTokens || requiredJkt !== undefined;
}

/** A grant that is bound to a key gives no tokens without a proof (sections 5 and 10). */
function withoutProof(jkt: Found): TokenResult {
  if (typeof jkt === "object") return refuse(jkt);
  if (jkt !== undefined) return refuse(failure("proof_missing"));
  return { ok: true, tokenType: "Bearer", headers: NO_STORE };
}

function pushedWithoutProof(given: PushedRequest, jkt: string | undefined): PushedResult {
  if (given.requiredJkt !== undefined) return refusePushed(failure("proof_missing"));
  return { ok: true, jkt, headers: NO_STORE };
}

/** A token response must not be stored (RFC 6749 section 5.1). */
const NO_STORE: ResponseHeaders = /* @__PURE__ */ Object.freeze({ "Cache-Control": "no-store" });

function tokenResult(
  given: AnyTokenRequest<unknown>,
  proof: VerifyResult | Failure,
): Judged<TokenResult> {
  if (!proof.ok) return { result: refuse(proof) };
  const { jkt } = proof;
  const refreshJkt = given.clientType === "public" ? jkt : undefined; // section 5
  const headers = headersOf(proof);
  const result = { ok: true, jkt, tokenType: "DPoP", cnf: { jkt }, refreshJkt, headers } as const;
  return { result, proof };
}

function pushedResult(
  answer: VerifyResult,
  { requiredJkt }: PushedRequest,
  dpopJkt: string | undefined,
): Judged<PushedResult> {
  const proof = readResult(answer);
  if (proof.ok) return { result: { ok: true, jkt: proof.jkt, headers: headersOf(proof) }, proof };
  // Section 10.1: the proof was compared only with the key that `dpop_jkt` names.
  const isOnlyKey = dpopJkt !== undefined && requiredJkt === undefined;
  const isOfDpopJkt = proof.code === "jkt_mismatch" && isOnlyKey;
  return { result: refusePushed(isOfDpopJkt ? failure("dpop_jkt_mismatch") : proof) };
}

function headersOf({ nonce }: VerifiedProof): ResponseHeaders {
  return { ...nonceHeaders(dueNonce(nonce)), ...NO_STORE };
}

function refuse(why: Failure): ServerRefusal {
  return { ok: false, ...tokenError(why), failure: why };
}

function refusePushed(why: Failure): ServerRefusal {
  return { ok: false, ...pushedError(why), failure: why };
}
