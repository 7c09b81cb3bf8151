// The share that each key has of the memory replay store: counted exactly, fair to the others, and at a bounded cost.
import { createMemoryReplayStore } from "dpop-core";
import { createMemoryReplayStore as createCoreStore } from "dpop-core/core";
import { afterEach, describe, expect, test, vi } from "vitest";
import {
  addShare,
  bytesOfShares,
  clearShares,
  createKeyShares,
  dropShares,
  hasSpareRows,
  isCounted,
  isShareFull,
  type KeyShares,
  PLACE_WORDS,
  placesOf,
  settleAllShares,
  settleShares,
  shareOf,
  shrinkShares,
  surveyShares,
} from "../src/replay/key-share.js";
import { memoryStore, wordOf } from "./support/store.js";
import type { ReplayAnswer } from "../src/replay/replay.js";

const [ALICE, BOB, CAROL] = ["a", "b", "c"].map((letter) => letter.repeat(43)) as [
  string,
  string,
  string,
];

const full = (retryAfter: number): ReplayAnswer => ({ full: true, retryAfter });

describe("one key", () => {
  test("takes no more than its share, and every other key still gets in", () => {
    const store = memoryStore({ maxEntries: 100, maxEntriesPerKey: 7 });
    for (let i = 0; i < 7; i++) expect(store.add(`a${i}`, 60, 0, ALICE)).toBe("new");
    for (let i = 7; i < 500; i++) expect(store.add(`a${i}`, 60, 1, ALICE)).toBe("full");
    expect(store.add("a3", 60, 1, ALICE)).toBe("seen");
    for (let i = 0; i < 7; i++) expect(store.add(`b${i}`, 60, 1, BOB)).toBe("new");
    expect(store.add("b7", 60, 1, BOB)).toBe("full");
    expect(store.add("c", 60, 1, CAROL)).toBe("new");
    expect(store.size).toBe(15);
  });

  test.each([1, 2, 3])("may have exactly %i, and one more for each that expires", (most) => {
    const store = memoryStore({ maxEntries: 50, maxEntriesPerKey: most });
    for (let i = 0; i < most; i++) expect(store.add(`${i}`, 10 + i, 0, ALICE)).toBe("new");
    expect(store.add("x", 99, 9.9, ALICE)).toBe("full");
    for (let i = 0; i < most; i++) {
      expect(store.add(`again ${i}`, 99, 10 + i, ALICE)).toBe("new");
      expect(store.add("x", 99, 10 + i, ALICE)).toBe("full");
    }
    expect(store.add("x", 199, 99, ALICE)).toBe("new");
  });

  test.each([
    [1, 1],
    [2, 1],
    [4, 1],
    [5, 2],
    [1000, 250],
  ])("of a store of %i has %i by default", (maxEntries, share) => {
    const store = createMemoryReplayStore({ maxEntries });
    const add = (i: number, jkt: string) => wordOf(store.add(`${i}`, 60, 0, jkt));
    for (let i = 0; i < share; i++) expect(add(i, ALICE)).toBe("new");
    expect(add(-1, ALICE)).toBe("full");
    expect(add(-2, BOB)).toBe(maxEntries > share ? "new" : "full");
  });

  test("has a quarter of a million by default, and others their own while it is full", () => {
    const store = createMemoryReplayStore();
    const answers = new Map<string, number>();
    for (let i = 0; i < 265_000; i++) {
      const word = wordOf(store.add(`${i}`, 60 + (i % 16), 0, ALICE));
      answers.set(word, (answers.get(word) ?? 0) + 1);
    }
    // One in 16 of its entries is counted.
    expect(answers.get("new")).toBeGreaterThan(240_000);
    expect(answers.get("new")).toBeLessThan(260_000);
    for (let i = 0; i < 1000; i++) {
      expect(store.add(`other ${i}`, 60, 0, `${i}`.padEnd(43, "z"))).toBe("new");
    }
    // Its entries expire, some thousands at a time are counted out, and it gets as many again.
    let again = 0;
    for (let i = 0; i < 70_000; i++) {
      if (wordOf(store.add(`again ${i}`, 200, 63, ALICE)) === "new") again++;
    }
    // What expired at 60 to 63: 62,200 on average, with a standard deviation of 1,100.
    expect(again).toBeGreaterThan(4 * 14_000);
    expect(again).toBeLessThan(4 * 17_000);
  });

  test("is not refused for entries that expired, however many of others are counted out before them", () => {
    const store = memoryStore({ maxEntries: 40_000, maxEntriesPerKey: 100 });
    for (let i = 0; i < 50; i++) store.add(`going ${i}`, 10, 0, ALICE);
    for (let i = 0; i < 50; i++) store.add(`staying ${i}`, 100, 0, ALICE);
    for (let i = 0; i < 12_000; i++)
      store.add(`${i}`, i % 2 === 0 ? 11 : 100, 0, `${i}`.padEnd(43, "k"));
    expect(store.add("early", 100, 9, ALICE)).toBe("full");
    expect(store.add("late", 100, 11, ALICE)).toBe("new");
  });

  test("of 4,096 is never refused for what it shares its counters with, nor has more than its limit", () => {
    const store = memoryStore({ maxEntries: 10_000, maxEntriesPerKey: 3 });
    const jktOf = (i: number): string => `${i}`.padEnd(43, "k");
    for (let i = 0; i < 4090; i++)
      if (store.add(`${i}`, 60, 0, jktOf(i)) !== "new") expect.fail(`${i}`);
    const answers = [0, 1, 2, 3].map((i) => store.add(`x${i}`, 60, 0, jktOf(77)));
    expect(answers).toEqual(["new", "new", "full", "full"]);
  });

  test("that never comes twice costs no other key anything: a million keys have one entry each", () => {
    const store = createMemoryReplayStore();
    let news = 0;
    let most = 0;
    for (let i = 0; i < 1_000_000; i++) {
      if (store.add(`${i}`, 1000 + (i % 77), 900, `${i}`.padEnd(43, "k")) === "new") news++;
      if (i % 64 !== 0 || i < 100_000) continue;
      const { bytes, entries } = store.usage();
      most = Math.max(most, bytes / entries);
    }
    expect(news).toBe(1_000_000);
    expect(most).toBeLessThanOrEqual(26);
    expect(store.usage().bytes / 1_000_000).toBeLessThanOrEqual(26);
    expect(store.usage().fill).toBe(1);
  });
});

