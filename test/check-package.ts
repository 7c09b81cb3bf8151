// npm run check:package: packs the package and uses what would be published, as its users would.
import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, relative, sep } from "node:path";
import { deepStrictEqual, ok } from "node:assert/strict";
import { promisify } from "node:util";
import { publint } from "publint";
import { formatMessage } from "publint/utils";
import { objectOf, readJson, ROOT } from "./support/build.js";
import { P1 } from "./support/rfc.js";

const ENTRIES = ["index", "core", "noble", "fast", "node", "webcrypto", "redis"];

let passed = 0;
let failed = 0;

async function check(title: string, body: () => unknown): Promise<void> {
  try {
    await body();
    passed++;
    console.log(`ok   ${title}`);
  } catch (error) {
    failed++;
    console.log(`FAIL ${title}\n${error instanceof Error ? error.message : String(error)}`);
  }
}

/** What a program writes to its standard output; throws with all that it wrote where it fails. */
async function run(command: string, args: readonly string[], cwd: string): Promise<string> {
  const env = { ...process.env };
  delete env["npm_config_local_prefix"]; // set by `npm run`; it would lead npm back to our own folder
  return promisify(execFile)(command, args, { cwd, env }).then(
    ({ stdout }) => stdout,
    (error: unknown) => {
      const { message, stdout, stderr } = objectOf(error);
      throw new Error(`${String(message)}\n${String(stdout)}${String(stderr)}`, { cause: error });
    },
  );
}

const node = (script: string, cwd: string): Promise<string> => run(process.execPath, [script], cwd);
const tool = (path: string, args: readonly string[], cwd: string): Promise<string> =>
  run(process.execPath, [join(ROOT, "node_modules", path), ...args], cwd);

/** Builds and packs; the path of the tarball. */
async function pack(folder: string): Promise<string> {
  await run("npm", ["run", "build"], ROOT);
  await run("npm", ["pack", "--ignore-scripts", "--pack-destination", folder], ROOT);
  const [tarball, ...more] = (await readdir(folder)).filter((file) => file.endsWith(".tgz"));
  if (tarball === undefined || more.length > 0) throw new Error("one tarball was expected");
  return join(folder, tarball);
}

/** An empty project with the tarball installed and no network: there is nothing else to fetch. */
async function install(folder: string, tarball: string): Promise<string> {
  const project = join(folder, "project");
  await mkdir(project);
  await writeFile(join(project, "package.json"), '{ "name": "project", "private": true }\n');
  await run("npm", ["install", "--offline", "--no-audit", "--no-fund", tarball], project);
  return project;
}

async function checkContents(project: string): Promise<void> {
  const home = join(project, "node_modules", "dpop-core");
  const manifest = await readJson(join(home, "package.json"));
  const files = await filesOf(home);

  await check("the tarball holds the build, the licences, the README and nothing else", () => {
    const others = files.filter((file) => !/^dist\/[\w-]+\.(js|cjs|d\.ts|d\.cts)$/.test(file));
    const expected = ["LICENSE", "README.md", "THIRD-PARTY-LICENSES", "package.json"];
    deepStrictEqual(others.toSorted(), expected);
  });
  await check("every entry is there as ESM and as CJS, with types", () => {
    const kinds = ["js", "cjs", "d.ts", "d.cts"];
    const due = ENTRIES.flatMap((entry) => kinds.map((kind) => `dist/${entry}.${kind}`));
    deepStrictEqual(
      due.filter((file) => !files.includes(file)),
      [],
    );
  });
  await check("there are no dependencies of any kind", async () => {
    for (const kind of ["dependencies", "peerDependencies", "optionalDependencies"])
      deepStrictEqual(Object.keys(objectOf(manifest[kind] ?? {})), [], kind);
    for (const kind of ["bundleDependencies", "bundledDependencies"]) ok(!(kind in manifest), kind);
    const installed = await readdir(join(project, "node_modules"));
    deepStrictEqual(
      installed.filter((name) => !name.startsWith(".")),
      ["dpop-core"],
    );
  });
  await check("nothing runs when it is installed", () => {
    const scripts = objectOf(manifest["scripts"] ?? {});
    for (const hook of ["preinstall", "install", "postinstall", "prepare"])
      ok(!(hook in scripts), hook);
  });
  await check("it is free of side effects, ESM by default, for Node 20.19 and later, MIT", () => {
    deepStrictEqual(manifest["sideEffects"], false);
    deepStrictEqual(manifest["type"], "module");
    deepStrictEqual(manifest["engines"], { node: ">=20.19" });
    deepStrictEqual(manifest["license"], "MIT");
  });
}

async function filesOf(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => !entry.isDirectory())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)).split(sep).join("/"));
}

async function checkTools(tarball: string): Promise<void> {
  await check("publint finds nothing", async () => {
    const { buffer } = Uint8Array.from(await readFile(tarball)); // a copy: a Buffer shares its memory
    const { messages, pkg } = await publint({ pack: { tarball: buffer }, strict: true });
    ok(
      messages.length === 0,
      messages.map((message) => formatMessage(message, pkg, { color: false })).join("\n"),
    );
  });
  await check("attw finds nothing", () =>
    tool(
      "@arethetypeswrong/cli/dist/index.js",
      [tarball, "--profile", "node16", "--no-definitely-typed", "--no-color", "--no-emoji"],
      ROOT,
    ),
  );
}

