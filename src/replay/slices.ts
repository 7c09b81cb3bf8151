// Slices of time: the seconds at which entries of the memory store expire, numbered from 1, with the
// counts of their entries. Only this file writes them.

/** Bounds what a passing second costs, and the memory of the slices. */
const MOST_SLICES = 262_144;

/** All arrays are indexed by the number of a slice, which is never 0: that number marks a free slot. */
export interface TimeSlices {
  /** The second in which each slice expires. */
  readonly expiries: number[];
  /** 1 until a slice expires, then 0. */
  readonly lives: number[];
  /** How many entries of a slice are in the table. */
  readonly counts: number[];
  /** Numbers that are free again: their slice has expired and has no entry in the table. */
  readonly spare: number[];
  /** The number of each second that has not expired. */
  readonly numbers: Map<number, number>;
  /** Entries that have not expired. */
  live: number;
  /** The last second that has expired. */
  dropped: number;
  /** No second in `numbers` is before this one. */
  earliest: number;
  /** The number that was asked for last. */
  last: number;
}

export function createTimeSlices(): TimeSlices {
  return {
    expiries: [0],
    lives: [0],
    counts: [-1],
    spare: [],
    numbers: new Map(),
    live: 0,
    dropped: 0,
    earliest: Infinity,
    last: 0,
  };
}

/** Returns the number of a second later than `dropped`; 0 where there are too many slices. */
export function sliceOf(slices: TimeSlices, expiresAt: number): number {
  const { expiries, lives, counts, spare, numbers, last } = slices;
  if (expiries[last] === expiresAt) return last; // it has not expired: expiresAt is later
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

/** Counts an entry that was put into the table. */
export function countIn(slices: TimeSlices, slice: number): void {
  slices.counts[slice] = (slices.counts[slice] ?? 0) + 1;
  slices.live++;
}

/** Counts an entry out of the table if its slice has expired. Returns 1 where it is live, else 0. */
export function countOutExpired({ lives, counts, spare }: TimeSlices, slice: number): number {
  const live = lives[slice] ?? 0;
  const left = (counts[slice] ?? 0) + live - 1; // no branch here: a processor can't predict it
  counts[slice] = left;
  if (left === 0 && live === 0) spare.push(slice);
  return live;
}

/** Lets every slice up to a second expire, and returns their numbers. Their entries leave later. */
export function dropSlices(slices: TimeSlices, second: number): readonly number[] {
  if (second < slices.earliest) return NONE;
  const dropped: number[] = [];
  let earliest = Infinity;
  for (const [expiry, slice] of slices.numbers) {
    if (expiry > second) {
      earliest = Math.min(earliest, expiry);
      continue;
    }
    slices.numbers.delete(expiry);
    slices.lives[slice] = 0;
    dropped.push(slice);
    slices.live -= slices.counts[slice] ?? 0;
    slices.dropped = Math.max(slices.dropped, expiry);
  }
  slices.earliest = earliest;
  return dropped;
}

const NONE: readonly number[] = [];

export function isLive(slices: TimeSlices, slice: number): boolean {
  return slices.lives[slice] === 1;
}

/** Resets the count of number 0, which free slots were counted under. */
export function resetFree({ counts }: TimeSlices): void {
  counts[0] = -1;
}

/** Forgets every slice, for a table that is empty. */
export function forgetSlices(slices: TimeSlices): void {
  slices.expiries.length = 1;
  slices.lives.length = 1;
  slices.counts.length = 1;
  slices.spare.length = 0;
  slices.last = 0;
}
