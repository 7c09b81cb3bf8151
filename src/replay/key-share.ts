// The share of each key in the memory replay store: thumbprints and the slices of time in which their
// entries expire enter; whether a key may have one more entry leaves.
//
// A count for each key would be as large as the table of entries. So live entries are counted in two rows
// of counters, in each at a place that a keyed hash of the thumbprint gives. The smaller of the two
// counters is what the key has, or more if other keys share both places. Each slice keeps the two places
// of its entries. So they are subtracted exactly when the slice is dropped: some thousands at a time, and
// all that is due before a key is refused.
//
// Where a key may have very many entries, only a random sample of them is counted. That costs a fraction,
// and a sample of thousands still tells a share to within a few percent.

/** Each half of a key's word has the bits of one place; rows with fewer places use only the lowest bits. */
const PLACE_BITS = 16;
const UPPER_HALF = -(2 ** PLACE_BITS);
/** A processor's cache holds two rows of this size; more places would be more exact, but slower (bench/replay). */
const MOST_PLACES = 2 ** 14;
const LEAST_PLACES = 64;
/**
 * Entries for each place at which the rows grow. Each growth adds four entries of other keys to what a key
 * seems to have, until those expire.
 */
const CROWDED = 8;
/** Places for each entry at which the rows shrink. */
const SPARSE = 4;

/** Bounds of the size of a chunk. Between them it holds as many entries as its slice has, so little is spare. */
const LEAST_CHUNK = 8;
const MOST_CHUNK = 512;

/** Most counters of a row that one addition to the store changes for dropped entries. */
const STEP = 4096;
/** A key whose share is larger than this is refused only when this many of its entries, or more, are counted. */
const LEAST_SAMPLE = 8192;

/** Before a refusal, all counted entries are looked at if they are at most SURVEYED, else SAMPLED of them. */
const SURVEYED = 4096;
const SAMPLED = 1024;

/**
 * Characters of a thumbprint that are hashed: 96 bits of a SHA-256. To make a key that agrees with another
 * one in these is infeasible, and all 43 characters would take three times as long.
 */
const READ = 16;
/** Random words that placesOf needs: two for each two characters, and two more. */
export const PLACE_WORDS: number = READ + 2;

/** Entries of one slice, the newest last. A word holds both places of an entry. */
interface Chunk {
  readonly words: Int32Array;
  used: number;
  /** The places that a row had when the entries were counted. */
  places: number;
  readonly before: Chunk | undefined;
}

/** The counters of all keys of one store. */
export interface KeyShares {
  /** Two rows of counters, one after the other. */
  rows: Int32Array;
  /** Counters of one row. */
  places: number;
  /** The newest chunk of each slice, by its number. */
  readonly chunks: (Chunk | undefined)[];
  /** The newest chunks of slices that were dropped and are still counted. */
  readonly due: Chunk[];
  /** Words of all chunks, including those that are due. */
  chunkWords: number;
  /** Counted entries that were not dropped. */
  live: number;
  /** An entry is counted if these bits of its hash are 0. */
  readonly mask: number;
  /** Most counted entries of a key. */
  readonly most: number;
  /** Places of the first row that count `most` or more. While this is 0, no key has all of its share. */
  crowded: number;
}

/** Makes counters for a store of `maxEntries` in which each key may have `maxEntriesPerKey`. */
export function createKeyShares(maxEntriesPerKey: number, maxEntries: number): KeyShares {
  const isShared = maxEntriesPerKey < maxEntries; // else the store itself is the limit
  let period = 1; // one entry in this many is counted
  while (maxEntriesPerKey >= 2 * period * LEAST_SAMPLE) period *= 2;
  return {
    rows: new Int32Array(0),
    places: 0,
    chunks: [],
    due: [],
    chunkWords: 0,
    live: 0,
    mask: isShared ? period - 1 : -1,
    most: isShared ? Math.ceil(maxEntriesPerKey / period) : Infinity,
    crowded: 0,
  };
}

/** Returns whether an entry is counted, by the low word of its own keyed hash. */
export function isCounted({ mask }: KeyShares, low: number): boolean {
  return (low & mask) === 0;
}

