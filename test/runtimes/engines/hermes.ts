// Hermes, the engine of React Native: an old VM, which runs the suite as ES5 (the only form that it
// takes), and the present compiler, which has no VM beside it on npm, as a gate: the published
// bundle of every entry, and the suite, must compile unchanged.
import { existsSync } from "node:fs";
import { readFile, rm, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { build } from "tsup";
import type { Engine } from "../engine.js";
import { runProgram, START_LIMIT, versionOf, withFolder } from "../../support/process.js";
import { DIST, MODULES, RUN_LIMIT } from "./places.js";
import { printedReport, printing } from "./shell.js";

const FOLDERS: Readonly<Partial<Record<NodeJS.Platform, string>>> = {
  linux: "linux64-bin",
  darwin: "osx-bin",
};
const VM = hermesVm();
const COMPILER = program("hermes-compiler/hermesc", "hermesc");

/** What has to run before a script in ES5: TypeScript writes `a ** b` as `Math.pow(a, b)` in ES5, which is wrong for a BigInt. */
export const POWER: string = `(function (pow) {
  Math.pow = function (base, exponent) {
    if (typeof base !== "bigint") return pow(base, exponent);
    var power = BigInt(1);
    for (var i = 0; i < exponent; i++) power *= base;
    return power;
  };
})(Math.pow);
`;

/** What an app of React Native can import, by the backend that it is about; "node-crypto" is not for it. */
const ENTRIES = {
  noble: ["index", "core", "noble", "webcrypto", "redis"],
  fast: ["fast"],
  wasm: ["wasm"],
} as const;

export const engines: readonly Engine[] = [
  {
    id: "hermes",
    name: "Hermes VM",
    bundle: "one script, ES5",
    backends: ["noble", "fast", "wasm"],
    find: () => versionOfHermes(VM),
    run: () =>
      withFolder(async (folder) => {
        const file = join(folder, "suite.js");
        const suite = await readFile(join(DIST, "suite.es5.js"), "utf8");
        await writeFile(
          file,
          `${POWER}${suite}\n${printing("globalThis.dpopCoreReport", "print")}`,
        );
        return printedReport(await runProgram(VM ?? "", ["-O", "-w", file], { limit: RUN_LIMIT }));
      }),
  },
  {
    id: "hermesc",
    name: "Hermes compiler",
    bundle: "one script",
    backends: ["noble", "fast", "wasm"],
    compilesOnly: true,
    find: () => versionOfHermes(COMPILER),
    run: () => withFolder(compileAll),
  },
];

/** The path of the VM, null where it is not on this machine. */
export function hermesVm(): string | null {
  return program("hermes-engine-cli", "hermes");
}

function program(folder: string, name: string): string | null {
  const platform = FOLDERS[process.platform];
  if (platform === undefined) return null;
  const file = join(MODULES, folder, platform, name);
  return existsSync(file) ? file : null;
}

export function versionOfHermes(command: string | null): Promise<string | null> {
  return versionOf(command, ["--version"], /Hermes release version: (\S+)/);
}

/** A report of what compiled: each backend's entries, and the suite with all of them inside. */
async function compileAll(folder: string): Promise<string> {
  await bundleEntries(folder);
  const suite = join(DIST, "suite.script.js");
  const backends: unknown[] = [];
  for (const [name, entries] of Object.entries(ENTRIES)) {
    const files = [...entries.map((entry) => join(folder, `${entry}.js`)), suite];
    const failures: string[] = [];
    for (const file of files) {
      const failure = await compileFailure(file, join(folder, "bytecode"));
      if (failure !== null) failures.push(`${basename(file)}: ${failure}`);
    }
    const failed = failures.length;
    const passed = files.length - failed;
    backends.push({ name, passed, failed, failures, firstVerify: null, warmVerify: null });
  }
  return JSON.stringify({ backends });
}

/** Every published entry as one script: only put together. */
async function bundleEntries(folder: string): Promise<void> {
  const names = Object.values(ENTRIES).flat();
  await build({
    config: false,
    silent: true,
    entry: Object.fromEntries(names.map((name) => [name, join(DIST, "dpop-core", `${name}.js`)])),
    outDir: folder,
    outExtension: () => ({ js: ".js" }),
    format: "iife",
    globalName: "dpopCore",
    platform: "neutral",
    target: "esnext", // nothing is made older
    splitting: false,
    treeshake: false,
    minify: false,
  });
}

/** Why a script doesn't compile to bytecode; null where it does. */
async function compileFailure(file: string, output: string): Promise<string | null> {
  await rm(output, { force: true });
  try {
    const args = ["-emit-binary", "-O", "-w", "-out", output, file];
    await runProgram(COMPILER ?? "", args, { limit: START_LIMIT });
    return existsSync(output) ? null : "no bytecode was written";
  } catch (error) {
    return String(error).slice(0, 500);
  }
}
