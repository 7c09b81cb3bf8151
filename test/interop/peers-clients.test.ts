// Clients that others wrote, at servers built from createTokenEndpoint, createResourceServer and createNonceIssuer.
import * as dpop from "dpop";
import { decodeProtectedHeader } from "jose";
import * as oauth from "oauth4webapi";
import * as openid from "openid-client";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { CLIENT_ID, foreignClients, LABELS, withNonce } from "./support/foreign-clients.js";
import {
  type OurServers,
  REDIRECT_URI,
  type Seen,
  startOurServers,
} from "./support/our-servers.js";
import { peer } from "./support/peers.js";

const outcomes = (seen: readonly Seen[]): readonly string[] => seen.map(({ outcome }) => outcome);

/** The last request that carried a proof, and what became of it. */
function last(seen: readonly Seen[]): Seen {
  const found = seen.at(-1);
  if (found === undefined) throw new Error("nothing was seen");
  return found;
}

const modes = [
  { mode: "that want no nonce", nonces: false },
  { mode: "that want nonces", nonces: true },
];

const matrix = foreignClients.flatMap(({ name, open }) =>
  LABELS.flatMap((label) =>
    modes.map(({ mode, nonces }) => [name, label, mode, { open, nonces }] as const),
  ),
);

describe.each(matrix)(
  "%s with %s at servers of ours %s",
  (_name, label, _mode, { open, nonces }) => {
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
  },
);

test(`${peer("dpop")}: a nonce of one server of ours is none of the other, though they share their secret`, async () => {
  const servers = await startOurServers({ nonces: true });
  try {
    const keyPair = await dpop.generateKeyPair("ES256");
    const asked = await fetch(servers.tokenUrl, {
      method: "POST",
      headers: { DPoP: await dpop.generateProof(keyPair, servers.tokenUrl, "POST") },
    });
    const nonce = asked.headers.get("DPoP-Nonce") ?? "";
    const call = async (ofServer: string): Promise<Response> => {
      const proof = await dpop.generateProof(keyPair, servers.apiUrl, "GET", ofServer, "a-token");
      const headers = { DPoP: proof, Authorization: "DPoP a-token" };
      return fetch(servers.apiUrl, { headers });
    };
    const refused = await call(nonce);
    await call(refused.headers.get("DPoP-Nonce") ?? "");
    // With the API's own nonce the proof is looked at further, and the token turns out to be unknown.
    expect(outcomes(servers.seen.api)).toEqual(["nonce_mismatch", "token_inactive"]);
  } finally {
    await servers.close();
  }
});

