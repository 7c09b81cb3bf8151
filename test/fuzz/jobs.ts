// Rounds spread over processes. The result does not depend on how they were spread.
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import type { Implementations } from "./key-states.js";
import type { Round } from "./part.js";
import { PARTS } from "./parts.js";
import { added, NOTHING, type Tally } from "./tally.js";

/** Some rounds of a part, from one number up to another, which is not done. */
export interface Job {
  readonly part: string;
  readonly seed: string;
  readonly from: number;
  readonly to: number;
}

/** In a worker: does the jobs that come in by message. */
export function serve(implementations: Implementations): void {
  const started = new Map<string, Round>();
  const roundOf = (name: string): Round => {
    const round =
      started.get(name) ?? PARTS.find((part) => part.name === name)?.start(implementations);
    if (round === undefined) throw new Error(`there is no part ${name}`);
    started.set(name, round);
    return round;
  };
  process.on("message", (message) => {
    const { part, seed, from, to } = message as Job; // only our own parent sends any
    const round = roundOf(part);
    let tally = NOTHING;
    for (let i = from; i < to; i++) tally = added(tally, round(seed, i));
    process.send?.(tally);
  });
}

/** Does all jobs in as many processes as are asked for, and tells of each that is done. */
export async function distribute(
  jobs: readonly Job[],
  processes: number,
  workerFile: string,
  done: (job: Job, tally: Tally) => void,
): Promise<void> {
  const due = jobs.values();
  const all = Array.from({ length: Math.min(processes, jobs.length) }, async () => {
    const child = fork(workerFile, { stdio: ["ignore", "inherit", "inherit", "ipc"] });
    try {
      for (const job of due) done(job, await ask(child, job));
    } finally {
      child.kill();
    }
  });
  await Promise.all(all);
}

async function ask(child: ChildProcess, job: Job): Promise<Tally> {
  const ended = new AbortController();
  const answer = once(child, "message", { signal: ended.signal });
  const exit = once(child, "exit", { signal: ended.signal });
  try {
    child.send(job);
    const [kind, value] = await Promise.race([
      answer.then(([tally]) => ["tally", tally] as const),
      exit.then(([code]) => ["exit", code] as const),
    ]);
    if (kind === "tally") return value as Tally; // only our own worker sends any
    throw new Error(`${job.part}: a worker ended with ${String(value)}`);
  } finally {
    ended.abort();
    await Promise.allSettled([answer, exit]);
  }
}
