// Bundles: no entry imports anything, and an app that uses a part carries that part alone.
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import ts from "typescript";
import { beforeAll, describe, expect, test } from "vitest";
import { buildPackage, type BuiltPackage, bundleApp } from "./support/build.js";

/** Text that stands in one part of the package alone, and that a bundler leaves as it is. */
const TELLING: ReadonlyMap<string, string> = new Map([
  ["P-256", 'bce6faada7179e84f3b9cac2fc632551")'], // the end of its order, in noble's writing
  ["P-521", "51868783bf2f966b7fcc0148f709a5d03bb5c9b8899c47aebb6fb71e91386409"],
  ["Ed25519", '14def9dea2f79cd65812631a5cf5d3ed")'],
  ["SHA-256", "1116352408"], // its first round constant
  ["key handling", "privateJwk"],
  ["creation", "is not for the caller to set"],
  ["verifier", "replay.add must return"],
  ["nonce checks", "nonce.check must return"],
  ["failures", "invalid_dpop_proof"],
  ["memory store", "maxEntries"],
  ["nonce issuer", "dpop-core nonce key id"],
  ["challenges", "resource_metadata"],
  ["resource server", "alsoVerified must be"],
  ["token endpoint", "boundAccessTokens must be"],
  ["client session", "learnClock must be"],
  ["fetch", "manual"],
  ["fast P-256", "bce6faada7179e84f3b9cac2fc632551n"],
  ["fast Ed25519", "14def9dea2f79cd65812631a5cf5d3edn"],
  ["Node", "dsaEncoding"],
  ["WebCrypto", "crypto.subtle"],
  ["Redis", "dpop:replay:"],
]);
const NOBLE = ["P-256", "P-521", "Ed25519", "SHA-256", "key handling"];
const PLATFORM = new Set(["fast P-256", "fast Ed25519", "Node", "WebCrypto", "Redis"]);
const MAIN = [...TELLING.keys()].filter((part) => !PLATFORM.has(part));
const CORE = MAIN.filter((part) => !NOBLE.includes(part));

let built: BuiltPackage;
beforeAll(async () => {
  built = await buildPackage({ dts: true });
  return () => built.remove();
}, 60_000);

