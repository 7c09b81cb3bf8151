// Deno, with `npm:` names, from the node_modules of a project and without a network.
import { existsSync, readdirSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { deepStrictEqual } from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { check, run } from "./check.js";
import { PROGRAMS, RIGHT_ANSWER } from "./programs.js";

const PACKAGES = fileURLToPath(new URL("node_modules/@deno", import.meta.url));

export async function checkDeno(project: string): Promise<void> {
  for (const [index, program] of PROGRAMS.entries()) {
    await check(`Deno runs ${program.name} by its npm: name`, async () => {
      const file = `deno-${index}.mjs`;
      await writeFile(
        join(project, file),
        program.source.replaceAll('"dpop-core', '"npm:dpop-core'),
      );
      deepStrictEqual(await deno(project, file), RIGHT_ANSWER);
    });
  }
}

/** No permission is given: no part of the package asks for one. */
async function deno(project: string, file: string): Promise<string> {
  const args = ["run", "--no-prompt", "--no-remote", "--cached-only", "--node-modules-dir=manual"];
  const env = { DENO_DIR: join(project, "..", "deno"), DENO_NO_UPDATE_CHECK: "1" };
  return run(denoProgram(), [...args, file], project, { env, limit: 1 });
}

/** In the one package of the scope that npm installs, where it knows this platform: no script need run. */
function denoProgram(): string {
  const names = existsSync(PACKAGES) ? readdirSync(PACKAGES) : [];
  const files = names.map((name) => join(PACKAGES, name, "deno"));
  return files.find((file) => existsSync(file)) ?? "deno";
}
