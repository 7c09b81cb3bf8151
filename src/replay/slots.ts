// The table behind the memory replay store: 64 bits of every key and the number of the slice of time
// in which it expires, in typed arrays. Open addressing in 128 segments, so that room is made in one
// of them at a time: while a million entries come, no step of the work takes longer than some
// thousands of slots. The entries of a segment stand in the order of their hashes, each as near
// behind the place where it wants to be as that allows: so a search ends at the first greater hash,
// and what expired is taken out in one run along the segment.

/** A slot is two words of a key's hash and the number of its slice; a slice of 0 marks it as free. */
const SLOT = 3;
const SLOT_BYTES = 12;
/** The first word of a slot that is free: no hash is greater, so that a search ends there. */
const FREE = 0x7fffffff;
const SEGMENTS = 128;
const LEAST_HOMES = 8;
/** Most slots behind the homes of a segment, for entries whose homes are the last; more if need be. */
const TAIL = 32;

/** So many of its homes may be taken, by live entries and by those that expired. */
const MOST_TAKEN = 0.82;
/** What is left of that after a purge: between these a segment stays as it is, else it is resized. */
const LEAST_KEPT = 0.28;
const MOST_KEPT = 0.5;
/** Homes of a resized segment for each entry. */
const SPACE = 2.08;

interface Segment {
  /** Three words a slot. The last slot is always free. */
  readonly words: Int32Array;
  /** Slots at which an entry can want to be; the others are the tail. */
  readonly homes: number;
  /** Slots that are not free. */
  taken: number;
  readonly most: number;
}

/** The slices that entries can belong to, by number, which is never 0. */
export interface Slices {
  /** 1 until they expire, then 0; 0 for number 0. */
  readonly lives: number[];
  /** How many entries they have in the table. */
  readonly counts: number[];
  /** The numbers of those that have none any more. */
  readonly spare: number[];
}

export interface SlotTable {
  readonly segments: (Segment | undefined)[];
  /** Over all segments. */
  slots: number;
  /** The segment to be looked at next where there is too much room. */
  next: number;
}

export function createSlotTable(): SlotTable {
  const segments = Array.from({ length: SEGMENTS }, () => undefined);
  return { segments, slots: 0, next: 0 };
}

/** Bytes of the typed arrays. */
export function bytesOf(table: SlotTable): number {
  return table.slots * SLOT_BYTES;
}

/** Where an entry is to be put, for putEntry; -1 where one with this hash is live. */
export function searchEntry(table: SlotTable, high: number, low: number, slices: Slices): number {
  const segment = table.segments[high >>> 25];
  if (segment === undefined) return 0;
  const { words } = segment;
  for (let at = homeOf(segment, high); ; at += SLOT) {
    const other = words[at] ?? FREE;
    if (other < high) continue;
    if (other > high) return at;
    const slice = words[at + 2] ?? 0;
    if (slice === 0) return at;
    // An expired entry of the same key does not end the search: its live one can come behind it.
    if (words[at + 1] === low && isLive(slices, slice)) return -1;
  }
}

/** Puts an entry where searchEntry said just before. */
export function putEntry(
  table: SlotTable,
  high: number,
  low: number,
  slice: number,
  place: number,
  slices: Slices,
): void {
  const index = high >>> 25;
  let segment = table.segments[index];
  let at = place;
  if (segment === undefined || segment.taken >= segment.most) {
    segment = segmentWithRoom(table, index, segment, slices);
    at = searchEntry(table, high, low, slices);
  }
  let end = vacantFrom(segment, at, slices);
  if (end + SLOT === segment.words.length) {
    segment = replace(table, index, remade(segment, segment.homes, 2 * tailOf(segment)));
    at = searchEntry(table, high, low, slices);
    end = vacantFrom(segment, at, slices);
  }
  const { words } = segment;
  const expired = words[end + 2] ?? 0;
  if (expired === 0) segment.taken++;
  else release(slices, expired);
  for (let to = end + SLOT - 1; to >= at + SLOT; to--) words[to] = words[to - SLOT] ?? 0;
  words[at] = high;
  words[at + 1] = low;
  words[at + 2] = slice;
}

/** Takes what expired out of one segment, the next in turn, and gives back its spare room. */
export function shrinkNext(table: SlotTable, slices: Slices): void {
  const index = table.next;
  table.next = (index + 1) % SEGMENTS;
  const segment = table.segments[index];
  if (segment === undefined) return;
  purge(segment, slices);
  if (segment.taken === 0) replace(table, index, undefined);
  else if (segment.taken < segment.homes * LEAST_KEPT) resize(table, index, segment);
}

/** For a table in which nothing is live. */
export function clearTable(table: SlotTable): void {
  table.segments.fill(undefined);
  table.slots = 0;
}

/** Whether at most a third of the slots are needed, and these are not few. */
export function hasMuchRoom(table: SlotTable, live: number): boolean {
  return table.slots > 3 * live && table.slots > 4 * SEGMENTS * LEAST_HOMES;
}

