// What a person says of a request: its time, and the nonce that the server wanted.
import type { NonceCheck } from "dpop-core/core";

/**
 * Reads a time: seconds since the epoch, or a date. Returns "no zone" for a date that would be another one elsewhere, and
 * null for any other text.
 */
export function readTime(text: string): number | "no zone" | null {
  if (/^\d{1,11}(?:\.\d+)?$/.test(text)) return Number(text);
  if (text.includes(":") && !/(?:Z|GMT|UTC|[+-]\d\d:?\d\d)$/i.test(text)) return "no zone";
  const time = Date.parse(text) / 1000;
  return time >= 0 ? time : null;
}

/** The one nonce that is known to be good. The time of the proof stays a matter of `iat`. */
export function expectNonce(expected: string): NonceCheck {
  return {
    check(nonce) {
      if (nonce === expected) return { status: "valid" };
      return { status: nonce === undefined ? "missing" : "invalid", nextNonce: expected };
    },
  };
}
