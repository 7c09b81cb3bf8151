// Access tokens (RFC 6749 section 1.4): what a resource server must know of one that it was sent.
import { leave, membersArgument } from "../input/argument.js";
import { type Binding, readBinding } from "./binding.js";

/** What is known of a good access token. */
export interface AccessToken<C extends object = object> {
  /** What the token is bound to, as bindingFromClaims returns it. null is an invalid token. */
  readonly binding: Binding | null;
  /** What the token says, for the code that handles the request: claims, or a row of your database. */
  readonly claims: C;
  /**
   * What the token allows. Default: `claims.scope`, which is an array of names, or a string with spaces
   * between them; none where there is no such member.
   */
  readonly scopes?: readonly string[] | undefined;
}

/**
 * Returns what is known of an access token; null for one that is unknown, damaged, expired, revoked or
 * meant for another server. Throws where that can't be found out, and nothing is granted then.
 *
 * It is called at most once in a request, after every check that needs neither it nor the signature of the
 * proof: a well-formed proof with a made-up signature still costs one call, and so does every Bearer token
 * where those are accepted. `hash` is the SHA-256 of the token in base64url, if it was computed for the
 * proof.
 */
export type AccessTokens<C extends object = object> = (
  accessToken: string,
  hash: string | undefined,
) => AccessToken<C> | null;

/** AccessTokens that may return a promise. */
export type AsyncAccessTokens<C extends object = object> = (
  accessToken: string,
  hash: string | undefined,
) => AccessToken<C> | null | Promise<AccessToken<C> | null>;

/** An AccessToken whose form was checked, with its scopes. */
export interface KnownToken<C extends object> {
  readonly binding: Binding;
  readonly claims: C;
  readonly scopes: readonly string[];
}

/** Guards what `accessTokens` returned. */
export function readAccessToken<C extends object>(
  value: AccessToken<C> | null,
): KnownToken<C> | null {
  if (value === null) return null;
  if (typeof value !== "object" || "then" in value) {
    leave(value);
    throw new TypeError(ACCESS_TOKEN);
  }
  const { binding, claims, scopes } = membersArgument(value, "the access token", MEMBERS);
  if (typeof claims !== "object" || claims === null) throw new TypeError(ACCESS_TOKEN);
  const known = readBinding(binding);
  return known === null
    ? null
    : {
        binding: known,
        claims,
        scopes: scopes === undefined ? scopesOf(claims) : readScopes(scopes),
      };
}

const MEMBERS = ["binding", "claims", "scopes"];

const ACCESS_TOKEN =
  "accessTokens must return null or { binding, claims }; createAsyncResourceServer takes one that " +
  "returns a promise";

function readScopes(value: unknown): readonly string[] {
  if (!isTexts(value)) throw new TypeError("scopes of an access token must be an array of strings");
  return value;
}

/**
 * Reads the claim `scope` (RFC 8693 section 4.2, RFC 9068 section 2.2.3), or another that an issuer has in
 * its place. The claims were checked, but their issuer may use the name for something else: that is no
 * scope.
 */
export function scopesOf(claims: object, name = "scope"): readonly string[] {
  const scope = (claims as { readonly [claim: string]: unknown })[name]; // an object may have any member
  if (typeof scope === "string") return scope.split(" ").filter((one) => one !== "");
  return isTexts(scope) ? scope : [];
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((one) => typeof one === "string");
}