describe("full says when room is expected", () => {
  test("of the whole store, when its first entry expires", () => {
    const store = createMemoryReplayStore({ maxEntries: 2 });
    store.add("b", 80, 0, BOB);
    store.add("c", 70, 0, CAROL);
    expect(store.add("a", 90, 10, ALICE)).toEqual(full(60));
    expect(store.add("a", 90, 10.5, ALICE)).toEqual(full(60));
    expect(store.add("a", 90, 69.9, ALICE)).toEqual(full(1));
    expect(store.add("a", 90, 70, ALICE)).toBe("new");
    expect(store.add("x", 99, 71, ALICE)).toEqual(full(9));
  });

  test("of one key, when the first of its own entries expires", () => {
    const store = createMemoryReplayStore({ maxEntries: 100, maxEntriesPerKey: 2 });
    store.add("b", 5, 0, BOB);
    store.add("a1", 80, 0, ALICE);
    store.add("a2", 60, 0, ALICE);
    expect(store.add("a3", 90, 1, ALICE)).toEqual(full(59));
    expect(store.add("a3", 90, 59.5, ALICE)).toEqual(full(1));
    expect(store.add("a3", 90, 60, ALICE)).toBe("new");
  });

  test("of a busy key among many entries too, from some of them", () => {
    const store = createMemoryReplayStore({ maxEntries: 40_000 });
    for (let i = 0; i < 20_000; i++) {
      store.add(`${i}`, 1 + (i % 76), 0, `${i}`.padEnd(43, "k"));
    }
    for (let i = 0; i < 10_000; i++) store.add(`a${i}`, 40 + (i % 5), 0, ALICE);
    expect(store.add("x", 90, 0.5, ALICE)).toEqual(full(40));
  });

  test("of a time that was forgotten, when a new proof is later than that", () => {
    const store = createMemoryReplayStore();
    store.add("a", 100, 0, ALICE);
    store.add("b", 300, 200, ALICE);
    expect(store.add("a", 90, 10, ALICE)).toEqual(full(11));
    expect(store.add("a", 100, 10, ALICE)).toEqual(full(1));
    expect(store.add("c", 101, 21, ALICE)).toBe("new");
  });

  test("of a key that has no entry among many, when the first entry of any key expires", () => {
    const store = createMemoryReplayStore({ maxEntries: 40_000, maxEntriesPerKey: 200 });
    store.add("b", 30, 0, BOB);
    for (let i = 0; i < 200; i++) store.add(`a${i}`, 40, 0, ALICE);
    // More of the same second came later than are looked at.
    for (let i = 0; i < 6000; i++) store.add(`${i}`, 40, 0, `${i}`.padEnd(43, "k"));
    expect(store.add("x", 90, 10, ALICE)).toEqual(full(20));
    expect(store.add("x", 90, 10, CAROL)).toBe("new");
  });
});

