// Our client at an API that express-oauth2-dpop protects, and oauth-fetch, a client by the same author, at our servers.
import { randomBytes } from "node:crypto";
import express from "express";
import { AbstractJtiStore, authMiddleware, type JtiData } from "express-oauth2-dpop";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { testForeignClient } from "./support/foreign-client-tests.js";
import { openOauthFetch } from "./support/foreign-clients.js";
import { listen, type Loopback } from "./support/loopback.js";
import {
  nobleSession,
  recordingClient,
  type RecordingClient,
  sessionKinds,
  statuses,
} from "./support/our-clients.js";
import { startTokenIssuer, type TokenIssuer } from "./support/token-issuer.js";

/** It always wants nonces, each for one access token. */
describe("our API calls, with nonces", () => {
  describe.each(sessionKinds)("with %s", (_key, open) => {
    let issuer: TokenIssuer;
    let api: Loopback;
    let client: RecordingClient;
    beforeEach(async () => {
      issuer = await startTokenIssuer();
      api = await listen();
      const app = express();
      app.use(
        authMiddleware({
          issuer: issuer.issuer,
          jwksUri: issuer.jwksUri,
          audience: issuer.audience,
          enforceDPoP: true,
          nonceSecret: randomBytes(32).toString("hex"),
          jtiStore: new Jtis(),
        }),
      );
      app.get("/things", (req, res) => void res.json({ cnf: req.auth?.payload.cnf }));
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

    test("lets us in with a token of our key, again and again, and asks for a nonce once", async () => {
      const { jkt } = client.session;
      const accessToken = await issuer.issue(jkt);
      expect(await (await call(accessToken)).json()).toEqual({ cnf: { jkt } });
      expect(await (await call(accessToken)).json()).toEqual({ cnf: { jkt } });
      expect(statuses(client)).toEqual([401, 200, 200]);
    });

    test("does not take the nonce of one token for another, but asks once more", async () => {
      const { jkt } = client.session;
      for (const accessToken of [await issuer.issue(jkt), await issuer.issue(jkt)])
        expect(await (await call(accessToken)).json()).toEqual({ cnf: { jkt } });
      expect(statuses(client)).toEqual([401, 200, 401, 200]);
    });

    test("does not let us in with the token of another key, nor with a proof for another token, method or URL, nor with the same again", async () => {
      const refused = { error: "invalid_dpop_proof" };
      const stolen = await call(await issuer.issue(nobleSession("ES256").jkt));
      expect(stolen.status).toBe(400);
      expect(await stolen.json()).toMatchObject(refused);

      const { jkt } = client.session;
      const [accessToken, otherToken] = await Promise.all([issuer.issue(jkt), issuer.issue(jkt)]);
      await call(accessToken); // the session has its nonce now
      const url = `${api.origin}/things`;
      const send = (DPoP: string): Promise<Response> =>
        fetch(url, { headers: { Authorization: `DPoP ${accessToken}`, DPoP } });
      const wrong = [
        { method: "GET", url, accessToken: otherToken },
        { method: "POST", url, accessToken },
        { method: "GET", url: `${api.origin}/others`, accessToken },
      ];
      for (const request of wrong) {
        const response = await send(await client.session.buildProof(request));
        expect(await response.json()).toMatchObject(refused);
      }
      const proof = await client.session.buildProof({ method: "GET", url, accessToken });
      expect((await send(proof)).status).toBe(200);
      expect(await (await send(proof)).json()).toMatchObject(refused);
    });
  });
});

class Jtis extends AbstractJtiStore {
  readonly #seen = new Map<string, JtiData>();
  override async set(identifier: string, data: JtiData): Promise<void> {
    this.#seen.set(identifier, data);
  }
  override async get(identifier: string): Promise<JtiData | undefined> {
    return this.#seen.get(identifier);
  }
}

testForeignClient(openOauthFetch);
