// Results: what is kept of a run, medians only. bench:compare keeps one file for each engine, checked in.
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { ContestResult, Score } from "../engine/contest.js";
import type { Findings } from "../engine/task.js";
import { microseconds, seriesTables, timesAsFast } from "./findings.js";
import type { Run } from "../run/start.js";
import { type Measured, measuredTargets } from "./targets.js";

/** The median of microseconds, and of the rounds' ratios to the first row. */
export type Row = readonly [microseconds: number, timesAsFast: number];

/** Contests that differ in one number, one row for each: microseconds, and bytes where they are counted. */
export interface SeriesResult {
  readonly columns: readonly string[];
  readonly [contest: string]: readonly (number | string | null)[];
}

export interface Results extends Run {
  readonly engine: string;
  readonly cpu: string;
  readonly targets: Measured;
  readonly contests: Readonly<Record<string, Readonly<Record<string, Row>>>>;
  readonly series: Readonly<Record<string, SeriesResult>>;
  /** What is counted rather than timed. */
  readonly bytes: Readonly<Record<string, number>>;
  /** What servers were measured by besides, by contest, row and name; files of before have none. */
  readonly besides?: Readonly<Record<string, Readonly<Record<string, Score["besides"]>>>>;
}

const FOLDER = fileURLToPath(new URL("../results/", import.meta.url));

export function resultsOf(findings: Findings, run: Run): Results {
  const { engine, cpu, contests } = findings;
  const single = contests.filter(({ series }) => series === undefined);
  return {
    ...run,
    engine,
    cpu,
    targets: measuredTargets(findings),
    contests: Object.fromEntries(single.map((result) => [result.name, rowsOf(result)])),
    series: Object.fromEntries(
      seriesTables(findings).map(({ name, columns, rows }) => [
        name,
        { ...Object.fromEntries(rows), columns },
      ]),
    ),
    bytes: Object.fromEntries(single.flatMap(bytesOf)),
    besides: Object.fromEntries(
      single
        .filter(({ scores }) => scores.some(({ besides }) => besides !== undefined))
        .map(({ name, scores }) => [
          name,
          Object.fromEntries(scores.map((score) => [score.name, score.besides])),
        ]),
    ),
  };
}

function rowsOf(result: ContestResult): Readonly<Record<string, Row>> {
  const base = result.scores[0]?.name ?? "";
  const rows = result.scores.map(
    ({ name }) => [name, [microseconds(result, name), timesAsFast(result, name, base)]] as const,
  );
  return Object.fromEntries(rows.filter(([, [median]]) => !Number.isNaN(median)));
}

function bytesOf({ name: contest, scores }: ContestResult): readonly (readonly [string, number])[] {
  return scores.flatMap(({ name, bytes = {} }) =>
    Object.entries(bytes).map(([of, count]) => [`${contest}: ${name}: ${of}`, count] as const),
  );
}

/** JSON with one row a line where it fits, as prettier has it; figures with four digits. */
export function resultsText(results: Results): string {
  const text = JSON.stringify(results, (_, value) => rounded(value), 2);
  const rows = text.replace(/\[\n([^[\]{}]*)\]/g, (all, list: string) => {
    const row = `[${list.trim().replace(/,\n\s*/g, ", ")}]`;
    return row.length > 80 ? all : row;
  });
  return `${rows}\n`;
}

function rounded(value: unknown): unknown {
  return typeof value === "number" && !Number.isInteger(value)
    ? Number(value.toPrecision(4))
    : value;
}

export function writeResults(results: Results): void {
  writeFileSync(`${FOLDER}${results.id}.json`, resultsText(results));
}

/** All that are kept. */
export function readResults(): readonly Results[] {
  const files = readdirSync(FOLDER).filter((name) => name.endsWith(".json"));
  // Written by this program, and checked in.
  return files.toSorted().map((name) => JSON.parse(readFileSync(FOLDER + name, "utf8")) as Results);
}
