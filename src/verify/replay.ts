// Replay (RFC 9449 section 11.1): remembers which proofs were used, for as long as they could be
// accepted again.
import {
  integerArgument,
  membersArgument,
  stringArgument,
  timeArgument,
} from "../bytes/argument.js";
import { encodeUtf8 } from "../bytes/utf8.js";
import { type Hasher, sha256Base64url } from "../jose/hash.js";

/**
 * `new`: recorded, and never seen while live. `seen`: a replay. `full`: not recorded for want of
 * room.
 */
export type ReplayAnswer = "new" | "seen" | "full";

export interface SyncReplayStore {
  /**
   * Records `key` (43 characters) until `expiresAt` and answers "new", only to the first caller
   * while an entry is live: one atomic step, no look-up followed by an insertion. `expiresAt` is a
   * whole number of seconds since the epoch; `now` are seconds, the time of the request plus what
   * was waited for since. A live entry must never be evicted
   * to make room. What it throws comes through to the caller of the verifier, and nothing is
   * granted.
   */
  add(key: string, expiresAt: number, now: number): ReplayAnswer;
}

export interface ReplayStore {
  /** As in SyncReplayStore; may answer later. */
  add(key: string, expiresAt: number, now: number): ReplayAnswer | Promise<ReplayAnswer>;
}

/**
 * The key of a proof: SHA-256 over (jkt, 0x00, jti), in base64url. Of fixed length, so that a long
 * jti costs a store nothing; bound to the proof key, so that nobody can use up another client's
 * jti.
 */
export function replayKey(jkt: string, jti: string, hasher: Hasher): string {
  const bytes = encodeUtf8(`${jkt}\0${jti}`);
  if (bytes === null) throw new TypeError("jti must be well-formed"); // claims.ts lets no other through
  return sha256Base64url(bytes, hasher);
}

/**
 * When an entry may be forgotten, in whole seconds: after the last second in which the proof could
 * be accepted, plus what the clocks of two of our own instances may differ.
 */
export function replayExpiry(lastAccepted: number, clockTolerance: number): number {
  return Math.ceil(lastAccepted + clockTolerance) + 1;
}

/** What createMemoryReplayStore makes. */
export interface MemoryReplayStore extends SyncReplayStore {
  /** How many entries are held now. */
  readonly size: number;
}

/** A Set of V8 counts deleted entries too: filled further, it can throw although there is room. */
const MOST_ENTRIES = 8_388_608;

/**
 * A replay store in this process's memory: right for one instance, blind to every other one. It
 * never evicts a live entry: with `maxEntries` of them (default 1,000,000, at most 8,388,608) it
 * answers "full", and proofs are refused until some expire. Needed are about (proofs a second) ×
 * (maxAge + 2 × clockTolerance + 2); with createNonceIssuer, (proofs a second) × (life + 2 × step +
 * clockTolerance + 2).
 *
 * A `now` far ahead makes it forget what would have expired by then. It can't vouch for such proofs
 * any more, and answers "full" for them where the clock goes back.
 *
 * Throws a TypeError or RangeError for a bad option; `add` does for a bad argument.
 */
export function createMemoryReplayStore(
  options: { readonly maxEntries?: number | undefined } = {},
): MemoryReplayStore {
  const { maxEntries: given } = membersArgument(options, "options", ["maxEntries"]);
  const maxEntries =
    given === undefined
      ? 1_000_000
      : integerArgument(given, "maxEntries", "entries", 1, MOST_ENTRIES);
  const live = new Set<string>();
  const expiring = new Map<number, string[]>(); // second of expiry → the keys that expire then
  let swept = 0; // the second for which expired entries were dropped last
  let dropped = 0; // the latest expiry of a dropped entry

  function sweep(second: number): void {
    if (second === swept) return;
    swept = second;
    for (const [expiry, keys] of expiring) {
      if (expiry > second) continue;
      for (const key of keys) live.delete(key);
      expiring.delete(expiry);
      dropped = Math.max(dropped, expiry);
    }
  }

  return Object.freeze({
    get size(): number {
      return live.size;
    },
    add(key: string, expiresAt: number, now: number): ReplayAnswer {
      stringArgument(key, "key");
      integerArgument(
        expiresAt,
        "expiresAt",
        "seconds since the epoch",
        0,
        Number.MAX_SAFE_INTEGER,
      );
      sweep(Math.floor(timeArgument(now, "now")));
      if (live.has(key)) return "seen";
      if (expiresAt <= dropped || live.size >= maxEntries) return "full";
      live.add(key);
      const keys = expiring.get(expiresAt);
      if (keys === undefined) expiring.set(expiresAt, [key]);
      else keys.push(key);
      return "new";
    },
  });
}
