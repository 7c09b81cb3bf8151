// Measuring: cases to medians. All cases of a group take turns, round by round, so that a slow moment of the machine hits
// them alike; what is compared is compared within a round.
import { Bench, type FnReturnedObject } from "tinybench";
import { type BenchCase, type BenchGroup, type Comparison, demand } from "./case.js";

/** How long a case is measured: its warm-up, then so many rounds. Times in milliseconds. */
export interface Timing {
  readonly warmUp: number;
  readonly rounds: number;
  readonly round: number;
}

export interface CaseResult {
  readonly name: string;
  /** The median of the rounds' medians, in nanoseconds for one operation. */
  readonly medianNs: number;
  readonly operationsPerSecond: number;
  /** Half the distance between the fastest and the slowest round, in percent of the median. */
  readonly marginPercent: number;
  /** The median of the rounds' ratios; as the comparison of the group says. */
  readonly ratio?: number | undefined;
}

export interface GroupResult {
  readonly name: string;
  readonly comparison?: Comparison | undefined;
  readonly cases: readonly CaseResult[];
}

/** A sample is a batch of calls that takes this long at least, in milliseconds: the clock is too coarse for one call. */
const SAMPLE = 0.25;

/** Asserts the answers of every case, then times them. Throws where an answer is wrong. */
export async function measureGroup(group: BenchGroup, timing: Timing): Promise<GroupResult> {
  const cases = await group.cases();
  const prepared: PreparedCase[] = [];
  for (const one of cases) prepared.push(await prepare(one, timing));
  for (let round = 0; round < timing.rounds; round++) {
    for (let i = 0; i < prepared.length; i++) {
      // Every other round backwards, so that no case always follows the same one.
      const one = prepared[round % 2 === 0 ? i : prepared.length - 1 - i];
      one?.medians.push(await measureRound(one, timing));
    }
  }
  const base = prepared.find(({ name }) => name === group.comparison?.with);
  demand(
    group.comparison === undefined || base !== undefined,
    `${group.name}: nothing to compare with`,
  );
  return {
    name: group.name,
    comparison: group.comparison,
    cases: prepared.map((one) => resultOf(one, base, group.comparison)),
  };
}

interface PreparedCase {
  readonly name: string;
  readonly case: BenchCase;
  /** Calls in one sample. */
  readonly batch: number;
  /** Of each round, in nanoseconds. */
  readonly medians: number[];
}

async function prepare(one: BenchCase, timing: Timing): Promise<PreparedCase> {
  await one.assertRight();
  return { name: one.name, case: one, batch: await warmUp(one, timing.warmUp), medians: [] };
}

/** Calls a case for so many milliseconds; answers how many calls one sample needs. */
async function warmUp(one: BenchCase, milliseconds: number): Promise<number> {
  const end = performance.now() + milliseconds;
  let batch = one.leastBatch;
  let start = performance.now();
  while (start < end) {
    await sampleOf(one, batch)();
    const now = performance.now();
    if (now - start < SAMPLE) batch *= 2;
    start = now;
  }
  return batch;
}

async function measureRound({ case: one, batch }: PreparedCase, timing: Timing): Promise<number> {
  const bench = new Bench({ time: timing.round, iterations: 4, warmup: false, throws: true });
  bench.add(one.name, sampleOf(one, batch), { async: one.async });
  const [task] = await bench.run();
  demand(task?.result.state === "completed", `${one.name}: was not measured to its end`);
  return task.result.latency.p50 * 1e6;
}

/** One sample: a batch of calls, of which tinybench is told the mean. */
function sampleOf(
  one: BenchCase,
  batch: number,
): () => FnReturnedObject | Promise<FnReturnedObject> {
  return one.async ? asyncSample(one, batch) : syncSample(one, batch);
}

function syncSample({ run }: BenchCase, batch: number): () => FnReturnedObject {
  return () => {
    const start = performance.now();
    for (let i = 0; i < batch; i++) consume(run());
    return sample(start, batch);
  };
}

/** One call after another: what a server pays for one proof, not how many it can have under way. */
function asyncSample({ run }: BenchCase, batch: number): () => Promise<FnReturnedObject> {
  return async () => {
    const start = performance.now();
    for (let i = 0; i < batch; i++) consume(await run());
    return sample(start, batch);
  };
}

function sample(start: number, batch: number): FnReturnedObject {
  const took = performance.now() - start;
  return { overriddenDuration: took / batch, overriddenIterationCost: took };
}

/** What no case answers. */
const NOTHING: unknown = Symbol("nothing");

/** Looks at every answer, so that no engine can leave out the work behind it. */
function consume(answer: unknown): void {
  if (answer === NOTHING) throw new Error("bench: a case answered nothing");
}

function resultOf(
  { name, medians }: PreparedCase,
  base: PreparedCase | undefined,
  comparison: Comparison | undefined,
): CaseResult {
  const medianNs = median(medians);
  const spread = Math.max(...medians) - Math.min(...medians);
  const result = {
    name,
    medianNs,
    operationsPerSecond: 1e9 / medianNs,
    marginPercent: (50 * spread) / medianNs,
  };
  if (base === undefined || comparison === undefined) return result;
  const shares = medians.map((time, round) => time / (base.medians[round] ?? NaN));
  const share = median(shares);
  return { ...result, ratio: comparison.as === "speed" ? 1 / share : share };
}

function median(values: readonly number[]): number {
  // oxlint-disable-next-line no-array-sort -- a copy; toSorted is younger than the oldest engine we name
  const sorted = Float64Array.from(values).sort();
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? NaN;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? NaN)) / 2;
}
