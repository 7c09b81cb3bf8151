// The bounded memories, against models that are plain lists.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createLru, createSegmentedLru, type Entry, newEntry } from "../src/verify/lru.js";
import { createUseCounter, newUses, type Uses } from "../src/verify/uses.js";

interface Item {
  readonly text: string;
  readonly bytes: number;
}

const total = (items: readonly Item[]): number => items.reduce((sum, { bytes }) => sum + bytes, 0);
const TEXTS = [..."abcdefgh"];
const steps = fc.array(
  fc.record({
    kind: fc.constantFrom("put", "put", "put", "look", "take"),
    text: fc.constantFrom(...TEXTS),
    bytes: fc.integer({ min: 0, max: 12 }),
  }),
  { maxLength: 60 },
);
const bounds = [fc.integer({ min: 0, max: 8 }), fc.integer({ min: 0, max: 60 })] as const;

/** A list, the newest first, and what it had to let go. */
function modelOf(mostEntries: number, mostBytes: number) {
  let items: Item[] = [];
  const gone: string[] = [];
  return {
    items: () => items,
    gone,
    put(item: Item): void {
      items = items.filter(({ text }) => text !== item.text);
      if (item.bytes > mostBytes) return void gone.push(item.text);
      items.unshift(item);
      while (items.length > mostEntries || total(items) > mostBytes) {
        gone.push(...items.splice(-1).map(({ text }) => text));
      }
    },
    take(taken: string): void {
      items = items.filter(({ text }) => text !== taken);
    },
  };
}

test("the least recently used is let go, as in a plain list", () => {
  fc.assert(
    fc.property(...bounds, steps, (mostEntries, mostBytes, commands) => {
      const gone: string[] = [];
      const lru = createLru<number>(mostEntries, mostBytes, createUseCounter(), ({ text }) =>
        gone.push(text),
      );
      const entries = new Map(TEXTS.map((text, i) => [text, newEntry(text, i, newUses())]));
      const model = modelOf(mostEntries, mostBytes);
      for (const { kind, text, bytes } of commands) {
        const entry = entries.get(text) ?? newEntry(text, 0, newUses());
        if (kind === "put") {
          lru.put(entry, bytes);
          model.put({ text, bytes });
        } else if (kind === "take" && entry.in !== null) {
          lru.take(entry);
          model.take(text);
        }
        expect([lru.size, lru.bytes]).toEqual([model.items().length, total(model.items())]);
        const held = TEXTS.filter((one) => entries.get(one)?.in === lru);
        expect(held).toEqual(
          model
            .items()
            .map((item) => item.text)
            .toSorted(),
        );
        expect(gone).toEqual(model.gone);
      }
    }),
  );
});

