// RFC 9449 sections 7.1, 8 and 9: what a server refuses, and whether it wants a nonce.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { ResponseLike } from "../../src/client/challenge.js";
import { readChallenge } from "../../src/client/refusal.js";
import { isNonce } from "../../src/proof/nonce.js";
import { anyText, jsonValue, nonceText, runs } from "../support/arbitraries.js";
import { respond } from "./support/client.js";

const NONCE = "eyJ7S_zG.eyJH0-Z.HX4w-7v";

/** What a response is told to be, and a valid nonce beside it. */
function unauthorized(challenges: string): ResponseLike {
  return respond(401, { "www-authenticate": challenges, "dpop-nonce": NONCE });
}

const wantedNonce = (response: ResponseLike): string | null =>
  readChallenge(response)?.nonce ?? null;

describe("RFC 9449 §9: a resource server wants a nonce", () => {
  test.each([
    ["the figure of the RFC", 'DPoP error="use_dpop_nonce", error_description="Resource server requires nonce in DPoP proof"'], // prettier-ignore
    ["odd case", 'dPoP ErRoR="use_dpop_nonce"'],
    ["odd order", 'dPoP algs="ES256", error="use_dpop_nonce", realm="x"'],
    ["a token for a value", "DPoP error=use_dpop_nonce"],
    ["after Bearer", 'Bearer realm="x", error="invalid_token", DPoP error="use_dpop_nonce"'],
    ["before Bearer", 'DPoP error="use_dpop_nonce", Bearer realm="x"'],
    ["between token68s", 'Negotiate abc==, DPoP error="use_dpop_nonce", NTLM abc='],
    ["the second of two", 'DPoP algs="ES256", DPoP error="use_dpop_nonce"'],
    ["before a fault in another challenge", 'DPoP error="use_dpop_nonce", Bearer realm="'],
  ])("%s", (_, challenges) => {
    expect(wantedNonce(unauthorized(challenges))).toBe(NONCE);
  });

  test("[7.1-3] unknown parameters are ignored", () => {
    const challenges = 'DPoP x="y", error="use_dpop_nonce", error_uri="https://a.example", z=1';
    expect(wantedNonce(unauthorized(challenges))).toBe(NONCE);
  });

  test.each([
    ["no challenge", ""],
    ["the error in another scheme's challenge", 'DPoP algs="ES256", Bearer error="use_dpop_nonce"'],
    ["the error before every scheme", 'error="use_dpop_nonce", DPoP'],
    ["the error inside a quoted string", 'DPoP realm="error=use_dpop_nonce"'],
    ["another error", 'DPoP error="invalid_token"'],
    ["the error in capitals", 'DPoP error="USE_DPOP_NONCE"'],
    ["another parameter", 'DPoP error_description="use_dpop_nonce"'],
    ["another scheme", 'DPoPx error="use_dpop_nonce"'],
    ["the error twice", 'DPoP error="invalid_token", error="use_dpop_nonce"'],
    ["a fault in that challenge", 'DPoP error="use_dpop_nonce", realm="'],
  ])("not with %s", (_, challenges) => {
    expect(wantedNonce(unauthorized(challenges))).toBeNull();
  });

  test.each([200, 302, 403, 500, 0, NaN])("not with status %s", (status) => {
    const { headers } = unauthorized('DPoP error="use_dpop_nonce"');
    expect(wantedNonce({ status, headers })).toBeNull();
  });
});

describe("RFC 9449 §8: an authorization server wants a nonce", () => {
  const body = { error: "use_dpop_nonce" };

  test.each([400, 401])("status %s and the error in JSON", (status) => {
    expect(wantedNonce(respond(status, { "dpop-nonce": NONCE }, body))).toBe(NONCE);
  });

  test("with status 401 also beside a challenge of another kind", () => {
    const headers = { "www-authenticate": 'Basic realm="as"', "dpop-nonce": NONCE };
    expect(wantedNonce(respond(401, headers, body))).toBe(NONCE);
    expect(wantedNonce(respond(401, headers, { error: "invalid_client" }))).toBeNull();
  });

  test.each([
    ["nothing", undefined],
    ["null", null],
    ["a text", "use_dpop_nonce"],
    ["a list", ["use_dpop_nonce"]],
    ["another error", { error: "invalid_dpop_proof" }],
    ["a list of errors", { error: ["use_dpop_nonce"] }],
    ["another member", { error_description: "use_dpop_nonce" }],
  ])("not with %s for a body", (_, errorBody) => {
    expect(wantedNonce(respond(400, { "dpop-nonce": NONCE }, errorBody))).toBeNull();
    expect(wantedNonce(respond(401, { "dpop-nonce": NONCE }, errorBody))).toBeNull();
  });

  test.each([200, 403, 500])("not with status %s", (status) => {
    expect(wantedNonce(respond(status, { "dpop-nonce": NONCE }, body))).toBeNull();
  });
});

