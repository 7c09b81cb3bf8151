// The pages: README.md and docs/. Each block of TypeScript or shell in them is a file of examples/, and tables between marks
// are made from the code; written() says what a page must hold.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { FAILURES } from "dpop-core";
import { format } from "prettier";
import results from "../../bench/results/node20.json" with { type: "json" };
import { EXIT_CODES } from "../../src/cli/base/help.js";
import { COMMANDS } from "../../src/cli/program.js";
import { ROOT } from "../support/build.js";

/** From the root. */
export const PAGES: readonly string[] = [
  "README.md",
  "CHANGELOG.md",
  "SECURITY.md",
  ...readdirSync(join(ROOT, "docs"))
    .filter((name) => name.endsWith(".md"))
    .map((name) => `docs/${name}`)
    .toSorted(),
];

export function readText(file: string): string {
  return readFileSync(join(ROOT, file), "utf8");
}

/** The name of a file, then its text. */
const BLOCK = /<!-- (examples\/[\w/-]+\.(ts|sh)) -->\n\n```\2\n[\s\S]*?\n```\n/g;

/** The files of examples/ whose text a page shows, in its order. */
export function examplesOf(page: string): readonly string[] {
  return [...page.matchAll(BLOCK)].map(([, file = ""]) => file);
}

/** A page with its code as the examples are now, and its tables as the code is now. */
export async function written(page: string): Promise<string> {
  const withCode = page.replaceAll(
    BLOCK,
    (_, file: string, kind: string) =>
      `<!-- ${file} -->\n\n\`\`\`${kind}\n${readText(file)}\`\`\`\n`,
  );
  const withFailures = withPart(withCode, "failures", await failuresTable());
  const withSpeed = withPart(withFailures, "speed", await speedTable());
  const withCommands = withPart(withSpeed, "commands", await commandsTable());
  return withPart(withCommands, "exit codes", await exitCodesTable());
}

/** The text with what is between the two marks of a part replaced, where it has these marks. */
function withPart(text: string, name: string, part: string): string {
  const [start, end] = [`<!-- ${name} -->`, `<!-- /${name} -->`];
  const from = text.indexOf(start);
  const to = text.indexOf(end);
  if (from === -1 || to < from) return text;
  return `${text.slice(0, from + start.length)}\n\n${part}\n${text.slice(to)}`;
}

interface Answer {
  readonly status: number;
  readonly error: string | null;
}

/** What each place answers to each code. */
async function failuresTable(): Promise<string> {
  const rows = Object.entries(FAILURES).map(([code, { item, resource, token, pushed }]) =>
    [`\`${code}\``, item, ...[resource, token, pushed].map(answerText)].join(" | "),
  );
  const head = "code | 4.3 item | resource | token | pushed request";
  const lines = [head, "--- | --- | --- | --- | ---", ...rows].map((row) => `| ${row} |`);
  return format(lines.join("\n"), { parser: "markdown", printWidth: 100 });
}

async function commandsTable(): Promise<string> {
  const rows = COMMANDS.map(({ name, positionals, summary }) => {
    return `| \`${`${name} ${positionals}`.trim()}\` | ${summary} |`;
  });
  const lines = ["| command | |", "| --- | --- |", ...rows];
  return format(lines.join("\n"), { parser: "markdown", printWidth: 100 });
}

async function exitCodesTable(): Promise<string> {
  const rows = EXIT_CODES.map(([code, meaning]) => `| ${code} | ${meaning} |`);
  const lines = ["| exit code | |", "| ---: | --- |", ...rows];
  return format(lines.join("\n"), { parser: "markdown", printWidth: 100 });
}

/** As they are shown, and as the results of the benches call them. */
const SPEEDS: readonly (readonly [string, string])[] = [
  ["`wasm`, a known key", "wasm, hot"],
  ["`fast`, a known key", "fast, hot"],
  ["`nodeCrypto`, a known key", "node-crypto, hot"],
  ["`webcrypto`, a known key", "webcrypto, hot"],
  ["jose, key kept", "jose, key kept"],
  ["`webcrypto`, a new key", "webcrypto, cold"],
  ["`nodeCrypto`, a new key", "node-crypto, cold"],
  ["`fast`, a new key", "fast, cold"],
  ["`noble`, a known key", "noble, hot"],
  ["`noble`, a new key", "noble, cold"],
];

/** How many times as fast as jose a whole proof is. */
async function speedTable(): Promise<string> {
  const rows = SPEEDS.map(([shown, name]) =>
    [
      shown,
      ...["ES256 proof", "EdDSA proof"].map((contest) => digits(timesAsFast(contest, name))),
    ].join(" | "),
  );
  const head = "whole proof, times as fast as jose | ES256 | EdDSA";
  const lines = [head, "--- | ---: | ---:", ...rows].map((row) => `| ${row} |`);
  return format(lines.join("\n"), { parser: "markdown", printWidth: 100 });
}

/** Of a row of a contest in the last run on Node 20. */
export function timesAsFast(contest: string, name: string): number {
  const contests: Readonly<Record<string, Readonly<Record<string, readonly number[]>>>> =
    results.contests;
  const ratio = contests[contest]?.[name]?.[1];
  if (ratio === undefined) throw new Error(`the results have no row ${name} of ${contest}`);
  return ratio;
}

/** Two that say something. */
function digits(ratio: number): string {
  return String(Number(ratio.toPrecision(2)));
}

/** null where a code can't come from a place. */
function answerText(answer: Answer | null): string {
  return answer === null ? "–" : `${answer.status} ${answer.error ?? ""}`.trim();
}
