// The command line in this process: a folder of its own, streams in memory, a clock that stands still.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import type { Input, Io, Output } from "../../src/cli/base/io.js";
import { run } from "../../src/cli/program.js";

/** Seconds since the epoch: 2026-11-27 10:15:00 UTC. */
export const NOW = 1_795_774_500;

/** What would move the cursor or set colours; a line feed is not among it. */
export const CONTROL = /[^\P{Cc}\n]/u;

export interface Options {
  readonly stdin?: string | Uint8Array;
  readonly env?: Readonly<Record<string, string>>;
  /** Whether all three streams are terminals. */
  readonly isTTY?: boolean;
  readonly fetch?: Io["fetch"];
  /** Default: the clock of the machine, for what real servers check. */
  readonly now?: number;
  readonly signal?: AbortSignal;
}

export interface Outcome {
  readonly exit: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Terminal {
  /** Where relative paths start. */
  readonly folder: string;
  run(args: readonly string[], options?: Options): Promise<Outcome>;
}

/** A terminal in a new folder, which is removed after the test. */
export async function openTerminal(): Promise<Terminal> {
  const folder = await mkdtemp(join(tmpdir(), "dpop-core-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return { folder, run: (args, options = {}) => runIn(folder, args, options) };
}

async function runIn(folder: string, args: readonly string[], options: Options): Promise<Outcome> {
  const { isTTY = false, now } = options;
  const [stdout, stderr] = [outputOf(isTTY), outputOf(isTTY)];
  const exit = await run(
    {
      stdin: inputOf(options.stdin ?? "", isTTY),
      stdout,
      stderr,
      env: { TERM: "xterm", ...options.env },
      cwd: folder,
      clock: () => now ?? Date.now() / 1000,
      fetch: options.fetch ?? ((url, init) => fetch(url, init)),
      signal: options.signal ?? new AbortController().signal,
    },
    args,
  );
  return { exit, stdout: stdout.text(), stderr: stderr.text() };
}

interface Recorded extends Output {
  text(): string;
}

/** A stream that keeps what is written to it. */
export function outputOf(isTTY: boolean): Recorded {
  const chunks: Buffer[] = [];
  return {
    isTTY,
    write: (chunk) => chunks.push(Buffer.from(chunk)),
    text: () => Buffer.concat(chunks).toString("utf8"),
  };
}

function inputOf(text: string | Uint8Array, isTTY: boolean): Input {
  return {
    isTTY,
    async *[Symbol.asyncIterator]() {
      yield text;
    },
  };
}

/** Runs `serve` in this process till the test is done; the first line that it wrote, as JSON. */
export async function serveFor(
  args: readonly string[] = [],
  env: Readonly<Record<string, string>> = {},
): Promise<{ readonly issuer: string; readonly api: string; log(): string }> {
  const ending = new AbortController();
  const stderr = outputOf(false);
  let tell: (line: string) => void = () => undefined;
  const firstLine = new Promise<string>((resolve) => (tell = resolve));
  const ended = run(
    {
      stdin: inputOf("", false),
      stdout: { write: (chunk) => tell(String(chunk)) },
      stderr,
      env,
      cwd: tmpdir(),
      clock: () => Date.now() / 1000,
      fetch: () => Promise.reject(new Error("serve sends nothing by itself")),
      signal: ending.signal,
    },
    ["serve", "--port", "0", "--json", ...args],
  );
  onTestFinished(async () => {
    ending.abort();
    await ended;
  });
  const early = ended.then((exit) => {
    throw new Error(`serve ended with ${exit}: ${stderr.text()}`);
  });
  early.catch(() => undefined); // it ends after every test
  const { issuer, api }: { issuer: string; api: string } = JSON.parse(
    await Promise.race([firstLine, early]),
  );
  return { issuer, api, log: () => stderr.text() };
}
