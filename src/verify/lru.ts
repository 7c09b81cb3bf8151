// Bounded memories of what was seen: the least recently used goes first, and what was seen once
// never displaces what is used again and again.
//
// A Map alone would do for the order too, but in V8 every look at its oldest entry walks over all
// that were deleted before it. So the order is a list that runs through the entries.

/** A place in a list. It is in one list or in none. */
export interface Entry<V> {
  readonly text: string;
  readonly value: V;
  bytes: number;
  newer: Entry<V> | null;
  older: Entry<V> | null;
  in: Lru<V> | null;
}

export function newEntry<V>(text: string, value: V): Entry<V> {
  return { text, value, bytes: 0, newer: null, older: null, in: null };
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
  /** Takes out an entry of this list; nobody is told. */
  take(entry: Entry<V>): void;
}

/** `letGo` is told of every entry that has to leave for want of room. */
export function createLru<V>(
  mostEntries: number,
  mostBytes: number,
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

  /** The entry that has to leave, where one has to. */
  function overflow(): Entry<V> | null {
    return size > mostEntries || bytes > mostBytes ? oldest : null;
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
      if (entry.in !== null) entry.in.take(entry);
      entry.bytes = given;
      if (given > mostBytes) return letGo(entry);
      entry.in = lru;
      linkFirst(entry);
      size++;
      bytes += given;
      for (let last = overflow(); last !== null; last = overflow()) {
        lru.take(last);
        letGo(last);
      }
      return undefined;
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
  /** The first use of a text that is not there. */
  add(text: string, value: V, bytes: number): Entry<V>;
  /** Another use of what was found: nothing that is used once displaces it from now on. */
  useAgain(entry: Entry<V>, bytes: number): void;
}

/** The part of the room that is for what was used again. */
const KEPT = 0.8;

/**
 * Both segments together keep within the bounds. What the second has no room for goes back into the
 * first; what the first has none for is let go, and `letGo` is told.
 */
export function createSegmentedLru<V>(
  mostEntries: number,
  mostBytes: number,
  letGo: (value: V) => void,
): SegmentedLru<V> {
  const found = new Map<string, Entry<V>>();
  const [keptEntries, keptBytes] = [Math.floor(mostEntries * KEPT), Math.floor(mostBytes * KEPT)];
  const once = createLru<V>(mostEntries - keptEntries, mostBytes - keptBytes, ({ text, value }) => {
    found.delete(text);
    letGo(value);
  });
  const again = createLru<V>(keptEntries, keptBytes, (entry) => once.put(entry, entry.bytes));
  return {
    get size(): number {
      return found.size;
    },
    get bytes(): number {
      return once.bytes + again.bytes;
    },
    find: (text) => found.get(text),
    add(text, value, bytes) {
      const entry = newEntry(text, value);
      found.set(text, entry);
      once.put(entry, bytes);
      return entry;
    },
    useAgain(entry, bytes) {
      if (entry.in === null) return; // it was let go since it was found
      again.put(entry, bytes);
    },
  };
}