/** Returns whether a key seems to have all of its share. */
export function isShareFull(shares: KeyShares, key: number): boolean {
  return shares.crowded > 0 && shareOf(shares, key) >= shares.most;
}

/**
 * Returns the two places of a thumbprint, in one word. Each is the upper half of a sum of products with
 * random words (the multilinear hash of M. Dietzfelbinger, strongly universal on characters below 128).
 * For a sender who can't see the random words, two keys agree in both places with a chance of 2^-32. No
 * product waits for another one, so it costs less than half of a second HalfSipHash (bench/replay).
 */
export function placesOf(jkt: string, random: Int32Array): number {
  const length = jkt.length < READ ? jkt.length : READ;
  let one = random[READ] ?? 0;
  let other = random[READ + 1] ?? 0;
  for (let at = 0; at < length; at += 2) {
    const pair = jkt.charCodeAt(at) | (jkt.charCodeAt(at + 1) << 8);
    one = (one + Math.imul(random[at] ?? 0, pair)) | 0;
    other = (other + Math.imul(random[at + 1] ?? 0, pair)) | 0;
  }
  return (one >>> PLACE_BITS) | (other & UPPER_HALF);
}

/** Returns the bytes of the typed arrays. */
export function bytesOfShares({ rows, chunkWords }: KeyShares): number {
  return 4 * (rows.length + chunkWords);
}

/** Returns the counted entries of a key, including those of other keys at the same two places. */
export function shareOf({ rows, places }: KeyShares, key: number): number {
  if (places === 0) return 0;
  const mask = places - 1;
  const one = rows[key & mask] ?? 0;
  const other = rows[places + ((key >>> PLACE_BITS) & mask)] ?? 0;
  return one < other ? one : other;
}

/** Counts one more entry of a key, in a slice. */
export function addShare(shares: KeyShares, key: number, slice: number): void {
  if (shares.live >= shares.places * CROWDED && shares.places < MOST_PLACES) grow(shares);
  shares.live++;
  const chunk = chunkWithRoom(shares, slice);
  chunk.words[chunk.used++] = key;
  countIn(shares, key);
}

/** Drops the entries of a slice. They stay in the counters until settleShares subtracts them. */
export function dropShares(shares: KeyShares, slice: number): void {
  const { chunks, due } = shares;
  const newest = chunks[slice];
  if (newest === undefined) return;
  for (let chunk: Chunk | undefined = newest; chunk !== undefined; chunk = chunk.before) {
    shares.live -= chunk.used;
  }
  due.push(newest);
  chunks[slice] = undefined;
}

/** Subtracts some of what is due from the counters: some thousands of entries at most. */
export function settleShares(shares: KeyShares): void {
  const { due } = shares;
  for (let left = STEP; left > 0;) {
    const chunk = due.pop();
    if (chunk === undefined) return;
    left = countOut(shares, chunk, left);
    if (chunk.used > 0) due.push(chunk);
    else {
      shares.chunkWords -= chunk.words.length;
      if (chunk.before !== undefined) due.push(chunk.before);
    }
  }
}

/** Subtracts all that is due from the counters. */
export function settleAllShares(shares: KeyShares): void {
  while (shares.due.length > 0) settleShares(shares);
}

/** Returns whether the rows have far more places than they need. */
export function hasSpareRows({ places, live }: KeyShares): boolean {
  return places > LEAST_PLACES && SPARSE * live < places;
}

/** Makes the rows smaller. Call it only while nothing is due. */
export function shrinkShares(shares: KeyShares): void {
  let places = LEAST_PLACES;
  while (places * CROWDED < 2 * shares.live) places *= 2;
  shares.places = places;
  shares.crowded = 0;
  shares.rows = new Int32Array(2 * places);
  for (const newest of shares.chunks) {
    for (let chunk = newest; chunk !== undefined; chunk = chunk.before) {
      chunk.places = places;
      for (let at = 0; at < chunk.used; at++) countIn(shares, chunk.words[at] ?? 0);
    }
  }
}

