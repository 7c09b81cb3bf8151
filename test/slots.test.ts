// The table behind the memory replay store by itself: where entries stand, when its segments grow and shrink, and to the
// slot how much they hold.
import { describe, expect, test } from "vitest";
import {
  bytesOf,
  clearTable,
  createSlotTable,
  hasMuchRoom,
  putEntry,
  searchEntry,
  shrinkNext,
} from "../src/replay/slots.js";
import { createTimeSlices } from "../src/replay/slices.js";

const FREE = 0x7fffffff;
/** Hashes of this many belong to one segment. */
const SPAN = 2 ** 25;

interface Held {
  readonly high: number;
  readonly low: number;
  readonly slice: number;
}

/** A table with the slices of time that the store would have, and everything that is live in it by a plain list. */
function createModel() {
  const table = createSlotTable();
  const slices = createTimeSlices();
  const live = new Map<string, Held>();
  const textOf = (high: number, low: number): string => `${high} ${low}`;

  function segmentOf(index: number) {
    const segment = table.segments[index];
    if (segment === undefined) throw new Error("no such segment");
    return segment;
  }

  function entriesOf(index: number): readonly (Held & { readonly at: number })[] {
    const entries: (Held & { readonly at: number })[] = [];
    const words = table.segments[index]?.words ?? [];
    for (let at = 0; 3 * at < words.length; at++) {
      const [high = 0, low = 0, slice = 0] = words.slice(3 * at, 3 * at + 3);
      if (slice !== 0) entries.push({ at, high, low, slice });
      else if (high !== FREE) expect.fail(`a free slot of ${high}`);
    }
    return entries;
  }

  return {
    table,
    slices,
    live,
    segmentOf,
    entriesOf,
    open(): number {
      const slice = slices.spare.pop() ?? slices.lives.length;
      slices.lives[slice] = 1;
      slices.counts[slice] = 0;
      return slice;
    },
    expire(slice: number): void {
      slices.lives[slice] = 0;
      for (const [text, entry] of live) if (entry.slice === slice) live.delete(text);
    },
    add(high: number, low: number, slice: number): boolean {
      const place = searchEntry(table, high, low, slices);
      expect(place < 0).toBe(live.has(textOf(high, low)));
      if (place < 0) return false;
      putEntry(table, high, low, slice, place, slices);
      slices.counts[slice] = (slices.counts[slice] ?? 0) + 1;
      live.set(textOf(high, low), { high, low, slice });
      return true;
    },
    /** Homes and slots of a segment, and those that are taken. */
    sizeOf(index: number): readonly [number, number, number] {
      const { homes, words, taken } = segmentOf(index);
      return [homes, words.length / 3, taken];
    },
    /** Every entry stands as near behind its home as those before it allow, and every number is right. */
    check(): void {
      const counts = new Map<number, number>();
      const found = new Map<string, number>();
      let slots = 0;
      for (const [index, segment] of table.segments.entries()) {
        if (segment === undefined) continue;
        const { homes, words, taken, most } = segment;
        const entries = entriesOf(index);
        let before: (Held & { readonly at: number }) | undefined;
        for (const entry of entries) {
          const { at, high, low, slice } = entry;
          const home = Math.floor(((high & (SPAN - 1)) / SPAN) * homes);
          if (at !== Math.max(home, (before?.at ?? -1) + 1)) expect.fail(`${high} is at ${at}`);
          if (before !== undefined && before.high > high) expect.fail(`${high} is out of order`);
          before = entry;
          counts.set(slice, (counts.get(slice) ?? 0) + 1);
          if (slices.lives[slice] === 1) found.set(textOf(high, low), slice);
        }
        slots += words.length / 3;
        expect([taken, most]).toEqual([entries.length, Math.floor(homes * 0.78)]);
        expect(taken).toBeLessThanOrEqual(most);
        expect(before?.at ?? -1).toBeLessThan(words.length / 3 - 1); // the last slot is free
      }
      expect(found.size).toBe(live.size);
      for (const [text, slice] of found) if (live.get(text)?.slice !== slice) expect.fail(text);
      expect([table.slots, bytesOf(table)]).toEqual([slots, 12 * slots]);
      const numbers = [...slices.lives.keys()].slice(1);
      const isSpare = new Set(slices.spare);
      expect(isSpare.size).toBe(slices.spare.length);
      for (const slice of numbers) {
        const count = counts.get(slice) ?? 0;
        if (slices.counts[slice] !== count) expect.fail(`${slice} has ${count}`);
        expect(isSpare.has(slice)).toBe(count === 0 && slices.lives[slice] === 0);
      }
    },
  };
}

/** Numbers that are the same every time. */
function createDice(seed: number): (sides: number) => number {
  let state = seed;
  return (sides) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0;
    return ((state >>> 8) ^ (state >>> 16)) % sides;
  };
}

/** Hashes of the first segment, evenly spread over its homes. */
const spread = (index: number, of: number): number => Math.floor(((index + 0.5) * SPAN) / of);

