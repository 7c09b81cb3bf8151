// Deno, from npm: the package of this platform has the program. It may read, and nothing else.
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import type { Engine } from "../engine.js";
import { versionOf } from "../../support/process.js";
import { DIST, MODULES } from "./places.js";
import { ALL_BACKENDS, runModules } from "./programs.js";

const SCOPE = join(MODULES, "@deno");

export function program(): string | null {
  const packages = existsSync(SCOPE) ? readdirSync(SCOPE) : [];
  const files = packages.map((name) => join(SCOPE, name, "deno"));
  return files.find((file) => existsSync(file)) ?? null;
}

const ARGS = ["run", "--no-prompt", "--no-config", "--no-lock", "--no-remote", "--no-npm"];

export const engines: readonly Engine[] = [
  {
    id: "deno",
    name: "Deno",
    bundle: "published modules",
    backends: ALL_BACKENDS,
    find: () => versionOf(program()),
    run: () => runModules("deno", program(), [...ARGS, `--allow-read=${DIST}`]),
  },
];
