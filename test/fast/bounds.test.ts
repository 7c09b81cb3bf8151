// Own arithmetic is exact: the interval interpreter runs the fields, the group law, the tables, the
// key check, the inverse and the last comparison, for all inputs at once, until no bound grows any
// more. What a double could round is refused, as the controls show.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";
import { describe, expect, test } from "vitest";
import { ROOT } from "../support/build.js";
import { Checker, type Options } from "./interval-interpreter/interpreter.js";
import { units, unitOf } from "./interval-interpreter/units.js";
import {
  BYTES,
  Inexact,
  Interval,
  joinIntervals,
  limbsIn,
  limbsWithin,
  memberOf,
  newTable,
  objectOf,
  Refused,
  tableIn,
  toLimbs,
  UNKNOWN,
  type Value,
  valueOf,
} from "./interval-interpreter/values.js";
import {
  ED25519_BUDGET,
  ED25519_FIELD,
  P256_BUDGET,
  P256_FIELD,
  SUMMAND_BUDGET,
} from "./make-fields.js";

const FOLDER = join(ROOT, "src/fast");
/** The files of a curve, in that folder. */
const p256 = (name: string): string => `p256/${name}.ts`;
const ed25519 = (name: string): string => `ed25519/${name}.ts`;

const P256_P = 0xffffffff00000001000000000000000000000000ffffffffffffffffffffffffn;
const ED25519_P = 2n ** 255n - 19n;

const P256_N = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;

/** V - X' times 4, which uses up the whole budget before the second product comes. */
const MERGED_TOO_MUCH = "combine(g, 6, g, 0, g); multiplyDifference(point.y, d, g, point.y, c);";

const P256_UNIT = unitOf(P256_FIELD, P256_BUDGET);
const ED25519_UNIT = unitOf(ED25519_FIELD, ED25519_BUDGET);

/** What every run entered, over all tests of this file. */
const entered = new Set<string>();

function magnitudeOf(limbs: Value): bigint {
  const { lo, hi } = valueOf(limbsIn(limbs));
  return hi > -lo ? hi : -lo;
}

function zeros(): Value {
  return limbsWithin(0n, 0n);
}

/** What invert promises of its result (inverse.ts), and needs of its argument. */
const INVERSE_LIMB = 1n << 23n;
const INVERSE_TOP = (1n << 20n) + 1n;

function promisedInverse([out, a]: readonly Value[]): Value {
  for (const [i, limb] of limbsIn(a).entries()) {
    if (limb.magnitude > 1n << (i < 10 ? 24n : 21n)) throw new Refused("too much for invert");
  }
  if (magnitudeOf(a) >= 1n << 260n) throw new Refused("too much for invert");
  write(out, limbsIn(limbsWithin(INVERSE_LIMB, INVERSE_TOP)));
  return UNKNOWN;
}

function write(target: Value, limbs: readonly Interval[]): void {
  for (const [i, limb] of limbs.entries()) {
    if (typeof target !== "object" || target === null || !("items" in target)) {
      throw new Refused("no limbs");
    }
    target.items.set(String(i), limb.again());
  }
}

/** isZero looks at the lowest limb first, which tells only of values that are not too large. */
function smallEnough(p: bigint): (args: readonly Value[]) => void {
  return ([a]) => {
    const lowest = limbsIn(a)[0]?.magnitude ?? 0n;
    if (magnitudeOf(a) > 64n * p || lowest > (1n << 23n) + 1n) {
      throw new Refused("too much for isZero");
    }
  };
}

function optionsOf(p: bigint, sources?: Options["sources"]): Options {
  return {
    ...(sources && { sources }),
    replaced: { invert: promisedInverse },
    required: { isZero: smallEnough(p) },
  };
}

/** A source of src/fast with one change, which must apply. */
function changed(path: string, from: string, to: string): Readonly<Record<string, string>> {
  const text = readFileSync(join(FOLDER, path), "utf8");
  expect(text.split(from)).toHaveLength(2);
  return { [path]: text.replace(from, () => to) };
}

/**
 * Runs the steps over and over on the same memory, joining what they leave to what was there,
 * until that adds nothing.
 */
