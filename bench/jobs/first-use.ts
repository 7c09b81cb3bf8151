// Job: the longest wait that the first proofs of a process meet, in a new process each time: code that never ran
// before, a key's first table and, with wasm, the module. Not kept on one core, as no server is at its start.
import { execFileSync } from "node:child_process";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { selfMeasured, selfTimed } from "../engine/contest.js";
import type { Job } from "../engine/task.js";
import { NAMES } from "../implementations/ours.js";

const PROGRAM = fileURLToPath(new URL("first-proofs.js", import.meta.url)); // once it is built

export const firstUse: Job = ({ quick }) => [
  {
    group: "first use",
    name: "the dearest of a process's first four proofs",
    comparison: "none",
    timing: selfTimed(quick ? 1 : 15),
    implementations: () => NAMES.map((name) => selfMeasured(name, () => 1000 * dearestOf(name))),
  },
];

/** Returns milliseconds. */
function dearestOf(backend: string): number {
  const args = [...process.execArgv, PROGRAM, backend];
  return Number(execFileSync(process.execPath, args, { encoding: "utf8" }));
}