test("an entry whose time was over when it came does not make a full store, or a full key, look empty", () => {
  const whole = createMemoryReplayStore({ maxEntries: 1 });
  expect(whole.add("a", 5, 10, ALICE)).toBe("new");
  expect(whole.add("b", 90, 10, BOB)).toEqual(full(1));
  const share = createMemoryReplayStore({ maxEntries: 9, maxEntriesPerKey: 1 });
  expect(share.add("a", 5, 10, ALICE)).toBe("new");
  expect(share.add("b", 90, 10, ALICE)).toEqual(full(1));
  expect(share.add("c", 90, 10, BOB)).toBe("new");
});

describe("usage", () => {
  test("tells entries, bytes and the part that is taken", () => {
    const store = createMemoryReplayStore({ maxEntries: 8 });
    expect(store.usage()).toEqual({ entries: 0, bytes: 0, fill: 0 });
    store.add("a", 10, 0, ALICE);
    store.add("b", 20, 0, BOB);
    const usage = store.usage();
    expect(usage).toMatchObject({ entries: 2, fill: 0.25 });
    expect(usage.bytes).toBeGreaterThan(2 * 16);
    expect(usage.bytes).toBeLessThan(48 * 1024);
    store.add("c", 30, 10, BOB);
    expect(store.usage()).toMatchObject({ entries: 2, fill: 0.25 });
  });

  test("stays under 48 KiB for fewer than a thousand entries of as many keys", () => {
    const store = createMemoryReplayStore();
    let most = 0;
    for (let i = 0; i < 999; i++) {
      store.add(`${i}`, 1 + (i % 76), 0, `${i}`.padEnd(43, "k"));
      most = Math.max(most, store.usage().bytes);
    }
    expect(store.usage().entries).toBe(999);
    expect(most).toBeLessThan(48 * 1024);
  });
});

describe("the keys of the hash", () => {
  afterEach(() => {
    vi.unstubAllGlobals();
  });

  /** The random bytes that stores ask the platform for, by length. */
  function spied(): number[] {
    const asked: number[] = [];
    const { crypto } = globalThis;
    vi.stubGlobal("crypto", {
      getRandomValues(bytes: Uint8Array<ArrayBuffer>) {
        asked.push(bytes.length);
        return crypto.getRandomValues(bytes);
      },
    });
    return asked;
  }

  test("are the platform's random bytes by default, of each store its own", () => {
    const asked = spied();
    const random = vi.spyOn(Math, "random");
    const stores = [createMemoryReplayStore(), createMemoryReplayStore({ backend: undefined })];
    for (const store of stores) expect(store.add("a", 10, 0, ALICE)).toBe("new");
    expect(asked).toEqual([80, 80]);
    expect(random).not.toHaveBeenCalled();
    random.mockRestore();
  });

  test("differ between two stores, or their segments would grow at the same entries", () => {
    const growth = (): string => {
      const store = createMemoryReplayStore();
      const sizes: number[] = [];
      for (let i = 0; i < 200; i++) {
        store.add(`${i}`, 10, 0, ALICE);
        sizes.push(store.usage().bytes);
      }
      return sizes.join();
    };
    expect(growth()).not.toBe(growth());
    // And they do where the keys are the same.
    vi.stubGlobal("crypto", { getRandomValues: (bytes: Uint8Array) => bytes.fill(7) });
    expect(growth()).toBe(growth());
  });

  test("come from nowhere weaker where the platform has none, unless a backend gives them", () => {
    vi.stubGlobal("crypto", undefined);
    expect(() => createMemoryReplayStore().add("a", 10, 0, ALICE)).toThrow(/getRandomValues/);
    const backend = { randomBytes: (length: number) => new Uint8Array(length) };
    expect(createMemoryReplayStore({ backend }).add("a", 10, 0, ALICE)).toBe("new");
    expect(createCoreStore().add("a", 10, 0, ALICE)).toBe("new");
  });

  test("are other ones for the entries and for the thumbprints", () => {
    const sizes = [0, 1].map((last) => {
      const randomBytes = (length: number) => {
        const bytes = new Uint8Array(length);
        bytes[length - 1] = last;
        return bytes;
      };
      const store = createMemoryReplayStore({ backend: { randomBytes } });
      return Array.from({ length: 200 }, (_, i) => {
        store.add(`${i}`, 10, 0, ALICE);
        return store.usage().bytes;
      }).join();
    });
    expect(sizes[0]).toBe(sizes[1]); // the last word keys the thumbprints, and moves no entry
  });
});

