// Scopes (RFC 6750 section 3.1, RFC 9449 section 7.1): a good token that does not allow what a request needs.
import {
  createAsyncResourceServer,
  createAsyncVerifier,
  createMemoryReplayStore,
  createResourceServer,
  createVerifier,
} from "dpop-core";
import { describe, expect, test } from "vitest";
import { scopesOf } from "../src/tokens/access-token.js";
import { readChallenges } from "./support/auth-params.js";
import { JKT_OTHER } from "./support/keys.js";
import {
  accessOutcome,
  accessTokens,
  apiProof,
  apiRequest,
  authenticate,
  BOUND,
  TOKEN,
} from "./support/resource.js";

// Every token of these tests has the scope "read list".
const policy = { algs: ["ES256" as const] };
const description = "The access token lacks a scope that is needed here";
const missing = {
  scope: "read write",
  error: "insufficient_scope",
  error_description: description,
};

describe("a request that needs a scope", () => {
  test.each([
    ["none", []],
    ["one that the token has", ["list"]],
    ["all that it has, in another order", ["list", "read"]],
    ["the same one twice", ["read", "read"]],
  ])("is granted for %s", async (_, scope) => {
    expect(await authenticate({ scope })).toMatchObject({ ok: true, scopes: ["read", "list"] });
  });

  test.each([
    ["another one", ["write"]],
    ["one of two", ["read", "write"]],
    ["another case", ["Read"]],
    ["a part of a name", ["rea"]],
    ["a name of objects", ["constructor"]],
  ])("is refused for %s", async (_, scope) => {
    expect(await accessOutcome({ scope })).toBe("scope_insufficient");
  });

  test("gets 403, and a challenge that names what this request needs", async () => {
    const server = {
      policy,
      realm: "the API",
      scope: "read",
      resourceMetadataUrl: "https://api.example/.well-known/oauth-protected-resource",
    };
    const result = await authenticate({ scope: ["read", "write"] }, server);
    expect(result).toMatchObject({ ok: false, status: 403 });
    expect(readChallenges(result.headers["WWW-Authenticate"] ?? "")).toEqual([
      {
        scheme: "DPoP",
        params: {
          realm: server.realm,
          ...missing,
          algs: "ES256",
          resource_metadata: server.resourceMetadataUrl,
        },
      },
    ]);
    expect(result.headers["Cache-Control"]).toBe("no-store");
  });

  test("as Bearer is told in the challenge of that scheme", async () => {
    const bearer = {
      authorization: `Bearer ${TOKEN}`,
      proof: undefined,
      binding: { unbound: true },
      scope: ["read", "write"],
    } as const;
    const result = await authenticate(bearer, { policy, unboundTokens: "accepted" });
    expect(result).toMatchObject({ ok: false, status: 403 });
    expect(readChallenges(result.headers["WWW-Authenticate"] ?? "")).toEqual([
      { scheme: "Bearer", params: missing },
      { scheme: "DPoP", params: { scope: "read write", algs: "ES256" } },
    ]);
  });

  test("still gets the nonce that is due", async () => {
    const nonce = { accept: "fresh", nextNonce: "next", status: "renew" as const };
    const proof = apiProof({ claims: { nonce: "fresh" } });
    const { headers } = await authenticate({ proof, scope: ["write"] }, { policy: { nonce } });
    expect(headers["DPoP-Nonce"]).toBe("next");
  });

  test("tells nothing of the scope to who does not hold the key, and uses up no proof of theirs", async () => {
    const scope = ["write"];
    expect(await accessOutcome({ scope, binding: { jkt: JKT_OTHER } })).toBe("jkt_mismatch");
    const forged = `${apiProof().slice(0, -8)}AAAAAAAA`;
    expect(await accessOutcome({ scope, proof: forged })).toBe("signature_invalid");
    const replay = createMemoryReplayStore();
    const server = createResourceServer({ verifier: createVerifier({ replay }), accessTokens });
    server.authenticate(apiRequest({ scope, proof: forged }));
    expect(replay.usage().entries).toBe(0);
    server.authenticate(apiRequest({ scope })); // a good proof is used up, whatever the scope
    expect(server.authenticate(apiRequest())).toMatchObject({ failure: { code: "jti_replayed" } });
  });
});

describe("a handler that finds out later", () => {
  const verifier = createVerifier({ replay: "none" });
  const server = createResourceServer({ verifier, accessTokens, realm: "the API" });

  test("answers as authenticate does", async () => {
    const refusal = server.insufficientScope(["read", "write"]);
    expect(refusal).toEqual(server.authenticate(apiRequest({ scope: ["read", "write"] })));
    const later = createAsyncResourceServer({
      verifier: createAsyncVerifier({ replay: "none" }),
      accessTokens,
      realm: "the API",
    });
    expect(later.insufficientScope(["read", "write"])).toEqual(refusal);
  });

  test("tells every scheme that it takes", () => {
    const both = createResourceServer({ verifier, accessTokens, unboundTokens: "accepted" });
    const value = both.insufficientScope(["a"]).headers["WWW-Authenticate"] ?? "";
    const errors = readChallenges(value).map(({ scheme, params }) => [scheme, params["error"]]);
    expect(errors).toEqual([
      ["Bearer", "insufficient_scope"],
      ["DPoP", "insufficient_scope"],
    ]);
  });

  test.each([[[]], [["a b"]], [['a"']], [["a\\"]], [["a\nb"]], [["é"]], [[""]], ["read"], [[1]]])(
    "names no scope that can't be one: %j",
    (scope) => {
      expect(() => server.insufficientScope(scope as never)).toThrow(TypeError); // on purpose
    },
  );
});

describe("the scopes of a token", () => {
  test.each<readonly [string, object, readonly string[]]>([
    ["names with spaces between them", { scope: "a b:c  d/e" }, ["a", "b:c", "d/e"]],
    ["an empty text", { scope: "" }, []],
    ["an array of names", { scope: ["a", "b"] }, ["a", "b"]],
    ["no claim", {}, []],
    ["a claim of another kind", { scope: 7 }, []],
    ["an array of other values", { scope: ["a", 7] }, []],
    ["an object", { scope: { a: "a" } }, []],
  ])("%s", (_, claims, scopes) => {
    expect(scopesOf(claims)).toEqual(scopes);
  });

  test("are what accessTokens says where it says it", () => {
    const server = createResourceServer({
      verifier: createVerifier({ replay: "none" }),
      accessTokens: () => ({ binding: BOUND, claims: { scope: "a" }, scopes: ["b"] }),
    });
    expect(server.authenticate(apiRequest({ scope: ["b"] }))).toMatchObject({ scopes: ["b"] });
    expect(server.authenticate(apiRequest({ scope: ["a"] }))).toMatchObject({ status: 403 });
  });
});
