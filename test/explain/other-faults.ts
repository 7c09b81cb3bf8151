// The faults that are met less often, so that every cause has one.
import { createHash } from "node:crypto";
import type { FieldValue } from "dpop-core";
import { JKT_ES256, JKT_OTHER, publicJwk, thumbprintOf } from "../support/keys.js";
import { mint, NOW } from "../support/mint.js";
import { API, ath, calls, type Fault, signedOtherwise, TOKEN, withToken } from "./faults.js";

const jwk = publicJwk("ES256");
const field = (proof: FieldValue): string => String(proof);

const rsa = publicJwk("RS256");
const OF_5120_BITS = Buffer.alloc(640, 0xff).toString("base64url");
const withZero = (number = ""): string =>
  Buffer.concat([Buffer.of(0), Buffer.from(number, "base64url")]).toString("base64url");

/** A token whose hash has characters that base64 writes in another way. */
const TOKEN_OF_SLASHES = "token-3";

const HEADER: Readonly<Record<string, Fault>> = {
  "no header field": {
    field: () => undefined,
    rule: "single",
    cause: "proof_absent",
    says: /carries no header field/,
  },
  "two header fields": {
    field: (proof) => [field(proof), mint({ claims: { jti: "another-jti" } })],
    rule: "single",
    cause: "fields_repeated",
    says: /several DPoP header fields/,
  },
  "the same field twice": {
    field: (proof) => [field(proof), field(proof)],
    rule: "single",
    cause: "same_proof_twice",
    says: /same DPoP header field twice/,
  },
  "a certificate chain": {
    proof: { header: { x5c: ["a".repeat(20_000)] } },
    rule: "size",
    cause: "too_large",
    says: /longer than the server accepts/,
  },
  "a proof in a list of JSON": {
    field: (proof) => `["${field(proof)}",]`,
    rule: "single",
    cause: "comma",
    says: /has a comma in it/,
  },
  "a promise": {
    field: () => String(Promise.resolve("proof")),
    rule: "form",
    cause: "not_text",
    says: /what JavaScript writes for a promise/,
  },
  "a variable that was never set": {
    field: () => String(undefined),
    rule: "form",
    cause: "not_text",
    says: /what JavaScript writes for a promise, an object or nothing/,
  },
  "standard base64": {
    field: (proof) => `${field(proof).slice(0, -1)}+`,
    rule: "form",
    cause: "standard_base64",
    says: /standard base64/,
  },
  "a payload that is no JSON": {
    proof: { rawPayload: "jti=1" },
    rule: "form",
    cause: "not_json",
    says: /does not hold a JSON object/,
  },
  "a claim twice": {
    proof: { rawPayload: '{"jti":"a","jti":"b"}' },
    rule: "form",
    cause: "strict_json",
    says: /a member twice/,
  },
  crit: {
    proof: { header: { crit: ["exp"] } },
    rule: "crit",
    cause: "extension",
    says: /demands an extension/,
  },
  "no typ": {
    proof: { header: { typ: undefined } },
    rule: "typ",
    cause: "typ_absent",
    says: /has no typ/,
  },
  "an access token as the proof": {
    proof: { header: { typ: "at+jwt" } },
    rule: "typ",
    cause: "typ_access_token",
    says: /perhaps an access token/,
  },
  "typ in capitals": {
    proof: { header: { typ: "application/DPoP+JWT" } },
    rule: "typ",
    cause: "typ_form",
    says: /in another form/,
  },
  "no alg": {
    proof: { header: { alg: undefined } },
    rule: "alg",
    cause: "alg_absent",
    says: /has no alg/,
  },
  "alg none": {
    proof: { header: { alg: "none" } },
    rule: "alg",
    cause: "alg_none",
    says: /alg is none/,
  },
  "a shared secret": {
    proof: { header: { alg: "HS256" } },
    rule: "alg",
    cause: "alg_mac",
    says: /shared secret/,
  },
  "alg in small letters": {
    proof: { header: { alg: "es256" } },
    rule: "alg",
    cause: "alg_case",
    says: /in other capitals/,
  },
  "an algorithm that is not accepted here": {
    proof: { header: { alg: "ES384" } },
    rule: "alg",
    cause: "alg_unlisted",
    says: /not one of the algorithms that the server accepts/,
  },
  "an algorithm of encryption": {
    proof: { header: { alg: "ECDH-ES" } },
    rule: "alg",
    cause: "alg_unknown",
    says: /no asymmetric JWS algorithm/,
  },
};

