// npm run test:interop: starts the peers that are named, or all, runs their tests, and prints what each flow came to.
// See README.md.
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { runProgram, withFolder } from "../support/process.js";
import { environmentOf, Missing, type Peer, type RunningPeer } from "./peer.js";
import { PEERS } from "./peers.js";
import { installPackages } from "./support/npm.js";
import { runTests } from "./support/vitest.js";
import { tableOf } from "./table.js";
import { countOf, readReport, type TestReport, type Verdict } from "./verdict.js";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { all: { type: "boolean", default: false } },
});

async function main(): Promise<void> {
  const chosen = choose();
  const packages = await install();
  const verdicts: Verdict[] = [];
  for (const peer of chosen) {
    console.log(`\n== ${peer.id}`);
    verdicts.push(await tryPeer(peer, packages));
  }
  console.log(`\n${tableOf(verdicts)}\n`);
  for (const { name, faults } of verdicts)
    for (const fault of faults) console.log(`${name}: ${fault}`);
  // A peer that was asked for, by name or with all, must have been tried.
  const isAsked = values.all || positionals.length > 0;
  const { passed, failed } = countOf(verdicts, isAsked);
  console.log(`test:interop: ${passed} passed, ${failed} failed`);
  if (failed > 0 || passed === 0) process.exitCode = 1;
}

function choose(): readonly Peer[] {
  if (values.all && positionals.length > 0) throw new RangeError("--all is all: name none besides");
  const ids = PEERS.map(({ id }) => id);
  const unknown = positionals.filter((name) => !ids.includes(name));
  if (unknown.length > 0)
    throw new RangeError(`no peer ${unknown.join(", ")}; there are ${ids.join(", ")}`);
  return positionals.length === 0 ? PEERS : PEERS.filter(({ id }) => positionals.includes(id));
}

/** The packages of this folder, and the compiler's word on it; answers why there are none, null where there are. */
async function install(): Promise<Missing | null> {
  try {
    await installPackages(here("."));
  } catch (error) {
    if (error instanceof Missing) return error;
    throw error;
  }
  const compiler = createRequire(import.meta.url).resolve("typescript/package.json");
  const args = [join(dirname(compiler), "bin", "tsc"), "-p", here(".")];
  await runProgram(process.execPath, args, { limit: COMPILE_LIMIT });
  return null;
}

const COMPILE_LIMIT = 120_000; // milliseconds

async function tryPeer(peer: Peer, packages: Missing | null): Promise<Verdict> {
  const start = performance.now();
  const seconds = (): number => (performance.now() - start) / 1000;
  let running: RunningPeer;
  try {
    if (packages !== null && peer.needsPackages) throw packages;
    running = await peer.start();
  } catch (error) {
    const missing = error instanceof Missing ? error.message : undefined;
    const faults = missing === undefined ? [String(error)] : [];
    return { name: peer.id, missing, flows: [], faults, seconds: seconds() };
  }
  try {
    const report = await testsOf(peer, running);
    return { name: running.name, ...report, seconds: seconds() };
  } finally {
    await running.stop?.();
  }
}

function testsOf(peer: Peer, { facts }: RunningPeer): Promise<TestReport> {
  return withFolder((folder) => judged(peer, environmentOf(facts), join(folder, "tests.json")));
}

async function judged(
  { tests }: Peer,
  environment: NodeJS.ProcessEnv,
  report: string,
): Promise<TestReport> {
  const code = await runTests(tests.map(here), environment, report);
  if (!existsSync(report)) return { flows: [], faults: [`vitest ended with ${code}`] };
  const { flows, faults } = readReport(report);
  const isWorse = code !== 0 && faults.length === 0 && flows.every(({ failed }) => failed === 0);
  return { flows, faults: isWorse ? [`vitest ended with ${code}, though no test failed`] : faults };
}

const here = (file: string): string => fileURLToPath(new URL(file, import.meta.url));

await main();
