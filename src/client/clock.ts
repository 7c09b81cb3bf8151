// Clocks: the Date of a response (RFC 9110 sections 5.6.7 and 6.6.1) to how far a server's clock is
// from ours, so that a client with a wrong clock makes proofs that the server takes (RFC 9449
// section 11.1).
import { headerOf, type ResponseLike } from "./challenge.js";

/** Seconds: less than this is what a Date that knows whole seconds and a slow answer explain. */
const LEAST_OFFSET = 2;

/** IMF-fixdate: `Sun, 06 Nov 1994 08:49:37 GMT`. */
const LENGTH = 29;

const MONTHS = "JanFebMarAprMayJunJulAugSepOctNovDec";

/**
 * The Date of a response minus `now`, in seconds; 0 where they differ by less than 2 seconds. null
 * where it tells nothing: there is no Date in the one form that may be sent, or an Age, and then the
 * Date is that of a cache.
 */
export function readClockOffset(response: ResponseLike, now: number): number | null {
  if (headerOf(response, "age") !== null) return null;
  const date = parseHttpDate(headerOf(response, "date") ?? "");
  if (date === null) return null;
  return Math.abs(date - now) < LEAST_OFFSET ? 0 : date - now;
}

/**
 * An IMF-fixdate in seconds since the epoch; null for any other form, for a day that does not exist,
 * and where the name of the day is wrong.
 */
export function parseHttpDate(text: string): number | null {
  if (text.length !== LENGTH) return null;
  const month = MONTHS.indexOf(text.slice(8, 11));
  const time = Date.UTC(
    digits(text, 12, 16),
    month / 3,
    digits(text, 5, 7),
    digits(text, 17, 19),
    digits(text, 20, 22),
    digits(text, 23, 25),
  );
  if (Number.isNaN(time)) return null;
  // Written again it must be the same: the commas, spaces and names, and no field past its end.
  return new Date(time).toUTCString() === text ? time / 1000 : null;
}

/** NaN where one of them is no digit. */
function digits(text: string, start: number, end: number): number {
  let value = 0;
  for (let i = start; i < end; i++) {
    const digit = text.charCodeAt(i) - 0x30;
    value = digit >= 0 && digit <= 9 ? 10 * value + digit : NaN;
  }
  return value;
}