const KEY: Readonly<Record<string, Fault>> = {
  "kid in place of jwk": {
    proof: { header: { jwk: undefined, kid: "key-1" } },
    rule: "jwk",
    cause: "jwk_absent",
    says: /has no jwk/,
  },
  "a key of another curve": {
    proof: { header: { jwk: publicJwk("Ed25519") } },
    rule: "jwk",
    cause: "jwk_alg",
    says: /another kind or curve than alg/,
  },
  "a key for encryption": {
    proof: { header: { jwk: { ...jwk, use: "enc" } } },
    rule: "jwk",
    cause: "jwk_use",
    says: /forbid verification/,
  },
  "x padded": {
    proof: { header: { jwk: { ...jwk, x: `${jwk.x}=` } } },
    rule: "jwk",
    cause: "jwk_padded",
    says: /padded or standard base64/,
  },
  "x without its leading zero": {
    proof: { header: { jwk: { ...jwk, x: jwk.x?.slice(1) } } },
    rule: "jwk",
    cause: "jwk_length",
    says: /coordinate of the jwk has the wrong length/,
  },
  "x with a leading zero that is no part of it": {
    proof: { header: { jwk: { ...jwk, x: withZero(jwk.x) } } },
    rule: "jwk",
    cause: "jwk_length",
    says: /leading zeros left out, or added/,
  },
  "y without its leading zero": {
    proof: { header: { jwk: { ...jwk, y: jwk.y?.slice(1) } } },
    rule: "jwk",
    cause: "jwk_length",
    says: /coordinate of the jwk has the wrong length/,
  },
  "an RSA key over the bound": {
    proof: { key: "RS256", header: { jwk: { ...rsa, n: OF_5120_BITS } } },
    algs: ["RS256"],
    rule: "jwk",
    cause: "jwk_rsa",
    says: /RSA key is shorter or longer/,
  },
  "an RSA key whose n begins with 00": {
    proof: { key: "RS256", header: { jwk: { ...rsa, n: withZero(rsa.n) } } },
    algs: ["RS256"],
    rule: "jwk",
    cause: "jwk_rsa",
    says: /n begins with 00/,
  },
  "an RSA key whose e is a number": {
    proof: { key: "RS256", header: { jwk: { ...rsa, e: 65_537 } } },
    algs: ["RS256"],
    rule: "jwk",
    cause: "jwk_form",
    says: /not a valid public key/,
  },
  "an RSA key without n": {
    proof: { key: "RS256", header: { jwk: { kty: "RSA", e: "AQAB" } } },
    algs: ["RS256"],
    rule: "jwk",
    cause: "jwk_form",
    says: /not a valid public key/,
  },
  "an RSA key with the exponent 1": {
    proof: { key: "RS256", header: { jwk: { ...rsa, e: "AQ" } } },
    algs: ["RS256"],
    rule: "jwk",
    cause: "jwk_rsa",
    says: /RSA key is shorter or longer/,
  },
  "x and y swapped": {
    proof: { header: { jwk: { ...jwk, x: jwk.y, y: jwk.x } } },
    rule: "jwk",
    cause: "jwk_off_curve",
    says: /no point of the curve/,
  },
  "x as a number": {
    proof: { header: { jwk: { ...jwk, x: 1 } } },
    rule: "jwk",
    cause: "jwk_form",
    says: /not a valid public key/,
  },
  "a signature in hexadecimal": {
    proof: { signature: (signature) => Buffer.from(Buffer.from(signature).toString("hex")) },
    rule: "signature",
    cause: "signature_encoding",
    says: /signature is in hexadecimal/,
  },
  "a signature encoded twice": {
    proof: { signature: (signature) => Buffer.from(Buffer.from(signature).toString("base64url")) },
    rule: "signature",
    cause: "signature_encoding",
    says: /encoded with base64url twice/,
  },
  "a signature of 32 bytes": {
    proof: { signature: (signature) => signature.subarray(0, 32) },
    rule: "signature",
    cause: "signature_size",
    says: /wrong length for alg/,
  },
  "only the payload signed": {
    field: (proof) => signedOtherwise((input) => input.split(".")[1] ?? "")(field(proof)),
    rule: "signature",
    cause: "signature_payload",
    says: /only the payload was signed/,
  },
};

