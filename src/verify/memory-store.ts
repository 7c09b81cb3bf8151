// The replay store in this process's memory (RFC 9449 section 11.1): a key, its expiry and the time
// enter, one of three words leaves.
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
} from "../bytes/argument.js";
import { halfSipHash, type SipKey } from "../bytes/siphash.js";
import type { Backend } from "../jose/alg.js";
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
  /** How many entries are held now. */
  readonly size: number;
  /** The memory of the entries, in bytes. */
  readonly bytes: number;
}

const MOST_ENTRIES = 16_777_216;

/** Bounds what passing a second costs, and the memory of the slices. */
const MOST_SLICES = 262_144;

/**
 * A replay store in this process's memory: right for one instance, blind to every other one. It
 * never evicts a live entry: with `maxEntries` of them (default 1,000,000, at most 16,777,216) it
 * answers "full", and proofs are refused until some expire. Needed are about (proofs a second) ×
 * (maxAge + 2 × clockTolerance + 2); with createNonceIssuer, (proofs a second) × (life + 2 × step +
 * clockTolerance + 2). It also answers "full" where its entries would expire at more than 262,144
 * different seconds, three days of them.
 *
 * A `now` far ahead makes it forget what would have expired by then. It can't vouch for such proofs
 * any more, and answers "full" for them where the clock goes back.
 *
 * It holds no keys but 64 bits of a keyed hash (with the rounds of HalfSipHash-1-3) of each, at 12
 * bytes a slot: for each live entry 15 to 26 bytes from 100,000 on, up to 32 at 10,000, up to 40 at
 * 1,000, and under 48 KiB in all for fewer. After fewer come than expire it can be more for a while: it
 * gives memory back as `add` goes on. Of a live entry it never says "new". A new key is "seen", and
 * its good proof refused, where all 64 bits are those of a live one. Taking the hash for a random
 * function, that is a chance of size / 2^64: at a million entries 5.4e-14 for each proof, or one in
 * 58 years at 10,000 proofs a second.
 *
 * The key of the hash is random and the instance's own, so that who chooses jti can't choose where
 * its entries stand and make them lie in each other's way. It is taken from `backend.randomBytes`
 * where there is a `backend`, else from Math.random, which every engine has: a guess of it makes
 * look-ups slower and reveals or accepts nothing. It is drawn by the first `add`, for hosts that
 * have no randomness while modules load.
 *
 * Throws a TypeError or RangeError for a bad option; `add` does for a bad argument.
 */
export function createMemoryReplayStore(
  options: {
    readonly maxEntries?: number | undefined;
    readonly backend?: Pick<Backend, "randomBytes"> | undefined;
  } = {},
): MemoryReplayStore {
  const given = membersArgument(options, "options", ["maxEntries", "backend"]);
  const maxEntries =
    given.maxEntries === undefined
      ? 1_000_000
      : integerArgument(given.maxEntries, "maxEntries", "entries", 1, MOST_ENTRIES);
  const { backend } = given;
  if (backend !== undefined) {
    functionMember(objectArgument(backend, "backend"), "randomBytes", "backend");
  }
  const table = createSlotTable();
  const slices = createTimeSlices();
  const hash = new Int32Array(2);
  let sipKey: SipKey | undefined;
  let swept = 0; // the second for which expired entries were dropped last

  function sweep(second: number): void {
    if (second === swept) return;
    swept = second;
    dropSlices(slices, second);
    if (slices.live > 0 || table.slots === 0) return;
    clearTable(table);
    forgetNumbers(slices);
  }

  return Object.freeze({
    get size(): number {
      return slices.live;
    },
    get bytes(): number {
      return bytesOf(table);
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
      if (hasMuchRoom(table, slices.live)) shrinkNext(table, slices);
      halfSipHash(key, (sipKey ??= randomKey(backend)), hash);
      const high = hash[0] ?? 0;
      const low = hash[1] ?? 0;
      const place = searchEntry(table, high, low, slices);
      if (place < 0) return "seen";
      if (expiresAt <= slices.dropped || slices.live >= maxEntries) return "full";
      const slice = sliceOf(slices, expiresAt);
      if (slice === 0) return "full";
      putEntry(table, high, low, slice, place, slices);
      countIn(slices, slice);
      return "new";
    },
  });
}

function randomKey(backend: Pick<Backend, "randomBytes"> | undefined): SipKey {
  if (backend === undefined) return { k0: randomWord(), k1: randomWord() };
  const bytes: unknown = backend.randomBytes(8);
  if (!isBytes(bytes) || bytes.length !== 8) {
    throw new TypeError("backend.randomBytes must return a Uint8Array of the 8 bytes asked for");
  }
  const words = new DataView(bytes.buffer, bytes.byteOffset, 8);
  return { k0: words.getInt32(0), k1: words.getInt32(4) };
}

function randomWord(): number {
  return (Math.random() * 2 ** 32) | 0;
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
function dropSlices(slices: TimeSlices, second: number): void {
  if (second < slices.earliest) return;
  let earliest = Infinity;
  for (const [expiry, slice] of slices.numbers) {
    if (expiry > second) {
      earliest = Math.min(earliest, expiry);
      continue;
    }
    slices.numbers.delete(expiry);
    slices.lives[slice] = 0;
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
