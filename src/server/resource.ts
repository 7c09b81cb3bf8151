// The resource server (RFC 9449 sections 4.3 and 7): from the header fields of an API request to access or
// to the error to send.
import {
  membersArgument,
  plainArgument,
  stringArgument,
  unknownMember,
} from "../input/argument.js";
import { type Failure, failure, type ResourceStatus } from "../proof/failure.js";
import { type PlainHttp, readPlainHttp } from "../proof/htu.js";
import { readUnboundTokens, type UnboundTokens } from "../proof/unbound-tokens.js";
import type { FieldValue } from "../input/http.js";
import {
  type AccessTokens,
  type AsyncAccessTokens,
  type KnownToken,
  readAccessToken,
} from "../tokens/access-token.js";
import { bearerFault, dpopBinding } from "../tokens/binding.js";
import { urlArgument } from "../verify/request.js";
import type { AsyncVerifier, Verifier } from "../verify/verifier.js";
import type { VerifiedProof, VerifyResult } from "../verify/drive.js";
import {
  dueNonce,
  nonceHeaders,
  resourceError,
  type ResourceErrorOptions,
  type ResponseHeaders,
} from "./answer.js";
import { isScope } from "./challenge.js";
import {
  type Credentials,
  type CredentialsFault,
  parseCredentials,
  type Scheme,
} from "./credentials.js";
import {
  type EventResult,
  type OnEvent,
  readOnEvent,
  refusalEvent,
  reported,
  reportedAsync,
  type Reporter,
} from "./event.js";
import { lookUp } from "./look-up.js";
import { readVerifierLabels, type RoleVerifier } from "./verifier-argument.js";

interface ServerOptions<V, T> {
  /** Checks the proofs. Give it a replay store, and a nonce issuer if you use nonces. */
  readonly verifier: V;
  /** Checks the access tokens: signature or introspection, issuer, audience, expiry. */
  readonly accessTokens: T;
  /**
   * What to do with tokens that are not bound to a key: "accepted" takes them as Bearer. Default
   * "refused".
   */
  readonly unboundTokens?: UnboundTokens | undefined;
  /** For the challenges: printable ASCII. */
  readonly realm?: string | undefined;
  /** For the challenges: the scope that the resource needs, names with spaces between them. */
  readonly scope?: string | undefined;
  /** For the challenges: the URL of the protected resource metadata (RFC 9728 section 5.1). */
  readonly resourceMetadataUrl?: string | undefined;
  /** Is told what was done with each request. What it throws propagates, and nothing is granted. */
  readonly onEvent?: OnEvent | undefined;
}

/** Options of createResourceServer. */
export type ResourceServerOptions<C extends object = object> = ServerOptions<
  RoleVerifier<Verifier>,
  AccessTokens<C>
>;
/** Options of createAsyncResourceServer. */
export type AsyncResourceServerOptions<C extends object = object> = ServerOptions<
  RoleVerifier<AsyncVerifier>,
  AsyncAccessTokens<C>
>;

/** A request to a protected resource. */
export interface ResourceRequest {
  /** The HTTP method, as it was received. */
  readonly method: string;
  /**
   * The absolute URL that the client called, as requestUrl returns it; behind a proxy, the URL outside. It
   * is https, or http for a host that the verifier's `plainHttp` takes. Anything else is a TypeError, also
   * with Bearer.
   */
  readonly url: string;
  /**
   * The header field `Authorization`, or the list of its values. Node drops a second one from
   * `req.headers`: pass `req.headersDistinct.authorization`.
   */
  readonly authorization: FieldValue;
  /** The header field `DPoP`, or the list of its values: on Node, `req.headersDistinct.dpop`. */
  readonly proof: FieldValue;
  /**
   * The scope that this request needs. A good token that lacks one of these names is refused with status
   * 403 and `insufficient_scope`. Default: none.
   */
  readonly scope?: readonly string[] | undefined;
  /**
   * The members of `cnf` that you checked by other means, such as `x5t#S256` by mutual TLS. A token that
   * is bound to more than a DPoP key is refused unless all its other methods are here.
   */
  readonly verifiedMethods?: readonly string[] | undefined;
  /** The time of the request in seconds since the epoch. Default: the verifier's clock. */
  readonly now?: number | undefined;
}

