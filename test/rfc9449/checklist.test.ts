// The checklist: every line has tests that name it, or a reason; every test that names a line names one that exists.
import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { beforeAll, describe, expect, test } from "vitest";
import { ROOT } from "../support/build.js";
import { CHECKLIST } from "./checklist.js";

/** The full names of the tests that vitest would run: a title that no test came out of is none. */
async function testNames(): Promise<readonly string[]> {
  const folder = await mkdtemp(join(tmpdir(), "dpop-core-"));
  try {
    const file = join(folder, "tests.json");
    const vitest = join(ROOT, "node_modules/vitest/vitest.mjs");
    const config = ["--config", "test/vitest.config.ts", `--json=${file}`];
    const where = ["test/rfc9449/", "test/client/", "test/webcrypto.test.ts"];
    const env = { ...process.env, VITEST: undefined }; // this one must not think that it is ours
    await promisify(execFile)(process.execPath, [vitest, "list", ...config, ...where], {
      cwd: ROOT,
      env,
    });
    const tests: unknown = JSON.parse(await readFile(file, "utf8"));
    if (!Array.isArray(tests)) throw new Error("a list was expected");
    return tests.map(({ name }: { readonly name: string }) => name); // the form of the list
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The lines that a full name names: at the start of any title in it. */
function idsOf(name: string): readonly string[] {
  return name
    .split(" > ")
    .flatMap((title) => /^(?:\[[\d.-]+\] )+/.exec(title)?.[0].match(/[\d.-]+/g) ?? []);
}

let names: readonly string[] = [];
let named: ReadonlyMap<string, number> = new Map();

beforeAll(async () => {
  names = await testNames();
  const counts = new Map<string, number>();
  for (const id of names.flatMap(idsOf)) counts.set(id, (counts.get(id) ?? 0) + 1);
  named = counts;
}, 120_000);

describe("RFC 9449, line by line", () => {
  test.each(CHECKLIST)("$id: $rule", ({ id, reason }) => {
    if (reason === undefined)
      expect(named.get(id) ?? 0, `no test names [${id}]`).toBeGreaterThan(0);
    else expect(named.has(id), `[${id}] has a reason and tests`).toBe(false);
  });

  test("no test names a line that does not exist, no line stands twice", () => {
    const known = new Set(CHECKLIST.map(({ id }) => id));
    expect([...named.keys()].filter((id) => !known.has(id))).toEqual([]);
    expect(known.size).toBe(CHECKLIST.length);
  });

  test("the tests were found", () => {
    expect(names.length).toBeGreaterThan(1500);
    expect(idsOf("[5-4] [5-5] a title > [8.2-1] another [9-1]")).toEqual(["5-4", "5-5", "8.2-1"]);
  });
});
