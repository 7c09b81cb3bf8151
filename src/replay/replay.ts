// Replay (RFC 9449 section 11.1): what a store offers that remembers used proofs for as long as they could
// be accepted again, and the key and expiry of its entries.
import { encodeUtf8 } from "../bytes/utf8.js";
import { type Hasher, sha256Base64url } from "../jose/hash.js";

/**
 * What a replay store returns. `new`: the entry is recorded, and was not live before. `seen`: a replay.
 * `full`, or a ReplayFull: not recorded, since there is no room.
 */
export type ReplayAnswer = "new" | "seen" | "full" | ReplayFull;

/** There is no room, and it is known when some is expected. */
export interface ReplayFull {
  readonly full: true;
  /** The value of `Retry-After`: whole seconds, at least 1. For the answer "full" it is 1. */
  readonly retryAfter: number;
}

/** Remembers which proofs were used, and returns at once. */
export interface SyncReplayStore {
  /**
   * Records `key` (43 characters) until `expiresAt` and returns "new", only to the first caller while the
   * entry is live. This is one atomic step, not a look-up followed by an insertion. It must never evict a
   * live entry to make room.
   *
   * `expiresAt` is a whole number of seconds since the epoch. `now` is in seconds: the time of the request
   * plus the wait since then. `jkt` is the thumbprint of the proof key (43 characters), for a store that
   * bounds the share of each key; `key` is already bound to it. What this throws propagates to the caller
   * of the verifier, and nothing is granted.
   */
  add(key: string, expiresAt: number, now: number, jkt: string): ReplayAnswer;
}

/** A SyncReplayStore, or one that returns promises. */
export interface ReplayStore {
  /** Does what `add` of SyncReplayStore does; may return a promise. */
  add(
    key: string,
    expiresAt: number,
    now: number,
    jkt: string,
  ): ReplayAnswer | Promise<ReplayAnswer>;
}

/**
 * Returns the key of a proof in a store: SHA-256 over (jkt, 0x00, jti), in base64url. Its length is fixed,
 * so that a long jti costs a store nothing. It is bound to the proof key, so that a stranger can't use up
 * the jti of another client.
 */
export function replayKey(jkt: string, jti: string, hasher: Hasher): string {
  const bytes = encodeUtf8(`${jkt}\0${jti}`);
  if (bytes === null) throw new TypeError("jti must be well-formed"); // claims.ts refused any other
  return sha256Base64url(bytes, hasher);
}

/**
 * Returns when an entry may be forgotten, in whole seconds since the epoch: after the last second in which
 * the proof could be accepted, plus the difference that the clocks of two of our own instances may have.
 */
export function replayExpiry(lastAccepted: number, clockTolerance: number): number {
  return Math.ceil(lastAccepted + clockTolerance) + 1;
}
