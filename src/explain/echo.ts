// Echoes: what came in, as far as it may be shown. The access token never is.
import { pathEnd } from "../proof/htu.js";

/** Most characters of one echo. */
const LONGEST = 2048;

/** Returns a text without the secret and cut to 2048 characters. */
export type Echo = (text: string) => string;

/** The scheme before a token that was passed with it. */
const SCHEME = /^(?:DPoP|Bearer)\s+/i;

/** Returns a token without a scheme before it. */
export function bareToken(accessToken: string): string {
  return accessToken.slice(0, 64).replace(SCHEME, "") + accessToken.slice(64);
}

/**
 * Makes the echo of a request. The secret is taken out first: what is left of it after a cut would be a
 * part of it.
 */
export function createEcho(accessToken: string | undefined): Echo {
  const token = accessToken === undefined ? "" : bareToken(accessToken).trim();
  return (text) => {
    // A token of a few characters is no secret, and stands in any text.
    const isIn = token.length >= SHORTEST ? text.includes(token) : token !== "" && text === token;
    const shown = isIn ? text.split(token).join("[access token]") : text;
    return shown.length > LONGEST ? `${shown.slice(0, LONGEST)}...` : shown;
  };
}

const SHORTEST = 8;

/** Returns a URL without its query, fragment and user information, each of them may be secret. */
export function writtenUrl(url: string): string {
  const end = pathEnd(url);
  const rest = end < url.length ? `${url.charAt(end)}...` : "";
  const start = url.indexOf("://") + 3;
  const slash = url.slice(start, end).indexOf("/");
  const authorityEnd = slash === -1 ? end : start + slash;
  const at = start < 3 ? -1 : url.slice(start, authorityEnd).lastIndexOf("@");
  const path =
    at === -1 ? url.slice(0, end) : `${url.slice(0, start)}...${url.slice(start + at, end)}`;
  return path + rest;
}
