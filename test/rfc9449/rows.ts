// The table of RFC 9449 section 4.3 and its neighbours: proofs that differ from a good one in one thing, and what must
// come of each. Data only: 4.3-checking-proofs.test.ts runs it through both drivers, vectors/make.ts writes it out.
import { createHash } from "node:crypto";
import type { FailureCode, FieldValue } from "dpop-core";
import { publicJwk } from "../support/keys.js";
import { b64, type Mint, NOW, TOKEN_URL } from "../support/mint.js";
import { ACCESS_TOKEN, ATH, FETT_RESOURCE, JKT, P1, P2, P3, RESOURCE } from "../support/rfc.js";
import type { PolicyData, RequestData } from "../support/run.js";

export interface Row {
  readonly name: string;
  readonly expect: "ok" | FailureCode;
  readonly proof: (mint: Mint) => FieldValue;
  readonly request?: RequestData;
  readonly policy?: PolicyData;
}

const TOKEN = "Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU";
const ES256 = publicJwk("ES256");
const JKT_ES256 = createHash("sha256")
  .update(JSON.stringify({ crv: ES256.crv, kty: ES256.kty, x: ES256.x, y: ES256.y }))
  .digest("base64url");
const resource: RequestData = { accessToken: TOKEN, jkt: JKT_ES256 };

const claims = (
  name: string,
  overrides: Readonly<Record<string, unknown>>,
  expect: Row["expect"],
): Row => ({
  name,
  expect,
  proof: (mint) => mint({ claims: overrides }),
});

const header = (
  name: string,
  overrides: Readonly<Record<string, unknown>>,
  expect: Row["expect"],
): Row => ({
  name,
  expect,
  proof: (mint) => mint({ header: overrides }),
});

const text = (
  name: string,
  change: (proof: string) => string,
  expect: Row["expect"] = "jws_malformed",
): Row => ({
  name,
  expect,
  proof: (mint) => change(mint()),
});

const parts = (proof: string): readonly [string, string, string] => {
  const [head = "", payload = "", signature = ""] = proof.split(".");
  return [head, payload, signature];
};

const payloadText = (json: string): string =>
  json.replaceAll("IAT", String(NOW)).replaceAll("HTU", TOKEN_URL);
const rawPayload = (
  name: string,
  json: string | Uint8Array,
  expect: Row["expect"] = "jws_malformed",
): Row => ({
  name,
  expect,
  proof: (mint) => mint({ rawPayload: typeof json === "string" ? payloadText(json) : json }),
});

const rawHeader = (name: string, json: string, expect: Row["expect"] = "jws_malformed"): Row => ({
  name,
  expect,
  proof: (mint) => mint({ rawHeader: json.replaceAll("JWK", JSON.stringify(ES256)) }),
});

/** Members with names of their own, so many. */
const members = (count: number): string =>
  Array.from({ length: count }, (_, i) => `"n${i}":0`).join(",");

const nested = (depth: number): string => "[".repeat(depth) + "]".repeat(depth);
const GOOD = `"jti":"a","htm":"POST","htu":"HTU","iat":IAT`;
const HEAD = `"typ":"dpop+jwt","alg":"ES256"`;

export const examples: readonly Row[] = [
  { name: "RFC 9449 4.1: token request", expect: "ok", proof: () => P1, request: { jkt: JKT } },
  {
    name: "RFC 9449 5: refresh request",
    expect: "ok",
    proof: () => P2,
    request: { now: 1_562_265_296 },
  },
  {
    name: "RFC 9449 7.1: protected resource",
    expect: "ok",
    proof: () => P3,
    request: {
      method: "GET",
      url: RESOURCE,
      now: 1_562_262_618,
      accessToken: ACCESS_TOKEN,
      jkt: JKT,
    },
  },
  { name: "draft-fett-04: token request is accepted today", expect: "ok", proof: () => P1 },
  {
    name: "draft-fett-04: resource request is refused for the missing ath",
    expect: "ath_missing",
    proof: () => FETT_RESOURCE,
    request: {
      method: "GET",
      url: RESOURCE,
      now: 1_562_262_618,
      accessToken: ACCESS_TOKEN,
      jkt: JKT,
    },
  },
];

export const item1: readonly Row[] = [
  { name: "one field", expect: "ok", proof: (mint) => mint() },
  { name: "one field in a list", expect: "ok", proof: (mint) => [mint()] },
  { name: "no field", expect: "proof_missing", proof: () => undefined },
  { name: "null", expect: "proof_missing", proof: () => null },
  { name: "an empty field", expect: "proof_missing", proof: () => "" },
  { name: "an empty list", expect: "proof_missing", proof: () => [] },
  { name: "an empty field in a list", expect: "proof_missing", proof: () => [""] },
  { name: "two fields", expect: "proof_multiple", proof: (mint) => [mint(), mint()] },
  { name: "two fields that are equal", expect: "proof_multiple", proof: () => [P1, P1] },
  { name: "a good field and an empty one", expect: "proof_multiple", proof: () => [P1, ""] },
  { name: "an empty field and a good one", expect: "proof_multiple", proof: () => ["", P1] },
  { name: "two empty fields", expect: "proof_multiple", proof: () => ["", ""] },
  {
    name: "two fields joined by a comma and a space",
    expect: "proof_multiple",
    proof: () => `${P1}, ${P1}`,
  },
  { name: "two fields joined by a comma", expect: "proof_multiple", proof: () => `${P1},${P1}` },
  { name: "a trailing comma", expect: "proof_multiple", proof: () => `${P1},` },
  { name: "a joined field in a list", expect: "proof_multiple", proof: () => [`${P1}, ${P1}`] },
];

