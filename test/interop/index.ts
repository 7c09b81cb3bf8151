// npm run test:interop: starts the peers that are named, or all, runs their tests, and prints what each flow came to.
// See README.md.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { withFolder } from "../support/process.js";
import { environmentOf, Missing, type Peer, type RunningPeer } from "./peer.js";
import { PEERS } from "./peers.js";
import { runTests } from "./support/vitest.js";
import { failedOf, passedOf, readReport, type Verdict } from "./verdict.js";
import { tableOf } from "./table.js";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { all: { type: "boolean", default: false } },
});

async function main(): Promise<void> {
  const chosen = choose();
  const verdicts: Verdict[] = [];
  for (const peer of chosen) {
    console.log(`\n== ${peer.id}`);
    verdicts.push(await tryPeer(peer));
  }
  console.log(`\n${tableOf(verdicts)}\n`);
  for (const { name, faults } of verdicts)
    for (const fault of faults) console.log(`${name}: ${fault}`);
  // Whoever asked for a peer by name, or for all, wants to know that it was tried.
  const isAsked = values.all || positionals.length > 0;
  const missing = isAsked ? verdicts.filter((one) => one.missing !== undefined).length : 0;
  const passed = sum(verdicts.map(passedOf));
  const failed = sum(verdicts.map(failedOf)) + missing;
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

async function tryPeer(peer: Peer): Promise<Verdict> {
  const start = performance.now();
  const seconds = (): number => (performance.now() - start) / 1000;
  let running: RunningPeer;
  try {
    running = await peer.start();
  } catch (error) {
    const reason = error instanceof Missing ? error.message : undefined;
    const faults = reason === undefined ? [String(error)] : [];
    return { peer, name: peer.id, missing: reason, flows: [], faults, seconds: seconds() };
  }
  try {
    const report = await testsOf(peer, running);
    return { peer, name: running.name, ...report, seconds: seconds() };
  } finally {
    await running.stop?.();
  }
}

function testsOf(peer: Peer, { facts }: RunningPeer): ReturnType<typeof judged> {
  return withFolder((folder) => judged(peer, environmentOf(facts), join(folder, "tests.json")));
}

async function judged(
  { tests }: Peer,
  environment: NodeJS.ProcessEnv,
  report: string,
): Promise<Pick<Verdict, "flows" | "faults">> {
  const code = await runTests(tests.map(here), environment, report);
  if (!existsSync(report)) return { flows: [], faults: [`vitest ended with ${code}`] };
  const { flows, faults } = readReport(report);
  const isWorse = code !== 0 && faults.length === 0 && flows.every(({ failed }) => failed === 0);
  return { flows, faults: isWorse ? [`vitest ended with ${code}, though no test failed`] : faults };
}

const here = (file: string): string => fileURLToPath(new URL(file, import.meta.url));

function sum(numbers: readonly number[]): number {
  return numbers.reduce((all, one) => all + one, 0);
}

await main();
