// RFC 9449 sections 5, 8 and 10: token requests and pushed authorization requests.
import {
  type AsyncAuthorizationServer,
  clientMetadata,
  createAsyncAuthorizationServer,
  createAsyncVerifier,
  createMemoryReplayStore,
  createResourceServer,
  createAuthorizationServer,
  createVerifier,
  type Failure,
  FAILURES,
  type Grant,
  pushedError,
  parseDpopJkt,
  type PushedRequest,
  type PushedResult,
  resourceError,
  resourceMetadata,
  serverMetadata,
  tokenError,
  type TokenRequest,
  type TokenResult,
  unwrap,
} from "dpop-core";
import { describe, expect, test } from "vitest";
import { JKT_ES256, JKT_OTHER } from "../support/keys.js";
import { at, mint, NOW, TOKEN_URL } from "../support/mint.js";
import type { PolicyData } from "../support/policy.js";
import { optionsOf } from "../support/run.js";

const PAR_URL = "https://server.example.com/par";
const noStore = { "Cache-Control": "no-store" };

const tokenRequest = (over: Partial<TokenRequest>): TokenRequest => ({
  ...at(NOW),
  proof: mint(),
  clientType: "public",
  boundAccessTokens: false,
  grant: { type: "client_credentials" },
  ...over,
});

const withCode = (jkt: string | undefined): { readonly grant: Grant } => ({
  grant: { type: "authorization_code", jkt },
});
const withRefreshToken = (jkt: string | undefined): { readonly grant: Grant } => ({
  grant: { type: "refresh_token", jkt },
});

/** The answer, the same from both kinds of endpoint. */
async function check(
  over: Partial<TokenRequest> = {},
  policy: PolicyData = {},
): Promise<TokenResult> {
  const request = tokenRequest(over);
  const verifier = createVerifier(optionsOf(policy));
  const result = createAuthorizationServer({ verifier }).checkTokenRequest(request);
  expect(await asyncEndpoint(policy).checkTokenRequest(request)).toEqual(result);
  return result;
}

async function push(
  over: Partial<PushedRequest> = {},
  policy: PolicyData = {},
): Promise<PushedResult> {
  const proof = mint({ claims: { htu: PAR_URL } });
  const request = { method: "POST", url: PAR_URL, now: NOW, proof, dpopJkt: undefined, ...over };
  const verifier = createVerifier(optionsOf(policy));
  const result = createAuthorizationServer({ verifier }).checkPushedRequest(request);
  expect(await asyncEndpoint(policy).checkPushedRequest(request)).toEqual(result);
  return result;
}

function asyncEndpoint(policy: PolicyData): AsyncAuthorizationServer {
  return createAsyncAuthorizationServer({ verifier: createAsyncVerifier(optionsOf(policy)) });
}

/** "ok" or the code of the failure. */
const codeOf = (result: TokenResult | PushedResult): string =>
  result.ok ? "ok" : result.failure.code;

