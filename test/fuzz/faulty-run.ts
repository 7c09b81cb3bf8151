// The run with implementations that are wrong, as FAULT in the environment says, or with workers that die: both
// the command and, by itself again, its workers. fuzz.test.ts starts it and sees it fail.
import { fileURLToPath } from "node:url";
import { command } from "./command.js";
import { type Fault, faultyImplementations } from "./faulty.js";
import { serve } from "./jobs.js";

const isWorker = process.send !== undefined;
const fault = process.env["FAULT"];
if (!isWorker) await command(process.argv.slice(2), fileURLToPath(import.meta.url));
else if (fault === "dies") process.exit(3);
else serve(faultyImplementations(fault as Fault)); // only our own test names one
