// The ten lines on English of docs/design.md, as far as a list of words can hold them: over the pages, the comments of
// src, examples, bench and test, and the titles of the tests.
import { readdirSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";
import { describe, expect, test } from "vitest";
import { PAGES, readText } from "./docs/pages.js";
import { ROOT } from "./support/build.js";

/** What to write instead stands beside it. */
const BANNED: readonly (readonly [RegExp, string])[] = [
  [/(?<!\b(?:came|comes|leaves?|left|let) )\balone\b/i, "only"],
  [/\bis none\b/i, "is not"],
  [/\bcomes? through\b/i, "propagates"],
  [/\bnobody\b/i, "no one, or who it is"],
  [/\bwho(?:so)?ever\b/i, "a caller, a client, a stranger"],
  [/\bof which\b/i, "whose, or a sentence of its own"],
  [/\bwhere it is not given\b/i, "Default"],
  [/^Answers\b/m, "Returns"],
];

/** Packages, what a program writes, and the vectors, whose names are in `proofs.json`. */
const NOT_WRITTEN = /(?:^|\/)node_modules\/|(?:^|\/|\.)generated(?:\/|\.)|^test\/vectors\//;

/** Pages beside the tests and the measurements, which `PAGES` does not list. */
const INNER_PAGES = [
  "test/README.md",
  "bench/README.md",
  "test/interop/README.md",
  "test/runtimes/README.md",
];

/** What a text has of the list, with the words around it. */
function faultsOf(text: string): readonly string[] {
  return BANNED.flatMap(([word, better]) => {
    const found = word.exec(text);
    if (found === null) return [];
    const around = text.slice(Math.max(0, found.index - 30), found.index + found[0].length + 30);
    return [`"${around.replaceAll(/\s+/g, " ").trim()}": write ${better}`];
  });
}

/** A page without its code, and without the words that it quotes. */
function proseOf(page: string): string {
  return page
    .replaceAll(/```[\s\S]*?```/g, "")
    .replaceAll(/`[^`\n]*`/g, "")
    .replaceAll(/"[^"\n]*"/g, "");
}

/** The comments of a source. Lines of `//` that follow each other are one. */
function commentsOf(file: string): readonly string[] {
  const text = readText(file);
  const comments: string[] = [];
  let lineEnd = -1; // of the last comment of one line, in characters
  for (const { kind, pos, end } of rangesIn(file, text)) {
    const found = text.slice(pos, end);
    if (kind === ts.SyntaxKind.MultiLineCommentTrivia) {
      comments.push(plainComment(found));
      continue;
    }
    const isNext = lineEnd !== -1 && text.slice(lineEnd, pos).trim() === "";
    const before = isNext ? `${comments.pop()} ` : "";
    comments.push(before + found.slice(2).trim());
    lineEnd = end;
  }
  return comments;
}

/** Where the comments of a source stand, in its order. */
function rangesIn(file: string, text: string): readonly ts.CommentRange[] {
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest);
  const found = new Map<number, ts.CommentRange>();
  const visit = (node: ts.Node): void => {
    if (node.kind >= ts.SyntaxKind.FirstJSDocNode && node.kind <= ts.SyntaxKind.LastJSDocNode)
      return;
    const leading = ts.getLeadingCommentRanges(text, node.pos) ?? [];
    const trailing = ts.getTrailingCommentRanges(text, node.end) ?? [];
    for (const range of [...leading, ...trailing]) found.set(range.pos, range);
    for (const child of node.getChildren(source)) visit(child);
  };
  visit(source);
  return [...found.values()].toSorted((one, other) => one.pos - other.pos);
}

/** Words that a line break separates are one phrase; a new paragraph begins a line. */
function plainComment(comment: string): string {
  const lines = comment.slice(2, -2).split("\n");
  const bare = lines.map((text) => text.replace(/^\s*\*+ ?/, "").trim());
  return bare
    .join("\n")
    .trim()
    .replaceAll(/\n(?!\n)(?<!\n\n)/g, " ");
}

/** The titles of the tests of a source: what `test`, `describe`, `it` and their tables are called with first. */
function titlesOf(file: string, text = readText(file)): readonly string[] {
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest);
  const found: string[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isCallExpression(node) && TEST_CALL.test(node.expression.getText(source))) {
      const [title] = node.arguments;
      if (title !== undefined && ts.isStringLiteralLike(title)) found.push(title.text);
      if (title !== undefined && ts.isTemplateExpression(title)) found.push(title.getText(source));
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

/** `test(…)`, `test.skipIf(…)(…)`, `test.each(…)(…)`. */
const TEST_CALL = /^(?:test|describe|it)\b/;

/** The comments of a shell script, as one text. */
function shellCommentsOf(text: string): string {
  return [...text.matchAll(/^\s*#(?!!)(.*)$/gm)]
    .map(([, comment = ""]) => comment.trim())
    .join(" ");
}

function sourcesIn(folder: string): readonly string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts"))
    .map((name) => `${folder}/${name}`)
    .filter((name) => !NOT_WRITTEN.test(name))
    .toSorted();
}

test("the list finds what it bans, and nothing in plain English", () => {
  const bad = [
    "by itself alone",
    "there is none",
    "What it throws comes through",
    "nobody knows",
    "whoever asks",
    "parts of which any may fail",
    "60 where it is not given",
    "Answers the time",
  ];
  for (const text of bad) expect(faultsOf(text), text).toHaveLength(1);
  expect(faultsOf("Returns the time. Default: 60 seconds. An answer of 503.")).toEqual([]);
  expect(plainComment("/** One\n * two.\n *\n * Answers. */")).toBe("One two.\n\nAnswers.");
  expect(proseOf('say "alone" and `alone`\n\n```ts\nalone\n```\n')).not.toContain("alone");
});

test("the titles of tests and the comments of a script are found", () => {
  const source =
    'test("one", f); describe.each([2])("%i", f); test.each`x`; it(`a ${b}`, f); other("c");';
  expect(titlesOf("a.ts", source)).toEqual(["one", "%i", "`a ${b}`"]);
  expect(shellCommentsOf("#!/bin/sh\n# one\n# two\necho '#3'\n")).toBe("one two");
});

describe("no page has one of the words", () => {
  test.each([...PAGES, ...INNER_PAGES])("%s", (page) => {
    expect(faultsOf(proseOf(readText(page)))).toEqual([]);
  });
});

describe("no comment and no title has one of the words", () => {
  test.each(["src", "examples", "bench", "test"].flatMap(sourcesIn))("%s", (file) => {
    const titles = file.startsWith("test/") ? titlesOf(file) : [];
    expect([...commentsOf(file), ...titles].flatMap(faultsOf)).toEqual([]);
  });

  test(".ci/run", () => {
    expect(faultsOf(shellCommentsOf(readText(".ci/run")))).toEqual([]);
  });
});