describe("a token request with a proof", () => {
  test("[5-1] [5-3] the token is bound to the key: jkt, cnf and token_type say so", async () => {
    expect(await check()).toEqual({
      ok: true,
      jkt: JKT_ES256,
      tokenType: "DPoP",
      cnf: { jkt: JKT_ES256 },
      refreshJkt: JKT_ES256,
      headers: noStore,
    });
  });

  test("[5-4] the refresh token of a public client is bound to the key, and checked on use", async () => {
    expect(await check({ clientType: "public" })).toMatchObject({ refreshJkt: JKT_ES256 });
    const use = async (over: Partial<TokenRequest>): Promise<string> => codeOf(await check(over));
    expect(await use(withRefreshToken(JKT_ES256))).toBe("ok");
    expect(await use(withRefreshToken(JKT_OTHER))).toBe("jkt_mismatch");
    expect(await use({ ...withRefreshToken(JKT_OTHER), proof: undefined })).toBe("proof_missing");
    expect(await use(withRefreshToken(""))).toBe("jkt_mismatch");
    expect(await use({ ...withRefreshToken(""), proof: undefined })).toBe("proof_missing");
  });

  test("[5-5] that of a confidential client is not, so that the client can change its key", async () => {
    const confidential = { clientType: "confidential" } as const;
    expect(await check(confidential)).toMatchObject({
      jkt: JKT_ES256,
      tokenType: "DPoP",
      refreshJkt: undefined,
    });
    // A binding that is given is checked all the same, whatever the client.
    expect(codeOf(await check({ ...confidential, ...withRefreshToken(JKT_OTHER) }))).toBe(
      "jkt_mismatch",
    );
    const without = { ...confidential, ...withRefreshToken(JKT_OTHER), proof: null };
    expect(codeOf(await check(without))).toBe("proof_missing");
    // A list whose first field is empty is no request without a proof.
    for (const proof of [
      ["", mint()],
      ["", ""],
    ]) {
      expect(codeOf(await check({ proof }))).toBe("proof_multiple");
    }
  });

  test("[10-2] [11.9] a code is redeemed with the key that it is bound to", async () => {
    for (const clientType of ["public", "confidential"] as const) {
      const use = async (over: Partial<TokenRequest>): Promise<string> =>
        codeOf(await check({ clientType, ...over }));
      expect(await use(withCode(JKT_ES256))).toBe("ok");
      expect(await use(withCode(JKT_OTHER))).toBe("jkt_mismatch");
      expect(await use({ ...withCode(JKT_OTHER), proof: [] })).toBe("proof_missing");
      expect(await use(withCode(undefined))).toBe("ok");
      expect(await use({ ...withCode(undefined), proof: [] })).toBe("ok");
    }
  });

  test("a wrong key is invalid_grant", async () => {
    expect(await check(withCode(JKT_OTHER))).toEqual({
      ok: false,
      status: 400,
      headers: { "Content-Type": "application/json", ...noStore },
      body: { error: "invalid_grant", error_description: "Invalid DPoP key binding" },
      failure: { ok: false, code: "jkt_mismatch", message: FAILURES.jkt_mismatch.message },
    });
  });

  test("a proof for a resource, with ath, is refused", async () => {
    expect(codeOf(await check({ proof: mint({ claims: { ath: "a" } }) }))).toBe("ath_unexpected");
  });

  test("the key of the client authentication is no proof key where it is given", async () => {
    expect(codeOf(await check({ clientKeyJkt: JKT_ES256 }))).toBe("client_key_reused");
    expect(codeOf(await check({ clientKeyJkt: JKT_OTHER }))).toBe("ok");
    const endpoint = createAuthorizationServer({ verifier: createVerifier({ replay: "none" }) });
    expect(endpoint.checkTokenRequest(tokenRequest({ clientKeyJkt: JKT_ES256 }))).toMatchObject({
      status: 400,
      body: { error: "invalid_dpop_proof" },
    });
  });

  test("[5-2] a bad proof is 400 invalid_dpop_proof, whatever is wrong with it", async () => {
    for (const proof of ["x", [mint(), mint()], mint({ signer: "otherES256" }), "a".repeat(9000)]) {
      expect(await check({ proof })).toMatchObject({
        status: 400,
        body: { error: "invalid_dpop_proof" },
      });
    }
  });

  test("nothing of a refused request is stored", () => {
    const replay = createMemoryReplayStore();
    const endpoint = createAuthorizationServer({ verifier: createVerifier({ replay }) });
    for (const over of [
      withCode(JKT_OTHER),
      withRefreshToken(JKT_OTHER),
      { clientKeyJkt: JKT_ES256 },
      { requiredJkt: JKT_OTHER },
      { grant: () => null },
    ]) {
      expect(endpoint.checkTokenRequest(tokenRequest(over)).ok).toBe(false);
    }
    const dpopJkt = JKT_OTHER;
    expect(endpoint.checkPushedRequest({ ...at(NOW), proof: mint(), dpopJkt }).ok).toBe(false);
    expect(replay.usage().entries).toBe(0);
    expect(endpoint.checkTokenRequest(tokenRequest({})).ok).toBe(true);
    expect(codeOf(endpoint.checkTokenRequest(tokenRequest({})))).toBe("jti_replayed");
  });
});

