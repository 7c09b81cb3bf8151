// The FAPI 2.0 conformance suite's list for servers (FAPI2SPFinalDpopNegativeTests and its neighbours), with our defaults and
// with the profile.
import { createHash } from "node:crypto";
import { type FieldValue, profiles } from "dpop-core";
import { describe, expect, test } from "vitest";
import { publicJwk } from "./support/keys.js";
import { mint, type MintOptions, NOW } from "./support/mint.js";
import { outcome, type PolicyData } from "./support/run.js";

const accessToken = "a-sender-constrained-access-token";
const ath = createHash("sha256").update(accessToken).digest("base64url");
const ES256 = publicJwk("ES256");
const jkt = createHash("sha256")
  .update(JSON.stringify({ crv: ES256.crv, kty: ES256.kty, x: ES256.x, y: ES256.y }))
  .digest("base64url");
const request = { method: "GET", url: "https://rs.example/accounts?page=1", accessToken, jkt };

function proofFor({ claims, ...rest }: MintOptions = {}): string {
  return mint({
    ...rest,
    claims: { htm: "GET", htu: "https://rs.example/accounts", ath, ...claims },
  });
}

describe.each<[string, PolicyData]>([
  ["with the defaults", {}],
  ["with the profile fapi2", profiles.fapi2],
])("%s", (_, profile) => {
  const judge = (proof: FieldValue, policy: PolicyData = {}): Promise<string> =>
    outcome(proof, request, { ...profile, ...policy });
  const accepts = (title: string, options: MintOptions = {}, policy: PolicyData = {}): void =>
    test(title, async () => expect(await judge(proofFor(options), policy)).toBe("ok"));
  const refuses = (
    title: string,
    code: string,
    options: MintOptions = {},
    policy: PolicyData = {},
  ): void => test(title, async () => expect(await judge(proofFor(options), policy)).toBe(code));

  describe("must be accepted", () => {
    accepts("a good proof");
    accepts("htu with query and fragment", {
      claims: { htu: "https://rs.example/accounts?page=1#x" },
    });
    accepts("htu without the query of the request");
    accepts("scheme and host in capitals", { claims: { htu: "HTTPS://RS.EXAMPLE/accounts" } });
    accepts("the default port in htu", { claims: { htu: "https://rs.example:443/accounts" } });
    accepts("an extra header parameter", { header: { "urn:extra": "x" } });
    accepts("an extra claim", { claims: { "urn:extra": "x" } });
    accepts("iat 10 seconds ago", { claims: { iat: NOW - 10 } });
    accepts("iat 8 seconds ahead (5.3.2.1-13)", { claims: { iat: NOW + 8 } });
    accepts("iat 10 seconds ahead", { claims: { iat: NOW + 10 } });
    accepts("nbf now and exp in 5 minutes", { claims: { nbf: NOW, exp: NOW + 300 } });
    accepts("nbf 10 seconds ahead", { claims: { nbf: NOW + 10 } });
    for (const offset of [-3600, 3600]) {
      const nonce = { accept: "n", acceptUntil: NOW + 60 };
      const dated = { claims: { iat: NOW + offset, nonce: "n" } };
      const title = `iat ${offset} seconds off, where a nonce says when`;
      // The suite only warns where it is refused; 5.3.2.1-13 knows no nonces, and the profile goes by its letter.
      if (profile.iatWithNonce !== "checked") accepts(title, dated, { nonce });
      else refuses(`not ${title}`, offset < 0 ? "iat_too_old" : "iat_in_future", dated, { nonce });
    }
  });

  describe("must be refused", () => {
    test("two DPoP header fields", async () => {
      expect(await judge([proofFor(), proofFor()])).toBe("proof_multiple");
      expect(await judge(`${proofFor()}, ${proofFor()}`)).toBe("proof_multiple");
    });
    test("no DPoP header field", async () => expect(await judge(null)).toBe("proof_missing"));
    test("not a well-formed JWT", async () =>
      expect(await judge("not.a.jwt")).toBe("jws_malformed"));
    refuses("no typ", "typ_mismatch", { header: { typ: undefined } });
    refuses("typ dpop+jwt+wrongyousee", "typ_mismatch", {
      header: { typ: "dpop+jwt+wrongyousee" },
    });
    refuses("no alg", "alg_unsupported", { header: { alg: undefined } });
    refuses("alg none", "alg_unsupported", { header: { alg: "none" } });
    refuses("RS256", "alg_unsupported", { key: "RS256" });
    refuses("no jwk", "jwk_invalid", { header: { jwk: undefined } });
    refuses("jwk with a private key", "jwk_private", { header: { jwk: { ...ES256, d: "x" } } });
    for (const claim of ["jti", "htm", "htu", "iat"])
      refuses(`no ${claim}`, "claim_missing", { claims: { [claim]: undefined } });
    refuses("no ath", "ath_missing", { claims: { ath: undefined } });
    refuses("another ath", "ath_mismatch", { claims: { ath: `${ath.slice(0, 42)}A` } });
    refuses("an invalid signature", "signature_invalid", {
      signature: (bytes) => bytes.map((byte) => byte ^ 0x5a),
    });
    refuses("htm PUT", "htm_mismatch", { claims: { htm: "PUT" } });
    refuses("another htu", "htu_mismatch", { claims: { htu: "https://rs.example/other" } });
    refuses("iat an hour ahead", "iat_in_future", { claims: { iat: NOW + 3600 } });
    refuses("iat 61 seconds ahead (5.3.2.1-13)", "iat_in_future", { claims: { iat: NOW + 61 } });
    refuses("iat an hour ago", "iat_too_old", { claims: { iat: NOW - 3600 } });
    refuses("a jti for the second time", "jti_replayed", {}, { replay: "seen" });
    refuses("signed by a key that the token is not bound to", "jkt_mismatch", {
      key: "otherES256",
    });
  });
});
