// Claims of JWT access tokens (RFC 9068 sections 2.2 and 4, RFC 7519 section 4.1): a parsed payload to
// whether it is of this issuer, for this server, and good now.
import type { JsonObject } from "../input/json.js";

/**
 * The claims of a JWT access token, as they were parsed; frozen. `client_id`, `sub` and `iat` are there
 * unless `optionalClaims` names them. Extend the interface with what your issuer adds.
 */
export interface JwtClaims {
  /** The issuer. */
  readonly iss: string;
  /** Whom the token is for: one of these is the option `audience`. */
  readonly aud: string | readonly string[];
  /** When the token expires, in seconds since the epoch. */
  readonly exp: number;
  /** When the token was issued. */
  readonly iat?: number | undefined;
  /** The user, or the client if it acts for itself. */
  readonly sub?: string | undefined;
  /** The client that the token was issued to. */
  readonly client_id?: string | undefined;
  /** Other claims are as the issuer wrote them. */
  readonly [claim: string]: unknown;
}

/** A claim of RFC 9068 section 2.2 that some issuers leave out. */
export type OptionalClaim = "client_id" | "sub" | "iat";

/** What claims must say. */
export interface ClaimsPolicy {
  readonly issuer: string;
  readonly audience: readonly string[];
  readonly optionalClaims: readonly OptionalClaim[];
  /** Seconds. */
  readonly clockTolerance: number;
}

/** Returns true for claims with the members of RFC 9068 that are of this issuer, for this audience. */
export function isClaimsOf(claims: JsonObject, policy: ClaimsPolicy): boolean {
  const { iss, aud, exp, nbf, iat, sub, client_id: clientId } = claims;
  const mayLack = (claim: OptionalClaim, value: unknown): boolean =>
    value === undefined && policy.optionalClaims.includes(claim);
  return (
    iss === policy.issuer &&
    isFor(aud, policy.audience) &&
    isDate(exp) &&
    (nbf === undefined || isDate(nbf)) &&
    (isDate(iat) || mayLack("iat", iat)) &&
    (isName(sub) || mayLack("sub", sub)) &&
    (isName(clientId) || mayLack("client_id", clientId))
  );
}

/** Returns true for an `aud` that is one of the audiences, or an array with one of them. */
export function isFor(aud: unknown, audience: readonly string[]): boolean {
  const named: readonly unknown[] = Array.isArray(aud) ? aud : [aud];
  return named.some((one) => typeof one === "string" && audience.includes(one));
}

/** A NumericDate (RFC 7519 section 2). JSON can write a number that is not finite: 1e999. */
export function isDate(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(value);
}

function isName(value: unknown): boolean {
  return typeof value === "string" && value !== "";
}

/** Claims that say when they hold; of those that are absent, none is wrong. */
export interface TimeClaims {
  readonly exp?: unknown;
  readonly nbf?: unknown;
  readonly iat?: unknown;
}

/**
 * Returns true where claims hold at a time. Only a clock behind that of the issuer is tolerated: an expired
 * token is never taken.
 */
export function isTime({ exp, nbf, iat }: TimeClaims, now: number, tolerance: number): boolean {
  if (isDate(exp) && !(now < exp)) return false;
  if (isDate(nbf) && !(nbf <= now + tolerance)) return false;
  return !(isDate(iat) && !(iat <= now + tolerance));
}
