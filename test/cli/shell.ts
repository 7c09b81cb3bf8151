// A shell that finds the built command line as dpop-core.
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { chmod, mkdir, writeFile } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { onTestFinished } from "vitest";
import { buildCommandLine, buildPackage } from "../support/build.js";

export interface Finished {
  readonly exit: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Shell {
  /** Runs lines of a shell in a folder. */
  run(lines: string, cwd: string, env?: NodeJS.ProcessEnv): Promise<Finished>;
  /** Starts a command whose standard input stays open; it ends with the test at the latest. */
  start(args: readonly string[], cwd: string): ChildProcess;
  /** Starts serve, and waits until it listens; it ends with the test at the latest. */
  serve(args: readonly string[], cwd: string): Promise<Serving>;
  remove(): Promise<void>;
}

export interface Serving {
  readonly process: ChildProcess;
  /** What it wrote first. */
  readonly stdout: string;
}

/** Builds the package with its command line. */
export async function openShell(): Promise<Shell> {
  const built = await buildPackage();
  await buildCommandLine(built.dist);
  const programs = join(built.app, "programs");
  await mkdir(programs);
  const program = join(programs, "dpop-core");
  const target = join(built.dist, "cli.js");
  await writeFile(program, `#!/bin/sh\nexec "${process.execPath}" "${target}" "$@"\n`);
  await chmod(program, 0o755);
  const path = `${programs}${delimiter}${process.env["PATH"]}`;
  const environment = { PATH: path, HOME: built.app };
  const start = (args: readonly string[], cwd: string): ChildProcess => {
    const child = spawn(program, args, { cwd, env: environment });
    onTestFinished(() => void child.kill("SIGKILL"));
    return child;
  };
  return {
    start,
    run: (lines, cwd, env = {}) => runLines(lines, { cwd, env: { ...environment, ...env } }),
    serve: (args, cwd) => serving(start(["serve", ...args], cwd)),
    remove: () => built.remove(),
  };
}

interface Place {
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
}

function runLines(lines: string, place: Place): Promise<Finished> {
  return new Promise((resolve) => {
    const options = { ...place, timeout: 30_000 };
    execFile("sh", ["-c", lines], options, (error, stdout, stderr) => {
      const exit = error === null ? 0 : typeof error.code === "number" ? error.code : null;
      resolve({ exit, stdout, stderr });
    });
  });
}

async function serving(child: ChildProcess): Promise<Serving> {
  const stdout = await new Promise<string>((resolve, reject) => {
    let text = "";
    child.stdout?.on("data", (chunk) => {
      text += String(chunk);
      if (text.includes("Ctrl-C") || text.endsWith("}\n")) resolve(text);
    });
    child.once("exit", (code) => reject(new Error(`serve ended with ${code}`)));
  });
  child.stderr?.resume();
  return { process: child, stdout };
}