/** Access for the client that holds the key which the token is bound to. */
export interface DpopAccess<C extends object = object> {
  readonly ok: true;
  readonly scheme: "DPoP";
  readonly accessToken: string;
  /** What the token says: the `claims` that `accessTokens` returned. */
  readonly token: C;
  /** What the token allows. */
  readonly scopes: readonly string[];
  /** The thumbprint of the key of the proof. */
  readonly jkt: string;
  /** The verified proof; `proof.claims` are its claims. */
  readonly proof: VerifiedProof;
  /** Set them on the response, whatever its status: `DPoP-Nonce` when a new one is due. */
  readonly headers: ResponseHeaders;
}

/** Access for any client that has the token, since it is bound to nothing. */
export interface BearerAccess<C extends object = object> {
  readonly ok: true;
  readonly scheme: "Bearer";
  readonly accessToken: string;
  /** What the token says: the `claims` that `accessTokens` returned. */
  readonly token: C;
  /** What the token allows. */
  readonly scopes: readonly string[];
  readonly jkt?: undefined;
  readonly proof?: undefined;
  /** Empty. */
  readonly headers: ResponseHeaders;
}

/** A refused request, with the response to send. */
export interface AccessRefusal {
  readonly ok: false;
  readonly status: ResourceStatus;
  /**
   * All that the response needs: `WWW-Authenticate`, `DPoP-Nonce`, `Cache-Control`, `Retry-After`.
   */
  readonly headers: ResponseHeaders;
  /** The reason, for logs and metrics. Its code is not sent to the client; its message may be. */
  readonly failure: Failure;
}

/** The result of a request. `ok`, then `scheme`, tell the three apart. */
export type AccessResult<C extends object = object> =
  DpopAccess<C> | BearerAccess<C> | AccessRefusal;

interface ServerState {
  /** The JWS labels that a proof may have. */
  readonly algs: readonly string[];
  /** Whether tokens that are not bound to a key are accepted, as Bearer. */
  readonly unboundTokens: UnboundTokens;
  /**
   * Returns the refusal for a handler that finds out later that a good token has too small a scope: status
   * 403 and `insufficient_scope`. Throws a TypeError for a list that is empty or holds anything but names
   * of scopes (RFC 6749 section 3.3).
   */
  insufficientScope(scope: readonly string[]): AccessRefusal;
}

/** The checks of a protected resource. */
export interface ResourceServer<C extends object = object> extends ServerState {
  /**
   * Returns access, or the refusal to send. Never throws for what a client sent. Throws a TypeError or
   * RangeError for a mistaken argument. What `accessTokens`, a backend or a store throws propagates, and
   * nothing is granted.
   */
  authenticate(request: ResourceRequest): AccessResult<C>;
}

/** The checks of a protected resource where a part may answer later. */
export interface AsyncResourceServer<C extends object = object> extends ServerState {
  /** Does what ResourceServer.authenticate does; rejects with what that throws. */
  authenticate(request: ResourceRequest): Promise<AccessResult<C>>;
}

