// The faults that people meet most: those of the list that this began with, and what reports tell besides.
import { createHash, createPrivateKey, sign } from "node:crypto";
import { createNonceIssuer, type FieldValue, type ProofRequest } from "dpop-core";
import type { Cause, ExplainOptions, RuleName } from "dpop-core/explain";
import { JKT_ES256, JKT_OTHER, privateJwk, publicJwk } from "../support/keys.js";
import { at, mint, type MintOptions, NOW } from "../support/mint.js";

export const API = "https://api.example/v1/things";
export const TOKEN = "eyJhbGciOiJFUzI1NiJ9.c2VjcmV0LXRva2Vu.c2lnbmF0dXJl";
const sha256 = (text: string | Buffer): Buffer => createHash("sha256").update(text).digest();
export const ath = (token: string): string => sha256(token).toString("base64url");

const secret = (byte: number): Uint8Array => Uint8Array.from({ length: 32 }, (_, i) => byte + i);
const issuer = (byte: number, audience: string) =>
  createNonceIssuer({ secrets: [secret(byte)], audience, clock: () => NOW });
const ours = issuer(1, "https://api.example");

/** A request that is refused, and why. */
export interface Fault {
  readonly rule: RuleName;
  readonly cause: Cause;
  /** What the first line says. */
  readonly says: RegExp;
  readonly proof?: MintOptions;
  readonly field?: (proof: string) => FieldValue;
  readonly request?: object;
  /** The algorithms that the server takes, where it is not the default. */
  readonly algs?: readonly ("EdDSA" | "RS256")[];
  readonly options?: Partial<Omit<ExplainOptions, "algs">>;
}

export const calls = (url: string, htu: string) => ({
  request: { url },
  proof: { claims: { htu } },
});
export const withToken = (claims: object, token = TOKEN, jkt = JKT_ES256) => ({
  proof: { claims: { ...claims } },
  request: { accessToken: token, jkt },
});

/** Signs again, in DER. */
const der = (proof: string): string => {
  const input = proof.slice(0, proof.lastIndexOf("."));
  const key = createPrivateKey({ key: privateJwk("ES256"), format: "jwk" });
  return `${input}.${sign("sha256", Buffer.from(input), key).toString("base64url")}`;
};
export const signedOtherwise =
  (change: (input: string) => string | Buffer) =>
  (proof: string): string => {
    const input = proof.slice(0, proof.lastIndexOf("."));
    const key = createPrivateKey({ key: privateJwk("ES256"), format: "jwk" });
    const data = Buffer.from(change(input));
    return `${input}.${sign("sha256", data, { key, dsaEncoding: "ieee-p1363" }).toString("base64url")}`;
  };
const { kty, crv, x, y } = publicJwk("ES256");