describe.each(LABELS)(
  "the authorization code grant of a public client with %s, through PAR",
  (label) => {
    let servers: OurServers;
    beforeEach(async () => {
      servers = await startOurServers({ nonces: true });
    });
    afterEach(() => servers.close());

    /** The callback that the authorization endpoint redirects to. */
    async function authorize(requestUri: string): Promise<URL> {
      const url = new URL("/authorize", servers.issuer);
      url.searchParams.set("client_id", CLIENT_ID);
      url.searchParams.set("request_uri", requestUri);
      const response = await fetch(url, { redirect: "manual" });
      return new URL(response.headers.get("Location") ?? "");
    }

    test(`${peer("oauth4webapi")}: the proof of the pushed request binds the code, and then the refresh token`, async () => {
      const insecure = { [oauth.allowInsecureRequests]: true };
      const issuer = new URL(servers.issuer);
      const found = await oauth.discoveryRequest(issuer, { algorithm: "oauth2", ...insecure });
      const as = await oauth.processDiscoveryResponse(issuer, found);
      expect(as.dpop_signing_alg_values_supported).toEqual(["ES256", "EdDSA", "Ed25519"]);
      const client: oauth.Client = { client_id: CLIENT_ID };
      const none = oauth.None();
      const DPoP = oauth.DPoP(client, await oauth.generateKeyPair(label));
      const thief = oauth.DPoP(client, await oauth.generateKeyPair(label));
      const jkt = await DPoP.calculateThumbprint();
      const verifier = oauth.generateRandomCodeVerifier();

      const pushed = await withNonce(async () => {
        const parameters = {
          response_type: "code",
          redirect_uri: REDIRECT_URI,
          code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
          code_challenge_method: "S256",
        };
        const options = { DPoP, ...insecure };
        const response = await oauth.pushedAuthorizationRequest(
          as,
          client,
          none,
          parameters,
          options,
        );
        return oauth.processPushedAuthorizationResponse(as, client, response);
      });
      expect(outcomes(servers.seen.pushed)).toEqual(["nonce_missing", jkt]);

      const callback = oauth.validateAuthResponse(
        as,
        client,
        await authorize(pushed.request_uri),
        oauth.expectNoState,
      );
      const redeem = (handle: oauth.DPoPHandle): Promise<oauth.TokenEndpointResponse> =>
        withNonce(async () => {
          const options = { DPoP: handle, ...insecure };
          const response = await oauth.authorizationCodeGrantRequest(
            as,
            client,
            none,
            callback,
            REDIRECT_URI,
            verifier,
            options,
          );
          return oauth.processAuthorizationCodeResponse(as, client, response);
        });
      await expect(redeem(thief)).rejects.toMatchObject({ error: "invalid_grant" });
      const { access_token: accessToken, refresh_token: refreshToken = "" } = await redeem(DPoP);
      expect(servers.claimsOf(accessToken)).toMatchObject({ cnf: { jkt } });

      const refresh = (handle: oauth.DPoPHandle): Promise<oauth.TokenEndpointResponse> =>
        withNonce(async () => {
          const options = { DPoP: handle, ...insecure };
          const response = await oauth.refreshTokenGrantRequest(
            as,
            client,
            none,
            refreshToken,
            options,
          );
          return oauth.processRefreshTokenResponse(as, client, response);
        });
      await expect(refresh(thief)).rejects.toMatchObject({ error: "invalid_grant" });
      expect(servers.claimsOf((await refresh(DPoP)).access_token)).toMatchObject({ cnf: { jkt } });
      // The nonce that PAR handed out is good for the token endpoint too; the thief had none.
      const [thiefs, refused] = ["nonce_missing", "jkt_mismatch"];
      expect(outcomes(servers.seen.token)).toEqual([thiefs, refused, jkt, refused, jkt]);
    });

    test(`${peer("openid-client")}: dpop_jkt and the proof agree in the pushed request, and the code is redeemed`, async () => {
      const config = await openid.discovery(
        new URL(servers.issuer),
        CLIENT_ID,
        undefined,
        openid.None(),
        { algorithm: "oauth2", execute: [openid.allowInsecureRequests] },
      );
      const DPoP = openid.getDPoPHandle(config, await openid.randomDPoPKeyPair(label));
      const stranger = openid.getDPoPHandle(config, await openid.randomDPoPKeyPair(label));
      const jkt = await DPoP.calculateThumbprint();
      const verifier = openid.randomPKCECodeVerifier();
      const parameters = {
        redirect_uri: REDIRECT_URI,
        code_challenge: await openid.calculatePKCECodeChallenge(verifier),
        code_challenge_method: "S256",
        dpop_jkt: jkt,
      };
      const push = (handle: openid.DPoPHandle): Promise<URL> =>
        openid.buildAuthorizationUrlWithPAR(config, parameters, { DPoP: handle });

      await expect(push(stranger)).rejects.toMatchObject({ error: "invalid_request" });
      expect(last(servers.seen.pushed).outcome).toBe("dpop_jkt_mismatch");
      const url = await push(DPoP);
      expect(last(servers.seen.pushed).outcome).toBe(jkt);

      const callback = await authorize(url.searchParams.get("request_uri") ?? "");
      const checks = { pkceCodeVerifier: verifier };
      const granted = await openid.authorizationCodeGrant(config, callback, checks, undefined, {
        DPoP,
      });
      expect(servers.claimsOf(granted.access_token)).toMatchObject({ cnf: { jkt } });
      expect(last(servers.seen.token).outcome).toBe(jkt);
    });
  },
);