function isLive(slices: Slices, slice: number): boolean {
  return slices.lives[slice] === 1;
}

function homeOf({ homes }: Segment, high: number): number {
  return SLOT * (((high & 0x1ffffff) * (homes / 2 ** 25)) | 0);
}

/** The next slot that is free or whose entry expired. */
function vacantFrom({ words }: Segment, start: number, slices: Slices): number {
  let at = start;
  while (isLive(slices, words[at + 2] ?? 0)) at += SLOT;
  return at;
}

function tailOf({ words, homes }: Segment): number {
  return words.length / SLOT - homes;
}

function segmentWithRoom(
  table: SlotTable,
  index: number,
  segment: Segment | undefined,
  slices: Slices,
): Segment {
  if (segment === undefined)
    return replace(table, index, emptySegment(LEAST_HOMES, LEAST_HOMES >>> 2));
  purge(segment, slices);
  const kept = segment.taken / segment.homes;
  return kept < LEAST_KEPT || kept > MOST_KEPT ? resize(table, index, segment) : segment;
}

function emptySegment(homes: number, tail: number): Segment {
  const words = new Int32Array(SLOT * (homes + tail));
  for (let at = 0; at < words.length; at += SLOT) words[at] = FREE;
  return {
    words,
    homes,
    taken: 0,
    most: Math.floor(homes * MOST_TAKEN),
  };
}

function replace<S extends Segment | undefined>(table: SlotTable, index: number, by: S): S {
  const slotsOf = (segment: Segment | undefined): number =>
    segment === undefined ? 0 : segment.words.length / SLOT;
  table.slots += slotsOf(by) - slotsOf(table.segments[index]);
  table.segments[index] = by;
  return by;
}

/** Moves the entries of a purged segment into one of the size that they need. */
function resize(table: SlotTable, index: number, segment: Segment): Segment {
  const homes = Math.max(LEAST_HOMES, Math.ceil(segment.taken * SPACE));
  if (homes === segment.homes) return segment;
  return replace(table, index, remade(segment, homes, Math.min(TAIL, homes >>> 2)));
}

/** The entries of a segment in another; its tail is made longer if it takes that to hold them. */
function remade(segment: Segment, homes: number, tail: number): Segment {
  const made = emptySegment(homes, tail);
  const from = segment.words;
  const to = made.words;
  let free = 0;
  for (let at = 0; at < from.length; at += SLOT) {
    const slice = from[at + 2] ?? 0;
    if (slice === 0) continue;
    const high = from[at] ?? 0;
    const place = Math.max(free, homeOf(made, high));
    free = place + SLOT;
    if (free === to.length) return remade(segment, homes, 2 * tail);
    to[place] = high;
    to[place + 1] = from[at + 1] ?? 0;
    to[place + 2] = slice;
  }
  made.taken = segment.taken;
  return made;
}

/** Takes out what expired, in place, and moves the others up as far as their homes allow. */
function purge(segment: Segment, slices: Slices): void {
  const { words } = segment;
  const first = gatherLive(segment, slices);
  let free = 0;
  for (let at = first; at < words.length; at += SLOT) {
    const high = words[at] ?? 0;
    const slice = words[at + 2] ?? 0;
    const place = Math.max(free, homeOf(segment, high)); // not behind `at`: it stood here or before
    free = place + SLOT;
    const low = words[at + 1] ?? 0;
    words[at] = FREE;
    words[at + 2] = 0;
    words[place] = high;
    words[place + 1] = low;
    words[place + 2] = slice;
  }
}

/**
 * Moves what is live to the end of a segment, in order; answers where it begins. All slots before
 * are free. Which are live no processor can foresee, so that nothing here branches by it.
 */
function gatherLive(segment: Segment, { lives, counts, spare }: Slices): number {
  const { words } = segment;
  let to = words.length - SLOT;
  for (let at = to; at >= 0; at -= SLOT) {
    const slice = words[at + 2] ?? 0;
    const live = lives[slice] ?? 0;
    const left = (counts[slice] ?? 0) + live - 1;
    counts[slice] = left;
    if (left === 0 && live === 0) spare.push(slice);
    words[to] = words[at] ?? 0;
    words[to + 1] = words[at + 1] ?? 0;
    words[to + 2] = slice;
    to -= SLOT * live;
  }
  counts[0] = -1; // the free slots were counted here; nobody asks
  for (let at = to; at >= 0; at -= SLOT) {
    words[at] = FREE;
    words[at + 2] = 0;
  }
  segment.taken = words.length / SLOT - 1 - to / SLOT;
  return to + SLOT;
}

function release({ counts, spare }: Slices, slice: number): void {
  const left = (counts[slice] ?? 0) - 1;
  counts[slice] = left;
  if (left === 0) spare.push(slice);
}
