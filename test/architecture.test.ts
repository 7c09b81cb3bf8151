// The walls between the layers: a file directly in src is an entry, a folder is a private layer, imports point down.
import { readdir, readFile } from "node:fs/promises";
import { join, posix } from "node:path";
import ts from "typescript";
import { expect, test } from "vitest";
import { ROOT } from "./support/build.js";

/** Path within src → source. */
type Tree = Readonly<Record<string, string>>;

/** File → the files that it imports. */
type Graph = ReadonlyMap<string, readonly string[]>;

/** What every other layer and every backend rests on. */
const LOW = ["bytes", "input", "jose"];

/** What each folder may import from, besides itself. An entry may import every layer of the library. */
const BELOW: ReadonlyMap<string, readonly string[]> = new Map([
  ["bytes", []],
  ["input", ["bytes"]],
  ["jose", ["bytes", "input"]],
  ["replay", LOW],
  ["proof", LOW],
  ["verify", [...LOW, "replay", "proof"]],
  // What access tokens say, by their claims or by their issuer.
  ["tokens", [...LOW, "proof"]],
  // The roles never import each other, and a client verifies nothing.
  ["server", [...LOW, "replay", "proof", "verify", "tokens"]],
  ["client", [...LOW, "proof"]],
  // Why a verifier says what it says.
  ["explain", [...LOW, "replay", "proof", "verify"]],
  // What a server does with a verdict; no adapter verifies anything itself.
  ["adapters", [...LOW, "proof", "server"]],
  // A client of one platform, which brings its own keys.
  ["browser", [...LOW, "proof", "client", "webcrypto"]],
  // The backends never import each other, and know nothing of proofs.
  ["noble", LOW],
  ["fast", LOW],
  ["fast/p256", [...LOW, "fast"]],
  ["fast/ed25519", [...LOW, "fast"]],
  ["wasm", [...LOW, "fast", "fast/p256", "fast/ed25519"]],
  ["node-crypto", LOW],
  ["webcrypto", LOW],
  // The command line stands on the published entries, as every other program does, and on no layer within.
  ["cli/base", []],
  ["cli/loopback", ["cli/base"]],
  ["cli/commands", ["cli/base", "cli/loopback"]],
  ["cli", ["cli/base", "cli/commands"]],
]);

/** The folders of the command line, which is no part of the library. */
const COMMAND_LINE = /^cli(?:\/|$)/;

/** What the command line names besides its own files. */
const OF_COMMAND_LINE = /^(?:node:[\w/]+|dpop-core\/[\w-]+)$/;

/** The layers that an entry may lead to. */
const LIBRARY = [...BELOW.keys()].filter((folder) => !COMMAND_LINE.test(folder));

/** The files that name packages, by how these begin. */
const PACKAGES: ReadonlyMap<string, string> = new Map([
  ["noble/bundled.ts", "@noble/"],
  ["noble/sha256.ts", "@noble/hashes/sha2.js"],
  ["noble/sha512.ts", "@noble/hashes/sha2.js"],
  ["node-crypto/algorithm.ts", "node:crypto"],
  ["node-crypto/signer.ts", "node:crypto"],
]);

const isHashOrRandom = (file: string): boolean =>
  /^noble\/(sha256|one-state|random)\.ts$/.test(file);

/** The files of noble/ that an entry may lead to; every other entry leads to none. */
const NOBLE = new Map<string, (file: string) => boolean>([
  ["index.ts", () => true],
  ["noble.ts", () => true],
  ["fast.ts", () => true],
  ["wasm.ts", () => true],
  // A hash and random bytes, no curve.
  ["webcrypto.ts", isHashOrRandom],
  ["browser.ts", isHashOrRandom],
]);

/** The one entry and the one folder that may name WebCrypto's engine. */
const WEBCRYPTO = new Set(["webcrypto.ts", "webcrypto"]);

/** The entries that stand between a framework and a resource server. */
const ADAPTERS = ["express", "fastify", "fetch", "hono", "http", "koa"];

interface Source {
  /** Of every import and `export … from`, type-only and dynamic ones included. */
  readonly specifiers: readonly string[];
  /** Forms that the house does not use. */
  readonly faults: readonly string[];
}

