// Runs Stryker in a process group of its own until it ends or time is up, and reads what it said of each mutant.
import { spawn } from "node:child_process";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import type { Target } from "./targets.js";

/** As Stryker names them; lines and columns count from 1. */
export interface Mutant {
  readonly file: string;
  readonly mutator: string;
  readonly replacement: string;
  readonly status: string;
  readonly start: Position;
  readonly end: Position;
}

interface Position {
  readonly line: number;
  readonly column: number;
}

export interface Judgement {
  /** What was judged; neither what is left out (string literals) nor what time was too short for. */
  readonly mutants: readonly Mutant[];
  /** How many there were to judge; undefined where the tests did not even run once. */
  readonly planned: number | undefined;
  readonly isTimeUp: boolean;
  /** The exit code, null where it was stopped. */
  readonly code: number | null;
}

export interface RunOptions {
  readonly root: string;
  readonly targets: readonly Target[];
  /** Globs of the test files that take part; all where there are none. */
  readonly tests: readonly string[];
  readonly workers: number;
  /** In milliseconds. */
  readonly limit: number;
}

const PROGRESS = 30_000;

/** Throws only where Stryker can't be started. */
export async function judge(options: RunOptions): Promise<Judgement> {
  const { root, tests, limit } = options;
  const folder = await mkdtemp(join(tmpdir(), "dpop-core-mutation-"));
  const events = join(folder, "events");
  const config = join(folder, "stryker.json");
  try {
    await mkdir(events);
    await writeFile(config, JSON.stringify(configOf(options, folder, events)));
    const { code, isTimeUp } = await run({ root, tests, config, events, limit });
    return { ...(await read(events, root)), code, isTimeUp };
  } finally {
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

function configOf(
  { targets, workers }: RunOptions,
  folder: string,
  events: string,
): Record<string, unknown> {
  return {
    mutate: targets.map(({ file, lines }) => (lines === undefined ? file : `${file}:${lines}`)),
    testRunner: "vitest",
    vitest: { configFile: "test/mutation/vitest.config.ts" },
    coverageAnalysis: "perTest",
    // What is static in no test of setup.ts is not judged.
    ignoreStatic: true,
    // Messages are for people; and every name, code and label stands in a test.
    mutator: { excludedMutations: ["StringLiteral"] },
    disableTypeChecks: false,
    concurrency: workers,
    timeoutMS: 20_000,
    timeoutFactor: 4,
    dryRunTimeoutMinutes: 30,
    tempDirName: join(folder, "sandbox"),
    ignorePatterns: ["dist", "coverage"],
    reporters: ["event-recorder"],
    eventReporter: { baseDir: events },
    allowConsoleColors: false,
    logLevel: "warn",
    warnings: { slow: false },
  };
}

async function run({
  root,
  tests,
  config,
  events,
  limit,
}: Pick<RunOptions, "root" | "tests" | "limit"> & {
  readonly config: string;
  readonly events: string;
}): Promise<{ readonly code: number | null; readonly isTimeUp: boolean }> {
  const program = join(root, "test/mutation/node_modules/@stryker-mutator/core/bin/stryker.js");
  const child = spawn(process.execPath, [program, "run", config], {
    cwd: root,
    env: { ...process.env, MUTATION_TESTS: JSON.stringify(tests) },
    detached: true,
    stdio: ["ignore", "inherit", "inherit"],
  });
  const stop = (): void => {
    if (child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
  };
  const interrupted = (): void => {
    stop();
    process.exit(130);
  };
  let isTimeUp = false;
  const timer = setTimeout(() => {
    isTimeUp = true;
    stop();
  }, limit);
  const progress = setInterval(() => {
    void readdir(events).then(
      (names) => console.error(`test:mutation: ${names.filter(isResult).length} looked at`),
      () => undefined,
    );
  }, PROGRESS);
  process.once("SIGINT", interrupted).once("SIGTERM", interrupted);
  try {
    const code = await new Promise<number | null>((resolve, reject) => {
      child.once("error", reject);
      child.once("close", resolve);
    });
    return { code, isTimeUp };
  } finally {
    clearTimeout(timer);
    clearInterval(progress);
    process.off("SIGINT", interrupted).off("SIGTERM", interrupted);
  }
}

const isResult = (name: string): boolean => name.endsWith("-onMutantTested.json");

async function read(events: string, root: string): Promise<Pick<Judgement, "mutants" | "planned">> {
  const mutants: Mutant[] = [];
  let planned: number | undefined;
  for (const name of (await readdir(events)).toSorted()) {
    const event = parse(await readFile(join(events, name), "utf8"));
    if (event === undefined) continue; // cut off when time was up
    if (name.endsWith("-onMutationTestingPlanReady.json"))
      planned = (event as PlanEvent).mutantPlans.filter(({ plan }) => plan === "Run").length;
    if (isResult(name)) mutants.push(mutantOf(event as ResultEvent, root));
  }
  return { mutants: mutants.filter(({ status }) => status !== "Ignored"), planned };
}

interface PlanEvent {
  readonly mutantPlans: readonly { readonly plan: string }[];
}

interface ResultEvent {
  readonly fileName: string;
  readonly mutatorName: string;
  readonly replacement: string;
  readonly status: string;
  readonly location: { readonly start: Position; readonly end: Position };
}

function mutantOf(
  { fileName, mutatorName, replacement, status, location }: ResultEvent,
  root: string,
): Mutant {
  const file = relative(root, fileName).replaceAll("\\", "/");
  return { file, mutator: mutatorName, replacement, status, ...location };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
