// Runs test files of this folder in a process of its own, in a process group that ends when we end.
import { spawn } from "node:child_process";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { adopt, endGroup } from "../../support/process.js";

const CONFIG = fileURLToPath(new URL("../vitest.config.ts", import.meta.url));

/** Milliseconds; the slowest peer takes one minute. A worker whose loop stands still would run for ever. */
const LIMIT = 600_000;

/** Shows what the tests say, and writes vitest's JSON report; resolves to its exit code, null where a signal ended it. */
export function runTests(
  files: readonly string[],
  environment: NodeJS.ProcessEnv,
  report: string,
): Promise<number | null> {
  const manifest = createRequire(import.meta.url).resolve("vitest/package.json");
  const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${report}`];
  const args = [join(dirname(manifest), "vitest.mjs"), "run", "--config", CONFIG, ...reporters];
  const child = spawn(process.execPath, [...args, ...files], {
    env: { ...process.env, ...environment },
    stdio: ["ignore", "inherit", "inherit"],
    detached: true,
  });
  adopt(child);
  const timer = setTimeout(() => endGroup(child), LIMIT);
  return new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  }).finally(() => clearTimeout(timer));
}
