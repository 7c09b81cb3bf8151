// Clocks (RFC 9449 section 4.3 item 11): a time that was refused, to its likely cause.
import type { TimeWindow } from "../proof/check.js";
import type { ProofClaims } from "../proof/claims.js";
import type { Cause } from "./cause.js";

const DAY = 86_400;
/** The largest difference from UTC is 14 hours. */
const MOST_ZONE = 14 * 3600;
/** Zones differ by quarters of an hour; nearly all by whole or half hours. */
const ZONE_STEP = 1800;
/** Longer than this, no proof is on its way. */
const SHORT_WAY = 60;
/** Longer than this, no clock is wrong by itself. */
const LONGEST_SKEW = 600;
/** Ten years. */
const FAR = 10 * 365 * DAY;

/** Returns why `iat` is likely outside the window. */
export function clockCause(iat: number, now: number, window: TimeWindow): Cause {
  const offset = iat - now;
  if (isMilliseconds(iat, now)) return "milliseconds";
  if (Math.abs(offset) > FAR) return "not_epoch";
  const zone = Math.round(offset / ZONE_STEP) * ZONE_STEP;
  const beside = offset - zone;
  const isZone = zone !== 0 && beside >= -SHORT_WAY && beside <= window.clockTolerance;
  if (isZone && Math.abs(offset) <= MOST_ZONE + SHORT_WAY) return "time_zone";
  if (offset > 0) return "clock_ahead";
  return -offset <= LONGEST_SKEW ? "clock_behind" : "stale";
}

/** Returns why `exp` or `nbf` likely does not hold. */
export function lifetimeCause(code: string, { exp, nbf }: ProofClaims, now: number): Cause {
  const isExpiry = code === "proof_expired";
  if (isMilliseconds((isExpiry ? exp : nbf) ?? 0, now)) return "milliseconds";
  return isExpiry ? "expired" : "not_yet_valid";
}

function isMilliseconds(time: number, now: number): boolean {
  return Math.abs(time / 1000 - now) < FAR;
}

const UNITS: readonly (readonly [name: string, seconds: number])[] = [
  ["days", DAY],
  ["h", 3600],
  ["min", 60],
];

/** Returns a span of seconds in words, without its sign. */
export function durationOf(seconds: number): string {
  const span = Math.abs(seconds);
  if (span > 1000 * DAY) return "years";
  const [name, unit] = UNITS.find(([, one]) => span >= 2 * one) ?? ["s", 1];
  return `${Math.round(span / unit)} ${name}`;
}
