// Results: what is kept of a run, one file for each engine, checked in.
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { ContestResult } from "./engine/contest.js";
import type { Engine } from "./engine/job.js";
import { type Findings, microseconds, spread, timesAsFast } from "./findings.js";
import type { Judgement } from "./targets.js";

export interface Row {
  readonly name: string;
  readonly microseconds: number;
  /** Half the distance between the quartiles of the rounds, as a share. */
  readonly spread: number;
  /** Against the first row. */
  readonly timesAsFast: number;
}

export interface Table {
  readonly name: string;
  readonly rows: readonly Row[];
  readonly missing: readonly string[];
}

export interface Results {
  /** As in the name of the file. */
  readonly id: string;
  readonly engine: Engine;
  readonly date: string;
  /** Of the sources, with "-dirty" where they were changed since; null where git can't say. */
  readonly commit: string | null;
  /** Whether the processes were kept on one core. */
  readonly pinned: boolean;
  readonly targets: readonly Judgement[];
  readonly contests: readonly Table[];
  readonly tables: Findings["tables"];
  readonly keys: readonly {
    readonly keys: number;
    readonly spread: string;
    readonly table: Table;
  }[];
  readonly sizes: readonly { readonly characters: number; readonly table: Table }[];
  readonly replay: readonly {
    readonly live: number;
    readonly table: Table;
    readonly bytesPerEntry: Findings["replay"][number]["bytesPerEntry"];
  }[];
}

const FOLDER = fileURLToPath(new URL("results/", import.meta.url));

export function resultsOf(
  findings: Findings,
  run: Pick<Results, "id" | "date" | "commit" | "pinned" | "targets">,
): Results {
  const { engine, contests, tables, keys, sizes, replay } = findings;
  return {
    ...run,
    engine,
    contests: contests.map(tableOf),
    tables,
    keys: keys.map((point) => ({
      keys: point.keys,
      spread: point.spread,
      table: tableOf(point.result),
    })),
    sizes: sizes.map(({ characters, result }) => ({ characters, table: tableOf(result) })),
    replay: replay.map(({ live, result, bytesPerEntry }) => ({
      live,
      table: tableOf(result),
      bytesPerEntry,
    })),
  };
}

function tableOf(result: ContestResult): Table {
  const base = result.scores[0]?.name ?? "";
  const rows = result.scores.map(({ name }) => ({
    name,
    microseconds: microseconds(result, name) ?? NaN,
    spread: spread(result, name),
    timesAsFast: timesAsFast(result, name, base) ?? NaN,
  }));
  return { name: result.contest, rows, missing: result.missing.map(({ name }) => name) };
}

export function writeResults(results: Results): void {
  const text = JSON.stringify(results, (_, value) => rounded(value), 2);
  mkdirSync(FOLDER, { recursive: true });
  writeFileSync(`${FOLDER}${results.id}.json`, `${text}\n`);
}

function rounded(value: unknown): unknown {
  return typeof value === "number" && !Number.isInteger(value)
    ? Number(value.toPrecision(4))
    : value;
}

/** All that are kept. */
export function readResults(): readonly Results[] {
  mkdirSync(FOLDER, { recursive: true });
  const files = readdirSync(FOLDER).filter((name) => name.endsWith(".json"));
  // Written by this program, and checked in.
  return files.toSorted().map((name) => JSON.parse(readFileSync(FOLDER + name, "utf8")) as Results);
}
