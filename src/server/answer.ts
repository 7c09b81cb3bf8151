// Responses (RFC 9449 sections 5, 7.1, 7.2, 8 and 9): from a failure to the status, header fields and
// body of the response, as plain data for any framework.
import { membersArgument } from "../input/argument.js";
import {
  type Failure,
  FAILURES,
  isFailure,
  isRetryAfter,
  type OAuthAnswer,
  type ResourceStatus,
  type ServerStatus,
} from "../proof/failure.js";
import { isNonce } from "../proof/nonce.js";
import { readUnboundTokens, type UnboundTokens } from "../proof/unbound-tokens.js";
import type { VerifiedNonce } from "../verify/nonce-check.js";
import { type Challenge, wwwAuthenticate } from "./challenge.js";
import type { Scheme } from "./credentials.js";

/** Header fields to set on a response, each once. */
export type ResponseHeaders = Readonly<Record<string, string>>;

/** Options of resourceError. */
export interface ResourceErrorOptions {
  /** The JWS labels that a proof may have: `verifier.algs`. */
  readonly algs: readonly string[];
  /**
   * The scheme that the request used, if that is known. Only the challenge of this scheme has the
   * error.
   */
  readonly scheme?: Scheme | undefined;
  /** "accepted" adds a challenge for Bearer. Default "refused". */
  readonly unboundTokens?: UnboundTokens | undefined;
  /** The value of `DPoP-Nonce`. Default: the nonce of the failure. */
  readonly nextNonce?: string | undefined;
  /** Printable ASCII. */
  readonly realm?: string | undefined;
  /** The scope that the resource needs: names with spaces between them. */
  readonly scope?: string | undefined;
  /** The URL of the protected resource metadata (RFC 9728 section 5.1). */
  readonly resourceMetadataUrl?: string | undefined;
}

const RESOURCE_OPTIONS = [
  "algs",
  "scheme",
  "unboundTokens",
  "nextNonce",
  "realm",
  "scope",
  "resourceMetadataUrl",
];

/** The response of a protected resource to a failure. It has no body. */
export interface ResourceError {
  readonly status: ResourceStatus;
  /**
   * All that the response needs: `WWW-Authenticate`, `DPoP-Nonce`, `Cache-Control`, `Retry-After`.
   */
  readonly headers: ResponseHeaders;
}

/**
 * Makes the response of a protected resource to a failure.
 *
 * Without credentials in the request, no challenge has an error. With credentials, the challenge of
 * their scheme has the error and comes first; if they came more than once, all challenges have it. A 503 has no
 * challenge, since nothing is wrong with the client.
 *
 * @param failure what a verifier or a role returned.
 * @param options the labels for the challenge, and its other parameters.
 * @returns the status and the header fields.
 * @throws a TypeError for a `failure` that is not of this package or can't occur at a protected
 *   resource, for an option that can't stand in a header field, and for a failure that asks for a
 *   nonce where neither it nor `nextNonce` has one.
 * @example
 * ```ts
 * import { createVerifier, resourceError } from "dpop-core";
 *
 * const verifier = createVerifier({ replay: "none" });
 * const result = verifier.verify("no proof", { method: "GET", url: "https://api.example/" });
 * if (!result.ok) console.log(resourceError(result, { algs: verifier.algs }).status); // 401
 * ```
 * @see RFC 9449 sections 7.1, 7.2 and 9
 */
export function resourceError(failure: Failure, options: ResourceErrorOptions): ResourceError {
  const given = membersArgument(options, "options", RESOURCE_OPTIONS);
  const { scheme, realm, scope, resourceMetadataUrl } = given;
  const { message, resource } = FAILURES[readFailure(failure).code];
  if (resource === null) throw new TypeError(OTHER_PLACE);
  const { status, error } = resource;
  const headers = answerHeaders(failure, resource, given.nextNonce);
  if (status === 503) return { status, headers };
  const params = { realm, scope, resourceMetadataUrl };
  const errorParams = {
    error: error ?? undefined,
    errorDescription: resource.description ?? message,
  };
  const challenge = (own: Scheme, algs?: readonly string[]): Challenge => ({
    scheme: own,
    ...params,
    ...(error !== null && (scheme === undefined || scheme === own) ? errorParams : {}),
    algs,
  });
  const dpop = challenge("DPoP", given.algs);
  const isBearerTaken = readUnboundTokens(given.unboundTokens) === "accepted";
  // The challenge with the error comes first: a popular client reads only the beginning.
  const both =
    error !== null && scheme === "DPoP" ? [dpop, challenge("Bearer")] : [challenge("Bearer"), dpop];
  const challenges = isBearerTaken ? both : dpop;
  return { status, headers: { "WWW-Authenticate": wwwAuthenticate(challenges), ...headers } };
}

/** Options of tokenError and pushedError. */
export interface ServerErrorOptions {
  /** The value of `DPoP-Nonce`. Default: the nonce of the failure. */
  readonly nextNonce?: string | undefined;
}

