// An API of ours with access tokens of Spring Authorization Server: as JWTs, by its key set, or by introspection.
import { bindingFromClaims } from "dpop-core";
import { createRemoteJWKSet, errors, jwtVerify } from "jose";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { authorize } from "./spring/codes.js";
import {
  CLIENT_CREDENTIALS,
  es256,
  grant,
  introspect,
  origin,
  type Person,
  person,
  someKeys,
  TOKEN_URL,
  tokenRequest,
} from "./spring/parties.js";
import { type Look, type OurApi, startOurApi } from "./support/our-api.js";
import { lastProof } from "./support/our-clients.js";
import { textMember } from "./support/peers.js";
import { withSignatureOf } from "./support/proofs.js";

const algs = someKeys.map(([label, , signers]) => signers.alg(label));
const keys = createRemoteJWKSet(new URL(`${origin}/oauth2/jwks`));

/** The audience of Spring's tokens is the client, and there is no typ. */
const byKeys: Look = async (accessToken) => {
  const rules = { issuer: origin, audience: "confidential" };
  const verified = jwtVerify(accessToken, keys, rules).catch((error: unknown) => {
    if (error instanceof errors.JWSSignatureVerificationFailed) return null;
    throw error;
  });
  const token = await verified;
  return token === null ? null : bindingFromClaims(token.payload);
};

const byIntrospection: Look = async (accessToken) =>
  bindingFromClaims(await introspect(accessToken));

const ways = [
  ["as JWT, by its key set", { look: byKeys, id: "confidential" }],
  ["as JWT, by introspection", { look: byIntrospection, id: "confidential" }],
  ["opaque, by introspection", { look: byIntrospection, id: "opaque" }],
] as const;

describe("its tokens at our resource server", () => {
  describe.each(ways)("%s", (_way, { look, id }) => testTokens(look, id));

  describe("by introspection", () => {
    test("refused: a token that was revoked, and a refresh token, which Spring calls active", async () => {
      const api = await startOurApi({ algs, look: byIntrospection });
      try {
        const someone = await es256();
        const { accessToken, refreshToken } = await grant(someone, await authorize("confidential"));
        const call = async (token: unknown): Promise<void> => {
          const headers = { Authorization: `DPoP ${String(token)}` };
          await someone.client.fetch(api.url, { headers });
        };
        await call(accessToken);
        await call(refreshToken);
        await fetch(
          `${origin}/oauth2/revoke`,
          tokenRequest({ token: accessToken }, "confidential"),
        );
        await call(accessToken);
        expect(api.outcomes).toEqual([someone.session.jkt, "token_unbound", "token_inactive"]);
      } finally {
        await api.close();
      }
    });
  });
});

/** `id` is the client that gets the tokens. */
function testTokens(look: Look, id: string): void {
  let api: OurApi;
  beforeEach(async () => {
    api = await startOurApi({ algs, look });
  });
  afterEach(() => api.close());

  async function call({ client }: Person, accessToken: string): Promise<number> {
    const headers = { Authorization: `DPoP ${accessToken}` };
    return (await client.fetch(api.url, { headers })).status;
  }

  test.each(someKeys)("%s, %s: the owner is let in", async (label, _backend, signers) => {
    const someone = await person(signers, label);
    const { accessToken } = await grant(someone, CLIENT_CREDENTIALS, id);
    expect(await call(someone, accessToken)).toBe(200);
    expect(await call(someone, accessToken)).toBe(200);
    const { jkt } = someone.session;
    expect(api.outcomes).toEqual([jkt, jkt]);
  });

  test("refused: a thief, the token as Bearer, a proof for the second time", async () => {
    const [owner, thief] = await Promise.all([es256(), es256()]);
    const { accessToken } = await grant(owner, CLIENT_CREDENTIALS, id);
    expect(await call(thief, accessToken)).toBe(401);
    const Authorization = `Bearer ${accessToken}`;
    expect((await fetch(api.url, { headers: { Authorization } })).status).toBe(401);
    expect(await call(owner, accessToken)).toBe(200);
    const headers = { Authorization: `DPoP ${accessToken}`, DPoP: lastProof(owner.client) };
    expect((await fetch(api.url, { headers })).status).toBe(401);
    expect(api.outcomes).toEqual([
      "jkt_mismatch",
      "scheme_unsupported",
      owner.session.jkt,
      "jti_replayed",
    ]);
  });

  test("refused: a token that is not bound, and one that Spring did not issue", async () => {
    const someone = await es256();
    const unbound = await fetch(TOKEN_URL, tokenRequest(CLIENT_CREDENTIALS, id));
    expect(await call(someone, textMember(await unbound.json(), "access_token"))).toBe(401);
    const [one, other] = await Promise.all([
      grant(someone, CLIENT_CREDENTIALS, id),
      grant(someone, CLIENT_CREDENTIALS, id),
    ]);
    const none =
      id === "opaque" ? `${one.accessToken}x` : withSignatureOf(other.accessToken, one.accessToken);
    expect(await call(someone, none)).toBe(401);
    expect(api.outcomes).toEqual(["token_unbound", "token_inactive"]);
  });
}
