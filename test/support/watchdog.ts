// The outer deadline of a test run. A worker whose event loop stands still can't be ended by a test's timeout,
// which is a timer of that very loop. So every worker leaves a sign of life (sign-of-life.ts), and the main
// process, which is not theirs, ends a worker that gives none, says which file it was at, and fails the run.
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import type { TestProject } from "vitest/node";

declare module "vitest" {
  interface ProvidedContext {
    /** The folder in which every worker has a file of its own. */
    readonly signsOfLife: string;
  }
}

/** Milliseconds without a sign of life. Some tests block their loop for seconds, on a busy machine for longer. */
const LONGEST_SILENCE = Number(process.env["DPOP_TEST_SILENCE"] ?? 180_000);

/** Milliseconds for the whole run. */
const DEADLINE = Number(process.env["DPOP_TEST_DEADLINE"] ?? 1_200_000);

const LOOK_EVERY = 1000; // milliseconds

export default function setup({ provide }: TestProject): () => void {
  const folder = mkdtempSync(join(tmpdir(), "dpop-core-tests-"));
  provide("signsOfLife", folder);
  const started = Date.now();
  const timer = setInterval(() => {
    const isOver = Date.now() - started > DEADLINE;
    for (const pid of readdirSync(folder)) endIfSilent(folder, pid, isOver);
  }, LOOK_EVERY);
  return () => {
    clearInterval(timer);
    rmSync(folder, { recursive: true, force: true });
  };
}

function endIfSilent(folder: string, pid: string, isOver: boolean): void {
  const sign = join(folder, pid);
  const silence = Date.now() - statSync(sign).mtimeMs;
  if (!isOver && silence < LONGEST_SILENCE) return;
  const file = readFileSync(sign, "utf8");
  rmSync(sign);
  if (!end(Number(pid))) return; // it had ended by itself
  const why = isOver
    ? "the whole run took too long"
    : `it stood still for ${Math.round(silence / 1000)} s`;
  console.error(`\n${file}: its worker was killed: ${why}`);
  process.exitCode = 1;
}

function end(pid: number): boolean {
  try {
    return process.kill(pid, "SIGKILL");
  } catch {
    return false; // there is no such process any more
  }
}