/** Valid as JavaScript and as TypeScript, without any global: a mistake is thrown. */
const USE = `
const p1 = "${P1}";
const request = { method: "POST", url: "https://server.example.com/token", now: 1562262616 };
const verifiers = [
  main.createVerifier(),
  main.createVerifier({ backend: noble.noble, algs: [noble.ES256] }),
  core.createVerifier({ backend: noble.noble, maxAge: undefined }),
];
for (const verifier of verifiers) {
  const result = verifier.verify(p1, request);
  if (!result.ok) throw new Error(result.code);
  if (result.jkt !== "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I") throw new Error(result.jkt);
  const changed = verifier.verify(p1.slice(0, -2) + "AA", request);
  if (changed.ok || changed.code !== "signature_invalid") throw new Error("a changed proof passed");
}
const session = main.createClientSession({ signer: main.createSigner(main.generatePrivateJwk("ES256")) });
const url = "https://api.example/";
const access = main.createResourceServer({ verifier: main.createVerifier() }).authenticate({
  method: "GET",
  url,
  authorization: "DPoP a-token",
  proof: session.buildProof({ method: "GET", url, accessToken: "a-token" }),
  binding: { jkt: session.jkt },
});
if (!access.ok) throw new Error(access.failure.code);
const anyFetch = main.createDpopFetch({ session });
const shared = redis.createRedisReplayStore({ send: async () => "OK" });
const async = core.createAsyncVerifier({ backend: webcrypto.webcrypto, replay: shared });
async.verify(p1, request).then((result) => {
  if (!result.ok) throw new Error(result.code);
});
for (const backend of [fast.fast, node.node]) {
  const result = core.verifyProof(p1, request, { backend });
  if (!result.ok) throw new Error(result.code);
}
`;
const IMPORTS = `import * as main from "dpop-core";
import * as core from "dpop-core/core";
import * as noble from "dpop-core/noble";
import * as fast from "dpop-core/fast";
import * as node from "dpop-core/node";
import * as redis from "dpop-core/redis";
import * as webcrypto from "dpop-core/webcrypto";
`;
const REQUIRES = IMPORTS.replace(/import \* as (\w+) from ("[^"]+")/g, "const $1 = require($2)");
const TYPES = `
const options: main.VerifierOptions = { clockTolerance: undefined };
const result: main.VerifyResult = core.verifyProof(p1, request, { ...options, backend: noble.noble });
export const call = (): Promise<main.ResponseLike> => anyFetch("https://api.example/");
export const code: core.FailureCode | undefined = result.ok ? undefined : result.code;
`;

async function checkUse(project: string): Promise<void> {
  await writeFile(join(project, "use.mjs"), IMPORTS + USE);
  await writeFile(join(project, "use.cjs"), REQUIRES + USE);
  await check("an ES module imports every entry and verifies", () => node("use.mjs", project));
  await check("a CommonJS module requires every entry and verifies", () =>
    node("use.cjs", project),
  );
  const settings = [["ES2020"], ["ES2020", "DOM"]].flatMap((lib): Setting[] => [
    { resolution: "node16", extension: "mts", lib },
    { resolution: "node16", extension: "cts", lib },
    { resolution: "bundler", extension: "mts", lib },
  ]);
  await Promise.all(settings.map((setting) => checkTypes(project, setting)));
}

interface Setting {
  readonly resolution: "node16" | "bundler";
  readonly extension: "mts" | "cts";
  readonly lib: readonly string[];
}

/** Compiles a typed use of every entry, declarations of the package included, and runs what comes out. */
async function checkTypes(project: string, setting: Setting): Promise<void> {
  const { resolution, extension, lib } = setting;
  const name = ["use", resolution, extension, ...lib].join("-").toLowerCase();
  const compilerOptions = {
    target: "ES2020",
    lib,
    types: [],
    module: resolution === "bundler" ? "ESNext" : "Node16",
    moduleResolution: resolution,
    strict: true,
    exactOptionalPropertyTypes: true,
    noPropertyAccessFromIndexSignature: true,
    noUncheckedIndexedAccess: true,
    skipLibCheck: false,
  };
  await writeFile(join(project, `${name}.${extension}`), IMPORTS + USE + TYPES);
  await writeFile(
    join(project, `${name}.json`),
    JSON.stringify({ compilerOptions, files: [`${name}.${extension}`] }),
  );
  await check(`TypeScript: .${extension}, ${resolution}, ${lib.join(" and ")}`, async () => {
    await tool("typescript/bin/tsc", ["-p", `${name}.json`], project);
    await node(`${name}.${extension.replace("ts", "js")}`, project);
  });
}

async function main(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "dpop-core-"));
  try {
    let tarball = "";
    let project = "";
    await check("the package builds and packs", async () => (tarball = await pack(folder)));
    if (tarball === "") return;
    await checkTools(tarball);
    await check("the tarball installs without a network", async () => {
      project = await install(folder, tarball);
    });
    if (project === "") return;
    await checkContents(project);
    await checkUse(project);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

await main();
console.log(`check:package: ${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
