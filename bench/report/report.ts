// Reporting: findings to tables of text.
import type { ContestResult } from "../engine/contest.js";
import type { Findings } from "../engine/task.js";
import {
  countOf,
  microseconds,
  type SeriesTable,
  seriesTables,
  spread,
  timesAsFast,
} from "./findings.js";
import type { Results } from "./results.js";
import { judge, type Judgement } from "./targets.js";

/** A table of every contest and of every series. */
export function findingsText(findings: Findings): string {
  const single = findings.contests.filter(({ series }) => series === undefined);
  return [...single.map(contestText), ...seriesTables(findings).map(seriesText)].join("\n\n");
}

function contestText(result: ContestResult): string {
  const { scores, comparison = "speed" } = result;
  const base = scores[0]?.name ?? "";
  const isTimed = scores.some(({ rounds }) => rounds.length > 0);
  const counts = [...new Set(scores.flatMap(({ bytes = {} }) => Object.keys(bytes)))];
  const compared = { speed: [`times as fast as ${base}`], share: [`share of ${base}`], none: [] };
  const figuresOf = (name: string): readonly string[] => {
    if (!isTimed) return [];
    const ratio = timesAsFast(result, name, base);
    const [median, margin] = [microseconds(result, name), percent(spread(result, name))];
    const figures = [time(median), grouped(1e6 / median), `±${margin}`];
    if (comparison === "none") return figures;
    return [...figures, comparison === "speed" ? times(ratio) : percent(1 / ratio)];
  };
  const head = isTimed ? ["median", "a second", "spread", ...compared[comparison]] : [];
  const bytesOf = (name: string) => counts.map((of) => grouped(countOf(result, name, of)));
  const more = Object.keys(scores[0]?.besides ?? {});
  const rows = scores.map(({ name, besides = {} }) => {
    const others = more.map((of) => figureBesides(besides[of] ?? NaN));
    return [name].concat(figuresOf(name), bytesOf(name), others);
  });
  return `${result.name}\n${aligned([["", ...head, ...counts, ...more], ...rows])}`;
}

function seriesText({ name, columns, timed, rows }: SeriesTable): string {
  const lines = rows.map(([contest, figures]) => [
    contest,
    ...figures.map((value, column) => (column < timed ? time(value) : fixed(value, 1))),
  ]);
  return `${name}\n${aligned([["", ...columns], ...lines])}`;
}

/** The targets of results that are kept. */
export function keptTargetsText({ id, engine, targets }: Results): string {
  return `${engine} (${id})\n${judgementsText(judge(targets, id))}`;
}

export function judgementsText(judgements: readonly Judgement[]): string {
  const rows = judgements.map(({ id, what, unit, measured, must, stretch, verdict }) => [
    id,
    what,
    ...[measured, must, stretch].map((value) => (value === null ? "-" : figure(value, unit))),
    verdict === "missed" ? "MISSED" : verdict,
  ]);
  return `targets\n${aligned([["", "", "measured", "must", "stretch", ""], ...rows], 2)}`;
}

function figure(value: number, unit: Judgement["unit"]): string {
  switch (unit) {
    case "times":
      return times(value);
    case "share":
      return percent(value);
    case "bytes":
      return `${value < 1000 ? value.toFixed(1) : grouped(value)} B`;
  }
}

function time(microsecond: number): string {
  const [value, unit] = microsecond < 1 ? [1000 * microsecond, "ns"] : [microsecond, "µs"];
  return Number.isNaN(value) ? "-" : `${value.toFixed(value < 10 ? 2 : 1)} ${unit}`;
}

const figureBesides = (value: number): string =>
  value < 1000 ? fixed(value, value < 10 ? 2 : 1) : grouped(value);

function times(value: number): string {
  return Number.isNaN(value) ? "-" : `${value.toPrecision(3)}×`;
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}

function fixed(value: number, digits: number): string {
  return Number.isNaN(value) ? "-" : value.toFixed(digits);
}

function grouped(value: number): string {
  return Number.isNaN(value) ? "-" : Math.round(value).toLocaleString("en-US");
}

/** The first columns to the left, figures to the right. */
function aligned(rows: readonly (readonly string[])[], left = 1): string {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => (row[column] ?? "").length)),
  );
  const lines = rows.map((row) =>
    row.map((cell, column) => {
      const width = widths[column] ?? 0;
      return column < left ? cell.padEnd(width) : cell.padStart(width);
    }),
  );
  return lines.map((cells) => `  ${cells.join("  ").trimEnd()}`).join("\n");
}
