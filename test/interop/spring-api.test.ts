// Our client at a resource server of Spring Security.
import { createProofAsync, type ProofInit } from "dpop-core";
import { beforeAll, describe, expect, test } from "vitest";
import {
  allKeys,
  API_URL,
  badProofs,
  es256,
  grant,
  grantUnbound,
  origin,
  type Person,
  person,
  someKeys,
  summary,
} from "./spring/parties.js";
import type { Label, OurSigners } from "./support/our-backends.js";
import { textMember } from "./support/peers.js";
import { seconds, withSignatureOf } from "./support/proofs.js";

const INVALID = [401, "DPoP", "invalid_dpop_proof"];

describe("our client at its resource server", () => {
  test.each(allKeys)(
    "%s, %s: the owner is let in, with every request",
    async (label, _backend, signers) => {
      const someone = await person(signers, label);
      const { accessToken } = await grant(someone);
      const headers = { Authorization: `DPoP ${accessToken}` };
      for (const [method, query] of [
        ["GET", ""],
        ["GET", "?page=2"],
        ["POST", ""],
      ] as const) {
        const response = await someone.client.fetch(API_URL + query, { method, headers });
        expect(summary(response), method).toBe(200);
        expect(await response.json()).toEqual({ subject: "confidential" });
      }
    },
  );

  describe.each(someKeys)("%s, %s", (label, _backend, signers) => testRefusals(label, signers));

  // Spring has no setting to take only bound tokens.
  test("a token that is not bound is taken as Bearer, and refused as DPoP", async () => {
    const { signer } = await es256();
    const accessToken = textMember(await grantUnbound(), "access_token");
    const headers = { Authorization: `Bearer ${accessToken}` };
    expect(summary(await fetch(API_URL, { headers }))).toBe(200);
    const proof = await createProofAsync(signer, { method: "GET", url: API_URL, accessToken });
    expect(await call(proof, accessToken)).toEqual(INVALID);
  });

  // Its protection against CSRF makes an exception for Bearer tokens, and none for DPoP.
  test("by default every method but GET, HEAD and OPTIONS is forbidden with DPoP", async () => {
    const someone = await es256();
    const [{ accessToken }, unbound] = await Promise.all([grant(someone), grantUnbound()]);
    const url = `${origin}/default/things`;
    const send = async (method: string): Promise<unknown> => {
      const headers = { Authorization: `DPoP ${accessToken}` };
      return summary(await someone.client.fetch(url, { method, headers }));
    };
    const methods = ["GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"];
    const statuses = await Promise.all(methods.map(send));
    expect(statuses).toEqual([200, 200, 200, 403, 403, 403, 403]);
    const headers = { Authorization: `Bearer ${textMember(unbound, "access_token")}` };
    expect(summary(await fetch(url, { method: "POST", headers }))).toBe(200);
  });

  test("a proof is taken again after 1000 others", testMemory);
});

/** Sends a proof and a token as they are. */
async function call(proof: string, accessToken: string): Promise<unknown> {
  const headers = { DPoP: proof, Authorization: `DPoP ${accessToken}` };
  return summary(await fetch(API_URL, { headers }));
}

function testRefusals(label: Label, signers: OurSigners): void {
  let owner: Person;
  let accessToken: string;
  beforeAll(async () => {
    owner = await person(signers, label);
    ({ accessToken } = await grant(owner));
  });
  const proof = ({ signer }: Person, differs: Partial<ProofInit> = {}): Promise<string> =>
    createProofAsync(signer, { method: "GET", url: API_URL, accessToken, ...differs });

  test.each([
    ...badProofs,
    ["another access token", () => ({ accessToken: "of-another" })],
    ["no access token in the proof", () => ({ accessToken: undefined })],
  ] satisfies typeof badProofs)("refused: %s", async (_what, differs) => {
    expect(await call(await proof(owner, differs()), accessToken)).toEqual(INVALID);
    expect(await call(await proof(owner), accessToken)).toBe(200);
  });

  test("refused: a proof for the second time, and the signature of another", async () => {
    const [one, other] = await Promise.all([proof(owner), proof(owner)]);
    expect(await call(withSignatureOf(other, one), accessToken)).toEqual(INVALID);
    expect(await call(one, accessToken)).toBe(200);
    expect(await call(one, accessToken)).toEqual(INVALID);
  });

  // RFC 9449 section 7.1 has invalid_token for it.
  test("refused: the thief, who has the token and a key of his own", async () => {
    const thief = await person(signers, label);
    const headers = { Authorization: `DPoP ${accessToken}` };
    expect(summary(await thief.client.fetch(API_URL, { headers }))).toEqual(INVALID);
    expect(summary(await owner.client.fetch(API_URL, { headers }))).toBe(200);
  });

  test("refused: the token without a proof, as Bearer and as DPoP", async () => {
    const send = async (scheme: string): Promise<unknown> => {
      const headers = { Authorization: `${scheme} ${accessToken}` };
      return summary(await fetch(API_URL, { headers }));
    };
    expect(await send("Bearer")).toEqual([401, "Bearer", "invalid_token"]);
    // Ours says invalid_dpop_proof.
    expect(await send("DPoP")).toEqual([401, "DPoP", "invalid_request"]);
  });

  // The challenge names only Bearer.
  test("refused: no token at all", async () => {
    expect(summary(await fetch(API_URL))).toEqual([401, "Bearer", undefined]);
  });
}

/** It remembers 1000 proofs, of all clients together, at the token endpoint and here. */
async function testMemory(): Promise<void> {
  const someone = await es256();
  const { accessToken } = await grant(someone);
  const prove = (differs: Partial<ProofInit> = {}): Promise<string> =>
    createProofAsync(someone.signer, { method: "GET", url: API_URL, accessToken, ...differs });
  const first = await prove({ iat: seconds() + 50 }); // good for 110 seconds
  const others = async (count: number): Promise<unknown> => {
    const sent = Array.from({ length: count }, async () => call(await prove(), accessToken));
    return new Set(await Promise.all(sent));
  };
  expect(await call(first, accessToken)).toBe(200);
  for (let i = 0; i < 24; i++) expect(await others(40)).toEqual(new Set([200]));
  expect(await call(first, accessToken)).toEqual(INVALID);
  expect(await others(40)).toEqual(new Set([200]));
  expect(await call(first, accessToken)).toBe(200);
}
