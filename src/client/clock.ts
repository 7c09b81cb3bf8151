// Clocks: the Date of a response (RFC 9110 sections 5.6.7 and 6.6.1) to how far a server's clock is
// from ours, so that a client with a wrong clock makes proofs that the server takes (RFC 9449
// section 11.1).
import { headerOf, type ResponseLike } from "./challenge.js";

/** Seconds: less than this is what a Date that knows whole seconds and a slow answer explain. */
const LEAST_OFFSET = 2;

/** IMF-fixdate: `Sun, 06 Nov 1994 08:49:37 GMT`. */
const LENGTH = 29;

/**
 * The Date of a response minus `now`, in seconds; 0 where they differ by less than 2 seconds. null
 * where it tells nothing: there is no Date in the one form that may be sent, or a cache may have kept
 * the response, with a Date of then.
 */
export function readClockOffset(response: ResponseLike, now: number): number | null {
  if (!isFresh(response)) return null;
  const date = parseHttpDate(headerOf(response, "date") ?? "");
  if (date === null) return null;
  return Math.abs(date - now) < LEAST_OFFSET ? 0 : date - now;
}

/**
 * RFC 9111: a cache that the client shares with others says Age; that of a browser says nothing, but
 * keeps no response with `no-store` (5.2.2.5), which token responses have, and none with the statuses
 * of a refused proof unless it is told to (RFC 9110 section 15.1).
 */
function isFresh(response: ResponseLike): boolean {
  if (headerOf(response, "age") !== null) return false;
  const control = (headerOf(response, "cache-control") ?? "").toLowerCase();
  const directives = control.split(",").map((directive) => directive.trim());
  if (directives.includes("no-store")) return true;
  if (response.status !== 400 && response.status !== 401) return false;
  return !control.includes("max-age") && headerOf(response, "expires") === null;
}

/**
 * An IMF-fixdate in seconds since the epoch; null for any other form, for a day that does not exist,
 * and where the name of the day is wrong.
 */
export function parseHttpDate(text: string): number | null {
  if (text.length !== LENGTH) return null;
  const time = Date.parse(text); // it takes much more than this one form
  if (Number.isNaN(time)) return null;
  return new Date(time).toUTCString() === text ? time / 1000 : null;
}