describe("a grant that is looked up", () => {
  /** Counts the calls of a look-up. */
  function counting(grant: Grant | null): {
    readonly calls: string[];
    readonly grant: () => Grant | null;
  } {
    const calls: string[] = [];
    return { calls, grant: () => (calls.push("call"), grant) };
  }

  test.each([
    ["two proofs", { proof: [mint(), mint()] }, "proof_multiple"],
    ["garbage", { proof: "x.y.z" }, "jws_malformed"],
    ["another method", { method: "GET" }, "htm_mismatch"],
    ["another url", { url: `${TOKEN_URL}/` }, "htu_mismatch"],
    ["an old proof", { now: NOW + 61 }, "iat_too_old"],
    ["a proof for a resource", { proof: mint({ claims: { ath: "a" } }) }, "ath_unexpected"],
    [
      "no proof of a client that must have one",
      { proof: "", boundAccessTokens: true },
      "proof_missing",
    ],
    ["no proof where a key is required", { proof: "", requiredJkt: JKT_ES256 }, "proof_missing"],
    ["another key than the one that is required", { requiredJkt: JKT_OTHER }, "jkt_mismatch"],
    ["the key of the client", { clientKeyJkt: JKT_ES256 }, "client_key_reused"],
  ] as const)("never for %s", async (_, over, failure) => {
    const { calls, grant } = counting(null);
    expect(codeOf(await check({ ...over, grant }))).toBe(failure);
    expect(calls).toEqual([]);
  });

  test("once by each endpoint for all others, with a proof or without", async () => {
    for (const [over, expected] of [
      [{}, "ok"],
      [{ proof: undefined }, "ok"],
      [{ proof: mint({ signer: "otherES256" }) }, "signature_invalid"],
    ] as const) {
      const { calls, grant } = counting({ type: "client_credentials" });
      expect(codeOf(await check({ ...over, grant }))).toBe(expected);
      expect(calls).toHaveLength(2);
    }
  });

  test("is bound as one that is given", async () => {
    const use = async (over: Partial<TokenRequest>): Promise<string> => codeOf(await check(over));
    for (const type of ["authorization_code", "refresh_token"] as const) {
      expect(await use({ grant: () => ({ type, jkt: JKT_ES256 }) })).toBe("ok");
      expect(await use({ grant: () => ({ type, jkt: undefined }) })).toBe("ok");
      expect(await use({ grant: () => ({ type, jkt: JKT_OTHER }) })).toBe("jkt_mismatch");
      const other = { grant: (): Grant => ({ type, jkt: JKT_OTHER }), proof: undefined };
      expect(await use(other)).toBe("proof_missing");
    }
  });

  test("null is invalid_grant, with a proof and without, given or looked up", async () => {
    for (const grant of [null, () => null]) {
      for (const proof of [mint(), undefined]) {
        expect(await check({ grant, proof })).toEqual({
          ok: false,
          status: 400,
          headers: { "Content-Type": "application/json", ...noStore },
          body: { error: "invalid_grant", error_description: "Invalid grant" },
          failure: { ok: false, code: "grant_invalid", message: FAILURES.grant_invalid.message },
        });
      }
    }
  });

  test("a stranger without a good grant takes no room in the replay store", async () => {
    const replay = createMemoryReplayStore();
    const endpoint = createAuthorizationServer({ verifier: createVerifier({ replay }) });
    const later = createAsyncAuthorizationServer({ verifier: createAsyncVerifier({ replay }) });
    for (let i = 0; i < 100; i++) {
      const proof = mint({ claims: { jti: `${i}` } });
      expect(codeOf(endpoint.checkTokenRequest(tokenRequest({ proof, grant: () => null })))).toBe(
        "grant_invalid",
      );
      const request = { ...tokenRequest({ proof }), grant: async () => null };
      expect(codeOf(await later.checkTokenRequest(request))).toBe("grant_invalid");
    }
    expect(replay.usage().entries).toBe(0);
  });

  test("may answer later where the endpoint is an asynchronous one, and only there", async () => {
    const bound = async (): Promise<Grant> => ({ type: "refresh_token", jkt: JKT_OTHER });
    for (const proof of [mint(), undefined]) {
      const request = { ...tokenRequest({ proof }), grant: bound };
      const code = proof === undefined ? "proof_missing" : "jkt_mismatch";
      expect(codeOf(await asyncEndpoint({}).checkTokenRequest(request))).toBe(code);
      const endpoint = createAuthorizationServer({ verifier: createVerifier({ replay: "none" }) });
      expect(() => endpoint.checkTokenRequest(request as never)).toThrow(
        /createAsyncAuthorizationServer/,
      ); // on purpose
      const late = { ...request, grant: () => Promise.reject(new Error("late")) };
      expect(() => endpoint.checkTokenRequest(late as never)).toThrow(
        /createAsyncAuthorizationServer/,
      );
    }
  });

  test("what it throws propagates, and nothing is granted", async () => {
    const grant = (): never => {
      throw new Error("no database");
    };
    const endpoint = createAuthorizationServer({ verifier: createVerifier({ replay: "none" }) });
    for (const proof of [mint(), undefined]) {
      const request = tokenRequest({ proof, grant });
      expect(() => endpoint.checkTokenRequest(request)).toThrow("no database");
      await expect(asyncEndpoint({}).checkTokenRequest(request)).rejects.toThrow("no database");
    }
  });
});

describe("a key that is required beside the grant", () => {
  test("is the key of the proof, at the token endpoint and with a pushed request", async () => {
    expect(codeOf(await check({ requiredJkt: JKT_ES256 }))).toBe("ok");
    expect(codeOf(await check({ requiredJkt: JKT_ES256, ...withRefreshToken(JKT_ES256) }))).toBe(
      "ok",
    );
    expect(codeOf(await check({ requiredJkt: JKT_ES256, ...withRefreshToken(JKT_OTHER) }))).toBe(
      "jkt_mismatch",
    );
    expect(codeOf(await check({ requiredJkt: JKT_OTHER, ...withRefreshToken(JKT_ES256) }))).toBe(
      "jkt_mismatch",
    );
    expect(await check({ requiredJkt: JKT_OTHER })).toMatchObject({
      body: { error: "invalid_grant" },
    });
    expect(codeOf(await push({ requiredJkt: JKT_ES256 }))).toBe("ok");
    expect(await push({ requiredJkt: JKT_OTHER })).toMatchObject({
      body: { error: "invalid_request" },
      failure: { code: "jkt_mismatch" },
    });
  });

  test("is not taken for dpop_jkt where both are given", async () => {
    const both = { requiredJkt: JKT_OTHER, dpopJkt: JKT_ES256 };
    expect(codeOf(await push(both))).toBe("jkt_mismatch");
  });

  test("is not there without a proof", async () => {
    for (const proof of [undefined, null, "", []]) {
      expect(codeOf(await check({ proof, requiredJkt: JKT_ES256 }))).toBe("proof_missing");
      expect(codeOf(await push({ proof, requiredJkt: JKT_ES256 }))).toBe("proof_missing");
      const dpopJkt = JKT_ES256;
      expect(codeOf(await push({ proof, dpopJkt, requiredJkt: JKT_ES256 }))).toBe("proof_missing");
    }
  });
});

