// Our proofs at @better-auth/core, which checks proofs and makes none.
import {
  createInMemoryDpopReplayStore,
  DPOP_SIGNING_ALGORITHMS,
  requestToResourceInput,
  verifyAccessTokenRequest,
  verifyDpopProof,
  type VerifyDpopProofOptions,
} from "@better-auth/core/oauth2";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import {
  type AnySession,
  nobleSession,
  recordingClient,
  sessionKinds,
} from "./support/our-clients.js";
import { member } from "./support/peers.js";
import { withSignatureOf } from "./support/proofs.js";
import { startTokenIssuer, type TokenIssuer } from "./support/token-issuer.js";

const TOKEN_REQUEST = { method: "POST", url: "https://server.example/oauth2/token" };
const API_URL = "https://api.example.com/things?page=2";
const API_REQUEST = { method: "GET", url: API_URL, accessToken: "an.access.token" };

const REFUSED = { code: "invalid_dpop_proof" };

describe("our proofs at verifyDpopProof", () => {
  describe.each(sessionKinds)("with %s", (_key, open) => {
    let session: AnySession;
    beforeEach(async () => {
      session = await open(DPOP_SIGNING_ALGORITHMS); // it knows no label Ed25519
    });

    /** Has it check our proof of `made` as that of a request like `seen`. */
    const check = async (
      made: typeof TOKEN_REQUEST | typeof API_REQUEST,
      seen: Omit<VerifyDpopProofOptions, "proofJwt"> = made,
    ): Promise<unknown> => verifyDpopProof({ proofJwt: await session.buildProof(made), ...seen });

    test("takes that of a token request and that of an API request", async () => {
      const { jkt } = session;
      expect(await check(TOKEN_REQUEST)).toMatchObject({ jkt, htm: "POST" });
      const bound = { ...API_REQUEST, requireAth: true, expectedJkt: jkt };
      expect(await check(API_REQUEST, bound)).toMatchObject({ jkt, htm: "GET" });
    });

    test("refuses it for another method, URL, token or key", async () => {
      const wrong = [
        { ...API_REQUEST, method: "POST" },
        { ...API_REQUEST, url: "https://api.example.com/others" },
        { ...API_REQUEST, accessToken: "another.access.token" },
        { ...API_REQUEST, expectedJkt: nobleSession("ES256").jkt },
      ];
      for (const seen of wrong)
        await expect(check(API_REQUEST, seen)).rejects.toMatchObject(REFUSED);
      await expect(check(TOKEN_REQUEST, API_REQUEST)).rejects.toMatchObject(REFUSED);
    });

    test("refuses it the second time, and where its signature is that of another proof", async () => {
      const replayStore = createInMemoryDpopReplayStore();
      const [one, other] = [
        await session.buildProof(TOKEN_REQUEST),
        await session.buildProof(TOKEN_REQUEST),
      ];
      const verify = (proofJwt: string): Promise<unknown> =>
        verifyDpopProof({ proofJwt, ...TOKEN_REQUEST, replayStore });
      expect(await verify(one)).toMatchObject({ jkt: session.jkt });
      await expect(verify(one)).rejects.toMatchObject(REFUSED);
      await expect(verify(withSignatureOf(other, one))).rejects.toMatchObject(REFUSED);
    });
  });
});

describe("our API calls at verifyAccessTokenRequest", () => {
  let issuer: TokenIssuer;
  beforeEach(async () => {
    issuer = await startTokenIssuer();
  });
  afterEach(() => issuer.close());

  /** An API that hands every request to the peer, in this process. */
  const api: typeof fetch = async (input, init) => {
    const request = requestToResourceInput(new Request(input, init));
    const verifyOptions = { issuer: issuer.issuer, audience: issuer.audience };
    try {
      const claims = await verifyAccessTokenRequest(request, {
        verifyOptions,
        jwksUrl: issuer.jwksUri,
      });
      return Response.json({ sub: claims.sub });
    } catch (error) {
      return Response.json(member(error, "body"), { status: 401 });
    }
  };

  describe.each(sessionKinds)("with %s", (_key, open) => {
    test("lets us in with a token of our key, again and again", async () => {
      const client = recordingClient(await open(DPOP_SIGNING_ALGORITHMS), api);
      const headers = { Authorization: `DPoP ${await issuer.issue(client.session.jkt)}` };
      for (const init of [{ headers }, { headers, method: "POST", body: "a thing" }]) {
        const response = await client.fetch(API_URL, init);
        expect(await response.json()).toEqual({ sub: "an-account" });
      }
    });

    test("does not let us in with the token of another key, nor with the same proof again", async () => {
      const client = recordingClient(await open(DPOP_SIGNING_ALGORITHMS), api);
      const refused = (message: string): unknown =>
        expect.objectContaining({
          error: "invalid_dpop_proof",
          message: expect.stringContaining(message),
        });
      const stolen = await issuer.issue(nobleSession("ES256").jkt);
      const attempt = await client.fetch(API_URL, { headers: { Authorization: `DPoP ${stolen}` } });
      expect(await attempt.json()).toEqual(refused("key does not match"));

      const accessToken = await issuer.issue(client.session.jkt);
      const DPoP = await client.session.buildProof({ method: "GET", url: API_URL, accessToken });
      const headers = { Authorization: `DPoP ${accessToken}`, DPoP };
      expect((await api(API_URL, { headers })).status).toBe(200);
      const again = await api(API_URL, { headers });
      expect(again.status).toBe(401);
      expect(await again.json()).toEqual(refused("already been used"));
    });
  });
});
