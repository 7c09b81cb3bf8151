// Groups: verdicts of many signatures at a time are those of each key, whatever stands beside them, in every place. And the
// exceptional cases of what the members share, made on purpose.
import { p256 } from "@noble/curves/nist.js";
import { fast } from "dpop-core/fast";
import { wasm } from "dpop-core/wasm";
import fc from "fast-check";
import { describe, expect, test, vi } from "vitest";
import { readPublicJwk } from "../../src/jose/jwk.js";
import type { KeyedSignature, SyncKey } from "../../src/jose/alg.js";
import { limbsOf } from "../../src/fast/limbs.js";
import { IN_NODE, NODE } from "../../src/wasm/affine.js";
import { curveOf } from "../../src/wasm/algorithm.js";
import {
  BASE_TEETH,
  EARLY_TEETH,
  type Engine,
  LATE_TEETH,
  type Table,
} from "../../src/wasm/engine.js";
import { verifyMany } from "../../src/wasm/group.js";
import { ITEM, MOST_ITEMS, NO, UNSURE, YES } from "../../src/wasm/items.js";
import { acceleratedKey } from "../../src/wasm/key.js";
import { ELEMENT } from "../../src/wasm/memory.js";
import type { SignatureCase, Subject } from "../fuzz/case.js";
import { createDice } from "../fuzz/dice.js";
import { divided, jwkOf, mod, multiple, N, p256Curve, pair, toBytes } from "../fuzz/p256.js";
import { enterHash, exportOf } from "../support/lanes.js";
import { runs } from "../support/arbitraries.js";
import { type Digits, digitsOf, shapeOf } from "./digits.js";
import { tableOf, warm } from "./tables.js";
import { newEngine, VARIANTS } from "./variants.js";

const P = 0xffffffff00000001000000000000000000000000ffffffffffffffffffffffffn;
const MOST = 33;

const inverse = (value: bigint): bigint => divided(1n, value);
const xOf = (k: bigint): bigint =>
  mod(BigInt(`0x${Buffer.from(multiple(k).subarray(1, 33)).toString("hex")}`));

/** How a key comes to its table: cold, early or late. */
type State = "cold" | "early" | "late";
const EARNED: Readonly<Record<State, number>> = { cold: 0, early: 2, late: 50 };

interface Keyed extends KeyedSignature {
  readonly name: string;
  readonly verdict: boolean;
}

/** A key of fast below, in this state; `asked` is called whenever the key below is. */
function keyOf(
  engine: Engine,
  { jwk, witness }: Subject,
  state: State,
  asked: () => void,
): SyncKey | null {
  const read = readPublicJwk(jwk, fast.ES256);
  const below = typeof read === "string" ? null : fast.ES256.importKey(read);
  const curve = typeof read === "string" ? null : curveOf(read);
  if (below === null || curve === null) return null;
  const spied: SyncKey = {
    size: below.size,
    verify(signature, data) {
      asked();
      return below.verify(signature, data);
    },
  };
  const key = acceleratedKey(spied, curve, () => engine);
  if (witness === undefined) return key;
  for (let i = 0; i < EARNED[state]; i++) {
    if (!key.verify(witness.signature, witness.data)) throw new Error("a witness is valid");
  }
  return key;
}

/** Signatures with their keys; every key has the state that `stateOf` gives to its number. */
function keyedSignatures(
  engine: Engine,
  cases: readonly SignatureCase[],
  stateOf: (index: number) => State,
  asked: () => void = () => undefined,
): readonly Keyed[] {
  const keys = new Map<string, SyncKey | null>();
  return cases.flatMap(({ name, subject, signature, data }) => {
    const id = JSON.stringify(subject.jwk);
    const known = keys.get(id);
    const key = known === undefined ? keyOf(engine, subject, stateOf(keys.size), asked) : known;
    keys.set(id, key);
    const verdict = p256Curve.classes.get(name) === "accepted";
    return key === null ? [] : [{ name, key, signature, data, verdict }];
  });
}

