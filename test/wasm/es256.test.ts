// ES256 in lanes, by the classes of the differential run (test/fuzz), asked of the module itself: with its early and late tables
// of the key and of G. A right answer is the class's verdict or "unsure"; where a sum is exceptional, only "unsure".
import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { EARLY_TEETH, LATE_TEETH, type Table } from "../../src/wasm/engine.js";
import { NO, UNSURE, YES } from "../../src/wasm/items.js";
import { createDice } from "../fuzz/dice.js";
import { divided, jwkOf, mod, multiple, N, p256Curve, pair, toBytes } from "../fuzz/p256.js";
import { verifyHash } from "../support/lanes.js";
import { type Digits, digitsOf, shapeOf } from "./digits.js";
import { tableOf, verifyWith, warm } from "./tables.js";
import { newEngine, VARIANTS } from "./variants.js";

const P = 0xffffffff00000001000000000000000000000000ffffffffffffffffffffffffn;
const ROUNDS = 3;

const inverse = (value: bigint): bigint => divided(1n, value);
const hashOf = (data: Uint8Array): bigint =>
  BigInt(`0x${createHash("sha256").update(data).digest("hex")}`);
const xOf = (k: bigint): bigint =>
  mod(BigInt(`0x${Buffer.from(multiple(k).subarray(1, 33)).toString("hex")}`));

/** The private key with which the first entry of one scalar meets what the lane has summed of the other. */
function meeting(ofG: Digits, ofQ: Digits, lane: number): bigint {
  const [first, second] = ofG.columns >= ofQ.columns ? [ofG, ofQ] : [ofQ, ofG];
  const column = second.columns - 1;
  let sum = 0n;
  for (let c = first.columns - 1; c >= column; c--) {
    // G comes before Q in a column.
    sum = 2n * sum + (c === column && first === ofQ ? 0n : first.entry(lane, c));
  }
  const entry = second.entry(lane, column);
  return first === ofG ? sum * inverse(entry) : entry * inverse(sum);
}

const STATES = VARIANTS.flatMap((variant) =>
  [false, true].flatMap((isWarm) =>
    [EARLY_TEETH, LATE_TEETH].map((teeth) => ({ variant, isWarm, teeth })),
  ),
);

