// Remembered tokens: the hash of an access token that was found good, to what is known of it, for a bounded
// time and in bounded room.
import { integerArgument, membersArgument, numberArgument } from "../input/argument.js";
import { DAY } from "../input/clock.js";

/** Bounds of what is remembered of good tokens. Bad ones are never remembered. */
export interface TokenMemoryOptions {
  /**
   * How long a token is not checked again, in seconds; never past its `exp`. A token that is revoked may be
   * taken for so much longer. Default 60.
   */
  readonly maxTokenAge?: number | undefined;
  /** Most tokens. Default 10,000. */
  readonly maxTokens?: number | undefined;
  /** Most bytes, an estimate. Default 8 MiB. */
  readonly maxBytes?: number | undefined;
}

/** TokenMemoryOptions with every bound set. */
export type TokenMemoryBounds = { readonly [B in keyof TokenMemoryOptions]-?: number };

/** Tokens by their hash. What was used last is displaced last. */
export interface TokenMemory<V> {
  /** Returns what is remembered; undefined after its time. */
  find(hash: string, age: number): V | undefined;
  /** Remembers a token that was found good at `age`. `length` is that of its text, in characters. */
  add(hash: string, value: V, age: number, length: number): void;
  remove(hash: string): void;
}

/** Returns the bounds; undefined for "none". Throws a TypeError or RangeError that names the bound. */
export function readMemoryBounds(
  options: TokenMemoryOptions | "none" | undefined,
): TokenMemoryBounds | undefined {
  if (options === "none") return undefined;
  const {
    maxTokenAge = 60,
    maxTokens = 10_000,
    maxBytes = 8 * 1_048_576,
  } = membersArgument(options ?? {}, "memory", ["maxTokenAge", "maxTokens", "maxBytes"]);
  return {
    maxTokenAge: numberArgument(maxTokenAge, "memory.maxTokenAge", "seconds", 0, DAY),
    maxTokens: integerArgument(maxTokens, "memory.maxTokens", "tokens", 1, 8_388_608),
    maxBytes: integerArgument(maxBytes, "memory.maxBytes", "bytes", 1, Number.MAX_SAFE_INTEGER),
  };
}

interface Remembered<V> {
  readonly value: V;
  readonly until: number;
  readonly bytes: number;
}

/** Makes an empty memory. Its ages are those of one clock that never goes back (forwardClock). */
export function createTokenMemory<V>(bounds: TokenMemoryBounds): TokenMemory<V> {
  const { maxTokenAge, maxTokens, maxBytes } = bounds;
  const tokens = new Map<string, Remembered<V>>(); // in the order of their last use
  let bytes = 0;

  function remove(hash: string): void {
    bytes -= tokens.get(hash)?.bytes ?? 0;
    tokens.delete(hash);
  }

  return {
    remove,
    find(hash, age) {
      const known = tokens.get(hash);
      if (known === undefined) return undefined;
      if (age >= known.until) {
        remove(hash);
        return undefined;
      }
      tokens.delete(hash);
      tokens.set(hash, known);
      return known.value;
    },
    add(hash, value, age, length) {
      remove(hash); // two calls at once may both have checked it
      const entry = { value, until: age + maxTokenAge, bytes: ENTRY_BYTES + UNIT_BYTES * length };
      if (entry.bytes > maxBytes) return;
      tokens.set(hash, entry);
      bytes += entry.bytes;
      for (const oldest of tokens.keys()) {
        if (tokens.size <= maxTokens && bytes <= maxBytes) return;
        remove(oldest);
      }
    },
  };
}

/** Bytes of an entry without its claims: the hash, the objects, and their place in the map. */
const ENTRY_BYTES = 1024;

/** Bytes of parsed claims for each character of their token: twice what was measured of usual claims. */
const UNIT_BYTES = 2;

/**
 * Makes a clock that never goes back: it sums up the steps ahead of the times that it is given. So a clock
 * that is set back can't make anything last longer.
 */
export function forwardClock(): (now: number) => number {
  let last = Infinity; // nothing before the first
  let sum = 0;
  return (now) => {
    if (now > last) sum += now - last;
    last = now;
    return sum;
  };
}
