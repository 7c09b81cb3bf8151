// How long something was waited for: nothing enters, seconds leave.

/** What the platform may have: a clock that nobody sets. */
interface MonotonicClock {
  readonly performance?: { readonly now?: unknown } | null;
}

/**
 * Starts to measure; what it returns tells the seconds since then, never fewer than 0.
 *
 * The longer of two answers counts: that of the monotonic clock, where the platform has one, and that
 * of the wall clock. The wall clock alone would hide a wait in which it was set back. The monotonic
 * one alone would hide a wait in which the machine slept, where it stands still on some systems. Who
 * waited is refused sooner that way, and never later than is right.
 */
export function startStopwatch(): () => number {
  const monotonic = monotonicMilliseconds();
  const wall = wallMilliseconds();
  return () => Math.max(0, monotonicMilliseconds() - monotonic, wallMilliseconds() - wall) / 1000;
}

/** NaN would pass for a wait of any length, so that a clock without a number is broken. */
function wallMilliseconds(): number {
  const now: unknown = Date.now();
  if (typeof now === "number" && Number.isFinite(now)) return now;
  throw new TypeError("Date.now() must return a number of milliseconds");
}

/** 0 where there is no such clock, or one that tells no number: then the wall clock decides. */
function monotonicMilliseconds(): number {
  const { performance } = globalThis as MonotonicClock; // looked up late: a polyfill may come after us
  if (typeof performance?.now !== "function") return 0;
  const now: unknown = performance.now(); // a call on its object: platforms refuse a bare one
  return typeof now === "number" && Number.isFinite(now) ? now : 0;
}
