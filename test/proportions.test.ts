// How large the parts of the repository are beside what they serve.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { ROOT } from "./support/build.js";

/** Lines of TypeScript in a folder, without what a program writes and what npm installs. */
function linesIn(folder: string): number {
  return readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" })
    .filter(
      (file) => file.endsWith(".ts") && !/\.generated\.ts$|(?:node_modules|dist)[/\\]/.test(file),
    )
    .map((file) => readFileSync(join(ROOT, folder, file), "utf8").split("\n").length - 1)
    .reduce((sum, lines) => sum + lines, 0);
}

const bench = linesIn("bench");
const src = linesIn("src");

test(`bench (${bench} lines) is at most a quarter of src (${src} lines that people wrote)`, () => {
  expect(src).toBeGreaterThan(10_000);
  expect(bench / src).toBeLessThanOrEqual(0.25);
});
