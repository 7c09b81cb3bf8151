// The authorization server (RFC 9449 sections 5 and 10): token requests and pushed authorization
// requests, with what they are bound to, to what to bind next or what to answer instead.
import { membersArgument, optionalString, stringArgument } from "../bytes/argument.js";
import { type Failure, failure } from "../proof/failure.js";
import { isProofAbsent, type ProofHeader } from "../proof/parse.js";
import { type ProofRequest, thumbprintArgument } from "../verify/request.js";
import {
  type AsyncVerifier,
  readAlgs,
  readResult,
  type VerifiedProof,
  type Verifier,
  type VerifyResult,
} from "../verify/verifier.js";
import {
  dueNonce,
  nonceHeaders,
  parError,
  type ResponseHeaders,
  type ServerError,
  tokenError,
} from "./answer.js";
import { type DpopJktParameter, parseDpopJkt } from "./dpop-jkt.js";

interface EndpointOptions<V> {
  /** Checks the proofs; give it a replay store, and a nonce issuer where you use nonces. */
  readonly verifier: V;
}

export type TokenEndpointOptions = EndpointOptions<Verifier>;
export type AsyncTokenEndpointOptions = EndpointOptions<AsyncVerifier>;

interface EndpointRequest {
  /** The HTTP method, as it was received. */
  readonly method: string;
  /** The absolute URL that the client called: behind a proxy, the one outside. */
  readonly url: string;
  /**
   * The header field `DPoP`, or the list of its values: on Node, `req.headersDistinct.dpop`;
   * undefined where the client sent none. A request without this member is a TypeError.
   */
  readonly proof: ProofHeader;
  /**
   * The thumbprint of the key that the client authenticated with (private_key_jwt, mutual TLS): a
   * proof signed with it is refused. Give it where you want the two keys to differ. Of another form
   * than a thumbprint it is a TypeError.
   */
  readonly clientKeyJkt?: string | undefined;
  /** The time of the request in seconds since the epoch; wins over the verifier's clock. */
  readonly now?: number | undefined;
}

/** A token request of any grant, from a client that you authenticated as you do. */
export interface TokenRequest extends EndpointRequest {
  /** RFC 6749 section 2.1: `confidential` where the client authenticates. */
  readonly clientType: "public" | "confidential";
  /** The client's metadata `dpop_bound_access_tokens` (section 5.2): no proof, no token. */
  readonly boundAccessTokens: boolean;
  /**
   * What the authorization code is bound to: `dpop_jkt`, or `jkt` of the pushed request; undefined
   * where it is bound to nothing.
   */
  readonly codeJkt?: string | undefined;
  /**
   * What the refresh token is bound to: the `refreshJkt` that was stored with it; undefined where it
   * is bound to nothing.
   */
  readonly refreshJkt?: string | undefined;
}

/** A pushed authorization request (RFC 9126). */
export interface PushedRequest extends EndpointRequest {
  /** The parameter `dpop_jkt` of the body, undefined where there is none; not to be left out. */
  readonly dpopJkt: DpopJktParameter;
}

/** Bind the tokens to `jkt`; without one they are bearer tokens. */
export interface TokenGranted {
  readonly ok: true;
  /** The thumbprint of the proof key; undefined where there was no proof. */
  readonly jkt: string | undefined;
  /** For the member `token_type` of the response. */
  readonly tokenType: "DPoP" | "Bearer";
  /** For the claim `cnf` of the access token, or its introspection (section 6). */
  readonly cnf: { readonly jkt: string } | undefined;
  /**
   * What to store with a refresh token and to give back as `refreshJkt`: of public clients alone,
   * since the refresh tokens of others are constrained by client authentication (section 5).
   */
  readonly refreshJkt: string | undefined;
  /** To be set on the response: `Cache-Control`, and `DPoP-Nonce` when a new one is due. */
  readonly headers: ResponseHeaders;
}

