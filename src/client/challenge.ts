// Challenges (RFC 9110 sections 11.2 and 11.6.1): the text of WWW-Authenticate to what a server asks
// for, and the answer of a server to the nonce that it wants (RFC 9449 sections 8 and 9).
import { functionMember, objectArgument, stringArgument } from "../input/argument.js";
import { isToken68Unit, isTokenUnit, runEnd } from "../input/http.js";
import { isNonce } from "../proof/nonce.js";

/** One challenge of a WWW-Authenticate field. */
export interface ParsedChallenge {
  /** The authentication scheme as it was sent; schemes are compared case-insensitively. */
  readonly scheme: string;
  /**
   * The parameters, by their names in lower case; values without quotes and escapes. Empty where
   * the scheme came alone or with a token68.
   */
  readonly params: ReadonlyMap<string, string>;
}

/** What is looked at of a response; the `Response` of fetch is one. */
export interface ResponseLike {
  /** The status code; 0 for a response that the platform hides. */
  readonly status: number;
  readonly headers: {
    /** The value of a field, its lines joined by ", "; names come in lower case. */
    get(name: string): string | null | undefined;
  };
  /**
   * The parsed JSON of a response with status 400 or 401, where you have it: an authorization server
   * says there that it wants a nonce.
   */
  readonly errorBody?: unknown;
}

/**
 * The challenges of a WWW-Authenticate value, in order; several fields may have been joined by a
 * comma. Reading ends at the first fault: the challenge that has it is left out, with all that
 * follow, since nothing after a fault is sure to mean what it seems to; what is no beginning of a
 * challenge is a fault in the one before it. The same parameter twice in one challenge is a fault.
 * Takes linear time, and never throws for a string; a TypeError for anything else.
 */
export function parseChallenges(field: string): readonly ParsedChallenge[] {
  stringArgument(field, "field");
  const challenges: ParsedChallenge[] = [];
  let open: OpenChallenge | null = null; // the next parameter belongs to it
  for (let at = skipEmpty(field, 0); at < field.length; at = skipEmpty(field, at)) {
    const param = readParam(field, at);
    if (param !== null) {
      if (open === null || open.hasToken68 || open.params.has(param.name)) return challenges;
      open.params.set(param.name, param.value);
      at = param.end;
      continue;
    }
    const schemeEnd = findSchemeEnd(field, at);
    if (schemeEnd === -1) return challenges; // the fault is in the open challenge
    if (open !== null) challenges.push({ scheme: open.scheme, params: open.params });
    const first = readFirst(field, schemeEnd);
    if (first === null) return challenges; // the fault is in the challenge that begins here
    open = { scheme: field.slice(at, schemeEnd), params: new Map(), hasToken68: first.isToken68 };
    at = first.at;
  }
  if (open !== null) challenges.push({ scheme: open.scheme, params: open.params });
  return challenges;
}

interface OpenChallenge {
  readonly scheme: string;
  readonly params: Map<string, string>;
  /** Then there can be no parameters. */
  readonly hasToken68: boolean;
}

/** The nonce that a response has for the next request (section 8.2), or null where it has none. */
export function nonceOf(response: ResponseLike): string | null {
  const nonce = headerOf(response, "dpop-nonce");
  return isNonce(nonce) && nonce.length <= LONGEST_NONCE ? nonce : null;
}

/** Characters; a longer one would make every request that long. */
const LONGEST_NONCE = 1024;

/**
 * The nonce to retry with, where the response asks for one: status 401 and a challenge of the scheme
 * DPoP with the error `use_dpop_nonce` (section 9), or status 400 or 401 and that error in
 * `errorBody` (section 8); a valid `DPoP-Nonce` of at most 1024 characters is needed in both. null for
 * every other response. The error of another scheme's challenge does not count. Throws a TypeError
 * where `response` is no response.
 */
export function readNonceChallenge(response: ResponseLike): string | null {
  const given = readResponse(response);
  return wantsNonce(given) ? nonceOf(given) : null;
}

const USE_NONCE = "use_dpop_nonce";

function wantsNonce(response: ResponseLike): boolean {
  const { status, errorBody } = response;
  if (status !== 400 && status !== 401) return false;
  // Status 401 too: so a server may refuse a client, and CORS hides challenges, but no body.
  if (errorOf(errorBody) === USE_NONCE) return true;
  if (status === 400) return false;
  return parseChallenges(headerOf(response, "www-authenticate") ?? "").some(
    ({ scheme, params }) => scheme.toLowerCase() === "dpop" && params.get("error") === USE_NONCE,
  );
}

function errorOf(body: unknown): unknown {
  if (typeof body !== "object" || body === null) return undefined;
  return (body as { readonly error?: unknown }).error; // an object, as was just checked
}

