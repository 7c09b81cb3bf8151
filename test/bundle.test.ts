// Bundles: no entry imports anything, and an app that uses a part carries only that part.
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import ts from "typescript";
import { beforeAll, describe, expect, test } from "vitest";
import { buildPackage, type BuiltPackage, bundleApp } from "./support/build.js";

/** Text that stands in only one part of the package, and that a bundler leaves as it is. */
const TELLING: ReadonlyMap<string, string> = new Map([
  ["P-256", 'bce6faada7179e84f3b9cac2fc632551")'], // the end of its order, in noble's writing
  ["P-521", "51868783bf2f966b7fcc0148f709a5d03bb5c9b8899c47aebb6fb71e91386409"],
  ["Ed25519", '14def9dea2f79cd65812631a5cf5d3ed")'],
  ["SHA-256", "1116352408"], // its first round constant
  ["key handling", "privateJwk"],
  ["creation", "is not for the caller to set"],
  ["verifier", "replay.add must return"],
  ["nonce checks", "nonce.check must return"],
  ["failures", "The DPoP proof is not a well-formed JWT"],
  ["memory store", "maxEntries"],
  ["nonce issuer", "dpop-core nonce key id"],
  ["challenges", "resource_metadata"],
  ["resource server", "accessTokens must be a function"],
  ["token endpoint", "boundAccessTokens must be"],
  ["client session", "correctClockSkew must be"],
  ["fetch", "redirected"],
  ["fast P-256", "bce6faada7179e84f3b9cac2fc632551n"],
  ["fast Ed25519", "14def9dea2f79cd65812631a5cf5d3edn"],
  ["WebAssembly", "without promises"],
  ["Node", "ECDSA signature in DER"],
  ["WebCrypto", "crypto.subtle"],
  ["JWT access tokens", "names another issuer than the option"],
  ["introspection", "token_type_hint"],
  ["explanations", "replay.has must return"],
  ["Redis", "dpop:replay:"],
  ["guard", "onError must be"],
  ["CORS", "cors.origins must be"],
  ["Node requests", "originalMethod"],
  ["Fetch requests", "the platform must have Response"],
  ["browser", "code_challenge_method"],
]);
const NOBLE = ["P-256", "P-521", "Ed25519", "SHA-256", "key handling"];
const TOKENS = ["JWT access tokens", "introspection"];
const ADAPTER = ["guard", "CORS", "Node requests", "Fetch requests"];
const BACKEND = ["fast P-256", "fast Ed25519", "WebAssembly", "Node", "WebCrypto"];
const PLATFORM = new Set([...BACKEND, ...TOKENS, "explanations", "Redis", ...ADAPTER, "browser"]);
const MAIN = [...TELLING.keys()].filter((part) => !PLATFORM.has(part));
const CORE = MAIN.filter((part) => !NOBLE.includes(part));

/** Challenges, for the names of the fields that CORS exposes. */
const ON_NODE = ["challenges", "guard", "CORS", "Node requests"];
const IN_BROWSER = ["SHA-256", "creation", "client session", "fetch", "WebCrypto", "browser"];
const EXPLAIN = ["verifier", "nonce checks", "failures", "explanations"];
const ON_FETCH = ["challenges", "guard", "CORS", "Fetch requests"];