/** A limit with every entry counted. */
const EXACT = 16_383;

/** Words as the hash gives them: both halves even. */
function keyOf(index: number): number {
  let word = Math.imul(index ^ (index >>> 16), 0x21f0aaad);
  word = Math.imul(word ^ (word >>> 15), 0x735a2d97);
  return word ^ (word >>> 15);
}

describe("of a key that may have very many entries a sample is counted", () => {
  /** Random words of the hash that are the same each time. */
  const backend = {
    randomBytes: (length: number) => Uint8Array.from({ length }, (_, i) => 37 * i + 11),
  };

  test("and once it is full, an entry is refused whether it would be counted or not", () => {
    const store = createMemoryReplayStore({
      maxEntries: 65_536,
      maxEntriesPerKey: 16_384,
      backend,
    });
    let at = 0;
    while (store.add(`a${at}`, 60, 0, ALICE) === "new") at++;
    expect(at).toBeGreaterThan(15_700); // one in two is counted, up to 8,192
    expect(at).toBeLessThan(17_100);
    for (let i = 0; i < 1000; i++) {
      expect(store.add(`more ${i}`, 60, 0, ALICE)).toEqual(full(60));
      expect(store.add(`b${i}`, 60, 0, `${i}`.padEnd(43, "b"))).toBe("new");
    }
    expect(store.usage().entries).toBe(at + 1000);
    // A replay is seen, counted or not, whatever is full.
    for (let i = 0; i < at; i += 97) expect(store.add(`a${i}`, 60, 0, ALICE)).toBe("seen");
  });

  test("half of the entries are, by their own bits, where the limit is just so large", () => {
    const bytes = [16_383, 16_384].map((maxEntriesPerKey) => {
      const store = createMemoryReplayStore({ maxEntries: 65_536, maxEntriesPerKey, backend });
      const whole = createMemoryReplayStore({
        maxEntries: 65_536,
        maxEntriesPerKey: 65_536,
        backend,
      });
      for (let i = 0; i < 20_000; i++) {
        const key = `${i}`.padEnd(43, "k");
        for (const one of [store, whole])
          if (one.add(key, 60, 0, key) !== "new") expect.fail(`${i}`);
      }
      return store.usage().bytes - whole.usage().bytes; // what the counters take
    });
    // 4 bytes for each that is counted, and two rows of 4,096 or 2,048 places.
    const [all = 0, half = 0] = bytes;
    expect(all - 4 * 2 * 4096).toBeGreaterThanOrEqual(4 * 20_000);
    expect(half - 4 * 2 * 2048).toBeGreaterThan(4 * 9700);
    expect(half - 4 * 2 * 2048).toBeLessThan(4 * (10_300 + 512 * 4));
  });

  test.each([
    [1, 1, 1],
    [16_383, 1, 16_383],
    [16_384, 2, 8192],
    [250_000, 16, 15_625],
    [250_001, 16, 15_626],
    [16_777_215, 1024, 16_384],
  ])("of %i one in %i, up to %i", (most, period, counted) => {
    const shares = createKeyShares(most, Infinity);
    expect([shares.mask + 1, shares.most]).toEqual([period, counted]);
    for (const [hash, expected] of [
      [0, true],
      [period, true],
      [-period, true],
      [period - 1, period === 1],
    ] as const)
      // prettier-ignore
      expect(isCounted(shares, hash)).toBe(expected);
  });

  test("none is where one key may fill the store", () => {
    const shares = createKeyShares(100, 100);
    expect([1, 2, 4096, -1, 2 ** 31].some((hash) => isCounted(shares, hash))).toBe(false);
    const store = memoryStore({ maxEntries: 50_000, maxEntriesPerKey: 50_000 });
    for (let i = 0; i < 50_000; i++)
      if (store.add(`${i}`, 60, 0, ALICE) !== "new") expect.fail(`${i}`);
    expect(store.add("x", 60, 0, BOB)).toBe("full");
  });

  test("and meets the limit to within 4 percent, while others come too", () => {
    const store = createMemoryReplayStore({ maxEntries: 400_000, maxEntriesPerKey: 50_000 });
    let news = 0;
    for (let i = 0; i < 70_000; i++) {
      if (store.add(`a${i}`, 60 + (i % 20), 0, ALICE) === "new") news++;
      const other = `${i}`.padEnd(43, "b");
      if (store.add(`b${i}`, 60 + (i % 20), 0, other) !== "new") expect.fail(`${i}`);
    }
    expect(news).toBeGreaterThan(48_000);
    expect(news).toBeLessThan(52_000);
  });
});