describe("a token request without a proof", () => {
  test("[5-6] gives an unbound token, where nothing asks for more", async () => {
    for (const proof of [undefined, null, "", [], [""]]) {
      expect(await check({ proof })).toEqual({
        ok: true,
        jkt: undefined,
        tokenType: "Bearer",
        cnf: undefined,
        refreshJkt: undefined,
        headers: noStore,
      });
    }
  });

  test("[5.2] is refused where the client's metadata say dpop_bound_access_tokens", async () => {
    for (const clientType of ["public", "confidential"] as const) {
      expect(await check({ clientType, boundAccessTokens: true, proof: undefined })).toMatchObject({
        ok: false,
        status: 400,
        body: { error: "invalid_dpop_proof" },
        failure: { code: "proof_missing" },
      });
    }
    expect(codeOf(await check({ boundAccessTokens: true }))).toBe("ok");
  });
});

describe("RFC 9449 §8: nonces of the authorization server", () => {
  const next = "eyJ7S_zG.eyJH0-Z.HX4w-7v";
  const policy: PolicyData = { nonce: { accept: next, nextNonce: next, acceptUntil: NOW + 1 } };

  test("[8-1] the figure: 400, use_dpop_nonce, one DPoP-Nonce", async () => {
    const refused = await check({}, policy);
    expect(refused).toMatchObject({
      ok: false,
      status: 400,
      headers: { "DPoP-Nonce": next, "Content-Type": "application/json", ...noStore },
    });
    // Our fixed order, byte for byte.
    expect("body" in refused && JSON.stringify(refused.body)).toBe(
      '{"error":"use_dpop_nonce","error_description":"Authorization server requires nonce in DPoP proof"}',
    );
    expect(await push({}, policy)).toMatchObject({
      status: 400,
      headers: { "DPoP-Nonce": next },
      body: { error: "use_dpop_nonce" },
    });
  });

  test("a challenge without an error keeps its order, whatever scheme the request had", () => {
    const failure: Failure = { ok: false, code: "credentials_missing", message: "" };
    for (const scheme of [undefined, "DPoP", "Bearer"] as const) {
      const { headers } = resourceError(failure, { algs: ["ES256"], unboundTokens: "accepted", scheme }); // prettier-ignore
      expect(headers["WWW-Authenticate"]).toBe('Bearer, DPoP algs="ES256"');
    }
  });

  test("[8-3] there is one DPoP-Nonce at most, whatever else is said", () => {
    const failure: Failure = { ok: false, code: "nonce_missing", message: "", nextNonce: "a" };
    expect(tokenError(failure).headers["DPoP-Nonce"]).toBe("a");
    expect(tokenError(failure, { nextNonce: "b" }).headers["DPoP-Nonce"]).toBe("b");
    expect(resourceError(failure, { algs: [], nextNonce: "b" }).headers["DPoP-Nonce"]).toBe("b");
  });

  test("[8-5] a nonce that does not match exactly is refused, with a new one", async () => {
    for (const nonce of ["x", next.toLowerCase(), `${next}x`, next.slice(1)]) {
      const proof = mint({ claims: { nonce } });
      expect(await check({ proof }, policy)).toMatchObject({
        failure: { code: "nonce_mismatch" },
        headers: { "DPoP-Nonce": next },
      });
    }
  });

  test("[8.2-1] [8.2-2] a new nonce may come with any answer, a success included", async () => {
    const proof = mint({ claims: { nonce: next } });
    const renew = { nonce: { accept: next, nextNonce: "newer", status: "renew" as const } };
    const headers = { "DPoP-Nonce": "newer", ...noStore };
    expect(await check({ proof }, renew)).toMatchObject({ ok: true, headers });
    const pushed = mint({ claims: { nonce: next, htu: PAR_URL } });
    expect(await push({ proof: pushed }, renew)).toMatchObject({ ok: true, headers });
    expect((await check({ proof }, policy)).headers).toEqual(noStore);
  });

  test("a check that demands a nonce and has none to give is a mistake", () => {
    const nonce = { check: () => ({ status: "missing" as const }) };
    const endpoint = createAuthorizationServer({
      verifier: createVerifier({ nonce, replay: "none" }),
    });
    expect(() => endpoint.checkTokenRequest(tokenRequest({}))).toThrow(TypeError);
    for (const unfit of ["", "a b", 'a"', "a\r\nb", "é"]) {
      const bad = { check: () => ({ status: "missing" as const, nextNonce: unfit }) };
      const verifier = createVerifier({ nonce: bad, replay: "none" });
      expect(() =>
        createAuthorizationServer({ verifier }).checkTokenRequest(tokenRequest({})),
      ).toThrow(TypeError);
      expect(() =>
        createResourceServer({ verifier, accessTokens: () => null }).authenticate({
          ...at(NOW),
          authorization: "DPoP a",
          proof: mint(),
        }),
      ).toThrow(TypeError);
    }
  });
});

