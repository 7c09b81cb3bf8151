// The authorization server (RFC 9449 sections 5 and 10): token requests and pushed authorization
// requests, with what they are bound to, to what to bind next or what to answer instead.
import { membersArgument, stringArgument } from "../input/argument.js";
import { type Failure, failure } from "../proof/failure.js";
import { type PlainHttp, readPlainHttp } from "../proof/htu.js";
import type { FieldValue } from "../input/http.js";
import { isProofAbsent } from "../proof/parse.js";
import { thumbprintArgument, urlArgument } from "../verify/request.js";
import type { AsyncVerifier, VerifiedProof, Verifier, VerifyResult } from "../verify/verifier.js";
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
  type AsyncGrantLookup,
  type Grant,
  grantJkt,
  type GrantLookup,
  readGrant,
} from "./grant.js";
import { type Found, lookUp, readResult } from "./look-up.js";
import { readVerifierLabels, type RoleVerifier } from "./verifier-argument.js";

interface EndpointOptions<V> {
  /** Checks the proofs; give it a replay store, and a nonce issuer where you use nonces. */
  readonly verifier: V;
}

export type AuthorizationServerOptions = EndpointOptions<RoleVerifier<Verifier>>;
export type AsyncAuthorizationServerOptions = EndpointOptions<RoleVerifier<AsyncVerifier>>;

interface EndpointRequest {
  /** The HTTP method, as it was received. */
  readonly method: string;
  /**
   * The absolute URL that the client called: behind a proxy, the one outside. https, or http for a
   * host that the verifier's `plainHttp` takes; anything else is a TypeError, without a proof too.
   */
  readonly url: string;
  /**
   * The header field `DPoP`, or the list of its values: on Node, `req.headersDistinct.dpop`;
   * undefined where the client sent none. A request without this member is a TypeError.
   */
  readonly proof: FieldValue;
  /**
   * The thumbprint of the key that the client authenticated with (private_key_jwt, mutual TLS): a
   * proof signed with it is refused. Give it where you want the two keys to differ. Of another form
   * than a thumbprint it is a TypeError.
   */
  readonly clientKeyJkt?: string | undefined;
  /**
   * The thumbprint of the one key that the proof may be signed with, where something besides the grant
   * says so, such as an attestation of the client. A request without a proof is then refused. Of
   * another form than a thumbprint it is a TypeError.
   */
  readonly requiredJkt?: string | undefined;
  /** The time of the request in seconds since the epoch; wins over the verifier's clock. */
  readonly now?: number | undefined;
}

interface AnyTokenRequest<L> extends EndpointRequest {
  /** RFC 6749 section 2.1: `confidential` where the client authenticates. */
  readonly clientType: "public" | "confidential";
  /** The client's metadata `dpop_bound_access_tokens` (section 5.2): no proof, no token. */
  readonly boundAccessTokens: boolean;
  /**
   * What the request redeems. Or a function that finds it out: it is called once at most, after every
   * check that needs neither it nor the signature of the proof, `requiredJkt` and `clientKeyJkt` among
   * them, and null is `invalid_grant`. So garbage
   * costs no look-up, and only who has both a good grant and a good proof takes room in the replay
   * store. What it throws propagates to your caller.
   */
  readonly grant: Grant | null | L;
}

/** A token request of any grant, from a client that you authenticated as you do. */
export type TokenRequest = AnyTokenRequest<GrantLookup>;

/** The same for an asynchronous token endpoint: the look-up may answer later. */
export type AsyncTokenRequest = AnyTokenRequest<AsyncGrantLookup>;

/** A pushed authorization request (RFC 9126). */
export interface PushedRequest extends EndpointRequest {
  /** The parameter `dpop_jkt` of the body, undefined where there is none; not to be left out. */
  readonly dpopJkt: FieldValue;
}

/** Issue tokens that are bound to `jkt`. */
export interface DpopTokenGranted {
  readonly ok: true;
  /** For the member `token_type` of the response. */
  readonly tokenType: "DPoP";
  /** The thumbprint of the proof key. */
  readonly jkt: string;
  /** For the claim `cnf` of the access token, or its introspection (section 6). */
  readonly cnf: { readonly jkt: string };
  /**
   * What to store with a refresh token and to give back as `jkt` of its grant. undefined for a
   * confidential client: its refresh tokens are constrained by client authentication (section 5).
   */
  readonly refreshJkt: string | undefined;
  /** To be set on the response: `Cache-Control`, and `DPoP-Nonce` when a new one is due. */
  readonly headers: ResponseHeaders;
}

