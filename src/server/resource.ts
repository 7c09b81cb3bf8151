// The resource server (RFC 9449 sections 4.3 and 7): from the header fields of an API request, and what
// its token is bound to, to access or to the error to send.
import { membersArgument, stringArgument } from "../input/argument.js";
import { type Failure, failure, type ResourceStatus } from "../proof/failure.js";
import { type PlainHttp, readPlainHttp } from "../proof/htu.js";
import { readUnboundTokens, type UnboundTokens } from "../proof/unbound-tokens.js";
import type { FieldValue } from "../input/http.js";
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
import { bearerFault, type Binding, dpopBinding, readBinding } from "./binding.js";
import { type Credentials, type CredentialsFault, parseCredentials } from "./credentials.js";
import { lookUp } from "./look-up.js";
import { readVerifierLabels, type RoleVerifier } from "./verifier-argument.js";

interface ServerOptions<V> {
  /** Checks the proofs. Give it a replay store, and a nonce issuer if you use nonces. */
  readonly verifier: V;
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
}

/** Options of createResourceServer. */
export type ResourceServerOptions = ServerOptions<RoleVerifier<Verifier>>;
/** Options of createAsyncResourceServer. */
export type AsyncResourceServerOptions = ServerOptions<RoleVerifier<AsyncVerifier>>;

interface ApiRequest<B> {
  /** The HTTP method, as it was received. */
  readonly method: string;
  /**
   * The absolute URL that the client called; behind a proxy, the URL outside. It is https, or http for
   * a host that the verifier's `plainHttp` takes. Anything else is a TypeError, also with Bearer.
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
   * What the access token is bound to, null for an invalid token; or a function of the token that
   * returns it. You check the token there: signature or introspection, issuer, audience, expiry. The
   * function is called once at most, after every check that needs neither it nor the signature of the
   * proof. Return null for an invalid token, and throw if you can't tell; what it throws propagates.
   */
  readonly binding: B;
  /**
   * The members of `cnf` that you checked by other means, such as `x5t#S256` by mutual TLS. A token that
   * is bound to more than a DPoP key is refused unless all its other methods are here.
   */
  readonly verifiedMethods?: readonly string[] | undefined;
  /** The time of the request in seconds since the epoch. Default: the verifier's clock. */
  readonly now?: number | undefined;
}

type BindingLookup<R> = (accessToken: string) => R;

/** A request to a protected resource. */
export type ResourceRequest = ApiRequest<Binding | null | BindingLookup<Binding | null>>;

/** A request to a protected resource whose look-up may return a promise. */
export type AsyncResourceRequest = ApiRequest<
  Binding | null | BindingLookup<Binding | null | Promise<Binding | null>>
>;

/** Access for the client that holds the key which the token is bound to. */
export interface DpopAccess {
  readonly ok: true;
  readonly scheme: "DPoP";
  readonly accessToken: string;
  /** The thumbprint of the key of the proof. */
  readonly jkt: string;
  /** The verified proof; `proof.claims` are its claims. */
  readonly proof: VerifiedProof;
  /** Set them on the response, whatever its status: `DPoP-Nonce` when a new one is due. */
  readonly headers: ResponseHeaders;
}

