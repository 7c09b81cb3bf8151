// npm run test:adapters: installs the frameworks, compiles what uses them, and runs every adapter through the suite.
// Bun, Deno and workerd take part where npm run test:runtimes has installed them; with --all a missing one fails.
// Last line: `test:adapters: N passed, N failed`.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { installPackages } from "../interop/support/npm.js";
import { type Flow, readReport, type TestReport } from "../interop/verdict.js";
import { adopt, endGroup, runProgram, withFolder } from "../support/process.js";
import { ENGINES } from "./engines/engines.js";
import { commonGlue, glueIn } from "./support/glue.js";

const { values } = parseArgs({ options: { all: { type: "boolean", default: false } } });

/** Milliseconds; the whole takes half a minute. */
const LIMIT = 300_000;

const HERE = fileURLToPath(new URL(".", import.meta.url));
const resolve = (name: string): string => createRequire(import.meta.url).resolve(name);

/** Runs the tests; resolves to what vitest reports, and what it says itself. */
function tests(): Promise<TestReport> {
  return withFolder(async (folder) => {
    const report = join(folder, "tests.json");
    const vitest = join(dirname(resolve("vitest/package.json")), "vitest.mjs");
    const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${report}`];
    const args = [vitest, "run", "--config", join(HERE, "vitest.config.ts"), ...reporters];
    const child = spawn(process.execPath, args, {
      env: { ...process.env, ADAPTERS_ALL: values.all ? "1" : "0" },
      stdio: ["ignore", "inherit", "inherit"],
      detached: true,
    });
    adopt(child);
    const timer = setTimeout(() => endGroup(child), LIMIT);
    const code = await new Promise((done, fail) => child.once("error", fail).once("close", done));
    clearTimeout(timer);
    if (!existsSync(report)) return { flows: [], faults: [`vitest ended with ${String(code)}`] };
    const { flows, faults } = readReport(report);
    const isWorse = code !== 0 && flows.every(({ failed }) => failed === 0);
    return { flows, faults: isWorse ? [...faults, `vitest ended with ${String(code)}`] : faults };
  });
}

/** The lines of a user, per framework and in the same program of others. */
function glueTable(): string {
  const own = ["express", "fastify", "koa", "hono", "http", "fetch"].map((name) => [
    `dpop-core/${name}`,
    commonGlue + glueIn(`servers/${name}.ts`),
  ]);
  const others = ["express-oauth2-jwt-bearer", "jose"].map((name) => [
    name,
    glueIn(`others/${name}.ts`),
  ]);
  return [...own, ...others].map(([name, lines]) => `${lines} lines\t${name}`).join("\n");
}

async function main(): Promise<void> {
  await installPackages(HERE);
  const tsc = join(dirname(resolve("typescript/package.json")), "bin", "tsc");
  await runProgram(process.execPath, [tsc, "-p", HERE], { limit: LIMIT });
  const { flows, faults } = await tests();
  console.log(`\n${glueTable()}\n`);
  for (const { name, program } of ENGINES)
    if (program === null) console.log(`${name} is missing: npm run test:runtimes installs it`);
  for (const fault of faults) console.log(fault);
  const sum = (of: (flow: Flow) => number): number =>
    flows.reduce((all, flow) => all + of(flow), 0);
  const passed = sum((flow) => flow.passed);
  const failed = sum((flow) => flow.failed) + faults.length;
  console.log(`test:adapters: ${passed} passed, ${failed} failed`);
  if (failed > 0 || passed === 0) process.exitCode = 1;
}

await main();
