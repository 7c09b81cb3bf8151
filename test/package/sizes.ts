// npm run sizes [-- --write]: how large each entry is, and what small programs take of it. Bundled, tree-shaken and
// minified by the esbuild of package-lock.json beside this file, compressed as `gzip -9` does, by pako, a port of zlib:
// the zlib of an engine may differ by processor, and these figures must not.
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { deepStrictEqual, ok } from "node:assert/strict";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build } from "esbuild";
import { gzip } from "pako";
import { format } from "prettier";
import { badge } from "../support/badge.js";
import { buildPackage, ROOT } from "../support/build.js";
import { check } from "./check.js";
import manifest from "./package.json" with { type: "json" };

interface Row {
  readonly what: string;
  readonly source: string;
  /** Of min+gzip, in bytes, a few percent above what it is; undefined for what is not ours. */
  readonly budget: number | undefined;
}

const PROOF = `export { createProofAsync } from "dpop-core/core";
export { createSigner, webcrypto } from "dpop-core/webcrypto";`;
const CLIENT = `export { createAsyncClientSession, createDpopFetch } from "dpop-core/core";
export { createSigner, generateKeyPair, webcrypto } from "dpop-core/webcrypto";`;
const NODE_SERVER = `export { createResourceServer, createVerifier } from "dpop-core/core";
export { nodeCrypto } from "dpop-core/node-crypto";`;

/** What is measured, and the budgets. */
// prettier-ignore
const ROWS: readonly Row[] = [
  { what: "all of `dpop-core`",           budget: 59_600, source: 'export * from "dpop-core";' },
  { what: "all of `dpop-core/core`",      budget: 34_100, source: 'export * from "dpop-core/core";' },
  { what: "all of `dpop-core/noble`",     budget: 26_800, source: 'export * from "dpop-core/noble";' },
  { what: "all of `dpop-core/fast`",      budget: 37_500, source: 'export * from "dpop-core/fast";' },
  { what: "all of `dpop-core/wasm`",      budget: 51_120, source: 'export * from "dpop-core/wasm";' },
  { what: "all of `dpop-core/node-crypto`",      budget:  4_950, source: 'export * from "dpop-core/node-crypto";' },
  { what: "all of `dpop-core/webcrypto`", budget:  7_800, source: 'export * from "dpop-core/webcrypto";' },
  { what: "all of `dpop-core/jwt`",       budget: 11_300, source: 'export * from "dpop-core/jwt";' },
  { what: "all of `dpop-core/explain`",   budget: 26_400, source: 'export * from "dpop-core/explain";' },
  { what: "all of `dpop-core/redis`",     budget:  1_680, source: 'export * from "dpop-core/redis";' },
  { what: "a resource server, noble",     budget: 42_800, source: 'export { createResourceServer, createVerifier } from "dpop-core";' },
  { what: "a resource server, `nodeCrypto`",    budget: 19_100, source: NODE_SERVER },
  { what: "a client with `fetch`, `webcrypto`", budget: 18_600, source: CLIENT },
  { what: "a web app, `openBrowserSession`",    budget: 25_000, source: 'export { openBrowserSession } from "dpop-core/browser";' },
  { what: "`createProofAsync`, `webcrypto`",    budget: 11_600, source: PROOF },
  { what: `for comparison: \`generateProof\` of the package dpop ${manifest.devDependencies.dpop}`, budget: undefined, source: 'export { generateProof } from "dpop";' },
];

interface Size {
  readonly row: Row;
  /** Bytes. */
  readonly min: number;
  readonly gzip: number;
}

/** What an adapter may add to a resource server, min+gzip, in bytes. */
const ADAPTER_BUDGET = 2_500;

const ADAPTERS = ["express", "fastify", "koa", "hono", "http", "fetch"];

const PEERS = fileURLToPath(new URL("node_modules", import.meta.url));
/** The page that shows them. */
const PAGE = join(ROOT, "docs/backends.md");
const START = "<!-- sizes -->";
const END = "<!-- /sizes -->";

