// Our client at servers that others wrote. Every peer also refuses something here, which shows that it does check.
import { randomBytes } from "node:crypto";
import express from "express";
import { auth } from "express-oauth2-jwt-bearer";
import { decodeJwt, decodeProtectedHeader } from "jose";
import * as oauth from "oauth4webapi";
import { createClientSession, createSigner, generatePrivateJwk } from "dpop-core";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { DpopManager } from "./node_modules/@atproto/oauth-provider/dist/dpop/dpop-manager.js";
import { UseDpopNonceError } from "./node_modules/@atproto/oauth-provider/dist/errors/use-dpop-nonce-error.js";
import { listen, type Loopback } from "./support/loopback.js";
import {
  API_NAME,
  type ForeignProvider,
  REDIRECT_URI,
  startOidcProvider,
} from "./support/oidc-provider.js";
import {
  nobleSession,
  recordingClient,
  type RecordingClient,
  sessionKinds,
  statuses,
} from "./support/our-clients.js";
import { member, peer, textMember } from "./support/peers.js";
import { startTokenIssuer, type TokenIssuer } from "./support/token-issuer.js";

const modes = [
  { mode: "wants no nonce", nonces: false },
  { mode: "wants nonces", nonces: true },
];

const oidcMatrix = sessionKinds.flatMap(([key, open]) =>
  modes.map(({ mode, nonces }) => [mode, key, { open, nonces }] as const),
);

describe.each(oidcMatrix)(
  `${peer("oidc-provider")} that %s, with %s`,
  (_mode, _key, { open, nonces }) => {
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
  },
);

