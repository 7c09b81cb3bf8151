// The platform's clock, where the caller gives none.

/** Returns the time in seconds since the epoch, fractions included. */
export function platformClock(): number {
  return Date.now() / 1000;
}

/** A day in seconds: a longer span of an option is a mistake of unit. */
export const DAY = 86_400;
