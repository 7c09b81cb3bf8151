// Programs that run one module and have a console: the Nodes, Bun and Deno. They are the ones that
// have node:crypto, too.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Finished, runProgram } from "../../support/process.js";
import { DIST, RUN_LIMIT } from "./places.js";
import { printedReport, printing } from "./shell.js";

/** The backends of an engine that has node:crypto. */
export const ALL_BACKENDS = ["noble", "fast", "wasm", "webcrypto", "node-crypto"] as const;

/** The suite asks for dpop-core/node-crypto where it finds this, so it must be there before the suite is. */
const HOST = `globalThis.dpopCoreNode = true;
const { report } = await import("./suite.js");
${printing("report", "console.log")}`;

/** Runs the suite with the published modules; `args` come before the file. */
export async function runModules(
  id: string,
  command: string | null,
  args: readonly string[] = [],
): Promise<string> {
  if (command === null) throw new Error(`there is no ${id}`);
  const file = join(DIST, `host.${id}.js`);
  writeFileSync(file, HOST);
  const finished: Finished = await runProgram(command, [...args, file], { limit: RUN_LIMIT });
  return printedReport(finished);
}
