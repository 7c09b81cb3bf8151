// Clocks: from the Date of a response (RFC 9110 sections 5.6.7 and 6.6.1) to the difference between the
// server's clock and ours, so that a client with a wrong clock makes proofs that the server accepts
// (RFC 9449 section 11.1).
import { headerOf, type ResponseLike } from "./challenge.js";

/** Seconds. A Date in whole seconds and a slow response can explain any smaller difference. */
const LEAST_OFFSET = 2;

/** IMF-fixdate: `Sun, 06 Nov 1994 08:49:37 GMT`. */
const LENGTH = 29;

/**
 * Returns the Date of a response minus `now`, in seconds; 0 if they differ by less than 2 seconds. Returns
 * null for a response without a Date in the only form that may be sent, and for one that a cache may have
 * kept, since its Date is old.
 */
export function readClockOffset(response: ResponseLike, now: number): number | null {
  if (!isFresh(response)) return null;
  const date = parseHttpDate(headerOf(response, "date") ?? "");
  if (date === null) return null;
  return Math.abs(date - now) < LEAST_OFFSET ? 0 : date - now;
}

/**
 * True for a response that no cache can have kept (RFC 9111). A shared cache adds Age. The cache of a
 * browser adds nothing, but it does not keep a response with `no-store` (5.2.2.5), which token responses
 * have, or with the status of a refused proof, unless the response says so (RFC 9110 section 15.1).
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
 * Returns an IMF-fixdate as seconds since the epoch; null for any other form, for a day that does not
 * exist, and for a wrong name of the day.
 */
export function parseHttpDate(text: string): number | null {
  if (text.length !== LENGTH) return null;
  const time = Date.parse(text); // it accepts other forms too
  if (Number.isNaN(time)) return null;
  return new Date(time).toUTCString() === text ? time / 1000 : null;
}
