// Challenges (RFC 9110 sections 11.2 and 11.6.1): from the text of WWW-Authenticate to what a server asks
// for, and from its response to the nonce that it hands out (RFC 9449 section 8.2).
import { functionMember, objectArgument, stringArgument } from "../input/argument.js";
import { isToken68Unit, isTokenUnit, runEnd } from "../input/http.js";
import { isNonce } from "../proof/nonce.js";

/** One challenge of a WWW-Authenticate field. */
export interface ParsedChallenge {
  /** The authentication scheme as it was sent. Compare it case-insensitively. */
  readonly scheme: string;
  /**
   * The parameters by their names in lower case, their values without quotes and escapes. Empty for a
   * scheme without parameters or with a token68.
   */
  readonly params: ReadonlyMap<string, string>;
}

/** The part of a response that this package reads. The `Response` of fetch is one. */
export interface ResponseLike {
  /** The status code. 0: the platform hides the response. */
  readonly status: number;
  readonly headers: {
    /** Returns the value of a field, its lines joined by ", ". `name` is in lower case. */
    get(name: string): string | null | undefined;
  };
  /**
   * The parsed JSON of a response with status 400 or 401, if you have it: an authorization server asks
   * for a nonce there.
   */
  readonly errorBody?: unknown;
}

/**
 * Returns the challenges of a WWW-Authenticate value in order; several fields may be joined by a comma.
 * The first fault ends them: the challenge that has it is left out with all that follow, since the text
 * after a fault may mean anything. Text that does not begin a challenge is a fault in the challenge
 * before it, and so is a parameter twice in one challenge. Takes linear time. Never throws for a string;
 * throws a TypeError for anything else.
 */
export function parseChallenges(field: string): readonly ParsedChallenge[] {
  stringArgument(field, "field");
  const challenges: ParsedChallenge[] = [];
  let open: OpenChallenge | null = null; // the next parameter belongs to this one
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
  /** If true, there are no parameters. */
  readonly hasToken68: boolean;
}

/** Returns the nonce that a response has for the next request (section 8.2), or null. */
export function nonceOf(response: ResponseLike): string | null {
  const nonce = headerOf(response, "dpop-nonce");
  return isKeptNonce(nonce) ? nonce : null;
}

/** True for a nonce that is kept: a longer one would make every request that long. */
export function isKeptNonce(value: unknown): value is string {
  return isNonce(value) && value.length <= LONGEST_NONCE;
}

/** Characters. */
const LONGEST_NONCE = 1024;

/** Guards the form of a response. Its content is the server's, and never an error of the caller. */
export function readResponse(response: ResponseLike): ResponseLike {
  const { status, headers } = objectArgument(response, "response");
  if (typeof status !== "number") throw new TypeError("response.status must be a number");
  functionMember(objectArgument(headers, "response.headers"), "get", "response.headers");
  return response;
}

/** Returns a header field of a response; null if it is absent. */
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

/**
 * Reads auth-param = token BWS "=" BWS ( token / quoted-string ), up to the end of its list
 * element.
 */
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

/** RFC 9110 section 5.6.4. Returns null for a string that has a control or no closing quote. */
function readQuoted(field: string, at: number): Pick<Param, "value" | "end"> | null {
  let value = "";
  let copied = at + 1; // everything between the quote and this index is in `value`
  for (let i = at + 1; i < field.length; i++) {
    const unit = field.charCodeAt(i);
    if (unit === QUOTE) return { value: value + field.slice(copied, i), end: i + 1 };
    if (unit === BACKSLASH) {
      value += field.slice(copied, i);
      copied = ++i; // the escaped character is copied as it is
    }
    if (!isQuotedUnit(field.charCodeAt(i))) return null;
  }
  return null;
}

/**
 * Returns the end of the scheme that begins at `at`, or -1 if none does. A scheme is followed by a space,
 * a comma or the end. A name with an equals sign after it is a faulty parameter.
 */
function findSchemeEnd(field: string, at: number): number {
  const end = runEnd(field, at, isTokenUnit);
  if (end === at) return -1;
  if (endsElement(field, end)) return end;
  if (field.charCodeAt(end) !== SPACE) return -1;
  return field.charCodeAt(runEnd(field, end, isWhitespaceUnit)) === EQUALS ? -1 : end;
}

/**
 * Reads what follows a scheme: nothing, a token68 (`at` is its end), or a parameter (`at` is its
 * beginning). Returns null for anything else.
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

/** True if only whitespace is left before a comma or the end. */
function endsElement(field: string, at: number): boolean {
  const next = runEnd(field, at, isWhitespaceUnit);
  return next === field.length || field.charCodeAt(next) === COMMA;
}

/** Skips commas and whitespace: a list may have empty elements (RFC 9110 section 5.6.1). */
function skipEmpty(field: string, at: number): number {
  return runEnd(field, at, (unit) => unit === COMMA || isWhitespaceUnit(unit));
}

const TAB = 0x09;
const SPACE = 0x20;
const QUOTE = 0x22;
const COMMA = 0x2c;
const EQUALS = 0x3d;
const BACKSLASH = 0x5c;

/** OWS and BWS of RFC 9110 section 5.6.3. */
function isWhitespaceUnit(unit: number): boolean {
  return unit === SPACE || unit === TAB;
}

/** True for all but controls, escaped or not; the caller has checked for the quote. */
function isQuotedUnit(unit: number): boolean {
  return unit === TAB || (unit >= SPACE && unit !== 0x7f);
}
