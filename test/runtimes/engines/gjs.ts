// gjs: GNOME's SpiderMonkey, as `gjs -m`.
import type { Engine } from "../engine.js";
import {
  findProgram,
  homelessEnvironment,
  runProgram,
  versionOf,
  withFolder,
} from "../../support/process.js";
import { RUN_LIMIT } from "./places.js";
import { moduleHost, printedReport } from "./shell.js";

export const engines: readonly Engine[] = [
  {
    id: "gjs",
    name: "gjs (SpiderMonkey)",
    bundle: "published modules",
    backends: ["noble", "fast", "wasm"],
    debian: ["gjs"],
    find: () => versionOf(findProgram("gjs")),
    run: () =>
      withFolder(async (folder) => {
        const env = homelessEnvironment(folder);
        const host = moduleHost("gjs");
        return printedReport(await runProgram("gjs", ["-m", host], { limit: RUN_LIMIT, env }));
      }),
  },
];