describe("whatever comes, entries stand in order, near their homes, and are counted", () => {
  // Segments with the least and the greatest numbers, and those at both sides of the sign.
  const BASES = [0, SPAN, 63 * SPAN, -64 * SPAN, -SPAN];

  test.each([
    ["hashes all over", (dice: ReturnType<typeof createDice>) => dice(32) * 2 ** 20],
    ["few hashes", (dice: ReturnType<typeof createDice>) => dice(40) * 838_860],
    ["hashes at the end", (dice: ReturnType<typeof createDice>) => SPAN - 1 - dice(64)],
    ["one hash, the last", () => SPAN - 1],
  ])("%s", (_, within) => {
    const dice = createDice(9449);
    const model = createModel();
    let open = [model.open()];
    let seen = 0;
    for (let step = 0; step < 1000; step++) {
      const kind = dice(40);
      if (kind === 0) open.push(model.open());
      else if (kind === 1 && open.length > 1) model.expire(open.shift() ?? 0);
      else if (kind < 6) shrinkNext(model.table, model.slices);
      else {
        const base = BASES[dice(BASES.length)] ?? 0;
        const slice = open[dice(open.length)] ?? 0;
        if (!model.add(base + within(dice), dice(100), slice)) seen++;
      }
      // A slice that no entry names is not in the store.
      open = open.filter((slice) => model.slices.lives[slice] === 1);
      model.check();
    }
    expect(seen).toBeGreaterThan(0);
    expect(model.live.size).toBeGreaterThan(10);
  });
});

describe("a segment", () => {
  /** Adds entries to the first segment, spread evenly, which differ from those of another call in their second word. */
  function fill(model: ReturnType<typeof createModel>, count: number, slice: number): void {
    const low = model.slices.counts[slice] ?? 0;
    for (let i = 0; i < count; i++) model.add(spread(i, count), 1000 * slice + low + i, slice);
    model.check();
  }

  test("has 8 homes at first, and grows to 2.08 for each entry where 78 % are taken", () => {
    const model = createModel();
    const slice = model.open();
    const sizes: number[][] = [];
    for (let i = 0; i < 200; i++) {
      model.add(spread((i * 77) % 200, 200), i, slice);
      const [homes, slots, taken] = model.sizeOf(0);
      if (sizes.at(-1)?.[0] !== homes) sizes.push([homes, slots, taken]);
    }
    model.check();
    expect(sizes).toEqual([
      [8, 10, 1],
      [13, 16, 7],
      [21, 26, 11],
      [34, 42, 17],
      [55, 68, 27],
      [88, 110, 43],
      [142, 174, 69], // 32 behind the homes, no more
      [229, 261, 111],
      [371, 403, 179],
    ]);
  });

  test("is made larger only by its tail where many entries want its last home", () => {
    const model = createModel();
    const slice = model.open();
    const sizes: string[] = [];
    for (let i = 0; i < 24; i++) {
      model.add(SPAN - 1, i, slice);
      model.check();
      const [homes, slots] = model.sizeOf(0);
      const size = `${homes}+${slots - homes}`;
      if (sizes.at(-1) !== size) sizes.push(size);
    }
    // Two and the last home fit with a tail of 2 but for the free one, four with one of 4; and so on.
    expect(sizes).toEqual(["8+2", "8+4", "8+8", "13+12", "21+20", "34+32"]);
  });

  /** The first segment has 88 homes, 68 of them taken, so many of these by live entries. */
  function fullOf(living: number) {
    const model = createModel();
    const [going, staying] = [model.open(), model.open()];
    fill(model, 68 - living, going);
    fill(model, living, staying);
    expect(model.sizeOf(0)).toEqual([88, 110, 68]);
    model.expire(going);
    return { model, staying, going };
  }

  test.each([
    [24, 50], // 27.3 %
    [25, 88], // 28.4 %
    [44, 88], // the half
    [45, 94],
    [60, 125],
  ])("that is full, of %i live entries, has %i homes then", (living, homes) => {
    const { model, staying, going } = fullOf(living);
    model.add(7, 7, staying);
    model.check();
    expect(model.sizeOf(0).filter((_, i) => i !== 1)).toEqual([homes, living + 1]);
    expect(model.slices.spare).toEqual([going]);
  });

  test("of 125 homes stays as it is with 35 live entries, 28 % to the bit, and not with 34", () => {
    for (const [living, homes] of [
      [35, 125],
      [34, 71],
    ] as const) {
      for (const by of ["an addition", "shrinking"]) {
        const { model, staying } = fullOf(60);
        model.add(7, 7, staying);
        expect(model.sizeOf(0)).toEqual([125, 156, 61]);
        const later = model.open();
        fill(model, living, later);
        expect(model.sizeOf(0)).toEqual([125, 156, 61 + living]);
        if (by === "an addition") fill(model, 97 - 61 - living, staying);
        model.expire(staying);
        if (by === "an addition") model.add(7, 8, later);
        else shrinkNext(model.table, model.slices);
        model.check();
        expect(model.sizeOf(0)[0]).toBe(homes);
      }
    }
  });

  test("never has fewer than 8 homes", () => {
    const model = createModel();
    const [going, staying] = [model.open(), model.open()];
    fill(model, 20, going);
    fill(model, 1, staying);
    model.expire(going);
    shrinkNext(model.table, model.slices);
    model.check();
    expect(model.sizeOf(0)).toEqual([8, 10, 1]);
  });

  test("that needs the homes that it has is not made anew", () => {
    const model = createModel();
    const [going, staying] = [model.open(), model.open()];
    fill(model, 5, going);
    fill(model, 1, staying);
    model.expire(going);
    const { words } = model.segmentOf(0);
    model.add(7, 7, staying); // 1 of 8 lives: too few, but there are no smaller ones
    expect(model.segmentOf(0).words).toBe(words);
    model.check();
  });

  test("that is made smaller has a tail as long as its entries need", () => {
    const model = createModel();
    const [going, staying] = [model.open(), model.open()];
    fill(model, 60, going);
    for (let i = 0; i < 12; i++) model.add(SPAN - 1, i, staying);
    model.expire(going);
    shrinkNext(model.table, model.slices);
    model.check();
    // 12 entries from the last of 25 homes on, and a free slot: 6 behind the homes are doubled once.
    expect(model.sizeOf(0)).toEqual([25, 25 + 12, 12]);
  });
});

