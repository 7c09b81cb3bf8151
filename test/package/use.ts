// The installed package used as a user would: as ESM, as CommonJS, and by the compiler.
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { ROOT } from "../support/build.js";
import { P1 } from "../support/rfc.js";
import { check, node, run } from "./check.js";

const TSC = join(ROOT, "node_modules", "typescript/bin/tsc");

/** Valid as JavaScript and as TypeScript, without any global: a mistake is thrown. */
const USE = `
const p1 = "${P1}";
const request = { method: "POST", url: "https://server.example.com/token", now: 1562262616 };
const verifiers = [
  main.createVerifier({ replay: "none" }),
  main.createVerifier({ backend: noble.noble, algs: [noble.ES256], replay: "none" }),
  core.createVerifier({ backend: noble.noble, maxAge: undefined, replay: "none" }),
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
const replay = main.createMemoryReplayStore();
const api = main.createResourceServer({
  verifier: main.createVerifier({ replay }),
  accessTokens: () => ({ binding: { jkt: session.jkt }, claims: { user: "someone" } }),
});
const access = api.authenticate({
  method: "GET",
  url,
  authorization: "DPoP a-token",
  proof: session.buildProof({ method: "GET", url, accessToken: "a-token" }),
});
if (!access.ok) throw new Error(access.failure.code);
if (access.token.user !== "someone") throw new Error("not what accessTokens returned");
const guards = [express, fastify, koa, hono, http, fetch].map(({ createGuard }) => createGuard);
if (guards.some((createGuard) => typeof createGuard !== "function")) throw new Error("no guard");
if (typeof browser.openBrowserSession !== "function") throw new Error("no session of a browser");
const anyFetch = main.createDpopFetch({ session });
const explained = explain.explainProof(p1, request, { backend: node.nodeCrypto });
if (!explained.verdict.ok) throw new Error(explain.formatExplanation(explained));
const shared = redis.createRedisReplayStore({ send: async () => "OK" });
const { publicJwk } = main.createSigner(main.generatePrivateJwk("ES256"));
const tokens = jwt.createJwtAccessTokens({
  backend: noble.noble,
  issuer: "https://as.example",
  audience: url,
  jwks: { keys: [publicJwk] },
});
Promise.resolve(tokens("made-up", undefined)).then((token) => {
  if (token !== null) throw new Error("a made-up token passed");
});
const async = core.createAsyncVerifier({ backend: webcrypto.webcrypto, replay: shared });
async.verify(p1, request).then((result) => {
  if (!result.ok) throw new Error(result.code);
});
for (const backend of [fast.fast, wasm.wasm, wasm.accelerate(node.nodeCrypto), node.nodeCrypto]) {
  const result = core.verifyProof(p1, request, { backend, replay: "none" });
  if (!result.ok) throw new Error(result.code);
}
`;
const IMPORTS = `import * as main from "dpop-core";
import * as core from "dpop-core/core";
import * as noble from "dpop-core/noble";
import * as fast from "dpop-core/fast";
import * as wasm from "dpop-core/wasm";
import * as node from "dpop-core/node-crypto";
import * as jwt from "dpop-core/jwt";
import * as explain from "dpop-core/explain";
import * as redis from "dpop-core/redis";
import * as webcrypto from "dpop-core/webcrypto";
import * as express from "dpop-core/express";
import * as fastify from "dpop-core/fastify";
import * as koa from "dpop-core/koa";
import * as hono from "dpop-core/hono";
import * as http from "dpop-core/http";
import * as fetch from "dpop-core/fetch";
import * as browser from "dpop-core/browser";
`;
const REQUIRES = IMPORTS.replace(/import \* as (\w+) from ("[^"]+")/g, "const $1 = require($2)");
const TYPES = `
const options: main.VerifierOptions = { clockTolerance: undefined, replay: "none" };
const result: main.VerifyResult = core.verifyProof(p1, request, { ...options, backend: noble.noble });
export const call = (): Promise<main.ResponseLike> => anyFetch("https://api.example/");
export const code: core.FailureCode | undefined = result.ok ? undefined : result.code;
`;

export async function checkUse(project: string): Promise<void> {
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
    await run(process.execPath, [TSC, "-p", `${name}.json`], project);
    await node(`${name}.${extension.replace("ts", "js")}`, project);
  });
}
