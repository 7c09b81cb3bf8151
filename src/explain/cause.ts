// Causes: why a rule most likely failed, in one line, and what to do about it.

/** The likely cause of a failed rule: a stable word for programs. Later versions may add some. */
export type Cause =
  // single
  | "proof_absent"
  | "fields_joined"
  | "fields_repeated"
  | "same_proof_twice"
  // size, form, crit
  | "too_large"
  | "scheme_prefix"
  | "quoted"
  | "whitespace"
  | "encrypted"
  | "unsigned"
  | "segments"
  | "padded"
  | "standard_base64"
  | "not_base64url"
  | "not_json"
  | "strict_json"
  | "extension"
  // claims
  | "claim_absent"
  | "claim_type"
  | "claim_long"
  // typ, alg
  | "typ_absent"
  | "typ_access_token"
  | "typ_form"
  | "typ_other"
  | "alg_absent"
  | "alg_none"
  | "alg_mac"
  | "alg_case"
  | "alg_label"
  | "alg_unlisted"
  | "alg_unknown"
  // jwk, public, signature
  | "jwk_absent"
  | "jwk_alg"
  | "jwk_use"
  | "jwk_padded"
  | "jwk_length"
  | "jwk_rsa"
  | "jwk_off_curve"
  | "jwk_form"
  | "private_key"
  | "signature_der"
  | "signature_hex"
  | "signature_length"
  | "signature_size"
  | "signature_hashed_twice"
  | "signature_payload"
  | "signature_other"
  // htm
  | "method_case"
  | "method_head"
  | "method_override"
  | "method_other"
  // htu
  | "proxy_scheme"
  | "http_client"
  | "plain_http"
  | "proxy_host"
  | "port"
  | "prefix_stripped"
  | "prefix_added"
  | "trailing_slash"
  | "double_slash"
  | "encoded_slash"
  | "decoded_path"
  | "double_encoded"
  | "path_case"
  | "encoded_query"
  | "origin_only"
  | "path_other"
  | "url_relative"
  | "url_user"
  | "url_characters"
  | "url_form"
  // nonce
  | "nonce_absent"
  | "nonce_expired"
  | "nonce_audience"
  | "nonce_foreign"
  // iat, lifetime
  | "milliseconds"
  | "not_epoch"
  | "time_zone"
  | "clock_behind"
  | "clock_ahead"
  | "stale"
  | "expired"
  | "not_yet_valid"
  // ath
  | "ath_absent"
  | "ath_unexpected"
  | "token_prefix"
  | "token_newline"
  | "token_malformed"
  | "ath_twice"
  | "ath_hex"
  | "ath_padded"
  | "ath_base64"
  | "ath_half"
  | "ath_is_token"
  | "other_token"
  // jkt
  | "jkt_absent"
  | "jkt_padded"
  | "jkt_base64"
  | "jkt_hex"
  | "jkt_uri"
  | "jkt_kid"
  | "jkt_members"
  | "jkt_form"
  | "other_key"
  | "client_key"
  // replay
  | "used";

/** What is said about a cause. A text is at most 90 characters long, and stands after "Refused: ". */
interface Words {
  readonly text: string;
  readonly hint: string;
}

/** Returns what is said about a cause. */
export function wordsOf(cause: Cause): Words {
  const [text, hint] = causes()[cause];
  return { text, hint };
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

/** A function, so that a program that asks for none carries none. */
// prettier-ignore
function causes(): Readonly<Record<Cause, readonly [text: string, hint: string]>> {
  return {
    // single
    proof_absent: ["the request carries no header field DPoP", "Send the proof in DPoP; a proxy or a CORS rule may have removed it."],
    fields_joined: ["two different proofs were joined with a comma: the request has two DPoP fields", "Send one DPoP field; look for a retry or a middleware that adds a second one."],
    fields_repeated: ["the request has several DPoP header fields with different proofs", "Send one DPoP field; set the header, do not append to it."],
    same_proof_twice: ["the request has the same DPoP header field twice", "Set the header, do not append to it; look for a client and a proxy that both add it."],
    // size, form, crit
    too_large: ["the proof is longer than the server accepts", "Leave certificate chains and large claims out of the proof."],
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
    jwk_length: ["a coordinate of the jwk has the wrong length: leading zeros must stay", "Pad x and y with zeros on the left to 32, 48 or 66 bytes before base64url."],
    jwk_rsa: ["the RSA key is shorter or longer than accepted, or its exponent is not good", "Use an RSA key of 2048 to 4096 bits with the exponent 65537."],
    jwk_off_curve: ["x and y of the jwk are no point of the curve: the key is damaged", "Export the public key again; x and y may be swapped."],
    jwk_form: ["the jwk is not a valid public key", PUBLIC_ONLY],
    private_key: ["the jwk holds the private key: treat this key as stolen", `${PUBLIC_ONLY} Make a new key.`],
    signature_der: ["the signature is in DER; JWS has R||S", RS_FORM],
    signature_hex: ["the signature is in hexadecimal; JWS has its bytes in base64url", "Encode the bytes of the signature with base64url."],
    signature_length: ["r or s of the signature has the wrong length: leading zeros must stay", RS_FORM],
    signature_size: ["the signature has the wrong length for alg", RS_FORM],
    signature_hashed_twice: ["the signing input was hashed twice", "Give the signer the signing input, not its hash."],
    signature_payload: ["only the payload was signed, not header and payload", "Sign the first two segments with the dot between them."],
    signature_other: ["signed with another key than jwk, or changed after it was signed", "Take jwk from the key that signs, and sign after the last change."],
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
    url_characters: ["a URL has spaces or other characters that are not percent-encoded", "Percent-encode them, as a browser does."],
    url_form: ["a URL is not a valid http or https URI", "Check scheme, host, port and percent-encodings."],
    // nonce
    nonce_absent: ["the proof has no nonce, and the server asks for one", "Repeat the request once, with a new proof that has the nonce of DPoP-Nonce."],
    nonce_expired: ["the nonce is one of this server, but has expired", "Keep the nonce of the latest answer, and repeat once with a new proof."],
    nonce_audience: ["the nonce is damaged, or was made for another audience with the same secret", "Keep one nonce for each server, and one audience for all instances."],
    nonce_foreign: ["the nonce is not one of this server: it is that of another one", "Keep one nonce for each server, and share the secrets between all instances."],
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
    ath_twice: ["ath was hashed twice", HASH_FORM],
    ath_hex: ["ath is in hexadecimal, not in base64url", HASH_FORM],
    ath_padded: ["ath is padded with =", HASH_FORM],
    ath_base64: ["ath is in standard base64, not in base64url", HASH_FORM],
    ath_half: ["ath is only half of the hash, as in at_hash of OpenID Connect", HASH_FORM],
    ath_is_token: ["ath is the token itself, not its hash: this leaks it", HASH_FORM],
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