/** The best known first. */
export const FAULTS: Readonly<Record<string, Fault>> = {
  "proxy scheme": {
    ...calls("http://api.example/v1/things", API),
    rule: "htu",
    cause: "proxy_scheme",
    says: /TLS ends at a proxy/,
  },
  "proxy host": {
    ...calls("https://backend.internal/v1/things", API),
    rule: "htu",
    cause: "proxy_host",
    says: /another host: a proxy in front/,
  },
  "stripped prefix": {
    ...calls("https://api.example/things", API),
    rule: "htu",
    cause: "prefix_stripped",
    says: /start of the path is missing.*a proxy or a router/,
  },
  "mounted router": {
    ...calls("https://api.example/", API),
    rule: "htu",
    cause: "prefix_stripped",
    says: /start of the path is missing.*a proxy or a router/,
  },
  "trailing slash": {
    ...calls(`${API}/`, API),
    rule: "htu",
    cause: "trailing_slash",
    says: /a slash at its end/,
  },
  "encoded slash": {
    ...calls(`${API}/a/b`, `${API}/a%2Fb`),
    rule: "htu",
    cause: "encoded_slash",
    says: /%2F where the other has a slash/,
  },
  "wrong method": {
    proof: { claims: { htm: "GET" } },
    rule: "htm",
    cause: "method_override",
    says: /another method/,
  },
  "clock 5 min behind": {
    proof: { claims: { iat: NOW - 300 } },
    rule: "iat",
    cause: "clock_behind",
    says: /from the past: the clock .* behind.*5 min/,
  },
  "clock 5 min ahead": {
    proof: { claims: { iat: NOW + 300 } },
    rule: "iat",
    cause: "clock_ahead",
    says: /from the future: the clock .* ahead.*5 min/,
  },
  "ms for s": {
    proof: { claims: { iat: NOW * 1000 } },
    rule: "iat",
    cause: "milliseconds",
    says: /milliseconds/,
  },
  "stale nonce": {
    proof: { claims: { nonce: ours.issue(NOW - 600) } },
    options: { nonce: ours },
    rule: "nonce",
    cause: "nonce_expired",
    says: /nonce .* has expired .*10 min/,
  },
  "nonce of another server": {
    proof: { claims: { nonce: issuer(9, "https://as.example").issue() } },
    options: { nonce: ours },
    rule: "nonce",
    cause: "nonce_foreign",
    says: /nonce is not one of this server/,
  },
  "foreign token": {
    ...withToken({ ath: ath(`${TOKEN}x`) }),
    rule: "ath",
    cause: "other_token",
    says: /another access token/,
  },
  "token with DPoP in front": {
    ...withToken({ ath: ath(`DPoP ${TOKEN}`) }),
    rule: "ath",
    cause: "token_prefix",
    says: /scheme such as "DPoP " stands before the token/,
  },
  "thumbprint of another form": {
    request: { jkt: ath(JSON.stringify({ kty, crv, x, y })) },
    rule: "jkt",
    cause: "jkt_members",
    says: /thumbprint is of this key, but over other members/,
  },
  "DER signature": {
    field: (proof) => der(String(proof)),
    rule: "signature",
    cause: "signature_der",
    says: /signature is in DER/,
  },
  "wrong key": {
    ...withToken({ ath: ath(TOKEN) }, TOKEN, JKT_OTHER),
    rule: "jkt",
    cause: "other_key",
    says: /another key than the one that the token/,
  },
  "used proof": {
    options: { replay: { has: () => true } },
    rule: "replay",
    cause: "used",
    says: /was used before/,
  },
  "two headers joined": {
    field: (proof) => `${String(proof)}, ${mint({ claims: { jti: "another-jti" } })}`,
    rule: "single",
    cause: "fields_joined",
    says: /joined with a comma/,
  },
  "wrong typ": {
    proof: { header: { typ: "JWT" } },
    rule: "typ",
    cause: "typ_other",
    says: /typ is not dpop\+jwt/,
  },
  "private key in jwk": {
    proof: { header: { jwk: privateJwk("ES256") } },
    rule: "public",
    cause: "private_key",
    says: /jwk holds the private key/,
  },

  // Less common ones.
  "default port of the other scheme": {
    ...calls("https://api.example:80/v1/things", API),
    rule: "htu",
    cause: "port",
    says: /another port/,
  },
  "two slashes": {
    ...calls("https://api.example//v1/things", API),
    rule: "htu",
    cause: "double_slash",
    says: /two slashes/,
  },
  "decoded path": {
    ...calls("https://api.example/a b", "https://api.example/a%20b"),
    rule: "htu",
    cause: "decoded_path",
    says: /decoded on the way/,
  },
  "encoded twice": {
    ...calls("https://api.example/a%20b", "https://api.example/a%2520b"),
    rule: "htu",
    cause: "double_encoded",
    says: /encoded twice/,
  },
  "case of the path": {
    ...calls("https://api.example/V1/things", API),
    rule: "htu",
    cause: "path_case",
    says: /capital and small letters/,
  },
  "query in the path": {
    ...calls(API, `${API}%3Fpage=2`),
    rule: "htu",
    cause: "encoded_query",
    says: /query as part of the path/,
  },
  "plain http": {
    request: { url: "http://server.example.com/token" },
    proof: { claims: { htu: "http://server.example.com/token" } },
    rule: "htu",
    cause: "plain_http",
    says: /plain http/,
  },
  "a path for a URL": {
    request: { url: "/token" },
    rule: "htu",
    cause: "url_relative",
    says: /only a path/,
  },
  "time zone": {
    proof: { claims: { iat: NOW + 7200 } },
    rule: "iat",
    cause: "time_zone",
    says: /whole hours.*local time/,
  },
  "cached proof": {
    proof: { claims: { iat: NOW - 5000 } },
    rule: "iat",
    cause: "stale",
    says: /kept in a cache/,
  },
  "nonce of another audience": {
    proof: { claims: { nonce: issuer(1, "https://as.example").issue() } },
    options: { nonce: ours },
    rule: "nonce",
    cause: "nonce_audience",
    says: /another audience/,
  },
  "no nonce": {
    options: { nonce: ours },
    rule: "nonce",
    cause: "nonce_absent",
    says: /has no nonce/,
  },
  "the whole Authorization as token": {
    ...withToken({ ath: ath(TOKEN) }, `DPoP ${TOKEN}`),
    rule: "ath",
    cause: "token_prefix",
    says: /stands before the token/,
  },
  "ath hashed twice": {
    ...withToken({ ath: ath(ath(TOKEN)) }),
    rule: "ath",
    cause: "ath_twice",
    says: /hashed twice/,
  },
  "ath in hex": {
    ...withToken({ ath: sha256(TOKEN).toString("hex") }),
    rule: "ath",
    cause: "ath_hex",
    says: /hexadecimal/,
  },
  "ath padded": {
    ...withToken({ ath: `${ath(TOKEN)}=` }),
    rule: "ath",
    cause: "ath_padded",
    says: /padded/,
  },
  "ath is at_hash": {
    ...withToken({ ath: sha256(TOKEN).subarray(0, 16).toString("base64url") }),
    rule: "ath",
    cause: "ath_half",
    says: /half of the hash/,
  },
  "ath is the token": {
    ...withToken({ ath: TOKEN }),
    rule: "ath",
    cause: "ath_is_token",
    says: /the token itself/,
  },
  "jkt padded": {
    request: { jkt: `${JKT_ES256}=` },
    rule: "jkt",
    cause: "jkt_padded",
    says: /padded/,
  },
  "jkt in hex": {
    request: { jkt: Buffer.from(JKT_ES256, "base64url").toString("hex") },
    rule: "jkt",
    cause: "jkt_hex",
    says: /hexadecimal/,
  },
  "label Ed25519 where EdDSA is listed": {
    proof: { key: "Ed25519", header: { alg: "Ed25519" } },
    algs: ["EdDSA"],
    rule: "alg",
    cause: "alg_label",
    says: /two labels/,
  },
  "s without its leading zero": {
    field: shortSignature,
    rule: "signature",
    cause: "signature_length",
    says: /leading zeros/,
  },
  "hashed twice": {
    field: (proof) => signedOtherwise(sha256)(String(proof)),
    rule: "signature",
    cause: "signature_hashed_twice",
    says: /hashed twice/,
  },
  "signed with another key": {
    proof: { signer: "otherES256" },
    rule: "signature",
    cause: "signature_other",
    says: /another key than jwk/,
  },
  "the name of the field twice": {
    field: (proof) => `DPoP: ${String(proof)}`,
    rule: "form",
    cause: "field_name",
    says: /name of the field, DPoP:, which stands there twice/,
  },
  "a scheme before it": {
    field: (proof) => `DPoP ${String(proof)}`,
    rule: "form",
    cause: "scheme_prefix",
    says: /begins with a scheme/,
  },
  "in quotes": {
    field: (proof) => `"${String(proof)}"`,
    rule: "form",
    cause: "quoted",
    says: /in quotes/,
  },
  "with a line break": {
    field: (proof) => String(proof).replace(".", ".\n"),
    rule: "form",
    cause: "whitespace",
    says: /line breaks/,
  },
  encrypted: {
    field: (proof) => `${String(proof)}.AA.AA`,
    rule: "form",
    cause: "encrypted",
    says: /five segments/,
  },
  "without a signature": {
    field: (proof) => String(proof).replace(/[^.]+$/, ""),
    rule: "form",
    cause: "unsigned",
    says: /not signed/,
  },
  "a text that is no JWT": {
    field: () => "proof",
    rule: "form",
    cause: "segments",
    says: /not of three segments/,
  },
  padded: {
    field: (proof) => `${String(proof)}==`,
    rule: "form",
    cause: "padded",
    says: /padded with =/,
  },
  "cut off": {
    field: (proof) => String(proof).slice(0, -1),
    rule: "form",
    cause: "not_base64url",
    says: /cut off or changed/,
  },
  "no claim htm": {
    proof: { claims: { htm: undefined } },
    rule: "claims",
    cause: "claim_absent",
    says: /missing: htm/,
  },
};

/** The signature of some proof whose s begins with a zero, without that zero. */
function shortSignature(): string {
  for (;;) {
    const proof = mint();
    const end = proof.lastIndexOf(".") + 1;
    const signature = Buffer.from(proof.slice(end), "base64url");
    if (signature[32] !== 0) continue;
    const short = Buffer.concat([signature.subarray(0, 32), signature.subarray(33)]);
    return proof.slice(0, end) + short.toString("base64url");
  }
}

export const requestOf = (fault: Fault): ProofRequest =>
  ({ ...at(NOW), ...fault.request }) as ProofRequest; // a row gives what belongs together

export function proofOf({ proof = {}, field = (text) => text }: Fault): FieldValue {
  return field(mint(proof));
}
