// Building: dpop-core as it is published, beside the jobs that import it by its name, so that every
// engine runs the same plain JavaScript.
import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { build, type Options } from "tsup";

const BENCH = fileURLToPath(new URL("../", import.meta.url));
const TOP = fileURLToPath(new URL("../../", import.meta.url));

export const OUTPUT: string = `${BENCH}dist/`;

export async function buildAll(): Promise<void> {
  installNative();
  rmSync(OUTPUT, { recursive: true, force: true });
  const home = `${OUTPUT}node_modules/dpop-core`;
  mkdirSync(home, { recursive: true });
  cpSync(`${TOP}package.json`, `${home}/package.json`);
  // A package of its own: within dpop-core, its name would stand for the build of the release.
  writeFileSync(`${OUTPUT}package.json`, '{ "type": "module" }\n');
  const { tsup: settings } = readPackage();
  const shared = { config: false, silent: true, dts: false, format: "esm" } as const;
  const entry = settings.entry.map((path) => TOP + path);
  await build({ ...settings, ...shared, entry, outDir: `${home}/dist` });
  await build({
    ...shared,
    entry: {
      job: `${BENCH}engine/job.ts`,
      server: `${BENCH}jobs/server.ts`,
      "first-proofs": `${BENCH}jobs/first-proofs.ts`,
    },
    outDir: OUTPUT,
    clean: false,
    target: "es2022",
    platform: "node",
    external: [/^[^./]/], // everything that is imported by a name
    tsconfig: `${TOP}test/tsconfig.json`,
  });
}

/** Installs what has a package for some platforms only. Without it, its rows are left out. */
function installNative(): void {
  const folder = `${BENCH}native`;
  if (existsSync(`${folder}/node_modules`)) return;
  const args = ["ci", "--prefix", folder, "--ignore-scripts", "--no-audit", "--no-fund"];
  const { status } = spawnSync("npm", args, { stdio: "ignore" });
  if (status !== 0) console.log("@node-rs/jsonwebtoken could not be installed: it has no row");
}

function readPackage(): { readonly tsup: Options & { readonly entry: readonly string[] } } {
  return JSON.parse(readFileSync(`${TOP}package.json`, "utf8")); // ours, and checked in
}