export const item2: readonly Row[] = [
  { name: "a proof as long as the limit", expect: "ok", proof: (mint) => padded(mint, 8192) },
  {
    name: "a proof one character longer",
    expect: "proof_too_large",
    proof: (mint) => padded(mint, 8193),
  },
  {
    name: "a limit that is lower",
    expect: "proof_too_large",
    proof: (mint) => mint(),
    policy: { limits: { proof: 100 } },
  },
  {
    name: "a limit that is higher",
    expect: "ok",
    proof: (mint) => padded(mint, 10_000),
    policy: { limits: { proof: 10_000 } },
  },
  text("no dots", () => "abc"),
  text("one dot", (proof) => parts(proof).slice(0, 2).join(".")),
  text("a fourth segment", (proof) => `${proof}.AA`),
  text("a trailing dot", (proof) => `${proof}.`),
  text("a leading dot", (proof) => `.${proof}`),
  text("an empty header", (proof) => `.${parts(proof).slice(1).join(".")}`),
  text("an empty payload", (proof) => `${parts(proof)[0]}..${parts(proof)[2]}`),
  text("an empty signature", (proof) => `${parts(proof)[0]}.${parts(proof)[1]}.`),
  text("five segments, as of a JWE", (proof) => `${proof}.AA.AA`),
  text("the JSON serialization", (proof) =>
    JSON.stringify({ payload: parts(proof)[1] }).replaceAll(",", " "),
  ),
  text("padding", (proof) => `${proof}==`),
  text("padding inside", (proof) => proof.replace(".", "=.")),
  text("a space before", (proof) => ` ${proof}`),
  text("a space after", (proof) => `${proof} `),
  text("a line break after", (proof) => `${proof}\n`),
  text("a tab inside", (proof) => proof.replace(".", "\t.")),
  text(
    "the other base64 alphabet",
    (proof) => `${parts(proof).slice(0, 2).join(".")}.${"+/".repeat(43)}`,
  ),
  text("a character outside ASCII", (proof) => proof.replace("e", "é")),
  text("a full-width letter", (proof) => proof.replace("e", "ｅ")),
  text("a NUL", (proof) => `${proof}\0`),
  text(
    "a signature of length 1 modulo 4",
    (proof) => `${parts(proof).slice(0, 2).join(".")}.AAAAA`,
  ),
  text("unused bits of the signature set", (proof) => {
    const [head, payload, signature] = parts(proof);
    return `${head}.${payload}.${signature.slice(0, 85)}${nextSextet(signature.charAt(85))}`;
  }),
  rawHeader("a header that is not JSON", "typ: dpop+jwt"),
  rawHeader("a header that is an array", `[{${HEAD}}]`),
  rawHeader("a header that is a string", `"dpop+jwt"`),
  rawHeader("a header that is null", "null"),
  rawHeader("a comment in the header", `{${HEAD}/* */,"jwk":JWK}`),
  rawHeader("a comma at the end of the header", `{${HEAD},"jwk":JWK,}`),
  rawHeader("a header member twice", `{${HEAD},"alg":"ES256","jwk":JWK}`),
  rawHeader("a header member twice, once escaped", `{${HEAD},"\\u0061lg":"none","jwk":JWK}`),
  rawHeader("a jwk member twice", `{${HEAD},"jwk":{"kty":"EC","kty":"EC"}}`),
  rawHeader("white space in the header", ` { ${HEAD} ,\n\t"jwk" : JWK } `, "ok"),
  rawHeader("a member __proto__ in the header", `{${HEAD},"jwk":JWK,"__proto__":{"crit":["x"]}}`),
  rawHeader("a member __proto__ in the header, escaped", `{${HEAD},"jwk":JWK,"__prot\\u006f__":0}`),
  rawHeader("a member __proto__ deep in the header", `{${HEAD},"jwk":JWK,"x":[{"__proto__":0}]}`),
  rawHeader("a member __proto__ in the jwk", `{${HEAD},"jwk":{"__proto__":JWK}}`),
  rawHeader("a jwk only in __proto__", `{${HEAD},"__proto__":{"jwk":JWK}}`),
  rawHeader("__proto__ as a value", `{${HEAD},"jwk":JWK,"x":["__proto__"]}`, "ok"),
  rawHeader("a header of 64 members", `{${HEAD},"jwk":JWK,${members(61)}}`, "ok"),
  rawHeader("a header of 65 members", `{${HEAD},"jwk":JWK,${members(62)}}`),
  rawPayload("a payload that is not JSON", "jti=a"),
  rawPayload("a payload that is an array", `[${nested(2)}]`),
  rawPayload("a payload that is a number", "1562262616"),
  rawPayload("a payload of nothing but spaces", "   "),
  rawPayload("text after the payload", `{${GOOD}}{}`),
  rawPayload("a claim twice", `{${GOOD},"htm":"POST"}`),
  rawPayload("a claim twice, deep inside", `{${GOOD},"x":[{"y":1,"z":{"a":1,"a":2}}]}`),
  rawPayload("a claim twice, once escaped", `{${GOOD},"\\u006a\\u0074\\u0069":"b"}`),
  rawPayload(
    "one name in two objects",
    `{${GOOD},"x":{"a":1},"y":{"a":1},"z":[{"a":1},{"a":1}]}`,
    "ok",
  ),
  rawPayload("one name as a claim and as a value", `{${GOOD},"x":"jti","y":["x","x"]}`, "ok"),
  rawPayload(
    "quotes, brackets and commas in strings",
    `{${GOOD},"x":"\\",{[}]\\\\","y":"{\\"jti\\":1}"}`,
    "ok",
  ),
  rawPayload("nesting as deep as the bound", `{${GOOD},"x":${nested(15)}}`, "ok"),
  rawPayload("nesting one deeper", `{${GOOD},"x":${nested(16)}}`),
  rawPayload("claims in __proto__ alone", `{"__proto__":{${GOOD}}}`),
  rawPayload("a member __proto__ beside the claims", `{${GOOD},"__proto__":{"ath":"x"}}`),
  rawPayload("a claim __proto__, escaped", `{${GOOD},"\\u005f_proto__":null}`),
  rawPayload("a member __proto__ deep in the claims", `{${GOOD},"x":{"y":[[{"__proto__":0}]]}}`),
  rawPayload("64 claims", `{${GOOD},${members(60)}}`, "ok"),
  rawPayload("65 claims", `{${GOOD},${members(61)}}`),
  rawPayload("a claim of 65 members", `{${GOOD},"x":{${members(65)}}}`),
  // The four that must be there, x, and its elements.
  rawPayload("128 claims and elements", `{${GOOD},"x":[${"0,".repeat(122)}0]}`, "ok"),
  rawPayload("129 claims and elements", `{${GOOD},"x":[${"0,".repeat(123)}0]}`),
  rawPayload("128 claims and empty objects", `{${GOOD},"x":[${"{},".repeat(61)}0]}`, "ok"),
  rawPayload("129 claims and empty arrays", `{${GOOD},"x":[${"[],".repeat(62)}0]}`),
  rawPayload("a number of a thousand digits", `{${GOOD},"x":${"9".repeat(1024)}}`),
  rawPayload("a byte-order mark", Buffer.from(`\uFEFF${payloadText(`{${GOOD}}`)}`)),
  rawPayload("bytes that are no UTF-8", Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d])),
  rawPayload("an overlong form", Buffer.from([0x7b, 0x22, 0xc1, 0xa1, 0x22, 0x3a, 0x31, 0x7d])),
  rawPayload(
    "a surrogate in UTF-8",
    Buffer.from([0x7b, 0x22, 0xed, 0xa0, 0x80, 0x22, 0x3a, 0x31, 0x7d]),
  ),
  rawPayload("UTF-16", Buffer.from(payloadText(`{${GOOD}}`), "utf16le")),
  rawPayload("text outside ASCII", `{${GOOD},"x":"żółw 🐢"}`, "ok"),
  header("crit", { crit: ["exp"], exp: 1 }, "crit_unsupported"),
  header("crit that is empty", { crit: [] }, "crit_unsupported"),
  header("crit that is null", { crit: null }, "crit_unsupported"),
  header("b64 with crit", { crit: ["b64"], b64: false }, "crit_unsupported"),
  header("b64 without crit", { b64: false }, "crit_unsupported"),
  header("b64 that is true", { b64: true }, "crit_unsupported"),
  header(
    "jku, x5u, x5c and kid, which are ignored",
    { jku: "https://evil.example", x5u: "x", x5c: [1], kid: 7 },
    "ok",
  ),
  header("an unknown header parameter", { "urn:example": { a: [1, 2] } }, "ok"),
];

