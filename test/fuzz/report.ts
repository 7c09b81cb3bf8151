// The tables of a run, and what a mismatch looks like.
import { type Part, PROOFS } from "./part.js";
import { type Count, type Mismatch, type Tally, total } from "./tally.js";

/** One line for each class, and the totals. */
export function partText(part: Part, tally: Tally): string {
  const rows = part.classes.map((name) => [name, ...numbers(tally.classes[name])]);
  const all = ["total", ...numbers(total(tally))];
  const table = aligned([["class", "count", "accepted", "refused", "mismatches"], ...rows, all]);
  return [
    `== ${part.name}`,
    table,
    listed("asked", tally.asked),
    listed("answers", tally.answers),
  ].join("\n");
}

function numbers(count: Count | undefined): readonly string[] {
  const { count: all, accepted, refused, mismatches } = count ?? NONE;
  return [all, accepted, refused, mismatches].map(String);
}

const NONE: Count = { count: 0, accepted: 0, refused: 0, mismatches: 0 };

function aligned(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, i) => Math.max(...rows.map((row) => row[i]?.length ?? 0)));
  const pad = (cell: string, i: number): string =>
    i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0);
  return rows.map((row) => row.map(pad).join("  ")).join("\n");
}

function listed(title: string, counts: Readonly<Record<string, number>>): string {
  const entries = Object.entries(counts).toSorted(([, a], [, b]) => b - a);
  return `${title}: ${entries.map(([name, count]) => `${name} ${count}`).join(", ")}`;
}

export function mismatchText({ part, name, seed, round, index, answers, input }: Mismatch): string {
  const which = part === PROOFS ? "--count 0" : `--proofs 0 --curve ${part}`;
  const again = `${which} --seed ${seed} --round ${round}`;
  const lines = [`MISMATCH ${part}: ${name}: index ${index} of ${again}`, ...answers];
  const members = Object.entries(input).map(([member, value]) => `${member} = ${value}`);
  return [...lines, ...members].join("\n  ");
}
