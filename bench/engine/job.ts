// Program: `engine job.js JOB OUTPUT MODE CLOCK WANTED` holds the contests of one job that have WANTED
// in their names, and writes what it finds to the file OUTPUT.
import { writeFileSync } from "node:fs";
import { cpus } from "node:os";
import process from "node:process";
import { type ContestResult, demand, hold, processClock, wallClock } from "./contest.js";
import type { Findings, Job } from "./task.js";

const JOBS: Readonly<Record<string, () => Promise<Job>>> = {
  pinned: async () => (await import("../jobs/proofs.js")).pinned,
  sixteen: async () => (await import("../jobs/proofs.js")).sixteen,
  replay: async () => (await import("../jobs/replay.js")).replay,
  replay10m: async () => (await import("../jobs/replay.js")).largeReplay,
  growth: async () => (await import("../jobs/growth.js")).growth,
  load: async () => (await import("../jobs/load.js")).load,
  parts: async () => (await import("../jobs/parts.js")).parts,
  inputs: async () => (await import("../jobs/inputs.js")).inputs,
  memory: async () => (await import("../jobs/memory.js")).memory,
  cache: async () => (await import("../jobs/cache.js")).cache,
};

function engineName(): string {
  const { bun, deno, node } = process.versions;
  return bun ? `Bun ${bun}` : deno ? `Deno ${deno}` : `Node ${node}`;
}

const [name = "", output = "", mode, clock, wanted = ""] = process.argv.slice(2);
const load = JOBS[name];
demand(load !== undefined, `there is no job ${name}`);
const job = await load();
const task = { quick: mode === "quick", clock: clock === "process" ? processClock : wallClock };
const contests: ContestResult[] = [];
for (const contest of job(task)) {
  const title = `${contest.group}: ${contest.name}`;
  if (!title.toLowerCase().includes(wanted.toLowerCase())) continue;
  process.stderr.write(`  ${title}\n`);
  contests.push(await hold(contest));
}
const cpu = cpus()[0]?.model.trim() ?? "unknown CPU";
writeFileSync(output, JSON.stringify({ engine: engineName(), cpu, contests } satisfies Findings));
process.exit(0); // servers and agents may be open still
