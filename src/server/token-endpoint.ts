// The authorization server (RFC 9449 sections 5 and 10): token requests and pushed authorization
// requests, with what they are bound to, to what to bind next or what to answer instead.
import { membersArgument, stringArgument } from "../input/argument.js";
import { type Failure, failure } from "../proof/failure.js";
import { type PlainHttp, readPlainHttp } from "../proof/htu.js";
import { isProofAbsent, type ProofHeader } from "../proof/parse.js";
import { thumbprintArgument, urlArgument } from "../verify/request.js";
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
import {
  type AsyncGrantLookup,
  type Grant,
  grantJkt,
  type GrantLookup,
  readGrant,
} from "./grant.js";
import { lookUp } from "./look-up.js";

interface EndpointOptions<V> {
  /** Checks the proofs; give it a replay store, and a nonce issuer where you use nonces. */
  readonly verifier: V;
}

export type TokenEndpointOptions = EndpointOptions<Verifier>;
export type AsyncTokenEndpointOptions = EndpointOptions<AsyncVerifier>;

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
  readonly proof: ProofHeader;
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
   * What to store with a refresh token and to give back as `jkt` of its grant: of public clients only,
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
   * Checks a token request. The `jkt` of a grant is checked whatever the client, and with one a request
   * without a proof is refused. Never throws for what a client sent; throws a TypeError or RangeError
   * for a mistaken argument, and lets through what a look-up, a backend or a store throws: then nothing
   * is granted.
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
  check(request: AsyncTokenRequest): Promise<TokenResult>;
  /** As TokenEndpoint.checkPushed; what that throws is a rejection here. */
  checkPushed(request: PushedRequest): Promise<PushedResult>;
}

/** Makes the checks of an authorization server. Throws a TypeError that names the option. */
export function createTokenEndpoint(options: TokenEndpointOptions): TokenEndpoint {
  const { verifier } = membersArgument(options, "options", ["verifier"]);
  const algs = readAlgs(verifier);
  const plainHttp = readPlainHttp(verifier.plainHttp, "verifier.plainHttp");
  return Object.freeze({
    algs,
    check(request: TokenRequest): TokenResult {
      const given = readTokenRequest(request, plainHttp);
      const { jkt, wasAsked } = lookUp(() => grantJkt(readGrant(grantOf(given))));
      if (!isProofAbsent(given.proof)) {
        const result = verifier.verify(given.proof, { ...facts(given), jkt });
        return tokenResult(given, readResult(result, wasAsked()));
      }
      return needsProof(given) ? refuse(failure("proof_missing")) : withoutProof(jkt());
    },
    checkPushed(request: PushedRequest): PushedResult {
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
export function createAsyncTokenEndpoint(options: AsyncTokenEndpointOptions): AsyncTokenEndpoint {
  const { verifier } = membersArgument(options, "options", ["verifier"]);
  const algs = readAlgs(verifier);
  const plainHttp = readPlainHttp(verifier.plainHttp, "verifier.plainHttp");
  return Object.freeze({
    algs,
    async check(request: AsyncTokenRequest): Promise<TokenResult> {
      const given = readTokenRequest(request, plainHttp);
      const { jkt, wasAsked } = lookUp(async () => grantJkt(readGrant(await grantOf(given))));
      if (!isProofAbsent(given.proof)) {
        const result = await verifier.verify(given.proof, { ...facts(given), jkt });
        return tokenResult(given, readResult(result, wasAsked()));
      }
      return needsProof(given) ? refuse(failure("proof_missing")) : withoutProof(await jkt());
    },
    async checkPushed(request: PushedRequest): Promise<PushedResult> {
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
  const given = membersArgument(request, "request", TOKEN_MEMBERS);
  readEndpointRequest(given, plainHttp);
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
  const given = membersArgument(request, "request", PUSHED_MEMBERS);
  readEndpointRequest(given, plainHttp);
  mustBeGiven(given, "dpopJkt");
  const parsed = parseDpopJkt(given.dpopJkt);
  return { given, jkt: parsed.ok ? parsed.jkt : parsed };
}

function readEndpointRequest(given: EndpointRequest, plainHttp: PlainHttp): void {
  const { method, url, requiredJkt, clientKeyJkt } = given;
  mustBeGiven(given, "proof");
  stringArgument(method, "method");
  urlArgument(url, plainHttp);
  thumbprintArgument(requiredJkt, "requiredJkt");
  thumbprintArgument(clientKeyJkt, "clientKeyJkt");
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
function withoutProof(jkt: string | undefined | Failure): TokenResult {
  if (typeof jkt === "object") return refuse(jkt);
  if (jkt !== undefined) return refuse(failure("proof_missing"));
  return {
    ok: true,
    jkt: undefined,
    tokenType: "Bearer",
    cnf: undefined,
    refreshJkt: undefined,
    headers: NO_STORE,
  };
}

function pushedWithoutProof(given: PushedRequest, jkt: string | undefined): PushedResult {
  if (given.requiredJkt !== undefined) return refusePushed(failure("proof_missing"));
  return { ok: true, jkt, headers: NO_STORE };
}

/** RFC 6749 section 5.1: a token response is not to be stored. */
const NO_STORE: ResponseHeaders = /* @__PURE__ */ Object.freeze({ "Cache-Control": "no-store" });

function tokenResult(given: AnyTokenRequest<unknown>, result: VerifyResult): TokenResult {
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

function refuse(why: Failure): ServerRefused {
  return { ok: false, ...tokenError(why), failure: why };
}

function refusePushed(why: Failure): ServerRefused {
  return { ok: false, ...parError(why), failure: why };
}