/** What a whole side of the package is known by, in words that a bundler leaves. */
const BLEEDS: ReadonlyMap<string, RegExp> = new Map([
  // A client reads "www-authenticate" and the codes of OAuth, and has codes of its own.
  [
    "server",
    /verifier|replay|maxAge|WWW-Authenticate|proof_multiple|signature_invalid|boundAccess|nonce key id/,
  ],
  // Every curve has constants that need BigInt, fast's too.
  ["arithmetic", /\bBigInt\s*\(|\b(?:0x[\da-f]+|\d+)n\b/i],
  ["noble's curves", /bad point/],
]);

interface App {
  readonly name: string;
  readonly source: string;
  /** What must not be in it. */
  readonly free: readonly string[];
}

const APPS: readonly App[] = [
  {
    name: "the client",
    source: `export { createAsyncClientSession, createDpopFetch } from "dpop-core/core";
export { createSigner, generateKeyPair, webcrypto } from "dpop-core/webcrypto";\n`,
    free: ["server", "arithmetic", "noble's curves"],
  },
  {
    name: "one proof",
    source: `export { createProofAsync } from "dpop-core/core";
export { createSigner, webcrypto } from "dpop-core/webcrypto";\n`,
    free: ["server", "arithmetic", "noble's curves"],
  },
  {
    name: "a server over Node",
    source: `export { createNonceIssuer, createResourceServer } from "dpop-core/core";
export { createMemoryReplayStore, createAuthorizationServer, createVerifier } from "dpop-core/core";
export * from "dpop-core/node-crypto";\n`,
    free: ["arithmetic", "noble's curves"],
  },
  {
    name: "all of core",
    source: 'export * from "dpop-core/core";\n',
    free: ["arithmetic", "noble's curves"],
  },
];

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
    ["wasm", "js", [...NOBLE, "fast P-256", "fast Ed25519", "WebAssembly"]],
    ["wasm", "cjs", [...NOBLE, "fast P-256", "fast Ed25519", "WebAssembly"]],
    ["webcrypto", "js", ["SHA-256", "WebCrypto"]],
    ["webcrypto", "cjs", ["SHA-256", "WebCrypto"]],
    ["jwt", "js", ["failures", ...TOKENS]],
    ["jwt", "cjs", ["failures", ...TOKENS]],
    ["explain", "js", EXPLAIN],
    ["explain", "cjs", EXPLAIN],
    ["redis", "js", ["Redis"]],
    ["redis", "cjs", ["Redis"]],
    ["express", "js", ON_NODE],
    ["fastify", "cjs", ON_NODE],
    ["koa", "js", ON_NODE],
    ["http", "cjs", ON_NODE],
    ["hono", "js", ON_FETCH],
    ["fetch", "cjs", ON_FETCH],
    ["browser", "js", IN_BROWSER],
    ["browser", "cjs", IN_BROWSER],
  ])("%s.%s imports no package, and holds only its parts", async (entry, extension, parts) => {
    const { code, packages } = await loadedBy(`${entry}.${extension}`);
    expect(packages).toEqual([]);
    expect(partsOf(code)).toEqual(parts);
  });

  test.each(["js", "cjs"])("node-crypto.%s imports node:crypto and no more", async (extension) => {
    const { code, packages } = await loadedBy(`node-crypto.${extension}`);
    expect(packages).toEqual(["node:crypto"]);
    expect(partsOf(code)).toEqual(["Node"]);
  });

  // The hashes that webcrypto loads with SHA-256 reckon in BigInt.
  test.each([
    ["core", ["arithmetic", "noble's curves"]],
    ["node-crypto", ["arithmetic", "noble's curves"]],
    ["jwt", ["arithmetic", "noble's curves"]],
    ["explain", ["arithmetic", "noble's curves"]],
    ["redis", ["arithmetic", "noble's curves"]],
    ["express", ["arithmetic", "noble's curves"]],
    ["fetch", ["arithmetic", "noble's curves"]],
    ["webcrypto", ["noble's curves", "server"]],
    ["browser", ["noble's curves"]], // PKCE has a verifier too, so words of a server say nothing
  ])("%s loads no code of %j", async (entry, free) => {
    for (const extension of ["js", "cjs"]) {
      const { code } = await loadedBy(`${entry}.${extension}`);
      expect(bleedsIn(code, free)).toEqual([]);
    }
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
    ['import { profiles } from "dpop-core"', []],
    ['import { profiles } from "dpop-core/core"', []],
    ['import { parseProof } from "dpop-core"', ["failures"]],
    ['import { createMemoryReplayStore } from "dpop-core"', ["memory store"]],
    ['import { ES256 } from "dpop-core/noble"', ["P-256", "SHA-256"]],
    ['import { Ed25519 } from "dpop-core/noble"', ["Ed25519"]],
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
    ['import { createAuthorizationServer } from "dpop-core/core"', ["failures", "token endpoint"]],
    ['import { createNonceIssuer } from "dpop-core/core"', ["nonce issuer"]],
    ['import { createSigner } from "dpop-core/webcrypto"', ["WebCrypto"]],
    ['import { webcrypto } from "dpop-core/webcrypto"', ["SHA-256", "WebCrypto"]],
    ['import { createJwtAccessTokens } from "dpop-core/jwt"', ["JWT access tokens"]],
    ['import { createIntrospection } from "dpop-core/jwt"', ["introspection"]],
    ['import { explainProof } from "dpop-core/explain"', EXPLAIN],
    ['import { formatExplanation } from "dpop-core/explain"', []],
    ['import { createRedisReplayStore } from "dpop-core/redis"', ["Redis"]],
    ['import { createGuard } from "dpop-core/express"', ["guard", "CORS", "Node requests"]],
    ['import { openBrowserSession } from "dpop-core/browser"', IN_BROWSER],
    ['import { createGuard } from "dpop-core/hono"', ["guard", "CORS", "Fetch requests"]],
  ])("%s carries what that needs", async (line, parts) => {
    const name = /\{ (\w+) \}/.exec(line)?.[1];
    const code = await bundle(`${line};\nexport const used = ${name};\n`);
    expect(importsOf(code)).toEqual([]);
    expect(partsOf(code)).toEqual(parts);
  });

  test("an import without a name carries nothing", async () => {
    const code = await bundle('import "dpop-core";\nexport const used = 1;\n');
    expect(code.length).toBeLessThan(100);
  });
});

