// Bun, from npm: its script copies the program into the package; where scripts are not run, it is
// in the package of this platform.
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import type { Engine } from "../engine.js";
import { versionOf } from "../../support/process.js";
import { MODULES } from "./places.js";
import { ALL_BACKENDS, runModules } from "./programs.js";

const SCOPE = join(MODULES, "@oven");

export function program(): string | null {
  const packages = existsSync(SCOPE) ? readdirSync(SCOPE) : [];
  const files = packages.flatMap((name) =>
    ["bun", "bun.exe"].map((file) => join(SCOPE, name, "bin", file)),
  );
  const copied = join(MODULES, "bun", "bin", "bun.exe");
  return [...files, copied].find((file) => existsSync(file)) ?? null;
}

export const engines: readonly Engine[] = [
  {
    id: "bun",
    name: "Bun",
    bundle: "published modules",
    backends: ALL_BACKENDS,
    find: () => versionOf(program()),
    run: () => runModules("bun", program(), ["run"]),
  },
];
