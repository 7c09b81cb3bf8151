// The Edge Runtime's VM: what middleware of Next.js is given when it runs on a developer's machine.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Engine } from "../engine.js";
import { objectOf, runProgram } from "../../support/process.js";
import { MODULES, RUN_LIMIT } from "./places.js";
import { printedReport } from "./shell.js";

const HOST = fileURLToPath(new URL("edge-host.ts", import.meta.url));
const PACKAGE = join(MODULES, "@edge-runtime", "vm", "package.json");

export const engines: readonly Engine[] = [
  {
    id: "edge",
    name: "Edge Runtime VM",
    bundle: "one script",
    backends: ["noble", "fast", "wasm", "webcrypto"],
    async find() {
      if (!existsSync(PACKAGE)) return null;
      const { version } = objectOf(JSON.parse(readFileSync(PACKAGE, "utf8")));
      return typeof version === "string" ? version : null;
    },
    async run() {
      // With our own flags, for it is TypeScript too.
      const args = [...process.execArgv, HOST];
      return printedReport(await runProgram(process.execPath, args, { limit: RUN_LIMIT }));
    },
  },
];