const CLAIMS: Readonly<Record<string, Fault>> = {
  "iat as text": {
    proof: { claims: { iat: String(NOW) } },
    rule: "claims",
    cause: "claim_type",
    says: /wrong type, or is empty: iat$/,
  },
  "a long jti": {
    proof: { claims: { jti: "j".repeat(2000) } },
    rule: "claims",
    cause: "claim_long",
    says: /claim is longer than the server accepts: jti$/,
  },
  "htm in small letters": {
    proof: { claims: { htm: "post" } },
    rule: "htm",
    cause: "method_case",
    says: /in other letters/,
  },
  "HEAD that is answered as GET": {
    proof: { claims: { htm: "HEAD" } },
    request: { method: "GET" },
    rule: "htm",
    cause: "method_head",
    says: /GET and HEAD stands for the other/,
  },
  "GET that is answered by a handler of HEAD": {
    proof: { claims: { htm: "GET" } },
    request: { method: "HEAD" },
    rule: "htm",
    cause: "method_head",
    says: /GET and HEAD stands for the other/,
  },
  "another method": {
    proof: { claims: { htm: "DELETE" } },
    request: { method: "PUT" },
    rule: "htm",
    cause: "method_other",
    says: /another method than that of the request/,
  },
  "http in htu": {
    ...calls(API, "http://api.example/v1/things"),
    rule: "htu",
    cause: "http_client",
    says: /htu says http/,
  },
  "a wrong base URL": {
    ...calls(`https://api.example/base/v1/things`, API),
    rule: "htu",
    cause: "prefix_added",
    says: /a path before the one in htu/,
  },
  "the origin as htu": {
    ...calls(API, "https://api.example"),
    rule: "htu",
    cause: "origin_only",
    says: /htu has no path/,
  },
  "another path": {
    ...calls(API, "https://api.example/v1/others"),
    rule: "htu",
    cause: "path_other",
    says: /for another URL/,
  },
  "a user name in htu": {
    ...calls(API, "https://user:word@api.example/v1/things"),
    rule: "htu",
    cause: "url_user",
    says: /has a user name in it/,
  },
  "a space in htu": {
    ...calls(API, `${API}/a b`),
    rule: "htu",
    cause: "url_characters",
    says: /not percent-encoded/,
  },
  "a URN as htu": {
    ...calls(API, "urn:example:things"),
    rule: "htu",
    cause: "url_form",
    says: /not a valid http or https URI/,
  },
  "an old time in milliseconds": {
    proof: { claims: { iat: (NOW - 200_000) * 1000 } },
    rule: "iat",
    cause: "milliseconds",
    says: /milliseconds/,
  },
  "nbf in milliseconds": {
    proof: { claims: { nbf: (NOW + 200_000) * 1000 } },
    rule: "lifetime",
    cause: "milliseconds",
    says: /milliseconds/,
  },
  "an old proof at a server with a long window": {
    proof: { claims: { iat: NOW - 3700 } },
    options: { maxAge: 3600 },
    rule: "iat",
    cause: "stale",
    says: /kept in a cache/,
  },
  "a host for a URL": {
    request: { url: "server.example.com/token" },
    rule: "htu",
    cause: "url_form",
    says: /not a valid http or https URI/,
  },
  "iat since the start of the program": {
    proof: { claims: { iat: 12 } },
    rule: "iat",
    cause: "not_epoch",
    says: /not one of these years.*years/,
  },
  "exp in the past": {
    proof: { claims: { exp: NOW - 300 } },
    rule: "lifetime",
    cause: "expired",
    says: /exp is over.*5 min/,
  },
  "nbf in the future": {
    proof: { claims: { nbf: NOW + 300 } },
    rule: "lifetime",
    cause: "not_yet_valid",
    says: /nbf is in the future.*5 min/,
  },
  "no ath": {
    ...withToken({}),
    rule: "ath",
    cause: "ath_absent",
    says: /has no ath/,
  },
  "ath without a token": {
    proof: { claims: { ath: ath(TOKEN) } },
    rule: "ath",
    cause: "ath_unexpected",
    says: /no access token came with it/,
  },
  "a token that was read with its line break": {
    ...withToken({ ath: ath(`${TOKEN}\n`) }),
    rule: "ath",
    cause: "token_newline",
    says: /line break at its end/,
  },
  "a token with a space in it": {
    ...withToken({ ath: ath(TOKEN) }, "two words"),
    rule: "ath",
    cause: "token_malformed",
    says: /characters that no token has/,
  },
  "a proof that was made before the token came": {
    ...withToken({ ath: ath("undefined") }),
    rule: "ath",
    cause: "token_absent",
    says: /before the token came/,
  },
  "a proof with the hash of an empty text": {
    ...withToken({ ath: ath("") }),
    rule: "ath",
    cause: "token_absent",
    says: /hash of an empty text/,
  },
  "ath by SHA-512": {
    ...withToken({ ath: createHash("sha512").update(TOKEN).digest("base64url") }),
    rule: "ath",
    cause: "ath_form",
    says: /no SHA-256 hash/,
  },
  "ath in standard base64": {
    ...withToken(
      { ath: Buffer.from(ath(TOKEN_OF_SLASHES), "base64url").toString("base64") },
      TOKEN_OF_SLASHES,
    ),
    rule: "ath",
    cause: "ath_base64",
    says: /ath is in standard base64/,
  },
};

