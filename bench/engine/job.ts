// Program: `engine job.js JOB INDEX OUTPUT MODE CLOCK WANTED` holds one of the contests of a job that have
// WANTED in their names, and writes what it finds to the file OUTPUT.
import { writeFileSync } from "node:fs";
import { cpus } from "node:os";
import process from "node:process";
import { type Contest, demand, hold, processClock, wallClock } from "./contest.js";
import type { Found, Job } from "./task.js";

const JOBS: Readonly<Record<string, () => Promise<Job>>> = {
  pinned: async () => (await import("../jobs/proofs.js")).pinned,
  sixteen: async () => (await import("../jobs/proofs.js")).sixteen,
  replay: async () => (await import("../jobs/replay.js")).replay,
  replay10m: async () => (await import("../jobs/replay.js")).largeReplay,
  growth: async () => (await import("../jobs/growth.js")).growth,
  clients: async () => (await import("../jobs/clients.js")).clients,
  load: async () => (await import("../jobs/load.js")).load,
  parts: async () => (await import("../jobs/parts.js")).parts,
  inputs: async () => (await import("../jobs/inputs.js")).inputs,
  memory: async () => (await import("../jobs/memory.js")).memory,
  cache: async () => (await import("../jobs/cache.js")).cache,
  first: async () => (await import("../jobs/first-use.js")).firstUse,
};

function engineName(): string {
  const { bun, deno, node } = process.versions;
  return bun ? `Bun ${bun}` : deno ? `Deno ${deno}` : `Node ${node}`;
}

const [name = "", index, output = "", mode, clock, wanted = ""] = process.argv.slice(2);
const load = JOBS[name];
demand(load !== undefined, `there is no job ${name}`);
const job = await load();
const task = { quick: mode === "quick", clock: clock === "process" ? processClock : wallClock };
const titleOf = (one: Contest): string => `${one.group}: ${one.name}`;
const all = job(task).filter((one) => titleOf(one).toLowerCase().includes(wanted.toLowerCase()));
const contest = all[Number(index)];
if (contest !== undefined) process.stderr.write(`  ${titleOf(contest)}\n`);
const contests = contest === undefined ? [] : [await hold(contest)];
const left = Math.max(0, all.length - Number(index) - 1);
const cpu = cpus()[0]?.model.trim() ?? "unknown CPU";
writeFileSync(
  output,
  JSON.stringify({ engine: engineName(), cpu, contests, left } satisfies Found),
);
process.exit(0); // servers and agents may be open still