describe("what must not be in a bundle", () => {
  test.each(APPS)("is not in that of: $name", async ({ source, free }) => {
    expect(bleedsIn(await bundle(source), free)).toEqual([]);
  });

  test("stands in one of everything", async () => {
    const all = 'export * from "dpop-core";\nexport * as fast from "dpop-core/fast";\n';
    expect(bleedsIn(await bundle(all), [...BLEEDS.keys()])).toEqual([...BLEEDS.keys()]);
  });

  // One import too many, in a file that the app needs.
  test.each([
    ["the client", "webcrypto.js", "core.js", "createVerifier", ["server"]],
    ["the client", "webcrypto.js", "core.js", "createNonceIssuer", ["server"]],
    ["the client", "webcrypto.js", "core.js", "FAILURES", ["server"]],
    ["the client", "webcrypto.js", "noble.js", "ES256", ["arithmetic", "noble's curves"]],
    ["the client", "webcrypto.js", "fast.js", "EdDSA", ["arithmetic"]],
    ["one proof", "webcrypto.js", "core.js", "createAuthorizationServer", ["server"]],
    ["one proof", "webcrypto.js", "noble.js", "Ed25519", ["arithmetic", "noble's curves"]],
    ["a server over Node", "node-crypto.js", "noble.js", "noble", ["arithmetic", "noble's curves"]],
    ["a server over Node", "node-crypto.js", "fast.js", "ES256", ["arithmetic"]],
    ["all of core", "core.js", "noble.js", "noble", ["arithmetic", "noble's curves"]],
  ])("is found in that of %s: %s imports of %s %s", async (name, file, from, what, found) => {
    const { source, free } = appNamed(name);
    const line = `import { ${what} as planted } from "./${from}";\nglobalThis.planted = planted;\n`;
    const path = join(built.dist, await fileUsed(file));
    const text = await readFile(path, "utf8");
    await writeFile(path, line + text);
    try {
      expect(bleedsIn(await bundle(source), free)).toEqual(found);
    } finally {
      await writeFile(path, text);
    }
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

function bleedsIn(code: string, forbidden: readonly string[]): string[] {
  return forbidden.filter((bleed) => BLEEDS.get(bleed)?.test(code) !== false);
}

function appNamed(name: string): App {
  const app = APPS.find((one) => one.name === name);
  if (app === undefined) throw new Error("there is no such app");
  return app;
}

/** The file of an entry that holds code: a bundler passes over one that only exports what others hold. */
async function fileUsed(entry: string): Promise<string> {
  if (entry !== "core.js") return entry;
  const files = importsOf(await readFile(join(built.dist, entry), "utf8"));
  const texts = await Promise.all(files.map((file) => readFile(join(built.dist, file), "utf8")));
  const index = texts.findIndex((text) => text.includes("function createVerifier("));
  const file = files[index];
  if (file === undefined) throw new Error("the verifier is nowhere");
  return file;
}

function withoutComments(text: string): string {
  const file = ts.createSourceFile("declarations.d.ts", text, ts.ScriptTarget.ES2022);
  return ts.createPrinter({ removeComments: true }).printFile(file);
}
