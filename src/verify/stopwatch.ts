// A stopwatch: nothing enters, the seconds of a wait leave.

/** What the platform may have: a clock that can't be set. */
interface MonotonicClock {
  readonly performance?: { readonly now?: unknown } | null;
}

/**
 * Starts to measure. Returns a function that returns the seconds since then, at least 0.
 *
 * It measures with the wall clock and, where the platform has one, the monotonic clock, and takes the
 * longer time. The wall clock hides a wait in which it was set back. The monotonic clock hides, on some
 * systems, a wait in which the machine slept. So a proof may be refused too soon, but never too late.
 */
export function startStopwatch(): () => number {
  const monotonic = monotonicMilliseconds();
  const wall = wallMilliseconds();
  return () => Math.max(0, monotonicMilliseconds() - monotonic, wallMilliseconds() - wall) / 1000;
}

/** Throws for NaN, which would hide a wait of any length. */
function wallMilliseconds(): number {
  const now: unknown = Date.now();
  if (typeof now === "number" && Number.isFinite(now)) return now;
  throw new TypeError("Date.now() must return a number of milliseconds");
}

/** Returns 0 without such a clock, or if it returns no number: then the wall clock decides. */
function monotonicMilliseconds(): number {
  const { performance } = globalThis as MonotonicClock; // read late: a polyfill may be loaded after this module
  if (typeof performance?.now !== "function") return 0;
  const now: unknown = performance.now(); // called as a method: platforms refuse a detached function
  return typeof now === "number" && Number.isFinite(now) ? now : 0;
}