describe("room for what is used most", () => {
  /** A full list of entries of the same size, the oldest first, with so many uses each. */
  function fullOf(counts: readonly number[], bytes = 10) {
    const gone: string[] = [];
    const counter = createUseCounter();
    const most = counts.length * bytes;
    const lru = createLru<null>(counts.length, most, counter, ({ text }) => gone.push(text));
    const entries = counts.map((count, i) => entryOf(`${i}`, count));
    for (const entry of entries) expect(lru.admit(entry, bytes)).toBe(true);
    return { lru, gone, entries };
  }

  /** Used so often just now. */
  const entryOf = (text: string, count: number): Entry<null> => {
    const uses: Uses = { count, age: 0 };
    return newEntry(text, null, uses);
  };

  test.each([
    ["less", 4, false],
    ["as much", 5, false],
    ["more", 6, true],
  ])("one that is used %s than what is there", (_, count, expected) => {
    const { lru, gone } = fullOf([5, 5, 5]);
    const newcomer = entryOf("new", count);
    expect(lru.admit(newcomer, 10)).toBe(expected);
    expect(newcomer.in).toBe(expected ? lru : null);
    expect(gone).toEqual(expected ? ["0"] : []);
    expect([lru.size, lru.bytes]).toEqual([3, 30]);
  });

  test.each([
    [6, []],
    [7, ["0", "1", "2"]],
  ])("one that takes the room of three, of 6 uses together, with %i uses", (count, leave) => {
    const { lru, gone } = fullOf([1, 2, 3, 4]);
    expect(lru.admit(entryOf("new", count), 30)).toBe(leave.length > 0);
    expect(gone).toEqual(leave);
    expect(lru.bytes).toBe(40);
    expect(lru.size).toBe(4 - leave.length + (leave.length > 0 ? 1 : 0));
  });

  test("one that grows where there is no room stays what it was, and nothing leaves for it", () => {
    const { lru, gone, entries } = fullOf([5, 9, 9]);
    const [growing] = entries;
    if (growing === undefined) throw new Error("no entry");
    expect(lru.admit(growing, 20)).toBe(false);
    expect([growing.in, growing.bytes, lru.size, lru.bytes, gone]).toEqual([lru, 10, 3, 30, []]);
    growing.uses.count = 10;
    expect(lru.admit(growing, 20)).toBe(true);
    expect([growing.in, growing.bytes, lru.size, lru.bytes, gone]).toEqual([lru, 20, 2, 30, ["1"]]);
  });

  test("one that shrinks makes room", () => {
    const { lru, gone, entries } = fullOf([5, 9, 9]);
    const [shrinking] = entries;
    if (shrinking === undefined) throw new Error("no entry");
    expect(lru.admit(shrinking, 4)).toBe(true);
    expect([lru.size, lru.bytes, gone]).toEqual([3, 24, []]);
  });

  test("a newcomer looks at only a few entries, and the next one at others", () => {
    const { lru, gone } = fullOf([...Array.from({ length: 64 }, () => 9), 1]);
    const newcomer = entryOf("new", 2);
    const answers = [1, 2, 3].map(() => lru.admit(newcomer, 10));
    expect(answers).toEqual([false, false, true]);
    expect(gone).toEqual(["64"]);
  });

  test("a newcomer has the room of 32 at most, however little those are used", () => {
    const { lru } = fullOf(Array.from({ length: 40 }, () => 0));
    const newcomer = entryOf("new", 9);
    expect([lru.admit(newcomer, 330), lru.admit(newcomer, 320)]).toEqual([false, true]);
    expect([lru.size, lru.bytes]).toEqual([9, 400]);
  });

  test("what is used goes first, so that what idles is looked at before it", () => {
    const { lru, gone, entries } = fullOf([1, 1, 1]);
    const [first] = entries;
    if (first === undefined) throw new Error("no entry");
    expect(lru.admit(first, 10)).toBe(true);
    expect(lru.admit(entryOf("new", 2), 10)).toBe(true);
    expect(gone).toEqual(["1"]);
  });

  test("what is used in the middle leaves its neighbours side by side", () => {
    const { lru, gone, entries } = fullOf([1, 1, 1, 1]);
    const [, second] = entries;
    if (second === undefined) throw new Error("no entry");
    expect(lru.admit(second, 10)).toBe(true);
    expect(lru.admit(entryOf("new", 4), 30)).toBe(true);
    expect(gone).toEqual(["0", "2", "3"]);
    expect(lru.admit(entryOf("newer", 9), 30)).toBe(true);
    expect(gone).toEqual(["0", "2", "3", "1", "new"]);
  });

  test("a list without room takes nothing", () => {
    const { lru } = fullOf([]);
    expect(lru.admit(entryOf("new", 9), 0)).toBe(false);
    expect(lru.size).toBe(0);
  });

  test("none leaves but for one that is used more, and both bounds hold", () => {
    const admissions = fc.array(
      fc.record({
        text: fc.constantFrom(...TEXTS),
        bytes: fc.integer({ min: 0, max: 12 }),
        count: fc.integer({ min: 0, max: 9 }),
      }),
      { maxLength: 60 },
    );
    fc.assert(
      fc.property(...bounds, admissions, (mostEntries, mostBytes, commands) => {
        let left: Entry<null>[] = [];
        const counter = createUseCounter();
        const lru = createLru<null>(mostEntries, mostBytes, counter, (entry) => left.push(entry));
        const entries = new Map(TEXTS.map((text) => [text, entryOf(text, 0)]));
        const held = (): readonly Entry<null>[] =>
          [...entries.values()].filter((entry) => entry.in !== null);
        for (const { text, bytes, count } of commands) {
          const entry = entries.get(text) ?? entryOf(text, 0);
          entry.uses.count += count;
          const before = held();
          left = [];
          const admitted = lru.admit(entry, bytes);
          const fits = before.filter((one) => one !== entry);
          if (fits.length < mostEntries && total(fits) + bytes <= mostBytes) {
            expect([admitted, left]).toEqual([true, []]);
          }
          if (!admitted) expect([left, held()]).toEqual([[], before]);
          if (left.length > 0) {
            const lost = left.reduce((sum, { uses }) => sum + uses.count, 0);
            expect(lost).toBeLessThan(entry.uses.count);
            expect(before).toEqual(expect.arrayContaining(left));
          }
          expect([lru.size, lru.bytes]).toEqual([held().length, total(held())]);
          expect(lru.size).toBeLessThanOrEqual(mostEntries);
          expect(lru.bytes).toBeLessThanOrEqual(mostBytes);
        }
      }),
    );
  });
});