function readSource(path: string, text: string): Source {
  const specifiers: string[] = [];
  const faults: string[] = [];
  const visit = (node: ts.Node): void => {
    const specifier = specifierOf(node);
    if (specifier !== undefined) specifiers.push(specifier);
    if (
      ts.isExportDeclaration(node) &&
      !(node.exportClause && ts.isNamedExports(node.exportClause)) &&
      // The default entry has every type of core, and no list of them.
      !(path === "index.ts" && node.isTypeOnly && specifierOf(node) === "./core.js")
    )
      faults.push("has export *");
    if (ts.isExportAssignment(node) || node.kind === ts.SyntaxKind.DefaultKeyword)
      faults.push("has a default export");
    if (ts.isExportSpecifier(node) && node.name.text === "default")
      faults.push("has a default export");
    ts.forEachChild(node, visit);
  };
  const file = ts.createSourceFile(path, text, ts.ScriptTarget.ES2022, true);
  visit(file);
  // These bring in types and globals that no tsconfig.json allowed.
  if (file.typeReferenceDirectives.length + file.referencedFiles.length > 0)
    faults.push("has a reference directive");
  return { specifiers, faults };
}

function specifierOf(node: ts.Node): string | undefined {
  let named: ts.Node | undefined;
  if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) named = node.moduleSpecifier;
  if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument))
    named = node.argument.literal;
  if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword)
    named = node.arguments[0];
  return named !== undefined && ts.isStringLiteralLike(named) ? named.text : undefined;
}

/** Every breach of the rules of the house in a tree, in words. */
function violations(tree: Tree): string[] {
  const graph = new Map<string, readonly string[]>();
  const found: string[] = [];
  for (const [path, text] of Object.entries(tree)) {
    const { specifiers, faults } = readSource(path, text);
    const targets = specifiers.filter(isRelative).map((specifier) => targetOf(path, specifier));
    graph.set(path, targets);
    const packages = specifiers.filter((specifier) => !isRelative(specifier));
    const prefix = PACKAGES.get(path);
    const isOwn = (name: string): boolean =>
      COMMAND_LINE.test(posix.dirname(path))
        ? OF_COMMAND_LINE.test(name)
        : prefix !== undefined && name.startsWith(prefix);
    const foreign = packages.filter((name) => !isOwn(name));
    const all = [...faults, ...foreign.map((name) => `imports ${name}`)];
    if (
      ![path, posix.dirname(path)].some((place) => WEBCRYPTO.has(place)) &&
      text.includes("crypto.subtle")
    )
      all.push("names crypto.subtle");
    found.push(...all.map((fault) => `${path} ${fault}`));
  }
  for (const [path, targets] of graph) {
    const all = [...layerFaults(path, targets, graph), ...reachFaults(path, graph)];
    found.push(...all.map((fault) => `${path} ${fault}`));
  }
  return found;
}

function layerFaults(path: string, targets: readonly string[], graph: Graph): string[] {
  const folder = posix.dirname(path);
  const below = folder === "." ? LIBRARY : BELOW.get(folder);
  if (below === undefined) return ["is in no known layer"];
  return targets.flatMap((target) => {
    if (!graph.has(target)) return [`imports ${target}, which does not exist`];
    if ([folder, ...below].includes(posix.dirname(target))) return [];
    return [`imports ${target}, which is not below it`];
  });
}

function reachFaults(path: string, graph: Graph): string[] {
  const reached = reachedFrom(path, graph);
  const found = reached.has(path) ? ["is in a cycle"] : [];
  if (posix.dirname(path) !== ".") return found;
  const may = NOBLE.get(path) ?? (() => false);
  const noble = [...reached].filter((file) => posix.dirname(file) === "noble");
  return [...found, ...noble.filter((file) => !may(file)).map((file) => `leads to ${file}`)];
}

function isRelative(specifier: string): boolean {
  return specifier.startsWith(".");
}

function targetOf(path: string, specifier: string): string {
  return posix.join(posix.dirname(path), specifier).replace(/\.js$/, ".ts");
}

function reachedFrom(path: string, graph: Graph): Set<string> {
  const reached = new Set<string>();
  const due = [...(graph.get(path) ?? [])];
  for (let next = due.pop(); next !== undefined; next = due.pop()) {
    if (reached.has(next)) continue;
    reached.add(next);
    due.push(...(graph.get(next) ?? []));
  }
  return reached;
}

async function readTree(folder: string): Promise<Tree> {
  const all = await readdir(folder, { recursive: true });
  // Declarations say what a module of a platform is like; they are no code.
  const paths = all.filter((path) => path.endsWith(".ts") && !path.endsWith(".d.ts"));
  return Object.fromEntries(
    await Promise.all(
      paths.map(async (path) => [
        path.replaceAll("\\", "/"),
        await readFile(join(folder, path), "utf8"),
      ]),
    ),
  );
}

test("src keeps the rules of the house", async () => {
  const tree = await readTree(join(ROOT, "src"));
  expect(Object.keys(tree)).toEqual(
    expect.arrayContaining(
      [
        "browser",
        "core",
        "explain",
        "fast",
        "index",
        "jwt",
        "noble",
        "node-crypto",
        "redis",
        "wasm",
        "webcrypto",
        "cli/main",
        ...ADAPTERS,
      ].map((entry) => `${entry}.ts`),
    ),
  );
  expect(violations(tree)).toEqual([]);
});

