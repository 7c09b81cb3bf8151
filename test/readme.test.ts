// README.md and docs/: their code is that of the examples, their tables are those of the code, and what they name is there.
import { existsSync, readdirSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { createVerifier, FAILURES } from "dpop-core";
import { describe, expect, test } from "vitest";
import manifest from "../package.json" with { type: "json" };
import { examplesOf, PAGES, readText, timesAsFast, written } from "./docs/pages.js";
import { ROOT } from "./support/build.js";

/** The examples that a newcomer copies. */
const MAIN = ["server", "client", "token-endpoint"].map((name) => `examples/${name}.ts`);

const readme = readText("README.md");

describe("README.md", () => {
  test("has at most 160 lines", () => {
    expect(readme.trimEnd().split("\n").length).toBeLessThanOrEqual(160);
  });

  test("shows one example of each role, and nothing else", () => {
    expect(examplesOf(readme)).toEqual(MAIN);
  });

  test("protects an API in at most 12 lines", () => {
    const lines = readText("examples/server.ts").split("\n");
    expect(lines.filter((line) => line !== "").length).toBeLessThanOrEqual(12);
  });

  test.each(MAIN)("%s has at most 14 lines, no void and no regular expression", (file) => {
    const code = readText(file);
    const lines = code.trimEnd().split("\n");
    expect(lines.length).toBeLessThanOrEqual(14);
    expect(lines.filter((line) => line.length > 100)).toEqual([]);
    expect(code).not.toMatch(/\bvoid\b|RegExp|[=(,:]\s*\/[^/*]/);
  });

  test("says how many codes there are", () => {
    expect(readme).toContain(`one of ${Object.keys(FAILURES).length} codes`);
  });

  test("has both commands for a clone", () => {
    expect(readme).toContain("```sh\nnpm ci && npm run demo\nnpm ci && npm test\n```");
  });

  test("links every page of docs/", () => {
    const linked = new Set(linksOf(readme).map(({ target }) => target.split("#")[0]));
    const pages = PAGES.filter((page) => page.startsWith("docs/"));
    expect(pages.filter((page) => !linked.has(page))).toEqual([]);
  });
});

describe.each(PAGES)("%s", (page) => {
  const text = readText(page);

  test("is what `npm run docs:write` writes", async () => {
    expect(text).toBe(await written(text));
  });

  test("has no other code but commands", () => {
    const languages = [...text.matchAll(/^```(\w*)$/gm)].map(([, language]) => language);
    const opened = languages.filter((_, index) => index % 2 === 0);
    expect(opened.filter((language) => language !== "sh")).toEqual(
      examplesOf(text)
        .filter((file) => file.endsWith(".ts"))
        .map(() => "ts"),
    );
  });

  test("begins with a title, and with words rather than a table", () => {
    const [title = "", , first = ""] = text.split("\n");
    expect(title).toMatch(/^# \S/);
    expect(first).not.toMatch(/^\|/);
  });

  test("links only what exists, and headings that are there", () => {
    for (const { target } of linksOf(text)) {
      if (target.includes("://")) continue;
      const [path = "", anchor] = target.split("#");
      const file = path === "" ? page : normalize(join(dirname(page), path));
      expect(existsSync(join(ROOT, file)), `${page}: ${target}`).toBe(true);
      if (anchor !== undefined) expect(anchorsOf(readText(file)), target).toContain(anchor);
    }
  });

  test("names only scripts and files that exist", () => {
    for (const [, script = ""] of text.matchAll(/`npm run ([\w:]+)/g))
      expect(Object.keys(manifest.scripts)).toContain(script);
    for (const [, file = ""] of text.matchAll(/`((?:src|test|bench|examples)\/[\w./-]+)`/g))
      expect(existsSync(join(ROOT, file)), `${page}: ${file}`).toBe(true);
  });
});

describe("what the pages say of the code", () => {
  test("the algorithms by Default", () => {
    expect(createVerifier({ replay: "none" }).algs).toEqual(["ES256", "EdDSA", "Ed25519"]);
    expect(readText("docs/verifying.md")).toMatch(/\| `algs` +\| ES256, EdDSA, Ed25519 /);
  });

  test("what the Default backend costs on a server", () => {
    const slower = ["noble, cold", "noble, hot"].map((row) => 1 / timesAsFast("ES256 proof", row));
    expect(slower.map((times) => times.toFixed(0))).toEqual([expect.stringMatching(/^[89]$/), "2"]);
    expect(readme).toMatch(
      /eight or nine times\s+as long as jose for a new key, and twice as long for a known one/,
    );
  });

  test("how many runtimes", () => {
    const count = /<!-- runtimes -->\n\n(\d+) runtimes,/.exec(readText("docs/backends.md"))?.[1];
    expect(readme).toContain(`[${count} runtimes](docs/backends.md#runtimes)`);
  });

  test("every entry of the package", () => {
    const entries = Object.keys(manifest.exports)
      .filter((entry) => entry !== "./package.json")
      .map((entry) => entry.replace(".", "dpop-core"));
    const rows = [...readme.matchAll(/^\| `(dpop-core[\w/-]*)` +\|/gm)].map(([, entry]) => entry);
    expect(rows.toSorted()).toEqual(entries.toSorted());
  });

  test("no example is left out of the pages", () => {
    const shown = new Set(PAGES.flatMap((page) => examplesOf(readText(page))));
    const folders = ["examples", "examples/docs", "examples/frameworks", "examples/mcp"];
    const files = folders.flatMap((folder) =>
      readdirSync(join(ROOT, folder))
        .filter((name) => name.endsWith(".ts"))
        .map((name) => `${folder}/${name}`),
    );
    expect(files.filter((file) => file !== "examples/demo.ts" && !shown.has(file))).toEqual([]);
  });
});

describe("the examples of libraries", () => {
  const files = readdirSync(join(ROOT, "examples/clients")).map(
    (name) => `examples/clients/${name}`,
  );
  const linked = linksOf(readText("docs/client.md")).map(({ target }) => target);

  test.each(files)("%s is linked, and has at most 25 lines", (file) => {
    expect(linked).toContain(`../${file}`);
    expect(readText(file).trimEnd().split("\n").length).toBeLessThanOrEqual(25);
  });
});

interface Link {
  readonly target: string;
}

/** Links and pictures, outside of code. */
function linksOf(page: string): readonly Link[] {
  const prose = page.replaceAll(/```[\s\S]*?```/g, "");
  return [...prose.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = ""]) => ({ target }));
}

/** As the usual platforms make them of headings. */
function anchorsOf(page: string): readonly string[] {
  const prose = page.replaceAll(/```[\s\S]*?```/g, "");
  return [...prose.matchAll(/^#+ (.+)$/gm)].map(([, heading = ""]) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\w\s-]/g, "")
      .trim()
      .replaceAll(" ", "-"),
  );
}