/** Access for any client that has the token, since it is bound to nothing. */
export interface BearerAccess {
  readonly ok: true;
  readonly scheme: "Bearer";
  readonly accessToken: string;
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
export type AccessResult = DpopAccess | BearerAccess | AccessRefusal;

/** The checks of a protected resource. */
export interface ResourceServer {
  /** The JWS labels that a proof may have. */
  readonly algs: readonly string[];
  /** Whether tokens that are not bound to a key are accepted, as Bearer. */
  readonly unboundTokens: UnboundTokens;
  /**
   * Returns access, or the refusal to send. Never throws for what a client sent. Throws a TypeError or
   * RangeError for a mistaken argument. What `binding`, a backend or a store throws propagates, and
   * nothing is granted.
   */
  authenticate(request: ResourceRequest): AccessResult;
}

/** The checks of a protected resource where a part may answer later. */
export interface AsyncResourceServer {
  /** The JWS labels that a proof may have. */
  readonly algs: readonly string[];
  /** Whether tokens that are not bound to a key are accepted, as Bearer. */
  readonly unboundTokens: UnboundTokens;
  /** Does what ResourceServer.authenticate does; rejects with what that throws. */
  authenticate(request: AsyncResourceRequest): Promise<AccessResult>;
}

/**
 * Makes the checks of a resource server from parts that answer at once.
 *
 * @param options the verifier, and what the challenges say.
 * @returns a server whose `authenticate(request)` returns access or the refusal to send.
 * @throws a TypeError that names the option.
 * @example
 * ```ts
 * import { createMemoryReplayStore, createResourceServer, createVerifier } from "dpop-core";
 *
 * const verifier = createVerifier({ replay: createMemoryReplayStore() });
 * const server = createResourceServer({ verifier });
 * const access = server.authenticate({
 *   method: "GET",
 *   url: "https://api.example/orders",
 *   authorization: "DPoP Kz~8mXK1EalYznwH-LC-1fBAo",
 *   proof: "no proof",
 *   binding: { jkt: "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I" },
 * });
 * if (!access.ok) console.log(access.status, access.headers); // 401, with WWW-Authenticate
 * ```
 * @see RFC 9449 sections 4.3 and 7
 */
export function createResourceServer(options: ResourceServerOptions): ResourceServer {
  const { verifier, plainHttp, settings } = readOptions(options);
  return Object.freeze({
    algs: settings.algs,
    unboundTokens: settings.unboundTokens,
    authenticate(request: ResourceRequest): AccessResult {
      const given = readApiRequest(request, plainHttp);
      const credentials = acceptedCredentials(given.authorization, settings.unboundTokens);
      if ("code" in credentials) return refuse(failure(credentials.code), credentials, settings);
      const { accessToken, scheme } = credentials;
      const look = (): Binding | null => readBinding(bindingOf(given, accessToken));
      if (scheme === "Bearer") return bearerResult(credentials, look(), settings);
      const { note, conclude } = lookUp();
      const jkt = (): string | null => note(dpopBinding(look(), given.verifiedMethods));
      const { method, url, now } = given;
      const result = verifier.verify(given.proof, { method, url, accessToken, jkt, now });
      return dpopResult(credentials, conclude(result), settings);
    },
  });
}

/**
 * Makes the checks of a resource server where a part may answer later: a backend, a replay store, the
 * look-up of the binding.
 *
 * @param options a verifier of createAsyncVerifier, and what the challenges say.
 * @returns a server whose `authenticate(request)` returns a promise.
 * @throws a TypeError that names the option.
 * @example
 * ```ts
 * import { createAsyncResourceServer, createAsyncVerifier } from "dpop-core";
 * import { webcrypto } from "dpop-core/webcrypto";
 *
 * const verifier = createAsyncVerifier({ backend: webcrypto, replay: "none" });
 * const server = createAsyncResourceServer({ verifier });
 * const access = await server.authenticate({
 *   method: "GET",
 *   url: "https://api.example/orders",
 *   authorization: "DPoP Kz~8mXK1EalYznwH-LC-1fBAo",
 *   proof: "no proof",
 *   binding: async () => ({ jkt: "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I" }),
 * });
 * if (!access.ok) console.log(access.status, access.headers); // 401, with WWW-Authenticate
 * ```
 * @see RFC 9449 sections 4.3 and 7
 */
export function createAsyncResourceServer(
  options: AsyncResourceServerOptions,
): AsyncResourceServer {
  const { verifier, plainHttp, settings } = readOptions(options);
  return Object.freeze({
    algs: settings.algs,
    unboundTokens: settings.unboundTokens,
    async authenticate(request: AsyncResourceRequest): Promise<AccessResult> {
      const given = readApiRequest(request, plainHttp);
      const credentials = acceptedCredentials(given.authorization, settings.unboundTokens);
      if ("code" in credentials) return refuse(failure(credentials.code), credentials, settings);
      const { accessToken, scheme } = credentials;
      const look = async (): Promise<Binding | null> =>
        readBinding(await bindingOf(given, accessToken));
      if (scheme === "Bearer") return bearerResult(credentials, await look(), settings);
      const { note, conclude } = lookUp();
      const jkt = async (): Promise<string | null> =>
        note(dpopBinding(await look(), given.verifiedMethods));
      const { method, url, now } = given;
      const result = await verifier.verify(given.proof, { method, url, accessToken, jkt, now });
      return dpopResult(credentials, conclude(result), settings);
    },
  });
}

type Settings = ResourceErrorOptions & { readonly unboundTokens: UnboundTokens };

const OPTIONS = ["verifier", "unboundTokens", "realm", "scope", "resourceMetadataUrl"];

function readOptions<V extends RoleVerifier<Verifier | AsyncVerifier>>(
  options: ServerOptions<V>,
): { readonly verifier: V; readonly plainHttp: PlainHttp; readonly settings: Settings } {
  const { verifier, unboundTokens, ...params } = membersArgument(options, "options", OPTIONS);
  const algs = readVerifierLabels(verifier);
  const plainHttp = readPlainHttp(verifier.plainHttp, "verifier.plainHttp");
  const settings = Object.freeze({
    ...params,
    algs,
    unboundTokens: readUnboundTokens(unboundTokens),
  });
  resourceError(failure("proof_missing"), settings); // throws for what can't stand in a challenge
  return { verifier, plainHttp, settings };
}

const MEMBERS = ["method", "url", "authorization", "proof", "binding", "verifiedMethods", "now"];

/** The verifier guards method, url, proof and now, but it never sees a request with Bearer. */
function readApiRequest<B>(
  request: ApiRequest<B>,
  plainHttp: PlainHttp,
): ApiRequest<B> & { readonly verifiedMethods: readonly string[] } {
  const given = membersArgument(request, "request", MEMBERS);
  stringArgument(given.method, "method");
  urlArgument(given.url, plainHttp);
  if (given.binding === undefined) {
    throw new TypeError("binding must be given: what the access token is bound to");
  }
  const { verifiedMethods = [] } = given;
  if (!Array.isArray(verifiedMethods)) {
    throw new TypeError("verifiedMethods must be an array of strings");
  }
  for (const name of verifiedMethods) stringArgument(name, "verifiedMethods[]");
  return { ...given, verifiedMethods: [...verifiedMethods] }; // a copy: it is used after a wait
}

function acceptedCredentials(
  authorization: FieldValue,
  unboundTokens: UnboundTokens,
): Credentials | CredentialsFault {
  const credentials = parseCredentials(authorization);
  if (credentials.scheme !== "Bearer" || unboundTokens === "accepted") return credentials;
  return { code: "scheme_unsupported", scheme: undefined };
}

/** Returns the binding that the caller gave or that their function returns; readBinding guards it. */
function bindingOf({ binding }: ApiRequest<unknown>, accessToken: string): unknown {
  return typeof binding === "function" ? binding(accessToken) : binding;
}

function bearerResult(
  credentials: Credentials,
  binding: Binding | null,
  settings: Settings,
): AccessResult {
  const fault = bearerFault(binding);
  if (fault !== null) return refuse(fault, credentials, settings);
  return { ok: true, scheme: "Bearer", accessToken: credentials.accessToken, headers: {} };
}

function dpopResult(
  credentials: Credentials,
  proof: VerifyResult | Failure,
  settings: Settings,
): AccessResult {
  if (!proof.ok) return refuse(proof, credentials, settings);
  const { accessToken } = credentials;
  const headers = nonceHeaders(dueNonce(proof.nonce));
  return { ok: true, scheme: "DPoP", accessToken, jkt: proof.jkt, proof, headers };
}

function refuse(
  why: Failure,
  { scheme }: Pick<CredentialsFault, "scheme">,
  settings: Settings,
): AccessRefusal {
  return { ok: false, ...resourceError(why, { ...settings, scheme }), failure: why };
}
