// The replay store in the memory of this process (RFC 9449 section 11.1): a key, its expiry, the time and
// the thumbprint of the proof key enter; new, seen or full leaves.
//
// Entries stand in one table (slots.ts) and name the slice of time, a whole second, in which they
// expire (slices.ts). So a look-up probes one place, however many slices there are. When a second
// passes, its slice leaves the count at once and exactly; later additions free its slots bit by bit.
// One table for each slice would have to be probed slice by slice, since a key that comes again may
// have another expiry.
import {
  functionMember,
  integerArgument,
  isBytes,
  membersArgument,
  objectArgument,
  stringArgument,
  timeArgument,
} from "../input/argument.js";
import { halfSipHash, type SipKey } from "./siphash.js";
import type { Backend } from "../jose/alg.js";
import {
  addShare,
  bytesOfShares,
  clearShares,
  createKeyShares,
  dropShares,
  hasSpareRows,
  isCounted,
  isShareFull,
  type KeyShares,
  PLACE_WORDS,
  placesOf,
  settleAllShares,
  settleShares,
  shrinkShares,
  surveyShares,
} from "./key-share.js";
import type { ReplayAnswer, SyncReplayStore } from "./replay.js";
import {
  countIn,
  createTimeSlices,
  dropSlices,
  forgetSlices,
  sliceOf,
  type TimeSlices,
} from "./slices.js";
import {
  bytesOf,
  clearTable,
  createSlotTable,
  hasMuchRoom,
  putEntry,
  searchEntry,
  shrinkNext,
} from "./slots.js";

/** A replay store in the memory of this process. */
export interface MemoryReplayStore extends SyncReplayStore {
  /** Returns what the store held at the last `add`, for metrics. */
  usage(): ReplayUsage;
}

/** What a memory store holds. */
export interface ReplayUsage {
  /** Live entries. */
  readonly entries: number;
  /** The memory of the entries, in bytes. */
  readonly bytes: number;
  /** The part of `maxEntries` that is taken, from 0 to 1. */
  readonly fill: number;
}

/** Options of createMemoryReplayStore. */
export interface MemoryReplayStoreOptions {
  /** Most live entries, 1 to 16,777,216. Default 1,000,000. */
  readonly maxEntries?: number | undefined;
  /** Most live entries of one key, 1 to `maxEntries`. Default a quarter of `maxEntries`, rounded up. */
  readonly maxEntriesPerKey?: number | undefined;
  /**
   * Gives the random bytes that key the hash, so that a sender who chooses `jti` can't choose where its
   * entries stand. They are drawn by the first `add`, for hosts that have no randomness while modules
   * load. Default Math.random, which every engine has: a guess of the keys accepts nothing.
   */
  readonly backend?: Pick<Backend, "randomBytes"> | undefined;
}

const MOST_ENTRIES = 16_777_216;

// The table holds 64 bits of a keyed hash of each entry (HalfSipHash-1-3). A new proof is "seen", and so
// refused, where all of them are those of a live entry: with the hash as a random function, a chance of
// size / 2^64. At a million entries that is 5.4e-14 a proof, or one in 58 years at 10,000 proofs a second.

/**
 * Makes a replay store in the memory of this process: right for one instance, blind to every other one.
 *
 * It never evicts a live entry. With `maxEntries` of them it is full, and proofs are refused until some
 * expire; its answer says when the first entry expires whose room is missing. A server needs about
 * (proofs a second) × (maxAge + 2 × clockTolerance + 2) entries, or with createNonceIssuer (proofs a
 * second) × (lifetime + 2 × rotationInterval + clockTolerance + 2). The store is also full where its
 * entries would expire at more than 262,144 different seconds, which is three days.
 *
 * One key can't take it all: `maxEntriesPerKey` bounds the live entries of one thumbprint, and the store
 * is full for that key only. With the defaults, one key may send 2,717 proofs a
 * second. A bound below 16,384 is exact for up to 4,096 live entries; a larger one is judged by a sample.
 *
 * A stranger with many keys can still fill it. At a protected resource, each of these keys needs an
 * access token. At a token endpoint, authenticate the client first and give `grant` as a function, which
 * is asked before an entry is made: then a stranger needs both.
 *
 * A `now` far ahead makes the store forget what would have expired by then. Where the clock goes back
 * afterwards, it is full for proofs of that time, since it can't know them any more.
 *
 * @param options bounds of the store, and what gives the random keys of its hash.
 * @returns a store for the option `replay` of a verifier. It never returns "new" for a live entry.
 * @throws a TypeError or RangeError for a bad option; `add` throws one for a bad argument.
 * @example
 * ```ts
 * import { createMemoryReplayStore } from "dpop-core/core";
 *
 * const replay = createMemoryReplayStore({ maxEntries: 100_000 });
 * console.log(replay.usage().fill); // 0
 * ```
 * @see RFC 9449 section 11.1
 */
