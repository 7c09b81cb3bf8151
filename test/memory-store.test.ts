// The memory replay store as a data structure: its hash, its tables, how they grow, shrink and fill up. What it returns as
// a replay store is in rfc9449/11.1-replay.test.ts and properties/replay.test.ts.
import { createMemoryReplayStore, noble } from "dpop-core";
import { createMemoryReplayStore as createCoreStore } from "dpop-core/core";
import { afterEach, describe, expect, test, vi } from "vitest";
import { halfSipHash } from "../src/replay/siphash.js";
import { createSlotTable, putEntry, searchEntry, type SlotTable } from "../src/replay/slots.js";
import { createTimeSlices } from "../src/replay/slices.js";
import { JKT } from "./support/rfc.js";
import { memoryStore } from "./support/store.js";

/**
 * HalfSipHash with 64 bits of output, of any numbers of rounds, written from the paper; or, as ours is, with its second
 * word from the same state as the first.
 */
function sipReference(
  bytes: Uint8Array,
  k0: number,
  k1: number,
  c: number,
  d: number,
  second: "from the paper" | "from the same state",
): bigint {
  const rotate = (x: number, by: number): number => (x << by) | (x >>> (32 - by));
  let [v0, v1, v2, v3] = [k0, k1 ^ 0xee, 0x6c796765 ^ k0, 0x74656462 ^ k1];
  const rounds = (count: number): void => {
    for (let i = 0; i < count; i++) {
      v0 = (v0 + v1) | 0;
      v1 = rotate(v1, 5) ^ v0;
      v0 = rotate(v0, 16);
      v2 = (v2 + v3) | 0;
      v3 = rotate(v3, 8) ^ v2;
      v0 = (v0 + v3) | 0;
      v3 = rotate(v3, 7) ^ v0;
      v2 = (v2 + v1) | 0;
      v1 = rotate(v1, 13) ^ v2;
      v2 = rotate(v2, 16);
    }
  };
  const padded = new Uint8Array((bytes.length & ~3) + 4);
  padded.set(bytes);
  padded[padded.length - 1] = bytes.length;
  const words = new DataView(padded.buffer);
  for (let at = 0; at < padded.length; at += 4) {
    const word = words.getInt32(at, true);
    v3 ^= word;
    rounds(c);
    v0 ^= word;
  }
  v2 ^= 0xee;
  rounds(d);
  const first = (v1 ^ v3) >>> 0;
  if (second === "from the same state") return (BigInt((v0 ^ v2) >>> 0) << 32n) | BigInt(first);
  v1 ^= 0xdd;
  rounds(d);
  return (BigInt((v1 ^ v3) >>> 0) << 32n) | BigInt(first);
}

function sip(text: string, k0 = 1, k1 = 2): bigint {
  const out = new Int32Array(2);
  halfSipHash(text, { k0, k1 }, out);
  return BigInt.asUintN(64, (BigInt(out[1] ?? 0) << 32n) | BigInt((out[0] ?? 0) >>> 0));
}

