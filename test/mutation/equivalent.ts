// The mutants that change nothing anyone could see, with the reasons: equivalent.json. An entry is found by what stands
// in the source, not by line numbers, so it lasts until its line is edited.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Mutant } from "./stryker.js";

/** `from` and `to` are what is replaced and by what, as `excerpt` shows them. */
export interface Entry {
  readonly file: string;
  /** The line that the mutant begins in, trimmed. */
  readonly line: string;
  readonly from: string;
  readonly to: string;
  readonly reason: string;
}

const LENGTH = 100;

/** One line of at most 100 characters. */
function excerpt(text: string): string {
  const flat = text.replace(/\s+/g, " ").trim();
  return flat.length <= LENGTH ? flat : `${flat.slice(0, LENGTH - 1)}…`;
}

/** The entry of a mutant, without a reason. */
export function entryOf(
  root: string,
  { file, start, end, replacement }: Mutant,
): Omit<Entry, "reason"> {
  const lines = readFileSync(join(root, file), "utf8").split("\n");
  const covered = lines.slice(start.line - 1, end.line);
  const last = covered.length - 1;
  covered[last] = (covered[last] ?? "").slice(0, end.column - 1);
  covered[0] = (covered[0] ?? "").slice(start.column - 1);
  return {
    file,
    line: (lines[start.line - 1] ?? "").trim(),
    from: excerpt(covered.join("\n")),
    to: excerpt(replacement),
  };
}

export const isSame = (a: Omit<Entry, "reason">, b: Omit<Entry, "reason">): boolean =>
  a.file === b.file && a.line === b.line && a.from === b.from && a.to === b.to;

export function readEntries(root: string): readonly Entry[] {
  const text = readFileSync(join(root, "test/mutation/equivalent.json"), "utf8");
  return JSON.parse(text) as readonly Entry[];
}

/** What is wrong with an entry whatever the tests say: no reason, or its line is gone. */
export function faultOf(root: string, entry: Entry): string | undefined {
  if (entry.reason.trim() === "") return "it has no reason";
  try {
    const lines = readFileSync(join(root, entry.file), "utf8").split("\n");
    return lines.some((line) => line.trim() === entry.line) ? undefined : "no such line";
  } catch {
    return "no such file";
  }
}
