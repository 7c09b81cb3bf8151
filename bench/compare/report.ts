// Reporting: findings to tables of text.
import type { ContestResult } from "./engine/contest.js";
import { type Findings, microseconds, spread, timesAsFast } from "./findings.js";
import type { Judgement } from "./targets.js";

/** Every contest, each against its first contestant. */
export function contestsText({ contests }: Findings): string {
  return contests.map(contestText).join("\n\n");
}

function contestText(result: ContestResult): string {
  const base = result.scores[0]?.name ?? "";
  const rows = result.scores.map(({ name }) => [
    name,
    micros(microseconds(result, name)),
    perSecond(microseconds(result, name)),
    `±${percent(spread(result, name))}`,
    times(timesAsFast(result, name, base)),
  ]);
  const missing = result.missing.map(({ name, missing: why }) => [name, why, "", "", ""]);
  const head = ["", "µs", "a second", "spread", `times as fast as ${base}`];
  return `${result.contest}\n${aligned([head, ...rows, ...missing])}`;
}

export function growthText({ keys, sizes, replay }: Findings): string {
  const parts = [
    pointsText(
      "proofs a second, by the keys that take turns",
      keys.map(({ keys: count, spread: how, result }) => [`${count}, ${how}`, result]),
    ),
    pointsText(
      "proofs a second, by the length of the proof",
      sizes.map(({ characters, result }) => [`${characters}`, result]),
    ),
    replayText(replay),
  ];
  return parts.filter((text) => text !== "").join("\n\n");
}

function pointsText(title: string, points: readonly (readonly [string, ContestResult])[]): string {
  if (points.length === 0) return "";
  const names = [...new Set(points.flatMap(([, { scores }]) => scores.map(({ name }) => name)))];
  const rows = points.map(([point, result]) => [
    point,
    ...names.map((name) => perSecond(microseconds(result, name))),
  ]);
  return `${title}\n${aligned([["", ...names], ...rows])}`;
}

function replayText(replay: Findings["replay"]): string {
  if (replay.length === 0) return "";
  const names = replay[0]?.result.scores.map(({ name }) => name) ?? [];
  const head = ["live entries", ...names.flatMap((name) => [`${name}: ns`, "bytes an entry"])];
  const rows = replay.map(({ live, result, bytesPerEntry }) => [
    grouped(live),
    ...names.flatMap((name) => [
      fixed((microseconds(result, name) ?? NaN) * 1000, 0),
      fixed(bytesPerEntry.find((one) => one.name === name)?.bytes ?? NaN, 1),
    ]),
  ]);
  return `replay stores: one new entry at a steady load\n${aligned([head, ...rows])}`;
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

function micros(value = NaN): string {
  return fixed(value, value < 10 ? 2 : 1);
}

function perSecond(value = NaN): string {
  return Number.isNaN(value) ? "-" : grouped(1e6 / value);
}

function times(value = NaN): string {
  return Number.isNaN(value) ? "-" : `${value.toPrecision(3)}×`;
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}

function fixed(value: number, digits: number): string {
  return Number.isNaN(value) ? "-" : value.toFixed(digits);
}

function grouped(value: number): string {
  return Math.round(value).toLocaleString("en-US");
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
