// RFC 9449 section 7: protected resources. Answers are parsed by a strict reader and compared with the figures of the
// RFC; our own fixed order is compared byte for byte.
import {
  accessControlExposeHeaders,
  accessTokenHash,
  type AsyncVerifier,
  type Binding,
  bindingFromClaims,
  createAsyncResourceServer,
  createAsyncAuthorizationServer,
  createAsyncVerifier,
  createMemoryReplayStore,
  createResourceServer,
  createAuthorizationServer,
  createVerifier,
  type FailureCode,
  FAILURES,
  noble,
  type ResourceRequest,
  type Verifier,
} from "dpop-core";
import { describe, expect, test } from "vitest";
import { wwwAuthenticate } from "../../src/server/challenge.js";
import { parseCredentials } from "../../src/server/credentials.js";
import { readChallenges } from "../support/auth-params.js";
import { ROLE_CODES } from "../support/codes.js";
import { JKT_ES256, JKT_OTHER } from "../support/keys.js";
import { at, mint, NOW } from "../support/mint.js";
import {
  accessOutcome,
  accessTokens,
  API_URL,
  apiProof,
  apiRequest,
  authenticate,
  BOUND,
  CLAIMS,
  type ServerData,
  type TestRequest,
  TOKEN,
  tokensOf,
} from "../support/resource.js";

const BOTH: ServerData = { unboundTokens: "accepted", policy: { algs: ["ES256"] } };
const BEARER = `Bearer ${TOKEN}`;

/** Status, challenges as read, and further header fields of a refusal. */
async function refusal(over: Partial<TestRequest>, server: ServerData = {}): Promise<object> {
  const result = await authenticate(over, server);
  if (result.ok) throw new Error("a refusal was expected");
  const { "WWW-Authenticate": challenge, ...headers } = result.headers;
  const challenges = challenge === undefined ? [] : readChallenges(challenge);
  return { status: result.status, challenges, headers };
}

const algs = "ES256";
const noStore = { "Cache-Control": "no-store" };

describe("the figures of RFC 9449, parsed, plus algs", () => {
  test("[7.1-3] no credentials: a challenge without an error", async () => {
    const server = { policy: { algs: ["ES256" as const, "ES384" as const] } };
    expect(await refusal({ authorization: undefined, proof: undefined }, server)).toEqual({
      status: 401,
      challenges: [{ scheme: "DPoP", params: { algs: "ES256 ES384" } }],
      headers: noStore,
    });
  });

  test("[7.1-3] another key than the token's: invalid_token, Invalid DPoP key binding", async () => {
    expect(await refusal({ binding: { jkt: JKT_OTHER } }, { policy: { algs: ["ES256"] } })).toEqual(
      {
        status: 401,
        challenges: [
          {
            scheme: "DPoP",
            params: { error: "invalid_token", error_description: "Invalid DPoP key binding", algs },
          },
        ],
        headers: noStore,
      },
    );
  });

  test("[7.2-3] two schemes, no credentials: no error in any challenge", async () => {
    expect(await refusal({ authorization: null }, BOTH)).toEqual({
      status: 401,
      challenges: [
        { scheme: "Bearer", params: {} },
        { scheme: "DPoP", params: { algs } },
      ],
      headers: noStore,
    });
  });

  test("[7.2-3] two schemes, a bad token as Bearer: the error only in that challenge", async () => {
    const request = { authorization: BEARER, proof: undefined, binding: null };
    expect(await refusal(request, BOTH)).toEqual({
      status: 401,
      challenges: [
        {
          scheme: "Bearer",
          params: { error: "invalid_token", error_description: "Invalid token" },
        },
        { scheme: "DPoP", params: { algs } },
      ],
      headers: noStore,
    });
  });

  test("[7.2-3] two schemes, both used: 400 invalid_request in all challenges", async () => {
    const params = {
      error: "invalid_request",
      error_description: "Multiple methods used to include access token",
    };
    const request = { authorization: [`DPoP ${TOKEN}`, BEARER] };
    expect(await refusal(request, BOTH)).toEqual({
      status: 400,
      challenges: [
        { scheme: "Bearer", params },
        { scheme: "DPoP", params: { ...params, algs } },
      ],
      headers: noStore,
    });
  });

  test("[9-1] no nonce where one is required: 401 use_dpop_nonce with one DPoP-Nonce", async () => {
    const next = "eyJ7S_zG.eyJH0-Z.HX4w-7v";
    const policy = { algs: ["ES256" as const], nonce: { accept: next, nextNonce: next } };
    expect(await refusal({}, { policy })).toEqual({
      status: 401,
      challenges: [
        {
          scheme: "DPoP",
          params: {
            error: "use_dpop_nonce",
            error_description: "Resource server requires nonce in DPoP proof",
            algs,
          },
        },
      ],
      headers: { "DPoP-Nonce": next, ...noStore },
    });
  });
});

describe("our fixed order, byte for byte", () => {
  const all: ServerData = {
    ...BOTH,
    realm: "the API",
    scope: "read write",
    resourceMetadataUrl: "https://api.example/.well-known/oauth-protected-resource",
  };
  const metadata = 'resource_metadata="https://api.example/.well-known/oauth-protected-resource"';

  async function challenge(over: Partial<TestRequest>, server: ServerData): Promise<unknown> {
    const result = await authenticate(over, server);
    return result.headers["WWW-Authenticate"];
  }

  test("realm, scope, error, error_description, algs, resource_metadata; the challenge with the error first", async () => {
    const common = 'realm="the API", scope="read write"';
    expect(await challenge({ proof: "x" }, all)).toBe(
      `DPoP ${common}, error="invalid_dpop_proof", error_description="The DPoP proof is not a ` +
        `well-formed JWT", algs="ES256", ${metadata}, Bearer ${common}, ${metadata}`,
    );
    expect(await challenge({ authorization: "" }, all)).toBe(
      `Bearer ${common}, ${metadata}, DPoP ${common}, algs="ES256", ${metadata}`,
    );
  });

  test("only DPoP, with the default algorithms", async () => {
    expect(await challenge({ proof: undefined }, {})).toBe(
      'DPoP error="invalid_dpop_proof", error_description="The request carries no DPoP proof", ' +
        'algs="ES256 EdDSA Ed25519"',
    );
    expect(await challenge({ authorization: [] }, {})).toBe('DPoP algs="ES256 EdDSA Ed25519"');
  });
});

