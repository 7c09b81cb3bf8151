// QuickJS and QuickJS-ng, compiled to WebAssembly, each in a process of its own.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Engine } from "../engine.js";
import { runProgram } from "../../support/process.js";
import { MODULES, RUN_LIMIT } from "./places.js";
import { printedReport } from "./shell.js";

const HOST = fileURLToPath(new URL("quickjs-host.ts", import.meta.url));

function quickjs(id: "quickjs" | "quickjs-ng", name: string): Engine {
  return {
    id,
    name,
    bundle: "published modules",
    backends: ["noble", "fast", "wasm"],
    find: async () => versionOfPackage(`@jitl/${id}-wasmfile-release-sync`),
    async run() {
      // With our own flags, for it is TypeScript too.
      const args = [...process.execArgv, HOST, id];
      return printedReport(await runProgram(process.execPath, args, { limit: RUN_LIMIT }));
    },
  };
}

/** The engine's version as the package tells it, which has a version of its own. */
function versionOfPackage(name: string): string | null {
  const file = join(MODULES, name, "README.md");
  if (!existsSync(file)) return null;
  return /^Version \[v?([^\]+]+)/m.exec(readFileSync(file, "utf8"))?.[1] ?? "unknown";
}

export const engines: readonly Engine[] = [
  quickjs("quickjs", "QuickJS"),
  quickjs("quickjs-ng", "QuickJS-ng"),
];