describe("the keyed hash", () => {
  test("its reference gives the vectors of HalfSipHash-2-4", () => {
    const vectors = [
      "218d1f59b9b83cc8",
      "be552412f8387315",
      "064f39ef7c50eb57",
      "ce0f1a45f7060679",
    ];
    for (const [length, vector] of vectors.entries()) {
      const hash = sipReference(
        Uint8Array.from(Array(length).keys()),
        0x03020100,
        0x07060504,
        2,
        4,
        "from the paper",
      );
      expect(hash).toBe(Buffer.from(vector, "hex").readBigUInt64LE());
    }
  });

  test("is HalfSipHash-1-3 of the bytes of ASCII, but that the second word is from the same state", () => {
    for (let length = 0; length < 300; length++) {
      const text = Array.from({ length }, (_, i) =>
        String.fromCharCode((i * 37 + length) & 127),
      ).join("");
      expect(sip(text, -5, 77 + length)).toBe(
        sipReference(Buffer.from(text), -5, 77 + length, 1, 3, "from the same state"),
      );
    }
  });

  test("of other text it is that of three bytes for each unit, under another key", () => {
    for (const text of ["\u0080", "\0\u0080", "é", "AB\u0100", "A\ud800BC\uffff", "żółw", "😀"]) {
      const bytes = text.split("").flatMap((character) => {
        const unit = character.charCodeAt(0);
        return [unit & 0x7f, (unit >> 7) & 0x7f, unit >> 14];
      });
      expect(sip(text, 3, -4)).toBe(
        sipReference(Uint8Array.from(bytes), 3 ^ 0x5bd1e995, -4, 1, 3, "from the same state"),
      );
    }
  });

  test("tells apart what differs in one unit, its place, or the length; ASCII or not", () => {
    const texts = [
      "",
      "\0",
      "\0\0",
      "a",
      "é",
      "\u00e9\0",
      "\u0100",
      "\u0001\0",
      "\ud800",
      "\udc00",
      "\ud800\udc00",
    ];
    for (let at = 0; at < 43; at++) {
      for (const unit of ["B", "\u0080", "\u0141", "\u4141", "\uffff"]) {
        texts.push(`${"A".repeat(at)}${unit}${"A".repeat(42 - at)}`);
      }
    }
    expect(new Set(texts.map((text) => sip(text))).size).toBe(texts.length);
    expect(sip("a", 1, 2)).not.toBe(sip("a", 2, 2));
    expect(sip("a", 1, 2)).not.toBe(sip("a", 1, 3));
  });
});

test("among 290,300 texts that are counted up, or differ at two places, no hash comes twice", () => {
  const hashes = new Set<bigint>();
  let texts = 0;
  const put = (text: string): void => {
    hashes.add(sip(text, 0x1234567, -89));
    texts++;
  };
  for (let i = 0; i < 200_000; i++) put(`${i}`.padStart(43, "A"));
  const pairs = "ABCDEFGHIJ";
  for (let one = 0; one < 42; one++) {
    for (let other = one + 1; other < 43; other++) {
      for (const a of pairs) {
        for (const b of pairs)
          put(`${"-".repeat(one)}${a}${"-".repeat(other - one - 1)}${b}${"-".repeat(42 - other)}`);
      }
    }
  }
  expect(texts).toBe(290_300);
  expect(hashes.size).toBe(texts);
});

describe("a table of slots", () => {
  const SLICES = { ...createTimeSlices(), lives: [0, 1], counts: [-1, 0] };
  const N = 10_000;

  function filled(hashOf: (index: number) => readonly [number, number]): SlotTable {
    const table = createSlotTable();
    for (let i = 0; i < N; i++) {
      const [high, low] = hashOf(i);
      const place = searchEntry(table, high, low, SLICES);
      if (place < 0) expect.fail(`${i} is there already`);
      putEntry(table, high, low, 1, place, SLICES);
    }
    for (let i = 0; i < N; i++) expect(searchEntry(table, ...hashOf(i), SLICES)).toBe(-1);
    return table;
  }

  /** How many slots each search for an entry passes before it comes to it. */
  function passed(table: SlotTable): readonly number[] {
    return table.segments.flatMap((segment) => {
      const steps: number[] = [];
      if (segment === undefined) return steps;
      for (let slot = 0; slot < segment.words.length / 3; slot++) {
        const high = segment.words[3 * slot] ?? 0;
        if (segment.words[3 * slot + 2] !== 0)
          steps.push(slot - Math.floor(((high & 0x1ffffff) / 2 ** 25) * segment.homes));
      }
      return steps;
    });
  }
  const sum = (values: readonly number[]): number => values.reduce((total, one) => total + one, 0);

  test("10,000 keys that begin with the same 36 bits lie as others do", () => {
    const out = new Int32Array(2);
    const table = filled((i) => {
      halfSipHash(`AAAAAA${`${i}`.padStart(37, "B")}`, { k0: 0x12345678, k1: 0x5abcdef0 }, out);
      return [out[0] ?? 0, out[1] ?? 0];
    });
    const steps = passed(table);
    expect(steps.length).toBe(N);
    expect(sum(steps)).toBeLessThan(3 * N);
    expect(Math.max(...steps)).toBeLessThan(64);
  });

  test("hashes with one first word are kept too, and show what a hash without a key would cost", () => {
    const steps = passed(filled((i) => [0x7fffffff, i]));
    expect(steps.length).toBe(N);
    expect(sum(steps)).toBeGreaterThan(1000 * N);
  });
});

