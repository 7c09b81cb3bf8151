// Shells: engines that run one file and print. A host script awaits the suite's report and prints
// it behind a mark, so that it is found among whatever else an engine says.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Finished } from "../../support/process.js";
import { DIST } from "./places.js";

/** What stands before a report that is printed. */
export const REPORT_MARK: string = "dpop-core-report ";
const FAILURE = "dpop-core-failure ";

/** Statements that print how the promise of that name ends, by a function of one text. ES5. */
export function printing(promise: string, print: string): string {
  return `${promise}.then(
  function (text) { ${print}("${REPORT_MARK}" + text); },
  function (error) { ${print}("${FAILURE}" + String(error) + " " + String(error && error.stack)); }
);
`;
}

/** A module beside the suite, for engines that have modules and `print`; its path. */
export function moduleHost(engine: string): string {
  const file = join(DIST, `host.${engine}.js`);
  writeFileSync(file, `import { report } from "./suite.js";\n${printing("report", "print")}`);
  return file;
}

/** The report that was printed. Throws where none was printed, or a failure was. */
export function printedReport({ stdout, stderr }: Finished): string {
  const lines = stdout.split("\n");
  const report = lines.find((line) => line.startsWith(REPORT_MARK));
  if (report !== undefined) return report.slice(REPORT_MARK.length);
  const failure = lines.findIndex((line) => line.startsWith(FAILURE));
  if (failure < 0)
    throw new Error(`no report was printed: ${`${stdout}\n${stderr}`.slice(-2_000)}`);
  throw new Error(lines.slice(failure).join("\n").slice(FAILURE.length, 2_000));
}
