// oauth4webapi as a client of our servers, and its check of access tokens with our client's requests.
import * as oauth from "oauth4webapi";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { testForeignClient } from "./support/foreign-client-tests.js";
import { CLIENT_ID, LABELS, openOauth4webapi, withNonce } from "./support/foreign-clients.js";
import { nobleSession, recordingClient, sessionKinds } from "./support/our-clients.js";
import {
  authorize,
  type OurServers,
  outcomes,
  REDIRECT_URI,
  startOurServers,
} from "./support/our-servers.js";
import { textMember } from "./support/peers.js";
import { startTokenIssuer, type TokenIssuer } from "./support/token-issuer.js";

testForeignClient(openOauth4webapi);

describe("authorization code through PAR at our servers, with nonces", () => {
  describe.each(LABELS)("as a public client with %s", (label) => {
    let servers: OurServers;
    beforeEach(async () => {
      servers = await startOurServers({ nonces: true });
    });
    afterEach(() => servers.close());

    test("the proof of the pushed request binds the code, and then the refresh token", async () => {
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
        await authorize(servers, pushed.request_uri),
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
      const [asked, refused] = ["nonce_missing", "jkt_mismatch"];
      expect(outcomes(servers.seen.token)).toEqual([asked, refused, jkt, refused, jkt]);
    });
  });
});

describe("our API calls at validateJwtAccessToken that requires DPoP", () => {
  describe.each(sessionKinds)("with %s", (_key, open) => {
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
  });
});
