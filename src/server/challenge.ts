// Challenges (RFC 9449 sections 7.1 and 7.2, RFC 9110 section 11.6.1): from what a protected resource
// wants to the value of WWW-Authenticate.
import { membersArgument, stringArgument } from "../input/argument.js";
import { runEnd } from "../input/http.js";
import type { Scheme } from "./credentials.js";

/** One challenge. Its parameters are written in this order. */
export interface Challenge {
  readonly scheme: Scheme;
  /** Printable ASCII and spaces. */
  readonly realm?: string | undefined;
  /** The scope that the resource needs: names with spaces between them. */
  readonly scope?: string | undefined;
  /** A code of RFC 6750 section 3.1 or RFC 9449 section 12.2. */
  readonly error?: string | undefined;
  /** For developers, not for end users. */
  readonly errorDescription?: string | undefined;
  /** The JWS labels that a proof may have. */
  readonly algs?: readonly string[] | undefined;
  /** The URL of the protected resource metadata (RFC 9728 section 5.1). */
  readonly resourceMetadataUrl?: string | undefined;
}

const MEMBERS = [
  "scheme",
  "realm",
  "scope",
  "error",
  "errorDescription",
  "algs",
  "resourceMetadataUrl",
];

/**
 * Writes the value of `WWW-Authenticate` for one challenge or several. Throws a TypeError for a text that
 * can't stand in its parameter. DPoP is never used with `Proxy-Authenticate` (section 7.1).
 */
export function wwwAuthenticate(challenges: Challenge | readonly Challenge[]): string {
  const all: readonly Challenge[] = isList(challenges) ? challenges : [challenges];
  if (all.length === 0) throw new TypeError("challenges must hold at least one challenge");
  return all.map(renderChallenge).join(", ");
}

function isList(value: Challenge | readonly Challenge[]): value is readonly Challenge[] {
  return Array.isArray(value);
}

function renderChallenge(challenge: Challenge): string {
  const given = membersArgument(challenge, "challenge", MEMBERS);
  if (given.scheme !== "DPoP" && given.scheme !== "Bearer") {
    throw new TypeError('scheme must be "DPoP" or "Bearer"');
  }
  const { algs } = given;
  if (algs !== undefined && !Array.isArray(algs)) {
    throw new TypeError("algs must be an array of strings");
  }
  const params = [
    param("realm", given.realm, isQuotable),
    param("scope", given.scope, isErrorUnit),
    param("error", given.error, isErrorUnit),
    param("error_description", given.errorDescription, isErrorUnit),
    param("algs", algs?.map((alg) => stringArgument(alg, "algs[]")).join(" "), isErrorUnit),
    param("resource_metadata", given.resourceMetadataUrl, isErrorUnit),
  ].filter((text) => text !== "");
  return params.length === 0 ? given.scheme : `${given.scheme} ${params.join(", ")}`;
}

/**
 * Writes a quoted-string (RFC 9110 section 5.6.4): `"` and `\` are escaped in a parameter that
 * allows them.
 */
function param(name: string, value: unknown, allows: (unit: number) => boolean): string {
  if (value === undefined) return "";
  let quoted = "";
  for (const character of stringArgument(value, name)) {
    if (!allows(character.charCodeAt(0))) {
      throw new TypeError(`${name} must hold only characters of RFC 6750 section 3`);
    }
    quoted += character === '"' || character === "\\" ? `\\${character}` : character;
  }
  return `${name}="${quoted}"`;
}

function isQuotable(unit: number): boolean {
  return unit >= 0x20 && unit < 0x7f;
}

/** RFC 6750 section 3: %x20-21 / %x23-5B / %x5D-7E. */
function isErrorUnit(unit: number): boolean {
  return isQuotable(unit) && unit !== 0x22 && unit !== 0x5c;
}

/** Returns true for the name of a scope: RFC 6749 section 3.3, %x21 / %x23-5B / %x5D-7E. */
export function isScope(name: string): boolean {
  const isScopeUnit = (unit: number): boolean => unit !== 0x20 && isErrorUnit(unit);
  return name !== "" && runEnd(name, 0, isScopeUnit) === name.length;
}

/** Header fields that a DPoP client needs, and that a browser hides from scripts of other origins. */
const EXPOSED = ["WWW-Authenticate", "DPoP-Nonce", "Date"];

/**
 * Writes the value of `Access-Control-Expose-Headers` that lets a client in a browser see challenges and
 * nonces, and learn the server's clock: the names that the header field has, then `WWW-Authenticate`,
 * `DPoP-Nonce` and `Date`. In a request with credentials `*` does not cover these three.
 *
 * @param present the value that the header field has, if any.
 * @returns the new value.
 * @throws a TypeError where `present` is neither a string, null nor undefined.
 * @example
 * ```ts
 * import { accessControlExposeHeaders } from "dpop-core";
 *
 * console.log(accessControlExposeHeaders("ETag")); // "ETag, WWW-Authenticate, DPoP-Nonce, Date"
 * ```
 * @see RFC 9449 sections 7.1, 8 and 9
 */
export function accessControlExposeHeaders(present?: string | null): string {
  const text = present === undefined || present === null ? "" : stringArgument(present, "present");
  const names = text
    .split(",")
    .map((name) => name.trim())
    .filter((name) => name !== "");
  const known = new Set(names.map((name) => name.toLowerCase()));
  return [...names, ...EXPOSED.filter((name) => !known.has(name.toLowerCase()))].join(", ");
}