/**
 * Makes the checks of a resource server from parts that answer at once.
 *
 * @param options the verifier, what checks access tokens, and what the challenges say.
 * @returns a server whose `authenticate(request)` returns access or the refusal to send.
 * @throws a TypeError that names the option.
 * @example
 * ```ts
 * import { createMemoryReplayStore, createResourceServer, createVerifier } from "dpop-core";
 *
 * const jkt = "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I";
 * const sessions = new Map([["Kz~8mXK1EalYznwH-LC-1fBAo", { jkt, user: "someone" }]]);
 * const server = createResourceServer({
 *   verifier: createVerifier({ replay: createMemoryReplayStore() }),
 *   accessTokens(accessToken) {
 *     const session = sessions.get(accessToken);
 *     return session === undefined ? null : { binding: { jkt: session.jkt }, claims: session };
 *   },
 * });
 * const access = server.authenticate({
 *   method: "GET",
 *   url: "https://api.example/orders",
 *   authorization: "DPoP Kz~8mXK1EalYznwH-LC-1fBAo",
 *   proof: "no proof",
 * });
 * if (access.ok) console.log(access.token.user);
 * else console.log(access.status, access.headers); // 401, with WWW-Authenticate
 * ```
 * @see RFC 9449 sections 4.3 and 7
 */
export function createResourceServer<C extends object>(
  options: ResourceServerOptions<C>,
): ResourceServer<C> {
  const { verifier, accessTokens, plainHttp, settings, reporter } = readOptions(options, true);
  const judge = (given: GivenRequest): AccessResult<C> => {
    const credentials = acceptedCredentials(given.authorization, settings.unboundTokens);
    if ("code" in credentials) return refuse(failure(credentials.code), credentials, settings);
    const { accessToken, scheme } = credentials;
    const found: Found<C> = { token: null };
    const look = (hash?: string): Found<C>["token"] =>
      (found.token = readAccessToken(accessTokens(accessToken, hash)));
    if (scheme === "Bearer") return bearerResult(credentials, look(), given, settings);
    const { note, conclude } = lookUp();
    const jkt = (ath: string): string | null =>
      note(dpopBinding(look(hashOf(ath)), given.verifiedMethods));
    const { method, url, now } = given;
    const result = verifier.verify(given.proof, { method, url, accessToken, jkt, now });
    return dpopResult(credentials, conclude(result), found.token, given, settings);
  };
  return Object.freeze({
    ...stateOf(settings),
    authenticate(request: ResourceRequest): AccessResult<C> {
      const given = readApiRequest(request, plainHttp);
      return reported(reporter, given, () => judge(given), accessEvent);
    },
  });
}

/**
 * Makes the checks of a resource server where a part may answer later: a backend, a replay store, the check
 * of access tokens.
 *
 * @param options a verifier of createAsyncVerifier, what checks access tokens, and what the challenges say.
 * @returns a server whose `authenticate(request)` returns a promise.
 * @throws a TypeError that names the option.
 * @example
 * ```ts
 * import { createAsyncResourceServer, createAsyncVerifier } from "dpop-core";
 * import { webcrypto } from "dpop-core/webcrypto";
 *
 * const verifier = createAsyncVerifier({ backend: webcrypto, replay: "none" });
 * const binding = { jkt: "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I" };
 * const server = createAsyncResourceServer({
 *   verifier,
 *   accessTokens: async () => ({ binding, claims: { user: "someone" } }),
 * });
 * const access = await server.authenticate({
 *   method: "GET",
 *   url: "https://api.example/orders",
 *   authorization: "DPoP Kz~8mXK1EalYznwH-LC-1fBAo",
 *   proof: "no proof",
 * });
 * if (!access.ok) console.log(access.status, access.headers); // 401, with WWW-Authenticate
 * ```
 * @see RFC 9449 sections 4.3 and 7
 */
export function createAsyncResourceServer<C extends object>(
  options: AsyncResourceServerOptions<C>,
): AsyncResourceServer<C> {
  const { verifier, accessTokens, plainHttp, settings, reporter } = readOptions(options, false);
  const judge = async (given: GivenRequest): Promise<AccessResult<C>> => {
    const credentials = acceptedCredentials(given.authorization, settings.unboundTokens);
    if ("code" in credentials) return refuse(failure(credentials.code), credentials, settings);
    const { accessToken, scheme } = credentials;
    const found: Found<C> = { token: null };
    const look = async (hash?: string): Promise<Found<C>["token"]> =>
      (found.token = readAccessToken(await accessTokens(accessToken, hash)));
    if (scheme === "Bearer") return bearerResult(credentials, await look(), given, settings);
    const { note, conclude } = lookUp();
    const jkt = async (ath: string): Promise<string | null> =>
      note(dpopBinding(await look(hashOf(ath)), given.verifiedMethods));
    const { method, url, now } = given;
    const result = await verifier.verify(given.proof, { method, url, accessToken, jkt, now });
    return dpopResult(credentials, conclude(result), found.token, given, settings);
  };
  return Object.freeze({
    ...stateOf(settings),
    async authenticate(request: ResourceRequest): Promise<AccessResult<C>> {
      const given = readApiRequest(request, plainHttp);
      return reportedAsync(reporter, given, () => judge(given), accessEvent);
    },
  });
}

