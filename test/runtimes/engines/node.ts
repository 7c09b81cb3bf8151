// Node, in every release line that is still used, each from npm as a package of its own.
import { existsSync } from "node:fs";
import { arch, platform } from "node:os";
import { join } from "node:path";
import type { Engine } from "../engine.js";
import { versionOf } from "../../support/process.js";
import { MODULES } from "./places.js";
import { ALL_BACKENDS, runModules } from "./programs.js";

function node(line: number): Engine {
  const id = `node${line}`;
  const program = (): string | null => {
    const file = join(MODULES, `${id}-${platform()}-${arch()}`, "bin", "node");
    return existsSync(file) ? file : null;
  };
  return {
    id,
    name: "Node.js",
    bundle: "published modules",
    backends: ALL_BACKENDS,
    find: () => versionOf(program()),
    run: () => runModules(id, program()),
  };
}

export const engines: readonly Engine[] = [20, 22, 24, 26].map(node);