test(`the label of an Ed25519 key is the one that ${peer("oidc-provider")} lists`, async () => {
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

const RESOURCE = `${peer("express-oauth2-jwt-bearer")} on ${peer("express")}`;

describe.each(sessionKinds)(`${RESOURCE}, with %s`, (_key, open) => {
  let issuer: TokenIssuer;
  let api: Loopback;
  let client: RecordingClient;
  beforeEach(async () => {
    issuer = await startTokenIssuer();
    api = await listen();
    const app = express();
    app.use(
      auth({
        issuer: issuer.issuer,
        jwksUri: issuer.jwksUri,
        audience: issuer.audience,
        tokenSigningAlg: "ES256",
        dpop: { enabled: true, required: true },
      }),
    );
    app.get("/things", (_req, res) => void res.json({ isIn: true }));
    app.use(((error, _req, res, _next) => {
      res.status(statusOf(error)).json({ code: member(error, "code") });
    }) satisfies express.ErrorRequestHandler);
    api.server.on("request", app);
    client = recordingClient(await open(["ES256", "EdDSA"])); // it knows no label Ed25519
  });
  afterEach(async () => {
    await Promise.all([api.close(), issuer.close()]);
  });

  const call = (accessToken: string): Promise<Response> =>
    client.fetch(`${api.origin}/things?page=2`, {
      headers: { Authorization: `DPoP ${accessToken}` },
    });

  test("lets us in with a token of our key, again and again", async () => {
    const accessToken = await issuer.issue(client.session.jkt);
    expect(await (await call(accessToken)).json()).toEqual({ isIn: true });
    expect(await (await call(accessToken)).json()).toEqual({ isIn: true });
    expect(statuses(client)).toEqual([200, 200]);
  });

  test("does not let us in with the token of another key, nor with a proof for another token or method", async () => {
    const stranger = nobleSession("ES256");
    const refused = await call(await issuer.issue(stranger.jkt));
    expect(refused.status).toBe(401);
    expect(await refused.json()).toEqual({ code: "invalid_token" });

    const [accessToken, otherToken] = await Promise.all([
      issuer.issue(client.session.jkt),
      issuer.issue(client.session.jkt),
    ]);
    const url = `${api.origin}/things`;
    const wrong = [
      { method: "GET", url, accessToken: otherToken },
      { method: "POST", url, accessToken },
      { method: "GET", url: `${api.origin}/others`, accessToken },
    ];
    for (const request of wrong) {
      const proof = await client.session.buildProof(request);
      const headers = { Authorization: `DPoP ${accessToken}`, DPoP: proof };
      const response = await fetch(url, { headers });
      expect(await response.json()).toEqual({ code: "invalid_dpop_proof" });
    }
  });
});

function statusOf(error: unknown): number {
  const status = member(error, "status");
  return typeof status === "number" ? status : 500;
}

const ATPROTO = `the DpopManager of ${peer("@atproto/oauth-provider")}`;

describe.each(sessionKinds)(`${ATPROTO}, with %s`, (_key, open) => {
  const TOKEN_REQUEST = { method: "POST", url: "https://server.example/oauth/token" };
  const API_REQUEST = {
    method: "GET",
    url: "https://pds.example/xrpc/com.example.things?limit=2",
    accessToken: "an.access.token",
  };

  interface Request {
    readonly method: string;
    readonly url: string;
    readonly accessToken?: string;
  }

  async function check(manager: DpopManager, request: Request, proof: string): Promise<unknown> {
    const { method, url, accessToken } = request;
    return manager.checkProof(method, new URL(url), { dpop: proof }, accessToken);
  }

  async function useDpopNonce(checked: Promise<unknown>): Promise<UseDpopNonceError> {
    const error: unknown = await checked.then(
      () => undefined,
      (reason: unknown) => reason,
    );
    if (error instanceof UseDpopNonceError) return error;
    throw new Error("a nonce should be asked for");
  }

  test("takes our proof of a token request and that of an API request where it has no nonces", async () => {
    const session = await open();
    const manager = new DpopManager({ dpopSecret: false });
    const { jkt } = session;
    for (const request of [TOKEN_REQUEST, API_REQUEST]) {
      const proof = await session.buildProof(request);
      const { method: htm } = request;
      expect(await check(manager, request, proof)).toMatchObject({ jkt, htm });
    }
  });

  test("does not take our proof for another method, URL or token", async () => {
    const session = await open();
    const manager = new DpopManager({ dpopSecret: false });
    const wrong = [
      { ...API_REQUEST, method: "POST" },
      { ...API_REQUEST, url: "https://pds.example/xrpc/com.example.others" },
      { ...API_REQUEST, accessToken: "another.access.token" },
      { method: API_REQUEST.method, url: API_REQUEST.url },
    ];
    for (const request of wrong) {
      const checked = check(manager, API_REQUEST, await session.buildProof(request));
      await expect(checked).rejects.toMatchObject({ error: "invalid_dpop_proof" });
    }
  });

  test("asks for a nonce as an authorization server; our session learns it from the answer", async () => {
    const session = await open();
    const manager = new DpopManager({ dpopSecret: randomBytes(32).toString("hex") });
    const first = await session.buildProof(TOKEN_REQUEST);
    const error = await useDpopNonce(check(manager, TOKEN_REQUEST, first));
    const answer = {
      status: error.status,
      headers: new Headers({ "DPoP-Nonce": manager.nextNonce() ?? "" }),
      errorBody: error.toJSON(),
    };
    expect(answer.status).toBe(400);
    session.observe(TOKEN_REQUEST, answer);
    expect(session.shouldRetry(answer, 1)).toBe(true);
    const { jkt } = session;
    const second = await session.buildProof(TOKEN_REQUEST);
    expect(await check(manager, TOKEN_REQUEST, second)).toMatchObject({ jkt });
  });

  test("asks for a nonce as a resource server; our session learns it from the challenge", async () => {
    const session = await open();
    const manager = new DpopManager({ dpopSecret: randomBytes(32).toString("hex") });
    const first = await session.buildProof(API_REQUEST);
    const error = await useDpopNonce(check(manager, API_REQUEST, first));
    const { status, wwwAuthenticateHeader } = error.toWwwAuthenticateError();
    const answer = {
      status,
      headers: new Headers({
        "WWW-Authenticate": wwwAuthenticateHeader,
        "DPoP-Nonce": manager.nextNonce() ?? "",
      }),
    };
    expect(answer.status).toBe(401);
    session.observe(API_REQUEST, answer);
    expect(session.shouldRetry(answer, 1)).toBe(true);
    const { jkt } = session;
    const second = await session.buildProof(API_REQUEST);
    expect(await check(manager, API_REQUEST, second)).toMatchObject({ jkt });
  });
});

describe.each(sessionKinds)(
  `validateJwtAccessToken of ${peer("oauth4webapi")} that requires DPoP, with %s`,
  (_key, open) => {
    let issuer: TokenIssuer;
    beforeEach(async () => {
      issuer = await startTokenIssuer();
    });
    afterEach(() => issuer.close());

    /** An API that hands every request to the peer, in this process. */
    const api: (issuer: TokenIssuer) => typeof fetch = (from) => async (input, init) => {
      const as = { issuer: from.issuer, jwks_uri: from.jwksUri };
      const options = { requireDPoP: true, [oauth.allowInsecureRequests]: true };
      const request = new Request(input, init);
      try {
        const claims = await oauth.validateJwtAccessToken(as, request, from.audience, options);
        return Response.json({ sub: claims.sub });
      } catch (error) {
        return Response.json({ message: textMember(error, "message") }, { status: 401 });
      }
    };

    const URL_OF_API = "https://api.example.com/things?page=2";

    test("takes our request with a token of our key, and with a body too", async () => {
      const client = recordingClient(await open(), api(issuer));
      const headers = { Authorization: `DPoP ${await issuer.issue(client.session.jkt)}` };
      for (const init of [{ headers }, { headers, method: "POST", body: "a thing" }]) {
        const response = await client.fetch(URL_OF_API, init);
        expect(await response.json()).toEqual({ sub: "an-account" });
      }
    });

    test("does not take our request with a token of another key or of none, nor our proof for another URL", async () => {
      const client = recordingClient(await open(), api(issuer));
      const stranger = nobleSession("ES256");
      const call = async (accessToken: string, target = URL_OF_API): Promise<unknown> => {
        const headers = { Authorization: `DPoP ${accessToken}` };
        return (await client.fetch(target, { headers })).json();
      };
      expect(await call(await issuer.issue(stranger.jkt))).toEqual({
        message: "JWT Access Token confirmation mismatch",
      });
      expect(await call(await issuer.issue())).toMatchObject({
        message: expect.stringContaining("cnf"),
      });
      const accessToken = await issuer.issue(client.session.jkt);
      const url = "https://api.example.com/others";
      const proof = await client.session.buildProof({ method: "GET", url, accessToken });
      const headers = { Authorization: `DPoP ${accessToken}`, DPoP: proof };
      const refused = await api(issuer)(URL_OF_API, { headers });
      expect(await refused.json()).toEqual({ message: "DPoP Proof htu mismatch" });
    });
  },
);

function lastProof({ sent }: RecordingClient): string {
  const last = sent.at(-1);
  if (last === undefined) throw new Error("nothing was sent");
  return last.proof;
}