const SOUND: Tree = {
  "index.ts": 'export type * from "./core.js"; export { p } from "./core.js";',
  "core.ts": 'export { p } from "./proof/p.js";',
  "noble.ts": 'export { p256 } from "./noble/bundled.js";',
  "bytes/a.ts": "export const a = 1;",
  "jose/b.ts": 'import { a } from "../bytes/a.js"; export const b = a;',
  "jose/c.ts": 'import type { b } from "./b.js"; export type C = typeof b;',
  "proof/p.ts": 'export { b as p } from "../jose/b.js";',
  "noble/bundled.ts": 'export { p256 } from "@noble/curves/nist.js";',
  "noble/sha256.ts": 'export { sha256 } from "@noble/hashes/sha2.js";',
  "verify/v.ts": 'export { p as v } from "../proof/p.js";',
  "server/s.ts": 'export { v as s } from "../verify/v.js";',
  "client/c.ts": 'export { p as c } from "../proof/p.js";',
  "browser/b.ts": 'export { c as b } from "../client/c.js"; export { w } from "../webcrypto/w.js";',
  "explain/e.ts": 'export { v as e } from "../verify/v.js";',
  "adapters/a.ts": 'export { s as a } from "../server/s.js";',
  "replay/r.ts": 'export { b as r } from "../jose/b.js";',
  "fast/f.ts": 'import { b } from "../jose/b.js"; export const f = b;',
  "fast/p256/p.ts": 'export { f as p } from "../f.js";',
  "wasm/w.ts": 'export { p as w } from "../fast/p256/p.js";',
  "fast/ed25519/e.ts": 'export { f as e } from "../f.js";',
  "webcrypto/w.ts": 'export { b as w } from "../jose/b.js";',
  "fast.ts": 'import "./fast/f.js"; import "./noble/bundled.js";',
  "node-crypto.ts": 'export { n } from "./node-crypto/algorithm.js";',
  "node-crypto/algorithm.ts": 'import crypto from "node:crypto"; import "../jose/b.js"; crypto;',
  "webcrypto.ts": 'export { sha256 } from "./noble/sha256.js"; globalThis.crypto.subtle;',
  "cli/base/b.ts": 'import "node:fs/promises"; export { p } from "dpop-core/core";',
  "cli/loopback/l.ts": 'export { p as l } from "../base/b.js";',
  "cli/commands/c.ts": 'export { l as c } from "../loopback/l.js";',
  "cli/main.ts": 'import { c } from "./commands/c.js"; c;',
};

test("a sound tree has no violations", () => {
  expect(violations(SOUND)).toEqual([]);
});

