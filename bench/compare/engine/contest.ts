// A contest: contestants that take turns, round by round, to the time that each took in each round.
//
// All of a contest stand in one process and each round asks every one of them, so that a slow moment
// of the machine hits them alike; whoever compares, compares within a round.

import type { Clock } from "./clock.js";

/** One way to do an operation. It says `true` for every right answer, and each answer counts. */
export interface Contestant {
  readonly name: string;
  /** `turn` counts the calls: it picks the input. */
  run(turn: number): boolean | Promise<boolean>;
  /** Throws unless good input and bad input get the right answers. Nothing is timed before. */
  check(): void | Promise<void>;
  /** Calls that are under way together; as the timing says where it is not given. */
  readonly atOnce?: number | undefined;
  /** Calls before anything is timed, at least; 64 where it is not given. */
  readonly warmUpCalls?: number | undefined;
  /** Runs in every so manieth round only: for what takes its own time. 1 where it is not given. */
  readonly every?: number | undefined;
  /** Where the contestant measures itself: answers microseconds. Then `run` is not called. */
  readonly measure?: (() => number) | undefined;
  /** Leaves so much to collect that whoever follows would pay for it: takes its turn at the end. */
  readonly litters?: boolean | undefined;
}

/** A contestant that this engine does not have, and why. */
export interface Missing {
  readonly name: string;
  readonly missing: string;
}

export interface Timing {
  readonly rounds: number;
  /** Of one turn in a round, in milliseconds. */
  readonly slice: number;
  /** Before the first round, in milliseconds for each contestant. */
  readonly warmUp: number;
  readonly clock: Clock;
  /** Calls that are under way together, of those who say nothing else; 1 where it is not given. */
  readonly atOnce?: number | undefined;
}

export interface Score {
  readonly name: string;
  /** Microseconds of one operation, round by round; null where it did not run in that round. */
  readonly rounds: readonly (number | null)[];
}

export interface ContestResult {
  readonly contest: string;
  readonly scores: readonly Score[];
  readonly missing: readonly Missing[];
}

/** Checks all, warms all up, then lets them take turns. Throws where an answer is wrong. */
export async function hold(
  contest: string,
  entrants: readonly (Contestant | Missing)[],
  timing: Timing,
): Promise<ContestResult> {
  const missing: Missing[] = [];
  const present: Contestant[] = [];
  for (const entrant of entrants) {
    const reason = "missing" in entrant ? entrant.missing : await failedCheck(entrant);
    if (reason !== null) missing.push({ name: entrant.name, missing: reason });
    else if (!("missing" in entrant)) present.push(entrant);
  }
  const runners: Runner[] = [];
  for (const contestant of present) runners.push(await warmedUp(contestant, timing));
  const tidy = runners.filter(({ contestant: { litters } }) => litters !== true);
  const littering = runners.filter((runner) => !tidy.includes(runner));
  for (let round = 0; round < timing.rounds; round++) {
    // A turn that does not count, after those that leave much to collect.
    if (littering.length > 0 && tidy[0] !== undefined) await turnOf(tidy[0], round);
    // Every other round backwards, so that nobody always follows the same one.
    for (const runner of [...(round % 2 === 0 ? tidy : tidy.toReversed()), ...littering]) {
      runner.rounds.push(await turnOf(runner, round));
    }
  }
  const scores = runners.map(({ contestant: { name }, rounds }) => ({ name, rounds }));
  return { contest, scores, missing };
}

interface Runner {
  readonly contestant: Contestant;
  readonly clock: Clock;
  /** Calls that are under way together. */
  readonly lanes: number;
  /** Calls in one turn. */
  readonly calls: number;
  readonly rounds: (number | null)[];
  turn: number;
}

/** null for right answers; why the engine can't take part; anything else is thrown. */
async function failedCheck({ name, check }: Contestant): Promise<string | null> {
  try {
    await check();
    return null;
  } catch (error) {
    if (error instanceof Error && error.name === "NotSupportedError") return "not in this engine";
    throw new Error(`${name} gave a wrong answer`, { cause: error });
  }
}

async function warmedUp(contestant: Contestant, timing: Timing): Promise<Runner> {
  const { warmUp, slice, clock } = timing;
  const lanes = contestant.atOnce ?? timing.atOnce ?? 1;
  const runner = { contestant, clock, lanes, calls: lanes, rounds: [], turn: 0 };
  if (contestant.measure !== undefined) return runner;
  // A table that is built at the sixteenth proof is there when the clock starts.
  const { warmUpCalls = 64 } = contestant;
  while (runner.turn < warmUpCalls) await timed(runner, Math.max(runner.calls, warmUpCalls >> 4));
  const start = clock();
  const before = runner.turn;
  do await timed(runner, runner.calls);
  while (clock() - start < warmUp);
  // The last part of the warm-up says how many calls fit into a slice: the first was slower.
  const sample = Math.max(runner.calls, (runner.turn - before) >> 2);
  const each = (await timed(runner, sample)) / sample;
  return { ...runner, calls: Math.max(runner.calls, Math.round(slice / each)) };
}

/** Microseconds of one operation. */
async function turnOf(runner: Runner, round: number): Promise<number | null> {
  const { every = 1, measure } = runner.contestant;
  if (round % every !== 0) return null;
  if (measure !== undefined) return measure();
  return ((await timed(runner, runner.calls)) * 1000) / runner.calls;
}

/** Milliseconds of so many calls. */
async function timed(runner: Runner, calls: number): Promise<number> {
  const { contestant, turn, lanes } = runner;
  runner.turn += calls;
  const first = contestant.run(turn);
  const isRight = typeof first === "boolean" ? first : await first;
  demand(isRight, `${contestant.name}: a wrong answer`);
  if (typeof first === "boolean") return timedSync(runner, turn, calls);
  return lanes === 1 ? timedOneByOne(runner, turn, calls) : timedAtOnce(runner, turn, calls);
}

function timedSync({ contestant, clock }: Runner, turn: number, calls: number): number {
  let right = 0;
  const start = clock();
  for (let i = 0; i < calls; i++) if (contestant.run(turn + i) === true) right++;
  const took = clock() - start;
  demand(right === calls, `${contestant.name}: a wrong answer`);
  return took;
}

async function timedOneByOne(
  { contestant, clock }: Runner,
  turn: number,
  calls: number,
): Promise<number> {
  let right = 0;
  const start = clock();
  for (let i = 0; i < calls; i++) if (await contestant.run(turn + i)) right++;
  const took = clock() - start;
  demand(right === calls, `${contestant.name}: a wrong answer`);
  return took;
}

/** Each lane starts its next call when its last one has answered. */
async function timedAtOnce(
  { contestant, clock, lanes }: Runner,
  turn: number,
  calls: number,
): Promise<number> {
  let right = 0;
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < calls) if (await contestant.run(turn + next++)) right++;
  };
  const start = clock();
  await Promise.all(Array.from({ length: lanes }, lane));
  const took = clock() - start;
  demand(right === calls, `${contestant.name}: a wrong answer`);
  return took;
}

export function demand(holds: boolean, message: string): asserts holds {
  if (!holds) throw new Error(`compare: ${message}`);
}
