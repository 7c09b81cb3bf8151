// What a command is: its options and examples as data, for the parser and the help, and a function.
import { type ParseArgsConfig, parseArgs } from "node:util";
import { type ExitCode, type Fault, mistake } from "./fault.js";
import type { Io } from "./io.js";

/** One option. */
export interface Option {
  readonly type: "string" | "boolean";
  /** One letter. */
  readonly short?: string;
  /** True where it may be given several times. */
  readonly multiple?: true;
  /** What its value is, for the help: FILE. */
  readonly value?: string;
  readonly help: string;
}

type Options = Readonly<Record<string, Option>>;

/** The value of each option; undefined or an empty list where it was not given. */
export type Values<O extends Options> = {
  readonly [Name in keyof O]: O[Name]["type"] extends "boolean"
    ? boolean
    : O[Name] extends { readonly multiple: true }
      ? readonly string[]
      : string | undefined;
};

/** What a command line says. */
export interface Given<O extends Options> {
  readonly options: Values<O & typeof COMMON>;
  readonly positionals: readonly string[];
}

/** An example of the help. A test runs it. */
export interface Example {
  readonly command: string;
  readonly says: string;
}

interface Definition<O extends Options> {
  readonly name: string;
  /** One line. */
  readonly summary: string;
  /** What the command takes before its options: "METHOD URL", in brackets where it may be left out. */
  readonly positionals: string;
  /** Further paragraphs of the help. */
  readonly notes: readonly string[];
  readonly options: O;
  readonly examples: readonly Example[];
  run(io: Io, given: Given<O>): Promise<ExitCode>;
}

/** A command, as the program calls it. */
export interface Command extends Omit<Definition<Options>, "run"> {
  /** Throws a Fault for a command line that says something else. */
  run(io: Io, args: readonly string[]): Promise<ExitCode>;
}

/** Options that every command has. */
export const COMMON = {
  json: { type: "boolean", help: "Print JSON, also of what goes wrong" },
  help: { type: "boolean", short: "h", help: "Print this help" },
} as const satisfies Options;

/** Makes a command of its options and its function, which gets them parsed. */
export function defineCommand<const O extends Options>(definition: Definition<O>): Command {
  const { options, ...rest } = definition;
  return {
    ...rest,
    options,
    run: (io, args) =>
      definition.run(io, parse(definition.name, definition.positionals, options, args)),
  };
}

function parse<O extends Options>(
  name: string,
  positionals: string,
  options: O,
  args: readonly string[],
): Given<O> {
  const known: Options = { ...options, ...COMMON };
  const config: NonNullable<ParseArgsConfig["options"]> = {};
  for (const [option, { type, short, multiple }] of Object.entries(known)) {
    config[option] = {
      type,
      ...(short === undefined ? {} : { short }),
      multiple: multiple === true,
    };
  }
  const { tokens } = parseArgs({
    args: [...args],
    options: config,
    allowPositionals: true,
    strict: false, // its own errors repeat what was given, which may be a token
    tokens: true,
  });
  const values: Record<string, boolean | string | string[] | undefined> = {};
  for (const [option, { type, multiple }] of Object.entries(known)) {
    values[option] = type === "boolean" ? false : multiple === true ? [] : undefined;
  }
  const found: string[] = [];
  for (const token of tokens) {
    if (token.kind === "positional") found.push(token.value);
    if (token.kind !== "option") continue;
    const option = Object.hasOwn(known, token.name) ? known[token.name] : undefined;
    if (option === undefined) throw unknownOption(name, token.name, Object.keys(known));
    const before = values[token.name];
    if (option.type === "boolean") {
      if (token.value !== undefined) throw mistake(`--${token.name} takes no value`, helpOf(name));
      values[token.name] = true;
    } else if (token.value === undefined || (!token.inlineValue && isOption(token.value))) {
      throw mistake(`--${token.name} needs a value: ${option.value ?? "VALUE"}`, helpOf(name));
    } else if (Array.isArray(before)) {
      before.push(token.value);
    } else if (before !== undefined) {
      throw mistake(`--${token.name} is given twice`, "Give it once");
    } else {
      values[token.name] = token.value;
    }
  }
  checkCount(name, positionals, found.length);
  return { options: values as Values<O & typeof COMMON>, positionals: found }; // by the type of each, as was just assigned
}

/** A value that begins with a dash was meant as the next option; "-" itself is standard input. */
function isOption(value: string): boolean {
  return value.length > 1 && value.startsWith("-");
}

function checkCount(name: string, positionals: string, count: number): void {
  const names = positionals === "" ? [] : positionals.split(" ");
  const least = names.filter((one) => !one.startsWith("[")).length;
  if (count >= least && count <= names.length) return;
  const due = names.length === 0 ? "no values" : positionals;
  throw mistake(
    `${name} takes ${due}, and got ${count} ${count === 1 ? "value" : "values"}`,
    helpOf(name),
  );
}

function helpOf(name: string): string {
  return `dpop-core ${name} --help shows how`;
}

/** Options that would hold a secret, and what to use. */
const SECRETS: ReadonlyMap<string, string> = new Map([
  ["token", "--token-file FILE, or the variable DPOP_TOKEN"],
  ["access-token", "--token-file FILE, or the variable DPOP_TOKEN"],
  ["private-key", "--key FILE, or the variable DPOP_KEY"],
  ["jwk", "--key FILE, or the variable DPOP_KEY"],
  ["client-secret", "--client-secret-file FILE, or the variable DPOP_CLIENT_SECRET"],
  ["secret", "--client-secret-file FILE, or the variable DPOP_CLIENT_SECRET"],
  ["refresh-token", "--param-file refresh_token=FILE"],
  ["code", "--param-file code=FILE"],
  ["password", "--param-file password=FILE"],
]);

/** The value of the option is never repeated, and its name only where it can be nothing else. */
function unknownOption(name: string, option: string, known: readonly string[]): Fault {
  const instead = SECRETS.get(option);
  if (instead !== undefined) {
    return mistake(
      `${name} takes no secret as an argument: other users of the machine see arguments`,
      `Use ${instead}`,
    );
  }
  const near = known.find((one) => isNear(one, option));
  if (near !== undefined) return mistake(`${name} has no such option: --${near}?`, helpOf(name));
  const shown = /^[a-z][a-z-]{0,30}$/i.test(option)
    ? ` ${option.length === 1 ? "-" : "--"}${option}`
    : "";
  return mistake(`${name} has no option${shown}`, helpOf(name));
}

/** Returns true for a slip: one word begins with the other, or one letter is too many, missing, wrong or swapped. */
export function isNear(one: string, other: string): boolean {
  if (other.length >= 3 && (one.startsWith(other) || one.split("-").includes(other))) return true;
  let start = 0;
  while (start < one.length && one[start] === other[start]) start++;
  const [a, b] = [one.slice(start), other.slice(start)];
  if (other.length < 3) return false;
  const isSwap = a.length > 1 && a[0] === b[1] && a[1] === b[0] && a.slice(2) === b.slice(2);
  return isSwap || a.slice(1) === b || a === b.slice(1) || a.slice(1) === b.slice(1);
}
