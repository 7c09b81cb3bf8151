// Before every test file under mutation, after Stryker's own setup.
import fc from "fast-check";
import { afterAll, beforeEach, inject, type TestContext } from "vitest";

/** What Stryker's setup keeps, and what its runner tells the worker. */
interface Namespace {
  activeMutant?: string | undefined;
  mutantCoverage?: { static: Counts; perTest: Record<string, Counts> } | undefined;
}
type Counts = Record<string, number>;
type Told = (key: string) => unknown;

/** Parts of the full names of tests that take seconds, measure time or memory, or make RSA keys. */
const LEFT_OUT = [
  "valid proofs of 10,000 and more new keys",
  "what leaves no trace 100,000 proofs",
  "what is counted is no less than what is held",
  "hashes with one first word are kept too",
  "memory a million entries",
  "memory a trickle",
  "properties of challenges schemes",
  "a fleet of three instances",
  "has a quarter of a million by default",
  "generatePrivateJwk makes",
  "RSA pairs",
  "the label a pair for",
];

/** A file of more tests than this is not run for what happens while modules load. */
const MANY = 400;

// Properties try the same inputs for every mutant.
fc.configureGlobal({ seed: 9449 });

beforeEach((context: TestContext) => {
  const name = context.task.fullTestName.replaceAll(" > ", " ");
  if (LEFT_OUT.some((part) => name.includes(part))) context.skip();
});

const told = inject as Told;
const namespace = told("globalNamespace");
if (typeof namespace === "string") {
  const stryker = (globalThis as Record<string, unknown>)[namespace] as Namespace;
  if (told("mode") === "mutant") {
    // Also while modules load and tests are collected: Stryker would wait for the first test.
    stryker.activeMutant = String(told("activeMutant"));
  } else {
    // What modules do while they load, and tests while they are collected, belongs to every test of the file. Stryker
    // would let the whole suite run for each such mutant.
    afterAll(() => {
      const coverage = stryker.mutantCoverage;
      if (coverage === undefined) return;
      const tests = Object.values(coverage.perTest);
      if (tests.length > MANY) return;
      for (const counts of tests) Object.assign(counts, { ...coverage.static, ...counts });
      coverage.static = {};
    });
  }
}
