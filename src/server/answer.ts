// Answers (RFC 9449 sections 5, 7.1, 7.2, 8 and 9): a failure to the status, header fields and body
// of an HTTP response, as plain data for any framework.
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

export interface ResourceErrorOptions {
  /** The JWS labels that a proof may have: `verifier.algs`. */
  readonly algs: readonly string[];
  /** The scheme that the request used, where that is known: only its challenge has the error. */
  readonly scheme?: Scheme | undefined;
  /** Whether Bearer is challenged for too. Default "refused". */
  readonly unboundTokens?: UnboundTokens | undefined;
  /** The value for `DPoP-Nonce`. Default that of the failure. */
  readonly nextNonce?: string | undefined;
  readonly realm?: string | undefined;
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

/** What a protected resource answers. */
export interface ResourceError {
  readonly status: ResourceStatus;
  readonly headers: ResponseHeaders;
}

/**
 * The answer of a protected resource to a failure. Section 7.2: no challenge says an error where the
 * request carried no credentials; the one of the scheme that was used says it where there was one;
 * all say it where credentials came more than once. A 503 has no challenge: nothing is wrong with
 * the client.
 *
 * Throws a TypeError for a failure that is none, for options that can't stand in a header field,
 * and where a nonce must be handed out and there is none.
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
  const challenges = isBearerTaken ? [challenge("Bearer"), dpop] : dpop;
  return { status, headers: { "WWW-Authenticate": wwwAuthenticate(challenges), ...headers } };
}

export interface ServerErrorOptions {
  /** The value for `DPoP-Nonce`. Default that of the failure. */
  readonly nextNonce?: string | undefined;
}

/** What an endpoint of an authorization server answers: RFC 6749 section 5.2. */
export interface ServerError {
  readonly status: ServerStatus;
  /** To be set on the response: `Content-Type`, `Cache-Control`, `DPoP-Nonce`, `Retry-After`. */
  readonly headers: ResponseHeaders;
  /** To be sent as JSON. */
  readonly body: { readonly error: string; readonly error_description: string };
}

/**
 * The answer of the token endpoint to a failure. Throws a TypeError for a failure that is none, and
 * where a nonce must be handed out and there is none.
 */
export function tokenError(failure: Failure, options: ServerErrorOptions = {}): ServerError {
  return serverError(failure, FAILURES[readFailure(failure).code].token, options);
}

/** The answer of the pushed authorization request endpoint (RFC 9126 section 2.3), as tokenError. */
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

/** Seconds after which a client may come again, where the store says none: entries expire all the time. */
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

/** RFC 9110 section 10.2.3. A failure may come from the programmer, and goes into a header field. */
function readRetryAfter({ retryAfter = RETRY_AFTER }: Failure): string {
  if (isRetryAfter(retryAfter)) return `${retryAfter}`;
  throw new TypeError("failure.retryAfter must be a whole number of seconds, at least 1");
}

/**
 * Section 8: one `DPoP-Nonce` at most, and section 8.2: an answer that has it is not to be stored.
 * Where the client is told to use a nonce there must be one, or it could never come in.
 */
export function nonceHeaders(nextNonce: string | undefined, isNeeded = false): ResponseHeaders {
  if (nextNonce === undefined && !isNeeded) return {};
  if (!isNonce(nextNonce)) {
    throw new TypeError(
      "nextNonce of nonce.check must be printable ASCII without space, quote and backslash",
    );
  }
  return { "DPoP-Nonce": nextNonce, "Cache-Control": "no-store" };
}

/** The nonce that a success hands out: none while the client's own is fresh. */
export function dueNonce(nonce: VerifiedNonce | undefined): string | undefined {
  return nonce === undefined || nonce.status === "valid" ? undefined : nonce.nextNonce;
}