/** Store `jkt` with the request, for the code that it leads to. */
export interface PushedAccepted {
  readonly ok: true;
  /** What the code will be bound to: the key of the proof, or `dpop_jkt`; undefined without both. */
  readonly jkt: string | undefined;
  /** To be set on the response: `Cache-Control`, and `DPoP-Nonce` when a new one is due. */
  readonly headers: ResponseHeaders;
}

export interface ServerRefused extends ServerError {
  readonly ok: false;
  /** Why, for logs and metrics. */
  readonly failure: Failure;
}

export type TokenResult = TokenGranted | ServerRefused;
export type PushedResult = PushedAccepted | ServerRefused;

export interface TokenEndpoint {
  /** The JWS labels that a proof may have. */
  readonly algs: readonly string[];
  /**
   * Checks a token request. A `codeJkt` or `refreshJkt` is checked whatever the client, and with one
   * a request without a proof is refused. Never throws for what a client sent; throws a TypeError or
   * RangeError for a mistaken argument, and lets through what a backend or a store throws: then
   * nothing is granted.
   */
  check(request: TokenRequest): TokenResult;
  /**
   * Checks a pushed authorization request: a proof, `dpop_jkt`, or both, which then must agree; with
   * neither the code will not be bound. Throws as `check` does.
   */
  checkPushed(request: PushedRequest): PushedResult;
}

export interface AsyncTokenEndpoint {
  /** The JWS labels that a proof may have. */
  readonly algs: readonly string[];
  /** As TokenEndpoint.check; what that throws is a rejection here. */
  check(request: TokenRequest): Promise<TokenResult>;
  /** As TokenEndpoint.checkPushed; what that throws is a rejection here. */
  checkPushed(request: PushedRequest): Promise<PushedResult>;
}

/** Makes the checks of an authorization server. Throws a TypeError that names the option. */
export function createTokenEndpoint(options: TokenEndpointOptions): TokenEndpoint {
  const { verifier } = membersArgument(options, "options", ["verifier"]);
  return Object.freeze({
    algs: readAlgs(verifier),
    check(request: TokenRequest): TokenResult {
      const given = readTokenRequest(request);
      if (isProofAbsent(given.proof)) return withoutProof(given);
      return tokenResult(given, verifier.verify(given.proof, facts(given, boundTo(given))));
    },
    checkPushed(request: PushedRequest): PushedResult {
      const { given, jkt } = readPushedRequest(request);
      if (typeof jkt === "object") return refusePushed(jkt);
      if (isProofAbsent(given.proof)) return { ok: true, jkt, headers: NO_STORE };
      return pushedResult(verifier.verify(given.proof, facts(given, jkt)));
    },
  });
}

/**
 * Makes the checks of an authorization server of which any part may answer later, from a verifier of
 * createAsyncVerifier. Throws a TypeError that names the option.
 */
export function createAsyncTokenEndpoint(options: AsyncTokenEndpointOptions): AsyncTokenEndpoint {
  const { verifier } = membersArgument(options, "options", ["verifier"]);
  return Object.freeze({
    algs: readAlgs(verifier),
    async check(request: TokenRequest): Promise<TokenResult> {
      const given = readTokenRequest(request);
      if (isProofAbsent(given.proof)) return withoutProof(given);
      return tokenResult(given, await verifier.verify(given.proof, facts(given, boundTo(given))));
    },
    async checkPushed(request: PushedRequest): Promise<PushedResult> {
      const { given, jkt } = readPushedRequest(request);
      if (typeof jkt === "object") return refusePushed(jkt);
      if (isProofAbsent(given.proof)) return { ok: true, jkt, headers: NO_STORE };
      return pushedResult(await verifier.verify(given.proof, facts(given, jkt)));
    },
  });
}

const TOKEN_MEMBERS = [
  "method",
  "url",
  "proof",
  "clientType",
  "boundAccessTokens",
  "codeJkt",
  "refreshJkt",
  "clientKeyJkt",
  "now",
];

