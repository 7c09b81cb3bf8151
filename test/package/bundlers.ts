// Bundles of small programs, by the bundlers that users have; Node runs what comes out.
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { deepStrictEqual } from "node:assert/strict";
import { nodeResolve } from "@rollup/plugin-node-resolve";
import * as esbuild from "esbuild";
import { rollup } from "rollup";
import * as vite from "vite";
import webpack from "webpack";
import { check, node } from "./check.js";
import { COMMONJS, type Program, PROGRAMS, RIGHT_ANSWER } from "./programs.js";

/** Bundles the program in the file `app.mjs` or `app.cjs` of a folder; its warnings. */
interface Bundler {
  readonly name: string;
  readonly requires: boolean;
  bundle(job: Job): Promise<readonly string[]>;
}

interface Job {
  readonly project: string;
  readonly input: string;
  readonly folder: string;
  /** Within the folder. */
  readonly output: string;
  readonly program: Program;
}

const BUNDLERS: readonly Bundler[] = [
  { name: "esbuild", requires: true, bundle: byEsbuild },
  { name: "rollup", requires: false, bundle: byRollup }, // it knows no require by itself
  { name: "webpack", requires: true, bundle: byWebpack },
  { name: "vite", requires: false, bundle: byVite },
];

export async function checkBundlers(project: string): Promise<void> {
  for (const bundler of BUNDLERS) {
    for (const program of bundler.requires ? [...PROGRAMS, COMMONJS] : PROGRAMS) {
      await check(`${bundler.name} bundles ${program.name}, and Node runs it`, () =>
        checkBundle(project, bundler, program),
      );
    }
  }
}

async function checkBundle(project: string, bundler: Bundler, program: Program): Promise<void> {
  const name = `${bundler.name} ${program.name}`.replace(/\W+/g, "-");
  const input = join(project, `${name}.${program === COMMONJS ? "cjs" : "mjs"}`);
  // The bundle stands where no dpop-core is to be found.
  const folder = join(project, "..", "bundles", name);
  const output = "app.mjs";
  await writeFile(input, program.source);
  deepStrictEqual(await bundler.bundle({ project, input, folder, output, program }), []);
  deepStrictEqual(await node(join(folder, output), folder), RIGHT_ANSWER);
}

async function byEsbuild({ input, folder, output, program }: Job): Promise<readonly string[]> {
  const { warnings } = await esbuild.build({
    entryPoints: [input],
    outfile: join(folder, output),
    bundle: true,
    minify: true,
    format: "esm",
    platform: program.server ? "node" : "browser",
    logLevel: "silent",
  });
  return warnings.map(({ text }) => text);
}

async function byRollup({ input, folder, output, program }: Job): Promise<readonly string[]> {
  const warnings: string[] = [];
  const bundle = await rollup({
    input,
    external: program.server ? [/^node:/] : [],
    plugins: [nodeResolve({ browser: !program.server })],
    onLog: (_, { message }) => void warnings.push(message),
  });
  await bundle.write({ file: join(folder, output), format: "es" });
  await bundle.close();
  return warnings;
}

function byWebpack({ project, input, folder, output, program }: Job): Promise<readonly string[]> {
  const compiler = webpack({
    context: project,
    entry: input,
    mode: "production",
    target: program.server ? "node" : "web",
    experiments: { outputModule: true },
    output: { path: folder, filename: output, module: true },
    performance: { hints: false }, // how large it is, is measured elsewhere
  });
  return new Promise((resolve, reject) => {
    compiler.run((fault, stats) => {
      compiler.close((late) => {
        const error = fault ?? late;
        if (error || stats === undefined) return reject(error ?? new Error("webpack said nothing"));
        const { errors = [], warnings = [] } = stats.toJson({
          all: false,
          errors: true,
          warnings: true,
        });
        resolve([...errors, ...warnings].map(({ message }) => message));
      });
    });
  });
}

async function byVite({
  project,
  input,
  folder,
  output,
  program,
}: Job): Promise<readonly string[]> {
  const warnings: string[] = [];
  const heard = (message: string): void => void warnings.push(message);
  const logger = vite.createLogger("silent");
  await vite.build({
    root: project,
    configFile: false,
    envDir: false,
    logLevel: "warn",
    customLogger: { ...logger, warn: heard, warnOnce: heard, error: heard },
    build: {
      outDir: folder,
      emptyOutDir: false,
      ssr: program.server,
      target: "es2022", // the programs wait at their top level
      rolldownOptions: { input, output: { entryFileNames: output } },
    },
    ...(program.server ? { ssr: { noExternal: true } } : {}),
  });
  return warnings;
}
