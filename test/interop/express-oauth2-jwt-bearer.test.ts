// Our client at an API that express-oauth2-jwt-bearer protects.
import express from "express";
import { auth } from "express-oauth2-jwt-bearer";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { listen, type Loopback } from "./support/loopback.js";
import {
  nobleSession,
  recordingClient,
  type RecordingClient,
  sessionKinds,
  statuses,
} from "./support/our-clients.js";
import { member } from "./support/peers.js";
import { startTokenIssuer, type TokenIssuer } from "./support/token-issuer.js";

describe("our API calls", () => {
  describe.each(sessionKinds)("with %s", (_key, open) => {
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
});

function statusOf(error: unknown): number {
  const status = member(error, "status");
  return typeof status === "number" ? status : 500;
}