export const item3: readonly Row[] = [
  claims("no jti", { jti: undefined }, "claim_missing"),
  claims("no htm", { htm: undefined }, "claim_missing"),
  claims("no htu", { htu: undefined }, "claim_missing"),
  claims("no iat", { iat: undefined }, "claim_missing"),
  rawPayload("no claims at all", "{}", "claim_missing"),
  claims("jti null", { jti: null }, "claim_invalid"),
  claims("jti a number", { jti: 1 }, "claim_invalid"),
  claims("jti a list", { jti: ["a"] }, "claim_invalid"),
  claims("jti an object", { jti: { toString: "a" } }, "claim_invalid"),
  claims("jti true", { jti: true }, "claim_invalid"),
  claims("jti empty", { jti: "" }, "claim_invalid"),
  rawPayload(
    "jti with a lone surrogate",
    `{"jti":"\\ud800","htm":"POST","htu":"HTU","iat":IAT}`,
    "claim_invalid",
  ),
  rawPayload(
    "jti with surrogates in the wrong order",
    `{"jti":"\\udc00\\ud800","htm":"POST","htu":"HTU","iat":IAT}`,
    "claim_invalid",
  ),
  rawPayload(
    "jti with an escaped pair",
    `{"jti":"\\ud83d\\udc22","htm":"POST","htu":"HTU","iat":IAT}`,
    "ok",
  ),
  claims("jti as long as the limit", { jti: "j".repeat(256) }, "ok"),
  claims("jti one longer", { jti: "j".repeat(257) }, "claim_too_long"),
  claims("jti outside ASCII", { jti: "żółw" }, "ok"),
  claims("htm a number", { htm: 1 }, "claim_invalid"),
  claims("htm a list", { htm: ["POST"] }, "claim_invalid"),
  claims("htm empty", { htm: "" }, "claim_invalid"),
  claims("htu a number", { htu: 1 }, "claim_invalid"),
  claims("htu a list", { htu: [TOKEN_URL] }, "claim_invalid"),
  claims("htu empty", { htu: "" }, "claim_invalid"),
  claims(
    "htu as long as the limit",
    { htu: `${TOKEN_URL}?${"x".repeat(4096 - TOKEN_URL.length - 1)}` },
    "ok",
  ),
  claims(
    "htu one longer",
    { htu: `${TOKEN_URL}?${"x".repeat(4096 - TOKEN_URL.length)}` },
    "claim_too_long",
  ),
  claims("iat a string", { iat: String(NOW) }, "claim_invalid"),
  claims("iat null", { iat: null }, "claim_invalid"),
  claims("iat a list", { iat: [NOW] }, "claim_invalid"),
  claims("iat a date", { iat: "2019-07-04T17:50:16Z" }, "claim_invalid"),
  rawPayload(
    "iat past every number",
    `{"jti":"a","htm":"POST","htu":"HTU","iat":1e400}`,
    "claim_invalid",
  ),
  rawPayload(
    "iat far below every number",
    `{"jti":"a","htm":"POST","htu":"HTU","iat":-1e400}`,
    "claim_invalid",
  ),
  rawPayload("iat NaN", `{"jti":"a","htm":"POST","htu":"HTU","iat":NaN}`),
  rawPayload(
    "iat with an exponent",
    `{"jti":"a","htm":"POST","htu":"HTU","iat":1562262616e0}`,
    "ok",
  ),
  claims("ath a number", { ath: 1 }, "claim_invalid"),
  claims("ath null", { ath: null }, "claim_invalid"),
  claims("ath empty", { ath: "" }, "claim_invalid"),
  claims("nonce a number", { nonce: 1 }, "claim_invalid"),
  claims("nonce empty", { nonce: "" }, "claim_invalid"),
  claims("nonce as long as the limit", { nonce: "n".repeat(1024) }, "ok"),
  claims("nonce one longer", { nonce: "n".repeat(1025) }, "claim_too_long"),
  claims("exp a string", { exp: "9999999999" }, "claim_invalid"),
  claims("nbf a string", { nbf: "0" }, "claim_invalid"),
  claims("exp null", { exp: null }, "claim_invalid"),
  claims("unknown claims", { "urn:example": 1, aud: "x", iss: ["y"], sub: { a: null } }, "ok"),
  {
    name: "limits that are lower",
    expect: "claim_too_long",
    proof: (mint) => mint(),
    policy: { limits: { jti: 15 } },
  },
];