describe("memory", () => {
  test("a million entries are each new once, in at most 26 bytes each, and all of it is given back", () => {
    const store = memoryStore();
    expect(store.bytes).toBe(0);
    let news = 0;
    let most = 0;
    for (let i = 0; i < 1_000_000; i++) {
      if (store.add(`${i}`, 1000 + (i % 77), 900) === "new") news++;
      if (i >= 100_000) most = Math.max(most, store.bytes / store.size);
    }
    expect(news).toBe(1_000_000);
    expect(store.size).toBe(1_000_000);
    expect(most).toBeLessThanOrEqual(26);
    expect(store.add("one too many", 1000, 900)).toBe("full");
    for (let i = 0; i < 1_000_000; i += 997) expect(store.add(`${i}`, 2000, 900)).toBe("seen");
    expect(store.add("next", 2000, 1077)).toBe("new");
    expect(store.size).toBe(1);
    expect(store.bytes).toBeLessThan(1000);
  });

  test("follows the load down though something always lives, and never exceeds a bound while as many expire as come", () => {
    const store = memoryStore();
    for (let i = 0; i < 1000; i++) store.add(`long ${i}`, 1_000_000, 0);
    for (let i = 0; i < 50_000; i++) store.add(`short ${i}`, 10, 0);
    expect(store.bytes).toBeGreaterThan(50_000 * 12);
    for (let i = 0; i < 256; i++) store.add(`later ${i}`, 1_000_000, 11);
    expect(store.size).toBe(1256);
    expect(store.bytes).toBeLessThan(12 * 256 * 32 + 1);
    for (let i = 0; i < 1000; i++) expect(store.add(`long ${i}`, 1_000_000, 12)).toBe("seen");
    let most = 0;
    for (let i = 0; i < 200_000; i++) {
      const now = 20 + i / 500; // 20,000 live ones
      if (store.add(`steady ${i}`, Math.floor(now) + 40, now) !== "new") expect.fail(`${i}`);
      most = Math.max(most, store.bytes);
    }
    expect(store.size).toBeGreaterThan(19_000);
    expect(most).toBeLessThan(22_000 * 40);
    for (let i = 0; i < 1000; i++) expect(store.add(`long ${i}`, 1_000_000, 500)).toBe("seen");
  });

  test("a trickle of one entry that lives does not add up", () => {
    const store = memoryStore();
    for (let second = 0; second < 50_000; second++) {
      expect(store.add(`${second}`, second + 1, second)).toBe("new");
      expect(store.size).toBe(1);
    }
    expect(store.bytes).toBeLessThan(1000);
  });
});

