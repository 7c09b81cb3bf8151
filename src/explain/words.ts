// Words: what is said of a rule and of its cause, apart from the data of an explanation, so that a program that shows
// none carries none.
import { plainArgument } from "../input/argument.js";
import type { Cause } from "./cause.js";
import { durationOf } from "./clock.js";
import type { ExplainedRule, RuleName } from "./explanation.js";

/** A rule in words. */
export interface RuleWords {
  /** What the rule asks for. */
  readonly title: string;
  /** Where it failed: the likely cause in one sentence. Where it was not checked: why. */
  readonly text?: string | undefined;
  /** Where it failed: what to do. */
  readonly hint?: string | undefined;
}

/**
 * Says in English what a rule asks for and, where it failed, the likely cause and what to do. formatExplanation is made
 * of these words; a page or a log may show them in its own way.
 *
 * @param rule a rule of an explanation.
 * @returns sentences without a full stop at the end of `title` and `text`; `hint` has one. What a sender wrote is not
 *   among them, but for the names of claims of RFC 9449 and RFC 7519.
 * @throws a TypeError where `rule` is no rule of an explanation.
 * @example
 * ```ts
 * import { describeRule, explainProof } from "dpop-core/explain";
 * import { nodeCrypto } from "dpop-core/node-crypto";
 *
 * const request = { method: "GET", url: "https://api.example/things" };
 * const { rules } = explainProof(undefined, request, { backend: nodeCrypto });
 * const failed = rules.find(({ status }) => status === "failed");
 * console.log(failed && describeRule(failed).text); // "the request carries no header field DPoP"
 * ```
 * @see RFC 9449 section 4.3
 */
export function describeRule(rule: ExplainedRule): RuleWords {
  plainArgument(rule, "rule");
  const words = titles().get(rule.name);
  if (words === undefined) throw new TypeError("rule must be a rule of an explanation");
  const [title, unchecked] = words;
  if (rule.status === "not checked") return { title, text: unchecked };
  if (rule.status !== "failed" || rule.cause === undefined) return { title };
  const [text, hint] = causes()[rule.cause];
  return { title, text: text + moreOf(rule), hint };
}

/** What is put behind a cause: the names of claims, or how far off a time is. */
function moreOf({ name, names, seconds }: ExplainedRule): string {
  if (names !== undefined) return `: ${names.join(", ")}`;
  if (seconds === undefined) return "";
  return ` (${durationOf(seconds)}${name === "nonce" ? " ago" : ""})`;
}

/** The title of every rule, and why it was not checked, of those that may not be. */
// prettier-ignore
function titles(): ReadonlyMap<string, readonly [title: string, unchecked?: string]> {
  const all: Readonly<Record<RuleName, readonly [title: string, unchecked?: string]>> = {
    single: ["the request has one header field DPoP"],
    size: ["the proof is not too long"],
    form: ["the proof is a well-formed JWT"],
    crit: ["the header demands no extension"],
    claims: ["jti, htm, htu and iat are there, and all claims are well-formed"],
    typ: ["typ is dpop+jwt"],
    alg: ["alg is an algorithm that is accepted"],
    jwk: ["jwk is a valid public key for alg"],
    signature: ["the signature verifies with jwk"],
    public: ["jwk holds no private key"],
    htm: ["htm is the method of the request"],
    htu: ["htu is the URL of the request"],
    nonce: ["nonce is one that the server gave out lately", "the server checks no nonces, or accepts a proof without one"],
    iat: ["iat is within the window of time", "the nonce decides the time"],
    lifetime: ["exp and nbf hold", "the proof has no exp and no nbf"],
    ath: ["ath is the hash of the access token", "no access token came with the proof"],
    jkt: ["the key is the one that the token or grant is bound to", "no key is expected"],
    "client key": ["the key is not the one that the client authenticates with", "no key of the client was given"],
    replay: ["the proof was not used before", "no replay store was given to read"],
  };
  return new Map(Object.entries(all));
}

const NEW_PROOF = "Make a new proof for every request, repeats included.";
const CLOCK =
  "Synchronise the clock (NTP), or use server nonces, which need no clock of the client.";
const URL_OUTSIDE =
  "Pass the URL that the client called: public origin, and the path as it was sent.";
const OWN_HTU = "Make the proof for the URL that is called, without query and fragment.";
const PUBLIC_ONLY = "Send only the public members of the key: kty, crv, x, y or kty, n, e.";
const RS_FORM = "Sign with R||S, 64 bytes for ES256 (dsaEncoding: ieee-p1363), not with DER.";
const HASH_FORM =
  "base64url without padding of the SHA-256 of the token's characters: 43 characters.";