describe("RFC 9449 §8.1: the syntax of a nonce", () => {
  const challenge401 = (nonce: string): ResponseLike => ({
    status: 401,
    headers: new Map([
      ["www-authenticate", 'DPoP error="use_dpop_nonce"'],
      ["dpop-nonce", nonce],
    ]),
  });

  test("[8.1] any sequence of NQCHARs is a nonce, and is handed over as it came", () => {
    fc.assert(
      fc.property(nonceText, (nonce) => {
        expect(isNonce(nonce)).toBe(true);
        expect(wantedNonce(challenge401(nonce))).toBe(nonce);
      }),
      runs(300),
    );
  });

  test("50 characters with punctuation", () => {
    const nonce = "!#$%&'()*+,-./:;<=>?@[]^_`{|}~0123456789ABCDEFabcd";
    expect(nonce).toHaveLength(50);
    expect(wantedNonce(challenge401(nonce))).toBe(nonce);
  });

  test.each([
    ["nothing", ""],
    ["a space", "a b"],
    ["two fields", "a, b"],
    ["a quote", 'a"'],
    ["a backslash", "a\\"],
    ["a tab", "a\t"],
    ["DEL", "a\u007f"],
    ["a character outside ASCII", "a\u00e9"],
    ["1025 characters", "a".repeat(1025)],
  ])("%s: no nonce, no retry", (_, nonce) => {
    expect(wantedNonce(challenge401(nonce))).toBeNull();
  });

  test("1024 characters are no more than is allowed", () => {
    const nonce = "a".repeat(1024);
    expect(wantedNonce(challenge401(nonce))).toBe(nonce);
  });

  test("without the field there is no retry", () => {
    const headers = { "www-authenticate": 'DPoP error="use_dpop_nonce"' };
    expect(wantedNonce(respond(401, headers))).toBeNull();
  });
});

test("a Response of fetch is a response", () => {
  const headers = { "www-authenticate": 'DPoP error="use_dpop_nonce"', "dpop-nonce": "n" };
  expect(wantedNonce(new Response(null, { status: 401, headers }))).toBe("n");
});

test.each([
  ["nothing", undefined],
  ["no status", { headers: new Headers() }],
  ["no headers", { status: 401 }],
  ["a record of headers", { status: 401, headers: { "dpop-nonce": "n" } }],
])("what is no response is a TypeError: %s", (_, response) => {
  expect(() => readChallenge(response as never)).toThrow(TypeError);
});

