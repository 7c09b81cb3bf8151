// The tokens of a session as they are kept (RFC 6749 sections 5.1 and 6): from a token response to a record of
// the store and back, and when they are due.
import type { JsonObject } from "../input/json.js";
import { isAccessToken } from "../proof/ath.js";

/** The name of the tokens in the store. */
export const TOKENS = "tokens";

/** Whose tokens they are. A session takes no others. */
export interface Owner {
  readonly issuer: string;
  readonly clientId: string;
}

/** The login that the tokens come from. */
export interface Login {
  /** `state` of the authorization request. */
  readonly state: string;
  readonly appState: string | undefined;
  /** The members of the token response that are not the tokens. */
  readonly granted: JsonObject;
}

/** The tokens, and what must be known of them. */
export interface Tokens extends Owner {
  /** The key that they are bound to. */
  readonly jkt: string;
  readonly accessToken: string;
  readonly refreshToken: string | undefined;
  /** Seconds since the epoch from which on the access token is refreshed; undefined where no one knows. */
  readonly dueAt: number | undefined;
  /** Seconds since the epoch at which the access token ends; undefined where no one knows. */
  readonly endsAt: number | undefined;
  readonly login: Login;
}

/** Seconds before the end of an access token: the time that a request may take, and clocks that differ. */
const MARGIN = 30;

/** Makes the record of a token response. `sentAt`: when it was asked for, in seconds since the epoch. */
export function tokensOf(
  given: Pick<Tokens, "issuer" | "clientId" | "jkt" | "accessToken" | "login">,
  response: JsonObject,
  sentAt: number,
  previous?: string,
): Tokens {
  const refreshToken = response["refresh_token"];
  const lifetime = Number(response["expires_in"]); // some servers send a string
  const isKnown = lifetime > 0 && lifetime < Infinity;
  return {
    ...given,
    // A server that sends none lets the old one be used again (RFC 6749 section 6).
    refreshToken: isText(refreshToken) ? refreshToken : previous,
    // Half of a short life is left, or else every call would refresh.
    dueAt: isKnown ? sentAt + Math.max(lifetime - MARGIN, lifetime / 2) : undefined,
    endsAt: isKnown ? sentAt + lifetime : undefined,
  };
}

/** Returns the record; null if it is absent, of someone else, or damaged. */
export function readTokens(value: unknown, owner: Owner): Tokens | null {
  const tokens = (value ?? {}) as Partial<Tokens>; // its members are guarded here, if it has any
  const { jkt, accessToken, refreshToken, login } = tokens;
  const isGood =
    tokens.issuer === owner.issuer &&
    tokens.clientId === owner.clientId &&
    isText(jkt) &&
    isAccessToken(accessToken) &&
    (refreshToken === undefined || isText(refreshToken)) &&
    isText(login?.state);
  return isGood ? (tokens as Tokens) : null; // as was just checked; a time that is no number is never due
}

/** True if it is time to refresh. */
export function isDue({ dueAt }: Tokens, now: number): boolean {
  return dueAt !== undefined && now >= dueAt;
}

/** True if the access token has ended. */
export function isOver({ endsAt }: Tokens, now: number): boolean {
  return endsAt !== undefined && now >= endsAt;
}

/** Returns a token response without its tokens: what an app may read of it. */
export function withoutTokens(response: JsonObject): JsonObject {
  const kept = Object.entries(response).filter(
    ([name]) => name !== "access_token" && name !== "refresh_token",
  );
  return Object.fromEntries(kept);
}

function isText(value: unknown): value is string {
  return typeof value === "string" && value !== "";
}
