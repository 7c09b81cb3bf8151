// Grants (RFC 6749 section 4, RFC 9449 sections 5 and 10): what a token request redeems, with the key
// that it is bound to.
import { leave, membersArgument, optionalString } from "../input/argument.js";
import { type Failure, failure } from "../proof/failure.js";

/** An authorization code. */
export interface AuthorizationCodeGrant {
  readonly type: "authorization_code";
  /**
   * What the code is bound to: `dpop_jkt` of the authorization request, or `jkt` of the pushed one.
   * undefined for a code that is bound to nothing; a grant without this member is a TypeError.
   */
  readonly jkt: string | undefined;
}

/** A refresh token. */
export interface RefreshTokenGrant {
  readonly type: "refresh_token";
  /**
   * What the refresh token is bound to: the `refreshJkt` that was stored with it. undefined for a token
   * that is bound to nothing; a grant without this member is a TypeError.
   */
  readonly jkt: string | undefined;
}

/** A grant that is not bound to a key beforehand. Extension grants are URIs (RFC 6749 section 4.5). */
export interface OtherGrant {
  readonly type: "client_credentials" | "password" | `${string}:${string}`;
  readonly jkt?: undefined;
}

/** What a token request redeems, as you checked it. */
export type Grant = AuthorizationCodeGrant | RefreshTokenGrant | OtherGrant;

/** Returns the grant, or null for an invalid client, code or refresh token. */
export type GrantLookup = () => Grant | null;

/** A GrantLookup that may return a promise. */
export type AsyncGrantLookup = () => Grant | null | Promise<Grant | null>;

/** Guards what the caller gave or looked up. null: the grant is invalid. */
export function readGrant(value: unknown): Grant | null {
  if (value === null) return null;
  if (typeof value !== "object" || Array.isArray(value) || "then" in value) {
    leave(value);
    throw new TypeError(GRANT);
  }
  const { type, jkt }: Partial<Record<string, unknown>> = membersArgument(value, "grant", MEMBERS);
  if (typeof type !== "string" || type === "")
    throw new TypeError("grant.type must be a string that is not empty");
  if (type === "authorization_code" || type === "refresh_token") {
    if (!Object.prototype.hasOwnProperty.call(value, "jkt")) throw new TypeError(JKT);
    return { type, jkt: optionalString(jkt, "grant.jkt") };
  }
  if (isMisspelt(type)) throw new TypeError(TYPE);
  if (jkt !== undefined) {
    throw new TypeError(
      "grant.jkt must be left out except for authorization_code and refresh_token",
    );
  }
  return { type: type as OtherGrant["type"] }; // any other type is not bound to a key
}

/**
 * True for `refreshToken` and the like, which would pass for another grant that is bound to
 * nothing.
 */
function isMisspelt(type: string): boolean {
  const letters = type.toLowerCase().split("_").join("").split("-").join("");
  return letters === "authorizationcode" || letters === "refreshtoken";
}

const TYPE = "grant.type must be written as in RFC 6749: authorization_code, refresh_token";

const MEMBERS = ["type", "jkt"];

const GRANT =
  "grant must be an object with a type, null, or a function that returns such a value; " +
  "createAsyncAuthorizationServer takes one that returns a promise";

/** If the caller forgot it, a thief of a code or a refresh token would get tokens for it. */
const JKT =
  "grant.jkt must be given for authorization_code and refresh_token, undefined if it is not bound to a key";

/**
 * Returns the thumbprint that the key of the proof must have, undefined for any key, or the
 * failure.
 */
export function grantJkt(grant: Grant | null): string | undefined | Failure {
  return grant === null ? failure("grant_invalid") : grant.jkt;
}