describe("an expired entry", () => {
  test("gives its slot to the next that comes by, and its slice its number", () => {
    const model = createModel();
    const [going, staying] = [model.open(), model.open()];
    model.add(1, 1, staying);
    model.add(2, 1, going);
    model.add(3, 1, going);
    model.expire(going);
    const before = model.sizeOf(0);
    model.add(1, 2, staying);
    model.check();
    expect(model.slices.spare).toEqual([]); // one is still there
    model.add(1, 3, staying);
    model.check();
    expect(model.slices.spare).toEqual([going]);
    expect(model.sizeOf(0)).toEqual(before);
  });

  test("does not hide a live one of the same key behind it, nor one of another key with the same first word", () => {
    const model = createModel();
    const [going, staying] = [model.open(), model.open()];
    model.add(5, 2, staying);
    model.add(5, 1, going);
    expect(model.entriesOf(0).map(({ low }) => low)).toEqual([2, 1]);
    model.expire(going);
    model.add(5, 1, staying); // behind the one that expired, or in its place
    model.check();
    expect(searchEntry(model.table, 5, 1, model.slices)).toBe(-1);
    expect(searchEntry(model.table, 5, 2, model.slices)).toBe(-1);
    expect(searchEntry(model.table, 5, 3, model.slices)).toBeGreaterThanOrEqual(0);
  });
});

describe("shrinking", () => {
  test("goes from one segment to the next, one at a time, and begins again after the last", () => {
    const model = createModel();
    const [going, staying] = [model.open(), model.open()];
    for (let index = 0; index < 128; index++) model.add((index * SPAN) | 0, 1, going);
    model.add(3 * SPAN, 2, staying);
    expect(model.table.slots).toBe(1280);
    model.expire(going);
    for (let index = 0; index < 128; index++) {
      shrinkNext(model.table, model.slices);
      model.check();
      const held = model.table.segments.flatMap((segment, i) => (segment === undefined ? [] : [i]));
      expect(held[0]).toBe(index < 3 ? index + 1 : 3);
      expect(held.length).toBe(index < 3 ? 127 - index : 128 - index);
    }
    expect(model.slices.spare).toEqual([going]);
    model.add(0, 1, staying);
    shrinkNext(model.table, model.slices); // of the first again: its only entry lives
    model.expire(staying);
    for (let i = 0; i < 3; i++) shrinkNext(model.table, model.slices);
    expect(model.table.slots).toBe(10);
    shrinkNext(model.table, model.slices);
    model.check();
  });

  test.each([
    [4096, 0, false],
    [4097, 0, true],
    [6000, 2000, false],
    [6001, 2000, true],
  ])("is due with %i slots for %i entries: %s", (slots, live, expected) => {
    expect(hasMuchRoom({ ...createSlotTable(), slots }, live)).toBe(expected);
  });
});

test("a table that is cleared holds nothing, and takes what comes", () => {
  const model = createModel();
  const going = model.open();
  for (let i = 0; i < 300; i++) model.add(i << 24, i, going);
  clearTable(model.table);
  model.live.clear();
  model.slices.counts[going] = 0;
  expect(model.table.segments).toEqual(createSlotTable().segments);
  expect(model.table.segments.length).toBe(128);
  expect(bytesOf(model.table)).toBe(0);
  expect(searchEntry(model.table, 5, 5, model.slices)).toBe(0);
  model.add(5, 5, going);
  model.check();
});