describe("[7.1-1] Authorization = scheme 1*SP token68, the scheme in any case, once", () => {
  const rows: readonly (readonly [string, ResourceRequest["authorization"], string])[] = [
    ["as in the RFC", `DPoP ${TOKEN}`, "ok"],
    ["one in a list", [`DPoP ${TOKEN}`], "ok"],
    ["lower case", `dpop ${TOKEN}`, "ok"],
    ["upper case", `DPOP ${TOKEN}`, "ok"],
    ["mixed case", `dPoP ${TOKEN}`, "ok"],
    ["several spaces", `DPoP    ${TOKEN}`, "ok"],
    ["null", null, "credentials_missing"],
    ["undefined", undefined, "credentials_missing"],
    ["empty", "", "credentials_missing"],
    ["no field in the list", [], "credentials_missing"],
    ["an empty field in the list", [""], "credentials_missing"],
    ["a tab instead of a space", `DPoP\t${TOKEN}`, "credentials_malformed"],
    ["no space: another scheme", `DPoP${TOKEN}`, "scheme_unsupported"],
    ["only the scheme", "DPoP", "credentials_malformed"],
    ["the scheme and spaces", "DPoP   ", "credentials_malformed"],
    ["a space at the end", `DPoP ${TOKEN} `, "credentials_malformed"],
    ["a space at the start", ` DPoP ${TOKEN}`, "credentials_malformed"],
    ["two tokens", `DPoP ${TOKEN} ${TOKEN}`, "credentials_malformed"],
    ["only padding", "DPoP ==", "credentials_malformed"],
    ["padding inside", "DPoP a=b", "credentials_malformed"],
    ["quotes", 'DPoP "abc"', "credentials_malformed"],
    ["a character outside ASCII", "DPoP abcé", "credentials_malformed"],
    ["no scheme", "§", "credentials_malformed"],
    ["two fields", [`DPoP ${TOKEN}`, `DPoP ${TOKEN}`], "credentials_multiple"],
    ["two schemes", [`DPoP ${TOKEN}`, BEARER], "credentials_multiple"],
    ["two fields that were joined", `DPoP ${TOKEN}, DPoP ${TOKEN}`, "credentials_multiple"],
    ["joined without a space", `DPoP ${TOKEN},DPoP ${TOKEN}`, "credentials_multiple"],
    ["two schemes that were joined", `DPoP ${TOKEN}, ${BEARER}`, "credentials_multiple"],
    ["joined behind a foreign scheme", `Basic YTpi, DPoP ${TOKEN}`, "credentials_multiple"],
    ["joined behind an empty element", `, DPoP ${TOKEN}`, "credentials_multiple"],
    ["a comma at the end", `DPoP ${TOKEN},`, "credentials_multiple"],
    ["Basic", "Basic YTpi", "scheme_unsupported"],
    ["Digest with its commas", 'Digest username="a", realm="b"', "scheme_unsupported"],
    ["Bearer at a DPoP-only resource", BEARER, "scheme_unsupported"],
    ["Bearer, malformed, at a DPoP-only resource", "Bearer", "scheme_unsupported"],
    ["a scheme that begins like ours", `DPoPx ${TOKEN}`, "scheme_unsupported"],
    // "/" may stand in a token68 and not in a scheme: neither is credentials without a space.
    ["a slash behind the scheme", "DPoP/abc", "credentials_malformed"],
    ["a slash behind the other scheme", "Bearer/abc", "credentials_malformed"],
    ["an equals sign behind the scheme", "DPoP=", "credentials_malformed"],
    ["a quote behind a foreign scheme", 'Foo"x', "credentials_malformed"],
    ["a foreign scheme with spaces behind a comma", 'Digest a="b", c="d e"', "scheme_unsupported"],
    ["only our scheme behind a comma", "Basic YTpi, DPoP", "scheme_unsupported"],
    ["our scheme and spaces behind a comma", "Basic YTpi, Bearer  ", "scheme_unsupported"],
    ["our scheme behind the second comma", `Basic YTpi,,bearer ${TOKEN}`, "credentials_multiple"],
    ["our scheme behind a comma and a tab", `Basic YTpi,\tdPOP ${TOKEN}`, "credentials_multiple"],
    ["a tab behind our scheme, behind a comma", `Basic a, DPoP\t${TOKEN}`, "scheme_unsupported"],
    ["a scheme that begins like ours, behind a comma", "Basic a, DPoPx b", "scheme_unsupported"],
    ["a scheme that ends like ours, behind a comma", "Basic a, xDPoP b", "scheme_unsupported"],
    ["a first letter that is not ours, behind a comma", "Basic a, xearer b", "scheme_unsupported"],
    ["our scheme in a quoted string", 'Digest a="DPoP b"', "scheme_unsupported"],
  ];

  test.each(rows)("%s", async (_, authorization, expected) => {
    expect(await accessOutcome({ authorization })).toBe(expected);
  });

  test("a token68 may end in padding and hold every one of its characters", async () => {
    const accessToken = "aZ09-._~+/==";
    const result = await authenticate({ authorization: `DPoP ${accessToken}` });
    expect(result).toMatchObject({ ok: false, failure: { code: "ath_mismatch" } });
  });

  test("no space of any kind hides credentials behind a comma, and no other character does", () => {
    const hides: string[] = [];
    const isMultiple = (authorization: string): boolean => {
      const read = parseCredentials(authorization);
      return "code" in read && read.code === "credentials_multiple";
    };
    for (let unit = 0; unit < 0x10000; unit++) {
      const character = String.fromCharCode(unit);
      const isBlank = character.trim() === ""; // what a server may take away from a piece
      const before = isMultiple(`Basic a,${character}DPoP b`);
      const behind = isMultiple(`Basic a, Bearer ${character}`);
      const expected = isBlank || character === ",";
      if (before !== expected || behind === expected) hides.push(unit.toString(16));
    }
    expect(hides).toEqual([]);
  });

  test("a malformed header tells its error in the challenge of its scheme", async () => {
    const params = {
      error: "invalid_request",
      error_description: FAILURES.credentials_malformed.message,
    };
    const dpop = { scheme: "DPoP", params: { algs } };
    expect(await refusal({ authorization: "Bearer" }, BOTH)).toMatchObject({
      status: 400,
      challenges: [{ scheme: "Bearer", params }, dpop],
    });
    expect(await refusal({ authorization: "§" }, BOTH)).toMatchObject({
      status: 400,
      challenges: [
        { scheme: "Bearer", params },
        { scheme: "DPoP", params: { ...params, algs } },
      ],
    });
  });

  test("takes time linear in the length of the field", async () => {
    for (const unit of [" ", ",", "=", "a", "DPoP a, ", "\t"]) {
      const outcome = await accessOutcome({ authorization: `DPoP ${unit.repeat(200_000)}` });
      expect(outcome).toMatch(/^credentials_|^ath_mismatch$/);
      const foreign = await accessOutcome({ authorization: `Basic a,${unit.repeat(200_000)}` });
      expect(foreign).toBe(unit === "DPoP a, " ? "credentials_multiple" : "scheme_unsupported");
    }
  });
});