export const item4: readonly Row[] = [
  header("typ dpop+jwt", { typ: "dpop+jwt" }, "ok"),
  header("no typ", { typ: undefined }, "typ_mismatch"),
  header("typ JWT", { typ: "JWT" }, "typ_mismatch"),
  header("typ at+jwt: a stolen access token", { typ: "at+jwt" }, "typ_mismatch"),
  header("typ in capitals", { typ: "DPOP+JWT" }, "typ_mismatch"),
  header("typ with its prefix", { typ: "application/dpop+jwt" }, "typ_mismatch"),
  header("typ with more behind it", { typ: "dpop+jwt+wrongyousee" }, "typ_mismatch"),
  header("typ with a space", { typ: "dpop+jwt " }, "typ_mismatch"),
  header("typ a number", { typ: 5 }, "typ_mismatch"),
  header("typ a list", { typ: ["dpop+jwt"] }, "typ_mismatch"),
  header("typ null", { typ: null }, "typ_mismatch"),
];

export const item5: readonly Row[] = [
  header("ES256", { alg: "ES256" }, "ok"),
  { name: "Ed25519", expect: "ok", proof: (mint) => mint({ key: "Ed25519" }) },
  {
    name: "EdDSA",
    expect: "ok",
    proof: (mint) => mint({ key: "Ed25519", header: { alg: "EdDSA" } }),
  },
  { name: "ES384, by default", expect: "alg_unsupported", proof: (mint) => mint({ key: "ES384" }) },
  {
    name: "ES384, where it is asked for",
    expect: "ok",
    proof: (mint) => mint({ key: "ES384" }),
    policy: { algs: ["ES384"] },
  },
  {
    name: "ES512, where it is asked for",
    expect: "ok",
    proof: (mint) => mint({ key: "ES512" }),
    policy: { algs: ["ES512"] },
  },
  {
    name: "ES256, where it is not asked for",
    expect: "alg_unsupported",
    proof: (mint) => mint(),
    policy: { algs: ["EdDSA"] },
  },
  {
    name: "Ed25519, where only the label EdDSA is accepted",
    expect: "alg_unsupported",
    proof: (mint) => mint({ key: "Ed25519" }),
    policy: { algs: ["EdDSA"] },
  },
  {
    name: "RS256, which noble has not",
    expect: "alg_unsupported",
    proof: (mint) => mint({ key: "RS256" }),
  },
  header("no alg", { alg: undefined }, "alg_unsupported"),
  header("none", { alg: "none" }, "alg_unsupported"),
  header("None", { alg: "None" }, "alg_unsupported"),
  header("HS256 with the public key as its secret", { alg: "HS256" }, "alg_unsupported"),
  header("ES256K", { alg: "ES256K" }, "alg_unsupported"),
  header("es256", { alg: "es256" }, "alg_unsupported"),
  header("alg null", { alg: null }, "alg_unsupported"),
  header("alg a number", { alg: 256 }, "alg_unsupported"),
  header("alg a list", { alg: ["ES256"] }, "alg_unsupported"),
  header("alg __proto__", { alg: "__proto__" }, "alg_unsupported"),
  header("alg constructor", { alg: "constructor" }, "alg_unsupported"),
];

const jwk = (
  name: string,
  overrides: Readonly<Record<string, unknown>>,
  expect: Row["expect"],
): Row => ({
  name,
  expect,
  proof: (mint) => mint({ header: { jwk: { ...ES256, ...overrides } } }),
});

const signature = (name: string, change: (signature: Uint8Array) => Uint8Array): Row => ({
  name,
  expect: "signature_invalid",
  proof: (mint) => mint({ signature: change }),
});

const edX = (name: string, hex: string): Row => ({
  name,
  expect: "jwk_invalid",
  proof: (mint) =>
    mint({
      key: "Ed25519",
      header: { jwk: { kty: "OKP", crv: "Ed25519", x: b64(Buffer.from(hex, "hex")) } },
    }),
});

