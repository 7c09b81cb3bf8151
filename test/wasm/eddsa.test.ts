// Ed25519 in lanes, by the classes of the differential run (test/fuzz), asked of the module itself: with its early and late
// tables of the key and of B. The formulas are complete, so every answer is the verdict. And its points limb by limb.
import { describe, expect, test } from "vitest";
import { readPublicJwk } from "../../src/jose/jwk.js";
import { type Limbs, newLimbs } from "../../src/fast/limbs.js";
import { addAffine, double, newAffineNiels, newPoint } from "../../src/fast/ed25519/point.js";
import { curveOf } from "../../src/wasm/algorithm.js";
import { BASE_TEETH, EARLY_TEETH, type Engine, LATE_TEETH } from "../../src/wasm/engine.js";
import { NO, UNSURE, YES } from "../../src/wasm/items.js";
import { ELEMENT } from "../../src/wasm/memory.js";
import { createDice } from "../fuzz/dice.js";
import { ed25519Curve } from "../fuzz/ed25519.js";
import { nodeSign, publicJwk } from "../support/keys.js";
import { exportOf } from "../support/lanes.js";
import { verifyWith } from "./tables.js";
import { newEngine, VARIANTS } from "./variants.js";

const ROUNDS = 3;
const LIMB_ROUNDS = Number(process.env["LIMB_ROUNDS"] ?? 1 << 13);

interface LaneKey {
  verify(signature: Uint8Array, data: Uint8Array): number;
}

function keyOf(engine: Engine, jwk: unknown, teeth: number): LaneKey | undefined {
  const read = readPublicJwk(jwk);
  const curve = typeof read === "string" ? null : curveOf(read);
  const slot = curve === null ? null : engine.slots.put(curve.build(teeth));
  if (curve === null || slot === null) return undefined;
  const table = { ...slot, teeth };
  return {
    verify: (signature, data) =>
      verifyWith(curve.lanes(engine), table, signature, data, curve.encoded?.()),
  };
}

const STATES = VARIANTS.flatMap((variant) =>
  [false, true].flatMap((isWarm) =>
    [EARLY_TEETH, LATE_TEETH].map((teeth) => ({ variant, isWarm, teeth })),
  ),
);

describe.each(STATES)(
  "$variant, late table of B: $isWarm, $teeth teeth",
  ({ variant, isWarm, teeth }) => {
    test("every class of signatures gets its verdict.", () => {
      let engine = newEngine(variant, 96);
      const keys = new Map<string, LaneKey>();
      let [yes, no] = [0, 0];
      for (let round = 0; round < ROUNDS; round++) {
        for (const { name, subject, signature, data } of ed25519Curve.round(
          createDice(`lanes ${round}`),
        )) {
          const verdict = ed25519Curve.classes.get(name);
          if (verdict === "no key") continue;
          if (!isWarm && yes % 30 === 29) {
            // Before B has its later table.
            engine = newEngine(variant, 96);
            keys.clear();
          }
          const id = JSON.stringify(subject.jwk);
          const key = keys.get(id) ?? keyOf(engine, subject.jwk, teeth);
          if (key === undefined) throw new Error("a key was due");
          keys.set(id, key);
          const answer = key.verify(signature, data);
          expect({ name, answer }).toEqual({ name, answer: verdict === "accepted" ? YES : NO });
          if (answer === YES) yes++;
          else no++;
        }
      }
      expect(Math.min(yes, no)).toBeGreaterThan(150);
      expect(engine.internals.tableOfB()?.teeth === BASE_TEETH).toBe(isWarm);
    });
  },
);

test("messages of every length up to the most are hashed as node:crypto does; longer ones are unsure.", () => {
  const engine = newEngine();
  const key = keyOf(engine, publicJwk("Ed25519"), EARLY_TEETH);
  const dice = createDice("lengths");
  for (const length of [...Array.from({ length: 300 }, (_, i) => i), 1000, 4095, 4096]) {
    const data = dice.bytes(length);
    expect(key?.verify(nodeSign("Ed25519", data), data)).toBe(YES);
  }
  const long = dice.bytes(4097);
  expect(key?.verify(nodeSign("Ed25519", long), long)).toBe(UNSURE);
});

describe.each(VARIANTS)("points in lanes, %s", (variant) => {
  test("double and add leave the limbs that src/fast leaves.", () => {
    const engine = newEngine(variant);
    const { memory, assembled } = engine.internals;
    const { sum, entry } = assembled.eddsa;
    const doubles = new Float64Array(memory.buffer);
    const dice = createDice("extended limbs");
    const put = (address: number, lane: number, limbs: Readonly<Limbs>): void => {
      for (let i = 0; i < 11; i++) doubles[address / 8 + 2 * i + lane] = limbs[i] ?? 0;
    };
    const anyLimbs = (): Limbs => {
      const limbs = newLimbs();
      const bytes = dice.bytes(44);
      const view = new DataView(bytes.buffer, bytes.byteOffset);
      const isExtreme = dice.below(4) === 0;
      for (let i = 0; i < 11; i++) {
        const bound = i < 10 ? 1 << 23 : 1 << 15;
        const random = view.getInt32(4 * i);
        const ends = [-bound, bound, 0, bound - 1, 1 - bound];
        limbs[i] = isExtreme ? (ends[(random >>> 0) % 5] ?? 0) : random % (bound + 1);
      }
      return limbs;
    };
    const [doubleLanes, addLanes] = [
      exportOf(engine, "doubleExtended"),
      exportOf(engine, "addExtended"),
    ];
    const coordinates = (names: readonly string[]): Record<string, Limbs> =>
      Object.fromEntries(names.map((name) => [name, anyLimbs()]));
    for (let round = 0; round < LIMB_ROUNDS; round++) {
      const points = [0, 1].map(() => Object.assign(newPoint(), coordinates(["x", "y", "z", "t"])));
      const entries = [0, 1].map(() =>
        Object.assign(newAffineNiels(), coordinates(["sum", "difference", "product"])),
      );
      for (const [lane, { x, y, z, t }] of points.entries())
        for (const [i, limbs] of [x, y, z, t].entries()) put(sum.offset + i * ELEMENT, lane, limbs);
      for (const [lane, one] of entries.entries())
        for (const [i, limbs] of [one.sum, one.difference, one.product].entries())
          put(entry.offset + i * ELEMENT, lane, limbs);
      if (round % 2 === 0) doubleLanes(sum.offset);
      else addLanes(sum.offset);
      for (const [lane, point] of points.entries()) {
        const other = entries[lane];
        if (round % 2 === 0) double(point, true);
        else if (other !== undefined) addAffine(point, other, true);
        const theirs = [point.x, point.y, point.z, point.t].map((limbs) =>
          [...limbs].map((one) => one + 0),
        );
        const ours = theirs.map((limbs, i) =>
          limbs.map((_, k) => (doubles[(sum.offset + i * ELEMENT) / 8 + 2 * k + lane] ?? 0) + 0),
        );
        if (JSON.stringify(ours) !== JSON.stringify(theirs)) expect(ours).toEqual(theirs);
      }
    }
  });
});
