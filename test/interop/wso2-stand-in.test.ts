// Our client at a stand-in for WSO2 Identity Server, which no registry has. It shows that our proofs are within its
// documented rules, and no more.
import { createProofAsync, createSigner, generatePrivateJwk } from "dpop-core";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import {
  nobleSession,
  recordingClient,
  type RecordingClient,
  rsaSessionKinds,
  sessionKinds,
  statuses,
} from "./support/our-clients.js";
import { seconds, withSignatureOf } from "./support/proofs.js";
import { type StandIn, startWso2StandIn } from "./support/wso2-stand-in.js";

let standIn: StandIn;
beforeEach(async () => {
  standIn = await startWso2StandIn();
});
afterEach(() => standIn.close());

const REFUSED = { error: "invalid_dpop_proof" };

function requestToken({ fetch }: RecordingClient): Promise<Response> {
  const body = new URLSearchParams({ grant_type: "client_credentials" });
  return fetch(standIn.tokenUrl, { method: "POST", body });
}

async function tokenOf(client: RecordingClient): Promise<string> {
  const granted = client.session.readTokenResponse(await (await requestToken(client)).json());
  if (!granted.ok) throw new Error(granted.code);
  return granted.accessToken;
}

async function callApi(accessToken: string, proof: string): Promise<unknown> {
  const headers = { Authorization: `DPoP ${accessToken}`, DPoP: proof };
  return (await fetch(standIn.apiUrl, { headers })).json();
}

const isEc = ([key]: (typeof sessionKinds)[number]): boolean => key.includes("ES256");
const kinds = [...sessionKinds.filter(isEc), ...rsaSessionKinds];

describe("tokens and API calls for our client", () => {
  describe.each(kinds)("with %s", (_key, open) => {
    let client: RecordingClient;
    beforeEach(async () => {
      client = recordingClient(await open());
    });

    test("gives us a token for our key, and lets us in with it again and again", async () => {
      const headers = { Authorization: `DPoP ${await tokenOf(client)}` };
      for (const url of [standIn.apiUrl, `${standIn.apiUrl}?page=2`]) {
        const response = await client.fetch(url, { headers });
        expect(await response.json()).toEqual({ jkt: client.session.jkt });
      }
      expect(statuses(client)).toEqual([200, 200, 200]);
    });

    test("takes our proof twice, and without regard to case in method and URL", async () => {
      const accessToken = await tokenOf(client);
      const { jkt } = client.session;
      const url = standIn.apiUrl.replace("things", "Things");
      const proof = await client.session.buildProof({ method: "Get", url, accessToken });
      for (const attempt of ["first", "second"])
        expect(await callApi(accessToken, proof), attempt).toEqual({ jkt });
    });

    test("refuses our proof for another method, URL or token", async () => {
      const accessToken = await tokenOf(client);
      const right = { method: "GET", url: standIn.apiUrl, accessToken };
      for (const wrong of [
        { ...right, method: "POST" },
        { ...right, url: standIn.tokenUrl },
        { ...right, accessToken: "another" },
      ]) {
        const proof = await client.session.buildProof(wrong);
        expect(await callApi(accessToken, proof)).toEqual(REFUSED);
      }
    });

    test("refuses the proof of another key of ours, and the signature of another proof", async () => {
      const accessToken = await tokenOf(client);
      const request = { method: "GET", url: standIn.apiUrl, accessToken };
      const stranger = nobleSession("ES256").buildProof(request);
      expect(await callApi(accessToken, stranger)).toEqual(REFUSED);
      const proof = await client.session.buildProof(request);
      const mixed = withSignatureOf(stranger, proof);
      expect(await callApi(accessToken, mixed)).toEqual(REFUSED);
    });
  });
});

describe("the date of our proofs", () => {
  const signer = createSigner(generatePrivateJwk("ES256"));

  /** Asks for a token with a proof that was made so many seconds ago. */
  async function requestAtAge(age: number): Promise<Response> {
    const iat = seconds() - age;
    const proof = await createProofAsync(signer, { method: "POST", url: standIn.tokenUrl, iat });
    return fetch(standIn.tokenUrl, { method: "POST", headers: { DPoP: proof } });
  }

  test("refuses one of an hour ago", async () => {
    const response = await requestAtAge(3600);
    expect(response.status).toBe(400);
    expect(await response.json()).toEqual(REFUSED);
  });

  test.each([
    ["of now", 0],
    ["of an hour ahead", -3600],
  ])("takes one %s", async (_when, age) => {
    const response = await requestAtAge(age);
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({ token_type: "DPoP" });
  });
});

describe("Ed25519 keys of ours", () => {
  test.each(sessionKinds.filter((kind) => !isEc(kind)))("%s gets no token", async (_key, open) => {
    const response = await requestToken(recordingClient(await open()));
    expect(response.status).toBe(400);
    expect(await response.json()).toEqual(REFUSED);
  });
});
