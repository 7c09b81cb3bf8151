// Our client at Keycloak's token endpoint and userinfo. What Keycloak says otherwise than RFC 9449 stands here as it is.
import { decodeProtectedHeader } from "jose";
import { describe, expect, test } from "vitest";
import { anyKind, eachKind, LABELS } from "./keycloak/keys.js";
import {
  badGrant,
  badRequest,
  loggedIn,
  type Pair,
  pairOf,
  realm,
  refusalOf,
  tokensOf,
} from "./keycloak/parties.js";
import { CONFIDENTIAL, newBrowser, post } from "./keycloak/realm.js";
import { lastProof, statuses } from "./support/our-clients.js";

const browser = newBrowser(); // logs in once
const form = { grant_type: "client_credentials" };

describe("client credentials", () => {
  test("Keycloak lists the algorithms that we have in common", () => {
    expect(realm.algs.toSorted()).toEqual([...LABELS].toSorted());
  });

  describe.each(eachKind)("%s of %s", (label, _backend, kind) => {
    test("binds the token to the key, and wants no nonce", async () => {
      const { owner } = await pairOf(kind);
      const response = await owner.fetch(realm.tokenUrl, post(form, CONFIDENTIAL));
      const { accessToken } = await tokensOf(response, owner);
      expect(decodeProtectedHeader(accessToken)).toMatchObject({ typ: "at+jwt", alg: "ES256" });
      expect(decodeProtectedHeader(lastProof(owner)).alg).toBe(label);
      expect(statuses(owner)).toEqual([200]);
    });

    test("refuses the same proof once more, and one with an altered signature", async () => {
      const { owner } = await pairOf(kind);
      await owner.fetch(realm.tokenUrl, post(form, CONFIDENTIAL));
      expect(await tokenWith(lastProof(owner))).toEqual(
        badRequest("DPoP proof has already been used"),
      );
      const proof = await owner.session.buildProof({ method: "POST", url: realm.tokenUrl });
      const { description, ...refusal } = await tokenWith(altered(proof));
      expect(refusal).toEqual({ status: 400, error: "invalid_request" });
      expect(description).toMatch(/^DPoP verification failure: .*Invalid token signature$/);
    });
  });

  const bad: readonly (readonly [string, string, (pair: Pair) => Promise<string> | string])[] = [
    [
      "for another URL",
      "DPoP HTTP URL mismatch",
      (pair) => proofFor(pair.owner, "POST", realm.userinfoUrl),
    ],
    ["for another method", "DPoP HTTP method mismatch", (pair) => proofFor(pair.owner, "GET")],
    ["ten minutes old", "DPoP proof is not active", (pair) => proofFor(pair.slow, "POST")],
    ["that is not a JWS", "DPoP header verification failure", () => "garbage"],
  ];
  test.each(bad)("refuses a proof %s", async (_title, description, make) => {
    const proof = await make(await pairOf(anyKind));
    expect(await tokenWith(proof)).toEqual(badRequest(description));
  });

  test("refuses a client that must bind its tokens and sends no proof", async () => {
    const response = await fetch(realm.tokenUrl, post(form, CONFIDENTIAL));
    expect(await refusalOf(response)).toEqual(badRequest("DPoP proof is missing"));
  });

  test("binds the token of a client that may send a proof, and that without one is refused by our session", async () => {
    const { owner } = await pairOf(anyKind);
    const request = post(form, "optional:a-secret");
    await tokensOf(await owner.fetch(realm.tokenUrl, request), owner);
    const unbound: unknown = await (await fetch(realm.tokenUrl, request)).json();
    expect(unbound).toMatchObject({ token_type: "Bearer" });
    expect(owner.session.readTokenResponse(unbound)).toMatchObject({ code: "token_type_not_dpop" });
  });
});

describe("userinfo", () => {
  describe.each(eachKind)("%s of %s", (_label, _backend, kind) => {
    test("answers the owner of the key; refuses a used proof, another key, no proof, and Bearer", async () => {
      const { owner, thief } = await pairOf(kind);
      const { accessToken } = await loggedIn(browser, owner);
      const headers = { Authorization: `DPoP ${accessToken}` };
      const told = await owner.fetch(realm.userinfoUrl, { headers });
      expect(await told.json()).toEqual({ sub: expect.any(String) });
      expect(told.status).toBe(200);

      const used = await fetch(realm.userinfoUrl, {
        headers: { ...headers, DPoP: lastProof(owner) },
      });
      expect(challengeOf(used)).toMatch(/^401 DPoP .*error="invalid_token"/);
      const toThief = await thief.fetch(realm.userinfoUrl, { headers });
      expect(challengeOf(toThief)).toMatch(/^401 DPoP .*error="invalid_token"/);
      const toNoProof = await fetch(realm.userinfoUrl, { headers });
      expect(challengeOf(toNoProof)).toMatch(/^401 DPoP .*error="invalid_token"/);
      const bearer = { Authorization: `Bearer ${accessToken}` };
      const toBearer = await fetch(realm.userinfoUrl, { headers: bearer });
      expect(challengeOf(toBearer)).toMatch(/^401 Bearer .*error="invalid_token"/);
    });
  });
});

describe("refresh token", () => {
  describe.each(eachKind)("%s of %s", (_label, _backend, kind) => {
    test("of a public client is good with its key, and not with another or none", async () => {
      const { owner, thief } = await pairOf(kind);
      const { refreshToken } = await loggedIn(browser, owner);
      const request = post({
        grant_type: "refresh_token",
        client_id: "public",
        refresh_token: refreshToken,
      });
      expect(await refusalOf(await thief.fetch(realm.tokenUrl, request))).toEqual(
        badGrant("DPoP confirmation doesn't match DPoP proof"),
      );
      expect(await refusalOf(await fetch(realm.tokenUrl, request))).toEqual(
        badRequest("DPoP proof is missing"),
      );
      const again = await tokensOf(await owner.fetch(realm.tokenUrl, request), owner);
      expect(again.refreshToken).not.toBe("");
    });
  });
});

function challengeOf({ status, headers }: Response): string {
  return `${status} ${headers.get("WWW-Authenticate") ?? ""}`;
}

/** The token endpoint's refusal of a proof. */
async function tokenWith(proof: string): ReturnType<typeof refusalOf> {
  const { headers, ...request } = post(form, CONFIDENTIAL);
  const response = await fetch(realm.tokenUrl, {
    ...request,
    headers: { ...headers, DPoP: proof },
  });
  return refusalOf(response);
}

function proofFor(
  { session }: Pair["owner"],
  method: string,
  url = realm.tokenUrl,
): Promise<string> | string {
  return session.buildProof({ method, url });
}

/** With another character in the second half of the signature: in it are `s` of ECDSA and S of EdDSA. */
function altered(proof: string): string {
  const at = Math.floor((proof.lastIndexOf(".") + 3 * proof.length) / 4);
  return `${proof.slice(0, at)}${proof[at] === "A" ? "B" : "A"}${proof.slice(at + 1)}`;
}
