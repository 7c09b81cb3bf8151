// src/fast/p256/verify.ts: every exceptional case of the group law, named, brought about and counted, at
// every size of table; noble and node:crypto are the witnesses.
import { createHash, createPublicKey, verify as nodeVerify } from "node:crypto";
import { p256 } from "@noble/curves/nist.js";
import { createProof, createVerifier } from "dpop-core";
import * as entry from "dpop-core/fast";
import { noble } from "dpop-core/noble";
import { beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { encodeBase64url } from "../../src/bytes/base64url.js";
import { es256Alg } from "../../src/fast/p256/es256.js";
import type { SyncKey } from "../../src/jose/alg.js";
import type * as PointModule from "../../src/fast/p256/point.js";

const { Point } = p256;
type CurvePoint = InstanceType<typeof Point>;
const G = Point.BASE;
const N = Point.Fn.ORDER;
const P = Point.Fp.ORDER;

// The cases that additions and doublings met since `met` was cleared.

type Case = "first" | "equal" | "opposite" | "double of infinity" | "ordinary";

const met = vi.hoisted(() => new Map<string, number>());

vi.mock("../../src/fast/p256/point.js", async (original) => {
  const actual = await original<typeof PointModule>();
  const count = (name: Case): void => void met.set(name, (met.get(name) ?? 0) + 1);
  return {
    ...actual,
    double(point: PointModule.Point) {
      if (point.isInfinity) count("double of infinity");
      actual.double(point);
    },
    addAffine(point: PointModule.Point, x: PointModule.Point["x"], y: PointModule.Point["y"]) {
      const wasInfinity = point.isInfinity;
      const sameX = !wasInfinity && actual.hasAffineX(point, x);
      actual.addAffine(point, x, y);
      if (wasInfinity) count("first");
      else if (sameX) count(point.isInfinity ? "opposite" : "equal");
      else count("ordinary");
    },
  };
});

// Numbers and signatures.

function mod(value: bigint, modulus = N): bigint {
  const rest = value % modulus;
  return rest < 0n ? rest + modulus : rest;
}

function inverse(value: bigint): bigint {
  return Point.Fn.inv(mod(value));
}

function times(point: CurvePoint, by: bigint): CurvePoint {
  return point.multiplyUnsafe(mod(by));
}

function toBytes(value: bigint): Uint8Array {
  return Uint8Array.from(Buffer.from(value.toString(16).padStart(64, "0"), "hex"));
}

function toBigInt(bytes: Uint8Array): bigint {
  return BigInt(`0x${Buffer.from(bytes).toString("hex")}`);
}

function sha256(text: string): Uint8Array {
  return Uint8Array.from(createHash("sha256").update(text).digest());
}

/** Numbers that are the same in every run. */
function scalar(name: string | number): bigint {
  return mod(toBigInt(sha256(`scalar ${name}`)));
}

const known = new Map<string, unknown>();

/** What noble works out slowly, and every configuration asks for. */
function once<T>(name: string, compute: () => T): T {
  if (!known.has(name)) known.set(name, compute());
  return known.get(name) as T; // what compute returned under this name
}

interface Signed {
  readonly key: CurvePoint;
  readonly r: bigint;
  readonly s: bigint;
  readonly hash: Uint8Array;
}

function signatureOf({ r, s }: Signed): Uint8Array {
  return Uint8Array.from([...toBytes(r), ...toBytes(s)]);
}

/**
 * A signature, and the hash that it signs, whose verification computes u1·G + u2·key; valid
 * where that is not infinity. No private key is needed, since the hash is free.
 */
function forge(key: CurvePoint, u1: bigint, u2: bigint): Signed {
  return once(`forge ${key.toHex()} ${u1} ${u2}`, () => forged(key, u1, u2));
}

function forged(key: CurvePoint, u1: bigint, u2: bigint): Signed {
  const sum = times(G, u1).add(times(key, u2));
  const r = sum.is0() ? scalar("r") : mod(sum.toAffine().x);
  const s = mod(r * inverse(u2));
  return { key, r, s, hash: toBytes(mod(u1 * s)) };
}

function byNoble(signed: Signed): boolean {
  const signature = signatureOf(signed);
  const key = signed.key.toBytes(false);
  const options = { prehash: false, lowS: false };
  return once(`noble ${Buffer.concat([signature, key, signed.hash]).toString("hex")}`, () =>
    p256.verify(signature, signed.hash, key, options),
  );
}

/** Only where the hash is that of a text. */
function byNode(signed: Signed, text: string): boolean {
  const bytes = signed.key.toBytes(false);
  const text64 = (from: number): string =>
    Buffer.from(bytes.subarray(from, from + 32)).toString("base64url");
  const jwk = { kty: "EC", crv: "P-256", x: text64(1), y: text64(33) };
  const key = createPublicKey({ key: jwk, format: "jwk" });
  const dsaEncoding = "ieee-p1363";
  return nodeVerify("sha256", Buffer.from(text), { key, dsaEncoding }, signatureOf(signed));
}

/** The point of an x, with an even y; null where the curve has none. */
function lift(x: bigint): CurvePoint | null {
  try {
    return Point.fromBytes(Uint8Array.from([2, ...toBytes(x)]));
  } catch {
    return null;
  }
}

/** The first x from `from` on that the curve has. */
function liftFrom(from: bigint): CurvePoint {
  for (let x = from; ; x++) {
    const point = lift(x);
    if (point !== null) return point;
  }
}

/** A key, and its signature of the hash of a text with this r, where u1·G + u2·key is `sum`. */
function recover(sum: CurvePoint, r: bigint, text: string): Signed {
  const hash = sha256(text);
  const s = scalar(`s of ${text}`);
  const u1 = mod(toBigInt(hash) * inverse(s));
  const key = times(sum.subtract(times(G, u1)), inverse(r * inverse(s)));
  return { key, r, s, hash };
}

// What a verification adds, one after the other, worked out here a second time.

/** An addition: to before[0]·G + before[1]·Q it adds m·G or m·Q. */
interface Step {
  readonly of: "G" | "Q";
  readonly m: bigint;
  readonly before: readonly [bigint, bigint];
}

interface Shape {
  readonly teeth: number;
  readonly blocks: number;
}

/** Multiples by column, in the order in which they are added. */
type Columns = readonly (readonly bigint[])[];

function combColumns(k: bigint, { teeth, blocks }: Shape): Columns {
  const columns = Math.ceil(Math.ceil(256 / teeth) / blocks);
  const length = teeth * blocks * columns;
  const isEven = k % 2n === 0n;
  const word = ((isEven ? N - k : k) + 2n ** BigInt(length) - 1n) / 2n;
  return Array.from({ length: columns }, (_column, column) =>
    Array.from({ length: blocks }, (_block, block) => {
      let m = 0n;
      for (let tooth = 0; tooth < teeth; tooth++) {
        const power = BigInt(tooth * blocks * columns + block * columns);
        const digit = (word >> (power + BigInt(column))) & 1n;
        m += (digit === 1n ? 1n : -1n) * 2n ** power;
      }
      return isEven ? -m : m;
    }),
  );
}

function nafColumns(k: bigint): Columns {
  const columns: bigint[][] = [];
  for (let rest = k; rest > 0n; rest >>= 1n) {
    const digit = rest % 2n === 0n ? 0n : BigInt.asIntN(5, rest);
    columns.push(digit === 0n ? [] : [digit]);
    rest -= digit;
  }
  return columns;
}

function stepsOf(u1: bigint, u2: bigint, ofG: Shape, ofQ: Shape | null): Step[] {
  const g = combColumns(u1, ofG);
  const q = ofQ === null ? nafColumns(u2) : combColumns(u2, ofQ);
  const steps: Step[] = [];
  let sum: [bigint, bigint] = [0n, 0n];
  const addAll = (of: "G" | "Q", column: readonly bigint[] = []): void => {
    for (const m of column) {
      steps.push({ of, m, before: sum });
      sum = of === "G" ? [sum[0] + m, sum[1]] : [sum[0], sum[1] + m];
    }
  };
  for (let i = Math.max(g.length, q.length) - 1; i >= 0; i--) {
    sum = [2n * sum[0], 2n * sum[1]];
    if (ofQ === null) addAll("Q", q[i]);
    addAll("G", g[i]);
    if (ofQ !== null) addAll("Q", q[i]);
  }
  expect([mod(sum[0]), mod(sum[1])]).toEqual([u1, u2]);
  return steps;
}

/** The d for which, with Q = d·G, the two points of a step are the same, or opposite; or null. */
function keyThatMeets({ of, m, before: [g, q] }: Step, sign: 1n | -1n): bigint | null {
  // before = sign · added: (g - sign·mG) + (q - sign·mQ)·d = 0
  const left = mod(of === "G" ? g - sign * m : g);
  const right = mod(of === "Q" ? q - sign * m : q);
  return left === 0n || right === 0n ? null : mod(-left * inverse(right));
}

// The tables that there can be.

interface Level {
  readonly name: string;
  /** Valid signatures that lead there. */
  readonly valid: number;
  readonly shape: Shape | null;
  readonly tableSize: number;
}

const LEVELS: readonly Level[] = [
  { name: "without a table", valid: 0, shape: null, tableSize: 0 },
  {
    name: "5 teeth in 1 block",
    valid: 2,
    shape: { teeth: 5, blocks: 1 },
    tableSize: 16 * 88 + 500,
  },
  {
    name: "8 teeth in 2 blocks",
    valid: 16,
    shape: { teeth: 8, blocks: 2 },
    tableSize: (16 + 256) * 88 + 1000,
  },
];

const LEVELS_OF_G: readonly { name: string; valid: number; shape: Shape }[] = [
  { name: "the first comb of G", valid: 0, shape: { teeth: 6, blocks: 1 } },
  { name: "the last comb of G", valid: 32, shape: { teeth: 10, blocks: 2 } },
];

type Import = (x: Uint8Array, y: Uint8Array) => SyncKey | null;

/** A fresh copy of the module: the comb of G is shared by all keys of one. */
async function freshImport(): Promise<Import> {
  vi.resetModules();
  const { importP256Key } = await import("../../src/fast/p256/verify.js");
  return (x, y) => importP256Key(encodeBase64url(x), encodeBase64url(y), (hash) => hash); // what is signed here is the hash itself
}

function keyOf(importKey: Import, point: CurvePoint): SyncKey {
  const bytes = point.toBytes(false);
  const key = importKey(bytes.slice(1, 33), bytes.slice(33));
  if (key === null) throw new Error("a point of the curve was refused");
  return key;
}

function verify(key: SyncKey, signed: Signed): boolean {
  return key.verify(signatureOf(signed), signed.hash);
}

/** Verifies a number of good signatures of a key. */
function earn(key: SyncKey, point: CurvePoint, valid: number): void {
  const signed = forge(point, scalar("earn 1"), scalar("earn 2"));
  for (let i = 0; i < valid; i++) expect(verify(key, signed)).toBe(true);
}

const ORDINARY = times(G, scalar("ordinary key"));

const CONFIGURATIONS = LEVELS_OF_G.flatMap((ofG) =>
  LEVELS.map((level) => ({ ofG, level, name: `${level.name}, with ${ofG.name}` })),
);

describe.each(CONFIGURATIONS)("a key $name", ({ ofG, level }) => {
  let importKey: Import;
  let keys = 0;

  /** A key at this level. What it earns also counts for G: in time the module must be a fresh one. */
  async function freshKey(point: CurvePoint): Promise<SyncKey> {
    const due = level.valid === 16 ? 1 : 8;
    if (ofG.valid === 0 && keys++ % due === 0) importKey = await freshImport();
    const key = keyOf(importKey, point);
    earn(key, point, level.valid);
    expect(key.tableSize).toBe(level.tableSize);
    // G has its comb now, whatever the answer.
    verify(key, forge(ORDINARY, 1n, 2n));
    met.clear();
    return key;
  }

  /** The answer, after both witnesses gave it too, where they can. */
  async function answer(signed: Signed, text?: string): Promise<boolean> {
    const result = verify(await freshKey(signed.key), signed);
    expect(byNoble(signed)).toBe(result);
    if (text !== undefined) expect(byNode(signed, text)).toBe(result);
    return result;
  }

  beforeAll(async () => {
    importKey = await freshImport();
    earn(keyOf(importKey, ORDINARY), ORDINARY, ofG.valid);
  });

  test("ordinary signatures are valid, and no longer so with any part changed", async () => {
    const key = await freshKey(ORDINARY);
    const signed = forge(ORDINARY, scalar("a"), scalar("b"));
    expect(verify(key, signed)).toBe(true);
    expect(met.get("ordinary")).toBeGreaterThan(40);
    expect(met.get("equal") ?? met.get("opposite")).toBeUndefined();
    for (const bit of [1n, 1n << 100n, 1n << 255n]) {
      expect(verify(key, { ...signed, r: signed.r ^ bit })).toBe(false);
      expect(verify(key, { ...signed, s: signed.s ^ bit })).toBe(false);
      expect(verify(key, { ...signed, hash: toBytes(toBigInt(signed.hash) ^ bit) })).toBe(false);
    }
    expect(verify(key, { ...signed, s: N - signed.s })).toBe(true); // a high s, or a low one
  });

  describe.each([
    ["the same: addition becomes doubling", 1n, "equal"],
    ["opposite: the sum is infinity in the middle", -1n, "opposite"],
  ] as const)("the points of an addition are %s", (_, sign, name) => {
    test.each([0, 0.25, 0.5, 0.75, 0.9, 1])("at %d of the way", async (part) => {
      const [u1, u2] = [scalar(`u1 ${part}`), scalar(`u2 ${part}`)];
      const steps = stepsOf(u1, u2, ofG.shape, level.shape);
      const able = steps.filter((step) => keyThatMeets(step, sign) !== null);
      const step = able[Math.floor((able.length - 1) * part)];
      const d = step && keyThatMeets(step, sign);
      if (typeof d !== "bigint") throw new Error("no step to meet the case in");
      const signed = forge(times(G, d), u1, u2);
      const isInfinity = mod(u1 + u2 * d) === 0n;
      expect(await answer(signed)).toBe(!isInfinity);
      expect(met.get(name)).toBe(1);
      expect(await answer({ ...signed, s: mod(signed.s + 1n) })).toBe(false);
    });
  });

  test("infinity in the middle is doubled and added to", async () => {
    // Opposite in the first column that has both; columns are left after it.
    const [u1, u2] = [scalar("early 1"), scalar("early 2")];
    const step = stepsOf(u1, u2, ofG.shape, level.shape).find(
      (one) => keyThatMeets(one, -1n) !== null,
    );
    const d = step && keyThatMeets(step, -1n);
    if (typeof d !== "bigint") throw new Error("no step to meet the case in");
    expect(await answer(forge(times(G, d), u1, u2))).toBe(true);
    expect(met.get("opposite")).toBe(1);
    expect(met.get("first")).toBe(2);
  });

  test("u1 = 0, from a hash of 0 and of n: G is left out", async () => {
    const signed = forge(ORDINARY, 0n, scalar("u2"));
    expect(toBigInt(signed.hash)).toBe(0n);
    expect(await answer(signed)).toBe(true);
    expect(await answer({ ...signed, hash: toBytes(N) })).toBe(true);
    expect(await answer({ ...signed, hash: toBytes(1n) })).toBe(false);
  });

  test("u1 and u2 at the ends and in both parities", async () => {
    const ends = [1n, 2n, 3n, 15n, 16n, 31n, 32n, N - 1n, N - 2n, (N - 1n) / 2n, (N + 1n) / 2n];
    const key = await freshKey(ORDINARY);
    for (const u1 of ends) {
      for (const u2 of ends) {
        const signed = forge(ORDINARY, u1, u2);
        expect([u1, u2, verify(key, signed)]).toEqual([u1, u2, true]);
        const other = { ...signed, hash: toBytes(mod(toBigInt(signed.hash) + 1n)) };
        expect([u1, u2, verify(key, other)]).toEqual([u1, u2, false]);
      }
    }
  });

  test("a hash of n and more is taken modulo n", async () => {
    const signed = forge(ORDINARY, scalar("u1"), scalar("u2"));
    // Of the hash h + n the r is the same: s must be found for it, which is the s of h.
    const low = { ...signed, ...forgeForHash(5n) };
    expect(await answer({ ...low, hash: toBytes(5n) })).toBe(true);
    expect(await answer({ ...low, hash: toBytes(5n + N) })).toBe(true);
    expect(await answer({ ...low, hash: toBytes(6n + N) })).toBe(false);
  });

  test("u1·G = u2·Q: the sum is a double", async () => {
    const text = "u1·G = u2·Q";
    const k = scalar(text);
    const r = mod(times(G, k).toAffine().x);
    const u1 = mod(k * inverse(2n));
    const s = mod(toBigInt(sha256(text)) * inverse(u1));
    const key = times(G, u1 * inverse(r * inverse(s)));
    const signed = { key, r, s, hash: sha256(text) };
    expect(await answer(signed, text)).toBe(true);
    expect(await answer({ ...signed, r: mod(r + 1n) }, text)).toBe(false);
  });

  test("u1·G = -u2·Q: the sum is infinity, which no r equals", async () => {
    const text = "u1·G = -u2·Q";
    const r = scalar("r of infinity");
    const key = times(G, -toBigInt(sha256(text)) * inverse(r));
    const signed = { key, r, s: scalar("s of infinity"), hash: sha256(text) };
    expect(await answer(signed, text)).toBe(false);
  });

  test("x of n or more, so that r + n < p: r is x - n", async () => {
    const sum = liftFrom(N + 1n);
    const r = sum.toAffine().x - N;
    expect(r).toBeLessThan(P - N);
    const text = "r + n < p";
    const signed = recover(sum, r, text);
    expect(await answer(signed, text)).toBe(true);
    // The same r, where x is r itself: a point of another x.
    const plain = recover(liftFrom(r), liftFrom(r).toAffine().x, text);
    expect(plain.r).toBeLessThan(P - N);
    expect(await answer(plain, text)).toBe(true);
    expect(await answer({ ...signed, r: mod(r + 1n) }, text)).toBe(false);
    expect(await answer({ ...signed, r: r + N }, text)).toBe(false); // past n
  });

  test("the last x below p", async () => {
    let x = P - 1n;
    while (lift(x) === null) x--;
    const sum = liftFrom(x);
    expect(await answer(recover(sum, x - N, "last x"), "last x")).toBe(true);
  });

  test("r + n past p is not taken modulo p", async () => {
    const sum = liftFrom(5n);
    const { x } = sum.toAffine();
    const text = "r + n = x + p";
    const r = x + P - N;
    expect(r).toBeLessThan(N);
    expect(await answer(recover(sum, r, text), text)).toBe(false);
    expect(await answer(recover(sum, x, text), text)).toBe(true);
  });

  test("a key with x = 0, and one of its multiples", async () => {
    const point = lift(0n);
    if (point === null) throw new Error("b is a square");
    expect(await answer(forge(point, scalar("u1"), scalar("u2")))).toBe(true);
    expect(await answer(forge(times(point, 3n), scalar("u1"), scalar("u2")))).toBe(true);
  });

  test.each([1n, 2n, 3n, 4n, 5n, 7n, 8n, 15n, 16n, 17n, 2n ** 43n, 2n ** 128n])(
    "the key is %d·G, and the opposite of it",
    async (m) => {
      for (const d of [m, N - m]) {
        const key = times(G, d);
        const imported = await freshKey(key);
        const pairs = [
          [scalar("u1"), scalar("u2")],
          [scalar("same"), scalar("same")],
          [scalar("same"), N - scalar("same")],
          [mod(scalar("same") * m), scalar("same")],
          [N - mod(scalar("same") * m), scalar("same")],
          [1n, 1n],
        ] as const;
        for (const [u1, u2] of pairs) {
          const signed = forge(key, u1, u2);
          const isInfinity = mod(u1 + u2 * d) === 0n;
          expect([u1, u2, verify(imported, signed)]).toEqual([u1, u2, !isInfinity]);
          expect(byNoble(signed)).toBe(!isInfinity);
        }
      }
    },
  );

  test("r and s that are out of range are refused, and wrong lengths", async () => {
    const key = await freshKey(ORDINARY);
    const signed = forge(ORDINARY, scalar("u1"), scalar("u2"));
    for (const bad of [0n, N, N + 1n, P, 2n ** 256n - 1n]) {
      expect(verify(key, { ...signed, r: bad })).toBe(false);
      expect(verify(key, { ...signed, s: bad })).toBe(false);
    }
    if (signed.s + N < 2n ** 256n) expect(verify(key, { ...signed, s: signed.s + N })).toBe(false);
    const signature = signatureOf(signed);
    for (const length of [0, 1, 63, 65, 70, 72, 128]) {
      const other = new Uint8Array(length);
      other.set(signature.subarray(0, length));
      expect(key.verify(other, signed.hash)).toBe(false);
    }
    expect(key.verify(signature, signed.hash.subarray(1))).toBe(false);
  });

  test("the bytes may lie anywhere in their buffer", async () => {
    const key = await freshKey(ORDINARY);
    const signed = forge(ORDINARY, scalar("u1"), scalar("u2"));
    const buffer = new Uint8Array(200).fill(255);
    buffer.set(signatureOf(signed), 3);
    buffer.set(signed.hash, 101);
    expect(key.verify(buffer.subarray(3, 67), buffer.subarray(101, 133))).toBe(true);
  });

  test("a call that a full stack cuts short leaves nothing behind", async () => {
    const key = await freshKey(ORDINARY);
    const signed = forge(ORDINARY, scalar("u1"), scalar("u2"));
    const [signature, { hash }] = [signatureOf(signed), signed];
    let cut = 0;
    const answers = new Set<unknown>();
    const descend = (): void => {
      try {
        descend();
      } catch (error) {
        if (!(error instanceof RangeError)) answers.add(error);
        if (answers.size > 0) return; // there was room
        cut++;
        answers.add(key.verify(signature, hash));
      }
    };
    descend();
    expect(cut).toBeGreaterThan(1); // one call was cut short at least, and the next had more room
    expect([...answers]).toEqual([true]);
    expect(key.verify(signature, hash)).toBe(true);
    expect(verify(key, { ...signed, s: mod(signed.s + 1n) })).toBe(false);
  });
});

/** A signature of this hash by ORDINARY. */
function forgeForHash(hash: bigint): Pick<Signed, "r" | "s"> {
  const k = scalar(`k ${hash}`);
  const r = mod(times(G, k).toAffine().x);
  return { r, s: mod((hash + r * scalar("ordinary key")) * inverse(k)) };
}

describe("the tables of a key", () => {
  let importKey: Import;
  let key: SyncKey;
  const good = forge(ORDINARY, scalar("u1"), scalar("u2"));
  const bad = { ...good, s: mod(good.s + 1n) };

  beforeEach(async () => {
    importKey = await freshImport();
    key = keyOf(importKey, ORDINARY);
  });

  /** The sizes of the tables after each of so many valid signatures. */
  function sizesAfter(valid: number): number[] {
    return Array.from({ length: valid }, () => {
      expect(verify(key, good)).toBe(true);
      return key.tableSize ?? 0;
    });
  }

  const [, { tableSize: SMALL }, { tableSize: LARGE }] = LEVELS as [Level, Level, Level]; // three
  const times0 = (count: number, size: number): number[] => Array(count).fill(size);

  test("the second valid signature earns the small one, the sixteenth the large one", () => {
    expect(key.tableSize).toBe(0);
    expect(sizesAfter(40)).toEqual([0, ...times0(14, SMALL), ...times0(25, LARGE)]);
  });

  test("size is that of the tables and a constant", () => {
    const bare = key.size;
    expect(bare).toBeGreaterThanOrEqual(2 * 32);
    sizesAfter(2);
    expect(key.size).toBe(bare + SMALL);
    sizesAfter(14);
    expect(key.size).toBe(bare + LARGE);
    key.dropTables?.();
    expect(key.size).toBe(bare + SMALL);
    key.dropTables?.();
    expect(key.size).toBe(bare);
  });

  test("invalid signatures change nothing, however many and at whatever size", () => {
    for (const size of [0, 0, SMALL]) {
      for (let i = 0; i < 50; i++) expect(verify(key, bad)).toBe(false);
      expect(key.tableSize).toBe(size);
      sizesAfter(1);
    }
    for (let i = 0; i < 50; i++) expect(verify(key, bad)).toBe(false);
    expect(sizesAfter(13)).toEqual([...times0(12, SMALL), LARGE]); // 4 to 16
    for (let i = 0; i < 50; i++) expect(verify(key, bad)).toBe(false);
    expect(key.tableSize).toBe(LARGE);
  });

  test("dropped tables are earned by twice as many, and the key works all the time", () => {
    sizesAfter(16);
    key.dropTables?.();
    expect(key.tableSize).toBe(SMALL); // which is there still
    expect(verify(key, bad)).toBe(false);
    expect(sizesAfter(33)).toEqual([...times0(31, SMALL), ...times0(2, LARGE)]);
    key.dropTables?.();
    key.dropTables?.();
    expect(key.tableSize).toBe(0);
    expect(verify(key, bad)).toBe(false);
    expect(sizesAfter(17)).toEqual([...times0(15, 0), ...times0(2, SMALL)]);
    key.dropTables?.(); // a small one counts as well
    expect(sizesAfter(33)).toEqual([...times0(31, 0), ...times0(2, SMALL)]);
  });

  test("to drop where nothing is changes nothing", () => {
    key.dropTables?.();
    sizesAfter(1);
    key.dropTables?.();
    expect(sizesAfter(1)).toEqual([SMALL]);
  });

  test("keys have tables of their own", () => {
    const other = keyOf(importKey, times(G, 7n));
    sizesAfter(16);
    expect([key.tableSize, other.tableSize]).toEqual([LARGE, 0]);
    other.dropTables?.();
    expect(key.tableSize).toBe(LARGE);
    expect(verify(other, good)).toBe(false);
    expect(verify(other, forge(times(G, 7n), 3n, 4n))).toBe(true);
  });
});

describe("what is no key", () => {
  let importKey: Import;
  beforeAll(async () => {
    importKey = await freshImport();
  });

  test("points off the curve", () => {
    const { x, y } = ORDINARY.toAffine();
    expect(importKey(toBytes(x), toBytes(y))).not.toBeNull();
    expect(importKey(toBytes(x), toBytes(P - y))).not.toBeNull();
    for (const [badX, badY] of [
      [x, y ^ 1n],
      [x ^ 1n, y],
      [y, x],
      [0n, 0n],
      [1n, 1n],
      [x, 0n],
      [0n, y],
      [P - 1n, P - 1n],
      [P - x, y],
    ] as const) {
      expect(importKey(toBytes(badX), toBytes(badY))).toBeNull();
    }
  });

  test("a second form of a coordinate", () => {
    const point = liftFrom(1n);
    const { x, y } = point.toAffine();
    expect(importKey(toBytes(x), toBytes(y))).not.toBeNull();
    expect(importKey(toBytes(x + P), toBytes(y))).toBeNull();
    expect(importKey(toBytes(P), toBytes(y))).toBeNull();
    expect(importKey(toBytes(x), toBytes(2n ** 256n - 1n))).toBeNull();
  });

  test("other lengths", () => {
    const { x, y } = ORDINARY.toAffine();
    expect(importKey(toBytes(x).subarray(1), toBytes(y))).toBeNull();
    expect(importKey(toBytes(x), new Uint8Array(33))).toBeNull();
    expect(importKey(new Uint8Array(), new Uint8Array())).toBeNull();
  });

  test("coordinates at the ends of the field", () => {
    let x = P - 1n;
    while (lift(x) === null) x--;
    for (const point of [lift(0n), lift(x), liftFrom(1n), lift(x)?.negate()]) {
      if (!point) throw new Error("no such point");
      const key = keyOf(importKey, point);
      expect(verify(key, forge(point, scalar("u1"), scalar("u2")))).toBe(true);
    }
  });
});

describe("ES256", () => {
  const { x, y } = ORDINARY.toAffine();
  const jwk = { kty: "EC", crv: "P-256", x: base64url(x), y: base64url(y) } as const;
  const data = new TextEncoder().encode("data");
  const hashes: Uint8Array[] = [];
  const ES256 = es256Alg((bytes) => {
    hashes.push(bytes);
    return sha256("data");
  });
  const { r, s } = forgeForHash(toBigInt(sha256("data")));
  const signature = Uint8Array.from([...toBytes(r), ...toBytes(s)]);

  beforeEach(() => void hashes.splice(0));

  test("the plug says what it is, and can't be changed", () => {
    expect(ES256).toMatchObject({ alg: "ES256", kty: "EC", crv: "P-256" });
    expect(Object.isFrozen(ES256)).toBe(true);
  });

  test("it hashes with the hash that it was given, once", () => {
    expect(ES256.importKey(jwk)?.verify(signature, data)).toBe(true);
    expect(hashes).toEqual([data]);
    expect(
      ES256.importKey(jwk)?.verify(
        signature.map((byte) => byte ^ 1),
        data,
      ),
    ).toBe(false);
  });

  test("a signature of another length is refused before anything is hashed", () => {
    const key = ES256.importKey(jwk);
    for (const length of [0, 63, 65, 70, 72]) {
      const other = new Uint8Array(length);
      other.set(signature.subarray(0, length));
      expect(key?.verify(other, data)).toBe(false);
    }
    expect(hashes).toEqual([]);
  });

  test("tables show, and can be dropped", () => {
    const key = ES256.importKey(jwk);
    if (key === null) throw new Error("no key");
    const bare = key.size;
    for (let i = 0; i < 2; i++) expect(key.verify(signature, data)).toBe(true);
    expect([key.tableSize, key.size - bare]).toEqual([1908, 1908]);
    key.dropTables?.();
    expect([key.tableSize, key.size]).toEqual([0, bare]);
    expect(key.verify(signature, data)).toBe(true);
  });

  test("what is no key of it", () => {
    expect(ES256.importKey({ ...jwk, x: jwk.y })).toBeNull();
    expect(ES256.importKey({ ...jwk, x: base64url(x ^ 1n) })).toBeNull();
    expect(ES256.importKey({ ...jwk, x: "" })).toBeNull();
    expect(ES256.importKey({ ...jwk, y: `${jwk.y}A` })).toBeNull();
    expect(ES256.importKey({ ...jwk, x: "!" })).toBeNull();
    expect(ES256.importKey({ ...jwk, crv: "P-384" })).toBeNull();
    expect(ES256.importKey({ kty: "OKP", crv: "Ed25519", x: jwk.x })).toBeNull();
  });
});

describe("dpop-core/fast in the place of dpop-core/noble", () => {
  test("it has the same members; of these it replaces only verification", () => {
    const { algs, ES256, EdDSA, Ed25519, ...rest } = entry.fast;
    const { algs: _algs, ES256: _es256, EdDSA: _edDsa, Ed25519: _ed25519, ...others } = noble;
    expect(rest).toEqual(others);
    expect(algs).toEqual([entry.ES256, entry.EdDSA, entry.Ed25519]);
    expect([ES256, EdDSA, Ed25519]).toEqual([...algs]);
    for (const alg of algs) expect(noble.algs).not.toContain(alg);
    expect([Object.isFrozen(entry.fast), Object.isFrozen(algs)]).toEqual([true, true]);
  });

  test.each(["ES256", "EdDSA", "Ed25519"] as const)("%s: own proofs and noble's", (alg) => {
    const verifier = createVerifier({ backend: entry.fast, replay: "none" });
    const now = 1_700_000_000;
    const request = { method: "GET", url: "https://api.example/" };
    for (const { createSigner, generatePrivateJwk } of [entry, noble]) {
      const signer = createSigner(generatePrivateJwk(alg), { alg });
      for (let i = 0; i < 3; i++) {
        const proof = createProof(signer, { ...request, iat: now });
        expect(verifier.verify(proof, { ...request, now })).toMatchObject({ ok: true });
        const bad = `${proof.slice(0, -2)}${proof.endsWith("AA") ? "BA" : "AA"}`;
        expect(verifier.verify(bad, { ...request, now })).toMatchObject({
          code: "signature_invalid",
        });
      }
    }
  });
});

function base64url(value: bigint): string {
  return Buffer.from(toBytes(value)).toString("base64url");
}
