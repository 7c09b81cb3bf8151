// npm run test:fuzz fails when it must: with a backend that accepts what it should not, refuses what it
// should not, throws or dies. And the same seed makes the same run.
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { FAST, NOBLE, NODE, WASM } from "../support/implementations.js";
import { ed25519Curve } from "./ed25519.js";
import { type Fault, faultyImplementations } from "./faulty.js";
import type { Implementations } from "./key-states.js";
import { p256Curve } from "./p256.js";
import { PARTS } from "./parts.js";
import type { Tally } from "./tally.js";

const TIMEOUT = 120_000; // milliseconds
const cwd = fileURLToPath(new URL("../..", import.meta.url));

interface Ended {
  readonly code: number | null;
  readonly lines: readonly string[];
}

/** The command; `fault` says what is wrong. Default: nothing. */
function fuzz(options: string, fault?: Fault | "dies"): Promise<Ended> {
  const file = fault === undefined ? "test/fuzz/index.ts" : "test/fuzz/faulty-run.ts";
  const env = { ...process.env, TSX_TSCONFIG_PATH: "test/tsconfig.json", FAULT: fault };
  const args = ["--import", "tsx", file, ...options.split(" ")];
  return new Promise((resolve) => {
    const child = execFile(process.execPath, args, { cwd, env }, (_error, stdout) => {
      resolve({ code: child.exitCode, lines: stdout.trimEnd().split("\n") });
    });
  });
}

/** One round of a part, in this process. */
function round(name: string, implementations: Implementations): Tally {
  const part = PARTS.find((one) => one.name === name);
  if (part === undefined) throw new Error(`there is no part ${name}`);
  return part.start(implementations)("1", 0);
}

/** The classes with mismatches. */
const mismatched = ({ classes }: Tally): readonly string[] =>
  Object.entries(classes).flatMap(([name, { mismatches }]) => (mismatches > 0 ? [name] : []));

describe("the classes", () => {
  test.each([p256Curve, ed25519Curve])("$alg: at least 12, several of each verdict", (curve) => {
    const verdicts = [...curve.classes.values()];
    expect(verdicts.length).toBeGreaterThanOrEqual(12);
    for (const verdict of ["accepted", "refused", "no key"]) {
      expect(verdicts.filter((one) => one === verdict).length).toBeGreaterThanOrEqual(2);
    }
  });

  test.each(["ES256", "Ed25519"])("%s: of a million, 20,000 and more of each class", (name) => {
    const part = PARTS.find((one) => one.name === name);
    const rounds = Math.ceil(1_000_000 / (part?.perRound ?? 0));
    expect(rounds * (part?.perClass ?? 0)).toBeGreaterThanOrEqual(20_000);
  });
});

describe("a round", () => {
  test.each(["ES256", "Ed25519"])("%s: holds every class, about half refused", (name) => {
    const tally = round(name, { fast: FAST, wasm: WASM, noble: NOBLE, node: NODE });
    const part = PARTS.find((one) => one.name === name);
    expect(mismatched(tally)).toEqual([]);
    expect(Object.keys(tally.classes).toSorted()).toEqual([...(part?.classes ?? [])].toSorted());
    const counts = Object.values(tally.classes);
    expect(Math.min(...counts.map(({ count }) => count))).toBe(part?.perClass);
    const refused = counts.reduce((sum, one) => sum + one.refused, 0) / (part?.perRound ?? 0);
    expect(refused).toBeGreaterThan(0.45);
    expect(refused).toBeLessThan(0.6);
    // Cold, used once, and with each of the tables that a key of this backend gets.
    const states = Object.keys(tally.asked).filter((by) => by.startsWith("fast"));
    expect(states.filter((by) => by.includes("table of"))).toHaveLength(2);
    expect(states).toEqual(expect.arrayContaining(["fast, cold", "fast, used"]));
  });

  test.each<[part: string, fault: Fault, name: string]>([
    ["ES256", "accepts s = 0 with the last table", "s = 0"],
    ["Ed25519", "accepts s = 0 with the last table", "S = 0"],
  ])("%s: a backend that %s is found out in the class %s only", (part, fault, name) => {
    const tally = round(part, faultyImplementations(fault));
    expect(mismatched(tally)).toEqual([name]);
    expect(tally.mismatches).toHaveLength(tally.classes[name]?.count ?? 0);
  });

  test("ES256: a backend that throws is found out, and is the same for the same seed", () => {
    const tally = round("ES256", faultyImplementations("throws"));
    expect(mismatched(tally)).toContain("bit of r");
    expect(round("ES256", faultyImplementations("throws"))).toEqual(tally);
  });

  test("ES256: a backend that refuses valid is found out in the class valid", () => {
    expect(mismatched(round("ES256", faultyImplementations("refuses valid")))).toContain("valid");
  });

  test.each<[fault: Fault, name: string]>([
    ["refuses valid", "valid"],
    ["throws", "bit of the signature"],
  ])("proofs: a backend that %s is found out in the class %s", (fault, name) => {
    expect(mismatched(round("proofs", faultyImplementations(fault)))).toContain(name);
  });
});

describe("npm run test:fuzz", () => {
  test(
    "with the right implementations, finds nothing and exits with 0",
    { timeout: TIMEOUT },
    async () => {
      const ended = await fuzz("--count 1 --proofs 1 --seed 1");
      expect(ended.code).toBe(0);
      expect(ended.lines.at(-2)).toMatch(/^test:fuzz: \d+ signatures and proofs, 0 mismatches$/);
      const classes = PARTS.reduce((sum, part) => sum + part.classes.length, 0);
      expect(ended.lines.at(-1)).toBe(`test:fuzz: ${classes} passed, 0 failed`);
    },
  );

  test(
    "with a backend that accepts s = 0, says so and exits with 1",
    { timeout: TIMEOUT },
    async () => {
      const ended = await fuzz("--count 1 --proofs 0 --seed 1", "accepts s = 0");
      expect(ended.code).toBe(1);
      expect(ended.lines.at(-1)).toMatch(/^test:fuzz: \d+ passed, [1-9]\d* failed$/);
      const text = ended.lines.join("\n");
      const where = String.raw`index \d+ of --proofs 0 --curve`;
      expect(text).toMatch(
        new RegExp(`^MISMATCH ES256: .*: ${where} ES256 --seed 1 --round 0$`, "m"),
      );
      expect(text).toMatch(
        new RegExp(`^MISMATCH Ed25519: .*: ${where} Ed25519 --seed 1 --round 0$`, "m"),
      );
      expect(text).toMatch(/^ {2}signature = [0-9a-f]{128}$/m);
    },
  );

  test("with a worker that dies, exits with 1", { timeout: TIMEOUT }, async () => {
    const ended = await fuzz("--count 1 --proofs 0", "dies");
    expect(ended.code).toBe(1);
    expect(ended.lines.at(-1)).toMatch(/^test:fuzz: 0 passed, [1-9]\d* failed$/);
  });
});
