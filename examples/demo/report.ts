// The comparison of what had to come with what came, and the table of it.
import type { Answer, Chapters, Situation } from "./situations.js";

export interface Row extends Situation {
  readonly chapter: string;
  /** Undefined where the run never got there. */
  readonly got: Answer | undefined;
  readonly behaved: boolean;
}

export interface Report {
  readonly rows: readonly Row[];
  /** How many rows answered as they must. */
  readonly behaved: number;
  readonly total: number;
}

/** Every situation counts: one that was never tried did not behave. */
export function compare(answers: ReadonlyMap<string, Answer>, chapters: Chapters): Report {
  const rows = Object.entries(chapters).flatMap(([chapter, situations]) =>
    Object.entries(situations).map(([name, { at, tried, must }]): Row => {
      const got = answers.get(name);
      return { chapter, at, tried, must, got, behaved: got !== undefined && same(got, must) };
    }),
  );
  const behaved = rows.filter((row) => row.behaved).length;
  return { rows, behaved, total: rows.length };
}

export function exitCode({ behaved, total }: Report): 0 | 1 {
  return total > 0 && behaved === total ? 0 : 1;
}

const WIDTHS = [3, 51, 22, 29, 0]; // characters

export function render({ rows, behaved, total }: Report): string {
  const lines = [line("at", "what was tried", "answer", "failure code, key", "as it must?")];
  let chapter = "";
  for (const row of rows) {
    if (row.chapter !== chapter) lines.push("", (chapter = row.chapter));
    const { at, tried, must, got } = row;
    const verdict = row.behaved ? "yes" : `NO, must be ${words(must)} ${must.detail ?? ""}`;
    lines.push(
      line(at, tried, got === undefined ? "none" : words(got), got?.detail ?? "-", verdict),
    );
  }
  return [...lines, "", `demo: ${behaved}/${total}`].join("\n");
}

function line(...cells: readonly string[]): string {
  return cells
    .map((cell, i) => cell.padEnd(WIDTHS[i] ?? 0))
    .join(" ")
    .trimEnd();
}

function words({ status, error }: Answer): string {
  return error === null ? `${status}` : `${status} ${error}`;
}

function same(a: Answer, b: Answer): boolean {
  return a.status === b.status && a.error === b.error && a.detail === b.detail;
}
