// Credentials (RFC 9110 section 11.6.2, RFC 9449 section 7.1): the Authorization header field to the
// one access token that it carries.
import { isToken68Unit, isTokenUnit, runEnd } from "../bytes/http.js";
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

/** The value or values of the Authorization header field, as the server received them. */
export type AuthorizationHeader = string | readonly string[] | null | undefined;

/**
 * Reads `credentials = scheme 1*SP token68`, the scheme in any case. Fields that a server joined
 * with a comma are several: no token68 holds one. Takes time linear in the length.
 */
export function parseCredentials(header: AuthorizationHeader): Credentials | CredentialsFault {
  const fields = fieldsOf(header);
  const [field] = fields;
  if (field === undefined) return fault("credentials_missing");
  if (fields.length > 1) return fault("credentials_multiple");
  const end = runEnd(field, 0, isTokenUnit);
  if (end === 0 || (end < field.length && field[end] !== " ")) {
    return fault(namesScheme(field) ? "credentials_multiple" : "credentials_malformed");
  }
  const scheme = readScheme(field.slice(0, end));
  if (scheme === undefined) {
    return fault(namesScheme(field) ? "credentials_multiple" : "scheme_unsupported");
  }
  if (field.includes(",")) return fault("credentials_multiple");
  const accessToken = field.slice(runEnd(field, end, isSpace));
  return isToken68(accessToken)
    ? { scheme, accessToken }
    : { code: "credentials_malformed", scheme };
}

function fault(code: FailureCode): CredentialsFault {
  return { code, scheme: undefined };
}

/** The fields that say something; a TypeError where the caller passed something else. */
function fieldsOf(header: AuthorizationHeader): readonly string[] {
  const fields: readonly unknown[] =
    header === null || header === undefined ? [] : Array.isArray(header) ? header : [header];
  const texts = fields.filter((field) => typeof field === "string");
  if (texts.length !== fields.length) {
    throw new TypeError("authorization must be a string, an array of strings, null or undefined");
  }
  return texts.filter((field) => field !== "");
}

function readScheme(name: string): Scheme | undefined {
  switch (name.toLowerCase()) {
    case "dpop":
      return "DPoP";
    case "bearer":
      return "Bearer";
    default:
      return undefined;
  }
}

/**
 * True where credentials of ours stand behind a comma in a field that begins with something else:
 * fields that were joined.
 */
function namesScheme(field: string): boolean {
  const [, ...others] = field.split(",");
  return others.some((other) => {
    const [name = "", ...rest] = other.trim().split(" ", 2);
    return rest.length > 0 && readScheme(name) !== undefined;
  });
}

/** RFC 9110 section 11.2: 1*( ALPHA / DIGIT / "-" / "." / "_" / "~" / "+" / "/" ) *"=". */
function isToken68(text: string): boolean {
  const end = runEnd(text, 0, isToken68Unit);
  return end > 0 && runEnd(text, end, isEquals) === text.length;
}

function isEquals(unit: number): boolean {
  return unit === 0x3d;
}

/** 1*SP: a tab is no space. */
function isSpace(unit: number): boolean {
  return unit === 0x20;
}
