// An API of ours with access tokens of Keycloak: who gets in, and why the others do not.
import { decodeProtectedHeader } from "jose";
import { describe, expect, test } from "vitest";
import { anyKind, eachKind, type KeyKind } from "./keycloak/keys.js";
import { byIntrospection, byJwt } from "./keycloak/looks.js";
import { isRecent, type Pair, pairOf, realm, tokensOf } from "./keycloak/parties.js";
import { CONFIDENTIAL, post } from "./keycloak/realm.js";
import { type Look, type OurApi, startOurApi } from "./support/our-api.js";
import { lastProof, statuses } from "./support/our-clients.js";
import { textMember } from "./support/peers.js";

const jwt = byJwt(realm);
const introspection = byIntrospection(realm);
const form = { grant_type: "client_credentials" };

const LET_IN = "200 the owner";

/** What everybody but the owner of the key gets. */
const refusals = {
  replay: "401 invalid_dpop_proof jti_replayed",
  thief: "401 invalid_token jkt_mismatch",
  bearer: "401 invalid_token token_bound_as_bearer",
  method: "401 invalid_dpop_proof htm_mismatch",
  url: "401 invalid_dpop_proof htu_mismatch",
};

describe("resource server by JWT", () => {
  describe.each(eachKind)("%s of %s", (_label, _backend, kind) => {
    test("lets only the owner of the key in", async () => {
      expect(await answersOf(kind, jwt)).toEqual({
        owner: LET_IN,
        ...refusals,
        old: "401 invalid_dpop_proof iat_too_old",
      });
    });
  });

  test("takes an unbound token as Bearer only, none of another type, and none that Keycloak did not sign", async () => {
    const { owner } = await pairOf(anyKind);
    const tokenFor = async (client: string): Promise<string> => {
      const response = await fetch(realm.tokenUrl, post(form, client));
      return textMember(await response.json(), "access_token");
    };
    const unbound = await tokenFor("optional:a-secret");
    const untyped = await tokenFor("another-api:api-secret");
    expect(decodeProtectedHeader(untyped).typ).toBe("JWT"); // without the attribute that README.md names
    const forged = `${unbound.slice(0, unbound.lastIndexOf("."))}.${"A".repeat(86)}`;
    await atApi(anyKind, jwt, async (api) => {
      const as = async (scheme: string, token: string): Promise<string> => {
        const headers = { Authorization: `${scheme} ${token}` };
        const send = scheme === "Bearer" ? fetch : owner.fetch; // the session refuses unbound tokens
        return outcome(await send(api.url, { headers }), api, owner);
      };
      expect(await as("Bearer", unbound)).toBe("200 no key");
      expect(await as("DPoP", unbound)).toBe("401 invalid_token token_unbound");
      expect(await as("Bearer", untyped)).toBe("401 invalid_token token_inactive");
      expect(await as("DPoP", forged)).toBe("401 invalid_token token_inactive");
    });
  });
});

describe("resource server by JWT, with nonces", () => {
  describe.each(eachKind)("%s of %s", (_label, _backend, kind) => {
    test("asks for its nonce once, and then lets the owner in, whatever the clock", async () => {
      expect(await answersOf(kind, jwt, { nonces: true })).toEqual({
        owner: LET_IN,
        ...refusals,
        old: LET_IN, // the nonce says when the proof was made
        oldNonce: "401 use_dpop_nonce nonce_mismatch",
      });
    });
  });
});

describe("resource server by introspection", () => {
  describe.each(eachKind)("%s of %s", (_label, _backend, kind) => {
    test("lets only the owner of the key in", async () => {
      expect(await answersOf(kind, introspection)).toEqual({
        owner: LET_IN,
        ...refusals,
        old: "401 invalid_dpop_proof iat_too_old",
      });
    });
  });

  test("knows no token that is made up, nor, with a recent Keycloak, one that is not for its client", async () => {
    const { owner } = await pairOf(anyKind);
    const accessToken = await tokenOf(owner);
    const call = (look: Look, token: string): Promise<string> =>
      atApi(anyKind, look, async (api) => {
        const headers = { Authorization: `DPoP ${token}` };
        return outcome(await owner.fetch(api.url, { headers }), api, owner);
      });
    expect(await call(introspection, "made-up")).toBe("401 invalid_token token_inactive");
    const another = byIntrospection(realm, "another-api:api-secret");
    expect(await call(another, accessToken)).toBe(
      isRecent ? "401 invalid_token token_inactive" : LET_IN,
    );
  });
});

/** A token of the confidential client, bound to the owner's key. */
async function tokenOf(owner: Pair["owner"]): Promise<string> {
  const response = await owner.fetch(realm.tokenUrl, post(form, CONFIDENTIAL));
  return (await tokensOf(response, owner)).accessToken;
}

async function atApi<T>(
  kind: KeyKind,
  look: Look,
  use: (api: OurApi) => Promise<T>,
  options = { nonces: false },
): Promise<T> {
  const unboundTokens = "accepted";
  const api = await startOurApi({ algs: [kind.alg], look, unboundTokens, ...options });
  try {
    return await use(api);
  } finally {
    await api.close();
  }
}

/** What the owner gets for a token, and what those get who misuse it or its proofs. */
async function answersOf(
  kind: KeyKind,
  look: Look,
  options = { nonces: false },
): Promise<Readonly<Record<string, string>>> {
  const pair = await pairOf(kind);
  const accessToken = await tokenOf(pair.owner);
  return atApi(kind, look, (api) => callAll(pair, accessToken, api, options), options);
}

async function callAll(
  { owner, thief, slow }: Pair,
  accessToken: string,
  api: OurApi,
  { nonces }: { readonly nonces: boolean },
): Promise<Readonly<Record<string, string>>> {
  const { url, oldNonce } = api;
  const seen = (response: Response): string => outcome(response, api, owner);
  const headers = { Authorization: `DPoP ${accessToken}` };
  const before = owner.sent.length;
  const answer = seen(await owner.fetch(url, { headers }));
  expect(statuses(owner).slice(before)).toEqual(nonces ? [401, 200] : [200]);

  const send = async (proof: string): Promise<string> =>
    seen(await fetch(url, { headers: { ...headers, DPoP: proof } }));
  const proofFor = (method: string, target: string): Promise<string> | string =>
    owner.session.buildProof({ method, url: target, accessToken });
  const bearer = { Authorization: `Bearer ${accessToken}` };
  const answers = {
    owner: answer,
    replay: await send(lastProof(owner)),
    thief: seen(await thief.fetch(url, { headers })),
    bearer: seen(await fetch(url, { headers: bearer })),
    method: await send(await proofFor("POST", url)),
    url: await send(await proofFor("GET", `${url}/other`)),
    old: seen(await slow.fetch(url, { headers })),
  };
  if (!nonces) return answers;
  const handedOut = { status: 200, headers: new Headers({ "DPoP-Nonce": oldNonce }) };
  owner.session.observe({ url, accessToken }, handedOut);
  return { ...answers, oldNonce: await send(await proofFor("GET", url)) };
}

/** The status, the error of the challenge where there is one, and what the API noted: whose key, or why not. */
function outcome(
  { status, headers }: Response,
  { outcomes }: OurApi,
  { session }: Pair["owner"],
): string {
  const error = /error="([^"]*)"/.exec(headers.get("WWW-Authenticate") ?? "")?.[1];
  const noted = outcomes.at(-1);
  const what = noted === session.jkt ? "the owner" : noted;
  return [status, error, what].filter((part) => part !== undefined).join(" ");
}