/** A generator's later table, which groups need. */
function warmed(variant: "plain" | "fused"): Engine {
  const engine = newEngine(variant, 200);
  const valid = p256Curve.round(createDice("warm")).find(({ name }) => name === "valid");
  if (valid === undefined) throw new Error("a valid signature was due");
  const key = keyOf(engine, valid.subject, "late", () => undefined);
  for (let i = 0; i < 40; i++) key?.verify(valid.signature, valid.data);
  return engine;
}

/** The first few of each class, in the order of the dice. */
function someOfEach(seed: string, most: number): readonly SignatureCase[] {
  const counts = new Map<string, number>();
  return p256Curve.round(createDice(seed)).filter(({ name }) => {
    const count = (counts.get(name) ?? 0) + 1;
    counts.set(name, count);
    return count <= most;
  });
}

function expectVerdicts(group: readonly Keyed[]): void {
  const verdicts = verifyMany(group);
  const wrong = group.filter(({ verdict }, i) => verdicts[i] !== verdict);
  if (wrong.length > 0 || verdicts.length !== group.length) {
    expect({ size: group.length, wrong: wrong.map(({ name }) => name) }).toEqual({
      size: group.length,
      wrong: [],
    });
  }
}

const STATES: Readonly<Record<string, (index: number) => State>> = {
  early: () => "early",
  late: () => "late",
  mixed: (index) => (["late", "early", "late", "cold", "early"] as const)[index % 5] ?? "late",
};

describe.each(VARIANTS)("ES256, %s", (variant) => {
  test.each(Object.keys(STATES))(
    "every class in groups of every size up to 33, in every place, with %s tables",
    { timeout: 120_000 },
    (state) => {
      const engine = warmed(variant);
      const cases = someOfEach(`groups ${state}`, 2);
      const all = keyedSignatures(engine, cases, STATES[state] ?? (() => "late"));
      const ring = [...all, ...all.slice(0, MOST)];
      for (let size = 1; size <= MOST; size++) {
        for (let start = 0; start < all.length; start++) {
          expectVerdicts(ring.slice(start, start + size));
        }
      }
      expect(all.length).toBeGreaterThan(40);
    },
  );

  test("groups of valid and of bad signatures are decided without the key below.", () => {
    const engine = warmed(variant);
    const asked = vi.fn<() => void>();
    for (const state of ["early", "late"] as const) {
      const cases = someOfEach(`whole ${state}`, 40).filter(({ name }) =>
        /^(valid|bit of .*|other key)$/.test(name),
      );
      const all = keyedSignatures(engine, cases, () => state, asked);
      asked.mockClear();
      const even = all.slice(0, 32);
      expect(even).toHaveLength(32);
      // Keys with early tables earn late ones on the way.
      for (let i = 0; i < 4; i++) expectVerdicts(even);
      expect(asked).not.toHaveBeenCalled();
    }
  });

  test("groups of chance signatures have the verdicts of each by itself.", () => {
    const engine = warmed(variant);
    const dice = createDice(`property ${variant}`);
    const all = keyedSignatures(engine, p256Curve.round(dice), STATES["mixed"] ?? (() => "late"));
    const [good, bad] = [true, false].map((verdict) =>
      all.filter((one) => one.verdict === verdict),
    ) as [Keyed[], Keyed[]];
    const one = fc.tuple(fc.boolean(), fc.nat()).map(([isGood, i]) => {
      const list = isGood ? good : bad;
      return list[i % list.length] as Keyed; // in range
    });
    fc.assert(
      fc.property(fc.array(one, { maxLength: 70 }), (group) => {
        const alone = group.map(({ key, signature, data }) => key.verify(signature, data));
        expect(verifyMany(group)).toEqual(alone);
        expect(alone).toEqual(group.map(({ verdict }) => verdict));
      }),
      runs(60),
    );
  });

  test("wrong lengths, long messages, dropped tables and other keys are verified by the key.", () => {
    const engine = warmed(variant);
    const cases = p256Curve.round(createDice("odd ones")).filter(({ name }) => name === "valid");
    const all = keyedSignatures(engine, cases.slice(0, 8), () => "late");
    const [first, second] = all;
    if (first === undefined || second === undefined) throw new Error("two were due");
    const bare: SyncKey = { size: 0, verify: (_, data) => data === second.data };
    const dropped = keyedSignatures(engine, cases.slice(0, 1), () => "late")[0];
    dropped?.key.dropTables?.();
    dropped?.key.dropTables?.();
    if (dropped === undefined) throw new Error("a key was due");
    const odd: readonly Keyed[] = [
      { ...first, signature: first.signature.subarray(1), verdict: false },
      { ...first, signature: new Uint8Array(0), verdict: false },
      { ...first, signature: new Uint8Array(65), verdict: false },
      { ...first, data: new Uint8Array(4097), verdict: false },
      { ...first, data: new Uint8Array(100_000), verdict: false },
      { ...first, data: new Uint8Array(0), verdict: false },
      { ...first, key: bare, verdict: false },
      { ...second, key: bare, verdict: true },
      dropped,
    ];
    for (const one of odd) {
      for (let place = 0; place <= all.length; place++) {
        expectVerdicts([...all.slice(0, place), one, ...all.slice(place)]);
      }
    }
    expectVerdicts([...odd, ...odd]);
    expect(verifyMany([])).toEqual([]);
  });

  test("valid signatures of a group earn the tables that they earn by themselves.", () => {
    const engine = warmed(variant);
    const cases = someOfEach("earning", 6).filter(({ name }) => /^(valid|bit of .*)$/.test(name));
    const alone = keyedSignatures(engine, cases, () => "cold");
    const grouped = keyedSignatures(engine, cases, () => "cold");
    for (let round = 0; round < 30; round++) {
      for (const { key, signature, data } of alone) key.verify(signature, data);
      expectVerdicts(grouped);
      const sizes = (list: readonly Keyed[]) => list.map(({ key }) => key.tableSize);
      // What the last valid ones earn is built when the key comes back: the first round differs by nothing.
      expect(sizes(grouped)).toEqual(sizes(alone));
    }
    expect(Math.max(...grouped.map(({ key }) => key.tableSize ?? 0))).toBeGreaterThan(20_000);
  });
});

