// Reporting: results to tables of text.
import type { AttackResult } from "./cache.bench.js";
import type { CaseResult, GroupResult } from "./measure.js";
import type { MemoryResult } from "./memory.bench.js";

/** Where and when results were measured. */
export interface Setting {
  readonly engine: string;
  readonly version: string;
  readonly cpu: string;
  readonly date: string;
  /** Of the sources, with "-dirty" where they were changed since; null where git can't say. */
  readonly commit: string | null;
  readonly quick: boolean;
}

export function settingText({ engine, version, cpu, date, commit, quick }: Setting): string {
  const lines = [`${engine} ${version}, ${cpu}`, `${date}, commit ${commit ?? "unknown"}`];
  if (quick) lines.push("quick run: too short to compare anything by");
  return lines.join("\n");
}

/** A table: names to the left, figures to the right. */
export function groupText({ name, comparison, cases }: GroupResult): string {
  const rows = [["", "median", "operations/s", "margin"], ...cases.map((one) => figures(one))];
  if (comparison !== undefined) {
    const of = comparison.as === "speed" ? "times as fast as" : "share of";
    rows[0]?.push(`${of} ${short(comparison.with)}`);
    for (const [index, { ratio = NaN }] of cases.entries())
      rows[index + 1]?.push(
        comparison.as === "speed" ? `${ratio.toPrecision(3)}×` : percent(ratio),
      );
  }
  return `${name}\n${aligned(rows)}`;
}

/** Bytes for one entry; what the process takes beside what the cache counts. */
export function memoryText(name: string, results: readonly MemoryResult[]): string {
  const rows = results.map((one) => [
    one.name,
    grouped(one.count),
    grouped(one.counted),
    one.heap === null ? "-" : grouped(one.heap),
    one.process === null ? "-" : grouped(one.process),
  ]);
  return `${name}\n${aligned([["", "entries", "counted", "heap", "process"], ...rows])}`;
}

/** What a proof costs in a verifier that strangers came to, beside one that they did not. */
export function attackText(name: string, results: readonly AttackResult[]): string {
  const rows = results.map((one) => [
    one.name,
    time(one.calmNs),
    time(one.attackedNs),
    percent(one.share),
  ]);
  return `${name}\n${aligned([["", "without", "with", "share"], ...rows])}`;
}

function figures({ name, medianNs, operationsPerSecond, marginPercent }: CaseResult): string[] {
  return [name, time(medianNs), grouped(operationsPerSecond), `±${marginPercent.toFixed(1)} %`];
}

/** The part before a comma says enough above a column. */
function short(name: string): string {
  return name.split(",", 1).join("");
}

function time(nanoseconds: number): string {
  return nanoseconds < 1000
    ? `${nanoseconds.toFixed(nanoseconds < 100 ? 1 : 0)} ns`
    : `${(nanoseconds / 1000).toFixed(nanoseconds < 100_000 ? 2 : 0)} µs`;
}

function percent(share: number): string {
  return `${(share * 100).toFixed(share < 0.1 ? 2 : 1)} %`;
}

function grouped(operations: number): string {
  return Math.round(operations).toLocaleString("en-US");
}

function aligned(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => (row[column] ?? "").length)),
  );
  const lines = rows.map((row) =>
    row.map((cell, column) => pad(cell, widths[column] ?? 0, column === 0)).join("  "),
  );
  return lines.map((line) => `  ${line.trimEnd()}`).join("\n");
}

function pad(cell: string, width: number, left: boolean): string {
  return left ? cell.padEnd(width) : cell.padStart(width);
}
