// Builds the package, and apps that use it, out of the tree: tests that run side by side never read each other's dist/.
import { cp, mkdir, mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "tsup";

/** The root of the repository. */
export const ROOT: string = fileURLToPath(new URL("../..", import.meta.url));

export interface BuiltPackage {
  /** An app's folder, where `dpop-core` resolves to what was built. */
  readonly app: string;
  readonly dist: string;
  remove(): Promise<void>;
}

/** Builds with the package's own settings, as `npm run build` does, into a temporary app's node_modules. */
export async function buildPackage(
  options: { readonly dts?: boolean; readonly metafile?: boolean } = {},
): Promise<BuiltPackage> {
  const app = await mkdtemp(join(tmpdir(), "dpop-core-"));
  const home = join(app, "node_modules", "dpop-core");
  const dist = join(home, "dist");
  await mkdir(home, { recursive: true });
  await cp(join(ROOT, "package.json"), join(home, "package.json"));
  const { dts = false, metafile = false } = options;
  await build({ outDir: dist, silent: true, metafile, ...(dts ? {} : { dts: false }) });
  return { app, dist, remove: () => rm(app, { recursive: true, force: true }) };
}

/** Node's oldest version that the package runs on, for esbuild. */
const NODE = "node20.19";

/**
 * Builds the command line into `cli.js` of a folder that has the entries: it imports them by the package's own name, as
 * every program does.
 */
export async function buildCommandLine(dist: string): Promise<void> {
  await build({
    config: false, // the settings of the package are for its entries
    entry: { cli: join(ROOT, "src/cli/main.ts") },
    outDir: dist,
    format: "esm",
    platform: "node",
    target: NODE,
    external: [/^dpop-core(?:\/|$)/],
    removeNodeProtocol: false,
    clean: false,
    treeshake: true,
    silent: true,
  });
}

/** Bundles one file of an app into one file, as an app's own esbuild would; its text. With a `globalName`, as a script. */
export async function bundleApp(
  app: string,
  file: string,
  options: { readonly globalName?: string; readonly minify?: boolean } = {},
): Promise<string> {
  const outDir = join(app, "out", file.replaceAll(".", "-"));
  const { globalName, minify = false } = options;
  await build({
    config: false, // the app's settings are not ours
    entry: { app: join(app, file) },
    outDir,
    format: globalName === undefined ? "esm" : "iife",
    ...(globalName === undefined ? {} : { globalName }),
    platform: "neutral",
    target: "es2020",
    noExternal: [/.*/],
    splitting: false,
    minify,
    silent: true,
  });
  const [output, ...more] = await readdir(outDir);
  if (output === undefined || more.length > 0) throw new Error("the app must become one file");
  return readFile(join(outDir, output), "utf8");
}

/** An object that JSON or a manifest holds, its members unknown; throws where it is not one. */
export function objectOf(value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null) throw new TypeError("an object was expected");
  return value as Readonly<Record<string, unknown>>; // an object, as was just checked
}

export async function readJson(path: string): Promise<Readonly<Record<string, unknown>>> {
  return objectOf(JSON.parse(await readFile(path, "utf8")));
}
