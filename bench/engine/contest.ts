// A contest: implementations of one operation take turns, round by round, and each turn is timed.
// They share one process, so that a slow moment of the machine hits all of them alike, and
// implementations are only compared within a round.
import process from "node:process";

/** One way to do an operation. */
export interface Implementation {
  readonly name: string;
  /** Returns `true` for a right answer; every answer is looked at. `turn` counts the calls and picks the input. */
  run(turn: number): boolean | Promise<boolean>;
  /** Throws unless good input and bad input get the right answers. Nothing is timed before. */
  check(): void | Promise<void>;
  /** Calls that are under way together. Default: as the timing says. */
  readonly atOnce?: number | undefined;
  /** The least number of calls before anything is timed. Default: 64. */
  readonly warmUpCalls?: number | undefined;
  /** Runs in every n-th round only, for what is slow. Default: 1. */
  readonly every?: number | undefined;
  /** Replaces `run` where the implementation measures itself; returns microseconds. */
  readonly measure?: (() => number | Promise<number>) | undefined;
  /** Leaves so much garbage that the next one would pay for it: takes its turn at the end of a round. */
  readonly litters?: boolean | undefined;
  /** What is counted rather than timed, by what the bytes are for. */
  readonly bytes?: Readonly<Record<string, number>> | undefined;
  /** What it measured besides, by name and unit: asked for at the end. */
  readonly besides?: (() => Readonly<Record<string, number>>) | undefined;
}

/** Returns milliseconds since some moment. */
export type Clock = () => number;

/** The time that a caller waits. */
export const wallClock: Clock = () => performance.now();

/**
 * The processor time of the process, all threads together. On an idle core it equals the wall
 * clock's; on a busy core it leaves out the time that other processes took.
 */
export const processClock: Clock = () => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
};

export interface Timing {
  readonly rounds: number;
  /** Of one turn in a round, in milliseconds. */
  readonly slice: number;
  /** Before the first round, in milliseconds for each implementation. */
  readonly warmUp: number;
  readonly clock: Clock;
  /** Calls that are under way together. Default: 1. */
  readonly atOnce?: number | undefined;
}

/** For implementations that measure themselves. */
export function selfTimed(rounds: number): Timing {
  return { rounds, slice: 0, warmUp: 0, clock: wallClock };
}

/** An implementation that measures itself, and that asserts its answers meanwhile. */
export function selfMeasured(
  name: string,
  measure: () => number | Promise<number>,
  more: Pick<Implementation, "bytes" | "besides"> = {},
): Implementation {
  return { ...more, name, measure, run: () => true, check: () => undefined };
}

/** How rows are compared with the first one: by speed, by share of its time, or not at all. */
export type Comparison = "speed" | "share" | "none";

export interface Contest {
  readonly name: string;
  /** What `npm run bench -- NAME` finds it by, beside its own name. */
  readonly group: string;
  readonly timing: Timing;
  /** Default: "speed". */
  readonly comparison?: Comparison | undefined;
  /** Contests of one series differ in one number, and are shown in one table. */
  readonly series?: string | undefined;
  /** Made late: a contest that is not asked for costs nothing. */
  implementations(): readonly Implementation[] | Promise<readonly Implementation[]>;
}

export interface Score {
  readonly name: string;
  /** Microseconds of one operation, round by round; null where it did not run in that round. */
  readonly rounds: readonly (number | null)[];
  readonly bytes?: Readonly<Record<string, number>> | undefined;
  readonly besides?: Readonly<Record<string, number>> | undefined;
}

export interface ContestResult extends Pick<Contest, "name" | "comparison" | "series"> {
  readonly scores: readonly Score[];
}

/** Checks all, warms all up, then lets them take turns. Throws where an answer is wrong. */
export async function hold(contest: Contest): Promise<ContestResult> {
  const { name, comparison, series, timing } = contest;
  const runners: Runner[] = [];
  for (const implementation of await contest.implementations()) {
    await checked(implementation);
    const lanes = implementation.atOnce ?? timing.atOnce ?? 1;
    runners.push({ implementation, clock: timing.clock, lanes, rounds: [], calls: lanes, turn: 0 });
  }
  for (const runner of runners) await warmUp(runner, timing);
  const littering = runners.filter(({ implementation: { litters } }) => litters === true);
  const tidy = runners.filter((runner) => !littering.includes(runner));
  for (let round = 0; round < timing.rounds; round++) {
    // A turn that does not count, after those that leave much garbage.
    if (littering.length > 0 && tidy[0] !== undefined) await turnOf(tidy[0], round);
    // Every other round backwards, so that none always follows the same one.
    for (const runner of [...(round % 2 === 0 ? tidy : tidy.toReversed()), ...littering]) {
      runner.rounds.push(await turnOf(runner, round));
    }
  }
  const scores = runners.map(({ implementation: { name: row, bytes, besides }, rounds }) => {
    return { name: row, rounds, bytes, besides: besides?.() };
  });
  return { name, comparison, series, scores };
}

