// The suite as one classic script, for engines without modules: its report is a global.
import { run } from "./run.js";

(globalThis as { dpopCoreReport?: Promise<string> }).dpopCoreReport = run();
