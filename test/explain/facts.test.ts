// What a rule expected and what it found, as data: of rules that failed, passed or were not reached.
import {
  type ExplainedRule,
  explainProof,
  type ExplainOptions,
  type RuleName,
} from "dpop-core/explain";
import { nodeCrypto } from "dpop-core/node-crypto";
import { describe, expect, test } from "vitest";
import { JKT_ES256, JKT_OTHER, privateJwk, publicJwk } from "../support/keys.js";
import { at, mint, type MintOptions, NOW, TOKEN_URL } from "../support/mint.js";
import { ath, TOKEN } from "./faults.js";

interface Case {
  readonly proof?: MintOptions;
  readonly request?: object;
  readonly options?: Partial<ExplainOptions>;
}

const explained = ({ proof, request, options }: Case) =>
  explainProof(mint(proof), { ...at(NOW), ...request }, { backend: nodeCrypto, ...options });

const ruleOf = (name: RuleName, one: Case): Partial<ExplainedRule> => {
  const rule = explained(one).rules.find((any) => any.name === name);
  if (rule === undefined) throw new Error(`there is no rule ${name}`);
  const { name: _name, item: _item, section: _section, ...rest } = rule;
  return rest;
};

const ALGS = ["ES256", "EdDSA", "Ed25519"];
const passed = (facts: object = {}) => ({ status: "passed", ...facts });
const failed = (code: string, cause: string, facts: object = {}) => ({
  status: "failed",
  code,
  cause,
  ...facts,
});
const notReached = (after: RuleName, facts: object = {}) => ({
  status: "not reached",
  after,
  ...facts,
});
const notChecked = (facts: object = {}) => ({ status: "not checked", ...facts });

const header = (members: Readonly<Record<string, unknown>>): Case => ({
  proof: { header: members },
});
const claims = (members: Readonly<Record<string, unknown>>): Case => ({
  proof: { claims: members },
});

describe("the header", () => {
  const typ = (found: unknown, cause: string) =>
    failed("typ_mismatch", cause, { expected: "dpop+jwt", found });
  const alg = (found: unknown, cause: string) =>
    failed("alg_unsupported", cause, { expected: ALGS, found });

  test.each<[RuleName, string, Case, object]>([
    ["typ", "right", {}, passed({ expected: "dpop+jwt", found: "dpop+jwt" })],
    ["typ", "absent", header({ typ: undefined }), typ(null, "typ_absent")],
    ["typ", "null", header({ typ: null }), typ(null, "typ_other")],
    ["typ", "a number", header({ typ: 5 }), typ(5, "typ_other")],
    ["typ", "no number", header({ typ: true }), typ(true, "typ_other")],
    ["typ", "in capitals", header({ typ: "DPoP+JWT" }), typ("DPoP+JWT", "typ_form")],
    [
      "typ",
      "a number that JSON has not",
      { proof: { rawHeader: '{"typ":1e999,"alg":"ES256"}' } },
      typ("Infinity", "typ_access_token"),
    ],
    ["typ", "an array", header({ typ: ["dpop+jwt"] }), typ("an array", "typ_other")],
    ["typ", "an object", header({ typ: {} }), typ("an object", "typ_other")],
    [
      "typ",
      "absent beside no jwk",
      header({ typ: undefined, jwk: undefined }),
      typ(null, "typ_access_token"),
    ],
    [
      "typ",
      "application/at+jwt",
      header({ typ: "application/at+jwt" }),
      typ("application/at+jwt", "typ_access_token"),
    ],
    ["crit", "absent", {}, passed()],
    ["crit", "judged although typ is wrong", header({ typ: "JWT" }), passed()],
    [
      "crit",
      "with b64",
      header({ crit: ["b64"], b64: false }),
      failed("crit_unsupported", "extension", { expected: [], found: ["crit", "b64"] }),
    ],
    [
      "crit",
      "b64 by itself",
      header({ b64: true }),
      failed("crit_unsupported", "extension", { expected: [], found: ["b64"] }),
    ],
    ["alg", "right", {}, passed({ expected: ALGS, found: "ES256" })],
    ["alg", "a number", header({ alg: 256 }), alg(256, "alg_unknown")],
    ["alg", "none in capitals", header({ alg: "NONE" }), alg("NONE", "alg_none")],
    ["alg", "a MAC", header({ alg: "hs512" }), alg("hs512", "alg_mac")],
    ["alg", "nearly a MAC", header({ alg: "HSX" }), alg("HSX", "alg_unknown")],
    ["alg", "with a MAC in it", header({ alg: "XHS256" }), alg("XHS256", "alg_unknown")],
    ["alg", "not listed", header({ alg: "PS256" }), alg("PS256", "alg_unlisted")],
    [
      "alg",
      "the other label where only one is listed",
      { ...header({ alg: "Ed25519" }), options: { algs: [nodeCrypto.ES256, nodeCrypto.EdDSA] } },
      failed("alg_unsupported", "alg_label", { expected: ["ES256", "EdDSA"], found: "Ed25519" }),
    ],
    [
      "alg",
      "the older label where only the newer is listed",
      { ...header({ alg: "EdDSA" }), options: { algs: [nodeCrypto.Ed25519] } },
      failed("alg_unsupported", "alg_label", { expected: ["Ed25519"], found: "EdDSA" }),
    ],
    [
      "alg",
      "an Edwards curve where none is listed",
      { ...header({ alg: "EdDSA" }), options: { algs: [nodeCrypto.ES256] } },
      failed("alg_unsupported", "alg_unlisted", { expected: ["ES256"], found: "EdDSA" }),
    ],
  ])("%s: %s", (name, _, one, expected) => {
    expect(ruleOf(name, one)).toEqual(expected);
  });
});