const flip = (bytes: Uint8Array, index: number): Uint8Array =>
  Uint8Array.from(bytes, (byte, i) => (i === index ? byte ^ 1 : byte));

export const item6: readonly Row[] = [
  {
    name: "signed by another key",
    expect: "signature_invalid",
    proof: (mint) => mint({ signer: "otherES256" }),
  },
  {
    name: "signed by another Ed25519 key",
    expect: "signature_invalid",
    proof: (mint) => mint({ key: "Ed25519", signer: "otherEd25519" }),
  },
  signature("a bit of r changed", (bytes) => flip(bytes, 0)),
  signature("a bit of s changed", (bytes) => flip(bytes, 63)),
  signature("nothing but zeros", () => new Uint8Array(64)),
  signature("one byte short", (bytes) => bytes.subarray(1)),
  signature("one byte long", (bytes) => Buffer.concat([bytes, Buffer.from([0])])),
  signature("one byte", () => Buffer.from([1])),
  signature("DER instead of R||S", () => Buffer.from("3006020101020101", "hex")),
  signature("as long as that of P-521", (bytes) => Buffer.concat([bytes, new Uint8Array(68)])),
  {
    name: "the payload of another proof",
    expect: "signature_invalid",
    proof: (mint) => {
      const [head, , signed] = parts(mint());
      return `${head}.${parts(mint({ claims: { jti: "another" } }))[1]}.${signed}`;
    },
  },
  {
    name: "the jwk of another key",
    expect: "signature_invalid",
    proof: (mint) => mint({ header: { jwk: publicJwk("otherES256") } }),
  },
  header("no jwk", { jwk: undefined }, "jwk_invalid"),
  header("jwk null", { jwk: null }, "jwk_invalid"),
  header("jwk a string", { jwk: JSON.stringify(ES256) }, "jwk_invalid"),
  header("jwk a list", { jwk: [ES256] }, "jwk_invalid"),
  header("jwk empty", { jwk: {} }, "jwk_alg_mismatch"),
  jwk("unknown members of the jwk", { kid: "1", ext: true, x5c: ["x"], "urn:example": 1 }, "ok"),
  jwk("no x", { x: undefined }, "jwk_invalid"),
  jwk("x a number", { x: 1 }, "jwk_invalid"),
  jwk("x empty", { x: "" }, "jwk_invalid"),
  jwk("x with padding", { x: `${ES256.x}=` }, "jwk_invalid"),
  jwk(
    "x one byte short",
    { x: b64(Buffer.from(ES256.x ?? "", "base64url").subarray(1)) },
    "jwk_invalid",
  ),
  jwk(
    "x with a leading zero",
    { x: b64(Buffer.concat([Buffer.from([0]), Buffer.from(ES256.x ?? "", "base64url")])) },
    "jwk_invalid",
  ),
  jwk(
    "unused bits of x set",
    { x: (ES256.x ?? "").slice(0, 42) + nextSextet((ES256.x ?? "").charAt(42)) },
    "jwk_invalid",
  ),
  jwk("x and y swapped: not on the curve", { x: ES256.y, y: ES256.x }, "jwk_invalid"),
  jwk("the point 0, 0", { x: "A".repeat(43), y: "A".repeat(43) }, "jwk_invalid"),
  jwk(
    "y = p",
    {
      y: b64(
        Buffer.from("ffffffff00000001000000000000000000000000ffffffffffffffffffffffff", "hex"),
      ),
    },
    "jwk_invalid",
  ),
  jwk("y of nothing but ones", { y: b64(Buffer.alloc(32, 255)) }, "jwk_invalid"),
  jwk("another curve", { crv: "P-384" }, "jwk_alg_mismatch"),
  jwk("no curve", { crv: undefined }, "jwk_alg_mismatch"),
  jwk("secp256k1", { crv: "secp256k1" }, "jwk_alg_mismatch"),
  jwk("another kty", { kty: "OKP" }, "jwk_alg_mismatch"),
  jwk("no kty", { kty: undefined }, "jwk_alg_mismatch"),
  jwk("kty in small letters", { kty: "ec" }, "jwk_alg_mismatch"),
  jwk("alg of the jwk that agrees", { alg: "ES256" }, "ok"),
  jwk("alg of the jwk that contradicts", { alg: "ES384" }, "jwk_alg_mismatch"),
  jwk("alg of the jwk of another curve", { alg: "EdDSA" }, "jwk_alg_mismatch"),
  jwk("alg of the jwk a number", { alg: 1 }, "jwk_alg_mismatch"),
  jwk("use sig", { use: "sig" }, "ok"),
  jwk("use that nobody knows", { use: "signing" }, "jwk_invalid"),
  jwk("use enc", { use: "enc" }, "jwk_invalid"),
  jwk("key_ops verify", { key_ops: ["verify"] }, "ok"),
  jwk("key_ops without verify", { key_ops: ["deriveBits"] }, "jwk_invalid"),
  jwk("key_ops with an object", { key_ops: ["verify", {}] }, "jwk_invalid"),
  jwk("key_ops empty", { key_ops: [] }, "jwk_invalid"),
  jwk("key_ops twice the same", { key_ops: ["verify", "verify"] }, "jwk_invalid"),
  jwk("key_ops a string", { key_ops: "verify" }, "jwk_invalid"),
  {
    name: "an EC key under EdDSA",
    expect: "jwk_alg_mismatch",
    proof: (mint) => mint({ header: { alg: "EdDSA" } }),
  },
  {
    name: "an Ed25519 key under ES256",
    expect: "jwk_alg_mismatch",
    proof: (mint) => mint({ key: "Ed25519", header: { alg: "ES256" } }),
  },
  {
    name: "X25519, which can not sign",
    expect: "jwk_alg_mismatch",
    proof: (mint) =>
      mint({ key: "Ed25519", header: { jwk: { ...publicJwk("Ed25519"), crv: "X25519" } } }),
  },
  {
    name: "an Ed25519 key without crv",
    expect: "jwk_alg_mismatch",
    proof: (mint) =>
      mint({ key: "Ed25519", header: { jwk: { ...publicJwk("Ed25519"), crv: undefined } } }),
  },
  {
    name: "alg Ed25519 in the jwk under the label EdDSA",
    expect: "ok",
    proof: (mint) =>
      mint({
        key: "Ed25519",
        header: { alg: "EdDSA", jwk: { ...publicJwk("Ed25519"), alg: "Ed25519" } },
      }),
  },
  edX("a small-order A: y = 1", `01${"00".repeat(31)}`),
  edX("a small-order A: y = 1 with the sign bit", `01${"00".repeat(30)}80`),
  edX("a small-order A: y = -1", `ec${"ff".repeat(30)}7f`),
  edX("a small-order A: y = 0", "00".repeat(32)),
  edX("a small-order A: y = 0 with the sign bit", `${"00".repeat(31)}80`),
  edX(
    "a small-order A: order 8",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
  ),
  edX(
    "a small-order A: order 8, the other",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
  ),
  edX(
    "a small-order A: order 8 with the sign bit",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
  ),
  edX("a non-canonical A: y = p", `ed${"ff".repeat(30)}7f`),
  edX("a non-canonical A: y = p + 1", `ee${"ff".repeat(30)}7f`),
  edX("a non-canonical A: y = p + 1 with the sign bit", `ee${"ff".repeat(30)}ff`),
  edX("an A that is not on the curve: y = 2", `02${"00".repeat(31)}`),
];

