// Bounded memories of what was seen: of what was used once, the least recently used goes first; what
// is used again and again is displaced only by what is used more.
//
// A Map alone would do for the order too, but in V8 every look at its oldest entry walks over all
// that were deleted before it. So the order is a list that runs through the entries.
import { newUses, type UseCounter, type Uses } from "./uses.js";

/** A place in a list. It is in one list or in none. */
export interface Entry<V> {
  readonly text: string;
  readonly value: V;
  /** Several entries may share it, and count as one then. */
  readonly uses: Uses;
  bytes: number;
  newer: Entry<V> | null;
  older: Entry<V> | null;
  in: Lru<V> | null;
}

export function newEntry<V>(text: string, value: V, uses: Uses): Entry<V> {
  return { text, value, uses, bytes: 0, newer: null, older: null, in: null };
}

/** Entries in the order of their use, bounded in number and in bytes. */
export interface Lru<V> {
  readonly size: number;
  readonly bytes: number;
  /**
   * Puts an entry first, taking it out of the list that it was in, and lets go of the last ones
   * until the bounds hold. One that is too large for all the room there is leaves at once, and
   * nothing else for it.
   */
  put(entry: Entry<V>, bytes: number): void;
  /**
   * Puts an entry first where there is room, or where it is used more than all those together that
   * have to leave for it: then they are let go. Returns whether it is there now; where it is not, it
   * stays in the list that it is in, as it is.
   */
  admit(entry: Entry<V>, bytes: number): boolean;
  /** Takes out an entry of this list; nobody is told. */
  take(entry: Entry<V>): void;
}

/**
 * Entries that are looked at for one that wants their room: a newcomer costs no more than that, a
 * microsecond or two, and can't have the room of more.
 */
const CANDIDATES = 32;

/** `letGo` is told of every entry that has to leave for want of room. */
export function createLru<V>(
  mostEntries: number,
  mostBytes: number,
  counter: UseCounter,
  letGo: (entry: Entry<V>) => void,
): Lru<V> {
  let newest: Entry<V> | null = null;
  let oldest: Entry<V> | null = null;
  let size = 0;
  let bytes = 0;

  function unlink(entry: Entry<V>): void {
    if (entry.newer === null) newest = entry.older;
    else entry.newer.older = entry.older;
    if (entry.older === null) oldest = entry.newer;
    else entry.older.newer = entry.newer;
  }

  function linkFirst(entry: Entry<V>): void {
    entry.newer = null;
    entry.older = newest;
    if (newest === null) oldest = entry;
    else newest.newer = entry;
    newest = entry;
  }

  function moveFirst(entry: Entry<V>): void {
    if (entry === newest) return;
    unlink(entry);
    linkFirst(entry);
  }

  function enter(entry: Entry<V>, given: number): void {
    entry.bytes = given;
    entry.in = lru;
    linkFirst(entry);
    size++;
    bytes += given;
  }

  /** The entry that has to leave, where one has to. */
  function overflow(): Entry<V> | null {
    return size > mostEntries || bytes > mostBytes ? oldest : null;
  }

  /**
   * The entries that leave for `entry`, where so many entries and bytes are too many; null where it
   * is not used more than they are. A candidate that stays goes first: the next newcomer meets others
   * then, and whatever is used least is found in the end, wherever it is.
   */
  function victimsOf(
    entry: Entry<V>,
    entriesOver: number,
    bytesOver: number,
  ): readonly Entry<V>[] | null {
    const victims: Entry<V>[] = [];
    let budget = counter.of(entry.uses);
    let candidate = oldest;
    const looks = Math.min(CANDIDATES, size); // each candidate once
    for (let i = 0; i < looks && candidate !== null; i++) {
      if (entriesOver <= 0 && bytesOver <= 0) break;
      const { newer }: Entry<V> = candidate;
      const uses = counter.of(candidate.uses);
      if (uses >= budget) {
        moveFirst(candidate);
      } else if (candidate !== entry) {
        victims.push(candidate);
        budget -= uses;
        entriesOver--;
        bytesOver -= candidate.bytes;
      }
      candidate = newer;
    }
    return entriesOver > 0 || bytesOver > 0 ? null : victims;
  }

  const lru: Lru<V> = {
    get size(): number {
      return size;
    },
    get bytes(): number {
      return bytes;
    },
    put(entry, given) {
      if (entry === newest && entry.bytes === given) return;
      entry.in?.take(entry);
      entry.bytes = given;
      if (given > mostBytes) return letGo(entry);
      enter(entry, given);
      for (let last = overflow(); last !== null; last = overflow()) {
        lru.take(last);
        letGo(last);
      }
      return undefined;
    },
    admit(entry, given) {
      const isHere = entry.in === lru;
      if (isHere && entry.bytes === given) {
        moveFirst(entry);
        return true;
      }
      const entriesOver = size + (isHere ? 0 : 1) - mostEntries;
      const bytesOver = bytes - (isHere ? entry.bytes : 0) + given - mostBytes;
      const victims = victimsOf(entry, entriesOver, bytesOver);
      if (victims === null) return false;
      entry.in?.take(entry); // before the others leave, which may go where it was
      for (const victim of victims) {
        lru.take(victim);
        letGo(victim);
      }
      enter(entry, given);
      return true;
    },
    take(entry) {
      unlink(entry);
      entry.in = null;
      size--;
      bytes -= entry.bytes;
    },
  };
  return lru;
}

