// The words of a rule: what it asks for, why it was not checked, why it failed.
import { describeRule, type ExplainedRule, explainProof, type RuleName } from "dpop-core/explain";
import { nodeCrypto } from "dpop-core/node-crypto";
import { describe, expect, test } from "vitest";
import { at, mint, NOW } from "../support/mint.js";

const good = explainProof(mint(), at(NOW), { backend: nodeCrypto });

/** Of a proof without nonce, exp and token, at a server without nonces, replay store and clients' keys. */
const NOT_CHECKED: readonly RuleName[] = [
  "nonce",
  "lifetime",
  "ath",
  "jkt",
  "client key",
  "replay",
];

test("a good proof passes all rules but those that were not asked for", () => {
  expect(good.verdict).toEqual({ ok: true });
  const unchecked = good.rules.filter(({ status }) => status === "not checked");
  expect(unchecked.map(({ name }) => name)).toEqual(NOT_CHECKED);
  const passed = good.rules.filter(({ status }) => status === "passed");
  expect(passed.length).toBe(good.rules.length - NOT_CHECKED.length);
});

describe.each(good.rules)("$name", (rule) => {
  const { title } = describeRule(rule);

  test("has a title of its own, without a full stop", () => {
    expect(title).toMatch(/^[a-z].{10,80}[^.]$/);
    const others = good.rules.filter(({ name }) => name !== rule.name);
    expect(others.map((one) => describeRule(one).title)).not.toContain(title);
  });

  test("is not explained where it passed or was not reached", () => {
    for (const status of ["passed", "not reached"] as const)
      expect(describeRule({ ...rule, status, cause: "other_key" })).toEqual({ title });
  });

  test("is not explained where no cause is given", () => {
    expect(describeRule({ ...rule, status: "failed" })).toEqual({ title });
  });
});

const optional = good.rules.filter(({ name }) => name === "iat" || NOT_CHECKED.includes(name));

test.each(optional)("$name says why it was not checked", (rule) => {
  const { title, text, hint } = describeRule({
    ...rule,
    status: "not checked",
    cause: "other_key",
  });
  expect(title).toBe(describeRule(rule).title);
  expect(text).toMatch(/^[a-z].{10,80}[^.]$/);
  expect(hint).toBeUndefined();
});

describe("a cause", () => {
  const failed = (more: Partial<ExplainedRule>): ExplainedRule => ({
    name: "iat",
    section: "4.3",
    status: "failed",
    cause: "clock_ahead",
    ...more,
  });
  const plain = describeRule(failed({})).text;

  test("says by how much a time is off", () => {
    expect(describeRule(failed({ seconds: 300 })).text).toBe(`${plain} (5 min)`);
    expect(describeRule(failed({ seconds: 0 })).text).toBe(`${plain} (0 s)`);
  });

  test("says how long ago a nonce has expired", () => {
    const text = describeRule(failed({ name: "nonce", cause: "nonce_expired", seconds: 90 })).text;
    expect(text).toMatch(/has expired \(90 s ago\)$/);
  });

  test("names the claims that it is about", () => {
    const { text, hint } = describeRule(
      failed({ name: "claims", cause: "claim_absent", names: ["jti", "htm"], seconds: 1 }),
    );
    expect(text).toMatch(/[^:]: jti, htm$/);
    expect(hint).toMatch(/\.$/);
  });
});
