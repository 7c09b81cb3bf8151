// The arithmetic of the module is exact: its bytes are run over intervals until no bound grows. So no double rounds, and a
// fused multiply-add gives the same limbs as a product and a sum.
import { describe, expect, test } from "vitest";
import {
  Inexact,
  Interval,
  joinIntervals,
  limbsExactly,
  limbsIn,
  valueOf,
} from "../fast/interval-interpreter/values.js";
import { unitOf } from "../fast/interval-interpreter/units.js";
import { ED25519_BUDGET, ED25519_FIELD, P256_BUDGET, P256_FIELD } from "../fast/make-fields.js";
import { IN_NODE } from "../../src/wasm/affine.js";
import { ELEMENT } from "../../src/wasm/memory.js";
import { assemble } from "../../src/wasm/module.js";
import { LaneInterpreter } from "./lane-interpreter.js";

const P = 0xffffffff00000001000000000000000000000000ffffffffffffffffffffffffn;
const R = 1n << 264n;
const TWICE_D = 0x2406d9dc56dffce7198e80f2eef3d13000e0149a8283b156ebd69b9426b2f159n;

/** What a table holds, either sign: outputs of products (test/fast/bounds.test.ts). */
const ENTRY = unitOf(P256_FIELD, P256_BUDGET).map(
  ({ magnitude }) => new Interval(-magnitude, magnitude),
);
/** Limbs of 32 bytes, from 0 to 2^24 - 1. */
const BYTES = Array.from(
  { length: 11 },
  (_, i) => new Interval(0n, (1n << (i < 10 ? 24n : 16n)) - 1n),
);

const VARIANTS = [
  ["plain", false],
  ["fused", true],
] as const;

/** Writes the constants of the module that are numbers of a field. */
function withConstants(interpreter: LaneInterpreter, isFused: boolean): void {
  const { layout } = assemble(isFused);
  const memory = new Uint8Array(layout.end + 256);
  layout.writeConstants(memory);
  const view = new DataView(memory.buffer);
  for (const value of [R % P, (R * R) % P, 0n, 1n, TWICE_D]) {
    const limbs = limbsIn(limbsExactly(value));
    for (let address = 16; address < layout.end; address += 16) {
      const isThere = limbs.every(
        ({ lo }, i) => view.getFloat64(address + 16 * i, true) === Number(lo),
      );
      if (isThere) interpreter.write(address, limbs);
    }
  }
}

/** Runs the steps on a point until none of its bounds grows; returns how often. */
function toFixpoint(
  interpreter: LaneInterpreter,
  point: number,
  coordinates: 3 | 4,
  steps: readonly (() => void)[],
): number {
  const places = Array.from({ length: coordinates }, (_, i) => point + i * ELEMENT);
  for (let turn = 1; turn <= 12; turn++) {
    let hasGrown = false;
    for (const step of steps) {
      const before = places.map((place) => interpreter.read(place));
      step();
      for (const [i, place] of places.entries()) {
        const old = before[i] ?? [];
        const joined = interpreter
          .read(place)
          .map((limb, k) => joinIntervals(old[k] ?? limb, limb));
        if (joined.some(({ lo, hi }, k) => lo !== old[k]?.lo || hi !== old[k]?.hi)) hasGrown = true;
        interpreter.write(place, joined);
      }
    }
    if (!hasGrown) return turn;
  }
  throw new Inexact("bounds grow without an end");
}

