// failure.detail: what is known of a refusal beside its code, for logs, and never sent by mistake.
import { createVerifier, noble, parseProof, resourceError } from "dpop-core";
import { expect, test } from "vitest";
import { at, mint, NOW, TOKEN_URL } from "./support/mint.js";

const verifier = createVerifier({ backend: noble, replay: "none" });
const query = "?code=secret#part";

test.each([
  ["claim_missing", { claims: { htm: undefined } }, {}, { claim: "htm" }],
  ["claim_invalid", { claims: { iat: "now" } }, {}, { claim: "iat" }],
  ["claim_invalid", { claims: { exp: true } }, {}, { claim: "exp" }],
  ["claim_too_long", { claims: { jti: "x".repeat(300) } }, {}, { claim: "jti" }],
  ["htm_mismatch", {}, { method: "GET" }, { htm: "POST", method: "GET" }],
  [
    "htu_mismatch",
    { claims: { htu: `${TOKEN_URL}${query}` } },
    { url: `https://other.example/${query}` },
    { htu: TOKEN_URL, url: "https://other.example/" },
  ],
  ["htu_invalid", { claims: { htu: "/token" } }, {}, { htu: "/token", url: TOKEN_URL }],
  ["url_invalid", {}, { url: "https://a b/" }, { htu: TOKEN_URL, url: "https://a b/" }],
  ["typ_mismatch", { header: { typ: "JWT" } }, {}, undefined],
] as const)("%s %j %j: %j", (code, proof, request, detail) => {
  const result = verifier.verify(mint(proof), { ...at(NOW), ...request });
  if (result.ok) throw new Error("it was accepted");
  expect(result.code).toBe(code);
  expect(result.detail).toEqual(detail);
  expect(Object.keys(result)).toEqual(["ok", "code", "message"]);
  expect("detail" in { ...result }).toBe(false);
  expect(JSON.stringify(resourceError(result, { algs: ["ES256"] }))).not.toContain("example");
});

test("parseProof names the claim too", () => {
  const parsed = parseProof(mint({ claims: { jti: undefined } }));
  expect(parsed).toMatchObject({ ok: false, code: "claim_missing" });
  if (!parsed.ok) expect(parsed.detail).toEqual({ claim: "jti" });
});
