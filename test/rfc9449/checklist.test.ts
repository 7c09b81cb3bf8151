// The checklist: every line has tests that name it, or a reason; every test that names a line names one that exists.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { ROOT } from "../support/build.js";
import { CHECKLIST, type Line } from "./checklist.js";
import { idsOf } from "./titles.js";

/** The places whose tests name lines, below test/. */
const FOLDERS = ["rfc9449", "client"];
const FILES = [
  "webcrypto.test.ts",
  ...FOLDERS.flatMap((folder) =>
    readdirSync(join(ROOT, "test", folder))
      .filter((name) => name.endsWith(".test.ts") && name !== "checklist.test.ts")
      .map((name) => join(folder, name)),
  ),
];

/** How many tests name each id. */
function counted(ids: readonly string[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const id of ids) counts.set(id, (counts.get(id) ?? 0) + 1);
  return counts;
}

/** What is wrong with a line, given the ids that tests name. */
function faultOf({ id, reason }: Line, named: ReadonlyMap<string, number>): string | undefined {
  if (reason === undefined) return named.has(id) ? undefined : `no test names [${id}]`;
  return named.has(id) ? `[${id}] has a reason and tests` : undefined;
}

/** The ids that no line has. */
const unknownOf = (named: ReadonlyMap<string, number>): readonly string[] =>
  [...named.keys()].filter((id) => CHECKLIST.every((line) => line.id !== id));

describe("RFC 9449, line by line", () => {
  const named = counted(
    FILES.flatMap((name) => idsOf(name, readFileSync(join(ROOT, "test", name), "utf8"))),
  );

  test.each(CHECKLIST)("$id: $rule", (line) => {
    expect(faultOf(line, named)).toBeUndefined();
  });

  test("no test names a line that does not exist, no line stands twice", () => {
    expect(unknownOf(named)).toEqual([]);
    expect(new Set(CHECKLIST.map(({ id }) => id)).size).toBe(CHECKLIST.length);
  });

  test("the tests were found", () => {
    expect(FILES.length).toBeGreaterThan(15);
    expect([...named.values()].reduce((sum, count) => sum + count, 0)).toBeGreaterThan(200);
  });
});

describe("the checklist fails", () => {
  const rule = "a rule";

  test("where a line has neither tests nor a reason, or both", () => {
    const named = counted(["5-4"]);
    expect(faultOf({ id: "5-4", rule }, named)).toBeUndefined();
    expect(faultOf({ id: "5-5", rule, reason: "why" }, named)).toBeUndefined();
    expect(faultOf({ id: "5-5", rule }, named)).toBe("no test names [5-5]");
    expect(faultOf({ id: "5-4", rule, reason: "why" }, named)).toBe("[5-4] has a reason and tests");
  });

  test("where a test names a line that does not exist", () => {
    expect(unknownOf(counted(["5-4", "5.3-1"]))).toEqual(["5.3-1"]);
  });
});

describe("the ids in a source", () => {
  test.each<readonly [what: string, source: string, ids: readonly string[]]>([
    ["of a test", `test("[5-4] a title [9-1]", () => {});`, ["5-4"]],
    ["of a title that names several", `test("[5-4] [8.2-1] a title", f);`, ["5-4", "8.2-1"]],
    ["of a section without lines", "it(`[5.1] a title`, f);", ["5.1"]],
    ["of a table: once for each row", `test.each([1, 2])("[5-4] %s", f);`, ["5-4", "5-4"]],
    ["of a typed table", `test.each<[number]>([[1]])("[5-4] %s", f);`, ["5-4"]],
    ["of an empty table: none", `test.each([])("[5-4] %s", f);`, []],
    ["of a test that is skipped: none", `test.skip("[5-4] a title", f);`, []],
    ["of a test that is to be written: none", `test.todo("[5-4] a title");`, []],
    [
      "of a group: once for each test",
      `describe("[6.1] a", () => { test("b"); test("c"); });`,
      ["6.1", "6.1"],
    ],
    [
      "of a group and of its tests",
      `describe("[6.1] a", () => { test("[6.2] b"); });`,
      ["6.1", "6.2"],
    ],
    ["of a group of calls", `describe("[6.1] a", () => runs(rows));`, ["6.1"]],
    ["of an empty group: none", `describe("[6.1] a", () => {});`, []],
    [
      "of a group whose tests are skipped: none",
      `describe("[6.1] a", () => { test.skip("b"); });`,
      [],
    ],
    ["of a comment: none", `// test("[5-4] a title", f);`, []],
    ["of a title that has them further on: none", `test("a [5-4] title", f);`, []],
  ])("%s", (_, source, ids) => {
    expect(idsOf("a.test.ts", source)).toEqual(ids);
  });

  test.each<readonly [what: string, source: string, message: string]>([
    ["in a template", "test(`[5-${i}] a title`, f);", "an id that is computed"],
    ["in a sum", `test("[5-" + i + "] a title", f);`, "an id that is computed"],
    ["in a table", `test.each([4])("[5-%d] a title", f);`, "an id that is computed"],
    [
      "in a table of objects",
      `test.each([{ i: 4 }])("[5-$i] a title", f);`,
      "an id that is computed",
    ],
    ["in the rows", `test.each([["[5-4] a title"]])("%s", f);`, "an id that is no title"],
    ["in a constant", `const title = "[5-4] a title";\ntest(title, f);`, "an id that is no title"],
    [
      "of rows from elsewhere",
      `test.each(ROWS)("[5-4] %s", f);`,
      "a table that is no array literal",
    ],
  ])("%s are an error", (_, source, message) => {
    expect(() => idsOf("a.test.ts", source)).toThrow(`a.test.ts:1: ${message}`);
  });
});
