// Replay (RFC 9449 section 11.1): remembers which proofs were used, for as long as they could be
// accepted again.
import { encodeUtf8 } from "../bytes/utf8.js";
import { type Hasher, sha256Base64url } from "../jose/hash.js";

/**
 * `new`: recorded, and never seen while live. `seen`: a replay. `full`, or a ReplayFull: not recorded
 * for want of room.
 */
export type ReplayAnswer = "new" | "seen" | "full" | ReplayFull;

/** No room, with the time after which some is expected. */
export interface ReplayFull {
  readonly full: true;
  /** Whole seconds, at least 1: the value of `Retry-After`, which is 1 where only "full" is said. */
  readonly retryAfter: number;
}

export interface SyncReplayStore {
  /**
   * Records `key` (43 characters) until `expiresAt` and answers "new", only to the first caller
   * while an entry is live: one atomic step, no look-up followed by an insertion. `expiresAt` is a
   * whole number of seconds since the epoch; `now` are seconds, the time of the request plus what
   * was waited for since. `jkt` is the thumbprint of the proof key (43 characters), for a store that
   * gives no key all its room; `key` is bound to it already. A live entry must never be evicted to
   * make room. What it throws comes through to the caller of the verifier, and nothing is granted.
   */
  add(key: string, expiresAt: number, now: number, jkt: string): ReplayAnswer;
}

export interface ReplayStore {
  /** As in SyncReplayStore; may answer later. */
  add(
    key: string,
    expiresAt: number,
    now: number,
    jkt: string,
  ): ReplayAnswer | Promise<ReplayAnswer>;
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