async function checked({ name, check }: Implementation): Promise<void> {
  try {
    await check();
  } catch (error) {
    throw new Error(`${name} gave a wrong answer`, { cause: error });
  }
}

interface Runner {
  readonly implementation: Implementation;
  readonly clock: Clock;
  /** Calls that are under way together. */
  readonly lanes: number;
  readonly rounds: (number | null)[];
  /** Calls in one turn. */
  calls: number;
  turn: number;
}

async function warmUp(runner: Runner, { warmUp: milliseconds, slice, clock }: Timing) {
  const { warmUpCalls = 64, measure } = runner.implementation;
  if (measure !== undefined) return;
  // A table that is built at the sixteenth proof is there when the clock starts.
  while (runner.turn < warmUpCalls) await timed(runner, Math.max(runner.calls, warmUpCalls >> 4));
  const start = clock();
  const before = runner.turn;
  do await timed(runner, Math.max(runner.calls, (runner.turn - before) >> 4));
  while (clock() - start < milliseconds);
  // The last part of the warm-up says how many calls fit into a slice: the first was slower.
  const sample = Math.max(runner.calls, (runner.turn - before) >> 2);
  const each = (await timed(runner, sample)) / sample;
  runner.calls = Math.max(runner.calls, Math.round(slice / each));
}

/** Returns microseconds of one operation. */
async function turnOf(runner: Runner, round: number): Promise<number | null> {
  const { every = 1, measure } = runner.implementation;
  if (round % every !== 0) return null;
  if (measure !== undefined) return measure();
  return ((await timed(runner, runner.calls)) * 1000) / runner.calls;
}

/** Returns milliseconds of so many calls. */
async function timed(runner: Runner, calls: number): Promise<number> {
  const { implementation, turn } = runner;
  runner.turn += calls;
  const first = implementation.run(turn);
  const isAsync = typeof first !== "boolean";
  demand(isAsync ? await first : first, `${implementation.name}: a wrong answer`);
  return isAsync ? timedAsync(runner, turn, calls) : timedSync(runner, turn, calls);
}

function timedSync({ implementation, clock }: Runner, turn: number, calls: number): number {
  let right = 0;
  const start = clock();
  for (let i = 0; i < calls; i++) if (implementation.run(turn + i) === true) right++;
  const took = clock() - start;
  demand(right === calls, `${implementation.name}: a wrong answer`);
  return took;
}

/** Each lane starts its next call when its last one has answered. */
async function timedAsync(runner: Runner, turn: number, calls: number): Promise<number> {
  const { implementation, clock, lanes } = runner;
  let [right, next] = [0, 0];
  const lane = async (): Promise<void> => {
    while (next < calls) if (await implementation.run(turn + next++)) right++;
  };
  const start = clock();
  await Promise.all(Array.from({ length: lanes }, lane));
  const took = clock() - start;
  demand(right === calls, `${implementation.name}: a wrong answer`);
  return took;
}

/** An input and its right answer, or what the right answer fulfils. */
type Case<I, T> = readonly [input: I, answer: NoInfer<T> | ((answer: NoInfer<T>) => boolean)];

/** A function on one input. `bad` is not timed: it must come out the other way. */
export function operation<I, T>(
  name: string,
  good: Case<I, T>,
  bad: Case<I, T>,
  run: (input: I) => T,
): Implementation {
  const isRight = ([input, expected]: Case<I, T>): boolean => {
    const answer = run(input);
    if (isJudge<T>(expected)) return expected(answer);
    return JSON.stringify(answer) === JSON.stringify(expected);
  };
  const [input] = good;
  return {
    name,
    check: () => demand(isRight(good) && isRight(bad), "not the expected one"),
    run: () => run(input) !== NOTHING, // too short to judge every answer, but no engine may leave it out
  };
}

function isJudge<T>(expected: unknown): expected is (answer: T) => boolean {
  return typeof expected === "function"; // no operation here returns a function
}

const NOTHING: unknown = Symbol("what no operation returns");

/** Throws where something does not hold: what is wrong is not worth timing. */
export function demand(holds: boolean, message: string): asserts holds {
  if (!holds) throw new Error(`bench: ${message}`);
}