const JKT_FORM =
  "Use the RFC 7638 thumbprint: SHA-256 of the required members only, in base64url, 43 characters.";

/** Of every cause, what is said: a text of at most 90 characters, which stands after "Refused: ", and what to do. */
// prettier-ignore
function causes(): Readonly<Record<Cause, readonly [text: string, hint: string]>> {
  return {
    // single
    proof_absent: ["the request carries no header field DPoP", "Send the proof in DPoP; a proxy or a CORS rule may have removed it."],
    fields_joined: ["two different proofs were joined with a comma: the request has two DPoP fields", "Send one DPoP field; look for a retry or a middleware that adds a second one."],
    comma: ["the value has a comma in it, which no proof has", "Send only the proof: header.payload.signature, no JSON and no list."],
    fields_repeated: ["the request has several DPoP header fields with different proofs", "Send one DPoP field; set the header, do not append to it."],
    same_proof_twice: ["the request has the same DPoP header field twice", "Set the header, do not append to it; look for a client and a proxy that both add it."],
    // size, form, crit
    too_large: ["the proof is longer than the server accepts", "Leave certificate chains and large claims out of the proof."],
    field_name: ["the value begins with the name of the field, DPoP:, which stands there twice", "Send the name once: the value is only the proof."],
    not_text: ["the value is what JavaScript writes for a promise, an object or nothing", "Await the proof, and put its text into the header."],
    scheme_prefix: ["the header DPoP begins with a scheme: only the proof belongs there", "Put the proof into DPoP, and the token into Authorization: DPoP <token>."],
    quoted: ["the proof stands in quotes", "Send the three segments without quotes."],
    whitespace: ["the proof has spaces or line breaks in it", "Send the three segments in one line, without spaces."],
    encrypted: ["five segments: this is an encrypted token, not a proof", "A proof is signed, not encrypted: header.payload.signature."],
    unsigned: ["the signature is missing: the proof is not signed", "Sign the proof with the key whose public part is in its header."],
    segments: ["the proof is not of three segments with two dots between them", "Send a compact JWS: header.payload.signature."],
    padded: ["a segment is padded with =, which base64url in a JWS is not", "Encode with base64url without padding."],
    standard_base64: ["a segment is standard base64 (with + or /), not base64url", "Encode with base64url: - and _ in place of + and /, no padding."],
    not_base64url: ["a segment is not base64url: it may be cut off or changed on the way", "Compare what was sent with what arrived."],
    not_json: ["a segment does not hold a JSON object in UTF-8", "Encode the JSON of header and claims as UTF-8, then in base64url."],
    strict_json: ["the JSON has a member twice, or is too deep or has too many members", "Write each member once, and keep header and claims small and flat."],
    extension: ["the header demands an extension: crit or b64", "Leave crit and b64 out of the header."],
    // claims
    claim_absent: ["a required claim is missing", "Each proof has jti, htm, htu and iat."],
    claim_type: ["a claim has the wrong type, or is empty", "iat, exp and nbf are numbers of seconds; the others are non-empty text."],
    claim_long: ["a claim is longer than the server accepts", "Keep jti short: a UUID or 16 random bytes do."],
    // typ, alg
    typ_absent: ["the header has no typ", "Set typ to dpop+jwt."],
    typ_access_token: ["this is another JWT, perhaps an access token, in the place of the proof", "Put the proof into DPoP, and the token into Authorization: DPoP <token>."],
    typ_form: ["typ is dpop+jwt in another form: other capitals, or application/ before it", "Set typ to exactly dpop+jwt."],
    typ_other: ["typ is not dpop+jwt", "Set typ to dpop+jwt."],
    alg_absent: ["the header has no alg", "Set alg to the algorithm that signs, such as ES256."],
    alg_none: ["alg is none: the proof is not signed", "Sign with an asymmetric algorithm, such as ES256."],
    alg_mac: ["alg is a MAC with a shared secret, which a proof must not use", "Sign with an asymmetric algorithm, such as ES256."],
    alg_case: ["alg is an accepted label in other capitals", "Write the label as RFC 7518 does: ES256."],
    alg_label: ["alg is the other label of the same algorithm: EdDSA and Ed25519 are two labels", "Sign under the listed label, or let the server list both (RFC 9864)."],
    alg_unlisted: ["alg is not one of the algorithms that the server accepts", "Take one of the listed algorithms, or add it to algs of the server."],
    alg_unknown: ["alg is no asymmetric JWS algorithm that is known here", "Take one of the listed algorithms."],
    // jwk, public, signature
    jwk_absent: ["the header has no jwk: the public key is missing", "Put the public key into the header as jwk; kid or x5c do not replace it."],
    jwk_alg: ["the jwk is a key of another kind or curve than alg", "Match them: ES256 with EC P-256, EdDSA with OKP Ed25519, RS and PS with RSA."],
    jwk_use: ["use, key_ops or alg of the jwk forbid verification", PUBLIC_ONLY],
    jwk_padded: ["a member of the jwk is padded or standard base64, not base64url", "Encode the members of the key with base64url without padding."],
    jwk_length: ["a coordinate of the jwk has the wrong length: leading zeros left out, or added", "Write x and y as exactly 32, 48 or 66 bytes, with zeros on the left, in base64url."],
    jwk_rsa: ["the RSA key is shorter or longer than accepted, or n begins with 00, or e is not good", "Use an RSA key of 2048 to 4096 bits with the exponent 65537; n has no leading zeros."],
    jwk_off_curve: ["x and y of the jwk are no point of the curve: the key is damaged", "Export the public key again; x and y may be swapped."],
    jwk_form: ["the jwk is not a valid public key", PUBLIC_ONLY],
    private_key: ["the jwk holds the private key: treat this key as stolen", `${PUBLIC_ONLY} Make a new key.`],
    signature_der: ["the signature is in DER; JWS has R||S", RS_FORM],
    signature_encoding: ["the signature is in hexadecimal, or was encoded with base64url twice", "Encode the bytes of the signature with base64url, once."],
    signature_length: ["r or s of the signature has the wrong length: leading zeros must stay", RS_FORM],
    signature_size: ["the signature has the wrong length for alg", RS_FORM],
    signature_hashed_twice: ["the signing input was hashed twice", "Give the signer the signing input, not its hash."],
    signature_payload: ["only the payload was signed, not header and payload", "Sign the first two segments with the dot between them."],
    signature_other: ["signed with another key than jwk, or changed after it was signed", "Take jwk from the key that signs, and sign after the last change; PS256 takes a salt as long as its hash."],
    // htm
    method_case: ["htm is the method in other letters: methods are compared with their case", "Write htm as the method is sent: GET, POST."],
    method_head: ["one of GET and HEAD stands for the other: some frameworks answer HEAD as GET", "Make the proof for the method that is sent, and pass the method that came."],
    method_override: ["htm is another method than the request's: method override, or a redirect?", "Pass the method of the request line, before any override; make a new proof after a redirect."],
    method_other: ["htm is another method than that of the request", "Make the proof for the method that is sent."],
    // htu
    proxy_scheme: ["the client called https, the server sees http: TLS ends at a proxy before it", `${URL_OUTSIDE} Trust X-Forwarded-Proto of your proxy only.`],
    http_client: ["htu says http, but the request came by https", OWN_HTU],
    plain_http: ["the request came by plain http, where tokens and proofs can be read", "Call by https; behind a proxy that ends TLS, pass the URL outside."],
    proxy_host: ["another host: a proxy in front changed it, or the proof is for another server", `${URL_OUTSIDE} Configure the public origin.`],
    port: ["another port: a proxy in front changed it, or one of the two leaves it out", URL_OUTSIDE],
    prefix_stripped: ["the start of the path is missing in the server's URL: a proxy or a router took it", `${URL_OUTSIDE} In a mounted router: req.originalUrl.`],
    prefix_added: ["the server's URL has a path before the one in htu: a rewrite, or a wrong base URL", URL_OUTSIDE],
    trailing_slash: ["one has a slash at its end, the other has not", "A slash at the end counts: use one form of the URL on both sides."],
    double_slash: ["one has two slashes where the other has one", "Join base URL and path with one slash."],
    encoded_slash: ["one has %2F where the other has a slash: the path was decoded on the way", URL_OUTSIDE],
    decoded_path: ["the path was decoded on the way: percent-encodings differ", URL_OUTSIDE],
    double_encoded: ["the path is percent-encoded twice on one side", "Encode each segment once, on the client."],
    path_case: ["the paths differ in capital and small letters, which count", "Use one form of the URL on both sides."],
    encoded_query: ["one holds its query as part of the path, with %3F", OWN_HTU],
    origin_only: ["htu has no path: it names the server, not the URL that is called", OWN_HTU],
    path_other: ["another path: the proof is for another URL", OWN_HTU],
    url_relative: ["a URL is only a path: scheme and host are missing", "Use the whole URL: https://host/path."],
    url_user: ["a URL has a user name in it", "Leave the user name out of the URL."],
    url_characters: ["a URL has spaces or other characters that are not percent-encoded", "Percent-encode them, and write the host in its xn-- form, as a browser does."],
    url_form: ["a URL is not a valid http or https URI", "Check scheme, host, port and percent-encodings."],
    // nonce
    nonce_absent: ["the proof has no nonce, and the server asks for one", "Repeat the request once, with a new proof that has the nonce of DPoP-Nonce."],
    nonce_expired: ["the nonce is one of this server, but has expired", "Keep the nonce of the latest answer, and repeat once with a new proof."],
    nonce_audience: ["the nonce is damaged, or was made for another audience with the same secret", "Keep one nonce for each server, and one audience for all instances."],
    nonce_foreign: ["the nonce is not one of this server: an old one, or that of another server", "Repeat once with the nonce of the latest answer. Keep one nonce for each server; its instances share secrets."],
    // iat, lifetime
    milliseconds: ["the time is in milliseconds, not in seconds", "Divide by 1000: iat is in seconds since 1970."],
    not_epoch: ["the time is not one of these years: not in seconds since 1970?", "iat is in seconds since 1970, UTC."],
    time_zone: ["the time is off by whole hours or half hours: a local time, not UTC?", "iat is in seconds since 1970, UTC: do not add the time zone."],
    clock_behind: ["the proof is from the past: the clock of the client is behind, or it was kept", `${CLOCK} ${NEW_PROOF}`],
    clock_ahead: ["the proof is from the future: the clock of the client is ahead", CLOCK],
    stale: ["the proof is old: it was kept in a cache or a queue, or sent again", NEW_PROOF],
    expired: ["exp is over: the proof has expired", NEW_PROOF],
    not_yet_valid: ["nbf is in the future: the proof is not valid yet", CLOCK],
    // ath
    ath_absent: ["the proof has no ath, which it needs beside a token (a client of an old draft?)", `Set ath: ${HASH_FORM}`],
    ath_unexpected: ["the proof has an ath, but no access token came with it", "Send the token in Authorization: DPoP <token>; leave ath out at a token endpoint."],
    token_prefix: ["a scheme such as \"DPoP \" stands before the token: it is no part of it", "Hash and pass only what comes after the scheme and the space."],
    token_newline: ["ath is the hash of the token with a line break at its end", `Remove the line break. ${HASH_FORM}`],
    token_malformed: ["what was passed as access token has characters that no token has", "Pass the token as it stands in Authorization, without the scheme."],
    token_absent: ["ath is the hash of an empty text, or of undefined: it was made before the token came", "Make the proof once the token is there."],
    ath_twice: ["ath was hashed twice", HASH_FORM],
    ath_hex: ["ath is in hexadecimal, not in base64url", HASH_FORM],
    ath_padded: ["ath is padded with =", HASH_FORM],
    ath_base64: ["ath is in standard base64, not in base64url", HASH_FORM],
    ath_half: ["ath is only half of the hash, as in at_hash of OpenID Connect", HASH_FORM],
    ath_is_token: ["ath is the token itself, not its hash: this leaks it", HASH_FORM],
    ath_form: ["ath is no SHA-256 hash in base64url", HASH_FORM],
    other_token: ["ath is the hash of another access token than the one that came", "Make the proof with the token that is sent, also after a refresh."],
    // jkt
    jkt_absent: ["the token or grant is bound to no key that was found", "Check that the authorization server binds it: cnf with jkt."],
    jkt_padded: ["the expected thumbprint is padded with =", JKT_FORM],
    jkt_base64: ["the expected thumbprint is in standard base64, not in base64url", JKT_FORM],
    jkt_hex: ["the expected thumbprint is in hexadecimal, not in base64url", JKT_FORM],
    jkt_uri: ["the expected thumbprint has the prefix of RFC 9278 before it", JKT_FORM],
    jkt_kid: ["what is expected is the kid of the key, not its thumbprint", JKT_FORM],
    jkt_members: ["the expected thumbprint is of this key, but over other members or another JSON", JKT_FORM],
    jkt_form: ["what is expected is no SHA-256 thumbprint", JKT_FORM],
    other_key: ["the proof is by another key than the one that the token or grant is bound to", "Sign with the key that the token was issued for: one key for each set of tokens."],
    client_key: ["the proof is by the key that the client authenticates with", "Use a key of its own for proofs."],
    // replay
    used: ["this proof was used before", NEW_PROOF],
  };
}