describe("what is built", () => {
  test.each([
    ["index", "js", MAIN],
    ["index", "cjs", MAIN],
    ["core", "js", CORE],
    ["core", "cjs", CORE],
    ["noble", "js", NOBLE],
    ["noble", "cjs", NOBLE],
    ["fast", "js", [...NOBLE, "fast P-256", "fast Ed25519"]],
    ["fast", "cjs", [...NOBLE, "fast P-256", "fast Ed25519"]],
    ["webcrypto", "js", ["SHA-256", "WebCrypto"]],
    ["webcrypto", "cjs", ["SHA-256", "WebCrypto"]],
    ["redis", "js", ["Redis"]],
    ["redis", "cjs", ["Redis"]],
  ])("%s.%s imports no package, and holds its parts alone", async (entry, extension, parts) => {
    const { code, packages } = await loadedBy(`${entry}.${extension}`);
    expect(packages).toEqual([]);
    expect(partsOf(code)).toEqual(parts);
  });

  test.each(["js", "cjs"])("node.%s imports node:crypto and no more", async (extension) => {
    const { code, packages } = await loadedBy(`node.${extension}`);
    expect(packages).toEqual(["node:crypto"]);
    expect(partsOf(code)).toEqual(["Node"]);
  });

  test("the declarations name no package and no module of Node", async () => {
    const files = (await readdir(built.dist)).filter((file) => /\.d\.c?ts$/.test(file));
    expect(files).toEqual(expect.arrayContaining(["index.d.ts", "webcrypto.d.cts"]));
    const texts = await Promise.all(files.map((file) => readFile(join(built.dist, file), "utf8")));
    const foreign = texts.flatMap(importsOf).filter((specifier) => !specifier.startsWith("./"));
    expect(foreign).toEqual([]);
    for (const text of texts)
      expect(withoutComments(text)).not.toMatch(/@noble|"node:|reference types/);
  });
});

describe("an app that is bundled with", () => {
  test.each([
    ['import { normalizeHtu } from "dpop-core"', []],
    ['import { FAILURES } from "dpop-core"', ["failures"]],
    ['import { parseProof } from "dpop-core"', ["failures"]],
    ['import { createMemoryReplayStore } from "dpop-core"', ["memory store"]],
    ['import { ES256 } from "dpop-core"', ["P-256", "SHA-256"]],
    ['import { Ed25519 } from "dpop-core"', ["Ed25519"]],
    ['import { ES256 } from "dpop-core/fast"', ["SHA-256", "fast P-256"]],
    ['import { EdDSA } from "dpop-core/fast"', ["fast Ed25519"]],
    ['import { createProof } from "dpop-core/core"', ["creation"]],
    ['import { jwkThumbprint } from "dpop-core/core"', []],
    ['import { accessTokenHash } from "dpop-core/core"', []],
    ['import { createVerifier } from "dpop-core/core"', ["verifier", "nonce checks", "failures"]],
    ['import { ES512 } from "dpop-core/noble"', ["P-521"]],
    ['import { noble } from "dpop-core/noble"', NOBLE],
    ['import { createProof } from "dpop-core"', [...NOBLE, "creation"]],
    ['import { createClientSession } from "dpop-core/core"', ["creation", "client session"]],
    ['import { createDpopFetch } from "dpop-core/core"', ["fetch"]],
    [
      'import { createResourceServer } from "dpop-core/core"',
      ["failures", "challenges", "resource server"],
    ],
    ['import { createTokenEndpoint } from "dpop-core/core"', ["failures", "token endpoint"]],
    ['import { createNonceIssuer } from "dpop-core/core"', ["nonce issuer"]],
    ['import { createSigner } from "dpop-core/webcrypto"', ["WebCrypto"]],
    ['import { webcrypto } from "dpop-core/webcrypto"', ["SHA-256", "WebCrypto"]],
    ['import { createRedisReplayStore } from "dpop-core/redis"', ["Redis"]],
  ])("%s carries what that needs", async (line, parts) => {
    const name = /\{ (\w+) \}/.exec(line)?.[1];
    const code = await bundle(`${line};\nexport const used = ${name};\n`);
    expect(importsOf(code)).toEqual([]);
    expect(partsOf(code)).toEqual(parts);
  });

  test("no name of it carries nothing", async () => {
    const code = await bundle('import "dpop-core";\nexport const used = 1;\n');
    expect(code.length).toBeLessThan(100);
  });
});

test("an import is found in every form", () => {
  const code = 'import "a"; export { b } from "b"; await import("c"); const d = require("d");';
  expect(importsOf(code)).toEqual(["a", "b", "c", "d"]);
});

let apps = 0;

/** An app of these lines as one file, tree-shaken and not minified. */
async function bundle(source: string): Promise<string> {
  const file = `app-${++apps}.ts`;
  await writeFile(join(built.app, file), source);
  return bundleApp(built.app, file);
}

/** All the code that an engine loads with a file of dist/, and the packages that it would look for. */
async function loadedBy(entry: string): Promise<{ code: string; packages: readonly string[] }> {
  const texts = new Map<string, string>();
  const packages: string[] = [];
  const load = async (file: string): Promise<void> => {
    if (texts.has(file)) return;
    texts.set(file, ""); // taken; two chunks may import a third
    const text = await readFile(join(built.dist, file), "utf8");
    texts.set(file, text);
    const specifiers = importsOf(text);
    packages.push(...specifiers.filter((specifier) => !specifier.startsWith("./")));
    const chunks = specifiers.filter((specifier) => specifier.startsWith("./"));
    await Promise.all(chunks.map((chunk) => load(chunk.slice(2))));
  };
  await load(entry);
  return { code: [...texts.values()].join("\n"), packages };
}

function importsOf(code: string): string[] {
  return ts.preProcessFile(code, true, true).importedFiles.map(({ fileName }) => fileName);
}

function partsOf(code: string): string[] {
  return [...TELLING].filter(([, text]) => code.includes(text)).map(([part]) => part);
}

function withoutComments(text: string): string {
  const file = ts.createSourceFile("declarations.d.ts", text, ts.ScriptTarget.ES2022);
  return ts.createPrinter({ removeComments: true }).printFile(file);
}
