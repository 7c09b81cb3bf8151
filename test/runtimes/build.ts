// Building what runs in an engine: the published files, byte for byte, and the suite, as modules
// beside them, as one script with them inside, and as that script in ECMAScript 5.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { build, type Options } from "tsup";
import ts from "typescript";

const HERE = fileURLToPath(new URL(".", import.meta.url));
const TOP = fileURLToPath(new URL("../../", import.meta.url));
const DIST = `${HERE}dist`;

/** The names in suite/vectors.ts, and the files whose JSON they are. */
const DATA: Readonly<Record<string, string>> = {
  PROOFS_JSON: "test/vectors/proofs.json",
  ED25519_JSON: "test/vectors/ed25519.json",
  THUMBPRINTS_JSON: "test/vectors/thumbprints.json",
  HTU_JSON: "test/vectors/htu.json",
  KEYS_JSON: "test/support/keys.json",
};

type Plugin = NonNullable<Options["esbuildPlugins"]>[number];

/** Makes dist anew. */
export async function buildAll(): Promise<void> {
  rmSync(DIST, { recursive: true, force: true });
  mkdirSync(DIST, { recursive: true });
  const { tsup: settings } = readPackage();
  const entry = settings.entry.map((path) => `${TOP}${path}`);
  const shared = { config: false, silent: true, dts: false, clean: false } as const;
  await build({ ...settings, ...shared, entry, format: "esm", outDir: `${DIST}/dpop-core` });
  const suite: Options = {
    ...shared,
    outDir: DIST,
    platform: "neutral",
    target: "es2020",
    splitting: false,
    define: Object.fromEntries(
      Object.entries(DATA).map(([name, path]) => [name, JSON.stringify(compactJson(path))]),
    ),
    tsconfig: `${HERE}suite/tsconfig.json`,
    outExtension: () => ({ js: ".js" }),
  };
  await build({
    ...suite,
    entry: { "suite.run": `${HERE}suite/run.ts` },
    format: "esm",
    esbuildPlugins: [beside],
  });
  writeFileSync(
    `${DIST}/suite.js`,
    'import { run } from "./suite.run.js";\nexport const report = run();\n',
  );
  await build({
    ...suite,
    entry: { "suite.script": `${HERE}suite/script.ts` },
    format: "iife",
    esbuildPlugins: [inside],
  });
  writeFileSync(`${DIST}/suite.es5.js`, es5(readFileSync(`${DIST}/suite.script.js`, "utf8")));
}

/** The file of an entry: "dpop-core/noble" is in "noble.js". */
function entryFile(name: string): string {
  return `dpop-core/${name.split("/")[1] ?? "index"}.js`;
}

/** Leaves the imports of dpop-core to the engine, by relative addresses. */
const beside: Plugin = {
  name: "dpop-core beside",
  setup({ onResolve }) {
    onResolve({ filter: /^dpop-core(?:\/|$)/ }, ({ path }) => ({
      path: `./${entryFile(path)}`,
      external: true,
    }));
  },
};

/** Takes the published files in; no engine that needs a script has node:crypto. */
const inside: Plugin = {
  name: "dpop-core inside",
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^dpop-core(?:\/|$)/ }, ({ path }) =>
      path === "dpop-core/node-crypto"
        ? { path, namespace: "nothing" }
        : { path: `${DIST}/${entryFile(path)}` },
    );
    onLoad({ filter: /./, namespace: "nothing" }, () => ({ contents: "export {};" }));
  },
};

export function es5(script: string): string {
  const { ScriptTarget, ModuleKind } = ts;
  const { outputText } = ts.transpileModule(script, {
    compilerOptions: {
      target: ScriptTarget.ES5,
      module: ModuleKind.None,
      downlevelIteration: true,
      ignoreDeprecations: "6.0",
    },
  });
  return outputText;
}

/** Without the white space; JSON.stringify writes a lone surrogate as the escape that it was. */
function compactJson(path: string): string {
  return JSON.stringify(JSON.parse(readFileSync(`${TOP}${path}`, "utf8")));
}

function readPackage(): { readonly tsup: Options & { readonly entry: readonly string[] } } {
  return JSON.parse(readFileSync(`${TOP}package.json`, "utf8")); // ours, and checked in
}
