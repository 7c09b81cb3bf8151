// Thumbprints that are not that of the key: each wrong form has a cause of its own.
import { createHash } from "node:crypto";
import { nodeCrypto } from "dpop-core/node-crypto";
import { expect, test } from "vitest";
import { jktCause } from "../../src/explain/jkt.js";

const JWK = { y: "yy", use: "sig", kty: "EC", kid: "one", x: "xx", crv: "P-256" };
const HEADER = { typ: "dpop+jwt", alg: "ES256", kid: "two", jwk: JWK };
/** Some hash whose base64 has both of the characters that base64url replaces. */
const HASH = Buffer.alloc(32, "fbffbe", "hex");
const JKT = HASH.toString("base64url");

const hashOf = (text: string): string => createHash("sha256").update(text).digest("base64url");
/** As Python writes JSON. */
const spaced = (json: string): string => json.replaceAll(":", ": ").replaceAll(",", ", ");

const ALL = JSON.stringify(JWK);
const ALL_SORTED = '{"crv":"P-256","kid":"one","kty":"EC","use":"sig","x":"xx","y":"yy"}';
const REQUIRED = '{"y":"yy","kty":"EC","x":"xx","crv":"P-256"}';
const SORTED = '{"crv":"P-256","kty":"EC","x":"xx","y":"yy"}';
const WITH_ALG = '{"alg":"ES256","crv":"P-256","kty":"EC","x":"xx","y":"yy"}';

test.each<[string, unknown, string]>([
  ["none", null, "jkt_absent"],
  ["undefined", undefined, "jkt_absent"],
  ["with padding", `${JKT}=`, "jkt_padded"],
  ["in base64", HASH.toString("base64"), "jkt_base64"],
  ["in hex", HASH.toString("hex"), "jkt_hex"],
  ["as a URI", `urn:ietf:params:oauth:jwk-thumbprint:sha-256:${JKT}`, "jkt_uri"],
  ["the kid of the key", "one", "jkt_kid"],
  ["the kid of the header", "two", "jkt_kid"],
  ["of all members, as they came", hashOf(ALL), "jkt_members"],
  ["of all members, in order", hashOf(ALL_SORTED), "jkt_members"],
  ["of the required members, as they came", hashOf(REQUIRED), "jkt_members"],
  ["of the required members, with alg", hashOf(WITH_ALG), "jkt_members"],
  ["of all members, with spaces", hashOf(spaced(ALL)), "jkt_members"],
  ["of the required members, with spaces", hashOf(spaced(SORTED)), "jkt_members"],
  ["of the required members, as they came, with padding", `${hashOf(REQUIRED)}=`, "jkt_members"],
  ["of something else, with = in front", `=${hashOf(REQUIRED)}`, "jkt_form"],
  ["of another key", hashOf("another"), "other_key"],
  ["no thumbprint", "abc", "jkt_form"],
])("%s", (_, expected, cause) => {
  expect(jktCause(expected, JKT, HEADER, nodeCrypto)).toBe(cause);
});

test("the members of RSA are required ones", () => {
  const jwk = { n: "nn", kty: "RSA", kid: "one", e: "AQAB" };
  const expected = hashOf('{"n":"nn","kty":"RSA","e":"AQAB"}');
  expect(jktCause(expected, JKT, { ...HEADER, jwk }, nodeCrypto)).toBe("jkt_members");
});

test("alg is an object that can be made no text, as a stranger may send it", () => {
  const header = { ...HEADER, alg: { toString: 1, valueOf: 1 } };
  expect(jktCause(hashOf("another"), JKT, header, nodeCrypto)).toBe("other_key");
});

test("a key without a kid", () => {
  const { kid: _, ...jwk } = JWK;
  expect(jktCause("one", JKT, { ...HEADER, jwk }, nodeCrypto)).toBe("jkt_form");
});