function toFixpoint(
  memory: readonly Value[],
  tables: readonly Value[],
  steps: readonly (() => void)[],
): number {
  for (let turn = 1; turn <= 12; turn++) {
    let grew = false;
    for (const step of steps) {
      const before = memory.map(limbsIn);
      const tablesBefore = tables.map(tableIn);
      step();
      // A table keeps what it had: its bounds only grow.
      for (const [i, limbs] of tablesBefore.entries()) {
        const now = tableIn(tables[i]);
        if (limbs.some(({ lo, hi }, k) => lo !== now[k]?.lo || hi !== now[k]?.hi)) grew = true;
      }
      for (const [i, limbs] of before.entries()) {
        const joined = limbsIn(memory[i]).map((limb, k) => {
          const old = limbs[k] ?? limb;
          const both = joinIntervals(old, limb);
          if (both.lo < old.lo || both.hi > old.hi) grew = true;
          return both;
        });
        write(memory[i], joined);
      }
    }
    if (!grew) return turn;
  }
  throw new Refused("bounds that grow without an end");
}

function remember(checker: Checker): void {
  for (const name of checker.entered) entered.add(name);
}

describe.each([
  { path: P256_FIELD, unit: P256_UNIT, budget: P256_BUDGET, beyond: 12.81 },
  { path: ED25519_FIELD, unit: ED25519_UNIT, budget: ED25519_BUDGET, beyond: 11.4 },
] as const)("The arithmetic of $path", ({ path, unit, budget, beyond }) => {
  const f = (factor: number): Value => units(unit, factor);
  const run = (name: string, ...args: readonly Value[]): readonly Interval[] => {
    const out = zeros();
    new Checker().run(path, name, [out, ...args]);
    return limbsIn(out);
  };
  const root = Math.floor(Math.sqrt(budget) * 1e4) / 1e4;
  const expectUnit = (limbs: readonly Interval[]): void => {
    for (const [i, limb] of limbs.entries()) {
      expect(limb.magnitude <= (unit[i]?.magnitude ?? 0n)).toBe(true);
    }
  };

  test("A product of factors at the limit is exact and leaves one unit.", () => {
    for (const first of [1, 2, 3, root, 6]) {
      expectUnit(run("multiply", f(first), f(budget / first)));
    }
    expectUnit(run("square", f(root)));
  });

  test("A summand at the limit is exact too, and leaves one unit in limbs 0 to 9.", () => {
    const summand = f(SUMMAND_BUDGET / 2);
    for (const k of [-2, 2]) {
      const product = run("multiplyAdd", f(budget), f(1), k, summand);
      const square = run("squareAdd", f(root), k, summand);
      expectUnit(product.slice(0, 10));
      expectUnit(square.slice(0, 10));
    }
  });

  test("Factors beyond the limit are refused.", () => {
    expect(() => run("multiply", f(beyond), f(1))).toThrow(Inexact);
    expect(() => run("square", f(Math.sqrt(beyond)))).toThrow(Inexact);
    expect(() => run("multiplyAdd", f(beyond), f(1), 1, f(1))).toThrow(Inexact);
  });
});

test("Merged products of P-256 share the limit, and are refused beyond it.", () => {
  const f = (factor: number): Value => units(P256_UNIT, factor);
  const run = (name: string, ...args: readonly Value[]): bigint => {
    const out = zeros();
    new Checker().run(P256_FIELD, name, [out, ...args]);
    return limbsIn(out)[10]?.magnitude ?? 0n;
  };
  const half = P256_BUDGET / 2;
  expect(run("multiplyDifference", f(half), f(1), f(half), f(1))).toBeLessThanOrEqual(1n << 16n);
  expect(run("multiplyDifference", f(2), f(5), f(1), f(2.7))).toBeLessThanOrEqual(1n << 16n);
  expect(run("multiplyMinus8Square", f(4.7), f(1), f(1))).toBeLessThanOrEqual(1n << 16n);
  expect(run("multiplyScaled", f(P256_BUDGET / 3), f(1), 3)).toBeLessThanOrEqual(1n << 16n);
  expect(() => run("multiplyDifference", f(6.41), f(1), f(6.4), f(1))).toThrow(Inexact);
  expect(() => run("multiplyMinus8Square", f(4.81), f(1), f(1))).toThrow(Inexact);
  expect(() => run("multiplyScaled", f(12.81 / 3), f(1), 3)).toThrow(Inexact);
});

