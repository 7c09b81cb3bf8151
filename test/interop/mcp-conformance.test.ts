// The checks of the MCP project's own suite, on a client over the MCP SDK whose requests a session of ours signs.
import { describe, expect, test } from "vitest";
import { type Mode, runScenario, type Scenario } from "./mcp/suite.js";
import { factsOf } from "./peer.js";

const { node } = factsOf("node");

/** What SEP-1932 asks of a client; with nonces, the two that follow as well. */
const DPOP_CHECKS = [
  "sep-1932-client-token-request-proof",
  "sep-1932-client-dpop-auth-scheme",
  "sep-1932-client-fresh-proof",
];
const NONCE_CHECKS = ["sep-1932-client-as-nonce", "sep-1932-client-rs-nonce"];

const scenarios = [
  ["auth/dpop", await runScenario(node, "auth/dpop", "dpop"), DPOP_CHECKS],
  [
    "auth/dpop-nonce",
    await runScenario(node, "auth/dpop-nonce", "dpop"),
    [...DPOP_CHECKS, ...NONCE_CHECKS],
  ],
] as const;

describe.each(scenarios)("%s", (_scenario, { passed, checks }, wanted) => {
  test.each(checks)("$id: $description", ({ status, errorMessage }) => {
    expect(status, errorMessage).toBe("SUCCESS");
  });

  test("the suite has made every check of SEP-1932 once, and calls the scenario passed", () => {
    const ids = checks.map(({ id }) => id).filter((id) => id.startsWith("sep-1932-"));
    expect(ids).toEqual(wanted);
    expect(passed).toBe(true);
  });
});

const wrong: readonly (readonly [string, Scenario, Mode, readonly string[]])[] = [
  ["that knows nothing of DPoP", "auth/dpop", "bearer", DPOP_CHECKS],
  ["that proves API calls with another key", "auth/dpop", "stranger", DPOP_CHECKS.slice(2)],
  [
    "that learns no nonce, so that it has no token",
    "auth/dpop-nonce",
    "deaf",
    [...DPOP_CHECKS.slice(1), ...NONCE_CHECKS],
  ],
];

describe("clients that do it wrong", () => {
  test.each(wrong)("one %s fails in %s", async (_what, scenario, mode, failures) => {
    const { passed, checks } = await runScenario(node, scenario, mode);
    const failed = checks.filter(({ status }) => status !== "SUCCESS");
    expect(failed.map(({ id, status }) => [id, status])).toEqual(
      failures.map((id) => [id, "FAILURE"]),
    );
    expect(passed).toBe(false);
  });
});
