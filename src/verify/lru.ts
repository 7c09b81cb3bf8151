// Bounded memories of what was seen: the least recently used goes first, and what was seen once
// never displaces what is used again and again.
//
// A Map alone would do for the order too, but in V8 every look at its oldest entry walks over all
// that were deleted before it. So the order is a list that runs through the entries.

/** Text to values, bounded in entries and in bytes. */
export interface Lru<V> {
  readonly size: number;
  readonly bytes: number;
  /** The value, whose place in the order stays as it is. */
  get(text: string): V | undefined;
  /** Puts an entry first in the order, then lets go of the last ones until the bounds hold. */
  put(text: string, value: V, bytes: number): void;
  /** Takes an entry out, if it is there; nobody is told. */
  remove(text: string): void;
}

interface Entry<V> {
  readonly text: string;
  value: V;
  bytes: number;
  newer: Entry<V> | null;
  older: Entry<V> | null;
}

/** `letGo` is told of every entry that has to leave for want of room. */
export function createLru<V>(
  mostEntries: number,
  mostBytes: number,
  letGo: (text: string, value: V, bytes: number) => void,
): Lru<V> {
  const entries = new Map<string, Entry<V>>();
  let newest: Entry<V> | null = null;
  let oldest: Entry<V> | null = null;
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

  function take(entry: Entry<V>): void {
    unlink(entry);
    entries.delete(entry.text);
    bytes -= entry.bytes;
  }

  function shrink(): void {
    while (oldest !== null && (entries.size > mostEntries || bytes > mostBytes)) {
      const { text, value, bytes: freed } = oldest;
      take(oldest);
      letGo(text, value, freed);
    }
  }

  return {
    get size(): number {
      return entries.size;
    },
    get bytes(): number {
      return bytes;
    },
    get: (text) => entries.get(text)?.value,
    put(text, value, size) {
      const present = entries.get(text);
      if (size > mostBytes) {
        // Too large for all the room there is: nothing else has to leave for it.
        if (present !== undefined) take(present);
        letGo(text, value, size);
        return;
      }
      if (present === undefined) {
        const entry = { text, value, bytes: size, newer: null, older: null };
        entries.set(text, entry);
        linkFirst(entry);
        bytes += size;
      } else {
        if (present !== newest) {
          unlink(present);
          linkFirst(present);
        }
        present.value = value;
        bytes += size - present.bytes;
        present.bytes = size;
      }
      shrink();
    },
    remove(text) {
      const entry = entries.get(text);
      if (entry !== undefined) take(entry);
    },
  };
}

/** Text to values in two segments: what was used once, and what was used again. */
export interface SegmentedLru<V> {
  readonly size: number;
  readonly bytes: number;
  /** The value; looking at it is no use of it. */
  get(text: string): V | undefined;
  /** A use: the first one remembers the value, and after the second nothing new displaces it. */
  use(text: string, value: V, bytes: number): void;
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
  letGo: (text: string, value: V) => void,
): SegmentedLru<V> {
  const [keptEntries, keptBytes] = [Math.floor(mostEntries * KEPT), Math.floor(mostBytes * KEPT)];
  const once = createLru<V>(mostEntries - keptEntries, mostBytes - keptBytes, letGo);
  const again = createLru<V>(keptEntries, keptBytes, once.put);
  return {
    get size(): number {
      return once.size + again.size;
    },
    get bytes(): number {
      return once.bytes + again.bytes;
    },
    get: (text) => again.get(text) ?? once.get(text),
    use(text, value, bytes) {
      if (again.get(text) === undefined) {
        if (once.get(text) === undefined) return once.put(text, value, bytes);
        once.remove(text);
      }
      return again.put(text, value, bytes);
    },
  };
}