/** Guards what is to be a response; what it says is the server's, and never an error. */
export function readResponse(response: ResponseLike): ResponseLike {
  const { status, headers } = objectArgument(response, "response");
  if (typeof status !== "number") throw new TypeError("response.status must be a number");
  functionMember(objectArgument(headers, "response.headers"), "get", "response.headers");
  return response;
}

/** A header field of a response; null where it is absent. */
export function headerOf(response: ResponseLike, name: string): string | null {
  const value: unknown = response.headers.get(name);
  return typeof value === "string" ? value : null;
}

interface Param {
  /** In lower case. */
  readonly name: string;
  readonly value: string;
  /** The index behind it. */
  readonly end: number;
}

/** auth-param = token BWS "=" BWS ( token / quoted-string ), up to the end of its list element. */
function readParam(field: string, at: number): Param | null {
  const nameEnd = runEnd(field, at, isTokenUnit);
  const equals = runEnd(field, nameEnd, isWhitespaceUnit);
  if (nameEnd === at || field.charCodeAt(equals) !== EQUALS) return null;
  const start = runEnd(field, equals + 1, isWhitespaceUnit);
  const read =
    field.charCodeAt(start) === QUOTE ? readQuoted(field, start) : readToken(field, start);
  if (read === null || !endsElement(field, read.end)) return null;
  return { name: field.slice(at, nameEnd).toLowerCase(), value: read.value, end: read.end };
}

function readToken(field: string, at: number): Pick<Param, "value" | "end"> | null {
  const end = runEnd(field, at, isTokenUnit);
  return end === at ? null : { value: field.slice(at, end), end };
}

/** RFC 9110 section 5.6.4; null where the closing quote is missing or a control stands in it. */
function readQuoted(field: string, at: number): Pick<Param, "value" | "end"> | null {
  let value = "";
  let copied = at + 1; // everything between the quote and this index is in `value`
  for (let i = at + 1; i < field.length; i++) {
    const unit = field.charCodeAt(i);
    if (unit === QUOTE) return { value: value + field.slice(copied, i), end: i + 1 };
    if (unit === BACKSLASH) {
      value += field.slice(copied, i);
      copied = ++i; // what was escaped is copied as it is
    }
    if (!isQuotedUnit(field.charCodeAt(i))) return null;
  }
  return null;
}

/**
 * The end of a scheme, or -1 where none begins at `at`: behind it comes a space, a comma or the end,
 * and no equals sign, which would make it the name of a parameter that is faulty.
 */
function findSchemeEnd(field: string, at: number): number {
  const end = runEnd(field, at, isTokenUnit);
  if (end === at) return -1;
  if (endsElement(field, end)) return end;
  if (field.charCodeAt(end) !== SPACE) return -1;
  return field.charCodeAt(runEnd(field, end, isWhitespaceUnit)) === EQUALS ? -1 : end;
}

/**
 * What follows a scheme: nothing, a token68 (then `at` is behind it), or a parameter, which begins
 * at `at`; null where it is something else.
 */
function readFirst(
  field: string,
  schemeEnd: number,
): { readonly at: number; readonly isToken68: boolean } | null {
  if (endsElement(field, schemeEnd)) return { at: schemeEnd, isToken68: false };
  const at = runEnd(field, schemeEnd, (unit) => unit === SPACE); // 1*SP
  const end = runEnd(field, runEnd(field, at, isToken68Unit), (unit) => unit === EQUALS);
  if (endsElement(field, end)) return { at: end, isToken68: true };
  return readParam(field, at) === null ? null : { at, isToken68: false };
}

/** True where nothing but whitespace is left before a comma or the end. */
function endsElement(field: string, at: number): boolean {
  const next = runEnd(field, at, isWhitespaceUnit);
  return next === field.length || field.charCodeAt(next) === COMMA;
}

/** Past commas and whitespace: a list may have empty elements (RFC 9110 section 5.6.1). */
function skipEmpty(field: string, at: number): number {
  return runEnd(field, at, (unit) => unit === COMMA || isWhitespaceUnit(unit));
}

const TAB = 0x09;
const SPACE = 0x20;
const QUOTE = 0x22;
const COMMA = 0x2c;
const EQUALS = 0x3d;
const BACKSLASH = 0x5c;

function isWhitespaceUnit(unit: number): boolean {
  return unit === SPACE || unit === TAB;
}

/** Behind a backslash or not, nothing but controls is kept out; the quote was looked at before. */
function isQuotedUnit(unit: number): boolean {
  return unit === TAB || (unit >= SPACE && unit !== 0x7f);
}