describe("uses", () => {
  test("of a new entry are 0", () => {
    expect(newUses()).toEqual({ count: 0, age: 0 });
    expect(createUseCounter().of(newUses())).toBe(0);
  });

  test("are halved after 64 uses for each that there is", () => {
    const counter = createUseCounter();
    const [idle, busy] = [newUses(), newUses()];
    for (let i = 0; i < 64; i++) counter.count(idle, 10);
    expect(counter.of(idle)).toBe(64);
    for (let i = 64; i < 639; i++) counter.count(busy, 10);
    expect([counter.of(idle), counter.of(busy)]).toEqual([64, 575]);
    counter.count(busy, 10);
    expect([counter.of(idle), counter.of(busy)]).toEqual([32, 288]);
    counter.count(idle, 10);
    expect(counter.of(idle)).toBe(33);
  });

  test("fade, however many there were", () => {
    const counter = createUseCounter();
    const idle: Uses = { count: 2 ** 30, age: 0 };
    const busy = newUses();
    for (let i = 0; i < 30 * 64; i++) counter.count(busy, 1);
    expect(counter.of(idle)).toBe(1);
    for (let i = 0; i < 64; i++) counter.count(busy, 1);
    expect(counter.of(idle)).toBe(0);
    for (let i = 0; i < 2 * 64; i++) counter.count(busy, 1); // 33 times: a shift by 33 is one by 1
    expect(counter.of(idle)).toBe(0);
  });

  test("are 128 for each that there is, together, at most", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(4), { minLength: 1000, maxLength: 3000 }), (order) => {
        const counter = createUseCounter();
        const all = Array.from({ length: 5 }, newUses);
        for (const index of order) {
          counter.count(all[index] ?? newUses(), all.length);
          const sum = all.reduce((before, uses) => before + counter.of(uses), 0);
          expect(sum).toBeLessThanOrEqual(2 * 64 * all.length);
        }
      }),
      { numRuns: 20 },
    );
  });
});

const segmented = (
  mostEntries: number,
  mostBytes: number,
  letGo: (text: string) => unknown,
): ReturnType<typeof createSegmentedLru<string>> =>
  createSegmentedLru<string>(mostEntries, mostBytes, createUseCounter(), ({ text }) => letGo(text));

/** As a verifier does it: look, then keep. */
function use(
  lru: ReturnType<typeof createSegmentedLru<string>>,
  text: string,
  bytes: number,
): Entry<string> {
  const found = lru.find(text);
  if (found === undefined) return lru.add(text, text, bytes);
  lru.useAgain(found, bytes);
  return found;
}

