// The authorization servers of docs/authorization-server.md in Express and Hono: both endpoints, for a client of others
// and for ours, and what neither may get.
import { createServer, type Server } from "node:http";
import { getRequestListener } from "@hono/node-server";
import { createClientSession, createDpopFetch, createSigner, generatePrivateJwk } from "dpop-core";
import { createRemoteJWKSet, customFetch as joseFetch, jwtVerify } from "jose";
import * as oauth from "oauth4webapi";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { app as express } from "../../examples/frameworks/authorization-server-express.js";
import { app as hono } from "../../examples/frameworks/authorization-server-hono.js";
import { ISSUER } from "../../examples/issuer.js";
import { close, listen, send } from "./support/wire.js";

const CLIENT = { client_id: "a-client" };
const client: oauth.Client = CLIENT;
const REDIRECT_URI = "https://client.example/callback";
const FORM = ["Content-Type", "application/x-www-form-urlencoded"] as const;

describe.each([
  ["express", () => createServer(express)],
  ["hono", () => createServer(getRequestListener(hono.fetch))],
])("%s", (_, open) => {
  let server: Server;
  let port: number;
  /** Each status and error, in order. */
  let answers: unknown[];
  beforeEach(async () => {
    server = open();
    port = await listen(server);
    answers = [];
  });
  afterEach(() => close(server));

  /** As a proxy does: what clients call is ISSUER, and the server listens elsewhere. */
  const forward = async (input: unknown, init?: object): Promise<Response> => {
    const target = String(input).replace(ISSUER, `http://127.0.0.1:${port}`);
    const request = new Request(target, { ...init, redirect: "manual" });
    const { status, headers, body } = await fetch(request);
    const response = new Response(body, { status, headers }); // which says nothing of elsewhere
    if (request.method === "POST") {
      const { error } = (await response.clone().json()) as { readonly error?: string };
      answers.push(error ?? status);
    }
    return response;
  };

  const pkce = async () => {
    const verifier = oauth.generateRandomCodeVerifier();
    const challenge = await oauth.calculatePKCECodeChallenge(verifier);
    const parameters = { response_type: "code", redirect_uri: REDIRECT_URI, state: "a state" };
    const method = { code_challenge: challenge, code_challenge_method: "S256" };
    return { verifier, parameters: { ...parameters, ...method } };
  };

  const callback = async (requestUri: string): Promise<URL> => {
    const query = new URLSearchParams({ ...CLIENT, request_uri: requestUri });
    const response = await forward(`${ISSUER}/authorize?${query}`);
    expect(response.status).toBe(303);
    return new URL(response.headers.get("Location") ?? "");
  };

  const boundKeyOf = async (accessToken: string): Promise<unknown> => {
    const keys = createRemoteJWKSet(new URL(`${ISSUER}/jwks`), { [joseFetch]: forward });
    const rules = { issuer: ISSUER, typ: "at+jwt" };
    const { payload } = await jwtVerify(accessToken, keys, rules);
    return payload["cnf"];
  };

  test("oauth4webapi pushes a request, redeems the code and refreshes; a thief does neither", async () => {
    const options = { [oauth.allowInsecureRequests]: true, [oauth.customFetch]: forward };
    const issuer = new URL(ISSUER);
    const found = await oauth.discoveryRequest(issuer, { ...options, algorithm: "oauth2" });
    const as = await oauth.processDiscoveryResponse(issuer, found);
    const DPoP = oauth.DPoP(client, await oauth.generateKeyPair("ES256"));
    const thief = oauth.DPoP(client, await oauth.generateKeyPair("ES256"));
    const none = oauth.None();
    const { verifier, parameters } = await pkce();
    const again = async <T>(attempt: () => Promise<T>): Promise<T> =>
      attempt().catch((error: unknown) => {
        if (oauth.isDPoPNonceError(error)) return attempt();
        throw error;
      });

    const pushed = await again(async () => {
      const withKey = { ...options, DPoP };
      const sent = await oauth.pushedAuthorizationRequest(as, client, none, parameters, withKey);
      return oauth.processPushedAuthorizationResponse(as, client, sent);
    });
    expect(answers.splice(0)).toEqual(["use_dpop_nonce", 201]);
    const code = oauth.validateAuthResponse(
      as,
      client,
      await callback(pushed.request_uri),
      "a state",
    );

    const redeem = (handle: oauth.DPoPHandle, pkceVerifier = verifier) =>
      again(async () => {
        const sent = await oauth.authorizationCodeGrantRequest(
          as,
          client,
          none,
          code,
          REDIRECT_URI,
          pkceVerifier,
          { ...options, DPoP: handle },
        );
        return oauth.processAuthorizationCodeResponse(as, client, sent);
      });
    const refused = { error: "invalid_grant" };
    await expect(redeem(thief)).rejects.toMatchObject(refused);
    await expect(redeem(DPoP, oauth.generateRandomCodeVerifier())).rejects.toMatchObject(refused);
    const granted = await redeem(DPoP);
    await expect(redeem(DPoP)).rejects.toMatchObject(refused);

    const refresh = (handle: oauth.DPoPHandle, token = granted.refresh_token ?? "") =>
      again(async () => {
        const withKey = { ...options, DPoP: handle };
        const sent = await oauth.refreshTokenGrantRequest(as, client, none, token, withKey);
        return oauth.processRefreshTokenResponse(as, client, sent);
      });
    await expect(refresh(thief)).rejects.toMatchObject(refused);
    const refreshed = await refresh(DPoP);
    await expect(refresh(DPoP)).rejects.toMatchObject(refused);
    await refresh(DPoP, refreshed.refresh_token);

    const jkt = await DPoP.calculateThumbprint();
    for (const { access_token } of [granted, refreshed])
      expect(await boundKeyOf(access_token)).toEqual({ jkt });
  });

  test("our client pushes, redeems and refreshes; a dpop_jkt of another key is refused", async () => {
    const session = createClientSession({ signer: createSigner(generatePrivateJwk("Ed25519")) });
    const dpopFetch = createDpopFetch({ session, fetch: forward });
    const post = async (path: string, form: Readonly<Record<string, string>>) => {
      const body = new URLSearchParams({ ...CLIENT, ...form });
      const response = await dpopFetch(ISSUER + path, { method: "POST", body });
      return (await response.json()) as Readonly<Record<string, string>>;
    };
    const { verifier, parameters } = await pkce();
    const other = createClientSession({ signer: createSigner(generatePrivateJwk("ES256")) });
    await post("/par", { ...parameters, dpop_jkt: other.jkt });
    const pushed = await post("/par", { ...parameters, dpop_jkt: session.jkt });
    const { searchParams } = await callback(pushed["request_uri"] ?? "");
    const code = { grant_type: "authorization_code", code: searchParams.get("code") ?? "" };
    const granted = await post("/token", {
      ...code,
      redirect_uri: REDIRECT_URI,
      code_verifier: verifier,
    });
    const token = session.readTokenResponse(granted);
    if (!token.ok) throw new Error(token.code);
    expect(await boundKeyOf(token.accessToken)).toEqual({ jkt: session.jkt });
    const refresh = { grant_type: "refresh_token", refresh_token: granted["refresh_token"] ?? "" };
    expect(session.readTokenResponse(await post("/token", refresh))).toMatchObject({ ok: true });
    expect(answers).toEqual(["use_dpop_nonce", "invalid_request", 201, 200, 200]);
  });

  test("nothing, two proofs, and a body that is no form are refused, and not stored", async () => {
    const form = new URLSearchParams({ ...CLIENT, grant_type: "authorization_code", code: "none" });
    const post = async (...headers: (readonly [string, string])[]) => {
      const request = { method: "POST", target: "/token", headers, body: form.toString() };
      const response = await send({ port }, request);
      expect(response.one("Cache-Control")).toBe("no-store");
      return [response.status, (JSON.parse(response.body) as { readonly error: string }).error];
    };
    const refused = [400, "invalid_dpop_proof"];
    expect(await post(FORM)).toEqual(refused);
    expect(await post(FORM, ["DPoP", "one"], ["DPoP", "two"])).toEqual(refused);
    expect(await post(["Content-Type", "application/json"])).toEqual(refused);
  });

  test("a request of an unknown client, or without PKCE, is not kept", async () => {
    const session = createClientSession({ signer: createSigner(generatePrivateJwk("ES256")) });
    const dpopFetch = createDpopFetch({ session, fetch: forward });
    const { parameters } = await pkce();
    for (const over of [
      { client_id: "another" },
      { redirect_uri: "https://evil.example/" },
      { code_challenge_method: "plain" },
    ]) {
      const body = new URLSearchParams({ ...CLIENT, ...parameters, ...over });
      const response = await dpopFetch(`${ISSUER}/par`, { method: "POST", body });
      expect(response.status).toBe(400);
    }
    expect((await forward(`${ISSUER}/authorize?client_id=a-client&request_uri=none`)).status).toBe(
      400,
    );
  });
});
