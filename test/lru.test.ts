// The bounded memories, against models that are plain lists.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createLru, createSegmentedLru, type Entry, newEntry } from "../src/verify/lru.js";

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
      const lru = createLru<number>(mostEntries, mostBytes, ({ text }) => gone.push(text));
      const entries = new Map(TEXTS.map((text, i) => [text, newEntry(text, i)]));
      const model = modelOf(mostEntries, mostBytes);
      for (const { kind, text, bytes } of commands) {
        const entry = entries.get(text) ?? newEntry(text, 0);
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
    const lru = createSegmentedLru<string>(10, 1000, (text) => gone.push(text));
    for (let i = 0; i < 8; i++) for (let k = 0; k < 2; k++) use(lru, `hot ${i}`, 10);
    for (let i = 0; i < 1000; i++) use(lru, `once ${i}`, 10);
    for (let i = 0; i < 8; i++) expect(lru.find(`hot ${i}`)?.value).toBe(`hot ${i}`);
    expect(lru.size).toBe(10);
    expect(gone).toHaveLength(998);
  });

  test("what was used again leaves for what is used now, by way of the first segment", () => {
    const gone: string[] = [];
    const lru = createSegmentedLru<string>(5, 1000, (text) => gone.push(text));
    for (let i = 0; i < 6; i++) for (let k = 0; k < 2; k++) use(lru, `${i}`, 1);
    expect(gone).toEqual(["0"]); // 1 was used again before the others, and waits in the first
    expect(lru.find("1")?.value).toBe("1");
    use(lru, "6", 1);
    expect(gone).toEqual(["0", "1"]);
  });

  test("looking is no use", () => {
    const gone: string[] = [];
    const lru = createSegmentedLru<string>(5, 1000, (text) => gone.push(text)); // one, and four
    use(lru, "a", 1);
    for (let i = 0; i < 10; i++) lru.find("a");
    use(lru, "b", 1);
    expect(gone).toEqual(["a"]);
  });

  test("what was let go since it was found stays away", () => {
    const lru = createSegmentedLru<string>(5, 1000, () => undefined);
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
        const lru = createSegmentedLru<string>(mostEntries, mostBytes, (text) => {
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
