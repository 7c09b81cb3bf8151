// What an app's own bundler does: each script of the page in one file.
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "tsup";

/** Returns the text of a script with all that it imports: a module, or a script for a service worker or an element. */
export async function bundle(
  script: URL,
  format: "esm" | "iife",
  { minify = false }: { readonly minify?: boolean } = {},
): Promise<string> {
  const outDir = await mkdtemp(join(tmpdir(), "dpop-core-"));
  try {
    await build({
      config: false,
      silent: true,
      entry: { script: fileURLToPath(script) },
      outDir,
      format,
      platform: "browser",
      target: "es2022",
      splitting: false,
      minify,
      noExternal: [/.*/],
      tsconfig: fileURLToPath(new URL("../../test/tsconfig.json", import.meta.url)), // where dpop-core is
      outExtension: () => ({ js: ".js" }),
    });
    return await readFile(join(outDir, "script.js"), "utf8");
  } finally {
    await rm(outDir, { recursive: true, force: true });
  }
}
