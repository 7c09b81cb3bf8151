// Credentials (RFC 9110 section 11.6.2, RFC 9449 section 7.1): the Authorization header field to the
// one access token that it carries.
import { type FieldValue, isToken68Unit, isTokenUnit, runEnd } from "../input/http.js";
import type { FailureCode } from "../proof/failure.js";

/** The schemes that an access token may come with. */
export type Scheme = "DPoP" | "Bearer";

export interface Credentials {
  readonly scheme: Scheme;
  /** token68 (RFC 9110 section 11.2); whether it is a token of anybody's is not known yet. */
  readonly accessToken: string;
}

/** Why a request carries no credentials that could be used. */
export interface CredentialsFault {
  readonly code: FailureCode;
  /** The scheme that was used, where that is beyond doubt. */
  readonly scheme: Scheme | undefined;
}

/**
 * Reads `credentials = scheme 1*SP token68`, the scheme in any case. Fields that a server joined
 * with a comma are several: no token68 holds one. Looks at each character of the field once or
 * twice, whatever is in it.
 */
export function parseCredentials(header: FieldValue): Credentials | CredentialsFault {
  const field = readField(header);
  if (field === undefined) return fault("credentials_missing");
  if (field === null) return fault("credentials_multiple");
  const end = runEnd(field, 0, isTokenUnit);
  const isScheme = end > 0 && (end === field.length || field[end] === " ");
  const scheme = isScheme ? readScheme(field, end) : undefined;
  if (scheme === undefined) {
    if (namesScheme(field, end)) return fault("credentials_multiple");
    return fault(isScheme ? "scheme_unsupported" : "credentials_malformed");
  }
  if (field.includes(",")) return fault("credentials_multiple");
  const accessToken = field.slice(spacesEnd(field, end));
  return isToken68(accessToken)
    ? { scheme, accessToken }
    : { code: "credentials_malformed", scheme };
}

function fault(code: FailureCode): CredentialsFault {
  return { code, scheme: undefined };
}

/**
 * The one field that says something: undefined where there is none, null where there are several. A
 * TypeError where the caller passed something else.
 */
function readField(header: FieldValue): string | null | undefined {
  if (header === null || header === undefined || header === "") return undefined;
  const fields: unknown = header;
  if (typeof fields === "string") return fields;
  if (!Array.isArray(fields)) throw new TypeError(HEADER);
  let only: string | null | undefined;
  for (const field of fields as readonly unknown[]) {
    if (typeof field !== "string") throw new TypeError(HEADER);
    if (field !== "") only = only === undefined ? field : null;
  }
  return only;
}

const HEADER = "authorization must be a string, an array of strings, null or undefined";

/** The scheme that the first `end` characters name. */
function readScheme(field: string, end: number): Scheme | undefined {
  if (end > 6) return undefined; // as long as Bearer
  switch (field.slice(0, end).toLowerCase()) {
    case "dpop":
      return "DPoP";
    case "bearer":
      return "Bearer";
    default:
      return undefined;
  }
}

/** What namesScheme has seen of the piece behind the last comma. */
const NOTHING = 0;
const NAME = 1;
const SCHEME = 2;
const OTHER = 3;

/** The letters of our schemes, in small letters. */
const DPOP: readonly number[] = [0x64, 0x70, 0x6f, 0x70];
const BEARER: readonly number[] = [0x62, 0x65, 0x61, 0x72, 0x65, 0x72];

/**
 * True where credentials of ours stand behind a comma in a field that begins with something else:
 * fields that were joined. No comma stands before the index `at`.
 */
function namesScheme(field: string, at: number): boolean {
  let seen = OTHER;
  let name = DPOP;
  let length = 0; // of the name, as far as it was seen
  for (let i = at; i < field.length; i++) {
    const unit = field.charCodeAt(i);
    if (unit === COMMA) {
      seen = NOTHING;
    } else if (seen === NOTHING && !isBlank(unit)) {
      name = (unit | 0x20) === DPOP[0] ? DPOP : BEARER;
      length = 1;
      seen = (unit | 0x20) === name[0] ? NAME : OTHER;
    } else if (seen === NAME) {
      if (length === name.length) seen = unit === SPACE ? SCHEME : OTHER;
      else if ((unit | 0x20) !== name[length++]) seen = OTHER;
    } else if (seen === SCHEME && !isBlank(unit)) {
      return true;
    }
  }
  return false;
}

const SPACE = 0x20;
const COMMA = 0x2c;
const EQUALS = 0x3d;

/**
 * What String.prototype.trim takes away, which is more than RFC 9110 calls whitespace: no space that
 * a server lets through may hide credentials.
 */
function isBlank(unit: number): boolean {
  if (unit < 0x80) return unit === SPACE || (unit >= 0x09 && unit <= 0x0d);
  if (unit >= 0x2000 && unit <= 0x200a) return true;
  switch (unit) {
    case 0xa0:
    case 0x1680:
    case 0x2028:
    case 0x2029:
    case 0x202f:
    case 0x205f:
    case 0x3000:
    case 0xfeff:
      return true;
    default:
      return false;
  }
}

/** RFC 9110 section 11.2: 1*( ALPHA / DIGIT / "-" / "." / "_" / "~" / "+" / "/" ) *"=". */
function isToken68(text: string): boolean {
  let end = 0;
  while (end < text.length && isToken68Unit(text.charCodeAt(end))) end++;
  if (end === 0) return false;
  while (end < text.length && text.charCodeAt(end) === EQUALS) end++;
  return end === text.length;
}

/** 1*SP: a tab is no space. */
function spacesEnd(text: string, at: number): number {
  let end = at;
  while (end < text.length && text.charCodeAt(end) === SPACE) end++;
  return end;
}