describe("[6-1] [6-2] what a token is bound to", () => {
  const rows: readonly (readonly [string, Binding | null, string, string])[] = [
    ["bound to the proof key", BOUND, "ok", "token_bound_as_bearer"],
    ["bound to another key", { jkt: JKT_OTHER }, "jkt_mismatch", "token_bound_as_bearer"],
    ["bound to nothing", { unbound: true }, "token_unbound", "ok"],
    ["unknown or inactive", null, "token_inactive", "token_inactive"],
    ["damaged", { invalid: true }, "binding_invalid", "binding_invalid"],
    ["by mutual TLS", { unsupported: ["x5t#S256"] }, "binding_unsupported", "binding_unsupported"],
    ["by nothing named", { unsupported: [] }, "binding_unsupported", "binding_unsupported"],
    ["an empty jkt", { jkt: "" }, "binding_invalid", "token_bound_as_bearer"],
    ["a jkt of another form", { jkt: "x".repeat(43) }, "binding_invalid", "token_bound_as_bearer"],
    [
      "by mutual TLS as well",
      { jkt: JKT_ES256, otherMethods: ["x5t#S256"] },
      "binding_unsupported",
      "token_bound_as_bearer",
    ],
  ];

  test.each(rows)("%s", async (_, binding, asDpop, asBearer) => {
    expect(await accessOutcome({ binding }, BOTH)).toBe(asDpop);
    expect(await accessOutcome({ binding: () => binding }, BOTH)).toBe(asDpop);
    // [7.2-1] A bound token is never taken as Bearer, with or without a proof.
    for (const proof of [undefined, apiProof()]) {
      const bearer = { authorization: BEARER, proof };
      expect(await accessOutcome({ ...bearer, binding }, BOTH)).toBe(asBearer);
      expect(await accessOutcome({ ...bearer, binding: () => binding }, BOTH)).toBe(asBearer);
    }
  });

  test("[7.2-1] a bound token as Bearer is invalid_token only in the Bearer challenge", async () => {
    expect(await refusal({ authorization: BEARER }, BOTH)).toMatchObject({
      status: 401,
      challenges: [
        { scheme: "Bearer", params: { error: "invalid_token" } },
        { scheme: "DPoP", params: { algs } },
      ],
    });
  });

  test("further methods need the caller's word for each of them", async () => {
    const binding = { jkt: JKT_ES256, otherMethods: ["x5t#S256", "kid"] };
    const outcome = (verifiedMethods: readonly string[]): Promise<string> =>
      accessOutcome({ binding, verifiedMethods: verifiedMethods });
    expect(await outcome([])).toBe("binding_unsupported");
    expect(await outcome(["x5t#S256"])).toBe("binding_unsupported");
    expect(await outcome(["kid", "x5t#S256"])).toBe("ok");
    const alone = { binding: { unsupported: ["x5t#S256"] }, verifiedMethods: ["x5t#S256"] };
    expect(await accessOutcome(alone)).toBe("binding_unsupported");
  });
});

