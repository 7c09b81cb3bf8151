// The checks of the MCP project's own suite, on a client over the MCP SDK whose requests a session of ours signs.
import { describe, expect, test } from "vitest";
import { type Outcome, RUNS } from "./mcp/suite.js";
import { factsOf } from "./peer.js";

const facts = factsOf("dpop", "nonce", "bearer", "stranger", "deaf");

function outcomeOf(name: keyof typeof RUNS): Outcome {
  return JSON.parse(facts[name]) as Outcome; // as peers/mcp-conformance.ts wrote it
}

/** What SEP-1932 asks of a client; with nonces, the two that follow as well. */
const DPOP_CHECKS = [
  "sep-1932-client-token-request-proof",
  "sep-1932-client-dpop-auth-scheme",
  "sep-1932-client-fresh-proof",
];
const NONCE_CHECKS = ["sep-1932-client-as-nonce", "sep-1932-client-rs-nonce"];

describe.each([
  [RUNS.dpop.scenario, outcomeOf("dpop"), DPOP_CHECKS],
  [RUNS.nonce.scenario, outcomeOf("nonce"), [...DPOP_CHECKS, ...NONCE_CHECKS]],
] as const)("%s", (_scenario, { passed, checks }, wanted) => {
  test.each(checks)("$id: $description", ({ status, errorMessage }) => {
    expect(status, errorMessage).toBe("SUCCESS");
  });

  test("the suite has made every check of SEP-1932 once, and calls the scenario passed", () => {
    const ids = checks.map(({ id }) => id).filter((id) => id.startsWith("sep-1932-"));
    expect(ids).toEqual(wanted);
    expect(passed).toBe(true);
  });
});

describe("clients that do it wrong", () => {
  test.each([
    ["that knows nothing of DPoP", "bearer", DPOP_CHECKS],
    ["that proves API calls with another key", "stranger", DPOP_CHECKS.slice(2)],
    [
      "that learns no nonce, and so has no token",
      "deaf",
      [...DPOP_CHECKS.slice(1), ...NONCE_CHECKS],
    ],
  ] as const)("one %s fails the checks for that", (_what, name, wanted) => {
    const { passed, checks } = outcomeOf(name);
    const failed = checks.filter(({ status }) => status !== "SUCCESS");
    expect(failed.map(({ id, status }) => [id, status])).toEqual(
      wanted.map((id) => [id, "FAILURE"]),
    );
    expect(passed).toBe(false);
  });
});