test("ES256 of dpop-core/wasm has it, and no other algorithm.", () => {
  expect(wasm.ES256.verifyMany?.([])).toEqual([]);
  for (const alg of wasm.algs) {
    if (alg !== wasm.ES256) expect(alg.verifyMany).toBeUndefined();
  }
});

/** A signature over a chosen hash, with the table of its key. */
interface Hashed {
  readonly table: Table;
  readonly signature: Uint8Array;
  readonly hash: Uint8Array;
  readonly answer: number;
}

describe.each(
  VARIANTS.flatMap((variant) => [EARLY_TEETH, LATE_TEETH].map((teeth) => ({ variant, teeth }))),
)("exceptional sums of ES256, $variant, $teeth teeth", ({ variant, teeth }) => {
  const engine = newEngine(variant, 64);
  warm(engine);
  const dice = createDice(`exceptional ${teeth}`);
  const [shapeOfG, shapeOfQ] = [shapeOf(BASE_TEETH), shapeOf(teeth)];
  const tableFor = (d: bigint): Table => {
    const table = tableOf(engine, jwkOf(multiple(d)), teeth);
    if (table === undefined) throw new Error("a key was due");
    return table;
  };

  /** The key d, the factors u1 and u2, and r: that of the sum, or another. */
  function hashed(d: bigint, u1: bigint, u2: bigint, answer: number, otherR?: bigint): Hashed {
    const r = otherR ?? xOf(mod(u1 + u2 * d));
    const s = divided(r, u2);
    return { table: tableFor(d), signature: pair(r, s), hash: toBytes(mod(u1 * s)), answer };
  }
  const good = (): Hashed => hashed(dice.scalar(N), dice.scalar(N), dice.scalar(N), YES);
  const bad = (): Hashed =>
    hashed(dice.scalar(N), dice.scalar(N), dice.scalar(N), NO, dice.scalar(N));
  const others = Array.from({ length: MOST_ITEMS }, (_, i) => (i % 3 === 1 ? bad() : good()));

  function answersOf(group: readonly Hashed[]): readonly number[] | null {
    for (const [i, { table, signature, hash }] of group.entries()) {
      expect(enterHash(engine, i, table, signature, hash)).toBe(YES);
    }
    return engine.es256.decideGroup(group.length);
  }

  /** In groups of two to the most, in every place: it has its own answer, and the others have theirs. */
  function expectInEveryPlace(one: Hashed): void {
    for (let size = 2; size <= MOST_ITEMS; size += size < 4 ? 2 : 6) {
      for (let place = 0; place < size; place++) {
        const group = others.slice(0, size).map((other, i) => (i === place ? one : other));
        expect(answersOf(group)).toEqual(group.map(({ answer }) => answer));
      }
    }
    engine.slots.giveBack(one.table);
  }

  /** The whole group is unsure, in every place. */
  function expectNoAnswers(one: Hashed): void {
    for (let place = 0; place < MOST_ITEMS; place++) {
      expect(answersOf(others.map((other, i) => (i === place ? one : other)))).toBeNull();
    }
    engine.slots.giveBack(one.table);
  }

  test("a sum at infinity is unsure for every r, in every place, and the others are decided.", () => {
    for (let i = 0; i < 4; i++) {
      const [u2, d] = [dice.scalar(N), dice.scalar(N)];
      expectInEveryPlace(hashed(d, mod(-u2 * d), u2, UNSURE, dice.scalar(N)));
    }
  });

  const both = (of: Digits, column: number): bigint => of.entry(0, column) + of.entry(1, column);

  test("a column whose points of the key and of G are equal or opposite makes the group unsure.", () => {
    for (let column = 0; column < shapeOfG.columns; column++) {
      const [u1, u2] = [dice.scalar(N), dice.scalar(N)];
      const [ofG, ofQ] = [digitsOf(u1, shapeOfG), digitsOf(u2, shapeOfQ)];
      const d = mod((column % 2 === 0 ? 1n : -1n) * divided(both(ofG, column), both(ofQ, column)));
      expectNoAnswers(hashed(d, u1, u2, YES));
      expectNoAnswers(hashed(d, u1, u2, NO, dice.scalar(N)));
    }
  });

  test("a column that is added to an equal or an opposite point makes its signature unsure, and no other.", () => {
    for (let column = 0; column < shapeOfQ.columns - 1; column += 3) {
      const [u1, u2] = [dice.scalar(N), dice.scalar(N)];
      const [ofG, ofQ] = [digitsOf(u1, shapeOfG), digitsOf(u2, shapeOfQ)];
      const sign = column % 2 === 0 ? 1n : -1n;
      // What is doubled before the column is g·G + q·Q, and the column itself is a·G + b·Q.
      let [g, q] = [0n, 0n];
      const partOfG = (c: number): bigint => (c < shapeOfG.columns ? both(ofG, c) : 0n);
      for (let c = shapeOfQ.columns - 1; c > column; c--) {
        [g, q] = [2n * g + partOfG(c), 2n * q + both(ofQ, c)];
      }
      const d = divided(sign * partOfG(column) - 2n * g, 2n * q - sign * both(ofQ, column));
      if (d === 0n) continue; // only the key is in these columns
      expectInEveryPlace(hashed(d, u1, u2, UNSURE));
      expectInEveryPlace(hashed(d, u1, u2, UNSURE, dice.scalar(N)));
    }
  });

  test("u1 = 0, a hash of n, ends of the factors, keys ±G, small multiples and entries of combs are never wrong.", () => {
    const ends = [0n, 1n, 2n, N - 1n, N - 2n, 1n << 255n];
    const keys = [1n, N - 1n, 2n, N - 2n, 3n, both(digitsOf(5n, shapeOfG), 0), dice.scalar(N)];
    let decided = 0;
    for (const d of keys.map(mod)) {
      for (const u1 of ends) {
        const u2 = dice.pick([1n, 2n, N - 1n, dice.scalar(N), dice.scalar(N)]);
        if (mod(u1 + u2 * d) === 0n) continue;
        const made = [hashed(d, u1, u2, YES), hashed(d, u1, u2, NO, dice.scalar(N))];
        if (u1 === 0n) made.push({ ...hashed(d, u1, u2, YES), hash: toBytes(N) });
        for (const one of made) {
          const place = dice.below(8);
          const group = others.slice(0, 8).map((other, i) => (i === place ? one : other));
          const answers = answersOf(group);
          engine.slots.giveBack(one.table);
          if (answers === null) continue;
          expect([one.answer, UNSURE]).toContain(answers[place]);
          const rest = answers.filter((_, i) => i !== place);
          expect(rest).toEqual(group.filter((other) => other !== one).map(({ answer }) => answer));
          decided++;
        }
      }
    }
    expect(decided).toBeGreaterThan(40);
  });

  test("r + n past p or past 2^256 is no x, beside any other signature.", () => {
    let made = 0;
    for (let i = 0; made < 6; i++) {
      const [d, k] = [dice.scalar(N), dice.scalar(N)];
      const past = i % 2 === 0 ? P - N : (1n << 256n) - N;
      const r = xOf(k) + past;
      if (r >= N) continue;
      made++;
      // The sum is k·G, and its x is r + n, minus p or 2^256.
      const u2 = dice.scalar(N);
      expectInEveryPlace(hashed(d, mod(k - u2 * d), u2, NO, r));
    }
  });

  test("a group needs the tag of each table, and the late table of G.", () => {
    const one = good();
    const stale: Table = { ...one.table, tag: one.table.tag + 1 };
    expect(enterHash(engine, 0, stale, one.signature, one.hash)).toBe(UNSURE);
    const cold = newEngine(variant);
    const table = tableOf(cold, jwkOf(multiple(7n)), teeth);
    if (table === undefined) throw new Error("a key was due");
    expect(cold.es256.hasGroups()).toBe(false);
    for (const i of [0, 1]) cold.es256.enter(i, table, one.signature, new Uint8Array());
    expect(cold.es256.decideGroup(2)).toBeNull();
  });

  test("a signature has no answer of one that was in its place before.", () => {
    const two = [good(), good()];
    expect(answersOf(two)).toEqual([YES, YES]);
    const { memory, assembled } = engine.internals;
    for (const [i, { table, signature, hash }] of two.entries()) {
      enterHash(engine, i, table, signature, hash);
      const place = assembled.items.offset + i * ITEM.size + ITEM.answer;
      expect(new Uint8Array(memory.buffer)[place]).toBe(UNSURE);
    }
  });
});