describe("[6.1] [6.2] the binding in the claims of a token", () => {
  const rows: readonly (readonly [string, object, Binding | null])[] = [
    ["no cnf", { sub: "a" }, { unbound: true }],
    ["a jkt", { cnf: { jkt: JKT_ES256 } }, { jkt: JKT_ES256 }],
    [
      "a jkt beside another method",
      { cnf: { jkt: JKT_ES256, "x5t#S256": "a" } },
      { jkt: JKT_ES256, otherMethods: ["x5t#S256"] },
    ],
    ...["jwk", "jwe", "kid", "jku", "x5t#S256", "osc"].map((method): (typeof rows)[number] => [
      `a jkt beside the registered method ${method}`,
      { cnf: { jkt: JKT_ES256, [method]: "a" } },
      { jkt: JKT_ES256, otherMethods: [method] },
    ]),
    [
      "RFC 7800 §3.1: a jkt beside unregistered members",
      { cnf: { jkt: JKT_ES256, "kc-jkt-type": "DPoP", "x5t#s256": "a", toString: "a" } },
      { jkt: JKT_ES256 },
    ],
    [
      "a jkt beside both",
      { cnf: { "kc-jkt-type": "DPoP", kid: "a", jkt: JKT_ES256, osc: {} } },
      { jkt: JKT_ES256, otherMethods: ["kid", "osc"] },
    ],
    ["only another method", { cnf: { "x5t#S256": "a" } }, { unsupported: ["x5t#S256"] }],
    [
      "only an unregistered member",
      { cnf: { "kc-jkt-type": "DPoP" } },
      { unsupported: ["kc-jkt-type"] },
    ],
    ["a cnf that is null", { cnf: null }, { invalid: true }],
    ["a cnf that is undefined", { cnf: undefined }, { invalid: true }],
    ["a cnf that is text", { cnf: JKT_ES256 }, { invalid: true }],
    ["a cnf that is an array", { cnf: [{ jkt: JKT_ES256 }] }, { invalid: true }],
    ["a cnf that is empty", { cnf: {} }, { invalid: true }],
    ["a jkt that is empty", { cnf: { jkt: "" } }, { invalid: true }],
    ["a jkt that is no text", { cnf: { jkt: [JKT_ES256] } }, { invalid: true }],
    ["a jkt that is null", { cnf: { jkt: null } }, { invalid: true }],
    ["a jkt with padding", { cnf: { jkt: `${JKT_ES256}=` } }, { invalid: true }],
    ["a jkt that is too short", { cnf: { jkt: JKT_ES256.slice(1) } }, { invalid: true }],
    ["a jkt with unused bits", { cnf: { jkt: `${"A".repeat(42)}B` } }, { invalid: true }],
    ["an inactive token", { active: false }, null],
    ["an inactive token with a cnf", { active: false, cnf: { jkt: JKT_ES256 } }, null],
    ["active that is no boolean", { active: "true", cnf: { jkt: JKT_ES256 } }, null],
    ["introspection, bound", { active: true, cnf: { jkt: JKT_ES256 } }, { jkt: JKT_ES256 }],
    [
      "introspection, token_type DPoP in any case",
      { active: true, token_type: "dpop", cnf: { jkt: JKT_ES256 } },
      { jkt: JKT_ES256 },
    ],
    [
      "introspection, bound and token_type Bearer",
      { active: true, token_type: "Bearer", cnf: { jkt: JKT_ES256 } },
      { invalid: true },
    ],
    [
      "introspection, bound and a token_type that is no text",
      { active: true, token_type: 5, cnf: { jkt: JKT_ES256 } },
      { invalid: true },
    ],
    [
      "introspection, bound and a token_type that is null",
      { active: true, token_type: null, cnf: { jkt: JKT_ES256 } },
      { invalid: true },
    ],
    [
      "introspection, token_type DPoP and no cnf",
      { active: true, token_type: "DPoP" },
      { invalid: true },
    ],
    ["introspection, Bearer", { active: true, token_type: "Bearer" }, { unbound: true }],
    [
      "a JWT's own token_type says nothing",
      { token_type: "access", cnf: { jkt: JKT_ES256 } },
      { jkt: JKT_ES256 },
    ],
  ];

  test.each(rows)("%s", (_, claims, binding) => {
    expect(bindingFromClaims(claims)).toEqual(binding);
  });

  test.each<readonly [string, object]>([
    ["nothing", {}],
    ["a check that failed", { valid: false }],
    ["a check that says no more", { valid: true }],
    ["an HTTP client's response", { status: 200, data: { active: true } }],
    ["what holds the claims", { claims: { cnf: { jkt: JKT_ES256 } } }],
    ["a response of the old kind", { body: "{}", statusCode: 200 }],
    ["claims under a forged prototype", JSON.parse('{"__proto__":{"sub":"a"}}')],
    ["evidence that is undefined", { sub: undefined }],
    ["evidence that is null", { sub: null, aud: null }],
    ["only a token_type", { token_type: "Bearer" }],
    ["only jti and iat", { jti: "a", iat: 1 }],
    ["an error", { error: "invalid_client" }],
    ["an error beside evidence", { error: "invalid_token", scope: "a", iss: "b" }],
    ["an error beside active", { error: "server_error", active: true }],
    ["what holds the claims of a bound token", { sub: "a", claims: { cnf: { jkt: JKT_ES256 } } }],
    ["the same of a response", { active: true, claims: { cnf: { jkt: JKT_ES256 } } }],
  ])("without evidence a token is not unbound: %s", (_, claims) => {
    expect(bindingFromClaims(claims)).toEqual({ invalid: true });
    const server = createResourceServer({
      verifier: createVerifier({ replay: "none" }),
      accessTokens: () => ({ binding: bindingFromClaims(claims), claims }),
      unboundTokens: "accepted",
    });
    const stolen = server.authenticate({
      method: "GET",
      url: API_URL,
      authorization: "Bearer stolen",
      proof: undefined,
    });
    expect(stolen).toMatchObject({ ok: false, failure: { code: "binding_invalid" } });
  });

  test.each(["iss", "sub", "aud", "exp", "client_id", "scope"])(
    "%s is evidence of an access token",
    (claim) => {
      expect(bindingFromClaims({ [claim]: "a" })).toEqual({ unbound: true });
    },
  );

  test("an error of the introspection endpoint is no unbound token", () => {
    expect(bindingFromClaims({ error: "invalid_client" })).toEqual({ invalid: true });
    // With a cnf such members are claims of the issuer's own.
    for (const own of [{ error: "x" }, { payload: {} }, { header: {}, claims: {} }]) {
      expect(bindingFromClaims({ ...own, cnf: { jkt: JKT_ES256 } })).toEqual({ jkt: JKT_ES256 });
    }
    expect(bindingFromClaims({ claims: {}, sub: "a" })).toEqual({ unbound: true });
  });

  test("what is no object, or holds or promises the claims, is a mistake", () => {
    const claims = { cnf: { jkt: JKT_ES256 } };
    for (const mistaken of [
      null,
      undefined,
      "eyJ",
      1,
      [],
      Promise.resolve(claims),
      Promise.reject(new Error("late")),
      new Map(Object.entries(claims)),
      new Response("{}"),
      Object.create(claims),
      { payload: claims, protectedHeader: { alg: "ES256" } },
      { header: { alg: "ES256" }, payload: claims, signature: "x" },
      { header: { alg: "ES256" }, claims },
      // RFC 9701 section 5: the claims of a JWT that the introspection endpoint signed
      { iss: "a", aud: "b", iat: 1, token_introspection: { active: true, ...claims } },
      { iss: "a", aud: "b", iat: 1, token_introspection: { active: false } },
    ]) {
      expect(() => bindingFromClaims(mistaken as never)).toThrow(TypeError); // on purpose
    }
  });

  test("the results can't be changed for the next caller", () => {
    for (const binding of [bindingFromClaims({ sub: "a" }), bindingFromClaims({ cnf: null })]) {
      expect(Object.isFrozen(binding)).toBe(true);
    }
  });
});

