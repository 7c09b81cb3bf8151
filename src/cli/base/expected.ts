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

/**
 * Makes the check of one nonce, which is the one that was wanted at `now`. A nonce that begins as it does, as those of one
 * secret of createNonceIssuer do, is taken to have been good at its own time: only the secret could tell. The time of the
 * proof stays a matter of `iat`.
 */
export function expectNonce(expected: string, now: number): NonceCheck {
  return {
    check(nonce, time) {
      if (nonce === expected) return { status: "valid" };
      if (nonce !== undefined && time < now && nonce.slice(0, KEY_ID) === expected.slice(0, KEY_ID))
        return { status: "valid" };
      return { status: nonce === undefined ? "missing" : "invalid", nextNonce: expected };
    },
  };
}

/** Characters that name the secret (src/verify/nonce-form.ts). */
const KEY_ID = 8;