/** Every formula of P-256, from points of one unit to the bounds that all of them keep. */
function checkP256(sources?: Options["sources"]): Checker {
  const checker = new Checker(optionsOf(P256_P, sources));
  const one = (): Value => units(P256_UNIT, 1);
  const run = (path: string, name: string, ...args: readonly Value[]): Value =>
    checker.run(path, name, args);
  // Key check: bytes to an element and the equation of the curve.
  const [x, y] = [one(), one()];
  const element = zeros();
  run(p256("curve"), "readElement", element, BYTES, 0);
  run(p256("curve"), "writeElement", element, 2n ** 256n - 1n);
  run(p256("curve"), "readElement", x, BYTES, 0);
  run(p256("curve"), "readElement", y, BYTES, 32);
  run(p256("curve"), "isOnCurve", x, y);
  // The scalars' part.
  run(p256("scalar"), "readInverse", BYTES, 32);
  // The odd multiples of a cold key, and the comb of a warm one.
  const multiples: Value = run(p256("naf"), "newOddMultiples");
  run(p256("naf"), "writeOddMultiples", multiples, x, y);
  const comb: Value = run(p256("comb"), "createComb", x, y, objectOf({ teeth: 3, blocks: 2 }));
  // The sum: any order of doublings and additions.
  const point = objectOf({ x: one(), y: one(), z: one(), isInfinity: UNKNOWN });
  const draft: Value = run(p256("table"), "newDraft", 1);
  const table = memberOf(draft, "points");
  toFixpoint(
    ["x", "y", "z"].map((name) => memberOf(point, name)),
    [table, memberOf(draft, "z")],
    [
      // A table of any points, and points from that table.
      () => run(p256("table"), "putPoint", draft, 0, point),
      () => run(p256("table"), "normalize", draft),
      () => run(p256("table"), "addEntry", point, table, 0, UNKNOWN),
      () => run(p256("point"), "double", point),
      () => run(p256("naf"), "addMultiple", point, multiples, 1),
      () => run(p256("naf"), "addMultiple", point, multiples, 15),
      () => run(p256("naf"), "addMultiple", point, multiples, -15),
      () => run(p256("comb"), "addColumn", point, comb, objectOf({ bytes: BYTES }), 0, UNKNOWN),
    ],
  );
  // The end.
  run(p256("point"), "hasAffineX", point, element);
  remember(checker);
  return checker;
}

/** Every formula of Ed25519. */
function checkEd25519(sources?: Options["sources"]): Checker {
  const checker = new Checker(optionsOf(ED25519_P, sources));
  const run = (path: string, name: string, ...args: readonly Value[]): Value =>
    checker.run(path, name, args);
  // Key check: decompression, and the negated key.
  const decoded: Value = run(ed25519("point"), "decodePoint", BYTES);
  run(ed25519("point"), "minusXOf", decoded);
  const key: Value = run(ed25519("point"), "negate", decoded);
  const multiples: Value = run(ed25519("naf"), "newOddMultiples");
  run(ed25519("naf"), "writeOddMultiples", multiples, key);
  const comb: Value = run(ed25519("comb"), "createComb", key, objectOf({ teeth: 3, blocks: 2 }));
  const point = objectOf({ x: zeros(), y: zeros(), z: zeros(), t: zeros() });
  run(ed25519("point"), "assignIdentity", point);
  const table = newTable(33);
  toFixpoint(
    ["x", "y", "z", "t"].map((name) => memberOf(point, name)),
    [table],
    [
      // A table of any points, and points from that table.
      () => run(ed25519("comb"), "putPoint", table, 0, point),
      () => run(ed25519("comb"), "normalize", table),
      () => run(ed25519("comb"), "addEntry", point, table, 0, UNKNOWN, UNKNOWN),
      () => run(ed25519("point"), "double", point, UNKNOWN),
      () => run(ed25519("naf"), "addMultiple", point, multiples, 1, UNKNOWN),
      () => run(ed25519("naf"), "addMultiple", point, multiples, 15, UNKNOWN),
      () => run(ed25519("naf"), "addMultiple", point, multiples, -15, UNKNOWN),
      () => run(ed25519("comb"), "addColumn", point, comb, objectOf({ bytes: BYTES }), 0, UNKNOWN),
      () => run(ed25519("comb"), "subtractOnce", point, comb),
    ],
  );
  run(ed25519("point"), "encodePoint", point);
  remember(checker);
  return checker;
}

test("P-256 is exact from the bytes of the key to the last comparison.", () => {
  const { peak } = checkP256();
  expect(peak.magnitude).toBeGreaterThan(1n << 52n);
  expect(peak.magnitude).toBeLessThanOrEqual(1n << 53n);
});

test("Ed25519 is exact from the bytes of the key to the last comparison.", () => {
  const { peak } = checkEd25519();
  expect(peak.magnitude).toBeGreaterThan(1n << 52n);
  expect(peak.magnitude).toBeLessThanOrEqual(1n << 53n);
});

