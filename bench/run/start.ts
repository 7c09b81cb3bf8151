// Starting: every contest in a process of its own, on one core where that is possible. In a process that
// has held another contest, code that both use runs up to a tenth faster or slower.
import { execFileSync, spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import type { Findings, Found } from "../engine/task.js";
import { OUTPUT } from "./build.js";
import type { EngineCommand } from "./engines.js";

export interface RunOptions {
  readonly jobs: readonly string[];
  readonly quick: boolean;
  /** What the contests must have in their names. */
  readonly wanted?: string | undefined;
}

/** The core of all that is pinned but servers: the last one, since the first has interrupts to serve. */
const CLIENT = availableParallelism() - 1;
const SERVER = 0;

/** Jobs that are not kept on one core. */
const ON_ALL_CORES = new Set(["sixteen", "first"]);

/** Whether a process can be kept on one core here. */
const CAN_PIN = spawnSync("taskset", ["-c", "0", "true"]).status === 0;

export const PINNED = CAN_PIN
  ? "kept on one core by taskset, measured by processor time; 16 at once and first use: all cores, wall clock"
  : "not kept on one core, since there is no taskset here; measured by the wall clock";

/** Runs the jobs one after the other; throws where one fails. */
export function runJobs(engine: EngineCommand, { jobs, quick, wanted = "" }: RunOptions): Findings {
  const parts = jobs.flatMap((job) => runJob(engine, job, quick ? "quick" : "full", wanted));
  const [first] = parts;
  if (first === undefined) throw new Error("nothing was asked for: --only names jobs");
  return { ...first, contests: parts.flatMap(({ contests }) => contests) };
}

function runJob(
  engine: EngineCommand,
  job: string,
  mode: string,
  wanted: string,
): readonly Found[] {
  const all: Found[] = [];
  do all.push(runContest(engine, job, all.length, [mode, wanted]));
  while (all.at(-1)?.left !== 0);
  return all;
}

function runContest(
  engine: EngineCommand,
  job: string,
  index: number,
  [mode, wanted]: readonly [mode: string, wanted: string],
): Found {
  const program = [engine.command, ...engine.args];
  const output = `${OUTPUT}${job}.json`;
  const pin = CAN_PIN && !ON_ALL_CORES.has(job);
  const clock = pin ? "process" : "wall";
  const line = [...program, `${OUTPUT}job.js`, job, String(index), output, mode, clock, wanted];
  const [first, ...rest] = pin ? onCore(CLIENT, line) : line;
  const server = CAN_PIN ? onCore(SERVER, program) : program;
  const env = { ...process.env, BENCH_SERVER: JSON.stringify(server) };
  const { status, error } = spawnSync(first ?? "", rest, { stdio: "inherit", env, cwd: OUTPUT });
  if (error !== undefined) throw error;
  if (status !== 0) throw new Error(`${job} failed in ${engine.id}`);
  return JSON.parse(readFileSync(output, "utf8")); // by job.ts
}

function onCore(core: number, command: readonly string[]): readonly string[] {
  return ["taskset", "-c", String(core), ...command];
}

export interface Run {
  /** Of the engine, as in the name of its file of results. */
  readonly id: string;
  readonly date: string;
  /** Of the sources, with "-dirty" where they were changed since; null where git can't tell. */
  readonly commit: string | null;
  readonly pinned: boolean;
}

export function newRun({ id }: EngineCommand): Run {
  return { id, date: new Date().toISOString(), commit: commit(), pinned: CAN_PIN };
}

function commit(): string | null {
  const describe = ["describe", "--always", "--dirty", "--abbrev=12", "--exclude=*"]; // the hash, no tag
  try {
    const options = { cwd: OUTPUT, encoding: "utf8" } as const;
    return execFileSync("git", describe, {
      ...options,
      stdio: ["ignore", "pipe", "ignore"],
    }).trim();
  } catch {
    return null; // no git, or no repository: a tarball
  }
}