/** Resets the counters of a store in which nothing is live. */
export function clearShares(shares: KeyShares): void {
  shares.rows = new Int32Array(0);
  shares.places = 0;
  shares.chunks.length = 0;
  shares.due.length = 0;
  shares.chunkWords = 0;
  shares.live = 0;
  shares.crowded = 0;
}

/** What surveyShares found. */
export interface Survey {
  /** Whether all counted entries were looked at. */
  readonly complete: boolean;
  /** Counted entries of the key, among those that were looked at. */
  readonly found: number;
  /** The second in which the first of them expires; Infinity if `found` is 0. */
  readonly first: number;
}

/**
 * Looks for the entries of a key itself, since the counters give only an upper bound: among all counted
 * entries if these are few, else among some of every slice.
 */
export function surveyShares(
  { chunks, live }: KeyShares,
  key: number,
  slices: ReadonlyMap<number, number>,
): Survey {
  const complete = live <= SURVEYED;
  const each = complete ? SURVEYED : Math.ceil(SAMPLED / slices.size);
  let left = complete ? SURVEYED : SAMPLED;
  let found = 0;
  let first = Infinity;
  for (const [expiry, slice] of slices) {
    let here = Math.min(each, left);
    left -= here;
    for (let chunk = chunks[slice]; chunk !== undefined && here > 0; chunk = chunk.before) {
      for (let at = chunk.used - 1; at >= 0 && here > 0; at--, here--) {
        if (chunk.words[at] !== key) continue;
        found++;
        if (expiry < first) first = expiry;
      }
    }
    left += here;
    if (left <= 0) break;
  }
  return { complete, found, first };
}

/** Doubles the places by copying each counter to two of them, in a time that does not depend on the entries. */
function grow(shares: KeyShares): void {
  const { rows, places } = shares;
  const twice = Math.max(LEAST_PLACES, 2 * places);
  const grown = new Int32Array(2 * twice);
  if (places > 0) {
    for (let at = 0; at < twice; at += places) {
      grown.set(rows.subarray(0, places), at);
      grown.set(rows.subarray(places), twice + at);
    }
  }
  shares.rows = grown;
  shares.places = twice;
  if (places > 0) shares.crowded *= twice / places;
}

/** Returns the newest chunk of a slice if it has room and the same number of places as now, else a new one. */
function chunkWithRoom(shares: KeyShares, slice: number): Chunk {
  const { chunks, places } = shares;
  const before = chunks[slice];
  if (before !== undefined && before.used < before.words.length && before.places === places)
    return before;
  const length = before === undefined ? LEAST_CHUNK : 2 * before.words.length;
  const words = new Int32Array(Math.min(MOST_CHUNK, length));
  const chunk: Chunk = { words, used: 0, places, before };
  shares.chunkWords += words.length;
  chunks[slice] = chunk;
  return chunk;
}

function countIn(shares: KeyShares, key: number): void {
  const { rows, places } = shares;
  const mask = places - 1;
  const one = key & mask;
  const other = places + ((key >>> PLACE_BITS) & mask);
  const count = (rows[one] ?? 0) + 1;
  rows[one] = count;
  rows[other] = (rows[other] ?? 0) + 1;
  if (count === shares.most) shares.crowded++;
}

/**
 * Subtracts entries of a chunk, from its end. Returns how many of the `most` counters may still be changed.
 * An entry that was counted among fewer places is now in several counters of a row.
 */
function countOut(shares: KeyShares, chunk: Chunk, most: number): number {
  const { rows, places } = shares;
  const { words, places: apart } = chunk;
  const mask = apart - 1;
  let left = most;
  let at = chunk.used;
  for (; at > 0 && left > 0; at--) {
    const key = words[at - 1] ?? 0;
    let one = key & mask;
    let other = places + ((key >>> PLACE_BITS) & mask);
    for (; one < places; one += apart, other += apart, left--) {
      const count = rows[one] ?? 0;
      if (count === shares.most) shares.crowded--;
      rows[one] = count - 1;
      rows[other] = (rows[other] ?? 0) - 1;
    }
  }
  chunk.used = at;
  return left;
}
