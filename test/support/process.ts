// Child processes of engines and servers. Each has a time limit, and leads a group of processes of its own:
// when it must end, what it started ends with it, and when we end, so do all that still run and the
// folders that they wrote in.
import { type ChildProcess, spawn } from "node:child_process";
import { accessSync, constants, existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { constants as system, tmpdir } from "node:os";
import { delimiter, join } from "node:path";

/** For a program to say its version, or a browser to start, in milliseconds. */
export const START_LIMIT: number = 60_000;

/** Characters; a report is some thousands. More is garbage, and is not kept. */
const OUTPUT_LIMIT = 4_000_000;

export interface Finished {
  readonly stdout: string;
  readonly stderr: string;
}

export interface ProcessOptions {
  /** Milliseconds. */
  readonly limit: number;
  readonly cwd?: string | undefined;
  /** The whole environment. Default: ours. */
  readonly env?: NodeJS.ProcessEnv | undefined;
}

const running = new Set<ChildProcess>();
const folders = new Set<string>();

/** Runs a program to its end. Rejects when it can't be started, fails, says too much or takes too long. */
export function runProgram(
  command: string,
  args: readonly string[],
  options: ProcessOptions,
): Promise<Finished> {
  return new Promise((resolve, reject) => {
    const child = startGroup(command, args, options);
    const output = collect(child);
    let reason: string | undefined;
    const give = (why: string): void => {
      reason ??= why;
      endGroup(child);
    };
    const timer = setTimeout(() => give(`took over ${options.limit} ms`), options.limit);
    output.whenTooLong(() => give("said far more than a report"));
    child.once("error", (error) => {
      clearTimeout(timer);
      running.delete(child);
      reject(new Error(`${command} could not be started: ${error.message}`));
    });
    child.once("close", (code, signal) => {
      clearTimeout(timer);
      endGroup(child); // what it may have left behind
      running.delete(child);
      if (reason === undefined && code === 0) return resolve(output.finished());
      const what = reason ?? `ended with ${code === null ? signal : `exit code ${code}`}`;
      reject(new Error(`${command} ${what}${output.tail()}`));
    });
  });
}

/** A program that serves till it is stopped. */
export interface Service {
  /** Rejects when it ends before it is stopped; never resolves. */
  readonly ended: Promise<never>;
  /** Resolves to the first line of its standard output. */
  readonly firstLine: Promise<string>;
  /** Asks it to end, then ends it; resolves when it is gone. */
  stop(): Promise<void>;
}

/** Starts a program that serves till it is stopped; `limit` is the longest that it may run. */
export function startService(
  command: string,
  args: readonly string[],
  options: ProcessOptions,
): Service {
  const child = startGroup(command, args, options);
  const output = collect(child);
  const timer = setTimeout(() => endGroup(child), options.limit);
  let stopped = false;
  const gone = new Promise<void>((resolve) => {
    child.once("close", () => resolve());
    child.once("error", () => resolve());
  });
  const ended = gone.then(() => {
    clearTimeout(timer);
    running.delete(child);
    if (stopped) return new Promise<never>(() => undefined);
    throw new Error(`${command} ended too early${output.tail()}`);
  });
  ended.catch(() => undefined); // it is awaited later; until then it is not unhandled
  const firstLine = new Promise<string>((resolve) => {
    child.stdout?.on("data", () => {
      const [line, ...more] = output.finished().stdout.split("\n");
      if (line !== undefined && more.length > 0) resolve(line);
    });
  });
  const said = Promise.race([firstLine, ended]);
  said.catch(() => undefined); // not every service is asked for it
  return {
    ended,
    firstLine: said,
    async stop() {
      stopped = true;
      signalGroup(child, "SIGTERM");
      await Promise.race([gone, later(3_000)]);
      endGroup(child);
      await Promise.race([gone, later(3_000)]);
    },
  };
}

/** Takes on a process that a library has started as the leader of a group: it ends when we end. */
export function adopt(child: ChildProcess | null): void {
  if (child === null) return;
  running.add(child);
  child.once("close", () => running.delete(child));
  watchOurEnd();
}

/** Rejects, with the name of what took too long, when a promise isn't settled in time. */
export async function within<T>(limit: number, what: string, promise: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what} took over ${limit} ms`)), limit);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** A pause that keeps no process alive, in milliseconds. */
export function later(duration: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, duration).unref());
}

/** Makes a folder for as long as `use` takes, and removes it also when that fails. */
export async function withFolder<T>(
  use: (folder: string) => Promise<T>,
  parent: string = tmpdir(),
): Promise<T> {
  const folder = openFolder(parent);
  try {
    return await use(folder.path);
  } finally {
    folder.remove();
  }
}

/** A folder that is there until it is removed, or until we end. */
export interface Folder {
  readonly path: string;
  remove(): void;
}

export function openFolder(parent: string = tmpdir()): Folder {
  const path = mkdtempSync(join(parent, "dpop-core-"));
  folders.add(path);
  watchOurEnd();
  return {
    path,
    remove() {
      removeFolder(path);
      folders.delete(path);
    },
  };
}

function removeFolder(folder: string): void {
  // A process that was just ended may still be writing its last file.
  rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
}

/**
 * Our environment for a program that would otherwise write into the user's home: what it keeps, it
 * keeps in `folder`. And without proxies, which would be asked even for 127.0.0.1.
 */
export function homelessEnvironment(folder: string): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(
    ([name]) => !/proxy$/i.test(name) && !name.startsWith("XDG_"),
  );
  const runtime = join(folder, "run");
  mkdirSync(runtime, { recursive: true, mode: 0o700 });
  return {
    ...Object.fromEntries(kept),
    HOME: folder,
    TMPDIR: folder,
    XDG_CACHE_HOME: join(folder, "cache"),
    XDG_RUNTIME_DIR: runtime,
    MESA_SHADER_CACHE_DISABLE: "true", // it looks for the home elsewhere
  };
}

/** The first of these programs that is on PATH; its path. */
export function findProgram(...names: readonly string[]): string | null {
  const path = (process.env["PATH"] ?? "").split(delimiter);
  const candidates = names.flatMap((name) => path.map((folder) => join(folder, name)));
  return candidates.find((file) => existsSync(file) && canRun(file)) ?? null;
}

function canRun(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** What a program prints when it is asked for its version, cut to the version; null where it fails. */
export async function versionOf(
  command: string | null,
  args: readonly string[] = ["--version"],
  pattern: RegExp = /(\d+(?:\.\d+)+)/,
): Promise<string | null> {
  if (command === null) return null;
  try {
    const { stdout, stderr } = await runProgram(command, args, { limit: START_LIMIT });
    return pattern.exec(`${stdout}\n${stderr}`)?.[1] ?? null;
  } catch {
    return null;
  }
}

/** The version of the Debian package that brought a program which can't say its own. */
export async function debianVersion(name: string): Promise<string | null> {
  const query = findProgram("dpkg-query");
  return versionOf(query, ["--showformat=${Version}", "--show", name]);
}

/** An object that JSON holds, its members unknown; throws where it is not one. */
export function objectOf(value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null) throw new TypeError("an object was expected");
  return value as Readonly<Record<string, unknown>>; // an object, as was just checked
}

function startGroup(
  command: string,
  args: readonly string[],
  options: ProcessOptions,
): ChildProcess {
  const child = spawn(command, args, {
    cwd: options.cwd,
    env: options.env ?? process.env,
    stdio: ["ignore", "pipe", "pipe"],
    detached: true, // the leader of a new group
  });
  running.add(child);
  watchOurEnd();
  return child;
}

function collect(child: ChildProcess): {
  finished(): Finished;
  tail(): string;
  whenTooLong(tell: () => void): void;
} {
  let stdout = "";
  let stderr = "";
  let tell = (): void => undefined;
  child.stdout?.setEncoding("utf8").on("data", (text: string) => {
    if (stdout.length <= OUTPUT_LIMIT) stdout += text;
    else tell();
  });
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    stderr = (stderr + text).slice(-OUTPUT_LIMIT);
  });
  return {
    finished: () => ({ stdout, stderr }),
    tail() {
      const text = `${stdout.slice(-2_000)}\n${stderr.slice(-2_000)}`.trim();
      return text === "" ? "" : `:\n${text}`;
    },
    whenTooLong(listener) {
      tell = listener;
    },
  };
}

/** Ends a process and all that it started. */
export function endGroup(child: ChildProcess): void {
  signalGroup(child, "SIGKILL");
}

function signalGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return; // it never started
  try {
    process.kill(-child.pid, signal);
  } catch {
    // The whole group is gone already.
  }
}

let watching = false;

/** A group of its own doesn't hear the terminal's Ctrl-C, so we pass our own end on. */
function watchOurEnd(): void {
  if (watching) return;
  watching = true;
  process.on("exit", () => {
    running.forEach(endGroup);
    // No event comes any more; till they are really gone, they would write into the folders.
    if (running.size > 0) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 300);
    folders.forEach(removeFolder);
  });
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const)
    process.once(signal, () => process.exit(128 + system.signals[signal]));
}