const PRIVATE = ["d", "p", "q", "dp", "dq", "qi", "oth", "k", "priv"];

export const item7: readonly Row[] = [
  { name: "no private member", expect: "ok", proof: (mint) => mint() },
  ...PRIVATE.map((member) =>
    jwk(`the private member ${member}`, { [member]: "AQAB" }, "jwk_private"),
  ),
  ...PRIVATE.map((member) =>
    jwk(`the private member ${member} null`, { [member]: null }, "jwk_private"),
  ),
  jwk("the private member d empty", { d: "" }, "jwk_private"),
  jwk("the private member d a number", { d: 0 }, "jwk_private"),
  {
    name: "a symmetric key",
    expect: "jwk_private",
    proof: (mint) => mint({ header: { jwk: { kty: "oct", k: "AQAB" } } }),
  },
];

const htm = (name: string, method: string, claimed: string, expect: Row["expect"]): Row => ({
  name,
  expect,
  proof: (mint) => mint({ claims: { htm: claimed } }),
  request: { method },
});

export const item8: readonly Row[] = [
  htm("the same method", "POST", "POST", "ok"),
  htm("another method", "POST", "GET", "htm_mismatch"),
  htm("another case (RFC 9110 9.1)", "POST", "post", "htm_mismatch"),
  htm("a method of small letters", "post", "post", "ok"),
  htm("a space behind it", "POST", "POST ", "htm_mismatch"),
  htm("a method that is a prefix", "POST", "POS", "htm_mismatch"),
  htm("an extension method", "M-SEARCH", "M-SEARCH", "ok"),
  htm("an empty method of ours", "", "POST", "htm_mismatch"),
  htm("text outside ASCII", "POST", "PÖST", "htm_mismatch"),
];

const htu = (name: string, claimed: string, expect: Row["expect"], url?: string): Row => ({
  name,
  expect,
  proof: (mint) => mint({ claims: { htu: claimed } }),
  ...(url === undefined ? {} : { request: { url } }),
});

export const item9: readonly Row[] = [
  htu("the same URI", TOKEN_URL, "ok"),
  htu("a query and a fragment in the htu", `${TOKEN_URL}?a=b#c`, "ok"),
  htu("a query and a fragment in the request", TOKEN_URL, "ok", `${TOKEN_URL}?a=b&c#d`),
  htu("different queries", `${TOKEN_URL}?a`, "ok", `${TOKEN_URL}?b`),
  htu("capitals in scheme and host", "HTTPS://SERVER.EXAMPLE.COM/token", "ok"),
  htu("the default port", "https://server.example.com:443/token", "ok"),
  htu("an empty port", "https://server.example.com:/token", "ok"),
  htu("dot segments", "https://server.example.com/a/../b/./../token", "ok"),
  htu("an escape of an unreserved character", "https://server.example.com/%74oken", "ok"),
  htu(
    "small hexadecimal digits",
    "https://server.example.com/a%2Fb",
    "ok",
    "https://server.example.com/a%2fb",
  ),
  htu("no path and a slash", "https://server.example.com", "ok", "https://server.example.com/"),
  htu("another path", "https://server.example.com/other", "htu_mismatch"),
  htu("another case of the path", "https://server.example.com/Token", "htu_mismatch"),
  htu("a trailing slash", "https://server.example.com/token/", "htu_mismatch"),
  htu("a doubled slash", "https://server.example.com//token", "htu_mismatch"),
  htu("an escaped slash", "https://server.example.com%2Ftoken", "htu_mismatch"),
  htu("another host", "https://other.example.com/token", "htu_mismatch"),
  htu("a host with a dot behind it", "https://server.example.com./token", "htu_mismatch"),
  htu("another port", "https://server.example.com:8443/token", "htu_mismatch"),
  htu(
    "the default port of the other scheme",
    "https://server.example.com:80/token",
    "htu_mismatch",
  ),
  htu("another scheme", "http://server.example.com/token", "htu_mismatch"),
  htu("a path alone", "/token", "htu_invalid"),
  htu("a host alone", "server.example.com/token", "htu_invalid"),
  htu("a user name", "https://server.example.com@evil.example/token", "htu_invalid"),
  htu("a missing slash", "https:/server.example.com/token", "htu_invalid"),
  htu("backslashes", "https:\\\\server.example.com\\token", "htu_invalid"),
  htu("a backslash in the path", "https://server.example.com\\token", "htu_invalid"),
  htu("a space before", " https://server.example.com/token", "htu_invalid"),
  htu("a space after", "https://server.example.com/token ", "htu_invalid"),
  htu("a line break", "https://server.example.com/to\nken", "htu_invalid"),
  htu("text outside ASCII", "https://sęrver.example.com/token", "htu_invalid"),
  htu("a broken escape", "https://server.example.com/token%2", "htu_invalid"),
  htu("another protocol", "ftp://server.example.com/token", "htu_invalid"),
  htu("a request URL with a space", TOKEN_URL, "url_invalid", "https://server.example.com/to ken"),
  htu(
    "a request URL with a user name",
    TOKEN_URL,
    "url_invalid",
    "https://a@server.example.com/token",
  ),
  htu("a request URL without a host", TOKEN_URL, "url_invalid", "https:///token"),
  htu(
    "the same bad URL on both sides",
    "https://server.example.com/%",
    "url_invalid",
    "https://server.example.com/%",
  ),
];

