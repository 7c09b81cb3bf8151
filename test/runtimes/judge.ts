// What an engine printed, to what is said of it: a report is read strictly, since an engine may
// print anything, and then held against what the engine must have.
import { readFileSync } from "node:fs";
import type { ImplementationName } from "../support/implementation.js";
import type { BackendReport, Engine, SuiteReport } from "./engine.js";

export interface Verdict {
  readonly engine: Engine;
  /** null where the engine is not on this machine. */
  readonly version: string | null;
  readonly passed: number;
  readonly failed: number;
  /** What went wrong, a line each. */
  readonly faults: readonly string[];
  readonly backends: readonly BackendReport[];
}

/** Every backend that ran has at least as many assertions as there are proofs among the vectors. */
const LEAST = leastAssertions();

function leastAssertions(): number {
  const file = new URL("../vectors/proofs.json", import.meta.url);
  const vectors: unknown = JSON.parse(readFileSync(file, "utf8"));
  if (!Array.isArray(vectors) || vectors.length === 0) throw new Error("there are no vectors");
  return vectors.length;
}

/** A verdict on the text that an engine's run resolved to. */
export function judge(engine: Engine, version: string, text: string): Verdict {
  const report = readReport(text);
  if (report === null) return crashed(engine, version, `no report: ${text.slice(0, 500)}`);
  const { backends } = report;
  const faults = backends.flatMap(({ name, failed, failures }) => [
    ...failures.map((failure) => `${name}: ${failure}`),
    ...(failed > failures.length ? [`${name}: and ${failed - failures.length} more`] : []),
  ]);
  let passed = 0;
  let failed = 0;
  for (const backend of backends) {
    passed += backend.passed;
    failed += backend.failed;
  }
  for (const name of engine.backends) {
    const fault = shortcoming(engine, name, backends);
    if (fault === null) continue;
    faults.push(`${name}: ${fault}`);
    failed++;
  }
  return { engine, version, passed, failed, faults, backends };
}

/** What an engine that crashed, hung or printed garbage counts as: one failure. */
export function crashed(engine: Engine, version: string, reason: string): Verdict {
  return { engine, version, passed: 0, failed: 1, faults: [reason], backends: [] };
}

/** An engine that isn't there: a failure where it was due. */
export function missing(engine: Engine, isDue: boolean): Verdict {
  const hint =
    engine.debian === undefined ? "npm ci" : `apt-get install ${engine.debian.join(" ")}`;
  const failed = isDue ? 1 : 0;
  return { engine, version: null, passed: 0, failed, faults: [`missing: ${hint}`], backends: [] };
}

function shortcoming(
  engine: Engine,
  name: ImplementationName,
  backends: readonly BackendReport[],
): string | null {
  const found = backends.filter((backend) => backend.name === name);
  const [backend] = found;
  if (backend === undefined || found.length > 1) return `reported ${found.length} times`;
  if (backend.missing !== undefined) return `missing: ${backend.missing}`;
  const { lacks = [] } = engine;
  const lacking = (backend.lacking ?? []).filter((label) => !lacks.includes(label));
  if (lacking.length > 0) return `without ${lacking.join(", ")}`;
  const counted = backend.passed + backend.failed;
  const least = engine.compilesOnly === true ? 1 : LEAST;
  return counted < least ? `only ${counted} assertions, of at least ${least}` : null;
}

function readReport(text: string): SuiteReport | null {
  const report = parsed(text);
  if (!isObject(report)) return null;
  const { backends } = report;
  if (!Array.isArray(backends) || backends.length === 0) return null;
  return backends.every(isBackendReport) ? { backends } : null;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}

const NAMES: readonly unknown[] = [
  "noble",
  "fast",
  "wasm",
  "webcrypto",
  "node-crypto",
] satisfies ImplementationName[];

function isBackendReport(value: unknown): value is BackendReport {
  if (!isObject(value)) return false;
  const { name, passed, failed, failures, missing: why, lacking } = value;
  return (
    NAMES.includes(name) &&
    isCount(passed) &&
    isCount(failed) &&
    isTexts(failures) &&
    failures.length <= failed &&
    (why === undefined || typeof why === "string") &&
    (lacking === undefined || isTexts(lacking)) &&
    isTime(value["firstVerify"]) &&
    isTime(value["warmVerify"])
  );
}

function isCount(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((one) => typeof one === "string");
}

function isTime(value: unknown): boolean {
  return value === null || (typeof value === "number" && value > 0 && Number.isFinite(value));
}
