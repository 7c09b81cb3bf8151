// The order of the checks, as verify/verifier.ts states it: of two faults in one request, the earlier is the result.
import type { FailureCode } from "dpop-core";
import { calculateJwkThumbprint } from "jose";
import { describe, expect, test } from "vitest";
import { publicJwk } from "../support/keys.js";
import { mint, type MintOptions, NOW } from "../support/mint.js";
import { JKT } from "../support/rfc.js";
import type { PolicyData } from "../support/policy.js";
import { outcome, type RequestData } from "../support/run.js";

interface Fault extends Pick<MintOptions, "header" | "claims" | "signer"> {
  readonly code: FailureCode;
  readonly request?: RequestData;
  readonly policy?: PolicyData;
  readonly field?: (proof: string) => string | readonly string[];
}

const ES256 = publicJwk("ES256");
const JKT_ES256 = await calculateJwkThumbprint(ES256);

const FAULTS: readonly Fault[] = [
  { code: "proof_multiple", field: (proof) => [proof, proof] },
  { code: "proof_too_large", policy: { limits: { proof: 50, htu: 4096 } } },
  { code: "jws_malformed", field: (proof) => `${proof}=` },
  { code: "typ_mismatch", header: { typ: "JWT" } },
  { code: "crit_unsupported", header: { crit: ["x"] } },
  { code: "alg_unsupported", header: { alg: "none" } },
  { code: "claim_missing", claims: { jti: undefined } },
  { code: "claim_invalid", claims: { nbf: "x" } },
  { code: "claim_too_long", policy: { limits: { htu: 5 } } },
  { code: "htm_mismatch", request: { method: "GET" } },
  { code: "url_invalid", request: { url: "https://server.example.com/ " } },
  { code: "htu_invalid", claims: { htu: "ftp://server.example.com/token" } },
  { code: "htu_mismatch", claims: { htu: "https://other.example/token" } },
  { code: "nonce_mismatch", claims: { nonce: "old" }, policy: { nonce: { accept: "new" } } },
  { code: "iat_too_old", claims: { iat: NOW - 1000 } },
  { code: "proof_expired", claims: { exp: NOW } },
  { code: "proof_not_yet_valid", claims: { nbf: NOW + 1000 } },
  { code: "ath_unexpected", claims: { ath: "x" } },
  { code: "jwk_private", header: { jwk: { ...ES256, d: "x" } } },
  { code: "jkt_mismatch", request: { jkt: JKT } },
  { code: "jwk_invalid", header: { jwk: { ...ES256, x: ES256.y, y: ES256.x } } }, // not on the curve: found at the import
  { code: "signature_invalid", signer: "otherES256" },
  { code: "replay_store_full", policy: { replay: "full" } },
];

/** Two faults that set one member to two values can't stand in one request. */
function clash(a: Fault, b: Fault): boolean {
  const keys = (part: object | undefined): readonly string[] => Object.keys(part ?? {});
  const shared = (of: "header" | "claims" | "request" | "policy"): boolean =>
    keys(a[of]).some((key) => keys(b[of]).includes(key));
  return shared("header") || shared("claims") || shared("request") || shared("policy");
}

async function answer(a: Fault, b: Fault): Promise<string> {
  const proof = mint({
    header: { ...a.header, ...b.header },
    claims: { ...a.claims, ...b.claims },
    signer: a.signer ?? b.signer ?? "ES256",
  });
  const inner = b.field?.(proof) ?? proof;
  const field = typeof inner === "string" ? (a.field?.(inner) ?? inner) : inner;
  return outcome(field, { ...a.request, ...b.request }, { ...a.policy, ...b.policy });
}

describe("of two simultaneous faults the result is that of the earlier check", () => {
  const pairs = FAULTS.flatMap((first, i) =>
    FAULTS.slice(i + 1)
      .filter((second) => !clash(first, second))
      .map((second) => ({ first, second })),
  );

  test.each(pairs)("$first.code before $second.code", async ({ first, second }) => {
    expect(await answer(first, second)).toBe(first.code);
  });

  test("each fault by itself gives its code", async () => {
    const answers = await Promise.all(FAULTS.map((fault) => answer(fault, { code: fault.code })));
    expect(answers).toEqual(FAULTS.map(({ code }) => code));
  });

  test("neighbours that can stand in one request are all compared", () => {
    expect(pairs.length).toBeGreaterThan(230);
  });
});

test("the key of the client is refused after the key that was expected, and before the signature", async () => {
  const clientKeyJkt = JKT_ES256;
  expect(await outcome(mint(), { clientKeyJkt, jkt: JKT })).toBe("jkt_mismatch");
  const badlySigned = mint({ signer: "otherES256" });
  expect(await outcome(badlySigned, { clientKeyJkt })).toBe("client_key_reused");
});
