// npm run bench:compare: measures dpop-core beside other libraries in one engine or in all of them,
// prints tables and targets, and keeps results and charts. See README.md.
import { parseArgs } from "node:util";
import { drawCharts } from "./report/charts.js";
import { findingsText, judgementsText, keptTargetsText } from "./report/report.js";
import { readResults, resultsOf, writeResults } from "./report/results.js";
import { isShort, judge, measuredTargets } from "./report/targets.js";
import { buildAll } from "./run/build.js";
import { type EngineCommand, installedEngines, PRESENT } from "./run/engines.js";
import { newRun, PINNED, runJobs } from "./run/start.js";

const { values } = parseArgs({
  options: {
    quick: { type: "boolean", default: false },
    strict: { type: "boolean", default: false },
    runtimes: { type: "boolean", default: false },
    charts: { type: "boolean", default: false },
    only: { type: "string" },
    engine: { type: "string" },
  },
});

/** What is started for each engine, in this order. */
const JOBS = ["pinned", "sixteen", "replay", "replay10m", "growth", "clients", "load"];

function main(): void {
  console.log(PINNED);
  let short = 0;
  for (const engine of engines()) {
    try {
      short += compareIn(engine);
    } catch (error) {
      // The next engine may do better.
      console.error(error);
      process.exitCode = 1;
    }
  }
  if (!values.quick && values.only === undefined) drawCharts();
  if (short > 0) console.log(`\n${short} of the targets that must be met are not`);
  if (values.strict && short > 0) process.exitCode = 1;
}

function engines(): readonly EngineCommand[] {
  const { engine, runtimes } = values;
  if (engine === undefined) return runtimes ? installedEngines() : [PRESENT];
  const all = installedEngines();
  const chosen = all.filter(({ id }) => id === engine);
  if (chosen.length > 0) return chosen;
  throw new Error(`--engine is one of ${all.map(({ id }) => id).join(", ")}`);
}

/** Returns how many targets are not reached that must be. */
function compareIn(engine: EngineCommand): number {
  const { quick } = values;
  const only = values.only?.split(",");
  const jobs = JOBS.filter((job) => only === undefined || only.includes(job));
  const findings = runJobs(engine, { jobs, quick });
  console.log(`\n${findings.engine}, ${findings.cpu}\n\n${findingsText(findings)}\n`);
  if (quick) {
    console.log("quick run: every answer was right; too short to compare anything by");
    return 0;
  }
  const judged = judge(measuredTargets(findings), engine.id);
  const targets = only === undefined ? judged : judged.filter(({ measured }) => measured !== null);
  console.log(judgementsText(targets));
  if (only === undefined) writeResults(resultsOf(findings, newRun(engine)));
  return targets.filter(isShort).length;
}

if (values.charts) {
  drawCharts();
  console.log(readResults().map(keptTargetsText).join("\n\n"));
} else {
  await buildAll();
  main();
}