/** What is not guarded here is guarded by the verifier, or must be guarded where it is not asked. */
function readTokenRequest(request: TokenRequest): TokenRequest {
  const given = membersArgument(request, "request", TOKEN_MEMBERS);
  readEndpointRequest(given);
  optionalString(given.codeJkt, "codeJkt");
  optionalString(given.refreshJkt, "refreshJkt");
  if (given.clientType !== "public" && given.clientType !== "confidential") {
    throw new TypeError('clientType must be "public" or "confidential"');
  }
  if (typeof given.boundAccessTokens !== "boolean") {
    throw new TypeError("boundAccessTokens must be true or false");
  }
  return given;
}

const PUSHED_MEMBERS = ["method", "url", "proof", "dpopJkt", "clientKeyJkt", "now"];

function readPushedRequest(request: PushedRequest): {
  readonly given: PushedRequest;
  /** Of the parameter; the failure where it is none. */
  readonly jkt: string | undefined | Failure;
} {
  const given = membersArgument(request, "request", PUSHED_MEMBERS);
  readEndpointRequest(given);
  mustBeGiven(given, "dpopJkt");
  const parsed = parseDpopJkt(given.dpopJkt);
  return { given, jkt: parsed.ok ? parsed.jkt : parsed };
}

function readEndpointRequest(given: EndpointRequest): void {
  const { method, url, clientKeyJkt } = given;
  mustBeGiven(given, "proof");
  stringArgument(method, "method");
  stringArgument(url, "url");
  thumbprintArgument(clientKeyJkt, "clientKeyJkt");
}

/** Where it was forgotten, a client with a key would get a token or code that is bound to nothing. */
function mustBeGiven(given: object, name: string): void {
  if (!(name in given)) {
    throw new TypeError(`${name} must be given, undefined where the client sent none`);
  }
}

/** For the verifier: no access token, so that a proof with `ath` is refused. */
function facts(
  { method, url, clientKeyJkt, now }: EndpointRequest,
  jkt: string | undefined,
): ProofRequest {
  return { method, url, jkt, clientKeyJkt, now };
}

/**
 * What the key must be: a token request redeems a code or a refresh token, and either may be bound.
 * No key is two, so that where both are given and differ, none will do.
 */
function boundTo({ codeJkt, refreshJkt }: TokenRequest): string | undefined {
  if (codeJkt === undefined || refreshJkt === undefined) return codeJkt ?? refreshJkt;
  return codeJkt === refreshJkt ? codeJkt : "";
}

/** Sections 5, 5.2 and 10: where a key is asked for, no proof is no token. */
function withoutProof(given: TokenRequest): TokenResult {
  if (given.boundAccessTokens || boundTo(given) !== undefined) {
    return refuse(failure("proof_missing"));
  }
  return {
    ok: true,
    jkt: undefined,
    tokenType: "Bearer",
    cnf: undefined,
    refreshJkt: undefined,
    headers: NO_STORE,
  };
}

/** RFC 6749 section 5.1: a token response is not to be stored. */
const NO_STORE: ResponseHeaders = Object.freeze({ "Cache-Control": "no-store" });

function tokenResult(given: TokenRequest, answer: VerifyResult): TokenResult {
  const result = readResult(answer);
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

function pushedResult(answer: VerifyResult): PushedResult {
  const result = readResult(answer);
  if (result.ok) return { ok: true, jkt: result.jkt, headers: headersOf(result) };
  // Section 10.1: the key that was expected is the one that `dpop_jkt` names.
  return refusePushed(result.code === "jkt_mismatch" ? failure("dpop_jkt_mismatch") : result);
}

function headersOf({ nonce }: VerifiedProof): ResponseHeaders {
  return { ...nonceHeaders(dueNonce(nonce)), ...NO_STORE };
}

function refuse(why: Failure): ServerRefused {
  return { ok: false, ...tokenError(why), failure: why };
}

function refusePushed(why: Failure): ServerRefused {
  return { ok: false, ...parError(why), failure: why };
}