describe("RFC 9449 §10.1: pushed authorization requests", () => {
  test("[10.1-1] neither a proof nor dpop_jkt: the code is not bound", async () => {
    expect(await push({ proof: undefined })).toEqual({
      ok: true,
      jkt: undefined,
      headers: noStore,
    });
  });

  test("[10.1-2] a proof without dpop_jkt binds as dpop_jkt of its key would", async () => {
    expect(await push()).toEqual({ ok: true, jkt: JKT_ES256, headers: noStore });
    const elsewhere = mint({ claims: { htu: TOKEN_URL } });
    expect(codeOf(await push({ proof: elsewhere }))).toBe("htu_mismatch");
    const bad = mint({ claims: { htu: PAR_URL }, signer: "otherES256" });
    expect(await push({ proof: bad })).toMatchObject({
      status: 400,
      body: { error: "invalid_dpop_proof" },
    });
    expect(codeOf(await push({ clientKeyJkt: JKT_ES256 }))).toBe("client_key_reused");
  });

  test("[10.1-1] dpop_jkt without a proof binds to it", async () => {
    const only = { proof: null, dpopJkt: JKT_OTHER };
    expect(await push(only)).toEqual({ ok: true, jkt: JKT_OTHER, headers: noStore });
  });

  test("[10.1-3] both must agree", async () => {
    expect(await push({ dpopJkt: JKT_ES256 })).toMatchObject({ ok: true, jkt: JKT_ES256 });
    expect(await push({ dpopJkt: JKT_OTHER })).toEqual({
      ok: false,
      status: 400,
      headers: { "Content-Type": "application/json", ...noStore },
      body: {
        error: "invalid_request",
        error_description: "The dpop_jkt is not the thumbprint of the key of the DPoP proof",
      },
      failure: {
        ok: false,
        code: "dpop_jkt_mismatch",
        message: FAILURES.dpop_jkt_mismatch.message,
      },
    });
  });

  test("another fault of the proof is not laid on dpop_jkt", async () => {
    const elsewhere = mint({ claims: { htu: TOKEN_URL } });
    expect(codeOf(await push({ dpopJkt: JKT_ES256, proof: elsewhere }))).toBe("htu_mismatch");
    expect(codeOf(await push({ requiredJkt: JKT_OTHER }))).toBe("jkt_mismatch");
  });

  test("the jkt_mismatch of a verifier with a rule of its own is not laid on a dpop_jkt that was not sent", async () => {
    const mismatch: Failure<"jkt_mismatch"> = {
      ok: false,
      code: "jkt_mismatch",
      message: FAILURES.jkt_mismatch.message,
    };
    const own = createVerifier({ replay: "none" });
    const ownAsync = createAsyncVerifier({ replay: "none" });
    const proof = mint({ claims: { htu: PAR_URL } });
    const request = { method: "POST", url: PAR_URL, now: NOW, proof, dpopJkt: undefined };
    for (const endpoint of [
      createAuthorizationServer({ verifier: { ...own, verify: () => mismatch } }),
      createAsyncAuthorizationServer({
        verifier: { ...ownAsync, verify: () => Promise.resolve(mismatch) },
      }),
    ]) {
      expect(codeOf(await endpoint.checkPushedRequest(request))).toBe("jkt_mismatch");
    }
  });

  test("a dpop_jkt of another form is refused, with a proof and without", async () => {
    for (const dpopJkt of ["x", `${JKT_ES256}=`, JKT_ES256.slice(1), [JKT_ES256, JKT_ES256]]) {
      for (const over of [{ dpopJkt }, { dpopJkt, proof: undefined }]) {
        expect(await push(over)).toMatchObject({
          ok: false,
          status: 400,
          body: { error: "invalid_request" },
          failure: { code: "dpop_jkt_invalid" },
        });
      }
    }
  });
});

