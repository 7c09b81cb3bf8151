// The keys of an issuer over time: they are fetched when a token needs them, kept for their life, and
// fetched again when a token names a key that is not there.
import { membersArgument, numberArgument } from "../input/argument.js";
import { DAY } from "../input/clock.js";
import type { KeySet } from "./key-set.js";

/** How long the keys of an issuer are used. */
export interface KeySetOptions {
  /** How long a set is used before it is fetched again, in seconds. Default 600. */
  readonly maxAge?: number | undefined;
  /**
   * How long a set is used past `maxAge` while it can't be fetched again, in seconds. A key that the issuer
   * took back may be used for so much longer. Default 3600.
   */
  readonly maxStale?: number | undefined;
  /**
   * The least time between two fetches, in seconds, when tokens name keys that are not in the set. A token
   * of a new key may be refused for so long. Default 30.
   */
  readonly cooldown?: number | undefined;
}

/** KeySetOptions with every span set. */
export type KeySetLife = { readonly [S in keyof KeySetOptions]-?: number };

/** Reads the option `keySet`. Throws a TypeError or RangeError that names the span. */
export function readKeySetLife(options: KeySetOptions | undefined): KeySetLife {
  const given = membersArgument(options ?? {}, "keySet", ["maxAge", "maxStale", "cooldown"]);
  const { maxAge = 600, maxStale = 3600, cooldown = 30 } = given;
  return {
    maxAge: numberArgument(maxAge, "keySet.maxAge", "seconds", 1, DAY),
    maxStale: numberArgument(maxStale, "keySet.maxStale", "seconds", 0, DAY),
    cooldown: numberArgument(cooldown, "keySet.cooldown", "seconds", 1, DAY),
  };
}

/** Where the keys come from. Ages are those of one clock that never goes back (forwardClock). */
export interface KeySource {
  /** Returns the set that needs no fetch; undefined where one is due. */
  fresh(age: number): KeySet | undefined;
  /** Returns the set to use now. Throws where there is no usable set, because the issuer can't be reached. */
  current(age: number): Promise<KeySet>;
  /**
   * Returns a set that is newer than the current one, which lacks a key; undefined where it is too soon to
   * fetch one. Throws where it can't be fetched.
   */
  newer(age: number): Promise<KeySet | undefined>;
}

/** Keys in hand, which never change. */
export function fixedKeys(set: KeySet): KeySource {
  return {
    fresh: () => set,
    current: async () => set,
    newer: async () => undefined,
  };
}

/** Seconds after a failed fetch in which no other is tried, so that an issuer in trouble is left in peace. */
const PAUSE = 5;

/**
 * Makes the keys of an issuer. `load` fetches them; it gets the last set, and is called once at a time.
 * `readAge` returns the age of now.
 */
export function createIssuerKeys(
  load: (before: KeySet | undefined) => Promise<KeySet>,
  { maxAge, maxStale, cooldown }: KeySetLife,
  readAge: () => number,
): KeySource {
  let held: { readonly set: KeySet; readonly at: number } | undefined;
  let failed: { readonly error: unknown; readonly at: number } | undefined;
  let started = 0; // of the last fetch
  let pending: Promise<KeySet> | undefined;

  /** Starts a fetch, unless one is on its way: all who need a set wait for the same one. */
  function refresh(age: number): Promise<KeySet> {
    pending ??= fetchSet(age).finally(() => (pending = undefined));
    return pending;
  }

  async function fetchSet(age: number): Promise<KeySet> {
    started = age;
    try {
      const set = await load(held?.set);
      held = { set, at: age };
      failed = undefined;
      return set;
    } catch (error) {
      failed = { error, at: readAge() };
      throw error;
    }
  }

  function setYoungerThan(limit: number, age: number): KeySet | undefined {
    return held !== undefined && age - held.at < limit ? held.set : undefined;
  }

  /** Throws the error of the last fetch, where it has not been long enough to try again. */
  function throwRecent(age: number, span: number, since: number): void {
    if (pending === undefined && failed !== undefined && age - since < span) throw failed.error;
  }

  return {
    fresh: (age) => setYoungerThan(maxAge, age),
    async current(age) {
      const set = setYoungerThan(maxAge, age);
      if (set !== undefined) return set;
      try {
        throwRecent(age, PAUSE, failed?.at ?? 0);
        return await refresh(age);
      } catch (error) {
        const old = setYoungerThan(maxAge + maxStale, readAge());
        if (old === undefined) throw error;
        return old;
      }
    },
    async newer(age) {
      throwRecent(age, Math.max(cooldown, PAUSE), started);
      if (pending === undefined && age - started < cooldown) return undefined;
      return refresh(age);
    },
  };
}