// One file of the sound tree is replaced, or one added; the rest stays sound.
test.each([
  ["bytes/a.ts", 'import { b } from "../jose/b.js";', "imports jose/b.ts, which is not below it"],
  [
    "bytes/a.ts",
    'import type { C } from "../jose/c.js";',
    "imports jose/c.ts, which is not below it",
  ],
  ["bytes/a.ts", 'type C = import("../jose/c.js").C;', "imports jose/c.ts, which is not below it"],
  ["bytes/a.ts", 'export { b } from "../jose/b.js";', "imports jose/b.ts, which is not below it"],
  ["bytes/a.ts", 'import { p } from "../core.js";', "imports core.ts, which is not below it"],
  [
    "proof/p.ts",
    'import "../noble/bundled.js";',
    "imports noble/bundled.ts, which is not below it",
  ],
  [
    "server/s.ts",
    'import { c } from "../client/c.js";',
    "imports client/c.ts, which is not below it",
  ],
  [
    "client/c.ts",
    'import { s } from "../server/s.js";',
    "imports server/s.ts, which is not below it",
  ],
  [
    "client/c.ts",
    'import { v } from "../verify/v.js";',
    "imports verify/v.ts, which is not below it",
  ],
  [
    "verify/v.ts",
    'import { s } from "../server/s.js";',
    "imports server/s.ts, which is not below it",
  ],
  [
    "server/s.ts",
    'import { a } from "../adapters/a.js";',
    "imports adapters/a.ts, which is not below it",
  ],
  [
    "adapters/a.ts",
    'import { v } from "../verify/v.js";',
    "imports verify/v.ts, which is not below it",
  ],
  [
    "client/c.ts",
    'import { b } from "../browser/b.js";',
    "imports browser/b.ts, which is not below it",
  ],
  [
    "browser/b.ts",
    'import { s } from "../server/s.js";',
    "imports server/s.ts, which is not below it",
  ],
  [
    "verify/v.ts",
    'import { e } from "../explain/e.js";',
    "imports explain/e.ts, which is not below it",
  ],
  ["adapters/a.ts", 'import type { Request } from "express";', "imports express"],
  [
    "replay/r.ts",
    'import { p } from "../proof/p.js";',
    "imports proof/p.ts, which is not below it",
  ],
  [
    "proof/p.ts",
    'import { r } from "../replay/r.js";',
    "imports replay/r.ts, which is not below it",
  ],
  [
    "fast/p256/p.ts",
    'import { e } from "../ed25519/e.js";',
    "imports fast/ed25519/e.ts, which is not below it",
  ],
  [
    "fast/f.ts",
    'import { p } from "./p256/p.js";',
    "imports fast/p256/p.ts, which is not below it",
  ],
  [
    "webcrypto/w.ts",
    'import "../noble/bundled.js";',
    "imports noble/bundled.ts, which is not below it",
  ],
  ["webcrypto.ts", 'export { p256 } from "./noble/bundled.js";', "leads to noble/bundled.ts"],
  ["redis.ts", 'import { sha256 } from "./noble/sha256.js";', "leads to noble/sha256.ts"],
  ["noble/sha256.ts", 'import "@noble/curves/nist.js";', "imports @noble/curves/nist.js"],
  ["noble/n.ts", 'import { p } from "../proof/p.js";', "imports proof/p.ts, which is not below it"],
  ["jose/b.ts", 'import type { C } from "./c.js";', "is in a cycle"],
  ["jose/b.ts", 'import "./b.js";', "is in a cycle"],
  ["core.ts", 'export { p256 } from "./noble.js";', "leads to noble/bundled.ts"],
  ["fast/f.ts", 'import "../noble/bundled.js";', "imports noble/bundled.ts, which is not below it"],
  ["noble/n.ts", 'import "../fast/f.js";', "imports fast/f.ts, which is not below it"],
  ["node-crypto.ts", 'import { p256 } from "./noble/bundled.js";', "leads to noble/bundled.ts"],
  ["node-crypto/algorithm.ts", 'import { readFile } from "node:fs";', "imports node:fs"],
  ["node-crypto.ts", 'import crypto from "node:crypto";', "imports node:crypto"],
  [
    "node-crypto/algorithm.ts",
    'import { p } from "../proof/p.js";',
    "imports proof/p.ts, which is not below it",
  ],
  ["fast/f.ts", 'import crypto from "node:crypto";', "imports node:crypto"],
  ["core.ts", 'import { p256 } from "@noble/curves/nist.js";', "imports @noble/curves/nist.js"],
  ["noble/n.ts", 'await import("@noble/curves/nist.js");', "imports @noble/curves/nist.js"],
  ["noble/bundled.ts", 'import { sign } from "node:crypto";', "imports node:crypto"],
  ["noble/bundled.ts", 'import "jose";', "imports jose"],
  ["jose/b.ts", 'import "./gone.js";', "imports jose/gone.ts, which does not exist"],
  ["jose/b.ts", "export const b = crypto.subtle;", "names crypto.subtle"],
  ["jose/b.ts", "export default 1;", "has a default export"],
  ["jose/b.ts", "export default function b() {}", "has a default export"],
  ["jose/b.ts", "const b = 1; export { b as default };", "has a default export"],
  ["jose/b.ts", 'export * from "../bytes/a.js";', "has export *"],
  ["index.ts", 'export * from "./core.js";', "has export *"],
  ["core.ts", 'export type * from "./jose/b.js";', "has export *"],
  ["jose/b.ts", 'export * as a from "../bytes/a.js";', "has export *"],
  ["jose/b.ts", '/// <reference types="node" />', "has a reference directive"],
  ["utils/u.ts", "", "is in no known layer"],
  ["index.ts", 'import "./cli/main.js";', "imports cli/main.ts, which is not below it"],
  ["core.ts", 'import "./cli/base/b.js";', "imports cli/base/b.ts, which is not below it"],
  ["cli/base/b.ts", 'import "../../proof/p.js";', "imports proof/p.ts, which is not below it"],
  ["cli/main.ts", 'import "../core.js";', "imports core.ts, which is not below it"],
  ["cli/base/b.ts", 'import "jose";', "imports jose"],
  [
    "cli/base/b.ts",
    'import "../commands/c.js";',
    "imports cli/commands/c.ts, which is not below it",
  ],
  ["proof/p.ts", 'import "node:fs";', "imports node:fs"],
])("is found: %s: %s", (path, text, violation) => {
  expect(violations({ ...SOUND, [path]: text })).toContain(`${path} ${violation}`);
});
