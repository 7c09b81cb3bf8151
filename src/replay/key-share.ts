// How much of the memory replay store each key has: thumbprints and the slices of time in which their
// entries expire enter, a verdict on whether a key may have one more leaves.
//
// A count for each key would be as large as the table of entries. So live entries are counted in two
// rows of counters, at a place of each that a keyed hash of the thumbprint gives: the smaller of the
// two is what the key has, or more where others share both places. Each slice keeps the two places of
// its entries, so that they are taken out exactly when it is dropped: some thousands at a time, and
// all that is due before a key is refused.
//
// Where a key may have very many entries, a random sample of them is counted: that costs a fraction, and
// thousands in a sample still tell a share to within a few percent.

/** Of a key's word each half has the bits of one place, of which the lowest are used. */
const PLACE_BITS = 16;
const UPPER_HALF = -(2 ** PLACE_BITS);
/** More would be more exact, but slower: a processor's cache holds both rows of so many (bench/replay). */
const MOST_PLACES = 2 ** 14;
const LEAST_PLACES = 64;
/**
 * Entries for each place at which the rows grow, and the places for each entry at which they shrink. Each time that
 * they grow, four entries of others are added to what a key seems to have, until those expire.
 */
const CROWDED = 8;
const SPARSE = 4;

/** Entries of a chunk: as many as its slice has already, so that little is spare; within these. */
const LEAST_CHUNK = 8;
const MOST_CHUNK = 512;

/** Most counters of a row that one addition changes for what was dropped. */
const STEP = 4096;
/** Entries of a key that are counted at least before it is refused, where its share is larger than that. */
const LEAST_SAMPLE = 8192;

/** Up to so many counted entries all are looked at for a refusal; where there are more, so many of them. */
const SURVEYED = 4096;
const SAMPLED = 1024;

/**
 * Characters of a thumbprint that are hashed, 96 bits of a SHA-256: nobody makes a key that agrees with
 * another one in these, and a processor takes three times as long for all 43.
 */
const READ = 16;
/** Random words that placesOf takes: two for each two characters, and two more. */
export const PLACE_WORDS: number = READ + 2;

/** Entries of one slice: both places of each in one word, the newest last. */
interface Chunk {
  readonly words: Int32Array;
  used: number;
  /** The places of a row when they were counted. */
  places: number;
  readonly before: Chunk | undefined;
}

export interface KeyShares {
  /** Two rows of so many counters, one behind the other. */
  rows: Int32Array;
  places: number;
  /** The newest chunk of each slice, by its number. */
  readonly chunks: (Chunk | undefined)[];
  /** The newest chunks of slices that were dropped and are still counted. */
  readonly due: Chunk[];
  /** Over all chunks, those that are due included. */
  chunkWords: number;
  /** Counted entries that were not dropped. */
  live: number;
  /** Entries are counted of which these bits of their hash are 0. */
  readonly mask: number;
  /** Counted entries that a key may have. */
  readonly most: number;
  /** Places of the first row with so many or more: while there are none, no key has all of its share. */
  crowded: number;
}

/** Counters for keys that may have `maxEntriesPerKey` entries each, of a store of so many. */
export function createKeyShares(maxEntriesPerKey: number, maxEntries: number): KeyShares {
  const isShared = maxEntriesPerKey < maxEntries; // else the store itself is the limit
  let period = 1; // one in so many is counted
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

/** Whether an entry is one of those that are counted: by bits of its own keyed hash. */
export function isCounted({ mask }: KeyShares, low: number): boolean {
  return (low & mask) === 0;
}

/** Whether a key seems to have all of its share. */
export function isShareFull(shares: KeyShares, key: number): boolean {
  return shares.crowded > 0 && shareOf(shares, key) >= shares.most;
}

/**
 * The two places of a thumbprint, in one word. Each is the upper half of a sum of products with random
 * words (the multilinear hash of M. Dietzfelbinger, strongly universal on characters below 128): whoever
 * can't see these gets two keys to agree in both places with a chance of 2^-32. No product waits for
 * another one, so that it costs less than half of a second HalfSipHash (bench/replay).
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

/** Bytes of the typed arrays. */
export function bytesOfShares({ rows, chunkWords }: KeyShares): number {
  return 4 * (rows.length + chunkWords);
}

/** Entries of a key that are counted now, those of others at the same two places included. */
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

/** Leaves the entries of a slice to settleShares: they are counted until it comes to them. */
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

/** Takes out of the counters some of what is due: some thousands of entries at most. */
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

/** Takes out of the counters all that is due. */
export function settleAllShares(shares: KeyShares): void {
  while (shares.due.length > 0) settleShares(shares);
}

/** Whether entries are counted in far more places than it takes. */
export function hasSpareRows({ places, live }: KeyShares): boolean {
  return places > LEAST_PLACES && SPARSE * live < places;
}

/** Gives spare rows back; only where nothing is due. */
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

/** For a store in which nothing is live. */
export function clearShares(shares: KeyShares): void {
  shares.rows = new Int32Array(0);
  shares.places = 0;
  shares.chunks.length = 0;
  shares.due.length = 0;
  shares.chunkWords = 0;
  shares.live = 0;
  shares.crowded = 0;
}

/** What a look at the entries of a key found. */
export interface Survey {
  /** Whether all counted entries were looked at. */
  readonly complete: boolean;
  /** Counted entries of the key. */
  readonly found: number;
  /** When the first of them expires; Infinity where none was found. */
  readonly first: number;
}

/**
 * Looks for a key's own entries, of which the counters know no more than an upper bound: among all
 * that are counted where these are few, else among some of every slice.
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

/** Twice the places, in time that no number of entries changes: each counter stands at two of them. */
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

/** The newest chunk of a slice where it has room and its entries stand at as many places as now. */
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
 * Takes entries of a chunk out, from its end; returns what is left of the counters that may be
 * changed. One that was counted when there were fewer places stands at several of today's.
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
