// Building: dpop-core as it is published, beside the jobs that import it by its name. So every
// engine runs plain JavaScript, and the same.
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { build, type Options } from "tsup";

const HERE = fileURLToPath(new URL(".", import.meta.url));
const TOP = fileURLToPath(new URL("../../", import.meta.url));
const OUTPUT = `${HERE}dist`;

export const JOBS = ["pinned", "sixteen", "growth", "replay", "load", "server"] as const;
export type Job = (typeof JOBS)[number];

/** The file of a job, once it is built. */
export function jobFile(job: Job): string {
  return `${OUTPUT}/${job}.js`;
}

/** A place for the findings of a job. */
export function findingsFile(job: Job): string {
  return `${OUTPUT}/${job}.json`;
}

export async function buildAll(): Promise<void> {
  rmSync(OUTPUT, { recursive: true, force: true });
  const home = `${OUTPUT}/node_modules/dpop-core`;
  mkdirSync(home, { recursive: true });
  cpSync(`${TOP}package.json`, `${home}/package.json`);
  const { tsup: settings } = readPackage();
  const shared = { config: false, silent: true, dts: false, format: "esm" } as const;
  const entry = settings.entry.map((path) => `${TOP}${path}`).filter((path) => existsSync(path));
  await build({ ...settings, ...shared, entry, outDir: `${home}/dist` });
  await build({
    ...shared,
    entry: JOBS.map((job) => `${HERE}engine/${job}.ts`).filter((path) => existsSync(path)),
    outDir: OUTPUT,
    clean: false,
    target: "es2022",
    platform: "node",
    external: [/^[^./]/], // everything that is imported by a name
    tsconfig: `${TOP}test/tsconfig.json`,
  });
}

function readPackage(): { readonly tsup: Options & { readonly entry: readonly string[] } } {
  return JSON.parse(readFileSync(`${TOP}package.json`, "utf8")); // ours, and checked in
}