const nonce = (
  name: string,
  claimed: unknown,
  expect: Row["expect"],
  more: Partial<NonNullable<PolicyData["nonce"]>> = {},
  over: Readonly<Record<string, unknown>> = {},
): Row => ({
  name,
  expect,
  proof: (mint) => mint({ claims: { nonce: claimed, ...over } }),
  policy: { nonce: { accept: "fresh", nextNonce: "next", ...more } },
});

const optional = (name: string, value: string | undefined, expect: Row["expect"]): Row => ({
  ...nonce(name, value, expect, { acceptUntil: NOW + 1000 }),
  policy: { nonce: { accept: "fresh", acceptUntil: NOW + 1000 }, noncePolicy: "optional" },
});

export const item10: readonly Row[] = [
  nonce("the nonce that was handed out", "fresh", "ok"),
  nonce("a nonce that should be renewed", "fresh", "ok", { status: "renew" }),
  nonce("no nonce (11.3: no way back)", undefined, "nonce_missing"),
  nonce("another nonce", "stale", "nonce_mismatch"),
  nonce("another case", "FRESH", "nonce_mismatch"),
  nonce("a nonce that is valid no longer", "fresh", "nonce_mismatch", { acceptUntil: NOW - 1 }),
  nonce("a nonce that is valid this second", "fresh", "ok", { acceptUntil: NOW }),
  claims("a nonce where none is asked for", { nonce: "whatever" }, "ok"),
  optional("no nonce where it is optional", undefined, "ok"),
  optional("the nonce that was handed out, where it is optional", "fresh", "ok"),
  optional("another nonce where it is optional", "stale", "nonce_mismatch"),
  {
    ...optional("an old proof without the nonce that is optional", undefined, "iat_too_old"),
    request: { now: NOW + 61 },
  },
];

const at = (name: string, offset: number, expect: Row["expect"], policy: PolicyData = {}): Row => ({
  name,
  expect,
  proof: (mint) => mint({ claims: { iat: NOW + offset } }),
  policy,
});

export const item11: readonly Row[] = [
  at("created now", 0, "ok"),
  at("60 seconds old", -60, "ok"),
  at("60.5 seconds old", -60.5, "iat_too_old"),
  at("61 seconds old", -61, "iat_too_old"),
  at("an hour old", -3600, "iat_too_old"),
  at("15 seconds ahead", 15, "ok"),
  at("15.5 seconds ahead", 15.5, "iat_in_future"),
  at("16 seconds ahead", 16, "iat_in_future"),
  at("an hour ahead", 3600, "iat_in_future"),
  at("in 2100", 2_540_000_000, "iat_in_future"),
  at("in milliseconds", NOW * 999, "iat_in_future"),
  at("before 1970", -NOW - 1, "iat_too_old"),
  at("0.25 seconds ago", -0.25, "ok"),
  at("a longer maxAge", -300, "ok", { maxAge: 300 }),
  at("a longer maxAge, one second over it", -301, "iat_too_old", { maxAge: 300 }),
  at("a shorter maxAge", -6, "iat_too_old", { maxAge: 5 }),
  at("no tolerance", 1, "iat_in_future", { clockTolerance: 0 }),
  at("the tolerance is not added to the past", -70, "iat_too_old", { clockTolerance: 60 }),
  nonce(
    "an hour old, the nonce saying when",
    "fresh",
    "ok",
    { acceptUntil: NOW + 5 },
    { iat: NOW - 3600 },
  ),
  nonce(
    "an hour ahead, the nonce saying when",
    "fresh",
    "ok",
    { acceptUntil: NOW + 5 },
    { iat: NOW + 3600 },
  ),
  nonce(
    "an hour old, the nonce saying nothing of time",
    "fresh",
    "iat_too_old",
    {},
    { iat: NOW - 3600 },
  ),
  claims("exp to come, nbf now (FAPI)", { exp: NOW + 300, nbf: NOW }, "ok"),
  claims("exp now", { exp: NOW }, "proof_expired"),
  claims("exp past", { exp: NOW - 1 }, "proof_expired"),
  claims("exp half a second ahead", { exp: NOW + 0.5 }, "ok"),
  claims("nbf 15 seconds ahead", { nbf: NOW + 15 }, "ok"),
  claims("nbf 16 seconds ahead", { nbf: NOW + 16 }, "proof_not_yet_valid"),
  nonce(
    "exp past, the nonce saying when",
    "fresh",
    "proof_expired",
    { acceptUntil: NOW + 5 },
    { exp: NOW },
  ),
];

