// npm run test:mutation: mutates sources, lets the tests run for each mutant, and counts those that nothing notices.
import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import { ROOT } from "../support/build.js";
import { type Entry, entryOf, faultOf, isSame, readEntries } from "./equivalent.js";
import { judge, type Judgement, type Mutant } from "./stryker.js";
import { changed, named, type Target } from "./targets.js";

const MINUTE = 60_000; // milliseconds

/** A mutant that the tests ran for and did not fail. */
const isSurvivor = ({ status }: Mutant): boolean =>
  status === "Survived" || status === "NoCoverage";

interface Options {
  readonly targets: readonly Target[];
  readonly tests: readonly string[];
  readonly minutes: number;
  readonly workers: number;
}

function readOptions(args: readonly string[]): Options {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      changed: { type: "string" },
      tests: { type: "string", multiple: true, default: [] },
      minutes: { type: "string", default: "600" },
      workers: { type: "string", default: String(Math.min(2, availableParallelism())) },
    },
  });
  if (values.changed !== undefined && positionals.length > 0)
    throw new Error("--changed takes its files from the last commits: name none");
  return {
    targets:
      values.changed === undefined
        ? named(ROOT, positionals)
        : changed(ROOT, integer(values.changed, "changed")),
    tests: values.tests.map((name) => `test/${name}*.test.ts`),
    minutes: integer(values.minutes, "minutes"),
    workers: integer(values.workers, "workers"),
  };
}

function integer(text: string, name: string): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && Number.isSafeInteger(value) && value > 0) return value;
  throw new Error(`--${name} must be an integer above 0`);
}

/** Counts what was found, one line for each failure. */
class Count {
  passed = 0;
  failed = 0;

  pass(): void {
    this.passed++;
  }

  fail(text: string): void {
    this.failed++;
    console.log(text);
  }
}

function checkEntries(entries: readonly Entry[], count: Count): void {
  for (const entry of entries) {
    const fault = faultOf(ROOT, entry);
    if (fault === undefined) count.pass();
    else count.fail(`STALE (${fault})\n${shown(entry)}`);
  }
}

function checkMutants(
  { mutants, planned, isTimeUp, code }: Judgement,
  targets: readonly Target[],
  entries: readonly Entry[],
  count: Count,
): void {
  const used = new Map<Entry, boolean>();
  for (const mutant of mutants) {
    const seen = entryOf(ROOT, mutant);
    const entry = entries.find((one) => isSame(one, seen));
    if (entry !== undefined) used.set(entry, used.get(entry) === true || isSurvivor(mutant));
    if (!isSurvivor(mutant) || entry !== undefined) count.pass();
    else
      count.fail(
        `${mutant.status.toUpperCase()} ${mutant.file}:${mutant.start.line}\n${shown(seen)}`,
      );
  }
  for (const [entry, survives] of used)
    if (!survives) count.fail(`STALE (a test notices it)\n${shown(entry)}`);
  const whole = new Set(targets.filter(({ lines }) => lines === undefined).map(({ file }) => file));
  if (!isTimeUp && code === 0)
    for (const entry of entries)
      if (whole.has(entry.file) && !used.has(entry))
        count.fail(`STALE (no such mutant)\n${shown(entry)}`);
  if (planned === undefined)
    count.fail(isTimeUp ? "time was up before the first mutant" : `Stryker ended with ${code}`);
  else if (!isTimeUp && code !== 0) count.fail(`Stryker ended with ${code}`);
}

const shown = ({ file, line, from, to }: Omit<Entry, "reason">): string =>
  JSON.stringify({ file, line, from, to, reason: "" }, null, 2);

/** Score of each file: of the mutants that were judged, the share that a test notices. */
function report({ mutants, planned, isTimeUp }: Judgement, files: readonly string[]): void {
  const share = (of: readonly Mutant[]): string => {
    const noticed = of.filter((mutant) => !isSurvivor(mutant)).length;
    const percent = of.length === 0 ? "-" : `${((100 * noticed) / of.length).toFixed(1)} %`;
    return `${noticed}/${of.length} ${percent}`;
  };
  console.log();
  for (const file of files)
    console.log(`${file}: ${share(mutants.filter((mutant) => mutant.file === file))}`);
  console.log(`all of them: ${share(mutants)}`);
  if (isTimeUp)
    console.log(
      `time is up: judged ${mutants.length} of ${planned ?? "an unknown number of"} mutants`,
    );
}

async function main(): Promise<void> {
  const started = performance.now();
  const count = new Count();
  const entries = readEntries(ROOT);
  checkEntries(entries, count);
  try {
    const { targets, tests, minutes, workers } = readOptions(process.argv.slice(2));
    const files = [...new Set(targets.map(({ file }) => file))];
    console.log(`test:mutation: ${files.length === 0 ? "nothing to mutate" : files.join(", ")}`);
    if (files.length > 0) {
      const limit = minutes * MINUTE - (performance.now() - started);
      const judgement = await judge({ root: ROOT, targets, tests, workers, limit });
      checkMutants(judgement, targets, entries, count);
      report(judgement, files);
    }
  } catch (error) {
    count.fail(String(error));
  }
  console.log(`test:mutation: ${count.passed} passed, ${count.failed} failed`);
  process.exitCode = count.failed === 0 ? 0 : 1;
}

await main();
