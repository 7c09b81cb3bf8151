// Replay (RFC 9449 section 11.1): remembers which proofs were used, for as long as they could be accepted again.
import { integerArgument, optionsArgument } from "../bytes/argument.js";
import { encodeBase64url } from "../bytes/base64url.js";
import { encodeUtf8 } from "../bytes/utf8.js";
import type { Hasher } from "../jose/thumbprint.js";

/** `new`: recorded, and never seen while live. `seen`: a replay. `full`: not recorded for want of room. */
export type ReplayAnswer = "new" | "seen" | "full";

export interface SyncReplayStore {
  /**
   * Records `key` (43 characters) until `expiresAt` and answers "new", only to the first caller while an entry is live:
   * one atomic step, no look-up followed by an insertion. `expiresAt` is a whole number of seconds since the epoch, `now`
   * are seconds. A live entry must never be evicted to make room. What it throws comes through to the caller of the
   * verifier, and nothing is granted.
   */
  add(key: string, expiresAt: number, now: number): ReplayAnswer;
}

export interface ReplayStore {
  /** As in SyncReplayStore; may answer later. */
  add(key: string, expiresAt: number, now: number): ReplayAnswer | Promise<ReplayAnswer>;
}

/**
 * The key of a proof: SHA-256 over (jkt, 0x00, jti), in base64url. Of fixed length, so that a long jti costs a store
 * nothing; bound to the proof key, so that nobody can use up another client's jti.
 */
export function replayKey(jkt: string, jti: string, hasher: Hasher): string {
  const bytes = encodeUtf8(`${jkt}\0${jti}`);
  if (bytes === null) throw new TypeError("jti must be well-formed"); // claims.ts lets no other through
  return encodeBase64url(hasher.sha256(bytes));
}

/**
 * When an entry may be forgotten, in whole seconds: after the last second in which the proof could be accepted, plus what
 * the clocks of two of our own instances may differ.
 */
export function replayExpiry(lastAccepted: number, clockTolerance: number): number {
  return Math.ceil(lastAccepted + clockTolerance) + 1;
}

/** What createMemoryReplayStore makes. */
export interface MemoryReplayStore extends SyncReplayStore {
  /** How many entries are held now. */
  readonly size: number;
}

/**
 * A replay store in this process's memory: right for one instance, blind to every other one. It never evicts a live
 * entry: with `maxEntries` of them (default 1,000,000) it answers "full", and proofs are refused until some expire. Needed
 * are about (proofs a second) × (maxAge + 2 × clockTolerance + 2). Throws a TypeError or RangeError for a bad option.
 */
export function createMemoryReplayStore(
  options: { readonly maxEntries?: number | undefined } = {},
): MemoryReplayStore {
  const given = optionsArgument(options, "options", ["maxEntries"]);
  const maxEntries = integerArgument(
    given["maxEntries"] === undefined ? 1_000_000 : given["maxEntries"],
    "maxEntries",
    "entries",
    1,
    2 ** 24,
  );
  const live = new Set<string>();
  const expiring = new Map<number, string[]>(); // second of expiry → the keys that expire then
  let swept = -Infinity; // the last `now` for which expired entries were dropped

  function sweep(now: number): void {
    if (Math.floor(now) <= swept) return;
    swept = Math.floor(now);
    for (const [second, keys] of expiring) {
      if (second > now) continue;
      for (const key of keys) live.delete(key);
      expiring.delete(second);
    }
  }

  return Object.freeze({
    get size(): number {
      return live.size;
    },
    add(key: string, expiresAt: number, now: number): ReplayAnswer {
      sweep(now);
      if (live.has(key)) return "seen";
      if (live.size >= maxEntries) return "full";
      live.add(key);
      const keys = expiring.get(expiresAt);
      if (keys === undefined) expiring.set(expiresAt, [key]);
      else keys.push(key);
      return "new";
    },
  });
}
