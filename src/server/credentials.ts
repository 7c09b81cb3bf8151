// Credentials (RFC 9110 section 11.6.2, RFC 9449 section 7.1): from the header field Authorization to
// the one access token that it carries.
import { type FieldValue, isTokenUnit, runEnd } from "../input/http.js";
import type { FailureCode } from "../proof/failure.js";

/** The schemes that an access token may be sent with. */
export type Scheme = "DPoP" | "Bearer";

/** The credentials of a request. */
export interface Credentials {
  readonly scheme: Scheme;
  /**
   * A token68 (RFC 9110 section 11.2). Whether an authorization server issued it is not known yet.
   */
  readonly accessToken: string;
}

/** Why a request has no usable credentials. */
export interface CredentialsFault {
  readonly code: FailureCode;
  /** The scheme that the client used, if that is certain. */
  readonly scheme: Scheme | undefined;
}

/**
 * Reads `credentials = scheme 1*SP token68`, with the scheme in any case. A comma means several fields
 * that a server joined, since a token68 has none. Takes linear time: it reads each character twice at
 * most.
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
 * Returns the only field that is not empty, undefined if all are, and null if several are not. Throws a
 * TypeError for anything else that the caller passed.
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

/** Returns the scheme that the first `end` characters name. */
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

/** What namesScheme has seen behind the last comma. */
const NOTHING = 0;
const NAME = 1;
const SCHEME = 2;
const OTHER = 3;

/** The names of our schemes, in lower case. */
const DPOP: readonly number[] = [0x64, 0x70, 0x6f, 0x70];
const BEARER: readonly number[] = [0x62, 0x65, 0x61, 0x72, 0x65, 0x72];

/**
 * True for a field that begins with another scheme, or with none, and has credentials of ours behind a
 * comma: a server joined two fields. There is no comma before the index `at`.
 */
function namesScheme(field: string, at: number): boolean {
  let seen = OTHER;
  let name = DPOP;
  let length = 0; // of the part of the name that was seen
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

/**
 * True for what String.prototype.trim removes. That is more than the whitespace of RFC 9110, so that no
 * space which a server lets pass can hide credentials.
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

/**
 * RFC 9110 section 11.2: 1*( ALPHA / DIGIT / "-" / "." / "_" / "~" / "+" / "/" ) *"=". No character is in
 * both parts, so that it takes linear time; a loop takes three times as long (bench api).
 */
function isToken68(text: string): boolean {
  return TOKEN68.test(text);
}

const TOKEN68 = /^[A-Za-z0-9._~+/-]+=*$/;

/** Returns the end of the spaces at `at`; a tab is not a space here. */
function spacesEnd(text: string, at: number): number {
  let end = at;
  while (end < text.length && text.charCodeAt(end) === SPACE) end++;
  return end;
}
