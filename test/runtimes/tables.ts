// The tables: verdicts to Markdown, for the terminal and for docs/backends.md alike.
import type { ImplementationName } from "../support/implementation.js";
import type { BackendReport } from "./engine.js";
import type { Verdict } from "./judge.js";

const BACKENDS: readonly ImplementationName[] = [
  "noble",
  "fast",
  "wasm",
  "webcrypto",
  "node-crypto",
];

/** Of each backend, how many assertions passed of how many. */
export function countsTable(verdicts: readonly Verdict[]): string {
  const rows = verdicts.map((verdict) =>
    who(verdict).concat(
      verdict.engine.bundle,
      BACKENDS.map((name) => counts(verdict, name)),
    ),
  );
  return table([["runtime", "version", "what runs", ...BACKENDS], ...rows]);
}

/** Milliseconds of the first verification of ES256 and of one later: `first / later`. */
export function timesTable(verdicts: readonly Verdict[]): string {
  const timed = verdicts.filter(({ backends }) =>
    backends.some(({ firstVerify, warmVerify }) => firstVerify !== null || warmVerify !== null),
  );
  const rows = timed.map((verdict) =>
    who(verdict).concat(BACKENDS.map((name) => times(backendOf(verdict, name)))),
  );
  return table([["runtime", "version", ...BACKENDS], ...rows]);
}

function who({ engine, version }: Verdict): readonly string[] {
  return [engine.name, version ?? "missing"];
}

function backendOf({ backends }: Verdict, name: ImplementationName): BackendReport | undefined {
  return backends.find((backend) => backend.name === name && backend.missing === undefined);
}

function counts(verdict: Verdict, name: ImplementationName): string {
  const backend = backendOf(verdict, name);
  if (backend === undefined) return verdict.engine.backends.includes(name) ? "failed" : "";
  const { passed, failed, lacking = [] } = backend;
  const without = lacking.length === 0 ? "" : `, without ${lacking.join(", ")}`;
  return `${passed}/${passed + failed}${without}`;
}

function times(backend: BackendReport | undefined): string {
  if (backend === undefined) return "";
  const { firstVerify, warmVerify } = backend;
  if (firstVerify === null && warmVerify === null) return "";
  return `${milliseconds(firstVerify)} / ${milliseconds(warmVerify)}`;
}

/** Two digits that say something; a dash where a clock is too coarse. */
function milliseconds(time: number | null): string {
  if (time === null) return "–";
  return time >= 10 ? time.toFixed(0) : String(Number(time.toPrecision(2)));
}

/** As prettier lays it out. */
function table(rows: readonly (readonly string[])[]): string {
  const [head = [], ...body] = rows;
  const widths = head.map((_, i) => Math.max(3, ...rows.map((row) => row[i]?.length ?? 0)));
  const line = (cells: readonly string[]): string =>
    `| ${widths.map((width, i) => (cells[i] ?? "").padEnd(width)).join(" | ")} |`;
  const rule = widths.map((width) => "-".repeat(width));
  return [line(head), line(rule), ...body.map(line)].join("\n");
}