describe("[10-1] the syntax of dpop_jkt", () => {
  test.each([
    ["a thumbprint", JKT_ES256, { ok: true, jkt: JKT_ES256 }],
    ["one in a list", [JKT_ES256], { ok: true, jkt: JKT_ES256 }],
    ["nothing", undefined, { ok: true, jkt: undefined }],
    ["null", null, { ok: true, jkt: undefined }],
    ["an empty list", [], { ok: true, jkt: undefined }],
    ["sent without a value (RFC 6749 §3.1)", "", { ok: true, jkt: undefined }],
    ["sent twice", [JKT_ES256, JKT_ES256], { ok: false, code: "dpop_jkt_invalid" }],
    ["too long", `${JKT_ES256}A`, { ok: false, code: "dpop_jkt_invalid" }],
    ["the base64 alphabet", `${"+".repeat(42)}A`, { ok: false, code: "dpop_jkt_invalid" }],
    ["unused bits", `${"A".repeat(42)}B`, { ok: false, code: "dpop_jkt_invalid" }],
  ])("%s", (_, parameter, expected) => {
    expect(parseDpopJkt(parameter)).toMatchObject(expected);
  });

  test("what a body parser makes of it is refused, and nothing is thrown", () => {
    for (const parameter of [1, true, {}, [[JKT_ES256]], { 0: JKT_ES256, length: 1 }]) {
      expect(parseDpopJkt(parameter as never)).toMatchObject({ code: "dpop_jkt_invalid" }); // on purpose
    }
  });
});

describe("metadata", () => {
  const verifier = createVerifier({ replay: "none" });
  const algs = ["ES256", "EdDSA", "Ed25519"];

  test("[5.1] of the authorization server (RFC 8414)", () => {
    const expected = { dpop_signing_alg_values_supported: algs };
    expect(serverMetadata(verifier)).toEqual(expected);
    expect(serverMetadata(createAuthorizationServer({ verifier }))).toEqual(expected);
  });

  test("of the protected resource (RFC 9728)", () => {
    for (const [unboundTokens, required] of [
      ["refused", true],
      ["accepted", false],
    ] as const) {
      const server = createResourceServer({ verifier, accessTokens: () => null, unboundTokens });
      expect(resourceMetadata(server)).toEqual({
        dpop_signing_alg_values_supported: algs,
        dpop_bound_access_tokens_required: required,
      });
    }
  });

  test("algs that are no list of names are a mistake", () => {
    for (const given of [undefined, "ES256", { length: 0 }]) {
      expect(() => serverMetadata({ algs: given } as never)).toThrow("algs must be an array"); // on purpose
    }
    expect(() => serverMetadata({ algs: [1] } as never)).toThrow("algs[]");
  });

  test("[5.2] of a client (RFC 7591)", () => {
    expect(clientMetadata({ boundAccessTokens: true })).toEqual({ dpop_bound_access_tokens: true });
    expect(clientMetadata({ boundAccessTokens: false })).toEqual({
      dpop_bound_access_tokens: false,
    });
    expect(() => clientMetadata({ boundAccessTokens: "true" as never })).toThrow(TypeError); // on purpose
  });
});

