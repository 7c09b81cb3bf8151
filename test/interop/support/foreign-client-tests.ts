// What every client that others wrote has to do at servers built from createAuthorizationServer, createResourceServer and
// createNonceIssuer.
import { decodeProtectedHeader } from "jose";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type Label, LABELS, type OpenForeignClient } from "./foreign-clients.js";
import { last, type OurServers, outcomes, startOurServers } from "./our-servers.js";

export function testForeignClient(open: OpenForeignClient): void {
  const flow = "client credentials and API calls at our servers";
  describe(flow, () => {
    describe.each(LABELS)("with %s", (label) => testAtServers(open, label, false));
  });
  describe(`${flow}, with nonces`, () => {
    describe.each(LABELS)("with %s", (label) => testAtServers(open, label, true));
  });
}

function testAtServers(open: OpenForeignClient, label: Label, nonces: boolean): void {
  let servers: OurServers;
  beforeEach(async () => {
    servers = await startOurServers({ nonces });
  });
  afterEach(() => servers.close());

  test("gets a token for its key and calls the API twice; if nonces are wanted, each server asks once", async () => {
    const client = await open(servers, label);
    const accessToken = await client.token();
    expect(servers.claimsOf(accessToken)).toEqual({
      active: true,
      token_type: "DPoP",
      cnf: { jkt: client.jkt },
    });
    const granted = { status: 200, body: { jkt: client.jkt } };
    expect(await client.call(accessToken)).toEqual(granted);
    expect(await client.call(accessToken)).toEqual(granted);
    await client.token();

    const { jkt } = client;
    const asked = nonces ? ["nonce_missing", jkt, jkt] : [jkt, jkt];
    expect(outcomes(servers.seen.token)).toEqual(asked);
    expect(outcomes(servers.seen.api)).toEqual(asked);
    expect(decodeProtectedHeader(last(servers.seen.api).proof).alg).toBe(label);
  });

  test("its proof is taken once: sent again it is refused as a replay, by both servers", async () => {
    const client = await open(servers, label);
    const accessToken = await client.token();
    expect(await client.call(accessToken)).toMatchObject({ status: 200 });

    const tokenAgain = await fetch(servers.tokenUrl, {
      method: "POST",
      headers: { DPoP: last(servers.seen.token).proof },
      body: new URLSearchParams({ grant_type: "client_credentials" }),
    });
    expect(tokenAgain.status).toBe(400);
    expect(await tokenAgain.json()).toMatchObject({ error: "invalid_dpop_proof" });
    expect(last(servers.seen.token).outcome).toBe("jti_replayed");

    const { proof } = last(servers.seen.api);
    const headers = { DPoP: proof, Authorization: `DPoP ${accessToken}` };
    const apiAgain = await fetch(servers.apiUrl, { headers });
    expect(apiAgain.status).toBe(401);
    expect(last(servers.seen.api).outcome).toBe("jti_replayed");
  });

  test("reads the challenge invalid_token where it uses a token that is bound to another key", async () => {
    const [holder, thief] = await Promise.all([open(servers, label), open(servers, label)]);
    const accessToken = await holder.token();
    expect(await thief.call(accessToken)).toEqual({ status: 401, error: "invalid_token" });
    expect(last(servers.seen.api).outcome).toBe("jkt_mismatch");
    expect(await holder.call(accessToken)).toMatchObject({ status: 200 });
  });
}
