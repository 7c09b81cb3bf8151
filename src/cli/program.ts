// The program: from arguments to a command, and from what it throws to a message and an exit code.
import { createRequire } from "node:module";
import { type Command, isNear } from "./base/command.js";
import { EXIT, type ExitCode, Fault, mistake } from "./base/fault.js";
import { commandHelp, programHelp } from "./base/help.js";
import { type Io, writeLine } from "./base/io.js";
import { paintFor } from "./base/text.js";
import { explain } from "./commands/explain.js";
import { fetchCommand } from "./commands/fetch.js";
import { inspect } from "./commands/inspect.js";
import { keygen } from "./commands/keygen.js";
import { prove } from "./commands/prove.js";
import { serve } from "./commands/serve.js";
import { thumbprint } from "./commands/thumbprint.js";
import { token } from "./commands/token.js";

/** In the order of their use. */
export const COMMANDS: readonly Command[] = [
  keygen,
  token,
  fetchCommand,
  prove,
  explain,
  inspect,
  thumbprint,
  serve,
];

/** Runs the program to its end; the exit code. It never throws. */
export async function run(io: Io, args: readonly string[]): Promise<ExitCode> {
  const [name, ...rest] = args;
  const command = COMMANDS.find((one) => one.name === name);
  try {
    if (command === undefined) return runWithoutCommand(io, name, rest);
    if (asksForHelp(rest)) return print(io, commandHelp(command, paintFor(io, io.stdout)));
    return await command.run(io, rest);
  } catch (error) {
    return tell(io, error, {
      title: command === undefined ? "dpop-core" : `dpop-core ${command.name}`,
      json: hasFlag(rest, "--json"),
    });
  }
}

function runWithoutCommand(io: Io, name: string | undefined, rest: readonly string[]): ExitCode {
  const help = (): readonly string[] => programHelp(COMMANDS, paintFor(io, io.stdout));
  switch (name) {
    case undefined:
      for (const line of programHelp(COMMANDS, paintFor(io, io.stderr))) writeLine(io.stderr, line);
      return EXIT.mistake;
    case "help": {
      const command = COMMANDS.find((one) => one.name === rest[0]);
      return print(
        io,
        command === undefined ? help() : commandHelp(command, paintFor(io, io.stdout)),
      );
    }
    case "--help":
    case "-h":
      return print(io, help());
    case "--version":
    case "-V":
      return print(io, [version()]);
    default: {
      const near = COMMANDS.find((one) => isNear(one.name, name));
      throw mistake(
        `there is no such command${near === undefined ? "" : `: ${near.name}?`}`,
        `The commands are ${COMMANDS.map((one) => one.name).join(", ")}: dpop-core --help`,
      );
    }
  }
}

/** Returns true where a flag stands among the options: before "--", if that is there. */
function hasFlag(args: readonly string[], ...flags: readonly string[]): boolean {
  const end = args.indexOf("--");
  return args.slice(0, end === -1 ? args.length : end).some((arg) => flags.includes(arg));
}

function asksForHelp(args: readonly string[]): boolean {
  return hasFlag(args, "--help", "-h");
}

function print(io: Io, lines: readonly string[]): ExitCode {
  for (const line of lines) writeLine(io.stdout, line);
  return EXIT.ok;
}

function version(): string {
  const manifest: unknown = createRequire(import.meta.url)("dpop-core/package.json");
  const isObject = typeof manifest === "object" && manifest !== null;
  return isObject && "version" in manifest ? String(manifest.version) : "";
}

interface Style {
  readonly title: string;
  readonly json: boolean;
}

function tell(io: Io, error: unknown, { title, json }: Style): ExitCode {
  if (io.signal.aborted) return EXIT.interrupted;
  const fault = error instanceof Fault ? error : internalFault(error);
  const { exit, message, next } = fault;
  if (json) {
    writeLine(io.stderr, JSON.stringify({ error: { exit, message, next } }));
    return exit;
  }
  const paint = paintFor(io, io.stderr);
  writeLine(io.stderr, paint.red(`${title}: ${message}`));
  writeLine(io.stderr, `  ${next}`);
  return exit;
}

/** Its message could hold what must not be shown; its place in our code can't. */
function internalFault(error: unknown): Fault {
  const where =
    error instanceof Error ? (/\n +at [^\n]*/.exec(error.stack ?? "")?.[0] ?? "").trim() : "";
  const name = error instanceof Error ? error.name : typeof error;
  return new Fault(
    EXIT.internal,
    `a fault of dpop-core: ${name} ${where}`,
    "Please report it, with the command but without keys and tokens",
  );
}
