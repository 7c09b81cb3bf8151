// The run with backends that are wrong, as RIG in the environment says, or with workers that die: both
// the command and, by itself again, its workers. fuzz.test.ts starts it and sees it fail.
import { fileURLToPath } from "node:url";
import { command } from "./command.js";
import { serve } from "./jobs.js";
import { type Rig, riggedBackends } from "./rigs.js";

const isWorker = process.send !== undefined;
const rig = process.env["RIG"];
if (!isWorker) await command(process.argv.slice(2), fileURLToPath(import.meta.url));
else if (rig === "dies") process.exit(3);
else serve(riggedBackends(rig as Rig)); // only our own test names one
