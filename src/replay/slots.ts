// The table behind the memory replay store: 64 bits of the hash of every entry and the number of the slice
// of time in which it expires, in typed arrays.
//
// It is an open-addressing table in 128 segments. Room is made in one segment at a time, so no step takes
// longer than some thousands of slots while a million entries come. The entries of a segment are sorted by
// hash, and each stands at its home or in the first slot after it that keeps the order. So a search ends
// at the first greater hash, and one run along the segment takes out what has expired.
import { countOutExpired, isLive, resetFree, type TimeSlices } from "./slices.js";

/** A slot is two words of a key's hash and the number of its slice; a slice of 0 marks it as free. */
const SLOT = 3;
const SLOT_BYTES = 12;
/** The first word of a free slot: no hash is greater, so a search ends there. */
const FREE = 0x7fffffff;
const SEGMENTS = 128;
const LEAST_HOMES = 8;
/** Slots behind the homes of a segment, for entries whose homes are the last. More are added if needed. */
const TAIL = 32;

/** The share of its homes that may be taken, by live and by expired entries. */
const MOST_TAKEN = 0.78;
/** The share that is taken after a purge: between these two a segment stays, else it is resized. */
const LEAST_KEPT = 0.28;
const MOST_KEPT = 0.5;
/** Homes of a resized segment for each entry. */
const SPACE = 2.08;

interface Segment {
  /** Three words a slot. The last slot is always free. */
  readonly words: Int32Array;
  /** Slots that can be the home of an entry; the others are the tail. */
  readonly homes: number;
  /** Slots that are not free. */
  taken: number;
  readonly most: number;
}

/** The table of all entries. */
export interface SlotTable {
  readonly segments: (Segment | undefined)[];
  /** Slots of all segments. */
  slots: number;
  /** The segment to be looked at next where there is too much room. */
  next: number;
}

export function createSlotTable(): SlotTable {
  const segments = Array.from({ length: SEGMENTS }, () => undefined);
  return { segments, slots: 0, next: 0 };
}

/** Returns the bytes of the typed arrays. */
export function bytesOf(table: SlotTable): number {
  return table.slots * SLOT_BYTES;
}

/** Returns the place of a new entry, for putEntry; -1 where an entry with this hash is live. */
export function searchEntry(
  table: SlotTable,
  high: number,
  low: number,
  slices: TimeSlices,
): number {
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

/** Puts an entry at the place that searchEntry has just returned. */
export function putEntry(
  table: SlotTable,
  high: number,
  low: number,
  slice: number,
  place: number,
  slices: TimeSlices,
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
  else countOutExpired(slices, expired);
  for (let to = end + SLOT - 1; to >= at + SLOT; to--) words[to] = words[to - SLOT] ?? 0;
  words[at] = high;
  words[at + 1] = low;
  words[at + 2] = slice;
}

/** Takes expired entries out of the next segment in turn, and gives back its spare room. */
export function shrinkNext(table: SlotTable, slices: TimeSlices): void {
  const index = table.next;
  table.next = (index + 1) % SEGMENTS;
  const segment = table.segments[index];
  if (segment === undefined) return;
  purge(segment, slices);
  if (segment.taken === 0) replace(table, index, undefined);
  else if (segment.taken < segment.homes * LEAST_KEPT) resize(table, index, segment);
}

/** Empties a table in which nothing is live. */
export function clearTable(table: SlotTable): void {
  table.segments.fill(undefined);
  table.slots = 0;
}

/** True where at most a third of the slots are needed, and the table is not small. */
export function hasMuchRoom(table: SlotTable, live: number): boolean {
  return table.slots > 3 * live && table.slots > 4 * SEGMENTS * LEAST_HOMES;
}

function homeOf({ homes }: Segment, high: number): number {
  return SLOT * (((high & 0x1ffffff) * (homes / 2 ** 25)) | 0);
}

/** Returns the next slot that is free or whose entry has expired. */
function vacantFrom({ words }: Segment, start: number, slices: TimeSlices): number {
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
  slices: TimeSlices,
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

/** Returns the entries in another segment, with a longer tail where they would not fit. */
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

/** Takes expired entries out, in place, and moves the others up as far as their homes allow. */
function purge(segment: Segment, slices: TimeSlices): void {
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
 * Moves the live entries to the end of a segment, in order, and frees all slots before them. Returns
 * where they begin.
 */
function gatherLive(segment: Segment, slices: TimeSlices): number {
  const { words } = segment;
  let to = words.length - SLOT;
  for (let at = to; at >= 0; at -= SLOT) {
    const slice = words[at + 2] ?? 0;
    words[to] = words[at] ?? 0;
    words[to + 1] = words[at + 1] ?? 0;
    words[to + 2] = slice;
    to -= SLOT * countOutExpired(slices, slice);
  }
  resetFree(slices);
  for (let at = to; at >= 0; at -= SLOT) {
    words[at] = FREE;
    words[at + 2] = 0;
  }
  segment.taken = words.length / SLOT - 1 - to / SLOT;
  return to + SLOT;
}