describe("memory is given back", () => {
  /** The same keys of the hash each time, so that tables of the same entries are alike. */
  const backend = {
    randomBytes: (length: number) => Uint8Array.from({ length }, (_, i) => 37 * i + 11),
  };
  const keyOf = (i: number): string => `${i}`.padEnd(43, "k");

  test("all of it and at once where nothing lives any more, so that the next entry finds a new store", () => {
    const fresh = createMemoryReplayStore({ backend });
    fresh.add("a", 30, 20, JKT);
    const used = createMemoryReplayStore({ backend });
    for (let i = 0; i < 5000; i++) used.add(`${i}`, 10 + (i % 7), 0, keyOf(i));
    expect(used.usage().bytes).toBeGreaterThan(100_000);
    expect(used.add("a", 30, 20, JKT)).toBe("new");
    expect(used.usage()).toEqual(fresh.usage());
    for (let i = 0; i < 5000; i++) {
      for (const store of [fresh, used]) store.add(`${i}`, 40 + (i % 9), 21, keyOf(i % 99));
      expect(used.usage()).toEqual(fresh.usage());
    }
  });

  test("one segment for each addition where there is much room, and none where there is not", () => {
    // 8 homes and 2 more in each of the 128 segments: too few to be worth the work.
    const small = memoryStore({ backend });
    for (let i = 0; i < 500; i++) small.add(`${i}`, 10, 0);
    expect(small.add("stays", 1000, 0)).toBe("new");
    const { bytes } = small;
    expect(bytes).toBeGreaterThanOrEqual(12 * 10 * 120);
    for (let i = 0; i < 128; i++) {
      small.add("stays", 1000, 10);
      expect(small.bytes).toBe(bytes);
    }
    const large = memoryStore({ backend });
    for (let i = 0; i < 5000; i++) large.add(`${i}`, 10, 0);
    large.add("stays", 1000, 0);
    for (let before = large.bytes, i = 0; i < 60; i++, before = large.bytes) {
      expect(large.add("stays", 1000, 10)).toBe("seen");
      expect(before - large.bytes).toBeGreaterThan(0);
      expect(before - large.bytes).toBeLessThan(12 * 150);
    }
  });

  test("what the counters of keys hold, some thousands at a time, and their rows when all is counted out", () => {
    const store = createMemoryReplayStore({ maxEntries: 60_000, backend }); // all of them counted
    const counted = (): number => store.usage().bytes;
    for (let i = 0; i < 20_000; i++) store.add(`${i}`, 10, 0, keyOf(i));
    store.add("stays", 1000, 0, JKT);
    const first = counted();
    let steps = 0;
    for (let before = first; steps < 160; steps++) {
      expect(store.add(`later ${steps}`, 1000, 10, JKT)).toBe("new");
      // 4,096 words and a chunk of 512 of the counters, and a segment of the table; or rows.
      expect(before - counted()).toBeLessThan(4 * (2 * 4096 + 512) + 12 * 600);
      before = counted();
    }
    // A row of 64 places each, chunks of 8 to 128 words, and segments of 10 slots and more.
    expect(counted()).toBeLessThan(4 * (128 + 248) + 12 * 4096);
    expect(first - counted()).toBeGreaterThan(4 * 20_000 + 12 * 20_000);
  });
});

describe("expiries", () => {
  test("may lie as far ahead as numbers go, beside near ones", () => {
    const store = memoryStore();
    const far = [2 ** 31, 2 ** 32, 2 ** 32 + 10, 1e11, Number.MAX_SAFE_INTEGER];
    for (const expiry of [10, ...far]) expect(store.add(`${expiry}`, expiry, 5)).toBe("new");
    expect(store.add("10", 10, 9)).toBe("seen");
    expect(store.add("10", 20, 10)).toBe("new");
    expect(store.add(`${2 ** 31}`, 1, 2 ** 31 - 1)).toBe("seen");
    expect(store.add("x", 2 ** 40, 2 ** 31)).toBe("new");
    expect(store.size).toBe(5);
    expect(store.add(`${2 ** 31}`, 2 ** 41, 2 ** 31)).toBe("new");
    expect(store.add(`${Number.MAX_SAFE_INTEGER}`, 2 ** 50, 1e11)).toBe("seen");
  });

  test("at 262,144 different seconds are held, exactly; one more is refused, one of them is not", () => {
    const store = createMemoryReplayStore({ maxEntriesPerKey: 1_000_000 });
    const size = (): number => store.usage().entries;
    for (let i = 0; i < 262_144; i++) {
      if (store.add(`${i}`, 1000 + i, 0, JKT) !== "new") expect.fail(`${i}`);
    }
    expect(store.add("x", 999_999_999, 600, JKT)).toEqual({ full: true, retryAfter: 400 });
    expect(store.add("x", 1000, 0, JKT)).toBe("new");
    expect(size()).toBe(262_145);
    expect(store.add("y", 999_999_999, 1000, JKT)).toBe("new");
    expect(size()).toBe(262_144);
    expect(store.add("z", 999_999_999, 200_000, JKT)).toBe("new");
    expect(size()).toBe(262_144 - 199_001 + 2);
  });
});

