// One check after the other: each is a title and a body that throws where something is wrong. And child processes,
// which all have a time limit.
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { objectOf } from "../support/build.js";

const MINUTE = 60_000;

let passed = 0;
let failed = 0;

/** Takes ten minutes at most, unless another limit is given. */
export async function check(
  title: string,
  body: () => unknown,
  { limit = 10 }: Pick<RunOptions, "limit"> = {},
): Promise<void> {
  try {
    await inTime(body, limit * MINUTE);
    passed++;
    console.log(`ok   ${title}`);
  } catch (error) {
    failed++;
    console.log(`FAIL ${title}\n${error instanceof Error ? error.message : String(error)}`);
  }
}

/** How many checks have failed so far. */
export function failures(): number {
  return failed;
}

/** Prints how many checks there were, and ends the process: what hangs must not keep it. */
export function endOfChecks(name: string): never {
  console.log(`${name}: ${passed} passed, ${failed} failed`);
  return process.exit(failed === 0 && passed > 0 ? 0 : 1);
}

async function inTime(body: () => unknown, limit: number): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`not done after ${limit / 1000} seconds`)), limit);
  });
  try {
    await Promise.race([body(), late]);
  } finally {
    clearTimeout(timer);
  }
}

export interface RunOptions {
  readonly env?: NodeJS.ProcessEnv | undefined;
  /** In minutes. */
  readonly limit?: number | undefined;
}

/** What a program writes to its standard output; throws with all that it wrote where it fails or takes too long. */
export async function run(
  command: string,
  args: readonly string[],
  cwd: string,
  { env, limit = 3 }: RunOptions = {},
): Promise<string> {
  const whole = { ...process.env, ...env };
  delete whole["npm_config_local_prefix"]; // set by `npm run`; it would lead npm back to our own folder
  return promisify(execFile)(command, args, {
    cwd,
    env: whole,
    timeout: limit * MINUTE,
    killSignal: "SIGKILL",
    maxBuffer: 64 * 1024 * 1024,
  }).then(
    ({ stdout }) => stdout,
    (error: unknown) => {
      const { message, stdout, stderr } = objectOf(error);
      throw new Error(`${String(message)}\n${String(stdout)}${String(stderr)}`, { cause: error });
    },
  );
}

export function node(script: string, cwd: string): Promise<string> {
  return run(process.execPath, [script], cwd);
}