describe("A formula that doubles could round is refused:", () => {
  test.each([
    // 4 · V - X' of 5 units in place of V - X' of 2, which the smaller summands do not make up for.
    ["an unreduced operand", "subtract(d, c, x);", "combine(d, 5, c, -1, x);"],
    ["a factor too many", "multiplyScaled(f, d, e, 3);", "multiplyScaled(f, d, e, 4);"],
    ["a product too many", "multiplyDifference(point.y, d, g, point.y, c);", MERGED_TOO_MUCH],
  ])("P-256: %s", (_, from, to) => {
    expect(() => checkP256(changed(p256("point"), from, to))).toThrow(Inexact);
  });

  test.each([
    ["an unreduced product", "squareAdd(e, s, -1, h);", "square(e, s); combine(e, 1, e, -2, h);"],
    ["a sum too many", "combine(f, 2, c, -1, g);", "combine(f, 4, c, -1, g); add(f, f, g);"],
  ])("Ed25519: %s", (_, from, to) => {
    expect(() => checkEd25519(changed(ed25519("point"), from, to))).toThrow(Inexact);
  });

  test.each([
    ["a carry left out", "t5 -= carry5;", ""],
    ["a carry that goes nowhere", "t6 += carry5 * down;", "t6 += t5 * down;"],
    ["another rounding", "0x18000000000000000000", "0xc00000000000000000"],
    ["a column twice", "t8 += t4;", "t8 += t4 * 0x1000000;"],
  ])("the reduction: %s", (_, from, to) => {
    const text = readFileSync(join(FOLDER, P256_FIELD), "utf8");
    const start = text.indexOf("function reduce(");
    const source = text.slice(0, start) + text.slice(start).replace(from, to);
    expect(source).not.toBe(text);
    const checker = new Checker({ sources: { [P256_FIELD]: source } });
    const one = (): Value => units(P256_UNIT, 1);
    const args = [zeros(), one(), one()];
    expect(() => checker.run(P256_FIELD, "multiply", args)).toThrow(Inexact);
  });

  test("a column that is read and never written is unknown, and no limb comes of it.", () => {
    const text = readFileSync(join(FOLDER, P256_FIELD), "utf8");
    const source = text.replace("sums[3] =", "sums[2] ="); // in the first function, product
    expect(source).not.toBe(text);
    const checker = new Checker({ sources: { [P256_FIELD]: source } });
    const args = [zeros(), units(P256_UNIT, 1), units(P256_UNIT, 1)];
    expect(() => checker.run(P256_FIELD, "multiply", args)).toThrow(Refused);
  });
});

test("The interpreter knows that rounding a lopsided range leaves a remainder of either sign.", () => {
  const source = `
    export function remainder(out: Limbs): void {
      const round = 0x18000000000000000000;
      out[0] = out[0] - (out[0] + round - round);
      const t = out[1];
      out[1] = t - (t + round - round);
    }`;
  const limbs = toLimbs([
    new Interval(-1n, 1n << 30n),
    new Interval(-1n, 1n << 30n),
    ...Array.from({ length: 9 }, () => new Interval(-5n, 7n)),
  ]);
  new Checker({ sources: { "control.ts": source } }).run("control.ts", "remainder", [limbs]);
  const [, lopsided] = limbsIn(limbs);
  expect([lopsided?.lo, lopsided?.hi]).toEqual([-(1n << 23n), 1n << 23n]);
});