describe.each(VARIANTS)("P-256 in lanes, %s", (_, isFused) => {
  const assembled = assemble(isFused);
  const { entry, sum, total, candidate } = assembled.es256;
  const bytes = assembled.bytes(4, 4);

  function start(entryLimbs: readonly Interval[] = ENTRY): LaneInterpreter {
    const interpreter = new LaneInterpreter(bytes);
    withConstants(interpreter, isFused);
    interpreter.write(entry.offset, entryLimbs);
    interpreter.write(entry.offset + ELEMENT, entryLimbs);
    interpreter.run("assign", sum.offset);
    return interpreter;
  }

  function runAll(interpreter: LaneInterpreter): void {
    toFixpoint(interpreter, sum.offset, 3, [
      () => interpreter.run("double", sum.offset),
      () => interpreter.run("add", sum.offset),
    ]);
    interpreter.run("addLanes", sum.offset, total.offset);
    interpreter.write(candidate.offset, BYTES);
    interpreter.run("compare");
  }

  test("no sum of points exceeds 2^53, from the entries of tables to the last comparison.", () => {
    const interpreter = start();
    runAll(interpreter);
    expect(interpreter.peak).toBeLessThanOrEqual(1n << 53n);
    expect(interpreter.peak).toBeGreaterThan(1n << 52n); // it was looked at
  });

  test("what is tested for zero is at most 2^23 times p, in limbs of at most 2^53.", () => {
    const interpreter = start();
    runAll(interpreter);
    for (const place of [total.offset + 2 * ELEMENT, candidate.offset]) {
      const limbs = interpreter.read(place);
      const { lo, hi } = valueOf(limbs);
      expect(hi > -lo ? hi : -lo).toBeLessThan(P << 6n);
      for (const { magnitude } of limbs) expect(magnitude).toBeLessThanOrEqual(1n << 24n);
    }
  });

  test("entries of thirteen times the size are refused.", () => {
    const large = ENTRY.map(({ hi }) => new Interval(-13n * hi, 13n * hi));
    expect(() => runAll(start(large))).toThrow(Inexact);
  });
});

describe.each(VARIANTS)("groups of P-256 in lanes, %s", (_, isFused) => {
  const assembled = assemble(isFused);
  const { entry, sum, candidate } = assembled.es256;
  const { nodes, affine } = assembled.es256Group;
  const { product, inverse, joined } = affine;
  const bytes = assembled.bytes(4, 4);
  const other = nodes.offset + IN_NODE;

  const join = (a: readonly Interval[], b: readonly Interval[]): Interval[] =>
    a.map((limb, i) => joinIntervals(limb, b[i] ?? limb));

  /** The bounds of x and y of a sum, from those of the points that are added. */
  function added(
    interpreter: LaneInterpreter,
    points: readonly (readonly Interval[])[],
  ): readonly (readonly Interval[])[] {
    const putPoints = (): void => {
      for (const point of [nodes.offset, other])
        for (const [i, limbs] of points.entries()) interpreter.write(point + i * ELEMENT, limbs);
    };
    // Products and inverses of some pairs are factors of those of the next: until they grow no more.
    interpreter.write(product.offset, ENTRY);
    for (let turn = 0; turn < 3; turn++) {
      putPoints();
      const before = interpreter.read(product.offset);
      interpreter.run("multiplyDifference", nodes.offset, other);
      interpreter.write(product.offset, join(before, interpreter.read(product.offset)));
    }
    interpreter.run("multiplyDifference", nodes.offset, other);
    interpreter.run("joinLanes");
    interpreter.write(joined.offset, BYTES); // the inverse of the lanes together
    interpreter.run("partLanes");
    for (let turn = 0; turn < 3; turn++) {
      putPoints();
      const before = interpreter.read(inverse.offset);
      interpreter.run("addPoint", nodes.offset, other);
      interpreter.write(inverse.offset, join(before, interpreter.read(inverse.offset)));
    }
    return [nodes.offset, nodes.offset + ELEMENT].map((place) => interpreter.read(place));
  }

  /** Sums of entries `factor` times as large as those of tables, sums of these, and of columns; to the last comparison. */
  function runAll(factor: bigint): LaneInterpreter {
    const interpreter = new LaneInterpreter(bytes);
    withConstants(interpreter, isFused);
    const limbs = ENTRY.map(({ hi }) => new Interval(-factor * hi, factor * hi));
    const ofBlocks = added(interpreter, [limbs, limbs]);
    const ofColumns = added(interpreter, ofBlocks);
    // The last columns have no point of G.
    for (const [i, one] of ofBlocks.entries()) {
      interpreter.write(entry.offset + i * ELEMENT, join(one, ofColumns[i] ?? one));
    }
    interpreter.run("assign", sum.offset);
    toFixpoint(interpreter, sum.offset, 3, [
      () => interpreter.run("double", sum.offset),
      () => interpreter.run("add", sum.offset),
    ]);
    interpreter.run("prepareTotal");
    interpreter.write(candidate.offset, BYTES);
    interpreter.run("compare");
    return interpreter;
  }

  test("no sum of points exceeds 2^53, from the entries of tables to the last comparison.", () => {
    const { peak } = runAll(1n);
    expect(peak).toBeLessThanOrEqual(1n << 53n);
    expect(peak).toBeGreaterThan(1n << 52n);
  });

  test("what is tested for zero is at most 2^6 times p, and what is made canonical thirteen times.", () => {
    const interpreter = runAll(1n);
    const bound = (place: number): bigint => {
      const { lo, hi } = valueOf(interpreter.read(place));
      return hi > -lo ? hi : -lo;
    };
    for (const place of [product.offset, sum.offset + 2 * ELEMENT, candidate.offset]) {
      expect(bound(place)).toBeLessThan(P << 6n);
    }
    interpreter.run("joinLanes");
    expect(bound(joined.offset)).toBeLessThan(13n * P);
  });

  test("entries of thirteen times the size are refused.", () => {
    expect(() => runAll(13n)).toThrow(Inexact);
  });
});