/** Measures with the dpop-core that is installed in a project. */
async function measure(project: string, rows = ROWS): Promise<readonly Size[]> {
  return Promise.all(
    rows.map(async (row) => {
      const { outputFiles, warnings } = await build({
        stdin: { contents: row.source, resolveDir: project },
        nodePaths: [PEERS], // for the package to compare with
        external: ["node:crypto"],
        bundle: true,
        minify: true,
        format: "esm",
        platform: "neutral",
        target: "es2020",
        write: false,
        logLevel: "silent",
      });
      const [file, ...more] = outputFiles;
      if (file === undefined || more.length > 0 || warnings.length > 0)
        throw new Error(`${row.what} does not become one file without warnings`);
      return { row, min: file.contents.length, gzip: gzip(file.contents, { level: 9 }).length };
    }),
  );
}

/** How many bytes more a program has with the adapter than without it. */
async function addedByAdapters(project: string): Promise<readonly (readonly [string, number])[]> {
  const rows = ["", ...ADAPTERS].map((name) => ({
    what: name,
    budget: undefined,
    source:
      name === ""
        ? NODE_SERVER
        : `${NODE_SERVER}\nexport { createGuard } from "dpop-core/${name}";`,
  }));
  const [without, ...others] = await measure(project, rows);
  if (without === undefined) throw new Error("a program without an adapter was expected");
  return others.map(({ row, gzip: zipped }) => [row.what, zipped - without.gzip]);
}

/** What a session of all tabs may add to core and webcrypto, min+gzip, in bytes. */
const BROWSER_BUDGET = 6_000;

/** How many bytes more a web app has than one that has the client of core and webcrypto. */
function addedByBrowser(project: string): Promise<number> {
  return addedBy(CLIENT, 'export { openBrowserSession } from "dpop-core/browser";', project);
}

/** What explanations may add to core, min+gzip, in bytes: as data, and with all their words. */
const EXPLAIN_BUDGETS = [
  ["explainProof", 8_000],
  ["*", 14_300],
] as const;

/** How many bytes more a program has than one that has all of core. */
function addedByExplain(name: string, project: string): Promise<number> {
  const names = name === "*" ? name : `{ ${name} }`;
  const core = 'export * from "dpop-core/core";';
  return addedBy(core, `export ${names} from "dpop-core/explain";`, project);
}

/** How many bytes a line adds to a program. */
async function addedBy(program: string, line: string, project: string): Promise<number> {
  const rows = [program, `${program}\n${line}`].map((source) => ({
    what: "a program",
    budget: undefined,
    source,
  }));
  const [without, added] = await measure(project, rows);
  if (without === undefined || added === undefined) throw new Error("two programs were expected");
  return added.gzip - without.gzip;
}

/** As prettier writes it, since the page is written by prettier. */
function tableOf(sizes: readonly Size[]): Promise<string> {
  const rows = sizes.map(
    ({ row, min, gzip: zipped }) => `| ${row.what} | ${kilobytes(min)} | ${kilobytes(zipped)} |`,
  );
  const lines = ["| | min | min+gzip |", "| --- | ---: | ---: |", ...rows];
  return format(lines.join("\n"), { parser: "markdown", printWidth: 100 });
}

/** Of all of the core, without cryptography, and of the default entry with it. */
const BADGES: readonly (readonly [string, string, string])[] = [
  ["size-core.svg", "core, min+gzip", "all of `dpop-core/core`"],
  ["size.svg", "with curves", "all of `dpop-core`"],
];

/** File beside this one → what it must hold. */
function badgesOf(sizes: readonly Size[]): ReadonlyMap<string, string> {
  return new Map(
    BADGES.map(([file, label, what]) => {
      const size = sizes.find(({ row }) => row.what === what);
      if (size === undefined) throw new Error(`there is no row ${what}`);
      return [fileURLToPath(new URL(file, import.meta.url)), badge(label, kilobytes(size.gzip))];
    }),
  );
}

function kilobytes(bytes: number): string {
  return `${(bytes / 1000).toFixed(1)} kB`;
}