describe("[7-2] [7-3] the hash of the token and everything else about the proof is checked before the binding is looked up", () => {
  function counting(): { readonly asked: string[]; readonly binding: (token: string) => Binding } {
    const asked: string[] = [];
    return { asked, binding: (token) => (asked.push(token), BOUND) };
  }

  test.each([
    ["no credentials", { authorization: undefined }, "credentials_missing"],
    ["no proof", { proof: undefined }, "proof_missing"],
    ["two proofs", { proof: [apiProof(), apiProof()] }, "proof_multiple"],
    ["garbage", { proof: "x.y.z" }, "jws_malformed"],
    ["another method", { method: "POST" }, "htm_mismatch"],
    ["another url", { url: `${API_URL}/` }, "htu_mismatch"],
    ["another token", { authorization: "DPoP other" }, "ath_mismatch"],
    ["an old proof", { now: NOW + 61 }, "iat_too_old"],
    [
      "a private key",
      { proof: apiProof({ header: { jwk: { kty: "EC", d: "" } } }) },
      "jwk_private",
    ],
  ] as const)("never for %s", async (_, over, code) => {
    const { asked, binding } = counting();
    expect(await accessOutcome({ binding, ...over })).toBe(code);
    expect(asked).toEqual([]);
  });

  test("once, with the token, before the key import and the signature", async () => {
    const { asked, binding } = counting();
    const order: string[] = [];
    const spy = {
      ...noble.ES256,
      importKey: (jwk: Parameters<typeof noble.ES256.importKey>[0]) => (
        order.push("import"),
        noble.ES256.importKey(jwk)
      ),
    };
    const verifier = createVerifier({ algs: [spy], replay: "none" });
    const looked = (token: string): Binding => (order.push("binding"), binding(token));
    const server = createResourceServer({ verifier, accessTokens: tokensOf(looked) });
    expect(server.authenticate(apiRequest()).ok).toBe(true);
    expect(order).toEqual(["binding", "import"]);
    expect(asked).toEqual([TOKEN]);
    const others = createResourceServer({ verifier, accessTokens: tokensOf({ jkt: JKT_OTHER }) });
    expect(others.authenticate(apiRequest()).ok).toBe(false);
    expect(order).toEqual(["binding", "import"]); // another key costs no import
  });

  test("null is an inactive token, under both schemes", async () => {
    for (const authorization of [`DPoP ${TOKEN}`, BEARER]) {
      const sync = createResourceServer({
        verifier: createVerifier({ replay: "none" }),
        accessTokens: () => null,
        unboundTokens: "accepted",
      });
      const async = createAsyncResourceServer({
        verifier: createAsyncVerifier({ replay: "none" }),
        accessTokens: async () => null,
        unboundTokens: "accepted",
      });
      const result = sync.authenticate(apiRequest({ authorization }));
      expect(result).toMatchObject({ status: 401, failure: { code: "token_inactive" } });
      expect(await async.authenticate(apiRequest({ authorization }))).toEqual(result);
    }
  });

  test("what it throws propagates, and nothing is granted or stored", async () => {
    const broken = (): never => {
      throw new Error("database");
    };
    const replay = createMemoryReplayStore();
    const server = createResourceServer({
      verifier: createVerifier({ replay }),
      accessTokens: broken,
    });
    expect(() => server.authenticate(apiRequest())).toThrow("database");
    const rejecting = (): Promise<never> => Promise.reject(new Error("database"));
    for (const authorization of [`DPoP ${TOKEN}`, BEARER]) {
      const both = createAsyncResourceServer({
        verifier: createAsyncVerifier({ replay }),
        accessTokens: rejecting,
        unboundTokens: "accepted",
      });
      await expect(both.authenticate(apiRequest({ authorization }))).rejects.toThrow("database");
    }
    expect(replay.usage().entries).toBe(0);
  });
});

