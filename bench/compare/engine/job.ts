// A job: what is started in an engine of its own, as `engine JOB.js OUTPUT MODE CLOCK`, and leaves its
// findings in the file OUTPUT.
import { writeFileSync } from "node:fs";
import { cpus } from "node:os";
import process from "node:process";
import { type Clock, clockNamed } from "./clock.js";
import type { Timing } from "./contest.js";

export interface Engine {
  readonly name: string;
  readonly version: string;
  readonly cpu: string;
}

export type Mode = "quick" | "full";

/** What a job is asked for. */
export interface Task {
  readonly mode: Mode;
  readonly clock: Clock;
}

export async function runJob(find: (task: Task) => Promise<object>): Promise<void> {
  const [output = "", mode, clock] = process.argv.slice(2);
  const findings = await find({
    mode: mode === "quick" ? "quick" : "full",
    clock: clockNamed(clock === "process" ? "process" : "wall"),
  });
  writeFileSync(output, JSON.stringify({ engine: engine(), ...findings }));
  process.exit(0); // servers and agents may be open still
}

/** Of the contests of whole proofs, signatures and creation. */
export function timingOf({ mode, clock }: Task): Timing {
  return mode === "quick"
    ? { rounds: 3, slice: 4, warmUp: 25, clock }
    : { rounds: 75, slice: 16, warmUp: 300, clock };
}

function engine(): Engine {
  const { bun, deno, node } = process.versions;
  const [name, version] =
    bun === undefined ? (deno === undefined ? ["Node", node] : ["Deno", deno]) : ["Bun", bun];
  return { name, version, cpu: cpus()[0]?.model.trim() ?? "unknown CPU" };
}

/** To the terminal, while the findings go to the file. */
export function progress(text: string): void {
  process.stderr.write(`  ${text}\n`);
}
