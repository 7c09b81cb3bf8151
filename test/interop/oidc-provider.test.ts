// Our client at oidc-provider: its token endpoint, pushed requests, introspection and userinfo.
import { decodeJwt, decodeProtectedHeader } from "jose";
import { createClientSession, createSigner, generatePrivateJwk } from "dpop-core";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import {
  API_NAME,
  type ForeignProvider,
  REDIRECT_URI,
  startOidcProvider,
} from "./support/oidc-provider.js";
import {
  lastProof,
  nobleSession,
  type OpenSession,
  recordingClient,
  type RecordingClient,
  sessionKinds,
  statuses,
} from "./support/our-clients.js";

const flow = "tokens, pushed requests and userinfo for our client";

describe(flow, () => {
  describe.each(sessionKinds)("with %s", (_key, open) => testAtProvider(open, false));
});

describe(`${flow}, with nonces`, () => {
  describe.each(sessionKinds)("with %s", (_key, open) => testAtProvider(open, true));
});

function testAtProvider(open: OpenSession, nonces: boolean): void {
  let provider: ForeignProvider;
  let client: RecordingClient;
  beforeEach(async () => {
    provider = await startOidcProvider({ nonces });
    client = recordingClient(await open(provider.algs));
  });
  afterEach(() => provider.close());

  /** One demand for a nonce, where nonces are wanted, and only before the first of these answers. */
  const after = (demand: number, ...rest: readonly number[]): readonly number[] =>
    nonces ? [demand, ...rest] : rest;

  const post = (url: string, form: Readonly<Record<string, string>>): Promise<Response> => {
    const headers = { Authorization: provider.basic };
    return client.fetch(url, { method: "POST", headers, body: new URLSearchParams(form) });
  };

  const token = async (form: Readonly<Record<string, string>> = {}): Promise<string> => {
    const response = await post(provider.tokenUrl, { grant_type: "client_credentials", ...form });
    const granted = client.session.readTokenResponse(await response.json());
    if (!granted.ok) throw new Error(granted.code);
    expect(granted.tokenType).toBe("DPoP");
    return granted.accessToken;
  };

  test("binds tokens to our key, as the JWT and introspection say, and asks for a nonce once or never", async () => {
    const { jkt } = client.session;
    expect(decodeJwt(await token({ resource: API_NAME }))).toMatchObject({ cnf: { jkt } });
    expect(statuses(client)).toEqual(after(400, 200));

    const opaque = await token();
    expect(statuses(client)).toEqual(after(400, 200, 200));
    const introspected = await fetch(provider.introspectionUrl, {
      method: "POST",
      headers: { Authorization: provider.basic },
      body: new URLSearchParams({ token: opaque }),
    });
    expect(await introspected.json()).toMatchObject({
      active: true,
      token_type: "DPoP",
      cnf: { jkt },
    });
  });

  test("refuses a token request without a proof, and one with a proof that was used before", async () => {
    const send = (headers: Readonly<Record<string, string>>): Promise<Response> =>
      fetch(provider.tokenUrl, {
        method: "POST",
        headers: { Authorization: provider.basic, ...headers },
        body: new URLSearchParams({ grant_type: "client_credentials" }),
      });
    const without = await send({});
    expect(without.status).toBe(400);
    expect(await without.json()).toMatchObject({ error: "invalid_grant" });
    await token();
    const again = await send({ DPoP: lastProof(client) });
    expect(again.status).toBe(400);
    expect(await again.json()).toMatchObject({ error: "invalid_grant" });
  });

  test("takes pushed authorization requests with our proof, and with dpop_jkt of our key or none", async () => {
    const { jkt } = client.session;
    const form = {
      response_type: "code",
      client_id: "a-client",
      redirect_uri: REDIRECT_URI,
      scope: "openid",
      code_challenge: "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
      code_challenge_method: "S256",
    };
    for (const parameters of [form, { ...form, dpop_jkt: jkt }]) {
      const response = await post(provider.pushedUrl, parameters);
      expect(await response.json()).toMatchObject({ request_uri: expect.any(String) });
    }
    const stranger = nobleSession("ES256");
    const other = await post(provider.pushedUrl, { ...form, dpop_jkt: stranger.jkt });
    expect(await other.json()).toMatchObject({ error: "invalid_request" });
    expect(statuses(client)).toEqual(after(400, 201, 201, 400));
  });

  test("lets us in at userinfo with a token of our key, and not with that of another", async () => {
    const ask = (accessToken: string): Promise<Response> =>
      client.fetch(provider.userinfoUrl, { headers: { Authorization: `DPoP ${accessToken}` } });
    const own = await provider.userinfoToken(client.session.jkt);
    for (const attempt of ["first", "second"]) {
      const response = await ask(own);
      expect(await response.json(), attempt).toEqual({ sub: provider.accountId });
    }
    const stranger = nobleSession("ES256");
    const refused = await ask(await provider.userinfoToken(stranger.jkt));
    expect(refused.headers.get("WWW-Authenticate")).toContain('error="invalid_token"');
    expect(statuses(client)).toEqual(after(401, 200, 200, 401));
  });
}

describe("the label of an Ed25519 key of ours", () => {
  test("its label is the one that the server lists", async () => {
    const provider = await startOidcProvider({ nonces: false });
    try {
      expect(provider.algs).toEqual(["ES256", "Ed25519", "EdDSA"]);
      const signer = createSigner(generatePrivateJwk("EdDSA"));
      expect(createClientSession({ signer }).alg).toBe("EdDSA");
      const client = recordingClient(createClientSession({ signer, algs: provider.algs }));
      const headers = { Authorization: provider.basic };
      const body = new URLSearchParams({ grant_type: "client_credentials" });
      await client.fetch(provider.tokenUrl, { method: "POST", headers, body });
      expect(statuses(client)).toEqual([200]);
      expect(decodeProtectedHeader(lastProof(client)).alg).toBe("Ed25519");
    } finally {
      await provider.close();
    }
  });
});