test("full comes at exactly maxEntries, and so much is free again as expired", () => {
  for (const maxEntries of [1, 2, 7, 256, 5000]) {
    const store = memoryStore({ maxEntries });
    for (let i = 0; i < maxEntries; i++) expect(store.add(`${i}`, 10 + (i % 2), 0)).toBe("new");
    expect(store.add("x", 10, 0)).toBe("full");
    const even = Math.ceil(maxEntries / 2);
    for (let i = 0; i < even; i++) expect(store.add(`again ${i}`, 30, 10)).toBe("new");
    expect(store.add("x", 30, 10)).toBe(store.size < maxEntries ? "new" : "full");
    expect(store.size).toBe(maxEntries);
    expect(store.add("x", 99, 29)).toBe(maxEntries === 1 ? "full" : "new");
  }
});

describe("the option backend", () => {
  afterEach(() => {
    vi.restoreAllMocks();
  });

  test("gives the key of the hash, once, when the first entry comes", () => {
    const asked: number[] = [];
    const randomBytes = (length: number): Uint8Array => {
      asked.push(length);
      return noble.randomBytes(length);
    };
    const store = memoryStore({ backend: { randomBytes } });
    expect(asked).toEqual([]);
    expect(store.add("a", 10, 0)).toBe("new");
    expect(store.add("b", 10, 0)).toBe("new");
    expect(asked).toEqual([80]);
  });

  test("keys the hash by both of its first words, all of their bits", () => {
    const growth = (at: number): string => {
      const bytes = Uint8Array.from({ length: 80 }, (_, i) => (i === at ? 0x55 : 0x11));
      const store = memoryStore({ backend: { randomBytes: () => bytes } });
      const sizes = Array.from({ length: 300 }, (_, i) => {
        store.add(`${i}`, 10, 0);
        return store.bytes;
      });
      return sizes.join();
    };
    const others = Array.from({ length: 8 }, (_, at) => growth(at));
    expect(new Set([growth(-1), ...others]).size).toBe(9);
    expect(growth(8)).toBe(growth(-1)); // that is of the next word, for thumbprints
  });

  test("hashes thumbprints with other key words than entries", () => {
    const backend = {
      randomBytes: (length: number) => Uint8Array.from({ length }, (_, i) => (i < 8 ? 0x5a : 0)),
    };
    const store = memoryStore({ maxEntries: 9, maxEntriesPerKey: 1, backend });
    expect(store.add("a", 10, 0, "a".repeat(43))).toBe("new");
    expect(store.add("b", 10, 0, "b".repeat(43))).toBe("full"); // by zeros all of them are alike
  });

  test("need not be there: dpop-core/core takes as many words of Math.random, once, and each store its own", () => {
    const random = vi.spyOn(Math, "random");
    const growth = (): string => {
      const store = createCoreStore();
      const sizes = Array.from({ length: 200 }, (_, i) => {
        store.add(`${i}`, 10, 0, JKT);
        return store.usage().bytes;
      });
      return sizes.join();
    };
    const one = growth();
    expect(random).toHaveBeenCalledTimes(20);
    expect(growth()).not.toBe(one);
    expect(random).toHaveBeenCalledTimes(40);
    random.mockReturnValue(0.75); // words that are negative: all 32 bits of them count
    const other = growth();
    random.mockReturnValue(0.25);
    expect(growth()).not.toBe(other);
  });

  test("must be one that gives the bytes asked for", () => {
    const wrong = (backend: unknown): unknown =>
      Reflect.apply(createMemoryReplayStore, undefined, [{ backend }]);
    expect(() => wrong(null)).toThrow(TypeError);
    expect(() => wrong({})).toThrow(/^backend\.randomBytes /);
    const store = memoryStore({ backend: { randomBytes: () => new Uint8Array(79) } });
    expect(() => store.add("a", 10, 0)).toThrow(/^backend\.randomBytes .* 80 bytes/);
    expect(store.size).toBe(0);
    const list = (length: number): unknown => Array.from({ length }, () => 1);
    const other = createMemoryReplayStore({
      backend: { randomBytes: list as (length: number) => Uint8Array },
    });
    expect(() => other.add("a", 10, 0, JKT)).toThrow(/^backend\.randomBytes .*bytes/);
  });
});