const ath = (
  name: string,
  overrides: Readonly<Record<string, unknown>>,
  expect: Row["expect"],
  request: RequestData = resource,
): Row => ({
  name,
  expect,
  proof: (mint) => mint({ claims: overrides }),
  request,
});

export const item12: readonly Row[] = [
  ath("the hash of the token", { ath: ATH }, "ok"),
  ath("no ath", {}, "ath_missing"),
  ath(
    "the hash of another token",
    { ath: createHash("sha256").update("other").digest("base64url") },
    "ath_mismatch",
  ),
  ath("the token itself", { ath: TOKEN }, "ath_mismatch"),
  ath(
    "the hash in hexadecimal",
    { ath: createHash("sha256").update(TOKEN).digest("hex") },
    "ath_mismatch",
  ),
  ath("the hash with padding", { ath: `${ATH}=` }, "ath_mismatch"),
  ath("another case", { ath: ATH.toLowerCase() }, "ath_mismatch"),
  ath("another token of the request", { ath: ATH }, "ath_mismatch", {
    ...resource,
    accessToken: "other",
  }),
  ath(
    "a token that is empty",
    { ath: createHash("sha256").update("").digest("base64url") },
    "ath_mismatch",
    { ...resource, accessToken: "" },
  ),
  ath(
    "a token outside ASCII",
    { ath: createHash("sha256").update("tökén").digest("base64url") },
    "ath_mismatch",
    { ...resource, accessToken: "tökén" },
  ),
  ath(
    "a token with DEL",
    { ath: createHash("sha256").update("a\u007f").digest("base64url") },
    "ath_mismatch",
    { ...resource, accessToken: "a\u007f" },
  ),
  ath("a token with a lone surrogate", { ath: ATH }, "ath_mismatch", {
    ...resource,
    accessToken: "\ud800",
  }),
  ath("an ath at the token endpoint", { ath: ATH }, "ath_unexpected", {}),
  ath("the key that the token is bound to", { ath: ATH }, "ok", { ...resource, jkt: JKT_ES256 }),
  ath("another key", { ath: ATH }, "jkt_mismatch", { ...resource, jkt: JKT }),
  ath("another case of the thumbprint", { ath: ATH }, "jkt_mismatch", {
    ...resource,
    jkt: JKT_ES256.toLowerCase(),
  }),
  ath("a thumbprint that is empty", { ath: ATH }, "jkt_mismatch", { ...resource, jkt: "" }),
  ath("a thumbprint cut short", { ath: ATH }, "jkt_mismatch", {
    ...resource,
    jkt: JKT_ES256.slice(0, 42),
  }),
  ath("the key of a code or a refresh token", {}, "ok", { jkt: JKT_ES256 }),
  ath("another key than that of the code", {}, "jkt_mismatch", { jkt: JKT }),
  ath("another key than the client's own", {}, "ok", { clientKeyJkt: JKT }),
  ath("the key that the client authenticated with", {}, "client_key_reused", {
    clientKeyJkt: JKT_ES256,
  }),
];

const replay = (
  name: string,
  expect: Row["expect"],
  state: NonNullable<PolicyData["replay"]>,
): Row => ({
  name,
  expect,
  proof: (mint) => mint(),
  policy: { replay: state },
});

export const section111: readonly Row[] = [
  replay("the first use", "ok", "fresh"),
  replay("the second use", "jti_replayed", "seen"),
  replay("a store without room refuses", "replay_store_full", "full"),
];

/** The items of section 4.3 by their numbers, with the sentence that each stands for. */
export const ITEMS: readonly (readonly [number, string, readonly Row[]])[] = [
  [1, "there is not more than one DPoP header field", item1],
  [2, "the value is a single well-formed JWT", item2],
  [3, "all required claims are there, of the right type and size", item3],
  [4, "typ is dpop+jwt", item4],
  [5, "alg is an asymmetric algorithm that is supported and accepted", item5],
  [6, "the signature verifies with the public key in jwk", item6],
  [7, "jwk holds no private key", item7],
  [8, "htm matches the method of the request", item8],
  [9, "htu matches the URI of the request without query and fragment", item9],
  [10, "the nonce is the one that the server handed out", item10],
  [11, "the creation time is within an acceptable window", item11],
  [12, "with an access token, ath is its hash and the key is the one it is bound to", item12],
];

/** A proof of exactly so many characters, by the lengths of a header parameter and a claim. */
function padded(mint: Mint, length: number): string {
  for (let inHeader = 0; inHeader < 4; inHeader++) {
    const pad = (inClaims: number): string =>
      mint({ header: { pad: "x".repeat(inHeader) }, claims: { pad: "x".repeat(inClaims) } });
    const least = Math.floor(((length - pad(0).length) * 3) / 4) - 2;
    for (let inClaims = least; inClaims < least + 5; inClaims++) {
      if (pad(inClaims).length === length) return pad(inClaims);
    }
  }
  throw new Error("no padding gives that length");
}

/** The next character of the alphabet: the same bytes for a decoder that ignores unused bits. */
function nextSextet(character: string): string {
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  return alphabet.charAt(alphabet.indexOf(character) + 1);
}