/** Issue bearer tokens: the request had no proof, and nothing asked for one. */
export interface BearerTokenGranted {
  readonly ok: true;
  /** For the member `token_type` of the response. */
  readonly tokenType: "Bearer";
  readonly jkt?: undefined;
  readonly cnf?: undefined;
  readonly refreshJkt?: undefined;
  /** To be set on the response: `Cache-Control`. */
  readonly headers: ResponseHeaders;
}

export type TokenGranted = DpopTokenGranted | BearerTokenGranted;

/** Store `jkt` with the request, for the code that it leads to. */
export interface PushedAccepted {
  readonly ok: true;
  /** What the code will be bound to: the key of the proof, or `dpop_jkt`; undefined without both. */
  readonly jkt: string | undefined;
  /** To be set on the response: `Cache-Control`, and `DPoP-Nonce` when a new one is due. */
  readonly headers: ResponseHeaders;
}

export interface ServerRefusal extends ServerError {
  readonly ok: false;
  /** Why, for logs and metrics. */
  readonly failure: Failure;
}

export type TokenResult = TokenGranted | ServerRefusal;
export type PushedResult = PushedAccepted | ServerRefusal;

export interface AuthorizationServer {
  /** The JWS labels that a proof may have. */
  readonly algs: readonly string[];
  /**
   * Checks a token request. The `jkt` of a grant is checked whatever the client, and with one a request
   * without a proof is refused. Never throws for what a client sent; throws a TypeError or RangeError
   * for a mistaken argument, and lets through what a look-up, a backend or a store throws: then nothing
   * is granted.
   */
  checkTokenRequest(request: TokenRequest): TokenResult;
  /**
   * Checks a pushed authorization request: a proof, `dpop_jkt`, or both, which then must agree; with
   * neither the code will not be bound. Throws as `check` does.
   */
  checkPushedRequest(request: PushedRequest): PushedResult;
}

export interface AsyncAuthorizationServer {
  /** The JWS labels that a proof may have. */
  readonly algs: readonly string[];
  /** As AuthorizationServer.check; what that throws is a rejection here. */
  checkTokenRequest(request: AsyncTokenRequest): Promise<TokenResult>;
  /** As AuthorizationServer.checkPushed; what that throws is a rejection here. */
  checkPushedRequest(request: PushedRequest): Promise<PushedResult>;
}

/** Makes the checks of an authorization server. Throws a TypeError that names the option. */
export function createAuthorizationServer(
  options: AuthorizationServerOptions,
): AuthorizationServer {
  const { verifier } = membersArgument(options, "options", ["verifier"]);
  const algs = readVerifierLabels(verifier);
  const plainHttp = readPlainHttp(verifier.plainHttp, "verifier.plainHttp");
  return Object.freeze({
    algs,
    checkTokenRequest(request: TokenRequest): TokenResult {
      const given = readTokenRequest(request, plainHttp);
      const look = (): Found => grantJkt(readGrant(grantOf(given)));
      if (isProofAbsent(given.proof)) {
        return needsProof(given) ? refuse(failure("proof_missing")) : withoutProof(look());
      }
      const { note, conclude } = lookUp();
      const jkt = (): string | undefined | null => note(look());
      const result = verifier.verify(given.proof, { ...facts(given), jkt });
      return tokenResult(given, conclude(result));
    },
    checkPushedRequest(request: PushedRequest): PushedResult {
      const { given, jkt } = readPushedRequest(request, plainHttp);
      if (typeof jkt === "object") return refusePushed(jkt);
      if (isProofAbsent(given.proof)) return pushedWithoutProof(given, jkt);
      return pushedResult(verifier.verify(given.proof, { ...facts(given), jkt }), given, jkt);
    },
  });
}

/**
 * Makes the checks of an authorization server of which any part may answer later, from a verifier of
 * createAsyncVerifier. Throws a TypeError that names the option.
 */