describe.each(VARIANTS)("what a group shares, %s", (variant) => {
  const engine = newEngine(variant);
  const { memory, assembled } = engine.internals;
  const dice = createDice("shared");

  test("inverses of all: right, and none where one of them is zero, in every place.", () => {
    const invertItems = exportOf(engine, "invertItems");
    const { items } = assembled;
    const bytes = new Uint8Array(memory.buffer);
    const place = (i: number, offset: number): number => items.offset + i * ITEM.size + offset;
    const write = (at: number, value: bigint): void => bytes.set(toBytes(value).toReversed(), at);
    const wordsAt = (at: number): bigint =>
      BigInt(`0x${Buffer.from(bytes.slice(at, at + 32).toReversed()).toString("hex")}`);
    const run = (count: number): number => invertItems(items.offset, place(count, 0));
    for (let count = 1; count <= MOST_ITEMS; count++) {
      const ends = [1n, N - 1n, 2n, (1n << 256n) - 1n];
      const values = Array.from({ length: count }, (_, i) => ends[i - 3] ?? dice.scalar(N));
      const writeAll = (): void =>
        values.forEach((value, i) => write(place(i, ITEM.inverted), value));
      writeAll();
      expect(run(count)).toBe(1);
      for (const [i, value] of values.entries()) {
        expect(wordsAt(place(i, ITEM.inverse))).toBe(mod((1n << 256n) * inverse(value)));
      }
      for (let zero = 0; zero < count; zero++) {
        for (const nothing of [0n, N]) {
          writeAll();
          write(place(zero, ITEM.inverted), nothing);
          expect(run(count)).toBe(0);
        }
      }
    }
  });

  const addAll = exportOf(engine, "addAll");
  const doubles = new Float64Array(memory.buffer);
  const R = 1n << 264n;
  const { nodes } = assembled.es256Group;

  /** The limbs of a number; with the other of two limbs 0 at the edge of a carry, 2^24 apart, where it is moved. */
  function put(address: number, lane: number, value: bigint, isMoved = false): void {
    const limbs = limbsOf(value);
    const carry = isMoved ? ((limbs[0] ?? 0) < 0 ? -1 : 1) : 0;
    limbs[0] = (limbs[0] ?? 0) - carry * 2 ** 24;
    limbs[1] = (limbs[1] ?? 0) + carry;
    for (const [i, limb] of limbs.entries()) doubles[address / 8 + 2 * i + lane] = limb;
  }
  function read(address: number, lane: number): bigint {
    let sum = 0n;
    for (let i = 10; i >= 0; i--)
      sum = (sum << 24n) + BigInt(doubles[address / 8 + 2 * i + lane] ?? 0);
    return p256.Point.Fp.create(sum * p256.Point.Fp.inv(p256.Point.Fp.create(R)));
  }
  type Point = ReturnType<typeof p256.Point.fromAffine>;
  /** Numbers that are the same modulo p: in the form of the field, and p more or less. */
  function putPoint(address: number, lane: number, point: Point, isMoved = false): void {
    const { x, y } = point.toAffine();
    const shift = BigInt(dice.below(3) - 1) * P;
    put(address, lane, ((x * R) % P) + shift, isMoved);
    put(address + ELEMENT, lane, ((y * R) % P) - shift);
  }
  const anyPoint = (): Point => p256.Point.BASE.multiply(dice.scalar(N));

  test("sums of many pairs are those of noble; equal or opposite points anywhere are found.", () => {
    for (const count of [1, 2, 3, 7]) {
      const end = nodes.offset + count * NODE;
      const places = Array.from({ length: count }, (_, i) => nodes.offset + i * NODE);
      const pairs = places.map(() => [0, 1].map(() => [anyPoint(), anyPoint()] as const));
      const putAll = (): void => {
        for (const [i, place] of places.entries()) {
          for (const [lane, [a, b]] of (pairs[i] ?? []).entries()) {
            putPoint(place, lane, a);
            putPoint(place + IN_NODE, lane, b);
          }
        }
      };
      putAll();
      expect(addAll(nodes.offset, end, IN_NODE)).toBe(1);
      for (const [i, place] of places.entries()) {
        for (const [lane, [a, b]] of (pairs[i] ?? []).entries()) {
          const { x, y } = a.add(b).toAffine();
          expect([read(place, lane), read(place + ELEMENT, lane)]).toEqual([x, y]);
        }
      }
      for (const [i, place] of places.entries()) {
        for (const lane of [0, 1]) {
          const [a] = pairs[i]?.[lane] ?? [];
          if (a === undefined) throw new Error("a point was due");
          for (const meeting of [a, a.negate()]) {
            for (const isMoved of [false, true]) {
              putAll();
              putPoint(place + IN_NODE, lane, meeting, isMoved);
              expect(addAll(nodes.offset, end, IN_NODE)).toBe(0);
            }
          }
        }
      }
    }
  });
});