/** The error response of an endpoint of an authorization server (RFC 6749 section 5.2). */
export interface ServerError {
  readonly status: ServerStatus;
  /** Set them on the response: `Content-Type`, `Cache-Control`, `DPoP-Nonce`, `Retry-After`. */
  readonly headers: ResponseHeaders;
  /** Send it as JSON. */
  readonly body: { readonly error: string; readonly error_description: string };
}

/**
 * Makes the response of the token endpoint to a failure.
 *
 * @param failure what a verifier or a role returned.
 * @param options the nonce to hand out, if it is not that of the failure.
 * @returns the status, the header fields and the body.
 * @throws a TypeError for a `failure` that is not of this package or can't occur at the token endpoint,
 *   and for a failure that asks for a nonce where neither it nor `nextNonce` has one.
 * @example
 * ```ts
 * import { createVerifier, tokenError } from "dpop-core";
 *
 * const verifier = createVerifier({ replay: "none" });
 * const request = { method: "POST", url: "https://server.example.com/token" };
 * const result = verifier.verify("no proof", request);
 * if (!result.ok) console.log(tokenError(result).body.error); // "invalid_dpop_proof"
 * ```
 * @see RFC 9449 sections 5 and 8; RFC 6749 section 5.2
 */
export function tokenError(failure: Failure, options: ServerErrorOptions = {}): ServerError {
  return serverError(failure, FAILURES[readFailure(failure).code].token, options);
}

/**
 * Makes the response of the pushed authorization request endpoint to a failure.
 *
 * @param failure what a verifier or a role returned.
 * @param options the nonce to hand out, if it is not that of the failure.
 * @returns the status, the header fields and the body.
 * @throws a TypeError for a `failure` that is not of this package or can't occur at this endpoint, and
 *   for a failure that asks for a nonce where neither it nor `nextNonce` has one.
 * @example
 * ```ts
 * import { parseDpopJkt, pushedError } from "dpop-core";
 *
 * const parsed = parseDpopJkt("not a thumbprint");
 * if (!parsed.ok) console.log(pushedError(parsed).body.error); // "invalid_request"
 * ```
 * @see RFC 9449 section 10.1; RFC 9126 section 2.3
 */
export function pushedError(failure: Failure, options: ServerErrorOptions = {}): ServerError {
  return serverError(failure, FAILURES[readFailure(failure).code].pushed, options);
}

function serverError(
  failure: Failure,
  answer: OAuthAnswer<ServerStatus> | null,
  options: ServerErrorOptions,
): ServerError {
  const { nextNonce } = membersArgument(options, "options", ["nextNonce"]);
  if (answer === null || answer.error === null) throw new TypeError(OTHER_PLACE);
  const { status, error, description } = answer;
  return {
    status,
    headers: {
      "Content-Type": "application/json",
      ...answerHeaders(failure, answer, nextNonce),
    },
    body: { error, error_description: description ?? FAILURES[failure.code].message },
  };
}

const OTHER_PLACE = "failure must be one that can occur at this place";

function readFailure(failure: Failure): Failure {
  if (!isFailure(failure)) throw new TypeError("failure must be a failure of this package");
  return failure;
}

/** Seconds. Default for a failure without a time of its own: entries of a store expire all the time. */
const RETRY_AFTER = 1;

function answerHeaders(
  failure: Failure,
  { status, error }: OAuthAnswer,
  nextNonce: string | undefined,
): ResponseHeaders {
  return {
    ...(status === 503 ? { "Retry-After": readRetryAfter(failure) } : {}),
    ...nonceHeaders(nextNonce ?? failure.nextNonce, error === "use_dpop_nonce"),
    "Cache-Control": "no-store",
  };
}

/**
 * RFC 9110 section 10.2.3. The failure may come from the caller, and its value goes into a header
 * field.
 */
function readRetryAfter({ retryAfter = RETRY_AFTER }: Failure): string {
  if (isRetryAfter(retryAfter)) return `${retryAfter}`;
  throw new TypeError("failure.retryAfter must be a whole number of seconds, at least 1");
}

/**
 * A response has one `DPoP-Nonce` at most (section 8) and must not be stored then (section 8.2). A
 * client that is told to use a nonce must get one (`isNeeded`), or no request of it could succeed.
 */
export function nonceHeaders(nextNonce: string | undefined, isNeeded = false): ResponseHeaders {
  if (nextNonce === undefined && !isNeeded) return {};
  if (!isNonce(nextNonce)) {
    throw new TypeError(
      "nextNonce must be printable ASCII without space, quote and backslash, as nonce.check returns it",
    );
  }
  return { "DPoP-Nonce": nextNonce, "Cache-Control": "no-store" };
}

/** Returns the nonce that a success hands out; undefined while the client's own is fresh. */
export function dueNonce(nonce: VerifiedNonce | undefined): string | undefined {
  return nonce === undefined || nonce.status === "valid" ? undefined : nonce.nextNonce;
}