/** The page with the table between its two marks; throws where these are not there, once each. */
function withTable(page: string, table: string): string {
  const [before, inside, ...more] = page.split(START);
  const [, after, ...others] = (inside ?? "").split(END);
  if (before === undefined || after === undefined || more.length + others.length > 0)
    throw new Error(`docs/backends.md must have ${START} and ${END}, once each, in this order`);
  return `${before}${START}\n\n${table}\n${END}${after}`;
}

function overBudget(sizes: readonly Size[]): readonly string[] {
  return sizes
    .filter(({ row, gzip: zipped }) => row.budget !== undefined && zipped > row.budget)
    .map(({ row, gzip: zipped }) => `${row.what}: ${zipped} bytes, budget ${row.budget}`);
}

export async function checkSizes(project: string): Promise<void> {
  let sizes: readonly Size[] = [];
  await check("every size can be measured", async () => {
    sizes = await measure(project);
  });
  if (sizes.length === 0) return;
  await check("every size is within its budget", () => deepStrictEqual(overBudget(sizes), []));
  await check("no budget is much above what it is for", () => {
    const slack = sizes.filter(({ row, gzip: zipped }) => (row.budget ?? 0) > zipped * 1.08);
    deepStrictEqual(
      slack.map(({ row, gzip: zipped }) => `${row.what}: ${zipped} bytes, budget ${row.budget}`),
      [],
    );
  });
  await check("an adapter adds little to a resource server", async () => {
    const added = await addedByAdapters(project);
    const over = added.filter(([, bytes]) => bytes < 500 || bytes > ADAPTER_BUDGET);
    deepStrictEqual(over, []);
  });
  await check("a session of all tabs adds little to core and webcrypto", async () => {
    const added = await addedByBrowser(project);
    ok(added > 1_000 && added <= BROWSER_BUDGET, `${added} bytes`);
  });
  for (const [name, budget] of EXPLAIN_BUDGETS) {
    await check(`${name} of dpop-core/explain adds little to core`, async () => {
      const added = await addedByExplain(name, project);
      ok(added > 4_000 && added <= budget, `${added} bytes`);
    });
  }
  await check("a larger size fails, and so does an older table", async () => {
    const larger = sizes.map((size) => ({ ...size, gzip: size.gzip * 1.1 }));
    deepStrictEqual(overBudget(larger).length, sizes.length - 1); // the peer has none
    ok((await tableOf(larger)) !== (await tableOf(sizes)));
  });
  await check("the table of sizes says so (else: npm run sizes -- --write)", async () => {
    const page = await readFile(PAGE, "utf8");
    ok(page === withTable(page, await tableOf(sizes)), "it says something else");
  });
  await check("its badges say so too", async () => {
    for (const [file, text] of badgesOf(sizes)) ok((await readFile(file, "utf8")) === text, file);
  });
}

async function main(): Promise<void> {
  const built = await buildPackage();
  try {
    const sizes = await measure(built.app);
    for (const { row, min, gzip: zipped } of sizes)
      console.log([min, zipped, row.budget ?? "-", row.what].join("\t"));
    for (const [name, bytes] of await addedByAdapters(built.app))
      console.log(`${bytes} of ${ADAPTER_BUDGET}\tadded by dpop-core/${name}`);
    console.log(
      `${await addedByBrowser(built.app)} of ${BROWSER_BUDGET}\tadded by dpop-core/browser`,
    );
    for (const [name, budget] of EXPLAIN_BUDGETS) {
      const added = await addedByExplain(name, built.app);
      console.log(`${added} of ${budget}\tadded by ${name} of dpop-core/explain`);
    }
    if (process.argv.includes("--write")) {
      const page = await readFile(PAGE, "utf8");
      await writeFile(PAGE, withTable(page, await tableOf(sizes)));
      for (const [name, text] of badgesOf(sizes)) await writeFile(name, text);
    }
    const over = overBudget(sizes);
    for (const line of over) console.log(`over its budget: ${line}`);
    process.exitCode = over.length === 0 ? 0 : 1;
  } finally {
    await built.remove();
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) await main();
