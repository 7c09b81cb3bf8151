// npm run bench: checks and times dpop-core in this Node, beside jose and part by part. See README.md.
import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { findingsText } from "./report/report.js";
import { resultsOf, resultsText } from "./report/results.js";
import { buildAll } from "./run/build.js";
import { PRESENT } from "./run/engines.js";
import { newRun, PINNED, runJobs } from "./run/start.js";

const JOBS = ["pinned", "parts", "inputs", "replay", "memory", "cache", "first"];

const { values, positionals } = parseArgs({
  options: { json: { type: "string" }, quick: { type: "boolean", default: false } },
  allowPositionals: true,
});
const { json, quick } = values;
const wanted = positionals.join(" ");

await buildAll();
console.log(PINNED);
const findings = runJobs(PRESENT, { jobs: JOBS, quick, wanted });
if (findings.contests.length === 0) {
  throw new Error(`no contest has "${wanted}" in its name; README.md lists the groups`);
}
const run = newRun(PRESENT);
console.log(
  `\n${findings.engine}, ${findings.cpu}\n${run.date}, commit ${run.commit ?? "unknown"}`,
);
console.log(`\n${findingsText(findings)}`);
if (quick) console.log("\nquick run: every answer was right; too short to compare anything by");
if (json !== undefined) writeFileSync(json, resultsText(resultsOf(findings, run)));
