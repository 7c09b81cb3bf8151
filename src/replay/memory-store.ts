// The replay store in this process's memory (RFC 9449 section 11.1): a key, its expiry, the time and
// the thumbprint of the proof key enter; new, seen or full leaves.
//
// Entries stand in one table (slots.ts) and name the slice of time, a whole second, in which they
// expire; how many entries a slice has is counted here. So a look-up probes one place however many
// slices there are, an expiry may lie as far ahead as it likes, and a second that passes takes its
// slice out of the count at once, exactly, while its slots are freed bit by bit by later additions.
// A table for each slice would have to be probed for each slice: a key that comes again may come
// with another expiry.
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
  bytesOf,
  clearTable,
  createSlotTable,
  hasMuchRoom,
  putEntry,
  searchEntry,
  shrinkNext,
  type Slices,
} from "./slots.js";

/** What createMemoryReplayStore makes. */
export interface MemoryReplayStore extends SyncReplayStore {
  /** What it holds as of the last `add`, for metrics. */
  usage(): ReplayUsage;
}

export interface ReplayUsage {
  /** Live entries. */
  readonly entries: number;
  /** The memory of the entries, in bytes. */
  readonly bytes: number;
  /** The part of `maxEntries` that is taken, from 0 to 1. */
  readonly fill: number;
}

export interface MemoryReplayStoreOptions {
  /** Live entries at most: 1 to 16,777,216. Default: 1,000,000. */
  readonly maxEntries?: number | undefined;
  /** Live entries of one key at most: 1 to `maxEntries`. Default: a quarter of it, rounded up. */
  readonly maxEntriesPerKey?: number | undefined;
  /** Gives the random bytes that key the hash. Default: Math.random. */
  readonly backend?: Pick<Backend, "randomBytes"> | undefined;
}

const MOST_ENTRIES = 16_777_216;

/** Bounds what passing a second costs, and the memory of the slices. */
const MOST_SLICES = 262_144;

/**
 * A replay store in this process's memory: right for one instance, blind to every other one. It
 * never evicts a live entry: with `maxEntries` of them (default 1,000,000, at most 16,777,216) it
 * answers that it is full, and proofs are refused until some expire. Needed are about (proofs a
 * second) × (maxAge + 2 × clockTolerance + 2); with createNonceIssuer, (proofs a second) × (life +
 * 2 × step + clockTolerance + 2). It is also full where its entries would expire at more than
 * 262,144 different seconds, three days of them. An answer that it is full says when the first entry
 * expires whose room is missing.
 *
 * One key can't take it all: of one thumbprint it holds `maxEntriesPerKey` live entries at most
 * (default a quarter of `maxEntries`, rounded up), and is full for that key alone. That allows one
 * key maxEntriesPerKey / (maxAge + 2 × clockTolerance + 2) proofs a second: 2,717 by default, so that
 * one busy service may have one key. A limit below 16,384 is exact for up to 4,096 live entries; with
 * more, a key can be told that it is full some entries early, by about 40 + size / 16,384 as a rule. So
 * a limit that is not well above that (200 for a million entries) also refuses keys that have none. A
 * limit from 16,384 on is judged by a random sample of 8,192 entries or more, which meets it to within
 * 4 percent. Thumbprints are told apart by their first 16 characters, 96 bits of a SHA-256.
 *
 * Whoever has many keys still can fill it. At a protected resource each of these needs an access
 * token. At a token endpoint anybody can make proofs: authenticate the client first, and give
 * `grant` as a function that looks the code or token up, which is asked before an entry is made. So a
 * stranger has to have both.
 *
 * A `now` far ahead makes it forget what would have expired by then. It can't vouch for such proofs
 * any more, and is full for them where the clock goes back.
 *
 * It holds no keys but 64 bits of a keyed hash (with the rounds of HalfSipHash-1-3) of each, at 12
 * bytes a slot, and up to 4 bytes for its thumbprint where the limit of one key is below 16,384: for each
 * live entry 15 to 26 bytes from 100,000 on by default, up to 36 at 10,000, up to 44 at 1,000, and under
 * 48 KiB in all for fewer. After fewer come than expire it can be more for a while: it gives memory back
 * as `add` goes on. Of a live entry it never says "new".
 * A new key is "seen", and its good proof refused, where all 64 bits are those of a live one. Taking
 * the hash for a random function, that is a chance of size / 2^64: at a million entries 5.4e-14 for
 * each proof, or one in 58 years at 10,000 proofs a second.
 *
 * The keys of the hash are random and the instance's own, so that who chooses jti can't choose where
 * its entries stand and make them lie in each other's way, and who makes keys can't make them count
 * as somebody else's. They are taken from `backend.randomBytes` where there is a `backend`, else from
 * Math.random, which every engine has: a guess of them accepts nothing. They are drawn by the first
 * `add`, for hosts that have no randomness while modules load.
 *
 * Throws a TypeError or RangeError for a bad option; `add` does for a bad argument.
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
    dropSlices(slices, second, shares);
    if (slices.live > 0 || table.slots === 0) return;
    clearTable(table);
    forgetNumbers(slices);
    clearShares(shares);
  }

  /** The answer where there is no room for an entry that expires then, of a key; else null. */
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
      // Each guard is only called where it has something to say: 7 % of an addition (bench/replay).
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
      // Whose entry it is only matters where it is counted, and where somebody may have a whole share.
      const share = counted || shares.crowded > 0 ? placesOf(jkt, random.shares) : 0;
      // Asked for before the search, so that a processor fetches counters and slots at once.
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
 * 0 where a key may have one more entry, else when the first of its own expires, as far as that is
 * known. The counters are looked at first; they never have too little, so that nobody has too much.
 */