const BINDING: Readonly<Record<string, Fault>> = {
  "a token that is bound to no key": {
    proof: { claims: { ath: ath(TOKEN) } },
    request: { accessToken: TOKEN, jkt: () => null },
    rule: "jkt",
    cause: "jkt_absent",
    says: /bound to no key that was found/,
  },
  "jkt in standard base64": {
    // The thumbprint of this key has characters that base64 writes in another way.
    proof: { key: "otherEd25519" },
    request: { jkt: Buffer.from(thumbprintOf("otherEd25519"), "base64url").toString("base64") },
    rule: "jkt",
    cause: "jkt_base64",
    says: /thumbprint is in standard base64/,
  },
  "jkt as a URI": {
    request: { jkt: `urn:ietf:params:oauth:jwk-thumbprint:sha-256:${JKT_ES256}` },
    rule: "jkt",
    cause: "jkt_uri",
    says: /prefix of RFC 9278/,
  },
  "kid in place of jkt": {
    proof: { header: { kid: "key-1" } },
    request: { jkt: "key-1" },
    rule: "jkt",
    cause: "jkt_kid",
    says: /kid of the key/,
  },
  "another key than the grant asks for": {
    request: { requiredJkt: JKT_OTHER },
    rule: "jkt",
    cause: "other_key",
    says: /another key than the one that the token or grant/,
  },
  "another key, and a look-up that knows none": {
    request: { jkt: () => undefined, requiredJkt: JKT_OTHER },
    rule: "jkt",
    cause: "other_key",
    says: /another key than the one that the token or grant/,
  },
  "jkt of SHA-1": {
    request: { jkt: "a".repeat(27) },
    rule: "jkt",
    cause: "jkt_form",
    says: /no SHA-256 thumbprint/,
  },
  "the key that the client authenticates with": {
    request: { clientKeyJkt: JKT_ES256 },
    rule: "client key",
    cause: "client_key",
    says: /key that the client authenticates with/,
  },
};

export const OTHER_FAULTS: Readonly<Record<string, Fault>> = {
  ...HEADER,
  ...KEY,
  ...CLAIMS,
  ...BINDING,
};