describe("[7.1-2] access is granted where everything holds", () => {
  test("the result has the token, the key, the proof with its claims and no headers", async () => {
    const result = await authenticate();
    expect(result).toMatchObject({
      ok: true,
      scheme: "DPoP",
      accessToken: TOKEN,
      token: CLAIMS,
      scopes: ["read", "list"],
      jkt: JKT_ES256,
      proof: { ok: true, jkt: JKT_ES256, claims: { htm: "GET", htu: API_URL, iat: NOW } },
      headers: {},
    });
  });

  test("a bearer token has no key and no proof", async () => {
    const request = {
      authorization: `bearer ${TOKEN}`,
      proof: undefined,
      binding: { unbound: true },
    } as const;
    expect(await authenticate(request, BOTH)).toEqual({
      ok: true,
      scheme: "Bearer",
      accessToken: TOKEN,
      token: CLAIMS,
      scopes: ["read", "list"],
      headers: {},
    });
  });

  test("[8.2-2] a nonce that is due comes with Cache-Control", async () => {
    const proof = apiProof({ claims: { nonce: "fresh" } });
    const of = async (status: "valid" | "renew"): Promise<object> => {
      const nonce = { accept: "fresh", nextNonce: "next", status };
      return (await authenticate({ proof }, { policy: { nonce } })).headers;
    };
    expect(await of("renew")).toEqual({ "DPoP-Nonce": "next", "Cache-Control": "no-store" });
    expect(await of("valid")).toEqual({});
  });

  test("a nonce that is optional is handed out to those that have none", async () => {
    const policy = {
      nonce: { accept: "fresh", nextNonce: "next" },
      noncePolicy: "optional" as const,
    };
    expect(await authenticate({}, { policy })).toMatchObject({
      ok: true,
      headers: { "DPoP-Nonce": "next" },
    });
  });

  test("a replay is refused, and a store without room is 503 without a challenge", async () => {
    const server = createResourceServer({
      verifier: createVerifier({ replay: createMemoryReplayStore() }),
      accessTokens,
    });
    expect(server.authenticate(apiRequest()).ok).toBe(true);
    const again = server.authenticate(apiRequest());
    expect(again).toMatchObject({ ok: false, status: 401, failure: { code: "jti_replayed" } });
    const full = await authenticate({}, { policy: { replay: "full" } });
    expect(full).toEqual({
      ok: false,
      status: 503,
      headers: { "Retry-After": "1000", "Cache-Control": "no-store" },
      failure: {
        ok: false,
        code: "replay_store_full",
        message: FAILURES.replay_store_full.message,
        retryAfter: 1000, // when the one entry expires that takes all the room
      },
    });
  });
});