describe("The inverse", () => {
  const MODULI = [P256_P, ED25519_P, P256_N];

  /** The products with 2^-24 that are exact by the choice of the matrix or of the multiples. */
  const DIVISIBLE = [
    "(u * f[0] + v * g[0]) * DOWN_24",
    "(q * f[0] + r * g[0]) * DOWN_24",
    "(dSum + dMultiple * limbs[0]) * DOWN_24",
    "(eSum + eMultiple * limbs[0]) * DOWN_24",
  ];

  // The rows of the matrix have magnitudes of at most 2^24 together. So a round leaves f and g
  // within the larger of the two, and d and e within the larger and half the modulus: after 32
  // rounds within 17 times a modulus below 2^256, which is less than 2^261; and less than 2^260
  // where the modulus is the largest here: see the next test. The bounds taken are above those.
  const row = new Interval(-(1n << 24n), 1n << 24n);
  const top = 1n << 22n;

  test.each(MODULI)("modulo %s is exact in every round.", (modulus) => {
    const checker = new Checker({ exact: DIVISIBLE });
    for (const name of ["f", "g", "d", "e"]) {
      write(checker.held("inverse.ts", name), limbsIn(limbsWithin(1n << 24n, top)));
    }
    const matrix = checker.held("inverse.ts", "matrix");
    write(matrix, [row, row, row, row]);
    checker.run("inverse.ts", "stepNumbers", [11]);
    checker.run("inverse.ts", "stepCoefficients", [
      checker.run("inverse.ts", "modulusOf", [modulus]),
    ]);
    for (const name of ["f", "g", "d", "e"]) {
      for (const limb of limbsIn(checker.held("inverse.ts", name)).slice(0, 10)) {
        expect(limb.magnitude).toBeLessThanOrEqual(INVERSE_LIMB);
      }
    }
    expect(checker.peak.magnitude).toBeLessThan(1n << 50n);
    remember(checker);
  });

  test("stays within what it promises: half a modulus is added in each of 32 rounds.", () => {
    const largest = 1n + 16n * P256_P;
    expect(largest >> 240n).toBeLessThan(INVERSE_TOP);
    expect(largest).toBeLessThan(1n << 260n);
  });

  test("has rows of at most 2^24, and clears 24 bits of f and g.", () => {
    const checker = new Checker();
    let seed = 1;
    const next = (): number => (seed = (Math.imul(seed, 1103515245) + 12345) & 0x7fffffff);
    for (let i = 0; i < 100; i++) {
      const eta = (next() >> 8) % 40;
      const f = (next() & 0xfffffe) - 0x7fffff;
      const g = (next() & 0xffffff) - 0x800000;
      checker.run("inverse.ts", "divisionSteps", [eta - 20, f, g]);
      const matrix = checker.held("inverse.ts", "matrix");
      const [u = NaN, v = NaN, q = NaN, r = NaN] = ["0", "1", "2", "3"].map((k) =>
        Number(memberOf(matrix, k)),
      );
      expect(Math.abs(u) + Math.abs(v)).toBeLessThanOrEqual(1 << 24);
      expect(Math.abs(q) + Math.abs(r)).toBeLessThanOrEqual(1 << 24);
      expect(Math.abs((u * f + v * g) % 0x1000000)).toBe(0);
      expect(Math.abs((q * f + r * g) % 0x1000000)).toBe(0);
    }
    remember(checker);
  });

  test.each([
    [
      "a sum that is not carried",
      "const dCarry = dSum + ROUND_24 - ROUND_24;",
      "const dCarry = dSum;",
    ],
    ["a multiple of all bits", "digit(digit(dSum) * negatedInverse)", "dSum * negatedInverse"],
  ])("is refused with %s.", (_, from, to) => {
    const checker = new Checker({ exact: DIVISIBLE, sources: changed("inverse.ts", from, to) });
    for (const name of ["d", "e"]) {
      write(checker.held("inverse.ts", name), limbsIn(limbsWithin(1n << 24n, top)));
    }
    write(checker.held("inverse.ts", "matrix"), [row, row, row, row]);
    const modulus = checker.run("inverse.ts", "modulusOf", [P256_P]);
    expect(() => checker.run("inverse.ts", "stepCoefficients", [modulus])).toThrow(Inexact);
  });
});

test("No function that computes with limbs was left out.", () => {
  const arithmetic = new Set(namesIn("limbs.ts", P256_FIELD, ED25519_FIELD));
  for (const harmless of ["newLimbs", "limbsOf"]) arithmetic.delete(harmless);
  const files = readdirSync(FOLDER, { encoding: "utf8", recursive: true });
  const missing = files
    .filter((file) => /^(p256|ed25519|inverse).*\.ts$/.test(file))
    .filter((file) => file !== P256_FIELD && file !== ED25519_FIELD)
    .flatMap((file) =>
      functionsOf(file)
        .filter((node) => callsOf(node).some((name) => arithmetic.has(name)))
        .map((node) => `${file}: ${node.name?.text ?? ""}`),
    )
    .filter((name) => !entered.has(name));
  expect(missing).toEqual([]);
  for (const name of ["divisionSteps", "stepNumbers", "stepCoefficients"]) {
    expect(entered).toContain(`inverse.ts: ${name}`);
  }
});

function functionsOf(path: string): ts.FunctionDeclaration[] {
  const text = readFileSync(join(FOLDER, path), "utf8");
  const file = ts.createSourceFile(path, text, ts.ScriptTarget.ES2022, true);
  return file.statements.filter((statement) => ts.isFunctionDeclaration(statement));
}

function namesIn(...paths: readonly string[]): string[] {
  return paths.flatMap((path) => functionsOf(path).map((node) => node.name?.text ?? ""));
}

function callsOf(node: ts.Node): string[] {
  const names: string[] = [];
  const visit = (child: ts.Node): void => {
    if (ts.isCallExpression(child) && ts.isIdentifier(child.expression)) {
      names.push(child.expression.text);
    }
    ts.forEachChild(child, visit);
  };
  visit(node);
  return names;
}
