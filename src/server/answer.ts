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
import type { NonceStatus } from "../verify/nonce-check.js";
import { type Challenge, wwwAuthenticate } from "./challenge.js";
import type { Scheme } from "./credentials.js";

/** Header fields to set on a response, each once. */
export type ResponseHeaders = Readonly<Record<string, string>>;

/**
 * Which schemes a protected resource takes. `dpop`: bound tokens alone. `dpop-and-bearer`: bearer
 * tokens too, for the time in which clients move over; a token that is bound is never taken as one.
 */
export type Schemes = "dpop" | "dpop-and-bearer";

export interface ResourceErrorOptions {
  /** The JWS labels that a proof may have: `verifier.algs`. */
  readonly algs: readonly string[];
  /** The scheme that the request used, where that is known: its challenge alone has the error. */
  readonly scheme?: Scheme | undefined;
  /** `dpop` where it is not given. */
  readonly schemes?: Schemes | undefined;
  /** The value for `DPoP-Nonce`, where it is not that of the failure. */
  readonly nonce?: string | undefined;
  readonly realm?: string | undefined;
  readonly scope?: string | undefined;
  /** The URL of the protected resource metadata (RFC 9728 section 5.1). */
  readonly resourceMetadataUrl?: string | undefined;
}

const RESOURCE_OPTIONS = [
  "algs",
  "scheme",
  "schemes",
  "nonce",
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
  const { scheme, schemes = "dpop", realm, scope, resourceMetadataUrl } = given;
  const { message, resource } = FAILURES[readFailure(failure).code];
  const { status, error } = resource;
  const headers = answerHeaders(failure, resource, given.nonce);
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
  const challenges = readSchemes(schemes) === "dpop" ? dpop : [challenge("Bearer"), dpop];
  return { status, headers: { "WWW-Authenticate": wwwAuthenticate(challenges), ...headers } };
}

export interface ServerErrorOptions {
  /** The value for `DPoP-Nonce`, where it is not that of the failure. */
  readonly nonce?: string | undefined;
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
export function parError(failure: Failure, options: ServerErrorOptions = {}): ServerError {
  return serverError(failure, FAILURES[readFailure(failure).code].par, options);
}

function serverError(
  failure: Failure,
  answer: OAuthAnswer<ServerStatus>,
  options: ServerErrorOptions,
): ServerError {
  const { nonce } = membersArgument(options, "options", ["nonce"]);
  const { status, error, description } = answer;
  if (error === null) throw new TypeError("failure must be one of this place");
  return {
    status,
    headers: {
      "Content-Type": "application/json",
      ...answerHeaders(failure, answer, nonce),
    },
    body: { error, error_description: description ?? FAILURES[failure.code].message },
  };
}

function readFailure(failure: Failure): Failure {
  if (!isFailure(failure)) throw new TypeError("failure must be a failure of this package");
  return failure;
}

export function readSchemes(value: unknown): Schemes {
  if (value === "dpop" || value === "dpop-and-bearer") return value;
  throw new TypeError('schemes must be "dpop" or "dpop-and-bearer"');
}

/** Seconds after which a client may come again, where the store says none: entries expire all the time. */
const RETRY_AFTER = 1;

function answerHeaders(
  failure: Failure,
  { status, error }: OAuthAnswer,
  nonce: string | undefined,
): ResponseHeaders {
  return {
    ...(status === 503 ? { "Retry-After": retryAfterOf(failure) } : {}),
    ...nonceHeaders(nonce ?? failure.nextNonce, error === "use_dpop_nonce"),
    "Cache-Control": "no-store",
  };
}

/** RFC 9110 section 10.2.3. A failure may come from the programmer, and goes into a header field. */
function retryAfterOf({ retryAfter = RETRY_AFTER }: Failure): string {
  if (isRetryAfter(retryAfter)) return `${retryAfter}`;
  throw new TypeError("failure.retryAfter must be a whole number of seconds, at least 1");
}

/**
 * Section 8: one `DPoP-Nonce` at most, and section 8.2: an answer that has it is not to be stored.
 * Where the client is told to use a nonce there must be one, or it could never come in.
 */
export function nonceHeaders(nonce: string | undefined, isNeeded = false): ResponseHeaders {
  if (nonce === undefined && !isNeeded) return {};
  if (!isNonce(nonce)) {
    throw new TypeError(
      "a nonce must be printable ASCII without space, quote and backslash: next of nonce.check",
    );
  }
  return { "DPoP-Nonce": nonce, "Cache-Control": "no-store" };
}

/** The nonce that a success hands out: none while the client's own is fresh. */
export function dueNonce(nonce: NonceStatus | undefined): string | undefined {
  return nonce === undefined || nonce.status === "valid" ? undefined : nonce.next;
}
