// Authorization codes of Keycloak for our client, and the key that they are bound to.
import { describe, expect, test } from "vitest";
import { anyKind, eachKind } from "./keycloak/keys.js";
import {
  badGrant,
  badRequest,
  codeFor,
  pairOf,
  realm,
  refusalOf,
  tokensOf,
} from "./keycloak/parties.js";
import {
  codeGrant,
  codeRequest,
  type Form,
  newBrowser,
  post,
  withParameters,
} from "./keycloak/realm.js";
import type { RecordingClient } from "./support/our-clients.js";
import { textMember } from "./support/peers.js";

const FOREIGN_KEY = "DPoP Proof public key thumbprint does not match dpop_jkt";
const NO_PROOF = "DPoP proof is missing";

const browser = newBrowser(); // logs in once

const redeem = ({ fetch }: Pick<RecordingClient, "fetch">, grant: Form): Promise<Response> =>
  fetch(realm.tokenUrl, post(grant));

const withoutProofs = { fetch: globalThis.fetch };

describe("authorization code with PKCE", () => {
  describe.each(eachKind)("%s of %s", (_label, _backend, kind) => {
    test("comes of the login form, and its tokens are bound to the key", async () => {
      const { owner } = await pairOf(kind);
      const somebody = newBrowser();
      const grant = await codeFor(somebody, "public");
      expect(somebody.logins()).toBe(1);
      const { refreshToken } = await tokensOf(await redeem(owner, grant), owner);
      expect(refreshToken).not.toBe("");
    });
  });

  test("is refused without a proof, and with another code verifier", async () => {
    const { owner } = await pairOf(anyKind);
    const grant = await codeFor(browser, "public");
    expect(await refusalOf(await redeem(withoutProofs, grant))).toEqual(badRequest(NO_PROOF));
    const other = { ...(await codeFor(browser, "public")), code_verifier: "v".repeat(43) };
    expect(await refusalOf(await redeem(owner, other))).toEqual(
      badGrant("PKCE verification failed: Code mismatch"),
    );
  });
});

describe("dpop_jkt", () => {
  describe.each(eachKind)("%s of %s", (_label, _backend, kind) => {
    test("binds the code to the key that it names", async () => {
      const { owner, thief } = await pairOf(kind);
      const parameters = { dpop_jkt: owner.session.jkt };
      const own = await codeFor(browser, "public", parameters);
      await tokensOf(await redeem(owner, own), owner);
      const stolen = await codeFor(browser, "public", parameters);
      expect(await refusalOf(await redeem(thief, stolen))).toEqual(badRequest(FOREIGN_KEY));
      expect(await refusalOf(await redeem(owner, stolen))).toEqual(badGrant("Code not valid"));
      const another = await codeFor(browser, "public", parameters);
      expect(await refusalOf(await redeem(withoutProofs, another))).toEqual(badRequest(NO_PROOF));
    });
  });

  test("is demanded where a policy of the realm says so", async () => {
    const { owner } = await pairOf(anyKind);
    const { parameters } = codeRequest("strict");
    const refused = await browser.open(withParameters(realm.authorizationUrl, parameters));
    expect(Object.fromEntries(refused.searchParams)).toMatchObject({
      error: "invalid_request",
      error_description: "Missing parameter: dpop_jkt",
    });
    const grant = await codeFor(browser, "strict", { dpop_jkt: owner.session.jkt });
    await tokensOf(await redeem(owner, grant), owner);
  });
});

describe("pushed authorization requests", () => {
  describe.each(eachKind)("%s of %s", (_label, _backend, kind) => {
    test("bind the code to the key of a proof, to dpop_jkt, or to both where they agree", async () => {
      const { owner, thief } = await pairOf(kind);
      const { jkt } = owner.session;
      const ways: readonly (readonly [Pick<RecordingClient, "fetch">, Form])[] = [
        [owner, {}],
        [withoutProofs, { dpop_jkt: jkt }],
        [owner, { dpop_jkt: jkt }],
      ];
      for (const [client, parameters] of ways) {
        const stolen = await pushedCode(client, parameters);
        expect(await refusalOf(await redeem(thief, stolen))).toEqual(badRequest(FOREIGN_KEY));
        const own = await pushedCode(client, parameters);
        await tokensOf(await redeem(owner, own), owner);
      }
    });

    test("are refused where proof and dpop_jkt disagree", async () => {
      const { owner, thief } = await pairOf(kind);
      const { parameters } = codeRequest("public", { dpop_jkt: thief.session.jkt });
      const response = await owner.fetch(realm.pushedUrl, post(parameters));
      expect(await refusalOf(response)).toEqual(badRequest(`${FOREIGN_KEY}.`));
    });
  });
});

/** Pushes a request, goes to the authorization endpoint with it, and gives what redeems the code. */
async function pushedCode({ fetch }: Pick<RecordingClient, "fetch">, more: Form): Promise<Form> {
  const { parameters, codeVerifier } = codeRequest("public", more);
  const pushed: unknown = await (await fetch(realm.pushedUrl, post(parameters))).json();
  const request = { client_id: "public", request_uri: textMember(pushed, "request_uri") };
  const callback = await browser.open(withParameters(realm.authorizationUrl, request));
  return codeGrant(callback, codeVerifier);
}
