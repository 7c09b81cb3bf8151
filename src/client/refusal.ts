// Refusals (RFC 9449 sections 7.1, 8 and 9; RFC 6750 section 3.1): from a response to what the server refuses,
// in its challenge or in its JSON, and to the nonce that it wants.
import {
  headerOf,
  nonceOf,
  type ParsedChallenge,
  parseChallenges,
  readResponse,
  type ResponseLike,
} from "./challenge.js";

/** What a response refuses. The members are the server's words, null where it has none. */
export interface Refusal {
  /** The code: `use_dpop_nonce`, `invalid_dpop_proof`, `invalid_token`, `insufficient_scope`, … */
  readonly error: string | null;
  /** For developers and logs, not for end users: at most 1024 characters, no controls. */
  readonly errorDescription: string | null;
  /** The scope that the resource needs: names with spaces between them. */
  readonly scope: string | null;
  /** The nonce to send the request again with, if the server asks for one. */
  readonly nonce: string | null;
  /** True for status 401 without any challenge or error: CORS hides the challenge, or the server sent none. */
  readonly isHidden: boolean;
}

const USE_NONCE = "use_dpop_nonce";
export const INVALID_PROOF = "invalid_dpop_proof";

/** The second is in no standard, but some servers send it for a nonce that is too old. */
function isNonceError(error: unknown): boolean {
  return error === USE_NONCE || error === "invalid_dpop_nonce";
}

/** What a response refuses, and in words of this package what to do. */
export interface ExplainedRefusal extends Refusal {
  /** For developers and logs. It has no word of the server in it. */
  readonly message: string;
}

/**
 * Reads why a server refused a request: a nonce that it wants, the proof, the access token, or its scope.
 * A challenge of the scheme DPoP goes first, then one of Bearer, then the JSON of an authorization server.
 *
 * @param response the response, with its parsed JSON as `errorBody` if it has some.
 * @returns the server's code and words, the nonce to send the request again with if it wants one (at most
 *   1024 characters), and a message that says what to do. Null for every status but 400, 401 and 403.
 * @throws a TypeError where `response` is not a response; never for what a server sent.
 * @example
 * ```ts
 * import { readChallenge } from "dpop-core";
 *
 * const headers = new Map([
 *   ["www-authenticate", 'DPoP error="use_dpop_nonce"'],
 *   ["dpop-nonce", "eyJ7S_zG.eyJH0-Z.HX4w-7v"],
 * ]);
 * const refusal = readChallenge({ status: 401, headers });
 * console.log(refusal?.error, refusal?.nonce); // "use_dpop_nonce" "eyJ7S_zG.eyJH0-Z.HX4w-7v"
 * ```
 * @see RFC 9449 sections 7.1, 8 and 9; RFC 6750 section 3.1
 */
export function readChallenge(response: ResponseLike): ExplainedRefusal | null {
  const refusal = readRefusal(response);
  return refusal === null ? null : { ...refusal, message: messageOf(refusal) };
}

function messageOf({ error, errorDescription, nonce, isHidden }: Refusal): string {
  if (isHidden) {
    return "The response has no challenge that can be read: not exposed by CORS? accessControlExposeHeaders says what to expose";
  }
  switch (error) {
    case USE_NONCE:
      return nonce === null
        ? "The server wants a nonce and hands out none that can be read: DPoP-Nonce not exposed by CORS?"
        : "The server wants a nonce: send the request again with a new proof that has it";
    case INVALID_PROOF:
      return ABOUT_TIME.test(errorDescription ?? "")
        ? "The server refused the proof for its time: is the clock of this device wrong? correctClockSkew corrects it"
        : "The server refused the proof";
    case "invalid_token":
      return "The server refused the access token: get a new one";
    case "insufficient_scope":
      return "The access token does not have the scope that the resource needs";
    case null:
      return "The server refused the request and names no error: did an access token go with it?";
    default:
      return "The server refused the request";
  }
}

/** The words that servers have for a proof from the past or the future. */
const ABOUT_TIME = /\b(?:iat|clock|skew|time|timestamp|stale|expired|future|fresh|old|age)\b/i;

/**
 * Reads what a response refuses. Null for every status but 400, 401 and 403. Only challenges of the schemes
 * DPoP and Bearer count, and for a nonce only DPoP.
 */
export function readRefusal(response: ResponseLike): Refusal | null {
  const { status, errorBody } = readResponse(response);
  if (status !== 400 && status !== 401 && status !== 403) return null;
  const field = headerOf(response, "www-authenticate");
  const challenges = parseChallenges(field ?? "");
  const dpop = challenges.filter((challenge) => isOf("dpop", challenge));
  const both = [...dpop, ...challenges.filter((challenge) => isOf("bearer", challenge))];
  const params = (both.find((one) => one.params.has("error")) ?? both[0])?.params;
  const inBody = readError(errorBody);
  const own = textOf(params?.get("error"));
  const isHidden = status === 401 && field === null && inBody.error === null;
  const asksForNonce =
    status !== 403 &&
    [inBody.error, ...dpop.map((one) => one.params.get("error"))].some(isNonceError);
  return {
    error: asksForNonce ? USE_NONCE : (own ?? inBody.error),
    errorDescription:
      own === null ? inBody.errorDescription : textOf(params?.get("error_description")),
    scope: textOf(params?.get("scope")),
    nonce: asksForNonce ? nonceOf(response) : null,
    isHidden,
  };
}

function isOf(scheme: string, challenge: ParsedChallenge): boolean {
  return challenge.scheme.toLowerCase() === scheme;
}

interface OAuthError {
  readonly error: string | null;
  readonly errorDescription: string | null;
}

const NO_ERROR: OAuthError = { error: null, errorDescription: null };

/** Reads the error of OAuth in the parsed JSON of a response (RFC 6749 section 5.2). */
function readError(body: unknown): OAuthError {
  if (typeof body !== "object" || body === null) return NO_ERROR;
  // An object, as was just checked.
  const { error, error_description: description } = body as {
    readonly error?: unknown;
    readonly error_description?: unknown;
  };
  // Frameworks have a member of that name too: `{ "error": "Unauthorized" }`.
  if (typeof error !== "string" || !CODE.test(error)) return NO_ERROR;
  return { error, errorDescription: textOf(description) };
}

/** Every code that is registered for OAuth has an underscore. */
const CODE = /^[a-z\d]+(?:_[a-z\d]+){1,9}$/;

/** Returns what a server says, if it can stand in a log: short, and in one line. */
export function textOf(value: unknown): string | null {
  if (typeof value !== "string" || value === "" || value.length > LONGEST_TEXT) return null;
  for (let i = 0; i < value.length; i++) if (endsLine(value.charCodeAt(i))) return null;
  return value;
}

/** Characters. */
const LONGEST_TEXT = 1024;

/** True for controls, and for what some tools take for the end of a line. */
function endsLine(unit: number): boolean {
  return unit < 0x20 || (unit >= 0x7f && unit < 0xa0) || unit === 0x2028 || unit === 0x2029;
}
