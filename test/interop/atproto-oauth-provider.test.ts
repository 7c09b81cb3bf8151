// Our proofs at the DpopManager of @atproto/oauth-provider, which keeps no memory of proofs itself.
import { randomBytes } from "node:crypto";
import { describe, expect, test } from "vitest";
import { DpopManager } from "./node_modules/@atproto/oauth-provider/dist/dpop/dpop-manager.js";
import { UseDpopNonceError } from "./node_modules/@atproto/oauth-provider/dist/errors/use-dpop-nonce-error.js";
import { sessionKinds } from "./support/our-clients.js";

const TOKEN_REQUEST = { method: "POST", url: "https://server.example/oauth/token" };
const API_REQUEST = {
  method: "GET",
  url: "https://pds.example/xrpc/com.example.things?limit=2",
  accessToken: "an.access.token",
};

interface ApiRequest {
  readonly method: string;
  readonly url: string;
  readonly accessToken?: string;
}

async function check(manager: DpopManager, request: ApiRequest, proof: string): Promise<unknown> {
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

describe("our proofs at its DpopManager", () => {
  describe.each(sessionKinds)("with %s", (_key, open) => {
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
  });
});

describe("our proofs at its DpopManager, with nonces", () => {
  describe.each(sessionKinds)("with %s", (_key, open) => {
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
      expect(session.shouldRetry(first, answer, 1)).toBe(true);
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
      expect(session.shouldRetry(first, answer, 1)).toBe(true);
      const { jkt } = session;
      const second = await session.buildProof(API_REQUEST);
      expect(await check(manager, API_REQUEST, second)).toMatchObject({ jkt });
    });
  });
});