describe("mistakes of the programmer", () => {
  const verifier = createVerifier({ replay: "none" });
  const server = createResourceServer({ verifier, accessTokens });
  const asWritten = (request: object): ResourceRequest => request as ResourceRequest; // on purpose

  test.each([
    ["a binding in the request", { binding: BOUND }, "request"],
    ["no method", { method: undefined }, "method"],
    ["a relative url", { url: "/path" }, "url"],
    ["a number in Authorization", { authorization: [1] }, "authorization"],
    ["a number for Authorization", { authorization: 1 }, "authorization must be"],
    ["a Set for Authorization", { authorization: new Set(["DPoP a"]) }, "authorization must be"],
    ["verifiedMethods that is text", { verifiedMethods: "x5t#S256" }, "verifiedMethods"],
    ["a scope that is text", { scope: "read write" }, "scope must be an array"],
    ["a scope with a number", { scope: [1] }, "scope[] must be a string"],
    ["two names in one", { scope: ["read write"] }, "scope must hold names"],
    ["a name with a quote", { scope: ['"'] }, "scope must hold names"],
    ["an empty name", { scope: [""] }, "scope must hold names"],
    ["time in milliseconds", { now: NOW * 1000 }, "now"],
  ])("%s is a TypeError or RangeError that names it", (_, over, name) => {
    const call = (): unknown => server.authenticate(asWritten({ ...apiRequest(), ...over }));
    expect(call).toThrow(
      /TypeError|RangeError/.test(String(thrownBy(call))) ? name : "no such error",
    );
  });

  const noClaims = {};
  test.each([
    ["nothing", undefined, "accessTokens"],
    ["true", true, "accessTokens"],
    ["claims without a binding", { claims: noClaims }, "binding"],
    ["a binding without claims", { binding: BOUND }, "accessTokens"],
    ["claims that are text", { binding: BOUND, claims: "a" }, "accessTokens"],
    ["claims that are null", { binding: BOUND, claims: null }, "accessTokens"],
    ["the binding alone", BOUND, "the access token must have no member jkt"],
    ["a misspelt member", { binding: BOUND, claims: noClaims, scope: [] }, "the access token"],
    ["scopes that are text", { binding: BOUND, claims: noClaims, scopes: "a" }, "scopes"],
    ["scopes with a number", { binding: BOUND, claims: noClaims, scopes: [1] }, "scopes"],
    ["a binding of no form", { binding: {}, claims: noClaims }, "binding"],
    [
      "a binding of two forms",
      { binding: { jkt: JKT_ES256, unbound: true }, claims: noClaims },
      "binding",
    ],
    ["unbound that is false", { binding: { unbound: false }, claims: noClaims }, "binding"],
    ["a jkt that is null", { binding: { jkt: null }, claims: noClaims }, "binding"],
    [
      "otherMethods: text",
      { binding: { jkt: JKT_ES256, otherMethods: "kid" }, claims: noClaims },
      "binding",
    ],
    [
      "otherMethods of nothing",
      { binding: { unbound: true, otherMethods: [] }, claims: noClaims },
      "binding",
    ],
    ["unsupported that is text", { binding: { unsupported: "kid" }, claims: noClaims }, "binding"],
    ["unsupported that is no text", { binding: { unsupported: [1] }, claims: noClaims }, "binding"],
    ["a misspelt form", { binding: { jkts: JKT_ES256 }, claims: noClaims }, "binding"],
    ["a binding that is true", { binding: true, claims: noClaims }, "binding must be null or hold"],
    [
      "a binding that is promised",
      { binding: Promise.resolve(BOUND), claims: noClaims },
      "binding must be null or hold",
    ],
  ])("accessTokens that returns %s is broken, for both schemes", (_, answer, name) => {
    const broken = createResourceServer({
      verifier,
      accessTokens: () => answer as never, // on purpose
      unboundTokens: "accepted",
    });
    for (const authorization of [`DPoP ${TOKEN}`, BEARER]) {
      const call = (): unknown => broken.authenticate(apiRequest({ authorization }));
      expect(call).toThrow(TypeError);
      expect(call).toThrow(name);
    }
  });

  test("accessTokens that answer later are told where promises go, and end no process", async () => {
    for (const later of [async () => null, () => Promise.reject(new Error("late"))]) {
      const broken = createResourceServer({ verifier, accessTokens: later as never }); // on purpose
      expect(() => broken.authenticate(apiRequest())).toThrow("createAsyncResourceServer");
    }
    await new Promise((resolve) => setTimeout(resolve, 5));
  });

  test("accessTokens that are forgotten are noticed before any request", () => {
    for (const missing of [{}, { accessTokens: undefined }, { accessTokens: BOUND }]) {
      expect(() => createResourceServer({ verifier, ...missing } as never)).toThrow("accessTokens");
      const later = { verifier: createAsyncVerifier({ replay: "none" }), ...missing };
      expect(() => createAsyncResourceServer(later as never)).toThrow("accessTokens");
    }
  });

  test.each([
    ["no verifier", {}, "verifier"],
    [
      "unboundTokens that is no such word",
      { verifier, accessTokens, unboundTokens: "bearer" },
      "unboundTokens",
    ],
    [
      "unboundTokens that is null",
      { verifier, accessTokens, unboundTokens: null },
      "unboundTokens",
    ],
    ["a realm that can't be sent", { verifier, accessTokens, realm: "a\nb" }, "realm"],
    ["a scope with a quote", { verifier, accessTokens, scope: 'a"b' }, "scope"],
    ["onEvent that is no function", { verifier, accessTokens, onEvent: "log" }, "onEvent"],
    ["a misspelt option", { verifier, accessTokens, scheme: "dpop" }, "options"],
  ])("%s", (_, options, name) => {
    expect(() => createResourceServer(options as never)).toThrow(name); // on purpose
    expect(() => createResourceServer(options as never)).toThrow(TypeError);
  });

  test("what says that it was verified is not taken on trust", async () => {
    const answers = [
      { ok: true },
      { ok: true, jkt: "" },
      { ok: "no", jkt: JKT_ES256 },
      { ok: false },
      null,
    ];
    for (const answer of answers) {
      const claims = { jti: "a", htm: "GET", htu: API_URL, iat: NOW };
      const verify = (): never => (answer && { claims, ...answer }) as never; // on purpose
      const own = { algs: ["ES256"], nonce: undefined, verify };
      const over = createResourceServer({ verifier: own, accessTokens });
      expect(() => over.authenticate(apiRequest())).toThrow(TypeError);
      const endpoint = createAuthorizationServer({ verifier: own });
      const line = { method: "POST", url: API_URL, proof: apiProof() };
      const grant = { type: "client_credentials" } as const;
      const client = { clientType: "public", boundAccessTokens: false, grant } as const;
      expect(() => endpoint.checkTokenRequest({ ...line, ...client })).toThrow(TypeError);
      expect(() => endpoint.checkPushedRequest({ ...line, dpopJkt: undefined })).toThrow(TypeError);
    }
  });

  test("a verifier of their own that asks again is held to the last answer", () => {
    const { algs: labels, verify } = createVerifier({ replay: "none" });
    const again: Verifier["verify"] = (proof, request) => {
      if (typeof request.jkt === "function") {
        request.jkt("");
        request.jkt(undefined as never); // as plain JavaScript may
      }
      return verify(proof, request);
    };
    const found = [null, null, { jkt: JKT_ES256 }];
    const hashes: unknown[] = [];
    const askedAgain = createResourceServer({
      verifier: { algs: labels, verify: again },
      accessTokens: (_, hash) => (
        hashes.push(hash),
        { binding: found.shift() ?? null, claims: noClaims }
      ),
    });
    expect(askedAgain.authenticate(apiRequest()).ok).toBe(true);
    // What is no hash is not passed on.
    expect(hashes).toEqual([undefined, undefined, accessTokenHash(TOKEN, { backend: noble })]);
  });

  test("a verifier of their own that never asks what the token or the grant is bound to gives no access", async () => {
    const { algs: labels, verify } = createVerifier({ replay: "none" });
    // What becomes of a request that is sent to another process as JSON.
    const lossy: Verifier["verify"] = (proof, { method, url, now }) =>
      verify(proof, { method, url, now });
    const stolen: Verifier["verify"] = () => verify(mint(), at(NOW));
    const async = { algs: labels, verify: async () => stolen(undefined, at(NOW)) };
    const grant = { type: "refresh_token", jkt: JKT_OTHER } as const;
    const client = { clientType: "public", boundAccessTokens: false, grant } as const;
    const token = { ...at(NOW), proof: mint(), ...client };
    const endpoint = createAuthorizationServer({
      verifier: { algs: labels, verify: lossy },
    });
    expect(() => endpoint.checkTokenRequest(token)).toThrow(/^verifier\.verify must call jkt\(\)/);
    const api = createResourceServer({ verifier: { algs: labels, verify: stolen }, accessTokens });
    expect(() => api.authenticate(apiRequest())).toThrow(/^verifier\.verify must call jkt\(\)/);
    await expect(
      createAsyncAuthorizationServer({ verifier: async }).checkTokenRequest(token),
    ).rejects.toThrow(TypeError);
    const later = createAsyncResourceServer({ verifier: async, accessTokens });
    await expect(later.authenticate(apiRequest())).rejects.toThrow(TypeError);
  });

  test("a list that the caller changes while they wait changes nothing", async () => {
    const [verifiedMethods, scope]: [string[], string[]] = [[], ["write"]];
    const later = createAsyncResourceServer({
      verifier: createAsyncVerifier({ replay: "none" }),
      accessTokens: async () => {
        verifiedMethods.push("kid");
        scope.pop();
        return { binding: { jkt: JKT_ES256, otherMethods: ["kid"] }, claims: noClaims };
      },
    });
    const result = await later.authenticate({ ...apiRequest(), verifiedMethods });
    expect(result).toMatchObject({ ok: false, failure: { code: "binding_unsupported" } });
    scope.push("write");
    const lacking = await later.authenticate({ ...apiRequest(), verifiedMethods, scope });
    expect(lacking).toMatchObject({ ok: false, failure: { code: "scope_insufficient" } });
  });

  test("a verifier of the other kind that fails later ends no process", async () => {
    const noted: unknown[] = [];
    const note = (reason: unknown): number => noted.push(reason);
    process.on("unhandledRejection", note);
    try {
      const replay = { add: () => Promise.reject(new Error("late")) };
      const other = kindless(createAsyncVerifier({ replay })) as never; // on purpose
      const mistaken = createResourceServer({ verifier: other, accessTokens });
      expect(() => mistaken.authenticate(apiRequest())).toThrow(TypeError);
      await new Promise((resolve) => setTimeout(resolve, 20));
      expect(noted).toEqual([]);
    } finally {
      process.off("unhandledRejection", note);
    }
  });

  test("a verifier of the other kind is refused when the server is made", () => {
    const later = createAsyncVerifier({ replay: "none" }) as never; // on purpose
    const atOnce = createVerifier({ replay: "none" }) as never; // on purpose
    const named = /^verifier must be one of create(?:Async)?Verifier/;
    expect(() => createResourceServer({ verifier: later, accessTokens })).toThrow(named);
    expect(() => createAuthorizationServer({ verifier: later })).toThrow(named);
    expect(() => createAsyncResourceServer({ verifier: atOnce, accessTokens })).toThrow(named);
    expect(() => createAsyncAuthorizationServer({ verifier: atOnce })).toThrow(named);
  });

  test("one that does not tell its kind never grants anything", async () => {
    const later = kindless(createAsyncVerifier({ replay: "none" })) as never; // on purpose
    const sync = createResourceServer({ verifier: later, accessTokens });
    expect(() => sync.authenticate(apiRequest())).toThrow(TypeError);
    const atOnce = kindless(createVerifier({ replay: "none" })) as never; // on purpose
    const async = createAsyncResourceServer({ verifier: atOnce, accessTokens });
    await expect(async.authenticate(apiRequest())).rejects.toThrow(TypeError);
  });
});

