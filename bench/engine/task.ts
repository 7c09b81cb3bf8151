// A task is what a job is asked for; findings are what it returns.
import type { Clock, Contest, ContestResult, Timing } from "./contest.js";

export interface Task {
  readonly quick: boolean;
  readonly clock: Clock;
}

export type Job = (task: Task) => readonly Contest[];

/** Of whole proofs, signatures and creation. */
export function timingOf({ quick, clock }: Task): Timing {
  return quick
    ? { rounds: 3, slice: 4, warmUp: 25, clock }
    : { rounds: 75, slice: 16, warmUp: 300, clock };
}

/** Of functions that take microseconds or less. */
export function shortTiming({ quick, clock }: Task): Timing {
  return quick
    ? { rounds: 3, slice: 4, warmUp: 10, clock }
    : { rounds: 25, slice: 16, warmUp: 100, clock };
}

/** What is found in one engine, which has a name and a version. */
export interface Findings {
  readonly engine: string;
  readonly cpu: string;
  readonly contests: readonly ContestResult[];
}

/** What one process found. */
export interface Found extends Findings {
  /** How many contests of the job come after this one. */
  readonly left: number;
}