/** A verifier of the programmer's own may call jkt() without the hash of the token. */
function hashOf(ath: unknown): string | undefined {
  return typeof ath === "string" && ath.length === 43 ? ath : undefined;
}

/** What the look-up of one request found. */
interface Found<C extends object> {
  token: KnownToken<C> | null;
}

type Settings = ResourceErrorOptions & { readonly unboundTokens: UnboundTokens };

const OPTIONS = [
  "verifier",
  "accessTokens",
  "unboundTokens",
  "realm",
  "scope",
  "resourceMetadataUrl",
  "onEvent",
];

function readOptions<V extends RoleVerifier<Verifier | AsyncVerifier>, T>(
  options: ServerOptions<V, T>,
  isSync: boolean,
): {
  readonly verifier: V;
  readonly accessTokens: T;
  readonly plainHttp: PlainHttp;
  readonly settings: Settings;
  readonly reporter: Reporter;
} {
  const { verifier, accessTokens, unboundTokens, onEvent, ...params } = membersArgument(
    options,
    "options",
    OPTIONS,
  );
  const algs = readVerifierLabels(verifier, isSync);
  if (typeof accessTokens !== "function") {
    throw new TypeError("accessTokens must be a function that checks an access token");
  }
  const plainHttp = readPlainHttp(verifier.plainHttp, "verifier.plainHttp");
  const settings = Object.freeze({
    ...params,
    algs,
    unboundTokens: readUnboundTokens(unboundTokens),
  });
  resourceError(failure("proof_missing"), settings); // throws for what can't stand in a challenge
  const reporter: Reporter = { onEvent: readOnEvent(onEvent), place: "resource" };
  return { verifier, accessTokens, plainHttp, settings, reporter };
}

function stateOf(settings: Settings): ServerState {
  const { algs, unboundTokens } = settings;
  return {
    algs,
    unboundTokens,
    insufficientScope: (scope) => scopeRefusal(readScope(scope, 1), undefined, settings),
  };
}

const MEMBERS = ["method", "url", "authorization", "proof", "scope", "verifiedMethods", "now"];

type GivenRequest = ResourceRequest & {
  readonly scope: readonly string[];
  readonly verifiedMethods: readonly string[];
};

/** The verifier guards method, url, proof and now, but it never sees a request with Bearer. */
function readApiRequest(request: ResourceRequest, plainHttp: PlainHttp): GivenRequest {
  const { method, url, authorization, proof, scope, verifiedMethods, now } = ownMembers(request);
  return {
    method: stringArgument(method, "method"),
    url: urlArgument(url, plainHttp),
    authorization,
    proof,
    // Copies: they are used after a wait.
    scope: scope === undefined ? NO_NAMES : readScope(scope, 0),
    verifiedMethods:
      verifiedMethods === undefined ? NO_NAMES : readNames(verifiedMethods, "verifiedMethods"),
    now,
  };
}

const NO_NAMES: readonly string[] = [];

type Members = { readonly [M in keyof ResourceRequest]-?: ResourceRequest[M] | undefined };