describe("two segments", () => {
  test("nothing that is used once displaces what was used again", () => {
    const gone: string[] = [];
    const lru = segmented(10, 1000, (text) => gone.push(text));
    for (let i = 0; i < 8; i++) for (let k = 0; k < 2; k++) use(lru, `hot ${i}`, 10);
    for (let i = 0; i < 1000; i++) use(lru, `once ${i}`, 10);
    for (let i = 0; i < 8; i++) expect(lru.find(`hot ${i}`)?.value).toBe(`hot ${i}`);
    expect(lru.size).toBe(10);
    expect(gone).toHaveLength(998);
  });

  test("what was used again leaves for what is used more, by way of the first segment", () => {
    const gone: string[] = [];
    const lru = segmented(5, 1000, (text) => gone.push(text)); // one, and four
    for (let i = 0; i < 4; i++) for (let k = 0; k < 2; k++) use(lru, `${i}`, 1);
    for (let k = 0; k < 2; k++) use(lru, "4", 1);
    expect([lru.size, lru.bytes]).toEqual([5, 5]); // as much as 0 to 3, and waits in the first
    use(lru, "4", 1); // and now 0 waits there
    expect(gone).toEqual([]);
    use(lru, "5", 1);
    expect(gone).toEqual(["0"]);
    expect(lru.find("4")?.value).toBe("4");
  });

  test("what can't stay in the second segment, since it grew, goes back into the first", () => {
    const gone: string[] = [];
    const lru = segmented(10, 100, (text) => gone.push(text)); // 20 bytes, and 80
    for (const text of TEXTS.slice(4)) for (let k = 0; k < 9; k++) use(lru, text, 18);
    for (let k = 0; k < 2; k++) use(lru, "a", 8);
    use(lru, "a", 15);
    expect([gone, lru.size, lru.bytes]).toEqual([[], 5, 87]);
    use(lru, "b", 14); // 72 bytes are left to the second segment: 28 are here
    expect([gone, lru.size, lru.bytes]).toEqual([["a"], 5, 86]);
  });

  test("what is used once takes the room that the others leave, and gives it back", () => {
    const gone: string[] = [];
    const lru = segmented(10, 100, (text) => gone.push(text));
    for (let i = 0; i < 10; i++) use(lru, `once ${i}`, 10);
    expect([gone, lru.size, lru.bytes]).toEqual([[], 10, 100]);
    for (let i = 0; i < 8; i++) use(lru, `once ${i}`, 10); // again: no bytes more
    expect([gone, lru.size, lru.bytes]).toEqual([[], 10, 100]);
    for (let i = 0; i < 5; i++) use(lru, `late ${i}`, 10);
    expect(gone).toEqual(["once 8", "once 9", "late 0", "late 1", "late 2"]);
    const growing = segmented(10, 100, (text) => gone.push(text));
    for (let i = 0; i < 8; i++) use(growing, `b ${i}`, 12);
    gone.length = 0;
    use(growing, "b 0", 40);
    expect([gone, growing.bytes]).toEqual([["b 1", "b 2"], 100]);
  });

  test("however much comes that is used once, it has a fifth where the others have all the rest", () => {
    const lru = segmented(10, 100, () => undefined);
    for (let i = 0; i < 10; i++) for (let k = 0; k < 3; k++) use(lru, `hot ${i}`, 10);
    for (let i = 0; i < 100; i++) use(lru, `once ${i}`, 10);
    const known = (name: string, count: number): number =>
      Array.from({ length: count }, (_, i) => lru.find(`${name} ${i}`)).filter(Boolean).length;
    expect([known("hot", 10), known("once", 100)]).toEqual([8, 2]);
  });

  test("what is larger than a fifth is kept by no one, however much room there is", () => {
    const gone: string[] = [];
    const lru = segmented(10, 100, (text) => gone.push(text));
    use(lru, "a", 21);
    use(lru, "b", 20);
    expect([gone, lru.size, lru.bytes]).toEqual([["a"], 1, 20]);
  });

  test("what is removed is gone, and told once", () => {
    const gone: string[] = [];
    const lru = segmented(5, 1000, (text) => gone.push(text));
    const found = use(lru, "a", 3);
    use(lru, "a", 3);
    lru.remove(found);
    expect([gone, lru.size, lru.bytes, found.in, lru.find("a")]).toEqual([
      ["a"],
      0,
      0,
      null,
      undefined,
    ]);
  });

  test("looking is no use", () => {
    const gone: string[] = [];
    const lru = segmented(1, 1000, (text) => gone.push(text));
    use(lru, "a", 1);
    for (let i = 0; i < 10; i++) lru.find("a");
    use(lru, "b", 1);
    expect(gone).toEqual(["a"]);
  });

  test("an entry that left after it was found stays out", () => {
    const lru = segmented(1, 1000, () => undefined);
    const found = use(lru, "a", 1);
    use(lru, "b", 1);
    lru.useAgain(found, 1);
    expect(lru.find("a")).toBeUndefined();
    expect([lru.size, lru.bytes]).toEqual([1, 1]);
  });

  test("both bounds hold whatever comes, and what was let go is told once", () => {
    fc.assert(
      fc.property(...bounds, steps, (mostEntries, mostBytes, commands) => {
        const live = new Set<string>();
        const lru = segmented(mostEntries, mostBytes, (text) => {
          expect(live.delete(text)).toBe(true);
        });
        for (const { text, bytes } of commands) {
          live.add(text);
          use(lru, text, bytes);
          expect(lru.size).toBeLessThanOrEqual(mostEntries);
          expect(lru.bytes).toBeLessThanOrEqual(mostBytes);
          expect(lru.size).toBe(live.size);
          for (const one of TEXTS) expect(lru.find(one)?.value === one).toBe(live.has(one));
        }
      }),
    );
  });
});
