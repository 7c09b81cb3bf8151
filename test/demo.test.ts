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

const rigged = (how: "accepts" | "refuses"): Promise<Ended> =>
  run(process.execPath, ["--import", "tsx", "test/support/rigged-demo.ts", how]);

/** The rows of the table that did not behave. */
const misbehaved = ({ lines }: Ended): readonly string[] =>
  lines.filter((line) => / NO\b/.test(line));

describe("the demo", () => {
  test("as it is, behaves in every situation and exits with 0", { timeout: LIMIT }, async () => {
    const { code, lines } = await run("npm", ["run", "--silent", "demo"]);
    const [, behaved, total] = /^demo: (\d+)\/(\d+)$/.exec(lines.at(-1) ?? "") ?? [];
    expect(code).toBe(0);
    expect(behaved).toBe(total);
    expect(Number(total)).toBeGreaterThanOrEqual(12);
  });

  test(
    "with a verifier that accepts everything, lets every bad proof in and fails",
    { timeout: LIMIT },
    async () => {
      const ended = await rigged("accepts");
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
      ]) {
        expect(misbehaved(ended).join("\n")).toContain(code);
      }
    },
  );

  test(
    "with a verifier that refuses everything, lets nobody in and fails",
    { timeout: LIMIT },
    async () => {
      const ended = await rigged("refuses");
      expect(ended.code).toBe(1);
      expect(misbehaved(ended).join("\n")).toContain("token and fresh proof");
      expect(
        ended.lines.filter((line) => line.startsWith("API") && line.includes(" 200 ")).length,
      ).toBe(0);
    },
  );
});
