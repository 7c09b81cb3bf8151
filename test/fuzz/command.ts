// The command: options to jobs, tallies to a report and an exit code.
import { randomBytes } from "node:crypto";
import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import { distribute, type Job } from "./jobs.js";
import { PROOFS } from "./part.js";
import { PARTS } from "./parts.js";
import { mismatchText, partText } from "./report.js";
import { added, NOTHING, type Tally, TOLD, total } from "./tally.js";

interface Options {
  readonly parts: typeof PARTS;
  /** Inputs of each part, by its name. */
  countOf(part: string): number;
  readonly seed: string;
  /** The one round to do, instead of as many as the counts ask for. */
  readonly round: number | undefined;
  readonly processes: number;
}

const ROUNDS_PER_JOB = 4;
const PROGRESS = 10_000; // milliseconds

/** Runs, prints and sets the exit code: 1 where anything was not as it must be. */
export async function command(args: readonly string[], workerFile: string): Promise<void> {
  const options = readOptions(args);
  const jobs = jobsOf(options);
  console.log(`test:fuzz: seed ${options.seed}`);
  const tallies = new Map(options.parts.map(({ name }) => [name, NOTHING]));
  const progress = progressOf(options, tallies);
  const crash = await distribute(jobs, options.processes, workerFile, ({ part }, tally) => {
    const before = tallies.get(part) ?? NOTHING;
    const untold = tally.mismatches.slice(0, TOLD - before.mismatches.length);
    for (const mismatch of untold) console.log(mismatchText(mismatch));
    tallies.set(part, added(before, tally));
  }).then(
    () => undefined,
    (error: unknown) => String(error),
  );
  clearInterval(progress);
  process.exitCode = summary(options, jobs, tallies, crash);
}

function readOptions(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      count: { type: "string", default: "1000000" },
      proofs: { type: "string", default: "100000" },
      curve: { type: "string" },
      seed: { type: "string", default: randomBytes(6).toString("hex") },
      round: { type: "string" },
      processes: { type: "string", default: String(availableParallelism()) },
    },
  });
  const count = integer(values.count, "count", 0);
  const proofs = integer(values.proofs, "proofs", 0);
  const countOf = (part: string): number =>
    part === PROOFS ? proofs : part.endsWith("-hash") ? Math.ceil(count / 10) : count;
  const { curve } = values;
  const isAsked = (part: string): boolean =>
    curve === undefined ? countOf(part) > 0 : part === curve && part !== PROOFS;
  const parts = PARTS.filter(({ name }) => isAsked(name));
  if (parts.length === 0)
    throw new Error(
      "--curve must be ES256, Ed25519, ES256-hash or Ed25519-hash, or a count above 0",
    );
  return {
    parts,
    countOf,
    seed: values.seed,
    round: values.round === undefined ? undefined : integer(values.round, "round", 0),
    processes: integer(values.processes, "processes", 1),
  };
}

function integer(text: string, name: string, least: number): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && Number.isSafeInteger(value) && value >= least) return value;
  throw new Error(`--${name} must be an integer of at least ${least}`);
}

function jobsOf({ parts, countOf, seed, round }: Options): readonly Job[] {
  return parts.flatMap(({ name, perRound }) => {
    if (round !== undefined) return [{ part: name, seed, from: round, to: round + 1 }];
    const rounds = Math.ceil(countOf(name) / perRound);
    return Array.from({ length: Math.ceil(rounds / ROUNDS_PER_JOB) }, (_, i) => {
      const from = i * ROUNDS_PER_JOB;
      return { part: name, seed, from, to: Math.min(from + ROUNDS_PER_JOB, rounds) };
    });
  });
}

function progressOf(options: Options, tallies: ReadonlyMap<string, Tally>): NodeJS.Timeout {
  const started = performance.now();
  return setInterval(() => {
    const done = [...tallies].map(([name, tally]) => `${name} ${total(tally).count}`).join(", ");
    const { mismatches } = all(tallies);
    const seconds = Math.round((performance.now() - started) / 1000);
    console.error(
      `test:fuzz: ${seconds} s: ${done}; ${mismatches} mismatches; seed ${options.seed}`,
    );
  }, PROGRESS);
}

const all = (tallies: ReadonlyMap<string, Tally>): { count: number; mismatches: number } =>
  total([...tallies.values()].reduce(added, NOTHING));

/** Prints it all; the last line counts classes. Returns the exit code. */
function summary(
  { parts }: Options,
  jobs: readonly Job[],
  tallies: ReadonlyMap<string, Tally>,
  crash: string | undefined,
): number {
  let passed = 0;
  let failed = crash === undefined ? 0 : 1;
  for (const part of parts) {
    const tally = tallies.get(part.name) ?? NOTHING;
    const rounds = jobs
      .filter((job) => job.part === part.name)
      .reduce((sum, { from, to }) => sum + to - from, 0);
    console.log(`\n${partText(part, tally)}`);
    for (const name of part.classes) {
      const { count, mismatches } = tally.classes[name] ?? { count: 0, mismatches: 0 };
      const due = Math.max(1, rounds * part.perClass);
      if (count < due) console.log(`TOO FEW ${part.name}: ${name}: ${count} of ${due}`);
      if (count >= due && mismatches === 0) passed++;
      else failed++;
    }
  }
  const { count, mismatches } = all(tallies);
  if (crash !== undefined) console.log(`\n${crash}`);
  console.log(`\ntest:fuzz: ${count} signatures and proofs, ${mismatches} mismatches`);
  console.log(`test:fuzz: ${passed} passed, ${failed} failed`); // classes
  return failed === 0 ? 0 : 1;
}
