// What every engine of test:runtimes is to the runner, and what the suite reports from inside it.

import type { ImplementationName } from "../support/implementation.js";

/** An engine, and how the suite is run in it. */
export interface Engine {
  /** What `npm run test:runtimes <id>` names. */
  readonly id: string;
  /** For the table. */
  readonly name: string;
  readonly bundle: "published modules" | "one script" | "one script, ES5";
  /** That must be there and pass. */
  readonly backends: readonly ImplementationName[];
  /** The labels that its WebCrypto may be without; any other that is missing is a failure. */
  readonly lacks?: readonly string[] | undefined;
  /** Packages to apt-get install where `find` finds nothing. */
  readonly debian?: readonly string[] | undefined;
  /** There is no VM: `run` only compiles, and counts what compiled. */
  readonly compilesOnly?: boolean | undefined;
  /** The version, or null where the engine is not on this machine. */
  find(): Promise<string | null>;
  /** The JSON text of the suite's report; rejects on a crash, garbage or time-out. */
  run(): Promise<string>;
}

export interface BackendReport {
  readonly name: ImplementationName;
  readonly passed: number;
  readonly failed: number;
  /** The first 20 names of cases that failed, with what was seen. */
  readonly failures: readonly string[];
  /** Why the backend is not there. */
  readonly missing?: string | undefined;
  /** The labels that the backend knows and the engine does not: their cases are left out. */
  readonly lacking?: readonly string[] | undefined;
  /** Milliseconds of the very first ES256 verification; null where the clock is too coarse. */
  readonly firstVerify: number | null;
  /** Milliseconds, the median of many; null where the clock is too coarse. */
  readonly warmVerify: number | null;
}

export interface SuiteReport {
  readonly backends: readonly BackendReport[];
}