/** Does what membersArgument does, in a third of the time, since every request passes here (bench api). */
function ownMembers(request: ResourceRequest): Members {
  plainArgument(request, "request");
  let method, url, authorization, proof, scope, verifiedMethods, now;
  for (const member of Object.keys(request)) {
    switch (member) {
      case "method":
        method = request.method;
        break;
      case "url":
        url = request.url;
        break;
      case "authorization":
        authorization = request.authorization;
        break;
      case "proof":
        proof = request.proof;
        break;
      case "scope":
        scope = request.scope;
        break;
      case "verifiedMethods":
        verifiedMethods = request.verifiedMethods;
        break;
      case "now":
        now = request.now;
        break;
      default:
        throw unknownMember("request", member, MEMBERS);
    }
  }
  return { method, url, authorization, proof, scope, verifiedMethods, now };
}

function readScope(value: unknown, least: number): readonly string[] {
  const scope = readNames(value, "scope");
  if (scope.length >= least && scope.every(isScope)) return scope;
  throw new TypeError("scope must hold names of scopes, of the characters of RFC 6749 section 3.3");
}

function readNames(value: unknown, name: string): readonly string[] {
  if (!Array.isArray(value)) throw new TypeError(`${name} must be an array of strings`);
  return value.map((one: unknown) => stringArgument(one, `${name}[]`));
}

function acceptedCredentials(
  authorization: FieldValue,
  unboundTokens: UnboundTokens,
): Credentials | CredentialsFault {
  const credentials = parseCredentials(authorization);
  if (credentials.scheme !== "Bearer" || unboundTokens === "accepted") return credentials;
  return { code: "scheme_unsupported", scheme: undefined };
}

function bearerResult<C extends object>(
  { accessToken, scheme }: Credentials,
  found: KnownToken<C> | null,
  given: GivenRequest,
  settings: Settings,
): AccessResult<C> {
  const fault = bearerFault(found);
  if (fault !== null || found === null) return refuse(fault ?? INACTIVE, { scheme }, settings);
  const { claims: token, scopes } = found;
  if (lacks(scopes, given.scope)) return scopeRefusal(given.scope, scheme, settings);
  return { ok: true, scheme: "Bearer", accessToken, token, scopes, headers: {} };
}

function dpopResult<C extends object>(
  { accessToken, scheme }: Credentials,
  proof: VerifyResult | Failure,
  found: KnownToken<C> | null,
  given: GivenRequest,
  settings: Settings,
): AccessResult<C> {
  if (!proof.ok) return refuse(proof, { scheme }, settings);
  if (found === null) return refuse(INACTIVE, { scheme }, settings);
  const { claims: token, scopes } = found;
  const nextNonce = dueNonce(proof.nonce);
  if (lacks(scopes, given.scope)) return scopeRefusal(given.scope, scheme, settings, nextNonce);
  const { jkt } = proof;
  const headers = nonceHeaders(nextNonce);
  return { ok: true, scheme: "DPoP", accessToken, token, scopes, jkt, proof, headers };
}

/** Where conclude() let a proof pass, a token was found; this stands in the way if not. */
const INACTIVE = /* @__PURE__ */ failure("token_inactive");

function lacks(scopes: readonly string[], needed: readonly string[]): boolean {
  return needed.some((name) => !scopes.includes(name));
}

/** RFC 6750 section 3.1. The challenge names what this request needs. */
function scopeRefusal(
  scope: readonly string[],
  scheme: Scheme | undefined,
  settings: Settings,
  nextNonce?: string,
): AccessRefusal {
  const needs = { ...settings, scope: scope.join(" "), nextNonce };
  return refuse(failure("scope_insufficient"), { scheme }, needs);
}

function refuse(
  why: Failure,
  { scheme }: Pick<CredentialsFault, "scheme">,
  settings: Settings,
): AccessRefusal {
  return { ok: false, ...resourceError(why, { ...settings, scheme }), failure: why };
}

function accessEvent(result: AccessResult): EventResult {
  if (!result.ok) return refusalEvent(result.failure);
  const { scheme, jkt, proof } = result;
  return { outcome: "granted", scheme, jkt, alg: proof?.alg };
}
