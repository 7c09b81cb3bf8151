// The conformance suite of the MCP project: its scenarios, with our client in its modes, to the suite's own checks.
import { readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { runProgram, withFolder } from "../../support/process.js";

/** "bearer" knows nothing of DPoP, "stranger" proves API calls with another key, "deaf" ignores nonces. */
export type Mode = "dpop" | "bearer" | "stranger" | "deaf";
type Scenario = "auth/dpop" | "auth/dpop-nonce";

export interface Run {
  readonly scenario: Scenario;
  readonly mode: Mode;
}

export const RUNS = {
  dpop: { scenario: "auth/dpop", mode: "dpop" },
  nonce: { scenario: "auth/dpop-nonce", mode: "dpop" },
  bearer: { scenario: "auth/dpop", mode: "bearer" },
  stranger: { scenario: "auth/dpop", mode: "stranger" },
  deaf: { scenario: "auth/dpop-nonce", mode: "deaf" },
} as const satisfies Readonly<Record<string, Run>>;

/** As the suite writes it, as far as we read it. */
export interface Check {
  readonly id: string;
  readonly description: string;
  readonly status: string;
  readonly errorMessage?: string | undefined;
}

export interface Outcome {
  /** As its exit code says. */
  readonly passed: boolean;
  /** Without what the suite only noted (INFO). */
  readonly checks: readonly Check[];
}

const LIMIT = 60_000; // milliseconds; a scenario takes three seconds

const path = (file: string): string => fileURLToPath(new URL(file, import.meta.url));

/** `node` is a Node.js that the suite runs on. */
export function runScenario(node: string, { scenario, mode }: Run): Promise<Outcome> {
  return withFolder(async (folder) => {
    const suite = path("../node_modules/@modelcontextprotocol/conformance/dist/index.js");
    const flags = ["--scenario", scenario, "--output-dir", folder];
    const args = [suite, "client", "--command", clientCommand(node, mode), ...flags];
    const failure = await runProgram(node, args, { limit: LIMIT, cwd: folder }).then(
      () => undefined,
      String,
    );
    return { passed: failure === undefined, checks: readChecks(folder, failure) };
  });
}

/** For a shell, which is what the suite hands it to. */
function clientCommand(node: string, mode: Mode): string {
  const tsx = createRequire(import.meta.url).resolve("tsx/cli");
  const words = [node, tsx, "--tsconfig", path("../tsconfig.json"), path("client.ts"), mode];
  return words.map((word) => `'${word}'`).join(" ");
}

function readChecks(folder: string, failure: string | undefined): readonly Check[] {
  const file = readdirSync(folder, { encoding: "utf8", recursive: true }).find((name) =>
    name.endsWith("checks.json"),
  );
  if (file === undefined) throw new Error(`the suite wrote no checks: ${failure}`);
  const checks = JSON.parse(readFileSync(join(folder, file), "utf8")) as Check[]; // as it wrote it just now
  return checks
    .filter(({ status }) => status !== "INFO")
    .map(({ id, description, status, errorMessage }) => ({
      id,
      description,
      status,
      errorMessage,
    }));
}
