// The pages: README.md and docs/. Each block of TypeScript in them is a file of examples/, and tables between marks
// are made from the code; written() says what a page must hold.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { FAILURES } from "dpop-core";
import { format } from "prettier";
import { ROOT } from "../support/build.js";

/** From the root. */
export const PAGES: readonly string[] = [
  "README.md",
  "CHANGELOG.md",
  "SECURITY.md",
  ...readdirSync(join(ROOT, "docs"))
    .filter((name) => name.endsWith(".md"))
    .map((name) => `docs/${name}`)
    .toSorted(),
];

export function readText(file: string): string {
  return readFileSync(join(ROOT, file), "utf8");
}

/** The name of a file, then its text. */
const BLOCK = /<!-- (examples\/[\w/-]+\.ts) -->\n\n```ts\n[\s\S]*?\n```\n/g;

/** The files of examples/ whose text a page shows, in its order. */
export function examplesOf(page: string): readonly string[] {
  return [...page.matchAll(BLOCK)].map(([, file = ""]) => file);
}

/** A page with its code as the examples are now, and its tables as the code is now. */
export async function written(page: string): Promise<string> {
  const withCode = page.replaceAll(
    BLOCK,
    (_, file: string) => `<!-- ${file} -->\n\n\`\`\`ts\n${readText(file)}\`\`\`\n`,
  );
  return withPart(withCode, "failures", await failuresTable());
}

/** The text with what is between the two marks of a part replaced, where it has these marks. */
function withPart(text: string, name: string, part: string): string {
  const [start, end] = [`<!-- ${name} -->`, `<!-- /${name} -->`];
  const from = text.indexOf(start);
  const to = text.indexOf(end);
  if (from === -1 || to < from) return text;
  return `${text.slice(0, from + start.length)}\n\n${part}\n${text.slice(to)}`;
}

interface Answer {
  readonly status: number;
  readonly error: string | null;
}

/** What each place answers to each code. */
async function failuresTable(): Promise<string> {
  const rows = Object.entries(FAILURES).map(([code, { item, resource, token, pushed }]) =>
    [`\`${code}\``, item, ...[resource, token, pushed].map(answerText)].join(" | "),
  );
  const head = "code | 4.3 item | resource | token | pushed request";
  const lines = [head, "--- | --- | --- | --- | ---", ...rows].map((row) => `| ${row} |`);
  return format(lines.join("\n"), { parser: "markdown", printWidth: 100 });
}

/** null where a code can't come from a place. */
function answerText(answer: Answer | null): string {
  return answer === null ? "–" : `${answer.status} ${answer.error ?? ""}`.trim();
}
