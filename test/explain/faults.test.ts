// Every cause has a request that is refused for it: the first line of the text names it.
import { readFile } from "node:fs/promises";
import {
  describeRule,
  type ExplainedRule,
  explainProof,
  type ExplainOptions,
  explainProofAsync,
  formatExplanation,
} from "dpop-core/explain";
import { nodeCrypto } from "dpop-core/node-crypto";
import { webcrypto } from "dpop-core/webcrypto";
import { describe, expect, test } from "vitest";
import { privateJwk } from "../support/keys.js";
import { type Fault, FAULTS, proofOf, requestOf, TOKEN } from "./faults.js";
import { OTHER_FAULTS } from "./other-faults.js";

/** Select Graphic Rendition of ECMA-48. */
const SGR = new RegExp(`${String.fromCharCode(27)}\\[[\\d;]*m`, "g");

const optionsOf = ({ algs, options }: Fault): ExplainOptions => ({
  backend: nodeCrypto,
  algs: algs?.map((label) => nodeCrypto[label]),
  ...options,
});

test("every cause has a row", async () => {
  const source = await readFile(new URL("../../src/explain/cause.ts", import.meta.url), "utf8");
  const causes = Array.from(source.matchAll(/^ {2}\| "(\w+)"/gm), ([, cause]) => cause);
  const rows = Object.values({ ...FAULTS, ...OTHER_FAULTS }).map(({ cause }) => cause);
  expect(causes.length).toBeGreaterThan(100);
  expect([...new Set(rows)].toSorted()).toEqual(causes.toSorted());
});

describe.each(Object.entries({ ...FAULTS, ...OTHER_FAULTS }))("%s", (_, fault) => {
  const proof = proofOf(fault);
  const request = requestOf(fault);

  test("the first line names the cause", async () => {
    const explanation = explainProof(proof, request, optionsOf(fault));
    const { verdict, rules } = explanation;
    expect(verdict).toMatchObject({ ok: false, rule: fault.rule });
    const rule = rules.find(({ name }) => name === fault.rule);
    expect(rule).toMatchObject({ status: "failed", cause: fault.cause });
    const [first = ""] = formatExplanation(explanation).split("\n");
    expect(first).toBe(`Refused: ${rule && describeRule(rule).text}`);
    expect(first).toMatch(fault.says);
    const options = {
      backend: webcrypto,
      algs: fault.algs?.map((label) => webcrypto[label]),
      ...fault.options,
    };
    const later = await explainProofAsync(proof, request, options);
    expect(later).toEqual(explanation);
  });

  test("the text is ASCII in at most 100 columns, and has no token", () => {
    const explanation = explainProof(proof, request, optionsOf(fault));
    const text = formatExplanation(explanation);
    expect(text).toMatch(/^[\n -~]+$/);
    for (const line of text.split("\n")) expect(line.length).toBeLessThanOrEqual(100);
    expect(text + JSON.stringify(explanation)).not.toContain(TOKEN);
    expect(text + JSON.stringify(explanation)).not.toContain(privateJwk("ES256").d);
    const colored = formatExplanation(explanation, { color: true });
    expect(colored.replaceAll(SGR, "")).toBe(text);
    expect(colored).toContain("\u001b[1;31m");
  });
});

test.each([undefined, null, 1, "htu", {}, { name: "toString" }])(
  "describeRule refuses %j",
  (value) => {
    // A caller without types may pass anything.
    expect(() => describeRule(value as unknown as ExplainedRule)).toThrow(/^rule must be/);
  },
);
