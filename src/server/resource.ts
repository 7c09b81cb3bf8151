// The resource server (RFC 9449 sections 4.3 and 7): the header fields of an API request, and what
// its token is bound to, to access or to what to answer instead.
import { membersArgument, stringArgument } from "../input/argument.js";
import { type Failure, failure, type ResourceStatus } from "../proof/failure.js";
import { type PlainHttp, readPlainHttp } from "../proof/htu.js";
import { readUnboundTokens, type UnboundTokens } from "../proof/unbound-tokens.js";
import type { FieldValue } from "../input/http.js";
import { urlArgument } from "../verify/request.js";
import type { AsyncVerifier, VerifiedProof, Verifier, VerifyResult } from "../verify/verifier.js";
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
  /** Checks the proofs; give it a replay store, and a nonce issuer where you use nonces. */
  readonly verifier: V;
  /** Whether tokens that are bound to no key are taken, as Bearer. Default "refused". */
  readonly unboundTokens?: UnboundTokens | undefined;
  /** For the challenges: printable ASCII. */
  readonly realm?: string | undefined;
  /** For the challenges: the scope that is needed, names with spaces between them. */
  readonly scope?: string | undefined;
  /** For the challenges: the URL of the protected resource metadata (RFC 9728 section 5.1). */
  readonly resourceMetadataUrl?: string | undefined;
}

export type ResourceServerOptions = ServerOptions<RoleVerifier<Verifier>>;
export type AsyncResourceServerOptions = ServerOptions<RoleVerifier<AsyncVerifier>>;

interface ApiRequest<B> {
  /** The HTTP method, as it was received. */
  readonly method: string;
  /**
   * The absolute URL that the client called: behind a proxy, the one outside. https, or http for a
   * host that the verifier's `plainHttp` takes; anything else is a TypeError, with Bearer too.
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
   * What the access token is bound to, null where it is no good token; or a function of the token
   * that answers it. That the token is good, is for you to find out there: its signature or
   * introspection, issuer, audience, expiry. The function is called once at most, after every check
   * that needs neither it nor the signature of the proof. What it throws comes through to your
   * caller: answer null for a bad token, and throw where you can't tell.
   */
  readonly binding: B;
  /**
   * Members of `cnf` that you checked by other means, mutual TLS for `x5t#S256`. A token that is
   * bound to more than DPoP is refused unless all of them are here.
   */
  readonly verifiedMethods?: readonly string[] | undefined;
  /** The time of the request in seconds since the epoch; wins over the verifier's clock. */
  readonly now?: number | undefined;
}

type BindingLookup<R> = (accessToken: string) => R;
export type ResourceRequest = ApiRequest<Binding | null | BindingLookup<Binding | null>>;
export type AsyncResourceRequest = ApiRequest<
  Binding | null | BindingLookup<Binding | null | Promise<Binding | null>>
>;

/** Access for the holder of the key that the token is bound to. */
export interface DpopAccess {
  readonly ok: true;
  readonly scheme: "DPoP";
  readonly accessToken: string;
  /** The thumbprint of the key. */
  readonly jkt: string;
  /** The verified proof; `proof.claims` are its claims. */
  readonly proof: VerifiedProof;
  /** To be set on the response, whatever it is: `DPoP-Nonce` when a new one is due. */
  readonly headers: ResponseHeaders;
}

/** Access for any holder of a token that is bound to nothing. */
export interface BearerAccess {
  readonly ok: true;
  readonly scheme: "Bearer";
  readonly accessToken: string;
  readonly jkt?: undefined;
  readonly proof?: undefined;
  readonly headers: ResponseHeaders;
}

export interface AccessRefusal {
  readonly ok: false;
  readonly status: ResourceStatus;
  /** All that the response needs: `WWW-Authenticate`, `DPoP-Nonce`, `Cache-Control`, `Retry-After`. */
  readonly headers: ResponseHeaders;
  /** Why, for logs and metrics. Its code is not sent to the client; its message may be. */
  readonly failure: Failure;
}

export type AccessResult = DpopAccess | BearerAccess | AccessRefusal;

export interface ResourceServer {
  /** The JWS labels that a proof may have. */
  readonly algs: readonly string[];
  /** Whether tokens that are bound to no key are taken, as Bearer. */
  readonly unboundTokens: UnboundTokens;
  /**
   * Lets a request in, or says what to answer. Never throws for what a client sent; throws a
   * TypeError or RangeError for a mistaken argument, and lets through what `binding`, a backend or a
   * store throws: then nothing is granted.
   */
  authenticate(request: ResourceRequest): AccessResult;
}

export interface AsyncResourceServer {
  /** The JWS labels that a proof may have. */
  readonly algs: readonly string[];
  /** Whether tokens that are bound to no key are taken, as Bearer. */
  readonly unboundTokens: UnboundTokens;
  /** As ResourceServer.authenticate; what that throws is a rejection here. */
  authenticate(request: AsyncResourceRequest): Promise<AccessResult>;
}

/** Makes a resource server of parts that answer at once. Throws a TypeError that names the option. */
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
 * Makes a resource server of which any part may answer later, from a verifier of createAsyncVerifier.
 * Throws a TypeError that names the option.
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
  resourceError(failure("proof_missing"), settings); // what can't stand in a challenge throws here
  return { verifier, plainHttp, settings };
}

const MEMBERS = ["method", "url", "authorization", "proof", "binding", "verifiedMethods", "now"];

/** The verifier reads method, url, proof and now, but it is not asked about a Bearer token. */
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

/** Returns what the caller gave, or what their function says of the token; readBinding guards it. */
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
