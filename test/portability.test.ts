// Portability: the entries ask for nothing but ECMAScript 2020, as the compiler sees them and as they run.
import { execFile } from "node:child_process";
import { cp, mkdtemp, readdir, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { promisify } from "node:util";
import { type Context, createContext, runInContext } from "node:vm";
import ts from "typescript";
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
    ["dpop-core/wasm", "accelerate"],
    ["dpop-core/webcrypto", "createSigner"],
    ["dpop-core/jwt", "createJwtAccessTokens"],
    ["dpop-core/explain", "explainProof"],
    ["dpop-core/redis", "createRedisReplayStore"],
    ["dpop-core/express", "createGuard"],
    ["dpop-core/fastify", "createGuard"],
    ["dpop-core/koa", "createGuard"],
    ["dpop-core/hono", "createGuard"],
    ["dpop-core/http", "createGuard"],
    ["dpop-core/fetch", "createGuard"],
    ["dpop-core/browser", "openBrowserSession"],
  ])("%s loads by itself", async (entry, name) => {
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

/** Code, and what in it is no part of ECMAScript 2020. */
const STRAYS: readonly (readonly [code: string, name: string])[] = [
  ["new TextEncoder()", "TextEncoder"],
  ["typeof TextDecoder", "TextDecoder"],
  ["new URL('https://a')", "URL"],
  ["Buffer.from('a')", "Buffer"],
  ["console.log('a')", "console"],
  ["process.env", "process"],
  ["structuredClone({})", "structuredClone"],
  ["crypto.subtle", "crypto"],
  ["setTimeout(() => undefined)", "setTimeout"],
  ["new WeakRef({})", "WeakRef"],
  ["[1].at(-1)", ".at"],
  ["((list) => list?.at(-1))([1])", ".at"],
  ["[1]['at'](-1)", ".at"],
  ["(({ at }) => at)([1])", ".at"],
  ["'a'.replaceAll('a', 'b')", ".replaceAll"],
  ["[1].toSorted()", ".toSorted"],
  ["/(?<=a)b/.test('ab')", "/(?<=a)b/"],
  ["/(?<!a)b/.test('ab')", "/(?<!a)b/"],
  ["new RegExp('(?<=a)b')", "(?<=a)b"],
];

describe("the built files, noble's part included, read and not run", () => {
  let built: BuiltPackage;
  let files: readonly string[];
  beforeAll(async () => {
    built = await buildPackage();
    const names = await readdir(built.dist);
    files = names.filter((name) => /\.c?js$/.test(name)).map((name) => join(built.dist, name));
    return () => built.remove();
  }, 30_000);

  test("name no global and no method that ECMAScript 2020 has not, and look behind in no regex", () => {
    expect(files.length).toBeGreaterThanOrEqual(26); // an ESM and a CommonJS file for each entry
    expect(strays(files)).toEqual([]);
  }, 30_000);

  describe("where they are put in, are found, though nothing calls them", () => {
    const fileOf = (index: number): string => `stray${index}.js`;
    let found: readonly string[];
    beforeAll(async () => {
      const put = STRAYS.map(async ([code], index) => {
        const file = join(built.dist, fileOf(index));
        await writeFile(file, `export const stray = () => ${code};\n`);
        return file;
      });
      found = strays(await Promise.all(put));
    }, 30_000);

    test.each(STRAYS.map(([code, name], index) => ({ code, name, index })))(
      "$code",
      ({ name, index }) => {
        const file = fileOf(index);
        expect(found.filter((one) => one.startsWith(`${file}:`))).toEqual([`${file}: ${name}`]);
      },
    );
  });
});

/**
 * Methods that are younger than ECMAScript 2020 and can be called on a value of no known type. noble
 * calls Object.hasOwn: docs/backends.md says so.
 */
const YOUNG = new Set(
  "at replaceAll findLast findLastIndex toSorted toReversed toSpliced".split(" "),
);

/** What the compiler says of a name that is in no library that it was given. */
const UNKNOWN_NAME = new Set([2304, 2552, 2580, 2581, 2582, 2583, 2584, 2591, 2592, 2593, 18004]);

/** What files, but for the import of node:crypto, name that ECMAScript 2020 has not, whether it is ever run or not. */
function strays(files: readonly string[]): readonly string[] {
  const program = ts.createProgram(files, {
    allowJs: true,
    checkJs: true,
    noEmit: true,
    types: [],
    lib: ["lib.es2020.d.ts"],
    target: ts.ScriptTarget.ES2020,
    module: ts.ModuleKind.ESNext,
    moduleResolution: ts.ModuleResolutionKind.Bundler,
    noResolve: true,
  });
  return files.flatMap((file) => {
    const source = program.getSourceFile(file);
    if (source === undefined) throw new Error(`${file} was not read`);
    const names = program
      .getSemanticDiagnostics(source)
      .filter(({ code }) => UNKNOWN_NAME.has(code))
      .map(({ start = 0, length = 0 }) => source.text.slice(start, start + length))
      .filter(
        (name) => !/^["']node:crypto/.test(name) && !(file.endsWith(".cjs") && COMMONJS.has(name)),
      );
    return [...names, ...strayNodes(source)].map((found) => `${basename(file)}: ${found}`);
  });
}

const COMMONJS = new Set(["require", "module", "exports"]);

function strayNodes(source: ts.SourceFile): readonly string[] {
  const found: string[] = [];
  const visit = (node: ts.Node): void => {
    const name = memberName(node);
    if (name !== undefined && YOUNG.has(name)) found.push(`.${name}`);
    if (ts.isRegularExpressionLiteral(node) || ts.isStringLiteralLike(node)) {
      if (/\(\?<[=!]/.test(node.text)) found.push(node.text);
    }
    node.forEachChild(visit);
  };
  visit(source);
  return found;
}

/** The method that is called, by a dot or by a text in brackets; or the member that is taken out. */
function memberName(node: ts.Node): string | undefined {
  if (ts.isCallExpression(node)) {
    const { expression } = node;
    if (ts.isPropertyAccessExpression(expression)) return expression.name.text;
    if (!ts.isElementAccessExpression(expression)) return undefined;
    const { argumentExpression: argument } = expression;
    return ts.isStringLiteralLike(argument) ? argument.text : undefined;
  }
  if (!ts.isBindingElement(node) || !ts.isObjectBindingPattern(node.parent)) return undefined;
  const name = node.propertyName ?? node.name;
  return ts.isIdentifier(name) ? name.text : undefined;
}

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
