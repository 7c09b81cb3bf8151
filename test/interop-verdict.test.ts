// What npm run test:interop counts: what was not tried never passes.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { tableOf } from "./interop/table.js";
import { countOf, readReport, type Verdict } from "./interop/verdict.js";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "dpop-core-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** What vitest writes, of one file. */
function reported(...assertionResults: readonly object[]): ReturnType<typeof readReport> {
  const file = join(folder, "tests.json");
  const testResults = [{ name: "a.test.ts", message: "it does not load", assertionResults }];
  writeFileSync(file, JSON.stringify({ testResults }));
  return readReport(file);
}

const result = (status: string, ...titles: readonly string[]): object => ({
  status,
  ancestorTitles: titles.slice(0, -1),
  title: titles.at(-1),
});

describe("of vitest's report", () => {
  test("tests are counted by their outermost title", () => {
    const report = reported(
      result("passed", "refresh token", "ES256", "is bound"),
      result("failed", "refresh token", "EdDSA", "is bound"),
      result("passed", "on its own"),
    );
    expect(report).toEqual({
      flows: [
        { title: "refresh token", passed: 1, failed: 1 },
        { title: "on its own", passed: 1, failed: 0 },
      ],
      faults: [],
    });
  });

  test.each(["failed", "skipped", "pending", "todo"])(
    "a test that is %s has not passed",
    (status) => {
      expect(reported(result(status, "a flow", "a test")).flows).toEqual([
        { title: "a flow", passed: 0, failed: 1 },
      ]);
    },
  );

  test("a file without tests is a fault", () => {
    const { flows, faults } = reported();
    expect(flows).toEqual([]);
    expect(faults).toHaveLength(1);
  });
});

describe("of all peers", () => {
  const good: Verdict = {
    name: "Good 1.0",
    flows: [{ title: "a flow", passed: 3, failed: 0 }],
    faults: [],
    seconds: 1,
  };
  const missing: Verdict = { name: "gone", missing: "no java", flows: [], faults: [], seconds: 0 };
  const broken: Verdict = { name: "broken", flows: [], faults: ["no start"], seconds: 2 };

  test("one that is missing never passes, and fails where it is asked for", () => {
    expect(countOf([good, missing], false)).toEqual({ passed: 3, failed: 0 });
    expect(countOf([good, missing], true)).toEqual({ passed: 3, failed: 1 });
  });

  test("what went wrong outside of tests is a failure", () => {
    expect(countOf([good, broken], false)).toEqual({ passed: 3, failed: 1 });
  });

  test("the table has a line for each flow, and says what is missing and why", () => {
    expect(tableOf([good, missing]).split("\n")).toEqual([
      "                        passed  failed  s",
      "Good 1.0                     3       0  1",
      "  a flow                     3       0",
      "gone: MISSING: no java       -       -",
    ]);
  });
});
