// The shell of JavaScriptCore: `jsc -m`. Modules, and next to nothing but ECMAScript.
import type { Engine } from "../engine.js";
import { debianVersion, findProgram, runProgram } from "../../support/process.js";
import { RUN_LIMIT } from "./places.js";
import { moduleHost, printedReport } from "./shell.js";

const PACKAGE = "libjavascriptcoregtk-4.0-bin";

export const engines: readonly Engine[] = [
  {
    id: "jsc",
    name: "JavaScriptCore shell",
    bundle: "published modules",
    backends: ["noble", "fast", "wasm"],
    debian: [PACKAGE],
    async find() {
      // The shell has no option that tells its version.
      return findProgram("jsc") === null ? null : ((await debianVersion(PACKAGE)) ?? "unknown");
    },
    async run() {
      const host = moduleHost("jsc");
      return printedReport(await runProgram("jsc", ["-m", host], { limit: RUN_LIMIT }));
    },
  },
];
