// The demo says what must be, and holds only while the verifier is right: one that is too kind or too strict fails it.
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";

const LIMIT = 30_000; // milliseconds
const env = { ...process.env, TSX_TSCONFIG_PATH: "test/tsconfig.json" }; // where "dpop-core" means the sources
const cwd = fileURLToPath(new URL("..", import.meta.url));

interface Ended {
  readonly code: number | null;
  readonly lines: readonly string[];
}

function run(command: string, args: readonly string[]): Promise<Ended> {
  return new Promise((resolve) => {
    const child = execFile(command, args, { cwd, env }, (_error, stdout) => {
      resolve({ code: child.exitCode, lines: stdout.trimEnd().split("\n") });
    });
  });
}

const runFaulty = (how: "accepts" | "refuses"): Promise<Ended> =>
  run(process.execPath, ["--import", "tsx", "test/support/faulty-demo.ts", how]);

/** The rows of the table that did not behave. */
const misbehaved = ({ lines }: Ended): readonly string[] =>
  lines.filter((line) => / NO\b/.test(line));

/** The rows under the headings that begin like this. */
function rowsUnder({ lines }: Ended, heading: string): readonly string[] {
  const rows: string[] = [];
  let isUnder = false;
  for (const line of lines) {
    const isRow = /^(AS|API) /.test(line);
    if (isRow && isUnder) rows.push(line);
    if (!isRow && line !== "") isUnder = line.startsWith(heading);
  }
  return rows;
}

/** The first three characters of the column "answer". */
function statusIn({ lines }: Ended, row: string): string {
  const start = lines.find((line) => line.startsWith("at "))?.indexOf("answer") ?? -1;
  return row.slice(start, start + 3);
}

describe("the demo", () => {
  test("as it is, behaves in every situation and exits with 0", { timeout: LIMIT }, async () => {
    const ended = await run("npm", ["run", "--silent", "demo"]);
    const [, behaved, total] = /^demo: (\d+)\/(\d+)$/.exec(ended.lines.at(-1) ?? "") ?? [];
    expect(ended.code).toBe(0);
    expect(behaved).toBe(total);
    expect(Number(total)).toBeGreaterThanOrEqual(60);
    expect(misbehaved(ended)).toEqual([]);
    // It takes a minute and what is not on every machine, so that it is played only where it is asked for.
    expect(ended.lines[0]).toMatch(/^Keycloak is left out: /);
    expect(rowsUnder(ended, "Keycloak")).toEqual([]);
    for (const client of ["oauth4webapi", "openid-client", "dpop (npm)"]) {
      const rows = rowsUnder(ended, `Servers on this library, and ${client}`).join("\n");
      expect(rows).toMatch(/^AS .* 400 use_dpop_nonce /m);
      expect(rows).toMatch(/^AS .* 200 .* bound to the client's key /m);
      expect(rows).toMatch(/^API .* 401 use_dpop_nonce /m);
      expect(rows).toMatch(/^API .* 200 /m);
    }
  });

  test(
    "with verifiers that accept everything, lets every bad proof in and fails",
    { timeout: LIMIT },
    async () => {
      const ended = await runFaulty("accepts");
      expect(ended.code).toBe(1);
      expect(ended.lines.at(-1)).toMatch(/^demo: \d+\/\d+$/);
      for (const code of [
        "jkt_mismatch",
        "jti_replayed",
        "htm_mismatch",
        "htu_mismatch",
        "ath_mismatch",
        "iat_too_old",
        "signature_invalid",
        "token not read",
        "nonce_missing",
        "nonce_mismatch",
        "dpop_jkt_mismatch",
      ]) {
        expect(misbehaved(ended).join("\n")).toContain(code);
      }
      const ours = rowsUnder(ended, "Servers on this library").filter((row) => / NO\b/.test(row));
      for (const tried of ["stolen code", "stolen refresh token", "stolen token", "once more"]) {
        expect(ours.join("\n")).toContain(tried);
      }
    },
  );

  test(
    "with verifiers that refuse everything, lets no client in and fails",
    { timeout: LIMIT },
    async () => {
      const ended = await runFaulty("refuses");
      expect(ended.code).toBe(1);
      expect(misbehaved(ended).join("\n")).toContain("token and fresh proof");
      const atApis = ended.lines.filter((line) => line.startsWith("API"));
      const ours = rowsUnder(ended, "Servers on this library");
      expect(ours.length).toBeGreaterThanOrEqual(20);
      const statuses = [...atApis, ...ours].map((row) => statusIn(ended, row));
      expect(new Set(statuses)).toEqual(new Set(["400", "401", "non"])); // "none": never tried
    },
  );
});