describe("the places of a thumbprint", () => {
  const random = Int32Array.from({ length: PLACE_WORDS }, (_, i) => keyOf(1000 + i));

  /** Both sums, in whole numbers of any size. */
  function reference(jkt: string): number {
    const sumOf = (first: number, last: number): number => {
      let sum = BigInt(random[last] ?? 0);
      for (let pair = 0; pair < 8; pair++) {
        const [one = 0, other = 0] = [2 * pair, 2 * pair + 1].map((at) => jkt.charCodeAt(at) || 0);
        sum += BigInt(random[2 * pair + first] ?? 0) * BigInt(one + 256 * other);
      }
      return Number(BigInt.asUintN(32, sum));
    };
    return (sumOf(0, 16) >>> 16) | ((sumOf(1, 17) >>> 16) << 16);
  }

  test("are the upper halves of two sums of products with random words", () => {
    for (let i = 0; i < 200; i++) {
      const jkt = `${keyOf(i)}-${keyOf(i + 7)}-abcdefghijklmnopqrstuvwxyz`;
      for (const text of [jkt, jkt.slice(0, i % 20)])
        expect(placesOf(text, random)).toBe(reference(text));
    }
  });

  test("depend on its first 16 characters, each of them", () => {
    const jkt = "abcdefghijklmnopqrstuvwxyz";
    const places = placesOf(jkt, random);
    for (let at = 0; at < jkt.length; at++) {
      const other = placesOf(`${jkt.slice(0, at)}0${jkt.slice(at + 1)}`, random);
      expect(other === places).toBe(at >= 16);
    }
    const store = memoryStore({ maxEntries: 9, maxEntriesPerKey: 1 });
    expect(store.add("1", 60, 0, `${"a".repeat(16)}b`)).toBe("new");
    expect(store.add("2", 60, 0, `${"a".repeat(16)}c`)).toBe("full");
    expect(store.add("3", 60, 0, `${"a".repeat(15)}bb`)).toBe("new");
  });

  test("are any two of the rows: both halves of the word are used, and each by itself", () => {
    const shares = createKeyShares(EXACT, Infinity);
    for (let i = 0; i < 5; i++) addShare(shares, 0x0007_0003, 1);
    for (let i = 0; i < 3; i++) addShare(shares, 0x0009_0003, 1);
    for (let i = 0; i < 2; i++) addShare(shares, 0x0009_0004, 1);
    const of = (word: number): number => shareOf(shares, word);
    expect([of(0x0007_0003), of(0x0009_0003), of(0x0009_0004)]).toEqual([5, 5, 2]);
    expect([of(0x0007_0004), of(0x0009_0005), of(0x0008_0003), of(0)]).toEqual([2, 0, 0, 0]);
    expect([of(0x0047_0043), of(-0x3ff8_ffbd)]).toEqual([5, 5]); // of 64 places, by the lowest bits
  });
});

