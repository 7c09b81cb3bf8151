// What vitest reported of a peer's tests, to counts by flow. A flow is the outermost title of a test.
import { readFileSync } from "node:fs";

export interface Flow {
  readonly title: string;
  readonly passed: number;
  readonly failed: number;
}

/** What is said of a peer. */
export interface Verdict {
  /** With its version; its id where it is missing. */
  readonly name: string;
  /** Why it could not be tried. */
  readonly missing?: string | undefined;
  readonly flows: readonly Flow[];
  /** What went wrong outside of any test. */
  readonly faults: readonly string[];
  readonly seconds: number;
}

export interface TestReport {
  readonly flows: readonly Flow[];
  readonly faults: readonly string[];
}

/** A skipped test counts as failed, because it might not pass, and so does a file without tests. */
export function readReport(file: string): TestReport {
  const flows = new Map<string, { passed: number; failed: number }>();
  const faults: string[] = [];
  for (const { name, message, assertionResults } of parsed(file).testResults) {
    if (assertionResults.length === 0) faults.push(`${name}: no tests: ${message}`);
    for (const { ancestorTitles, title, status } of assertionResults) {
      const flow = ancestorTitles[0] ?? title;
      const counts = flows.get(flow) ?? { passed: 0, failed: 0 };
      flows.set(flow, counts);
      if (status === "passed") counts.passed++;
      else counts.failed++;
    }
  }
  const all = [...flows].map(([title, { passed, failed }]) => ({ title, passed, failed }));
  return { flows: all, faults };
}

/** vitest's JSON report, as far as we read it. */
interface Report {
  readonly testResults: readonly {
    readonly name: string;
    readonly message: string;
    readonly assertionResults: readonly {
      readonly ancestorTitles: readonly string[];
      readonly title: string;
      readonly status: string;
    }[];
  }[];
}

function parsed(file: string): Report {
  return JSON.parse(readFileSync(file, "utf8")) as Report; // as vitest wrote it just now
}

export function passedOf({ flows }: Verdict): number {
  return flows.reduce((sum, { passed }) => sum + passed, 0);
}

export function failedOf({ flows, faults }: Verdict): number {
  return flows.reduce((sum, { failed }) => sum + failed, 0) + faults.length;
}

/** Of all peers. One that is missing has not passed, and has failed where it `isAsked` for. */
export function countOf(
  verdicts: readonly Verdict[],
  isAsked: boolean,
): { readonly passed: number; readonly failed: number } {
  const sum = (of: (verdict: Verdict) => number): number =>
    verdicts.reduce((all, verdict) => all + of(verdict), 0);
  const missing = isAsked ? sum((verdict) => (verdict.missing === undefined ? 0 : 1)) : 0;
  return { passed: sum(passedOf), failed: sum(failedOf) + missing };
}
