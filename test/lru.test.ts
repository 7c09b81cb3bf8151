// The bounded memories, against models that are plain lists.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createLru, createSegmentedLru } from "../src/verify/lru.js";

interface Item {
  readonly text: string;
  readonly value: number;
  readonly bytes: number;
}

const total = (items: readonly Item[]): number => items.reduce((sum, { bytes }) => sum + bytes, 0);
const without = (items: readonly Item[], text: string): Item[] =>
  items.filter((item) => item.text !== text);

/** A list, the newest first, and what it had to let go. */
function model(maxEntries: number, maxBytes: number) {
  let items: Item[] = [];
  const gone: Item[] = [];
  return {
    items: () => items,
    gone,
    put(item: Item): void {
      items = without(items, item.text);
      if (item.bytes > maxBytes) return void gone.push(item);
      items.unshift(item);
      while (items.length > maxEntries || total(items) > maxBytes) gone.push(...items.splice(-1));
    },
    remove(text: string): void {
      items = without(items, text);
    },
  };
}

const steps = fc.array(
  fc.record({
    kind: fc.constantFrom("put", "put", "put", "get", "remove"),
    text: fc.constantFrom(..."abcdefgh"),
    bytes: fc.integer({ min: 0, max: 12 }),
  }),
  { maxLength: 60 },
);

describe("least recently used first", () => {
  test("is what a list of them is", () => {
    const bounds = [fc.integer({ min: 0, max: 6 }), fc.integer({ min: 0, max: 30 })] as const;
    fc.assert(
      fc.property(...bounds, steps, (maxEntries, maxBytes, commands) => {
        const gone: Item[] = [];
        const lru = createLru<number>(maxEntries, maxBytes, (text, value, bytes) =>
          gone.push({ text, value, bytes }),
        );
        const expected = model(maxEntries, maxBytes);
        for (const [value, { kind, text, bytes }] of commands.entries()) {
          if (kind === "put") {
            lru.put(text, value, bytes);
            expected.put({ text, value, bytes });
          } else if (kind === "remove") {
            lru.remove(text);
            expected.remove(text);
          }
          const item = expected.items().find((one) => one.text === text);
          expect(lru.get(text)).toBe(item?.value);
          expect([lru.size, lru.bytes]).toEqual([expected.items().length, total(expected.items())]);
          expect(gone).toEqual(expected.gone);
        }
      }),
    );
  });
});

describe("two segments", () => {
  test("nothing that is used once displaces what was used again", () => {
    const gone: string[] = [];
    const lru = createSegmentedLru<number>(10, 1000, (text) => gone.push(text));
    for (let i = 0; i < 8; i++) {
      lru.use(`hot ${i}`, i, 10);
      lru.use(`hot ${i}`, i, 10);
    }
    for (let i = 0; i < 1000; i++) lru.use(`once ${i}`, i, 10);
    for (let i = 0; i < 8; i++) expect(lru.get(`hot ${i}`)).toBe(i);
    expect(lru.size).toBe(10);
    expect(gone).toHaveLength(998);
  });

  test("what was used again leaves for what is used now, by way of the first segment", () => {
    const gone: string[] = [];
    const lru = createSegmentedLru<number>(5, 1000, (text) => gone.push(text));
    for (let i = 0; i < 6; i++) for (let k = 0; k < 2; k++) lru.use(`${i}`, i, 1);
    expect(gone).toEqual(["0"]); // 1 was used again before the others, and waits in the first
    expect(lru.get("1")).toBe(1);
    lru.use("6", 6, 1);
    expect(gone).toEqual(["0", "1"]);
  });

  test("both bounds hold whatever comes, and what was let go is told once", () => {
    const bounds = [fc.integer({ min: 0, max: 8 }), fc.integer({ min: 0, max: 60 })] as const;
    fc.assert(
      fc.property(...bounds, steps, (maxEntries, maxBytes, commands) => {
        const live = new Map<string, number>();
        const lru = createSegmentedLru<number>(maxEntries, maxBytes, (text) => {
          expect(live.delete(text)).toBe(true);
        });
        for (const [value, { text, bytes }] of commands.entries()) {
          live.set(text, lru.get(text) ?? value);
          lru.use(text, lru.get(text) ?? value, bytes);
          expect(lru.size).toBeLessThanOrEqual(maxEntries);
          expect(lru.bytes).toBeLessThanOrEqual(maxBytes);
          expect(lru.size).toBe(live.size);
          for (const [one, expected] of live) expect(lru.get(one)).toBe(expected);
        }
      }),
    );
  });
});