describe("the key", () => {
  const EC = { kty: "EC", crv: "P-256" };
  const jwk = (members: unknown): Case => header({ jwk: members });
  const key = publicJwk("ES256");
  const malformed = failed("jwk_invalid", "jwk_form", { expected: EC, found: EC });

  test.each<[RuleName, string, Case, object]>([
    ["jwk", "right", {}, passed({ expected: EC, found: EC })],
    ["public", "right", {}, passed()],
    ["jwk", "absent", jwk(undefined), failed("jwk_invalid", "jwk_absent")],
    ["public", "absent", jwk(undefined), notReached("jwk")],
    ["signature", "absent", jwk(undefined), notReached("jwk")],
    ["jkt", "absent", jwk(undefined), notReached("jwk")],
    ["client key", "absent", jwk(undefined), notReached("jwk")],
    ["jwk", "null", jwk(null), failed("jwk_invalid", "jwk_form")],
    ["jwk", "a text", jwk("key"), failed("jwk_invalid", "jwk_form")],
    ["jwk", "an array", jwk([key]), failed("jwk_invalid", "jwk_form")],
    [
      "jwk",
      "of another curve",
      jwk(publicJwk("Ed25519")),
      failed("jwk_alg_mismatch", "jwk_alg", {
        expected: EC,
        found: { kty: "OKP", crv: "Ed25519" },
      }),
    ],
    [
      "jwk",
      "of another kind",
      jwk(publicJwk("RS256")),
      failed("jwk_alg_mismatch", "jwk_alg", { expected: EC, found: { kty: "RSA" } }),
    ],
    [
      "jwk",
      "where RSA is wanted",
      { ...header({ alg: "RS256" }), options: { algs: [nodeCrypto.RS256] } },
      failed("jwk_alg_mismatch", "jwk_alg", { expected: { kty: "RSA" }, found: EC }),
    ],
    [
      "jwk",
      "of an algorithm that is not known",
      header({ alg: "none" }),
      passed({ expected: "a public key", found: EC }),
    ],
    [
      "jwk",
      "with words of 16 characters for kind and curve",
      jwk({ ...key, kty: "k".repeat(16), crv: "c".repeat(16) }),
      failed("jwk_alg_mismatch", "jwk_alg", {
        expected: EC,
        found: { kty: "k".repeat(16), crv: "c".repeat(16) },
      }),
    ],
    [
      "jwk",
      "with longer ones, which may be secrets, or none",
      jwk({ ...key, kty: "k".repeat(17), crv: 256 }),
      failed("jwk_alg_mismatch", "jwk_alg", { expected: EC, found: { kty: null, crv: null } }),
    ],
    [
      "public",
      "with its private member",
      jwk(privateJwk("ES256")),
      failed("jwk_private", "private_key", { expected: [], found: ["d"] }),
    ],
    [
      "jwk",
      "with its private member",
      jwk(privateJwk("ES256")),
      passed({ expected: EC, found: EC }),
    ],
    [
      "signature",
      "with its private member",
      jwk(privateJwk("ES256")),
      passed({ expected: "64 bytes", found: "64 bytes" }),
    ],
    [
      "public",
      "with the private members of RSA",
      jwk({ ...publicJwk("RS256"), p: "AQ", q: "AQ" }),
      failed("jwk_private", "private_key", { expected: [], found: ["p", "q"] }),
    ],
    [
      "jwk",
      "that is good but for its alg",
      jwk({ ...key, alg: "ES384" }),
      failed("jwk_alg_mismatch", "jwk_use", { expected: EC, found: EC }),
    ],
    [
      "jwk",
      "with x in standard base64",
      jwk({ ...key, x: `+${key.x?.slice(1)}` }),
      failed("jwk_invalid", "jwk_padded", { expected: EC, found: EC }),
    ],
    [
      "jwk",
      "with y in standard base64",
      jwk({ ...key, y: `/${key.y?.slice(1)}` }),
      failed("jwk_invalid", "jwk_padded", { expected: EC, found: EC }),
    ],
    ["jwk", "with x as an array", jwk({ ...key, x: ["="] }), malformed],
    ["jwk", "with y as a number", jwk({ ...key, y: 5 }), malformed],
    ["jwk", "with x of another alphabet", jwk({ ...key, x: `!${key.x?.slice(1)}` }), malformed],
    [
      "jwk",
      "with kty as an array",
      jwk({ ...key, kty: ["EC"] }),
      failed("jwk_alg_mismatch", "jwk_alg", { expected: EC, found: { kty: null, crv: "P-256" } }),
    ],
    [
      "jwk",
      "of a curve that is not known",
      header({ alg: "none", jwk: { ...key, crv: "P-999" } }),
      failed("jwk_invalid", "jwk_form", {
        expected: "a public key",
        found: { kty: "EC", crv: "P-999" },
      }),
    ],
    ...(["ES384", "ES512"] as const).map((label): [RuleName, string, Case, object] => {
      const whole = publicJwk(label);
      const found = { kty: "EC", crv: whole.crv };
      return [
        "jwk",
        `${label} without its leading zero`,
        {
          proof: { key: label, header: { jwk: { ...whole, x: whole.x?.slice(1) } } },
          options: { algs: [nodeCrypto[label]] },
        },
        failed("jwk_invalid", "jwk_length", { expected: found, found }),
      ];
    }),
    [
      "jwk",
      "off the curve",
      jwk({ ...key, x: key.y, y: key.x }),
      failed("jwk_invalid", "jwk_off_curve", { expected: EC, found: EC }),
    ],
    ["signature", "off the curve", jwk({ ...key, x: key.y, y: key.x }), notReached("jwk")],
    ["signature", "of no algorithm", header({ alg: "none" }), notReached("alg")],
    [
      "signature",
      "by another key",
      { proof: { signer: "otherES256" } },
      failed("signature_invalid", "signature_other", { expected: "64 bytes", found: "64 bytes" }),
    ],
    [
      "signature",
      "that is short",
      { proof: { signature: () => new Uint8Array(5) } },
      failed("signature_invalid", "signature_size", { expected: "64 bytes", found: "5 bytes" }),
    ],
    [
      "signature",
      "of RSA by another key",
      {
        proof: { key: "RS256", signature: () => new Uint8Array(256) },
        options: { algs: [nodeCrypto.RS256] },
      },
      failed("signature_invalid", "signature_other", { found: "256 bytes" }),
    ],
  ])("%s: %s", (name, _, one, expected) => {
    expect(ruleOf(name, one)).toEqual(expected);
  });
});

