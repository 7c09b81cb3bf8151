// Our client with authorization codes and refresh tokens of Spring Authorization Server.
import { randomBytes } from "node:crypto";
import { createProofAsync } from "dpop-core";
import { decodeJwt } from "jose";
import { describe, expect, test } from "vitest";
import { authorize } from "./spring/codes.js";
import {
  API_URL,
  es256,
  type Form,
  grant,
  grantUnbound,
  type Person,
  person,
  someKeys,
  TOKEN_URL,
  tokenRequest,
} from "./spring/parties.js";
import { lastProof } from "./support/our-clients.js";
import { member } from "./support/peers.js";

describe("authorization code", () => {
  test.each(someKeys)(
    "%s, %s: the token is bound to our key, and is the user's at its resource server",
    async (label, _backend, signers) => {
      const someone = await person(signers, label);
      const { accessToken } = await grant(someone, await authorize("confidential"));
      expect(decodeJwt(accessToken)).toMatchObject({ cnf: { jkt: someone.session.jkt } });
      const headers = { Authorization: `DPoP ${accessToken}` };
      const response = await someone.client.fetch(API_URL, { headers });
      expect(await response.json()).toEqual({ subject: "alice" });
    },
  );

  test("refused: a code for the second time, and one with another verifier", async () => {
    const someone = await es256();
    const form = await authorize("confidential");
    const send = async (more: Form): Promise<unknown> => {
      const init = tokenRequest({ ...form, ...more }, "confidential");
      const response = await someone.client.fetch(TOKEN_URL, init);
      return member(await response.json(), "error");
    };
    const code_verifier = randomBytes(32).toString("base64url");
    expect(await send({ code_verifier })).toBe("invalid_grant");
    expect(await send({})).toBeUndefined();
    expect(await send({})).toBe("invalid_grant");
  });

  // RFC 9449 section 10: the server must refuse a proof with another key than that of dpop_jkt, or of the pushed request.
  test.each([["in the request"], ["and the proof, in a pushed request"]])(
    "dpop_jkt is ignored, %s: a thief of the code redeems it with a key of his own",
    async (where) => {
      const [owner, thief] = await Promise.all([es256(), es256()]);
      const pusher = where === "in the request" ? undefined : owner;
      const form = await authorize("confidential", { dpop_jkt: owner.session.jkt }, pusher);
      const { accessToken } = await grant(thief, form);
      expect(decodeJwt(accessToken)).toMatchObject({ cnf: { jkt: thief.session.jkt } });
    },
  );

  // So nothing can be said of a refresh token that is bound to a key.
  test("a public client gets a bound token, and no refresh token", async () => {
    const someone = await es256();
    const { accessToken, refreshToken } = await grant(someone, await authorize("public"), "public");
    expect(decodeJwt(accessToken)).toMatchObject({ cnf: { jkt: someone.session.jkt } });
    expect(refreshToken).toBeUndefined();
  });
});

describe("refresh token", () => {
  /** The form that uses the refresh token of a confidential client. */
  async function refreshing(someone: Person): Promise<Form> {
    const { refreshToken } = await grant(someone, await authorize("confidential"));
    if (typeof refreshToken !== "string") throw new Error("there should be a refresh token");
    return { grant_type: "refresh_token", refresh_token: refreshToken };
  }

  test.each(someKeys)(
    "%s, %s: a new token, bound to the same key",
    async (label, _backend, signers) => {
      const someone = await person(signers, label);
      const { accessToken } = await grant(someone, await refreshing(someone));
      expect(decodeJwt(accessToken)).toMatchObject({ cnf: { jkt: someone.session.jkt } });
    },
  );

  // As RFC 9449 section 5 has it: that of a confidential client is bound to the client, by its secret.
  test("it is not bound: another key gets a token of its own, no key a Bearer token", async () => {
    const [someone, other] = await Promise.all([es256(), es256()]);
    const form = await refreshing(someone);
    const { accessToken } = await grant(other, form);
    expect(decodeJwt(accessToken)).toMatchObject({ cnf: { jkt: other.session.jkt } });
    const body = await grantUnbound(form);
    expect(body).toMatchObject({ token_type: "Bearer" });
    expect(someone.session.readTokenResponse(body)).toMatchObject({ code: "token_type_not_dpop" });
  });

  test("refused: another client, and a proof that was used", async () => {
    const someone = await es256();
    const form = await refreshing(someone);
    const used = lastProof(someone.client);
    const send = async (proof: string, id: string): Promise<unknown> => {
      const init = tokenRequest(form, id);
      const headers = { ...init.headers, DPoP: proof };
      return member(await (await fetch(TOKEN_URL, { ...init, headers })).json(), "error");
    };
    const fresh = (): Promise<string> =>
      createProofAsync(someone.signer, { method: "POST", url: TOKEN_URL });
    expect(await send(used, "confidential")).toBe("invalid_dpop_proof");
    expect(await send(await fresh(), "opaque")).toBe("invalid_grant");
    expect(await send(await fresh(), "confidential")).toBeUndefined();
  });
});