function roomFrom(shares: KeyShares, share: number, slices: TimeSlices): number {
  settleAllShares(shares);
  if (!isShareFull(shares, share)) return 0;
  const { complete, found, first } = surveyShares(shares, share, slices.numbers);
  if (complete && found < shares.most) return 0;
  return found > 0 ? first : slices.earliest;
}

/** What the hashes of entries and of thumbprints are keyed with. */
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

/** The seconds at which entries expire, numbered from 1, with the counts of their entries. */
interface TimeSlices extends Slices {
  /** When each of them expires. */
  readonly expiries: number[];
  /** The number of each second, of those that were not dropped. */
  readonly numbers: Map<number, number>;
  /** Entries that were not dropped. */
  live: number;
  /** Up to this second they were dropped. */
  dropped: number;
  /** No second in `numbers` is before this one. */
  earliest: number;
  /** The number that was asked for last. */
  last: number;
}

function createTimeSlices(): TimeSlices {
  return {
    expiries: [0],
    lives: [0],
    counts: [-1],
    spare: [],
    dropped: 0,
    numbers: new Map(),
    live: 0,
    earliest: Infinity,
    last: 0,
  };
}

/** The number of a second that is later than what was dropped; 0 where there are too many. */
function sliceOf(slices: TimeSlices, expiresAt: number): number {
  const { expiries, lives, counts, spare, numbers, last } = slices;
  if (expiries[last] === expiresAt) return last; // it was not dropped: expiresAt is later
  const known = numbers.get(expiresAt);
  if (known !== undefined) return (slices.last = known);
  if (numbers.size >= MOST_SLICES) return 0;
  const slice = spare.pop() ?? expiries.length;
  numbers.set(expiresAt, slice);
  expiries[slice] = expiresAt;
  lives[slice] = 1;
  counts[slice] = 0;
  slices.earliest = Math.min(slices.earliest, expiresAt);
  return (slices.last = slice);
}

function countIn(slices: TimeSlices, slice: number): void {
  slices.counts[slice] = (slices.counts[slice] ?? 0) + 1;
  slices.live++;
}

/** Drops the slices up to a second; their entries are taken out of the table later. */
function dropSlices(slices: TimeSlices, second: number, shares: KeyShares): void {
  if (second < slices.earliest) return;
  let earliest = Infinity;
  for (const [expiry, slice] of slices.numbers) {
    if (expiry > second) {
      earliest = Math.min(earliest, expiry);
      continue;
    }
    slices.numbers.delete(expiry);
    slices.lives[slice] = 0;
    dropShares(shares, slice);
    slices.live -= slices.counts[slice] ?? 0;
    slices.dropped = Math.max(slices.dropped, expiry);
  }
  slices.earliest = earliest;
}

/** For a table that is empty. */
function forgetNumbers(slices: TimeSlices): void {
  slices.expiries.length = 1;
  slices.lives.length = 1;
  slices.counts.length = 1;
  slices.spare.length = 0;
  slices.last = 0;
}
