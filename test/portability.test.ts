// Portability: the entries ask for nothing but ECMAScript 2020, as the compiler sees them and as they run.
import { execFile } from "node:child_process";
import { cp, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { type Context, createContext, runInContext } from "node:vm";
import { beforeAll, describe, expect, test } from "vitest";
import { buildPackage, type BuiltPackage, bundleApp, objectOf, ROOT } from "./support/build.js";
import { JKT } from "./support/rfc.js";

const PORTABLE = join(ROOT, "test", "tsconfig.portable.json");

describe("for the compiler, with the library of ES2020 and no other types", () => {
  test("every entry compiles", async () => {
    expect(await diagnostics(PORTABLE)).toBe("");
  }, 30_000);

  test("a global of a platform is an error", async () => {
    const folder = await mkdtemp(join(tmpdir(), "dpop-core-"));
    try {
      const stray = ["URL", "TextEncoder", "Buffer", "console", "crypto", "process", "fetch"];
      const files = [...stray, "Uint8Array"].map((name) => `${name}.mts`);
      await Promise.all(
        files.map((file) =>
          writeFile(join(folder, file), `export const used: unknown = ${file.slice(0, -4)};\n`),
        ),
      );
      const project = join(folder, "tsconfig.json");
      await writeFile(project, JSON.stringify({ extends: PORTABLE, files }));
      const found = await diagnostics(project);
      for (const name of stray) expect(found).toMatch(new RegExp(`Cannot find name '${name}'`));
      expect(found).not.toContain("Uint8Array.mts"); // so that the errors are about those names
    } finally {
      await rm(folder, { recursive: true });
    }
  }, 30_000);
});

/** What the compiler says of a project; empty when it is content. */
async function diagnostics(project: string): Promise<string> {
  const tsc = join(ROOT, "node_modules", "typescript", "bin", "tsc");
  return promisify(execFile)(process.execPath, [tsc, "--pretty", "false", "-p", project]).then(
    ({ stdout }) => stdout,
    (error: unknown) => String(objectOf(error)["stdout"]),
  );
}

describe("in a context without the globals of a platform", () => {
  let built: BuiltPackage;
  beforeAll(async () => {
    built = await buildPackage();
    // The caller's own noble, for nobleBackend.
    await symlink(
      join(ROOT, "node_modules", "@noble"),
      join(built.app, "node_modules", "@noble"),
      "junction",
    );
    const files = ["bare-engine.ts", "rfc.ts"];
    await Promise.all(
      files.map((file) => cp(join(ROOT, "test", "support", file), join(built.app, file))),
    );
    return () => built.remove();
  }, 30_000);

  test("the context has none of them, while this process has", () => {
    const context = bareContext();
    for (const name of ["URL", "TextEncoder", "Buffer", "console", "crypto", "process", "fetch"]) {
      expect(typeOf(name, context), name).toBe("undefined");
      expect(typeof Reflect.get(globalThis, name), name).not.toBe("undefined");
    }
    expect(typeOf("Uint8Array", context)).toBe("function");
    expect(() => runInContext("new URL('https://a')", context)).toThrow("URL is not defined");
  });

  test.each([
    ["dpop-core", "verifyProof"],
    ["dpop-core/core", "verifyProof"],
    ["dpop-core/noble", "nobleBackend"],
    ["dpop-core/fast", "createSigner"],
    ["dpop-core/webcrypto", "createSigner"],
    ["dpop-core/redis", "createRedisReplayStore"],
  ])("%s loads, alone", async (entry, name) => {
    const file = `${entry.replace("/", "-")}.ts`;
    await writeFile(join(built.app, file), `export * from "${entry}";\n`);
    const context = bareContext();
    runInContext(await bundleApp(built.app, file, { globalName: "entry" }), context);
    expect(typeOf(`entry.${name}`, context)).toBe("function");
  });

  test("proofs are verified, refused and created; without a random source no key is made", async () => {
    const script = await bundleApp(built.app, "bare-engine.ts", { globalName: "bareEngine" });
    const context = bareContext();
    runInContext(script, context);
    const json: unknown = runInContext("JSON.stringify(bareEngine.results)", context);
    expect(JSON.parse(String(json))).toEqual({
      tokenRequest: JKT,
      resourceRequest: JKT,
      otherToken: "ath_mismatch",
      changedSignature: "signature_invalid",
      otherMethod: "htm_mismatch",
      thumbprint: JKT,
      ES256: ["ES256", "jti_replayed"],
      ES384: ["ES384", "jti_replayed"],
      ES512: ["ES512", "jti_replayed"],
      EdDSA: ["EdDSA", "jti_replayed"],
      Ed25519: ["Ed25519", "jti_replayed"],
      roles: ["use_dpop_nonce", "DPoP", true, "DPoP"],
      noRandomSource: expect.stringMatching(/^Error: .*crypto\.getRandomValues/),
    });
  }, 15_000);
});

/** A realm with the objects of ECMAScript 2020; V8 gives every realm some more, which bare engines lack. */
function bareContext(): Context {
  const context = createContext({});
  for (const name of ["console", "WebAssembly", "Intl", "WeakRef", "FinalizationRegistry"])
    runInContext(`delete globalThis.${name}`, context);
  return context;
}

function typeOf(expression: string, context: Context): unknown {
  return runInContext(`typeof ${expression}`, context);
}
