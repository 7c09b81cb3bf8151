// openid-client as a client of our servers.
import * as openid from "openid-client";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { testForeignClient } from "./support/foreign-client-tests.js";
import { CLIENT_ID, LABELS, openOpenidClient } from "./support/foreign-clients.js";
import {
  authorize,
  last,
  type OurServers,
  REDIRECT_URI,
  startOurServers,
} from "./support/our-servers.js";

testForeignClient(openOpenidClient);

describe("authorization code through PAR at our servers, with nonces", () => {
  describe.each(LABELS)("as a public client with %s", (label) => {
    let servers: OurServers;
    beforeEach(async () => {
      servers = await startOurServers({ nonces: true });
    });
    afterEach(() => servers.close());

    test("dpop_jkt and the proof agree in the pushed request, and the code is redeemed", async () => {
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

      const callback = await authorize(servers, url.searchParams.get("request_uri") ?? "");
      const checks = { pkceCodeVerifier: verifier };
      const granted = await openid.authorizationCodeGrant(config, callback, checks, undefined, {
        DPoP,
      });
      expect(servers.claimsOf(granted.access_token)).toMatchObject({ cnf: { jkt } });
      expect(last(servers.seen.token).outcome).toBe(jkt);
    });
  });
});
