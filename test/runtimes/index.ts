// npm run test:runtimes: builds dpop-core and its suite, runs it in every engine that is asked for,
// and prints what passed where. See README.md.
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { badge } from "../support/badge.js";
import { buildAll } from "./build.js";
import type { Engine } from "./engine.js";
import { engines as bun } from "./engines/bun.js";
import { engines as chromium } from "./engines/chromium.js";
import { engines as deno } from "./engines/deno.js";
import { engines as edge } from "./engines/edge.js";
import { engines as firefox } from "./engines/firefox.js";
import { engines as gjs } from "./engines/gjs.js";
import { engines as hermes } from "./engines/hermes.js";
import { engines as jsc } from "./engines/jsc.js";
import { engines as node } from "./engines/node.js";
import { START_LIMIT, within } from "../support/process.js";
import { RUN_LIMIT } from "./engines/places.js";
import { engines as quickjs } from "./engines/quickjs.js";
import { engines as webkit } from "./engines/webkit.js";
import { engines as workerd } from "./engines/workerd.js";
import { install } from "./install.js";
import { crashed, judge, missing, type Verdict } from "./judge.js";
import { countsTable, timesTable } from "./tables.js";

const ENGINES: readonly Engine[] = [
  ...node,
  ...bun,
  ...deno,
  ...workerd,
  ...edge,
  ...chromium,
  ...firefox,
  ...webkit,
  ...jsc,
  ...gjs,
  ...quickjs,
  ...hermes,
];

const PAGE = fileURLToPath(new URL("../../docs/backends.md", import.meta.url));
const BADGE = fileURLToPath(new URL("badge.svg", import.meta.url));
const MARKS = ["<!-- runtimes -->", "<!-- /runtimes -->"] as const;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    all: { type: "boolean", default: false },
    write: { type: "boolean", default: false },
  },
});

async function main(): Promise<void> {
  const chosen = choose();
  // Before anything is run: what can't be done afterwards.
  if (values.write) readMarked();
  await install(chosen);
  await buildAll();
  const verdicts: Verdict[] = [];
  for (const engine of chosen) {
    const start = Date.now();
    const verdict = await runIn(engine);
    verdicts.push(verdict);
    tell(verdict, Date.now() - start);
  }
  const passed = sum(verdicts.map((verdict) => verdict.passed));
  const failed = sum(verdicts.map((verdict) => verdict.failed));
  const text = reportText(verdicts, passed, failed);
  console.log(`\n${text}\n`);
  if (values.write && failed === 0) {
    write(text);
    const engines = verdicts.length;
    writeFileSync(BADGE, badge("runtimes", `${engines}, ${passed} passed`));
  }
  if (values.write && failed > 0)
    console.log("docs/backends.md is left as it is, since something failed");
  console.log(`test:runtimes: ${passed} passed, ${failed} failed`);
  if (failed > 0 || passed === 0) process.exitCode = 1;
}

function choose(): readonly Engine[] {
  const { all, write: isWriting } = values;
  if (all && positionals.length > 0) throw new RangeError("--all is all: name none besides");
  if (isWriting && !all) throw new RangeError("--write is for the whole table: with --all");
  const ids = ENGINES.map(({ id }) => id);
  const unknown = positionals.filter((name) => !ids.includes(name));
  if (unknown.length > 0)
    throw new RangeError(`no runtime ${unknown.join(", ")}; there are ${ids.join(", ")}`);
  return positionals.length === 0 ? ENGINES : ENGINES.filter(({ id }) => positionals.includes(id));
}

async function runIn(engine: Engine): Promise<Verdict> {
  const version = await engine.find();
  if (version === null) return missing(engine, values.all || positionals.length > 0);
  // Each engine has limits of its own; this is for one that forgot.
  const limit = RUN_LIMIT * 2 + START_LIMIT * 4;
  try {
    return judge(engine, version, await within(limit, engine.name, engine.run()));
  } catch (error) {
    return crashed(engine, version, error instanceof Error ? error.message : String(error));
  }
}

function tell({ engine, version, passed, failed, faults }: Verdict, duration: number): void {
  const seconds = (duration / 1_000).toFixed(1);
  const name = `${engine.id} (${engine.name} ${version ?? "missing"})`;
  console.log(`${name}: ${passed} passed, ${failed} failed, ${seconds} s`);
  for (const fault of faults) console.log(`  ${fault.replaceAll("\n", "\n  ")}`);
}

function reportText(verdicts: readonly Verdict[], passed: number, failed: number): string {
  const there = verdicts.filter(({ version }) => version !== null).length;
  return `${there} runtimes, ${passed} assertions passed, ${failed} failed.

${countsTable(verdicts)}

Milliseconds of the first verification of an ES256 proof in a fresh process, and of one when both code
and key are warm; no times where an engine stops its clock:

${timesTable(verdicts)}`;
}

/** The page around the text between the marks. */
function readMarked(): readonly [string, string] {
  const text = existsSync(PAGE) ? readFileSync(PAGE, "utf8") : "";
  const [before, rest, ...more] = text.split(MARKS[0]);
  const [, after, ...others] = (rest ?? "").split(MARKS[1]);
  if (before === undefined || after === undefined || more.length + others.length > 0)
    throw new Error(`docs/backends.md must have ${MARKS.join(" and then ")}, once each`);
  return [before, after];
}

function write(text: string): void {
  const [before, after] = readMarked();
  writeFileSync(PAGE, `${before}${MARKS[0]}\n\n${text}\n\n${MARKS[1]}${after}`);
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

await main();
// A driver may have left a timer or a socket behind; all processes have ended.
process.exit();