describe("the claims", () => {
  const window = { earliest: NOW - 60, latest: NOW + 15 };
  const nonce = {
    check: (text: string | undefined) =>
      ({ status: text === undefined ? "missing" : text === "good" ? "valid" : "invalid" }) as const,
  };
  const withNonce = { options: { nonce } };

  test.each<[RuleName, string, Case, object]>([
    ["claims", "right", {}, passed()],
    [
      "claims",
      "two missing, one of another type",
      claims({ jti: undefined, htm: undefined, iat: "1" }),
      failed("claim_missing", "claim_absent", {
        expected: ["jti", "htm", "htu", "iat"],
        found: { jti: null, htm: null, iat: "1" },
        names: ["jti", "htm"],
      }),
    ],
    [
      "claims",
      "of another type",
      claims({ exp: "1", nbf: [] }),
      failed("claim_invalid", "claim_type", {
        found: { exp: "1", nbf: "an array" },
        names: ["exp", "nbf"],
      }),
    ],
    ["htm", "missing", claims({ htm: undefined }), notReached("claims")],
    ["htu", "missing", claims({ htu: undefined }), notReached("claims")],
    ["iat", "missing", claims({ iat: undefined }), notReached("claims")],
    ["lifetime", "malformed", claims({ nbf: "1" }), notReached("claims")],
    ["ath", "malformed", claims({ ath: 1 }), notReached("claims")],
    ["nonce", "malformed", { ...claims({ nonce: 1 }), ...withNonce }, notReached("claims")],
    ["htm", "right", {}, passed({ expected: "POST", found: "POST" })],
    [
      "htm",
      "another",
      claims({ htm: "PUT" }),
      failed("htm_mismatch", "method_override", { expected: "POST", found: "PUT" }),
    ],
    ["htu", "right", {}, passed({ expected: TOKEN_URL, found: TOKEN_URL })],
    [
      "htu",
      "with a query on both sides, which is not shown",
      { ...claims({ htu: `${TOKEN_URL}?a=1` }), request: { url: `${TOKEN_URL}?b=2` } },
      passed({ expected: `${TOKEN_URL}?...`, found: `${TOKEN_URL}?...` }),
    ],
    [
      "htu",
      "another",
      claims({ htu: "https://server.example.com/" }),
      failed("htu_mismatch", "origin_only", {
        expected: TOKEN_URL,
        found: "https://server.example.com/",
      }),
    ],
    [
      "htu",
      "a path",
      claims({ htu: "/token" }),
      failed("htu_invalid", "url_relative", { expected: TOKEN_URL, found: "/token" }),
    ],
    [
      "htu",
      "where the server's URL is a path",
      { request: { url: "/token?a" } },
      failed("url_invalid", "url_relative", { expected: TOKEN_URL, found: "/token?..." }),
    ],
    [
      "htu",
      "where the server's URL is a path and there is none",
      { ...claims({ htu: undefined }), request: { url: "/token" } },
      failed("url_invalid", "url_relative", { expected: "an https URL", found: "/token" }),
    ],
    [
      "htu",
      "http on both sides",
      {
        ...claims({ htu: "http://a.example/" }),
        request: { url: "http://a.example/" },
      },
      failed("url_invalid", "plain_http", {
        expected: "http://a.example/",
        found: "http://a.example/",
      }),
    ],
    [
      "htu",
      "http at the server, another host",
      { ...claims({ htu: "https://a.example/" }), request: { url: "http://b.example/" } },
      failed("url_invalid", "proxy_host", {
        expected: "https://a.example/",
        found: "http://b.example/",
      }),
    ],
    ["nonce", "not asked for", claims({ nonce: "any" }), notChecked({ found: "any" })],
    ["nonce", "neither asked for nor there", {}, notChecked({ found: null })],
    ["nonce", "good", { ...claims({ nonce: "good" }), ...withNonce }, passed({ found: "good" })],
    [
      "nonce",
      "missing",
      withNonce,
      failed("nonce_missing", "nonce_absent", { expected: "a nonce of DPoP-Nonce", found: null }),
    ],
    [
      "nonce",
      "not good",
      { ...claims({ nonce: "bad" }), ...withNonce },
      failed("nonce_mismatch", "nonce_foreign", {
        expected: "a nonce of DPoP-Nonce",
        found: "bad",
      }),
    ],
    ["iat", "right", {}, passed({ expected: window, found: NOW })],
    [
      "iat",
      "at the earliest",
      claims({ iat: NOW - 60 }),
      passed({ expected: window, found: NOW - 60 }),
    ],
    [
      "iat",
      "too old",
      claims({ iat: NOW - 61 }),
      failed("iat_too_old", "clock_behind", { expected: window, found: NOW - 61, seconds: -61 }),
    ],
    [
      "iat",
      "in the future",
      claims({ iat: NOW + 16 }),
      failed("iat_in_future", "clock_ahead", { expected: window, found: NOW + 16, seconds: 16 }),
    ],
    ["lifetime", "absent", {}, notChecked()],
    [
      "lifetime",
      "right",
      claims({ exp: NOW + 9, nbf: NOW - 9 }),
      passed({ found: { exp: NOW + 9, nbf: NOW - 9 } }),
    ],
    [
      "lifetime",
      "over",
      claims({ exp: NOW - 100 }),
      failed("proof_expired", "expired", { found: { exp: NOW - 100 }, seconds: -100 }),
    ],
    [
      "lifetime",
      "not begun",
      claims({ nbf: NOW + 100 }),
      failed("proof_not_yet_valid", "not_yet_valid", { found: { nbf: NOW + 100 }, seconds: 100 }),
    ],
    ["ath", "without a token", {}, notChecked()],
    [
      "ath",
      "without a token, but there",
      claims({ ath: "a".repeat(43) }),
      failed("ath_unexpected", "ath_unexpected", { expected: null, found: "a".repeat(43) }),
    ],
    [
      "ath",
      "right",
      { ...claims({ ath: ath(TOKEN) }), request: { accessToken: TOKEN, jkt: JKT_ES256 } },
      passed({ expected: ath(TOKEN), found: ath(TOKEN) }),
    ],
    [
      "ath",
      "absent",
      { request: { accessToken: TOKEN, jkt: JKT_ES256 } },
      failed("ath_missing", "ath_absent", { expected: ath(TOKEN), found: null }),
    ],
    [
      "ath",
      "too long to be shown",
      { ...claims({ ath: "a".repeat(45) }), request: { accessToken: TOKEN, jkt: JKT_ES256 } },
      failed("ath_mismatch", "ath_form", { expected: ath(TOKEN), found: "45 characters" }),
    ],
  ])("%s: %s", (name, _, one, expected) => {
    expect(ruleOf(name, one)).toEqual(expected);
  });
});