/** As a wrapper is that passes on only what a role uses. */
function kindless(whole: Verifier | AsyncVerifier): object {
  return { algs: whole.algs, verify: whole.verify };
}

function thrownBy(call: () => unknown): unknown {
  try {
    return call();
  } catch (error) {
    return error;
  }
}

describe("challenges of one's own", () => {
  test("quoted strings are safe", () => {
    const value = wwwAuthenticate({
      scheme: "DPoP",
      realm: 'a "quoted" \\ realm',
      algs: ["ES256"],
    });
    expect(value).toBe('DPoP realm="a \\"quoted\\" \\\\ realm", algs="ES256"');
    expect(readChallenges(value)).toEqual([
      { scheme: "DPoP", params: { realm: 'a "quoted" \\ realm', algs: "ES256" } },
    ]);
    for (const realm of ["a\r\nSet-Cookie: b", "é", "\u0000", "\u007f"]) {
      expect(() => wwwAuthenticate({ scheme: "DPoP", realm })).toThrow(TypeError);
    }
    for (const error of ['a"', "a\\", "a\n"]) {
      expect(() => wwwAuthenticate({ scheme: "Bearer", error })).toThrow(TypeError);
    }
    expect(() => wwwAuthenticate([])).toThrow(TypeError);
    expect(() => wwwAuthenticate({ scheme: "Basic" as "DPoP" })).toThrow(TypeError);
    const text = "ES256" as never; // on purpose
    expect(() => wwwAuthenticate({ scheme: "DPoP", algs: text })).toThrow("algs must be an array");
  });

  test("insufficient_scope, as section 7.1 names it", () => {
    const challenge = {
      error: "insufficient_scope",
      scope: "write",
      algs: noble.algs.map(({ alg }) => alg),
    };
    expect(wwwAuthenticate([{ scheme: "Bearer" }, { scheme: "DPoP", ...challenge }])).toBe(
      'Bearer, DPoP scope="write", error="insufficient_scope", algs="ES256 EdDSA Ed25519"',
    );
  });

  test("[7.1-4] [8-7] what a browser must be told to expose", () => {
    expect(accessControlExposeHeaders()).toBe("WWW-Authenticate, DPoP-Nonce, Date");
    expect(accessControlExposeHeaders(null)).toBe("WWW-Authenticate, DPoP-Nonce, Date");
    expect(accessControlExposeHeaders("ETag, dpop-nonce")).toBe(
      "ETag, dpop-nonce, WWW-Authenticate, Date",
    );
    expect(accessControlExposeHeaders("*")).toBe("*, WWW-Authenticate, DPoP-Nonce, Date");
  });
});

test("every code of a resource server was asked for above", async () => {
  const seen = await Promise.all(
    [
      { authorization: null },
      { authorization: "§" },
      { authorization: [BEARER, BEARER] },
      { authorization: "Basic a" },
      { authorization: BEARER },
      ...[null, { unbound: true }, { invalid: true }, { unsupported: ["a"] }].map((binding) => ({
        binding: binding as Binding | null,
      })),
      { scope: ["write"] },
    ].map((over) => accessOutcome(over, BOTH)),
  );
  // At the authorization server.
  const codes = ["dpop_jkt_invalid", "dpop_jkt_mismatch", "grant_invalid"] as const;
  const elsewhere: ReadonlySet<FailureCode> = new Set(codes);
  expect(seen.toSorted()).toEqual(ROLE_CODES.filter((code) => !elsewhere.has(code)).toSorted());
});