describe("mistakes of the programmer", () => {
  const endpoint = createAuthorizationServer({ verifier: createVerifier({ replay: "none" }) });

  test.each([
    ["no clientType", { clientType: undefined }, "clientType"],
    ["a clientType that does not exist", { clientType: "Public" }, "clientType"],
    ["no boundAccessTokens", { boundAccessTokens: undefined }, "boundAccessTokens"],
    ["boundAccessTokens that is text", { boundAccessTokens: "false" }, "boundAccessTokens"],
    ["no grant", { grant: undefined }, "grant must"],
    ["a grant that is a word", { grant: "refresh_token" }, "grant must"],
    ["a grant that is a list", { grant: ["refresh_token"] }, "grant must"],
    ["a grant without a type", { grant: { jkt: JKT_ES256 } }, "grant.type"],
    ["a grant whose type is empty", { grant: { type: "" } }, "grant.type"],
    ["a code without its jkt", { grant: { type: "authorization_code" } }, "grant.jkt"],
    ["a refresh token without its jkt", { grant: { type: "refresh_token" } }, "grant.jkt"],
    ["the same from a look-up", { grant: () => ({ type: "refresh_token" }) }, "grant.jkt"],
    ["a jkt that is null", { grant: { type: "refresh_token", jkt: null } }, "grant.jkt"],
    ["a misspelt refresh token", { grant: { type: "refreshToken" } }, "grant.type"],
    ["another", { grant: { type: "REFRESH-TOKEN", jkt: undefined } }, "grant.type"],
    ["a misspelt code", { grant: { type: "Authorization_Code" } }, "grant.type"],
    ["a jkt of another grant", { grant: { type: "password", jkt: JKT_ES256 } }, "grant.jkt"],
    ["a misspelt member of a grant", { grant: { type: "password", JKT: "a" } }, "grant must"],
    ["a look-up that finds nothing out", { grant: () => undefined }, "grant must"],
    ["a requiredJkt that could never match", { requiredJkt: JKT_ES256.slice(1) }, "requiredJkt"],
    ["the same without a proof", { requiredJkt: "", proof: undefined }, "requiredJkt"],
    ["a clientKeyJkt that is a number", { clientKeyJkt: 1 }, "clientKeyJkt"],
    ["a clientKeyJkt that could never match", { clientKeyJkt: `${JKT_ES256}=` }, "clientKeyJkt"],
    ["the same without a proof", { clientKeyJkt: "", proof: undefined }, "clientKeyJkt"],
    ["a member of another version", { refreshJkt: JKT_ES256 }, "request"],
    ["a proof that is a number", { proof: 1 }, "proof"],
    ["no method", { method: undefined }, "method"],
    ["no url, without a proof either", { url: undefined, proof: undefined }, "url"],
  ])("%s", async (_, over, name) => {
    const request = { ...tokenRequest({}), ...over } as never; // on purpose
    expect(() => endpoint.checkTokenRequest(request)).toThrow(TypeError);
    expect(() => endpoint.checkTokenRequest(request)).toThrow(name);
    await expect(asyncEndpoint({}).checkTokenRequest(request)).rejects.toThrow(name);
  });

  test("a mistaken grant is noticed whatever the client sent", async () => {
    const grant = { type: "refresh_token" };
    for (const over of [{ boundAccessTokens: true, proof: undefined }, { proof: "garbage" }]) {
      const request = { ...tokenRequest(over), grant } as never; // on purpose
      expect(() => endpoint.checkTokenRequest(request)).toThrow("grant.jkt");
      await expect(asyncEndpoint({}).checkTokenRequest(request)).rejects.toThrow("grant.jkt");
    }
  });

  // Forgotten is not absent: the client may have sent it, and is owed tokens that are bound.
  test.each([
    ["checkTokenRequest", "proof"],
    ["checkPushedRequest", "proof"],
    ["checkPushedRequest", "dpopJkt"],
  ] as const)("%s without the member %s, which may be undefined", async (name, member) => {
    const { method, url } = at(NOW);
    const pushed = { method, url, now: NOW, proof: undefined, dpopJkt: undefined };
    const whole = name === "checkTokenRequest" ? tokenRequest({ proof: undefined }) : pushed;
    const granted = endpoint[name](whole as never);
    expect([granted.ok, granted.ok && granted.jkt]).toEqual([true, undefined]);
    const { [member]: _, ...request }: Record<string, unknown> = { ...whole };
    const error = new TypeError(`${member} must be given, undefined if the client sent none`);
    expect(() => endpoint[name](request as never)).toThrow(error);
    await expect(asyncEndpoint({})[name](request as never)).rejects.toThrow(error);
  });

  test("options", () => {
    expect(() => createAuthorizationServer({} as never)).toThrow("verifier");
    expect(() =>
      createAuthorizationServer({ verifier: createVerifier({ replay: "none" }), x: 1 } as never),
    ).toThrow("options");
    expect(() => createAsyncAuthorizationServer({ verifier: {} } as never)).toThrow(
      "verifier.verify",
    );
    const verify = (): never => expect.unreachable();
    for (const algs of [undefined, "ES256", { length: 0 }]) {
      const verifier = { verify, algs } as never; // on purpose
      expect(() => createAuthorizationServer({ verifier })).toThrow(
        "verifier.algs must be an array",
      );
      expect(() => createResourceServer({ verifier, accessTokens: () => null })).toThrow(
        "verifier.algs must be an array",
      );
    }
  });

  test("what is not a failure can't be rendered", () => {
    for (const failure of [
      undefined,
      { ok: true },
      { ok: true, code: "jti_replayed" },
      { code: "jti_replayed" },
      { ok: false, code: "constructor" },
      "jkt_mismatch",
    ]) {
      expect(() => tokenError(failure as never)).toThrow(TypeError); // on purpose
      expect(() => pushedError(failure as never)).toThrow(TypeError);
      expect(() => resourceError(failure as never, { algs: [] })).toThrow(TypeError);
    }
  });
});

describe("plain http elsewhere than on this machine", () => {
  const proofs: readonly (readonly [string, TokenRequest["proof"]])[] = [
    ["a proof", mint()],
    ["no proof", undefined],
    ["an empty proof", ""],
    ["garbage", "x"],
  ];
  const refused = /^url must begin with https:\/\/.*the URL outside.*plainHttp/;

  test.each(proofs)("is a TypeError, with %s", async (_, proof) => {
    for (const url of ["http://server.example.com/token", "http://localhost@evil.example/", "/"]) {
      await expect(check({ url, proof })).rejects.toThrow(refused);
      await expect(
        asyncEndpoint({}).checkTokenRequest(tokenRequest({ url, proof })),
      ).rejects.toThrow(refused);
      await expect(push({ url, proof })).rejects.toThrow(refused);
      const pushed = { ...at(NOW), url, proof, dpopJkt: undefined };
      await expect(asyncEndpoint({}).checkPushedRequest(pushed)).rejects.toThrow(refused);
    }
  });

  test("is taken where the verifier says so, and loopback always is", async () => {
    const anywhere = { plainHttp: "anywhere" } as const;
    for (const [url, policy] of [
      ["http://server.example.com/token", anywhere],
      ["http://localhost:4000/token", {}],
      ["http://[::1]:4000/token", { plainHttp: "loopback" }],
    ] as const) {
      const proof = mint({ claims: { htu: url } });
      expect(codeOf(await check({ url, proof }, policy))).toBe("ok");
      expect(codeOf(await check({ url, proof: undefined }, policy))).toBe("ok");
      expect(codeOf(await push({ url, proof }, policy))).toBe("ok");
      expect(codeOf(await push({ url, proof: undefined }, policy))).toBe("ok");
    }
  });

  test("a verifier that says something else is a mistake that is named", () => {
    const verifier = { ...createVerifier(optionsOf()), plainHttp: "yes" } as never; // on purpose
    const named = /^verifier\.plainHttp must be "loopback" or "anywhere"$/;
    expect(() => createAuthorizationServer({ verifier })).toThrow(named);
    const later = { ...createAsyncVerifier(optionsOf()), plainHttp: "yes" } as never; // on purpose
    expect(() => createAsyncAuthorizationServer({ verifier: later })).toThrow(named);
  });
});