describe("the binding and the replay", () => {
  const used = (answer: boolean): Case => ({ options: { replay: { has: () => answer } } });

  test.each<[RuleName, string, Case, object]>([
    ["jkt", "not asked for", {}, notChecked()],
    [
      "jkt",
      "right",
      { request: { jkt: JKT_ES256 } },
      passed({ expected: JKT_ES256, found: JKT_ES256 }),
    ],
    [
      "jkt",
      "another",
      { request: { jkt: JKT_OTHER } },
      failed("jkt_mismatch", "other_key", { expected: JKT_OTHER, found: JKT_ES256 }),
    ],
    [
      "jkt",
      "as a grant asks for",
      { request: { requiredJkt: JKT_ES256 } },
      passed({ expected: JKT_ES256, found: JKT_ES256 }),
    ],
    [
      "jkt",
      "right, and another than a grant asks for",
      { request: { jkt: JKT_ES256, requiredJkt: JKT_OTHER } },
      failed("jkt_mismatch", "other_key", { expected: JKT_OTHER, found: JKT_ES256 }),
    ],
    [
      "jkt",
      "of a look-up that knows none",
      {
        ...claims({ ath: ath(TOKEN) }),
        request: { accessToken: TOKEN, jkt: () => null },
      },
      failed("jkt_mismatch", "jkt_absent", { expected: null, found: JKT_ES256 }),
    ],
    [
      "jkt",
      "of a look-up",
      {
        ...claims({ ath: ath(TOKEN) }),
        request: { accessToken: TOKEN, jkt: () => JKT_ES256 },
      },
      passed({ expected: JKT_ES256, found: JKT_ES256 }),
    ],
    [
      "jkt",
      "of a look-up that can't be asked",
      { request: { accessToken: "two words", jkt: () => JKT_ES256 } },
      notReached("ath"),
    ],
    ["client key", "not asked for", {}, notChecked()],
    [
      "client key",
      "another",
      { request: { clientKeyJkt: JKT_OTHER } },
      passed({ found: JKT_ES256 }),
    ],
    [
      "client key",
      "the same",
      { request: { clientKeyJkt: JKT_ES256 } },
      failed("client_key_reused", "client_key", { found: JKT_ES256 }),
    ],
    ["replay", "not asked for", {}, notChecked()],
    ["replay", "new", used(false), passed({ found: "-BwC3ESc6acc2lTc" })],
    ["replay", "used", used(true), failed("jti_replayed", "used", { found: "-BwC3ESc6acc2lTc" })],
    ["replay", "no jti", { ...claims({ jti: undefined }), ...used(false) }, notReached("claims")],
    ["replay", "no key", { ...header({ jwk: undefined }), ...used(false) }, notReached("jwk")],
  ])("%s: %s", (name, _, one, expected) => {
    expect(ruleOf(name, one)).toEqual(expected);
  });

  test("a store is asked for the entry that a verifier adds, at the time of the request", () => {
    const asked: unknown[] = [];
    const has = (...values: readonly unknown[]): boolean => {
      asked.push(values);
      return false;
    };
    explained({ options: { replay: { has } } });
    expect(asked).toEqual([[expect.stringMatching(/^[\w-]{43}$/), NOW]]);
  });

  test("a look-up is asked with the hash of the token", () => {
    const asked: unknown[] = [];
    const jkt = (hash: string): string => {
      asked.push(hash);
      return JKT_ES256;
    };
    explained({ request: { accessToken: TOKEN, jkt } });
    explained({ request: { jkt } });
    expect(asked).toEqual([ath(TOKEN), ""]);
  });
});

