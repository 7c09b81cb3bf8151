// Verdicts to a table for the terminal: each peer, and below it its flows.
import { failedOf, passedOf, type Verdict } from "./verdict.js";

export function tableOf(verdicts: readonly Verdict[]): string {
  return aligned([["", "passed", "failed", "s"], ...verdicts.flatMap(rowsOf)]);
}

function rowsOf(verdict: Verdict): readonly (readonly string[])[] {
  const { name, missing, flows, seconds } = verdict;
  if (missing !== undefined) return [[`${name}: MISSING: ${missing}`, "-", "-", ""]];
  return [
    [name, String(passedOf(verdict)), String(failedOf(verdict)), seconds.toFixed(0)],
    ...flows.map(({ title, passed, failed }) => [`  ${title}`, String(passed), String(failed), ""]),
  ];
}

/** The first column to the left, the numbers to the right. */
function aligned(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, at) =>
    Math.max(...rows.map((row) => (row[at] ?? "").length)),
  );
  const line = (row: readonly string[]): string =>
    widths
      .map((width, at) =>
        at === 0 ? (row[at] ?? "").padEnd(width) : (row[at] ?? "").padStart(width),
      )
      .join("  ")
      .trimEnd();
  return rows.map(line).join("\n");
}