describe.each(STATES)(
  "$variant, late table of G: $isWarm, $teeth teeth",
  ({ variant, isWarm, teeth }) => {
    const engine = newEngine(variant, 64);
    if (isWarm) warm(engine);

    test("every class of signatures gets its verdict, or unsure.", () => {
      const tables = new WeakMap<object, Table>();
      const answers = new Map<string, Set<number>>();
      for (let round = 0; round < ROUNDS; round++) {
        for (const { name, subject, signature, data } of p256Curve.round(
          createDice(`lanes ${round}`),
        )) {
          const verdict = p256Curve.classes.get(name);
          if (verdict === "no key") continue;
          const table = tables.get(subject) ?? tableOf(engine, subject.jwk, teeth);
          if (table === undefined) throw new Error("a key was due");
          tables.set(subject, table);
          const answer = verifyWith(engine.es256, table, signature, data);
          answers.set(name, (answers.get(name) ?? new Set()).add(answer));
          expect([verdict === "accepted" ? YES : NO, UNSURE]).toContain(answer);
        }
      }
      // The generator's table may have grown, which is no business of these.
      expect(answers.get("valid")).toEqual(new Set([YES]));
      expect(answers.get("u1·G = -u2·Q")).toEqual(new Set([UNSURE]));
      expect(answers.get("bit of s")).toEqual(new Set([NO]));
    });

    test("a sum at infinity is unsure for every r and s: no r can be searched for.", () => {
      const dice = createDice("infinity");
      const data = dice.bytes(40);
      for (let i = 0; i < 20; i++) {
        const r = dice.scalar(N);
        // u1 + u2·d is 0 for d = -z/r, whatever s.
        const d = mod(-hashOf(data) * inverse(r));
        const table = tableOf(engine, jwkOf(multiple(d)), teeth);
        if (table === undefined) throw new Error("a key was due");
        for (let j = 0; j < 10; j++) {
          expect(verifyWith(engine.es256, table, pair(r, dice.scalar(N)), data)).toBe(UNSURE);
        }
        engine.slots.giveBack(table);
      }
    });

    test("an addition in a lane that meets an equal or an opposite point is unsure.", () => {
      const dice = createDice("meeting");
      const shapeOfG = shapeOf(engine.internals.tableOfG()?.teeth ?? 0);
      for (let i = 0; i < 40; i++) {
        const [u1, u2] = [dice.scalar(N), dice.scalar(N)];
        const [lane, sign] = [i & 1, i & 2 ? 1n : -1n] as const;
        const d = mod(sign * meeting(digitsOf(u1, shapeOfG), digitsOf(u2, shapeOf(teeth)), lane));
        const r = xOf(mod(u1 + u2 * d));
        const s = mod(r * inverse(u2));
        const table = tableOf(engine, jwkOf(multiple(d)), teeth);
        if (table === undefined) throw new Error("a key was due");
        const z = toBytes(mod(u1 * s));
        // Valid; and with any other r, for which the hash is made to give the same sum.
        expect(verifyHash(engine, table, pair(r, s), z)).toBe(UNSURE);
        const other = dice.scalar(N);
        const otherS = mod(other * inverse(u2));
        const otherZ = toBytes(mod(u1 * otherS));
        expect(verifyHash(engine, table, pair(other, otherS), otherZ)).toBe(UNSURE);
        engine.slots.giveBack(table);
      }
    });

    test("keys ±G and small multiples, whose tables are those of G: never a wrong answer.", () => {
      const dice = createDice("multiples");
      for (const d of [1n, 2n, 3n, N - 1n, N - 2n]) {
        const table = tableOf(engine, jwkOf(multiple(d)), teeth);
        if (table === undefined) throw new Error("a key was due");
        for (let i = 0; i < 100; i++) {
          const [k, z] = [dice.scalar(N), dice.scalar(N)];
          const r = xOf(k);
          const s = mod(inverse(k) * (z + r * d));
          expect([YES, UNSURE]).toContain(verifyHash(engine, table, pair(r, s), toBytes(z)));
          const wrong = verifyHash(engine, table, pair(r, mod(s + 1n)), toBytes(z));
          expect([NO, UNSURE]).toContain(wrong);
        }
        engine.slots.giveBack(table);
      }
    });

    test("u1 and u2 at their ends, and a hash of 0 or n: never a wrong answer.", () => {
      const dice = createDice("ends");
      const d = dice.scalar(N);
      const table = tableOf(engine, jwkOf(multiple(d)), teeth);
      if (table === undefined) throw new Error("a key was due");
      const ends = [0n, 1n, 2n, N - 1n, N - 2n, 1n << 255n, (1n << 255n) - 1n];
      for (const u1 of ends) {
        for (const u2 of ends.slice(1)) {
          const k = mod(u1 + u2 * d);
          const r = xOf(k);
          const s = mod(r * inverse(u2));
          const hashes = [mod(u1 * s)];
          if (u1 === 0n) hashes.push(N);
          for (const z of hashes) {
            expect([YES, UNSURE]).toContain(verifyHash(engine, table, pair(r, s), toBytes(z)));
            const other = toBytes(z ^ 1n);
            expect([NO, UNSURE]).toContain(verifyHash(engine, table, pair(r, s), other));
          }
        }
      }
    });

    test("r + n past p or past 2^256 is no x: a multiple of p or of 2^256 away from one, r is refused.", () => {
      const dice = createDice("past p");
      const d = dice.scalar(N);
      const table = tableOf(engine, jwkOf(multiple(d)), teeth);
      if (table === undefined) throw new Error("a key was due");
      for (let i = 0; i < 20; i++) {
        const k = dice.scalar(N);
        const x = xOf(k);
        for (const past of [P - N, (1n << 256n) - N]) {
          const r = x + past;
          if (r >= N) continue;
          const s = dice.scalar(N);
          // The sum is k·G for this hash, and its x is r + n, minus p or 2^256.
          const z = toBytes(mod(s * k - r * d));
          expect([NO, UNSURE]).toContain(verifyHash(engine, table, pair(r, s), z));
        }
      }
    });

    test("a table with another tag, and a slot that was given back, are unsure.", () => {
      const valid = p256Curve.round(createDice("tag")).find(({ name }) => name === "valid");
      if (valid === undefined) throw new Error("a valid signature was due");
      const table = tableOf(engine, valid.subject.jwk, teeth);
      if (table === undefined) throw new Error("a key was due");
      const ask = (one: Table): number =>
        verifyWith(engine.es256, one, valid.signature, valid.data);
      expect(ask(table)).toBe(YES);
      expect(ask({ ...table, tag: table.tag + 1 })).toBe(UNSURE);
      engine.slots.giveBack(table);
      expect(ask(table)).toBe(UNSURE);
      const other = tableOf(engine, jwkOf(multiple(7n)), teeth); // takes the same slot
      expect(other?.address).toBe(table.address);
      expect(ask(table)).toBe(UNSURE);
    });
  },
);

test("messages of every length up to the most have the hash of node:crypto; longer ones are unsure.", () => {
  const engine = newEngine();
  const dice = createDice("lengths");
  const d = dice.scalar(N);
  const table = tableOf(engine, jwkOf(multiple(d)), EARLY_TEETH);
  if (table === undefined) throw new Error("a key was due");
  const k = dice.scalar(N);
  const r = xOf(k);
  const lengths = [...Array.from({ length: 300 }, (_, i) => i), 1000, 4095, 4096];
  for (const length of lengths) {
    const data = dice.bytes(length);
    const s = mod(inverse(k) * (hashOf(data) + r * d));
    expect(verifyWith(engine.es256, table, pair(r, s), data)).toBe(YES);
  }
  expect(verifyWith(engine.es256, table, pair(r, 1n), dice.bytes(4097))).toBe(UNSURE);
});
