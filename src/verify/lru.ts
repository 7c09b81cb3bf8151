// Bounded memories. Of the entries that were used once, the least recently used leaves first. Entries that
// were used again are displaced only by entries that are used more.
//
// A Map keeps an order too, but in V8 every look at its oldest entry walks over all that were deleted
// before it. So the order is a linked list of the entries.
import { newUses, type UseCounter, type Uses } from "./uses.js";

/** A text with a value, in at most one list. */
export interface Entry<V> {
  readonly text: string;
  readonly value: V;
  /** Several entries may share their uses: they are then counted together. */
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
   * Moves an entry from its list, if it is in one, to the first place of this one, then lets the last
   * entries go until the bounds hold. An entry that is larger than the whole list is let go at once, and
   * displaces nothing.
   */
  put(entry: Entry<V>, bytes: number): void;
  /**
   * Puts an entry first if there is room, or if it is used more than all those together that have to
   * leave for it; these are then let go. Returns whether it is in this list now. If not, it stays
   * where and as it is.
   */
  admit(entry: Entry<V>, bytes: number): boolean;
  /** Lets the last entries go until there are no more than this, in number and in bytes. */
  shrinkTo(entries: number, bytes: number): void;
  /** Takes an entry out of this list, without a call of `letGo`. */
  take(entry: Entry<V>): void;
}

/**
 * Most entries that are looked at for a new one that needs room. So it costs a microsecond or two at most,
 * and displaces no more than these.
 */
const CANDIDATES = 32;

/** Makes an empty list. `letGo` is called with every entry that leaves because room is short. */
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

  /** Returns the entry that has to leave next; null while there are no more than this. */
  function over(mostOfEntries: number, mostOfBytes: number): Entry<V> | null {
    return size > mostOfEntries || bytes > mostOfBytes ? oldest : null;
  }

  /**
   * Returns the entries that leave for `entry`, which has to free so many entries and bytes; null where it
   * is not used more than they are. A candidate that stays is moved to the front, so that the next new
   * entry meets other candidates, and the least used ones are found in time, wherever they are.
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
      return lru.shrinkTo(mostEntries, mostBytes);
    },
    shrinkTo(entries, mostOfThem) {
      for (let last = over(entries, mostOfThem); last; last = over(entries, mostOfThem)) {
        lru.take(last);
        letGo(last);
      }
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
      entry.in?.take(entry); // first: the others may move to the list that it leaves
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

/** Texts with values, in two segments: those that were used once, and those that were used again. */
export interface SegmentedLru<V> {
  readonly size: number;
  readonly bytes: number;
  /** Returns the entry of a text. It does not count as a use. */
  find(text: string): Entry<V> | undefined;
  /** Adds a text that is not there, with its first use. Give `uses` if it shares them with other entries. */
  add(text: string, value: V, bytes: number, uses?: Uses): Entry<V>;
  /** Counts another use of an entry. From now on, nothing that is used less displaces it. */
  useAgain(entry: Entry<V>, bytes: number): void;
  /** Lets go an entry that is there. */
  remove(entry: Entry<V>): void;
}

/** The most that entries have together that were used again, as a share of the room. */
const KEPT = 0.8;

/**
 * Makes two empty segments, which together keep the bounds. What was used once has all the room that the
 * second segment leaves, and no less than a fifth: it takes none from what was used again, and gives it back
 * as that grows. An entry that finds no place in the second, or loses it, returns to the first. An entry that
 * finds none in the first is let go, with a call of `letGo`.
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
  const once = createLru<V>(mostEntries, mostBytes, counter, leave);
  const again = createLru<V>(keptEntries, keptBytes, counter, (entry) =>
    putOnce(entry, entry.bytes),
  );

  /** What is larger than the fifth has no place, so that it does not depend on the others whether it is kept. */
  function putOnce(entry: Entry<V>, bytes: number): void {
    if (onceEntries > 0 && bytes <= onceBytes) {
      once.put(entry, bytes);
      makeRoom();
    } else {
      entry.in?.take(entry);
      leave(entry);
    }
  }

  function makeRoom(): void {
    once.shrinkTo(mostEntries - again.size, mostBytes - again.bytes);
  }

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
      putOnce(entry, bytes);
      return entry;
    },
    useAgain(entry, bytes) {
      if (entry.in !== once && entry.in !== again) return; // it was let go after it was found
      counter.count(entry.uses, found.size);
      if (again.admit(entry, bytes)) makeRoom();
      else putOnce(entry, bytes);
    },
    remove(entry) {
      entry.in?.take(entry);
      leave(entry);
    },
  };
}
