// An explanation says what a verifier says: for every vector, for damaged proofs (a hundred thousand of them in
// npm run test:fuzz), and for long input in time linear in its length. It shows no secret.
import { randomBytes } from "node:crypto";
import { createVerifier, noble } from "dpop-core";
import { explainProof, formatExplanation } from "dpop-core/explain";
import { nodeCrypto } from "dpop-core/node-crypto";
import { describe, expect, test } from "vitest";
import { damagedProofs } from "../fuzz/proofs.js";
import { disagreements } from "../support/explained.js";
import { JKT_ES256, privateJwk } from "../support/keys.js";
import { at, mint, NOW, TOKEN_URL } from "../support/mint.js";
import { optionsOf, requestOf } from "../support/run.js";
import { makeVectors } from "../vectors/files.js";

const { "proofs.json": proofs } = await makeVectors();

describe("the vectors", () => {
  // A store that is only read does not tell that it is full.
  const readable = proofs.filter(({ policy }) => policy.replay !== "full");

  test("nearly all can be explained", () => {
    expect(readable.length).toBeGreaterThan(340);
    expect(proofs.length - readable.length).toBeLessThan(10);
  });

  test.each(readable)("$section: $name: $expect", ({ proof, request, policy }) => {
    const { replay: _, ...options } = optionsOf(policy);
    const facts = requestOf(request);
    const verifier = createVerifier({ ...optionsOf(policy), backend: noble });
    if (policy.replay === "seen") verifier.verify(proof, facts);
    const replay = { has: () => policy.replay === "seen" };
    const explanation = explainProof(proof, facts, { ...options, backend: noble, replay });
    expect(disagreements(explanation, verifier.verify(proof, facts))).toEqual([]);
    for (const line of formatExplanation(explanation).split("\n"))
      expect(line).toMatch(/^[ -~]{0,100}$/);
  });
});

test("3,400 damaged proofs", () => {
  const verifier = createVerifier({ backend: nodeCrypto, replay: "none" });
  const damaged = damagedProofs("agreement", 200);
  expect(damaged.length).toBe(3400);
  const wrong = damaged.flatMap(({ text, request }) => {
    const explanation = explainProof(text, request, { backend: nodeCrypto });
    const faults = disagreements(explanation, verifier.verify(text, request));
    return faults.length === 0 ? [] : [{ text, request, faults }];
  });
  expect(wrong).toEqual([]);
}, 120_000);

test("a disagreement is found", () => {
  const request = at(NOW);
  const good = explainProof(mint(), request, { backend: nodeCrypto });
  const bad = explainProof("a.b.c", request, { backend: nodeCrypto });
  const verifier = createVerifier({ backend: nodeCrypto, replay: "none" });
  expect(disagreements(good, verifier.verify("a.b.c", request))).not.toEqual([]);
  expect(disagreements(bad, verifier.verify(mint(), request))).not.toEqual([]);
  expect(disagreements(bad, verifier.verify(undefined, request))).not.toEqual([]);
});

describe("what would be a secret is nowhere in it", () => {
  const token = `secret-${randomBytes(24).toString("hex")}`;
  const key = privateJwk("ES256");
  const everywhere = { [token]: token, x: [token], jti: token, nonce: token, ath: token };
  const htu = `https://user:${token}@server.example.com/${token}?access_token=${token}`;
  test.each([
    ["as the proof", token],
    ["as the proof, with a scheme", `DPoP ${token}`],
    ["in claims", mint({ claims: everywhere })],
    ["in htu", mint({ claims: { htu } })],
    ["as htm", mint({ claims: { htm: token } })],
    ["in the header", mint({ header: { typ: token, alg: token, kid: token, [token]: token } })],
    ["in jwk", mint({ header: { jwk: { kty: token, crv: token, kid: token } } })],
    ["a private key", mint({ header: { jwk: key } })],
    ["a part of it as ath", mint({ claims: { ath: "x".repeat(80) + token.slice(0, 40) } })],
    ["behind much else", mint({ claims: { htu: `https://a/${"x".repeat(2020)}${token}` } })],
  ])("%s", (_, proof) => {
    const url = `https://user:${token}@server.example.com/?access_token=${token}#${token}`;
    for (const request of [at(NOW), { ...at(NOW), url }]) {
      for (const accessToken of [token, `DPoP ${token}`, `Bearer ${token}`]) {
        const facts = { ...request, accessToken, jkt: JKT_ES256 };
        const explanation = explainProof(proof, facts, { backend: nodeCrypto });
        const shown = JSON.stringify(explanation) + formatExplanation(explanation);
        expect(shown).not.toContain(token.slice(0, 30));
        expect(shown).not.toContain(key.d);
      }
    }
  });
});

test("an ath that may be a token is not shown, where no token is known", () => {
  const token = `secret-${randomBytes(24).toString("hex")}`;
  const explanation = explainProof(mint({ claims: { ath: token } }), at(NOW), {
    backend: nodeCrypto,
  });
  expect(explanation.verdict).toMatchObject({ ok: false, rule: "ath" });
  const shown = JSON.stringify(explanation) + formatExplanation(explanation);
  expect(shown).toContain("55 characters");
  expect(shown).not.toContain(token);
});

describe("takes time linear in the length", () => {
  const b64 = (text: string): string => Buffer.from(text).toString("base64url");
  const input = (size: number): Readonly<Record<string, readonly [unknown, object?]>> => ({
    "of commas": [",".repeat(size)],
    "of dots": [".".repeat(size)],
    "of spaces": [` ${" ".repeat(size)}.a.b`],
    "of a proof": [mint({ claims: { more: "x".repeat(size) } })],
    "of an htu": [mint({ claims: { htu: `https://a/${"%2F/../".repeat(size / 7)}` } })],
    "of JSON in JSON": [`${b64("[".repeat(size / 2))}.${b64('{"a":'.repeat(size / 8))}.AA`],
    "of padding": [mint({ claims: { ath: "=".repeat(size) } })],
    "of padding that a letter ends": [
      mint({ claims: { ath: `${"=".repeat(size)}x` } }),
      { accessToken: "t", jkt: `${"=".repeat(size)}x` },
    ],
    "of a URL": [mint(), { url: `https://a/${"/%25".repeat(size / 4)}` }],
    "of a token": [
      mint({ claims: { ath: "a" } }),
      { accessToken: "t".repeat(size), jkt: "=".repeat(size) },
    ],
    "of several fields": [Array.from({ length: size / 100 }, () => "a".repeat(100))],
  });
  const small = input(250_000);
  const large = input(1_000_000);
  const limits = { proof: 4_000_000, htu: 4_000_000 };

  test.each(Object.keys(large))("%s of 1 MB", (name) => {
    const seconds = ([proof, more]: readonly [unknown, object?]): number => {
      const request = { ...at(NOW), url: TOKEN_URL, ...more };
      const start = performance.now();
      const explanation = explainProof(proof as string, request, { backend: nodeCrypto, limits });
      expect(formatExplanation(explanation).length).toBeLessThan(20_000);
      expect(JSON.stringify(explanation).length).toBeLessThan(60_000);
      return (performance.now() - start) / 1000;
    };
    const least = (one: readonly [unknown, object?] | undefined): number =>
      one === undefined ? NaN : Math.min(...[1, 2, 3].map(() => seconds(one)));
    expect(least(large[name])).toBeLessThan(0.05 + 10 * least(small[name]));
  });
});