export function createAsyncAuthorizationServer(
  options: AsyncAuthorizationServerOptions,
): AsyncAuthorizationServer {
  const { verifier } = membersArgument(options, "options", ["verifier"]);
  const algs = readVerifierLabels(verifier);
  const plainHttp = readPlainHttp(verifier.plainHttp, "verifier.plainHttp");
  return Object.freeze({
    algs,
    async checkTokenRequest(request: AsyncTokenRequest): Promise<TokenResult> {
      const given = readTokenRequest(request, plainHttp);
      const look = async (): Promise<Found> => grantJkt(readGrant(await grantOf(given)));
      if (isProofAbsent(given.proof)) {
        return needsProof(given) ? refuse(failure("proof_missing")) : withoutProof(await look());
      }
      const { note, conclude } = lookUp();
      const jkt = async (): Promise<string | undefined | null> => note(await look());
      const result = await verifier.verify(given.proof, { ...facts(given), jkt });
      return tokenResult(given, conclude(result));
    },
    async checkPushedRequest(request: PushedRequest): Promise<PushedResult> {
      const { given, jkt } = readPushedRequest(request, plainHttp);
      if (typeof jkt === "object") return refusePushed(jkt);
      if (isProofAbsent(given.proof)) return pushedWithoutProof(given, jkt);
      return pushedResult(await verifier.verify(given.proof, { ...facts(given), jkt }), given, jkt);
    },
  });
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

/** The verifier guards the same members, but it is not asked about a request without a proof. */
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

function readPushedRequest(
  request: PushedRequest,
  plainHttp: PlainHttp,
): {
  readonly given: PushedRequest;
  /** Of the parameter; the failure where it is none. */
  readonly jkt: string | undefined | Failure;
} {
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

/** Where it was forgotten, a client with a key would get a token or code that is bound to nothing. */
function mustBeGiven(given: object, name: string): void {
  if (!(name in given)) {
    throw new TypeError(`${name} must be given, undefined where the client sent none`);
  }
}

/** For the verifier: no access token, so that a proof with `ath` is refused. */
function facts({ method, url, requiredJkt, clientKeyJkt, now }: EndpointRequest): EndpointFacts {
  return { method, url, requiredJkt, clientKeyJkt, now };
}

type EndpointFacts = Omit<EndpointRequest, "proof">;

/** What the caller gave, or what their function says; nobody has looked at it yet. */
function grantOf({ grant }: AnyTokenRequest<unknown>): unknown {
  return typeof grant === "function" ? grant() : grant;
}

/** Whatever the grant is: nothing is looked up for a request that is refused without it. */
function needsProof({ boundAccessTokens, requiredJkt }: AnyTokenRequest<unknown>): boolean {
  return boundAccessTokens || requiredJkt !== undefined;
}

/** Sections 5 and 10: without a proof there are no tokens for a grant that is bound to a key. */
function withoutProof(jkt: Found): TokenResult {
  if (typeof jkt === "object") return refuse(jkt);
  if (jkt !== undefined) return refuse(failure("proof_missing"));
  return { ok: true, tokenType: "Bearer", headers: NO_STORE };
}

function pushedWithoutProof(given: PushedRequest, jkt: string | undefined): PushedResult {
  if (given.requiredJkt !== undefined) return refusePushed(failure("proof_missing"));
  return { ok: true, jkt, headers: NO_STORE };
}

/** RFC 6749 section 5.1: a token response is not to be stored. */
const NO_STORE: ResponseHeaders = /* @__PURE__ */ Object.freeze({ "Cache-Control": "no-store" });

function tokenResult(given: AnyTokenRequest<unknown>, result: VerifyResult | Failure): TokenResult {
  if (!result.ok) return refuse(result);
  const { jkt } = result;
  return {
    ok: true,
    jkt,
    tokenType: "DPoP",
    cnf: { jkt },
    refreshJkt: given.clientType === "public" ? jkt : undefined, // section 5
    headers: headersOf(result),
  };
}

function pushedResult(
  answer: VerifyResult,
  { requiredJkt }: PushedRequest,
  dpopJkt: string | undefined,
): PushedResult {
  const result = readResult(answer);
  if (result.ok) return { ok: true, jkt: result.jkt, headers: headersOf(result) };
  // Section 10.1: the only key that was expected is the one that `dpop_jkt` names.
  const isOnlyKey = dpopJkt !== undefined && requiredJkt === undefined;
  const isOfDpopJkt = result.code === "jkt_mismatch" && isOnlyKey;
  return refusePushed(isOfDpopJkt ? failure("dpop_jkt_mismatch") : result);
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