test("what the proof and the request say", () => {
  const nonce = "n".repeat(20);
  const { proof, request, urls, times } = explained({
    proof: {
      header: { kid: "key-1", x5t: "a", zip: "b" },
      claims: {
        nonce,
        exp: NOW + 9,
        nbf: NOW - 9,
        ath: ath(TOKEN),
        name: "secret",
        htu: `${TOKEN_URL}?secret`,
      },
    },
    request: { accessToken: TOKEN, jkt: JKT_ES256, url: `${TOKEN_URL}/?secret` },
  });
  expect(proof).toEqual({
    length: expect.any(Number),
    typ: "dpop+jwt",
    alg: "ES256",
    kid: "key-1",
    jwk: publicJwk("ES256"),
    jkt: JKT_ES256,
    otherMembers: ["x5t", "zip"],
    claims: {
      jti: "-BwC3ESc6acc2lTc",
      htm: "POST",
      htu: `${TOKEN_URL}?...`,
      iat: NOW,
      ath: ath(TOKEN),
      nonce,
      exp: NOW + 9,
      nbf: NOW - 9,
    },
    otherClaims: ["name"],
  });
  expect(request).toEqual({
    method: "POST",
    url: `${TOKEN_URL}/?...`,
    now: NOW,
    ath: ath(TOKEN),
    jkt: JKT_ES256,
  });
  expect(urls).toEqual({
    htu: { written: `${TOKEN_URL}?...`, normal: TOKEN_URL },
    url: { written: `${TOKEN_URL}/?...`, normal: `${TOKEN_URL}/` },
    difference: { part: "path", index: TOKEN_URL.length },
  });
  expect(times).toEqual({
    now: NOW,
    window: { earliest: NOW - 60, latest: NOW + 15 },
    iat: NOW,
    exp: NOW + 9,
    nbf: NOW - 9,
    offset: 0,
  });
});