describe("what is refused", () => {
  const challenge = (field: string, status = 401): ResponseLike =>
    respond(status, { "www-authenticate": field });

  test.each<[string, ResponseLike, string | null, RegExp]>([
    ["the token", challenge('DPoP error="invalid_token"'), "invalid_token", /token: get/],
    ["the proof", challenge('DPoP error="invalid_dpop_proof"'), "invalid_dpop_proof", /proof$/],
    ["the scope", challenge('DPoP error="insufficient_scope", scope="a b"', 403), "insufficient_scope", /scope/], // prettier-ignore
    [
      "something else",
      challenge('DPoP error="invalid_request"', 400),
      "invalid_request",
      /request$/,
    ],
    ["a request without credentials", challenge('Bearer, DPoP algs="ES256"'), null, /did an access token go/], // prettier-ignore
    ["the token, beside an offer of the other scheme", challenge('Bearer error="invalid_token", DPoP algs="ES256"'), "invalid_token", /access token/], // prettier-ignore
    ["the proof, first or last", challenge('Bearer realm="a", DPoP error="invalid_dpop_proof"'), "invalid_dpop_proof", /proof$/], // prettier-ignore
    ["the proof, in JSON", respond(400, {}, { error: "invalid_dpop_proof" }), "invalid_dpop_proof", /proof$/], // prettier-ignore
    ["the time of the proof, by the server's words", challenge('DPoP error="invalid_dpop_proof", error_description="iat is too old"'), "invalid_dpop_proof", /clock .* correctClockSkew/], // prettier-ignore
    [
      "a client, in JSON",
      respond(401, {}, { error: "invalid_client" }),
      "invalid_client",
      /request$/,
    ],
    ["no nonce, with one to use", respond(401, { "www-authenticate": 'DPoP error="use_dpop_nonce"', "dpop-nonce": "n" }), "use_dpop_nonce", /wants a nonce: send/], // prettier-ignore
    ["a nonce that is too old, in the words of some servers", challenge('DPoP error="invalid_dpop_nonce"'), "use_dpop_nonce", /wants a nonce/], // prettier-ignore
    ["nothing, in a challenge of a third scheme", challenge('Basic error="invalid_client"'), null, /did an access token go/], // prettier-ignore
    [
      "a request with status 400, without a challenge",
      respond(400),
      null,
      /did an access token go/,
    ],
    [
      "a request with status 403, without a challenge",
      respond(403),
      null,
      /did an access token go/,
    ],
    ["no nonce, where none is handed out", challenge('DPoP error="use_dpop_nonce"'), "use_dpop_nonce", /DPoP-Nonce not exposed by CORS\?/], // prettier-ignore
  ])("%s", (_, response, error, message) => {
    const refusal = readChallenge(response);
    expect(refusal).toMatchObject({ error, isHidden: false });
    expect(refusal?.message).toMatch(message);
  });

  test("the words of the server stay, apart from our message", () => {
    const field = 'DPoP error="insufficient_scope", error_description="needs more", scope="a b"';
    expect(readChallenge(challenge(field, 403))).toMatchObject({
      errorDescription: "needs more",
      scope: "a b",
      message: expect.not.stringContaining("needs more"),
    });
  });

  test("the words of an authorization server stand in its JSON, and may be in any language", () => {
    for (const words of [
      "the code was used",
      "\u00a0d\u00e9j\u00e0 utilis\u00e9 ~",
      "x".repeat(1024),
    ]) {
      const body = { error: "invalid_grant", error_description: words };
      expect(readChallenge(respond(400, {}, body))).toMatchObject({
        error: "invalid_grant",
        errorDescription: words,
      });
    }
  });

  test.each([
    ["a list of one", ["use_dpop_nonce"]],
    ["a word", "unauthorized"],
    ["a word before it", "the invalid_grant"],
    ["a word behind it", "invalid_grant: no"],
    ["a capital in its first word", "Invalid_grant"],
    ["a capital in its last word", "invalid_Grant"],
    ["eleven words", "a_b_c_d_e_f_g_h_i_j_k"],
  ])("what a framework calls its error is no code of OAuth: %s", (_, error) => {
    expect(readChallenge(respond(400, {}, { error }))?.error).toBeNull();
  });

  test.each([
    ["nothing", ""],
    ["a line break", "a\nb"],
    ["a control", "a\u0007b"],
    ["DEL", "a\u007fb"],
    ["a control beyond ASCII", "a\u0085b"],
    ["the last control", "a\u009fb"],
    ["the end of a paragraph", "a\u2029b"],
    ["another line break", "a\u2028b"],
    ["far too much", "a".repeat(1025)],
    ["no text", 1],
  ])("words that can't stand in a log are left out: %s", (_, description) => {
    const body = { error: "invalid_grant", error_description: description };
    expect(readChallenge(respond(400, {}, body))).toMatchObject({
      error: "invalid_grant",
      errorDescription: null,
    });
  });

  test.each([
    ["nothing", respond(401)],
    ["only a nonce", respond(401, { "dpop-nonce": "n" })],
    ["JSON of a framework", respond(401, {}, { statusCode: 401, error: "Unauthorized" })],
  ])("a 401 without a challenge names CORS: %s", (_, response) => {
    const refusal = readChallenge(response);
    expect(refusal).toMatchObject({ error: null, isHidden: true });
    expect(refusal?.message).toMatch(/not exposed by CORS\?/);
  });

  test.each(["", "Basic", 'DPoP error="', "=", "Negotiate abc=="])(
    "a challenge that is there, of whatever kind, is not hidden: %j",
    (field) => {
      const response = { status: 401, headers: new Map([["www-authenticate", field]]) };
      expect(readChallenge(response)).toMatchObject({ error: null, isHidden: false });
    },
  );

  test.each([0, 200, 204, 302, 404, 500, 503, NaN])("nothing with status %s", (status) => {
    expect(readChallenge(respond0(status))).toBeNull();
  });

  const respond0 = (status: number): ResponseLike => ({
    status,
    headers: new Map([["www-authenticate", 'DPoP error="invalid_token"']]),
    errorBody: { error: "invalid_token" },
  });

  test("nothing that a server sends makes it throw", () => {
    const response = fc.record({
      status: fc.constantFrom(400, 401, 403),
      field: fc.oneof(anyText, fc.constant(null)),
      errorBody: jsonValue,
    });
    fc.assert(
      fc.property(response, ({ status, field, errorBody }) => {
        const read = readChallenge({ status, headers: { get: () => field }, errorBody });
        expect(read?.message).toMatch(/^The .+\w\??$/);
      }),
      runs(300),
    );
  });
});