describe.each(VARIANTS)("Ed25519 in lanes, %s", (_, isFused) => {
  const assembled = assemble(isFused);
  const { entry, sum, encoded, inverse } = assembled.eddsa;
  const bytes = assembled.bytes(4, 4);
  const unit = unitOf(ED25519_FIELD, ED25519_BUDGET);

  /** Sums of points whose entries are `factor` times what tables hold; then x and y of the last. */
  function runAll(factor: bigint, isGroup = false): LaneInterpreter {
    const interpreter = new LaneInterpreter(bytes);
    withConstants(interpreter, isFused);
    // Outputs of reductions, either sign; a sum y + x has 3 % more (test/fast/bounds.test.ts).
    const limbs = unit.map(({ magnitude }) => {
      const bound = (factor * magnitude * 103n) / 100n;
      return new Interval(-bound, bound);
    });
    for (const i of [0, 1, 2]) interpreter.write(entry.offset + i * ELEMENT, limbs);
    interpreter.run("clearExtended", sum.offset);
    toFixpoint(interpreter, sum.offset, 4, [
      () => interpreter.run("doubleExtended", sum.offset),
      () => interpreter.run("addExtended", sum.offset),
    ]);
    if (!isGroup) interpreter.run("addExtendedLanes", sum.offset); // each lane has its own sum
    interpreter.write(inverse.offset, BYTES);
    interpreter.run("divideExtended");
    return interpreter;
  }

  test("no sum of points exceeds 2^53, from the entries of tables to the encoding.", () => {
    const { peak } = runAll(1n);
    expect(peak).toBeLessThanOrEqual(1n << 53n);
    expect(peak).toBeGreaterThan(1n << 52n);
  });

  test.each([
    ["by itself", false],
    ["in a group", true],
  ])("what is made canonical is at most thirteen times p, %s.", (__, isGroup) => {
    const interpreter = runAll(1n, isGroup);
    for (const place of [sum.offset + 2 * ELEMENT, encoded.offset]) {
      const { lo, hi } = valueOf(interpreter.read(place));
      expect(hi > -lo ? hi : -lo).toBeLessThan(13n * (2n ** 255n - 19n));
    }
  });

  test("entries of seven times the size are refused.", () => {
    expect(() => runAll(7n)).toThrow(Inexact);
  });
});