/** Texts with values, in two segments: what was used once, and what was used again. */
export interface SegmentedLru<V> {
  readonly size: number;
  readonly bytes: number;
  /** Looking is no use. */
  find(text: string): Entry<V> | undefined;
  /** The first use of a text that is not there; `uses` where it shares them with others. */
  add(text: string, value: V, bytes: number, uses?: Uses): Entry<V>;
  /** Another use of what was found: nothing that is used less displaces it from now on. */
  useAgain(entry: Entry<V>, bytes: number): void;
  /** Lets an entry go that is there. */
  remove(entry: Entry<V>): void;
}

/** The part of the room that is for what was used again. */
const KEPT = 0.8;

/**
 * Both segments together keep within the bounds. What has no place in the second, or loses it, goes
 * back into the first; what the first has no room for is let go, and `letGo` is told.
 */
export function createSegmentedLru<V>(
  mostEntries: number,
  mostBytes: number,
  counter: UseCounter,
  letGo: (entry: Entry<V>) => void,
): SegmentedLru<V> {
  const found = new Map<string, Entry<V>>();
  const [keptEntries, keptBytes] = [Math.floor(mostEntries * KEPT), Math.floor(mostBytes * KEPT)];
  const [onceEntries, onceBytes] = [mostEntries - keptEntries, mostBytes - keptBytes];
  const once = createLru<V>(onceEntries, onceBytes, counter, leave);
  const again = createLru<V>(keptEntries, keptBytes, counter, (entry) =>
    once.put(entry, entry.bytes),
  );

  function leave(entry: Entry<V>): void {
    found.delete(entry.text);
    letGo(entry);
  }

  return {
    get size(): number {
      return found.size;
    },
    get bytes(): number {
      return once.bytes + again.bytes;
    },
    find: (text) => found.get(text),
    add(text, value, bytes, uses = newUses()) {
      const entry = newEntry(text, value, uses);
      found.set(text, entry);
      counter.count(uses, found.size);
      once.put(entry, bytes);
      return entry;
    },
    useAgain(entry, bytes) {
      if (entry.in !== once && entry.in !== again) return; // it was let go since it was found
      counter.count(entry.uses, found.size);
      if (!again.admit(entry, bytes)) once.put(entry, bytes);
    },
    remove(entry) {
      entry.in?.take(entry);
      leave(entry);
    },
  };
}