export function createMemoryReplayStore(options: MemoryReplayStoreOptions = {}): MemoryReplayStore {
  const { maxEntries, maxEntriesPerKey, backend } = readOptions(options);
  const table = createSlotTable();
  const slices = createTimeSlices();
  const shares = createKeyShares(maxEntriesPerKey, maxEntries);
  const hash = new Int32Array(2);
  let random: RandomWords | undefined;
  let swept = 0; // the second for which expired entries were dropped last

  function sweep(second: number): void {
    if (second === swept) return;
    swept = second;
    for (const slice of dropSlices(slices, second)) dropShares(shares, slice);
    if (slices.live > 0 || table.slots === 0) return;
    clearTable(table);
    forgetSlices(slices);
    clearShares(shares);
  }

  /** Returns the answer where there is no room for such an entry of a key; else null. */
  function noRoom(expiresAt: number, now: number, share: number): ReplayAnswer | null {
    if (expiresAt <= slices.dropped) return fullFor(slices.dropped + 1 - expiresAt);
    if (slices.live >= maxEntries) return fullFor(slices.earliest - now);
    const room = roomFrom(shares, share, slices);
    return room === 0 ? null : fullFor(room - now);
  }

  return Object.freeze({
    usage(): ReplayUsage {
      const bytes = bytesOf(table) + bytesOfShares(shares);
      return { entries: slices.live, bytes, fill: slices.live / maxEntries };
    },
    add(key: string, expiresAt: number, now: number, jkt: string): ReplayAnswer {
      // A guard is called only where it will throw, which saves 7 % of an addition (bench replay).
      if (typeof key !== "string") stringArgument(key, "key");
      if (!Number.isSafeInteger(expiresAt) || expiresAt < 0) secondArgument(expiresAt, "expiresAt");
      const second = Math.floor(timeArgument(now, "now"));
      if (typeof jkt !== "string") stringArgument(jkt, "jkt");
      sweep(second);
      if (hasMuchRoom(table, slices.live)) shrinkNext(table, slices);
      if (shares.due.length > 0) settleShares(shares);
      else if (hasSpareRows(shares)) shrinkShares(shares);
      random ??= randomWords(backend);
      halfSipHash(key, random.entries, hash);
      const high = hash[0] ?? 0;
      const low = hash[1] ?? 0;
      const counted = isCounted(shares, low);
      // The key matters only where its entry is counted, or where some key may have a whole share.
      const share = counted || shares.crowded > 0 ? placesOf(jkt, random.shares) : 0;
      // Read before the search, so that a processor fetches counters and slots together.
      const isFull = isShareFull(shares, share);
      const place = searchEntry(table, high, low, slices);
      if (place < 0) return "seen";
      if (isFull || slices.live >= maxEntries || expiresAt <= slices.dropped) {
        const full = noRoom(expiresAt, now, share);
        if (full !== null) return full;
      }
      const slice = sliceOf(slices, expiresAt);
      if (slice === 0) return fullFor(slices.earliest - now);
      if (counted) addShare(shares, share, slice);
      putEntry(table, high, low, slice, place, slices);
      countIn(slices, slice);
      return "new";
    },
  });
}

function readOptions(options: MemoryReplayStoreOptions): {
  readonly maxEntries: number;
  readonly maxEntriesPerKey: number;
  readonly backend: Pick<Backend, "randomBytes"> | undefined;
} {
  const given = membersArgument(options, "options", ["maxEntries", "maxEntriesPerKey", "backend"]);
  const { backend } = given;
  const maxEntries =
    given.maxEntries === undefined
      ? 1_000_000
      : integerArgument(given.maxEntries, "maxEntries", "entries", 1, MOST_ENTRIES);
  const maxEntriesPerKey =
    given.maxEntriesPerKey === undefined
      ? Math.ceil(maxEntries / 4)
      : integerArgument(given.maxEntriesPerKey, "maxEntriesPerKey", "entries", 1, maxEntries);
  if (backend !== undefined) {
    functionMember(objectArgument(backend, "backend"), "randomBytes", "backend");
  }
  return { maxEntries, maxEntriesPerKey, backend };
}

function secondArgument(value: unknown, name: string): number {
  return integerArgument(value, name, "seconds since the epoch", 0, Number.MAX_SAFE_INTEGER);
}

function fullFor(seconds: number): ReplayAnswer {
  return { full: true, retryAfter: Math.max(1, Math.ceil(seconds)) };
}

/**
 * Returns 0 where a key may have one more entry, else the second in which its first entry expires, as
 * far as that is known. The counters are read first: they never count too few.
 */
function roomFrom(shares: KeyShares, share: number, slices: TimeSlices): number {
  settleAllShares(shares);
  if (!isShareFull(shares, share)) return 0;
  const { complete, found, first } = surveyShares(shares, share, slices.numbers);
  if (complete && found < shares.most) return 0;
  return found > 0 ? first : slices.earliest;
}

/** The keys of the hashes of entries and of thumbprints. */
interface RandomWords {
  readonly entries: SipKey;
  readonly shares: Int32Array;
}

function randomWords(backend: Pick<Backend, "randomBytes"> | undefined): RandomWords {
  const words = new Int32Array(2 + PLACE_WORDS);
  if (backend === undefined) {
    for (let at = 0; at < words.length; at++) words[at] = (Math.random() * 2 ** 32) | 0;
  } else {
    const bytes: unknown = backend.randomBytes(4 * words.length);
    if (!isBytes(bytes) || bytes.length !== 4 * words.length) {
      throw new TypeError(
        `backend.randomBytes must return a Uint8Array of the ${4 * words.length} bytes asked for`,
      );
    }
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    for (let at = 0; at < words.length; at++) words[at] = view.getInt32(4 * at);
  }
  return { entries: { k0: words[0] ?? 0, k1: words[1] ?? 0 }, shares: words.slice(2) };
}
