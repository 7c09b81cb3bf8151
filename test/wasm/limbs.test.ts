// What a lane computes is what src/fast computes, limb by limb: points, with limbs at random and at the ends of what the bounds
// allow, in both lanes at once. And the exact test for zero, against BigInt.
import { describe, expect, test } from "vitest";
import { type Limbs, limbsOf, newLimbs, toBigInt } from "../../src/fast/limbs.js";
import { addAffine, double, newPoint, type Point } from "../../src/fast/p256/point.js";
import { isZero } from "../../src/fast/p256/field.generated.js";
import { ELEMENT } from "../../src/wasm/memory.js";
import { exportOf } from "../support/lanes.js";
import { createDice } from "../fuzz/dice.js";
import { newEngine, VARIANTS } from "./variants.js";

/** Operations on two points each. LIMB_ROUNDS=1000000 for a long run. */
const ROUNDS = Number(process.env["LIMB_ROUNDS"] ?? 1 << 14);
const P = 0xffffffff00000001000000000000000000000000ffffffffffffffffffffffffn;

describe.each(VARIANTS)("P-256 in lanes, %s", (variant) => {
  const engine = newEngine(variant);
  const { memory, assembled } = engine.internals;
  const doubles = new Float64Array(memory.buffer);
  const { sum, entry } = assembled.es256;
  const [doubleLanes, addLanes, isZeroLane] = ["double", "add", "isZero"].map((name) =>
    exportOf(engine, name),
  ) as [ReturnType<typeof exportOf>, ReturnType<typeof exportOf>, ReturnType<typeof exportOf>];
  const dice = createDice("limbs");

  function put(address: number, lane: number, limbs: Readonly<Limbs>): void {
    for (let i = 0; i < 11; i++) doubles[address / 8 + 2 * i + lane] = limbs[i] ?? 0;
  }

  function at(address: number, lane: number): number[] {
    return Array.from({ length: 11 }, (_, i) => (doubles[address / 8 + 2 * i + lane] ?? 0) + 0);
  }

  /** Limbs within one unit; in one of four numbers, only ends. */
  function anyLimbs(): Limbs {
    const limbs = newLimbs();
    const bytes = dice.bytes(44);
    const view = new DataView(bytes.buffer, bytes.byteOffset);
    const isExtreme = dice.below(4) === 0;
    for (let i = 0; i < 11; i++) {
      const bound = i < 10 ? 1 << 23 : 1 << 16;
      const random = view.getInt32(4 * i);
      if (isExtreme) limbs[i] = [-bound, bound, 0, bound - 1, 1 - bound][(random >>> 0) % 5] ?? 0;
      else limbs[i] = random % (bound + 1);
    }
    return limbs;
  }

  function anyPoint(): Point {
    return { ...newPoint(), x: anyLimbs(), y: anyLimbs(), z: anyLimbs(), isInfinity: false };
  }

  test("double and add leave the limbs that src/fast leaves.", () => {
    let compared = 0;
    for (let round = 0; round < ROUNDS; round++) {
      const points = [anyPoint(), anyPoint()];
      const entries = [0, 1].map(() => ({ x: anyLimbs(), y: anyLimbs() }));
      for (const [lane, { x, y, z }] of points.entries()) {
        put(sum.offset, lane, x);
        put(sum.offset + ELEMENT, lane, y);
        put(sum.offset + 2 * ELEMENT, lane, z);
      }
      for (const [lane, { x, y }] of entries.entries()) {
        put(entry.offset, lane, x);
        put(entry.offset + ELEMENT, lane, y);
      }
      if (round % 2 === 0) doubleLanes(sum.offset);
      else addLanes(sum.offset);
      for (const [lane, point] of points.entries()) {
        if (round % 2 === 0) double(point);
        else addAffine(point, entries[lane]?.x ?? newLimbs(), entries[lane]?.y ?? newLimbs());
        const ours = [0, 1, 2].map((i) => at(sum.offset + i * ELEMENT, lane));
        const theirs = [point.x, point.y, point.z].map((limbs) => [...limbs].map((one) => one + 0));
        if (JSON.stringify(ours) !== JSON.stringify(theirs)) expect(ours).toEqual(theirs);
        compared++;
      }
    }
    expect(compared).toBe(2 * ROUNDS);
  });

  /** The same value in other limbs: 2^24 moved from a limb to the one below. */
  function moved(limbs: Readonly<Limbs>, index: number, by: number): Limbs {
    const other = newLimbs();
    for (let i = 0; i < 11; i++) other[i] = limbs[i] ?? 0;
    other[index] = (other[index] ?? 0) + by * 2 ** 24;
    other[index + 1] = (other[index + 1] ?? 0) - by;
    return other;
  }

  function isZeroIn(lane: number, limbs: Readonly<Limbs>): boolean {
    put(sum.offset, lane, limbs);
    put(sum.offset, 1 - lane, anyLimbs());
    return isZeroLane(sum.offset + 8 * lane) === 1;
  }

  test("every multiple of p is zero, carried or with 2^24 more or less in limb 0.", () => {
    for (let k = -70n; k <= 70n; k++) {
      const limbs = limbsOf(k * P);
      const forms = [limbs, moved(limbs, 0, 1), moved(limbs, 0, -1), moved(limbs, 5, 3)];
      for (const form of forms) {
        expect(toBigInt(form)).toBe(k * P);
        expect(isZeroIn(0, form)).toBe(true);
        expect(isZeroIn(1, form)).toBe(true);
      }
    }
  });

  test("the difference of two numbers that are equal modulo p, without a carry, is zero.", () => {
    // src/fast never asks this: its test wants carried limbs, and fails here where a limb stands on either side of an edge.
    const edge = limbsOf(2n ** 23n - 1n);
    const other = limbsOf(2n ** 23n - 1n + P);
    const difference = newLimbs();
    for (let i = 0; i < 11; i++) difference[i] = (edge[i] ?? 0) - (other[i] ?? 0);
    const shifted = moved(difference, 0, 1);
    expect(isZero(shifted)).toBe(false);
    expect(isZeroIn(0, shifted)).toBe(true);
  });

  test("nothing else is zero: neighbours, p times a power of two and one, random limbs.", () => {
    for (const near of [-1n, 1n, 2n ** 24n, -(2n ** 24n), 2n ** 240n, 2n ** 255n]) {
      for (const k of [-3n, -1n, 0n, 1n, 2n, 64n]) {
        const limbs = limbsOf(k * P + near);
        expect(isZeroIn(0, limbs)).toBe(false);
        expect(isZeroIn(1, moved(limbs, 0, 1))).toBe(false);
      }
    }
    for (let i = 0; i < 2000; i++) {
      const limbs = anyLimbs();
      limbs[0] = (i % 129) - 64; // as of a multiple
      expect(isZeroIn(i % 2, limbs)).toBe(toBigInt(limbs) % P === 0n);
    }
  });
});