describe("every failure is rendered where it can occur, and nowhere else", () => {
  const failures = Object.keys(FAILURES).map((code) => [code, { ok: false, code }] as const);

  test.each(failures)("%s", (_, failure) => {
    const given = failure as Failure; // all that the rendering needs of one
    const options = { nextNonce: "next" };
    const { resource, token, pushed } = FAILURES[given.code];
    for (const [render, answer] of [
      [tokenError, token],
      [pushedError, pushed],
    ] as const) {
      if (answer === null) {
        expect(() => render(given, options)).toThrow(/^failure must be one that can occur/);
        continue;
      }
      const { status, headers, body } = render(given, options);
      expect([400, 503]).toContain(status);
      expect(body.error).toMatch(/^[a-z_]+$/);
      expect(body.error_description).toMatch(/^[\x20-\x21\x23-\x5b\x5d-\x7e]+$/);
      expect(headers).toMatchObject({ "Content-Type": "application/json", ...noStore });
    }
    const labels = { algs: ["ES256"], ...options };
    if (resource === null) {
      expect(() => resourceError(given, labels)).toThrow(/^failure must be one that can occur/);
      return;
    }
    const { status, headers } = resourceError(given, labels);
    expect([400, 401, 403, 503]).toContain(status);
    expect(status === 503).toBe(headers["WWW-Authenticate"] === undefined);
  });
});

describe("unwrap", () => {
  const verifier = createVerifier({ replay: "none" });

  test("a proof is returned, a failure is thrown with the response of its place", () => {
    expect(unwrap(verifier.verify(mint(), at(NOW))).jkt).toBe(JKT_ES256);
    const failed = verifier.verify(mint(), { ...at(NOW), jkt: JKT_OTHER });
    for (const [place, error, status] of [
      ["resource", "invalid_token", 401],
      ["token", "invalid_grant", 400],
      ["pushed", "invalid_request", 400],
    ] as const) {
      expect(() => unwrap(failed, place)).toThrow(
        expect.objectContaining({
          name: "ProofError",
          code: "jkt_mismatch",
          error,
          status,
          failure: failed,
        }),
      );
    }
    expect(() => unwrap(failed)).toThrow(expect.objectContaining({ status: 401 }));
  });

  test("a proof under the key of the client is a ProofError at every place, the default one too", () => {
    const reused = verifier.verify(mint(), { ...at(NOW), clientKeyJkt: JKT_ES256 });
    const error = expect.objectContaining({ name: "ProofError", code: "client_key_reused" });
    for (const place of [undefined, "resource", "token", "pushed"] as const) {
      expect(() => unwrap(reused, place)).toThrow(error);
    }
  });

  test("what is neither a proof nor a failure is no result, though it has the code of one", () => {
    for (const result of [
      { code: "jti_replayed" },
      { ok: "no", code: "jti_replayed" },
      { ok: false },
    ])
      expect(() => unwrap(result as never)).toThrow(TypeError); // on purpose
  });

  test("a promise of a result is no result", () => {
    const promised = createAsyncVerifier({ replay: "none" }).verify(mint(), at(NOW));
    expect(() => unwrap(promised as never)).toThrow(TypeError); // on purpose
    expect(() => unwrap(verifier.verify(mint(), at(NOW)), "api" as never)).toThrow(TypeError);
  });
});

describe("a look-up that returns neither a thumbprint, a failure nor undefined does not mean that any key will do", () => {
  test.each([
    ["false", () => false],
    ["a number", () => 0],
    ["an object", () => ({})],
    ["a list", () => [JKT_ES256]],
    ["a promise, to a synchronous verifier", () => Promise.resolve(JKT_OTHER)],
    ["a promise that fails, to a synchronous verifier", () => Promise.reject(new Error("down"))],
  ])("%s", async (name, jkt) => {
    const verify = (verifier: object): unknown =>
      Reflect.apply(Reflect.get(verifier, "verify") as () => unknown, verifier, [
        mint(),
        { ...at(NOW), jkt },
      ]);
    expect(() => verify(createVerifier({ replay: "none" }))).toThrow(/^jkt\(\) must return/);
    if (!name.startsWith("a promise"))
      await expect(verify(createAsyncVerifier({ replay: "none" }))).rejects.toThrow(
        /^jkt\(\) must return/,
      );
  });
});
