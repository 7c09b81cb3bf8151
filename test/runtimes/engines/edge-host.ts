// The process that the Edge Runtime's VM runs in, so that it can be ended. No code may be made from
// text in it, as where it is deployed.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { EdgeVM } from "@edge-runtime/vm";
import { DIST } from "./places.js";
import { REPORT_MARK } from "./shell.js";

const vm = new EdgeVM({ codeGeneration: { strings: false, wasm: false } });
vm.evaluate(readFileSync(join(DIST, "suite.script.js"), "utf8"));
const report: unknown = await vm.evaluate<unknown>("globalThis.dpopCoreReport");
process.stdout.write(`${REPORT_MARK}${String(report)}\n`);
