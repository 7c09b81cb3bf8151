// Our client at the token endpoint of Spring Authorization Server. What Spring does otherwise than one would think is
// asserted as it is, with a comment, here and in the other files of this peer.
import { createClientSession, createProofAsync, createSigner, generatePrivateJwk } from "dpop-core";
import { decodeJwt, decodeProtectedHeader } from "jose";
import { describe, expect, test } from "vitest";
import {
  ALGS,
  allKeys,
  badProofs,
  CLIENT_CREDENTIALS,
  es256,
  grant,
  grantUnbound,
  introspect,
  origin,
  person,
  someKeys,
  TOKEN_URL,
  tokenRequest,
} from "./spring/parties.js";
import type { Label, OurSigners } from "./support/our-backends.js";
import { member } from "./support/peers.js";
import { withSignatureOf } from "./support/proofs.js";

const atToken = { method: "POST", url: TOKEN_URL };
const REFUSED = [400, "invalid_dpop_proof"];

describe("metadata", () => {
  test("lists EC and RSA algorithms: a session with an Ed25519 key is told so at once", async () => {
    const url = `${origin}/.well-known/oauth-authorization-server`;
    const algs = member(await (await fetch(url)).json(), "dpop_signing_alg_values_supported");
    expect(algs).toEqual(ALGS);
    const open = (label: "ES256" | "Ed25519"): unknown =>
      createClientSession({ signer: createSigner(generatePrivateJwk(label)), algs });
    expect(() => open("Ed25519")).toThrow(TypeError);
    expect(open("ES256")).toMatchObject({ alg: "ES256" });
  });
});

describe("client credentials", () => {
  test.each(allKeys)(
    "%s, %s: the token is bound to our key, as the JWT and introspection say",
    async (label, _backend, signers) => {
      const someone = await person(signers, label);
      const { accessToken } = await grant(someone);
      const { jkt } = someone.session;
      expect(decodeJwt(accessToken)).toMatchObject({ iss: origin, cnf: { jkt } });
      // RFC 9068 has at+jwt here; Spring has nothing.
      expect(decodeProtectedHeader(accessToken)).toEqual({ alg: "RS256", kid: "a-key" });
      const introspected = { active: true, token_type: "DPoP", cnf: { jkt } };
      expect(await introspect(accessToken)).toMatchObject(introspected);
    },
  );

  test("an opaque token is bound to our key, as introspection says", async () => {
    const someone = await es256();
    const { accessToken } = await grant(someone, CLIENT_CREDENTIALS, "opaque");
    expect(accessToken).not.toContain(".");
    const introspected = { active: true, token_type: "DPoP", cnf: { jkt: someone.session.jkt } };
    expect(await introspect(accessToken)).toMatchObject(introspected);
  });

  // Spring has no setting for dpop_bound_access_tokens.
  test("without a proof there is a Bearer token, which our session refuses", async () => {
    const { session } = await es256();
    const body = await grantUnbound();
    expect(body).toMatchObject({ token_type: "Bearer" });
    const refused = { ok: false, code: "token_type_not_dpop" };
    expect(session.readTokenResponse(body)).toMatchObject(refused);
  });

  describe.each(someKeys)("%s, %s", (label, _backend, signers) => testRefusals(label, signers));

  test("refused: an Ed25519 key", async () => {
    const signer = createSigner(generatePrivateJwk("EdDSA"));
    expect(await redeem(await createProofAsync(signer, atToken))).toEqual(REFUSED);
  });

  // Ours refuses it: such a proof was made for a resource.
  test("an ath is no matter", async () => {
    const { signer } = await es256();
    const proof = await createProofAsync(signer, { ...atToken, accessToken: "a-token" });
    expect(await redeem(proof)).toBe(200);
  });
});

function testRefusals(label: Label, signers: OurSigners): void {
  test.each(badProofs)("refused: %s", async (_what, differs) => {
    const { signer } = await signers.open(label);
    expect(await redeem(await createProofAsync(signer, { ...atToken, ...differs() }))).toEqual(
      REFUSED,
    );
    expect(await redeem(await createProofAsync(signer, atToken))).toBe(200);
  });

  test("refused: a proof for the second time, and the signature of another", async () => {
    const { signer } = await signers.open(label);
    const [one, other] = await Promise.all([
      createProofAsync(signer, atToken),
      createProofAsync(signer, atToken),
    ]);
    expect(await redeem(withSignatureOf(other, one))).toEqual(REFUSED);
    expect(await redeem(one)).toBe(200);
    expect(await redeem(one)).toEqual(REFUSED);
  });
}

/** Sends a proof of one's own making to the token endpoint; what became of it. */
async function redeem(proof: string): Promise<unknown> {
  const init = tokenRequest(CLIENT_CREDENTIALS, "confidential");
  const response = await fetch(TOKEN_URL, { ...init, headers: { ...init.headers, DPoP: proof } });
  const body: unknown = await response.json();
  return response.ok ? 200 : [response.status, member(body, "error")];
}