describe("the counters", () => {
  /** Places of the first row that have all of a share. */
  const crowded = ({ rows, places, most }: KeyShares): number =>
    rows.subarray(0, places).filter((count) => count >= most).length;

  test("know at every moment whether any key may have all of its share", () => {
    const shares = createKeyShares(5, Infinity);
    const seen = new Set<number>();
    for (let i = 0; i < 3000; i++) {
      addShare(shares, keyOf(i % 5 === 0 ? i % 15 : i), 1 + (i % 7));
      if (i % 100 === 99) dropShares(shares, 1 + (i % 7));
      if (i % 10 === 0) settleShares(shares);
      expect(shares.crowded).toBe(crowded(shares));
      seen.add(shares.crowded);
    }
    for (let slice = 1; slice <= 7; slice++) dropShares(shares, slice);
    settleAllShares(shares);
    expect([shares.crowded, shares.live]).toEqual([0, 0]);
    expect(seen.size).toBeGreaterThan(5);
    for (let i = 0; i < 9; i++) addShare(shares, keyOf(1), 1);
    shrinkShares(shares);
    expect(shares.crowded).toBe(1);
    expect(isShareFull(shares, keyOf(1))).toBe(true);
    expect(isShareFull(shares, keyOf(2))).toBe(false);
  });

  test("know it as well after they grew, and when what came before is taken out", () => {
    const shares = createKeyShares(20, Infinity);
    const sizes = new Set<number>();
    for (let i = 0; i < 5000; i++) {
      addShare(shares, keyOf(i % 4 === 0 ? i % 12 : i), 1 + (i % 2));
      if (shares.crowded !== crowded(shares)) expect.fail(`${shares.crowded} at ${i}`);
      if (shares.crowded > 0) sizes.add(shares.places);
    }
    expect([...sizes]).toEqual([64, 128, 256, 512, 1024]);
    for (let i = 0; i < 12; i += 4) expect(isShareFull(shares, keyOf(i))).toBe(true);
    for (const slice of [1, 2]) {
      dropShares(shares, slice);
      while (shares.due.length > 0) {
        settleShares(shares);
        expect(shares.crowded).toBe(crowded(shares));
      }
    }
    expect(shares.crowded).toBe(0);
  });

  /** Entries that are in chunks now, whether live or due. */
  function held({ chunks, due }: KeyShares): number {
    let entries = 0;
    for (const newest of [...chunks, ...due]) {
      for (let chunk = newest; chunk !== undefined; chunk = chunk.before) entries += chunk.used;
    }
    return entries;
  }

  test("drop a slice of a million entries by some thousands at a time", () => {
    const shares = createKeyShares(EXACT, Infinity);
    for (let i = 0; i < 1_000_000; i++) addShare(shares, keyOf(i), 1);
    dropShares(shares, 1);
    expect(held(shares)).toBe(1_000_000);
    let steps = 0;
    for (let before = 1_000_000; before > 0; steps++) {
      settleShares(shares);
      const after = held(shares);
      expect(before - after).toBeGreaterThan(0);
      expect(before - after).toBeLessThanOrEqual(4096);
      before = after;
    }
    expect(steps).toBeGreaterThan(240);
    expect(shares.rows.every((count) => count === 0)).toBe(true);
    expect(bytesOfShares(shares)).toBe(4 * shares.rows.length);
  });

  test("are exact while they grow, and when what came before that is taken out again", () => {
    const shares = createKeyShares(EXACT, Infinity);
    const sizes = new Set<number>();
    const N = 300_000;
    for (let i = 0; i < N; i++) {
      addShare(shares, keyOf(i), 1 + (i % 10));
      sizes.add(shares.places);
    }
    expect([...sizes]).toEqual([64, 128, 256, 512, 1024, 2048, 4096, 8192, 16_384]);
    for (let i = 0; i < N; i += 101) expect(shareOf(shares, keyOf(i))).toBeGreaterThan(0);
    for (let slice = 1; slice <= 9; slice++) dropShares(shares, slice);
    settleAllShares(shares);
    expect(held(shares)).toBe(N / 10);
    for (let i = 9; i < N; i += 1010) expect(shareOf(shares, keyOf(i))).toBeGreaterThan(0);
    dropShares(shares, 10);
    settleAllShares(shares);
    expect(shares.rows.every((count) => count === 0)).toBe(true);
  });

  test("never have too little for a key, and seldom much more", () => {
    const shares = createKeyShares(EXACT, Infinity);
    const truth = new Map<number, number>();
    for (let i = 0; i < 200_000; i++) {
      const key = keyOf(i % 7 === 0 ? i % 49 : i);
      truth.set(key, (truth.get(key) ?? 0) + 1);
      addShare(shares, key, 1);
    }
    let most = 0;
    let far = 0;
    for (const [key, count] of truth) {
      if (shareOf(shares, key) < count) expect.fail(`${key} has too little`);
      const over = shareOf(shares, key) - count;
      most = Math.max(most, over);
      if (over > 80) far++;
    }
    // Those at both places of a busy key of the time when there were few places: until its entries expire.
    expect(most).toBeGreaterThan(0);
    expect(far / truth.size).toBeLessThan(0.02);
  });

  test("shrink when far fewer are live, and stay exact", () => {
    const shares = createKeyShares(EXACT, Infinity);
    for (let i = 0; i < 300_000; i++) addShare(shares, keyOf(i), 1);
    for (let i = 0; i < 1000; i++) addShare(shares, keyOf(i % 3), 2);
    dropShares(shares, 1);
    settleAllShares(shares);
    expect(hasSpareRows({ ...shares, live: 4096 })).toBe(false);
    expect(hasSpareRows({ ...shares, live: 4095 })).toBe(true);
    expect(hasSpareRows(createKeyShares(EXACT, Infinity))).toBe(false);
    shrinkShares(shares);
    expect(shares.places).toBe(256);
    expect([0, 1, 2].map((i) => shareOf(shares, keyOf(i)))).toEqual([334, 333, 333]);
    dropShares(shares, 2);
    settleAllShares(shares);
    expect(shares.rows.every((count) => count === 0)).toBe(true);
  });

  test("grow when there are 8 entries for each place, those that were dropped left out", () => {
    const shares = createKeyShares(EXACT, Infinity);
    expect([shares.places, shares.rows.length]).toEqual([0, 0]);
    addShare(shares, 1, 1);
    expect([shares.places, shares.rows.length, shares.crowded]).toEqual([64, 128, 0]);
    for (let i = 1; i < 512; i++) addShare(shares, keyOf(i), 1);
    expect(shares.places).toBe(64);
    dropShares(shares, 1);
    expect(shares.live).toBe(0);
    for (let i = 0; i < 512; i++) addShare(shares, keyOf(i), 2);
    expect(shares.places).toBe(64);
    addShare(shares, 1, 2);
    expect([shares.places, shares.rows.length]).toEqual([128, 256]);
  });

  test("keep the places of entries in chunks of as many as their slice has, 8 to 512", () => {
    const shares = createKeyShares(EXACT, Infinity);
    const words: number[] = [];
    for (let i = 0; i < 2048; i++) {
      addShare(shares, 1, 1);
      const bytes = bytesOfShares(shares) - 4 * shares.rows.length;
      if (words.at(-1) !== bytes / 4) words.push(bytes / 4);
    }
    // The 513th begins one though eight of the last are taken: a chunk is of one number of places.
    expect(words).toEqual([8, 24, 56, 120, 248, 504, 1016, 1528, 2040, 2552]);
    addShare(shares, 1, 2);
    expect(bytesOfShares(shares)).toBe(4 * (shares.rows.length + 2552 + 8));
  });

  test("have nothing due where a slice had no entry, nor after all was taken out", () => {
    const shares = createKeyShares(EXACT, Infinity);
    dropShares(shares, 1);
    expect(shares.due).toEqual([]);
    addShare(shares, 1, 1);
    for (let i = 0; i < 20; i++) addShare(shares, 2, 2);
    for (const slice of [1, 2, 2]) dropShares(shares, slice);
    expect(shares.due.map(({ used }) => used)).toEqual([1, 12]);
    settleShares(shares);
    expect([shares.due, shares.chunkWords, shares.live]).toEqual([[], 0, 0]);
  });

  test("take out exactly 4,096 at a time, and count one of fewer places for each that it stands at now", () => {
    const shares = createKeyShares(EXACT, Infinity);
    for (let i = 0; i < 512; i++) addShare(shares, keyOf(i), 1);
    for (let i = 0; i < 16_000; i++) addShare(shares, keyOf(i), 2);
    expect(shares.places).toBe(4096);
    dropShares(shares, 1);
    const before = held(shares);
    settleShares(shares);
    expect(before - held(shares)).toBe(64); // 4,096 / (4,096 / 64)
    settleAllShares(shares);
    expect(held(shares)).toBe(16_000);
    dropShares(shares, 2);
    settleAllShares(shares);
    expect(shares.rows.every((count) => count === 0)).toBe(true);
    for (let i = 0; i < 10_000; i++) addShare(shares, keyOf(i), 3);
    dropShares(shares, 3);
    const left: number[] = [];
    while (shares.due.length > 0) {
      settleShares(shares);
      left.push(held(shares));
    }
    expect(left).toEqual([10_000 - 4096, 10_000 - 2 * 4096, 0]);
  });

  test("forget everything where the store is empty, and count from the start again", () => {
    const shares = createKeyShares(2, Infinity);
    for (let i = 0; i < 2000; i++) addShare(shares, keyOf(i % 3), 1 + (i % 2));
    dropShares(shares, 1);
    clearShares(shares);
    expect(shares).toEqual(createKeyShares(2, Infinity));
    expect(isShareFull(shares, keyOf(0))).toBe(false);
    addShare(shares, keyOf(0), 1);
    expect([shares.places, shareOf(shares, keyOf(0)), shares.crowded]).toEqual([64, 1, 0]);
    addShare(shares, keyOf(0), 1);
    expect(shares.crowded).toBe(1);
  });

  test.each([
    [0, 64],
    [256, 64],
    [257, 128],
    [512, 128],
    [513, 256],
  ])("shrink to twice the places that %i entries need", (live, places) => {
    const shares = createKeyShares(EXACT, Infinity);
    for (let i = 0; i < 3000; i++) addShare(shares, keyOf(i), 1);
    for (let i = 0; i < live; i++) addShare(shares, keyOf(i), 2);
    dropShares(shares, 1);
    settleAllShares(shares);
    shrinkShares(shares);
    expect([shares.places, shares.rows.length]).toEqual([places, 2 * places]);
    expect(hasSpareRows(shares)).toBe(false);
    for (let i = 0; i < 100; i++) addShare(shares, keyOf(i), 3);
    for (const slice of [2, 3]) dropShares(shares, slice);
    settleAllShares(shares);
    expect(shares.rows.every((count) => count === 0)).toBe(true);
  });

  test.each([
    ["of some slices as many of each", [5000, 5000, 5000], { found: 1024, first: 1001 }],
    [
      "of a slice of few all of these, and no fewer of the others",
      [100, 9000, 9000],
      { found: 784, first: 1001 },
    ],
    ["of all where these are no more than 4,096", [4000, 90, 6], { found: 4096, first: 1001 }],
    ["of all no more where they are one more", [4000, 90, 7], { found: 439, first: 1001 }],
  ])("a survey looks at the newest, %s", (_, counts, expected) => {
    const shares = createKeyShares(EXACT, Infinity);
    const slices = new Map<number, number>();
    // Not in the order of their expiries.
    for (const at of [1, 0, 2]) {
      slices.set(1001 + at, 1 + at);
      for (let i = 0; i < (counts[at] ?? 0); i++) addShare(shares, 77, 1 + at);
    }
    const { complete, ...found } = surveyShares(shares, 77, slices);
    expect(found).toEqual(expected);
    expect(complete).toBe(shares.live <= 4096);
    expect(surveyShares(shares, 78, slices)).toEqual({ complete, found: 0, first: Infinity });
  });

  test("a survey goes no further back in a slice than it looks", () => {
    const shares = createKeyShares(EXACT, Infinity);
    for (let i = 0; i < 20_000; i++) addShare(shares, keyOf(i), 1);
    let steps = 0;
    type Chunk = KeyShares["due"][number];
    const counting = (chunk: Chunk | undefined): Chunk | undefined =>
      chunk && {
        ...chunk,
        get before() {
          steps++;
          return counting(chunk.before);
        },
      };
    const chunks = shares.chunks.map((newest) => newest && counting({ ...newest }));
    expect(surveyShares({ ...shares, chunks }, keyOf(19_999), new Map([[60, 1]]))).toEqual({
      complete: false,
      found: 1,
      first: 60,
    });
    expect(steps).toBeLessThanOrEqual(3); // 1,024 entries in chunks of 512, one of them not full
  });

  test("a survey looks at some thousands of entries at most, among however many slices", () => {
    const shares = createKeyShares(EXACT, Infinity);
    const slices = new Map<number, number>();
    let looked = 0;
    for (let i = 0; i < 20_000; i++) {
      addShare(shares, keyOf(i), i + 1);
      slices.set(1000 + i, i + 1);
    }
    const counting = new Map(slices);
    counting[Symbol.iterator] = function* () {
      for (const entry of slices) {
        looked++;
        yield entry;
      }
      return undefined;
    };
    expect(surveyShares(shares, keyOf(3), counting)).toEqual({
      complete: false,
      found: 1,
      first: 1003,
    });
    expect(looked).toBe(1024);
    expect(surveyShares(shares, keyOf(19_999), slices).found).toBe(0);
    expect(surveyShares({ ...shares, live: 4096 }, keyOf(3), slices).complete).toBe(true);
  });
});
