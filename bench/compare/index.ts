// npm run bench:compare: builds dpop-core, measures it beside its peers in one engine or in all of
// them, prints tables, and keeps results and charts. See ../README.md.
import { execFileSync, spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { buildAll, findingsFile, type Job, jobFile } from "./build.js";
import { drawCharts } from "./charts.js";
import type { ClockName } from "./engine/clock.js";
import { canPin, type EngineCommand, installedEngines, pinned, PRESENT } from "./engines.js";
import type { Findings } from "./findings.js";
import { contestsText, growthText, judgementsText } from "./report.js";
import { resultsOf, writeResults } from "./results.js";
import { isShort, judge } from "./targets.js";

const { values } = parseArgs({
  options: {
    quick: { type: "boolean", default: false },
    strict: { type: "boolean", default: false },
    runtimes: { type: "boolean", default: false },
    charts: { type: "boolean", default: false },
    only: { type: "string" },
    engine: { type: "string" },
  },
});

/** What is started for each engine, in this order. */
const STEPS: readonly Job[] = ["pinned", "sixteen", "replay", "growth", "load"];

const PINNED =
  "kept on one core by taskset, measured by processor time; 16 at once: all cores, wall clock";
const UNPINNED = "not kept on one core, since there is no taskset here; measured by the wall clock";

const HERE = fileURLToPath(new URL(".", import.meta.url));

function main(): void {
  if (values.charts) {
    drawCharts();
    return;
  }
  const pin = canPin();
  console.log(pin ? PINNED : UNPINNED);
  let short = 0;
  for (const engine of engines()) {
    try {
      short += compareIn(engine, pin);
    } catch (error) {
      // The other engines may do better.
      console.error(error);
      process.exitCode = 1;
    }
  }
  if (!values.quick && values.only === undefined) drawCharts();
  if (short > 0) console.log(`\n${short} of the targets that must be met are not`);
  if (values.strict && short > 0) process.exitCode = 1;
}

function engines(): readonly EngineCommand[] {
  const { engine, runtimes } = values;
  if (engine === undefined) return runtimes ? installedEngines() : [PRESENT];
  const all = installedEngines();
  const chosen = all.filter(({ id }) => id === engine);
  if (chosen.length > 0) return chosen;
  throw new Error(`--engine is one of ${all.map(({ id }) => id).join(", ")}`);
}

/** Answers how many targets are not reached that must be. */
function compareIn(engine: EngineCommand, pin: boolean): number {
  const only = values.only?.split(",");
  const parts = STEPS.filter((job) => only === undefined || only.includes(job)).map((job) =>
    runJob(job, engine, pin),
  );
  const findings = merged(parts);
  const { name, version, cpu } = findings.engine;
  console.log(`\n${name} ${version}, ${cpu}\n`);
  for (const text of [contestsText(findings), growthText(findings)]) {
    if (text !== "") console.log(`${text}\n`);
  }
  if (values.quick) {
    console.log("quick run: every answer was right; too short to compare anything by");
    return 0;
  }
  const judged = judge(findings, engine.id);
  const targets = only === undefined ? judged : judged.filter((one) => one.measured !== null);
  console.log(judgementsText(targets));
  if (only === undefined) {
    const run = { id: engine.id, date: new Date().toISOString(), commit: commit(), pinned: pin };
    writeResults(resultsOf(findings, { ...run, targets }));
  }
  return targets.filter(isShort).length;
}

/** A job in a process of its own; what it found. */
function runJob(job: Job, engine: EngineCommand, pin: boolean): Partial<Findings> {
  const { command, args } = engine;
  const program = [command, ...args];
  const mode = values.quick ? "quick" : "full";
  const pinJob = pin && job !== "sixteen";
  const clock: ClockName = pinJob ? "process" : "wall";
  const line = [...program, jobFile(job), findingsFile(job), mode, clock];
  const [first, ...rest] = pinned(line, CLIENT, pinJob);
  const env = { ...process.env, COMPARE_ENGINE: JSON.stringify(pinned(program, SERVER, pin)) };
  const { status, error } = spawnSync(first, rest, { stdio: "inherit", env, cwd: HERE });
  if (error !== undefined) throw error;
  if (status !== 0) throw new Error(`${job} failed in ${engine.id}`);
  return JSON.parse(readFileSync(findingsFile(job), "utf8")); // by job.ts
}

/** The core of all that is pinned but servers: the last one, since the first has interrupts to serve. */
const CLIENT = availableParallelism() - 1;
const SERVER = 0;

function merged(parts: readonly Partial<Findings>[]): Findings {
  const engine = parts[0]?.engine;
  if (engine === undefined) throw new Error("nothing was asked for: --only names jobs");
  return {
    engine,
    contests: parts.flatMap(({ contests = [] }) => contests),
    tables: parts.flatMap(({ tables = [] }) => tables),
    keys: parts.flatMap(({ keys = [] }) => keys),
    sizes: parts.flatMap(({ sizes = [] }) => sizes),
    replay: parts.flatMap(({ replay = [] }) => replay),
  };
}

function commit(): string | null {
  try {
    const describe = ["describe", "--always", "--dirty", "--abbrev=12", "--exclude=*"];
    return execFileSync("git", describe, {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    }).trim();
  } catch {
    return null; // no git, or no repository: a tarball
  }
}

if (!values.charts) await buildAll();
main();
