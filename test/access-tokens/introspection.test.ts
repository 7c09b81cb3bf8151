// Introspection (RFC 7662): what is asked, what is taken for an answer, and what throws.
import {
  createIntrospection,
  type IntrospectionCredentials,
  type IntrospectionOptions,
} from "dpop-core/jwt";
import { nodeCrypto } from "dpop-core/node-crypto";
import { describe, expect, test, vi } from "vitest";
import { API, ISSUER, newKey, NOW, tokenOf } from "./issuer.js";
import type { AsyncAccessTokens } from "../../src/tokens/access-token.js";

const ENDPOINT = "https://as.example/introspect";
const JKT = "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I";

interface Sent {
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** An endpoint that answers the same to each token, and its clock. */
function endpointOf(answer: unknown): {
  now: number;
  answer: unknown;
  readonly sent: Sent[];
  readonly check: (options?: Partial<IntrospectionOptions>) => AsyncAccessTokens;
} {
  const endpoint = {
    now: NOW,
    answer,
    sent: [] as Sent[],
    check: (options: Partial<IntrospectionOptions> = {}): AsyncAccessTokens =>
      createIntrospection({
        backend: nodeCrypto,
        endpoint: ENDPOINT,
        authenticate: () => ({ authorization: "Basic YTpi" }),
        clock: () => endpoint.now,
        fetch: async (url: string, init: Sent) => {
          expect(url).toBe(ENDPOINT);
          endpoint.sent.push(init);
          const { answer: given } = endpoint;
          return given instanceof Response ? given.clone() : Response.json(given);
        },
        ...options,
      }),
  };
  return endpoint;
}

const active = { active: true, scope: "read write", client_id: "web", cnf: { jkt: JKT } };

describe("what is asked", () => {
  test("a form with the token, its kind and the credentials", async () => {
    const endpoint = endpointOf(active);
    const check = endpoint.check({
      authenticate: async () => ({
        authorization: "Bearer xyz",
        params: { client_id: "a b", client_assertion: "é&=+" },
      }),
    });
    expect(await check("opaque+/~.token=", undefined)).toEqual({
      binding: { jkt: JKT },
      claims: active,
      scopes: ["read", "write"],
    });
    const [{ method, headers, body } = { method: "", headers: {}, body: "" }] = endpoint.sent;
    expect(method).toBe("POST");
    expect(headers).toEqual({
      accept: "application/json",
      authorization: "Bearer xyz",
      "content-type": "application/x-www-form-urlencoded",
    });
    expect([...new URLSearchParams(body)]).toEqual([
      ["client_id", "a b"],
      ["client_assertion", "é&=+"],
      ["token", "opaque+/~.token="],
      ["token_type_hint", "access_token"],
    ]);
    expect(endpoint.sent[0]).toMatchObject({ redirect: "manual" });
  });

  test.each<readonly [IntrospectionCredentials, readonly string[]]>([
    [{}, ["accept", "content-type"]],
    [{ params: { client_id: "a" } }, ["accept", "content-type"]],
    [{ authorization: "Basic YTpi" }, ["accept", "authorization", "content-type"]],
  ])("with %j, the header fields %j", async (credentials, names) => {
    const endpoint = endpointOf(active);
    await endpoint.check({ authenticate: () => credentials })("opaque", undefined);
    expect(Object.keys(endpoint.sent[0]?.headers ?? {}).toSorted()).toEqual(names);
  });

  test("the longest token that can be one", async () => {
    const endpoint = endpointOf(active);
    expect(await endpoint.check()("a".repeat(16_384), undefined)).not.toBeNull();
  });

  test("nothing for what can't be a token", async () => {
    const endpoint = endpointOf(active);
    const check = endpoint.check();
    for (const token of ["", "a b", "ä", "\ud800", "a".repeat(16_385)])
      expect(await check(token, undefined)).toBeNull();
    const none = endpoint.check({ memory: "none" });
    expect(await none("a b", undefined)).toBeNull();
    expect(endpoint.sent).toEqual([]);
  });

  test("once for all requests with one token, and once for each other token", async () => {
    const endpoint = endpointOf(active);
    const sha256 = vi.fn<typeof nodeCrypto.sha256>(nodeCrypto.sha256);
    const check = endpoint.check({ memory: "none", backend: { sha256 } });
    const tokens = ["a", "b", "a", "a", "b"];
    const known = await Promise.all(tokens.map((token) => check(token, undefined)));
    expect(known.every((one) => one !== null)).toBe(true);
    expect(endpoint.sent.length).toBe(2);
    await check("a", undefined);
    expect(endpoint.sent.length).toBe(3);
    expect(sha256).not.toHaveBeenCalled(); // nothing is looked up
  });
});

describe("what is an answer", () => {
  const answerOf = async (
    members: object,
    options: Partial<IntrospectionOptions> = {},
  ): Promise<unknown> =>
    endpointOf({ active: true, ...members }).check(options)("opaque", undefined);

  test("inactive is null", async () => {
    expect(await endpointOf({ active: false }).check()("opaque", undefined)).toBeNull();
  });

  test.each([
    ["an exp that is reached", { exp: NOW }],
    ["an nbf to come", { nbf: NOW + 16 }],
    ["an iat to come", { iat: NOW + 16 }],
  ])("%s is null", async (_, members) => {
    expect(await answerOf(members)).toBeNull();
  });

  test("times that hold, and none at all", async () => {
    expect(await answerOf({ exp: NOW + 1, nbf: NOW + 15, iat: NOW + 15 })).not.toBeNull();
    expect(await answerOf({})).not.toBeNull();
  });

  test.each<readonly [object, boolean]>([
    [{ aud: API }, true],
    [{ aud: ["other", API] }, true],
    [{ aud: "orders" }, true],
    [{ aud: "other" }, false],
    [{ aud: [] }, false],
    [{}, false],
  ])("with the option audience, %j is for us: %s", async (members, isOurs) => {
    const token = await answerOf(members, { audience: [API, "orders"] });
    expect(token !== null).toBe(isOurs);
  });

  test.each<readonly [object, boolean]>([
    [{ iss: ISSUER }, true],
    [{ iss: `${ISSUER}/` }, false],
    [{}, false],
  ])("with the option issuer, %j is of ours: %s", async (members, isOurs) => {
    expect((await answerOf(members, { issuer: ISSUER })) !== null).toBe(isOurs);
  });

  test("without the option issuer, iss is not read", async () => {
    expect(await answerOf({ iss: "https://other.example" })).not.toBeNull();
  });

  test.each<readonly [object, object]>([
    [{}, { unbound: true }],
    [{ token_type: "Bearer" }, { unbound: true }],
    [{ token_type: "DPoP" }, { invalid: true }],
    [{ cnf: { jkt: JKT } }, { jkt: JKT }],
    [{ cnf: { jkt: JKT }, token_type: "dpop" }, { jkt: JKT }],
    [{ cnf: { jkt: JKT }, token_type: "Bearer" }, { invalid: true }],
    [{ cnf: { "x5t#S256": "abc" } }, { unsupported: ["x5t#S256"] }],
    [{ cnf: {} }, { invalid: true }],
    [{ payload: {}, error: "none" }, { unbound: true }],
  ])("%j is bound to %j", async (members, binding) => {
    expect(await answerOf(members)).toMatchObject({ binding });
  });
});

describe("what is no answer, and throws", () => {
  const signed = tokenOf(newKey("ES256", "k"), "ES256");
  test.each<readonly [string, unknown, string]>([
    ["no active", {}, "active must be"],
    ["active as a text", { active: "true" }, "active must be"],
    ["an exp as a text", { active: true, exp: `${NOW + 9}` }, "must be numbers"],
    ["an error", Response.json({ error: "invalid_client" }, { status: 401 }), "401"],
    ["an error of the server", new Response("", { status: 500 }), "500"],
    ["a redirect", Response.redirect("https://evil.example/"), "302"],
    ["a web page", new Response("<!doctype html>"), "strict JSON"],
    ["active twice", new Response('{"active":false,"active":true}'), "strict JSON"],
    ["too many bytes", Response.json({ active: true, a: "x".repeat(65_536) }), "too large"],
    ["a signed answer", new Response(signed), "RFC 9701"],
  ])("%s", async (_, answer, message) => {
    const endpoint = endpointOf(answer);
    const check = endpoint.check();
    await expect(check("opaque", undefined)).rejects.toThrow(message);
    endpoint.answer = active;
    expect(await check("opaque", undefined)).not.toBeNull(); // and it was not remembered
  });

  test("an endpoint that hangs, and one that is not there", async () => {
    const hang = endpointOf(active).check({
      fetch: () => new Promise(() => undefined),
      timeout: 0.05,
    });
    await expect(hang("opaque", undefined)).rejects.toThrow("took longer than 0.05 seconds");
    const gone = endpointOf(active).check({
      fetch: () => Promise.reject(new TypeError("connect ECONNREFUSED")),
    });
    const error: unknown = await Promise.resolve(gone("opaque", undefined)).catch(
      (thrown: unknown) => thrown,
    );
    expect(error).toMatchObject({ message: "the introspection response: fetch failed" });
    expect(error).toMatchObject({ cause: { message: "connect ECONNREFUSED" } });
  });

  test.each<readonly [string, () => never | object]>([
    [
      "what it throws",
      () => {
        throw new Error("no secret");
      },
    ],
    ["a misspelt member", () => ({ authorisation: "Basic YTpi" })],
    ["a number", () => ({ authorization: 5 })],
    ["a parameter that is no text", () => ({ params: { client_id: 5 } })],
    ["a token of its own", () => ({ params: { token: "another" } })],
    ["a kind of its own", () => ({ params: { token_type_hint: "refresh_token" } })],
  ])("authenticate: %s", async (_, authenticate) => {
    const endpoint = endpointOf(active);
    await expect(endpoint.check({ authenticate })("opaque", undefined)).rejects.toThrow(
      /no secret|the result of authenticate/,
    );
    expect(endpoint.sent).toEqual([]);
  });
});

describe("the memory", () => {
  test("asks once in 60 seconds, and never trusts an answer past its exp", async () => {
    const endpoint = endpointOf({ ...active, exp: NOW + 90 });
    const sha256 = vi.fn<typeof nodeCrypto.sha256>(nodeCrypto.sha256);
    const check = endpoint.check({ backend: { sha256 } });
    const known = await check("opaque", "a hash");
    endpoint.now += 59.5;
    expect(await check("opaque", "a hash")).toBe(known);
    expect(endpoint.sent.length).toBe(1);
    endpoint.now += 0.5;
    await check("opaque", "a hash");
    expect(endpoint.sent.length).toBe(2);
    endpoint.now += 30;
    expect(await check("opaque", "a hash")).toBeNull();
    expect(sha256).not.toHaveBeenCalled();
  });

  test.each([
    ["hashed here", [undefined, undefined]],
    ["hashed for the proof", ["hash of a", "hash of b"]],
  ])("what is known of one token is not taken for another: %s", async (_, [ofA, ofB]) => {
    const endpoint = endpointOf(active);
    const check = endpoint.check();
    expect(await check("a", ofA)).not.toBeNull();
    endpoint.answer = { active: false };
    expect(await check("b", ofB)).toBeNull();
    expect(await check("a", ofA)).not.toBeNull();
    expect(endpoint.sent.length).toBe(2);
  });

  test("an inactive token is asked for each time", async () => {
    const endpoint = endpointOf({ active: false });
    const check = endpoint.check();
    expect(await check("opaque", undefined)).toBeNull();
    endpoint.answer = active;
    expect(await check("opaque", undefined)).not.toBeNull();
  });

  test("a clock that is set back makes no answer last longer", async () => {
    const endpoint = endpointOf(active);
    const check = endpoint.check();
    await check("opaque", undefined);
    endpoint.now += 59;
    await check("opaque", undefined);
    endpoint.now -= 50;
    await check("opaque", undefined);
    endpoint.now += 1;
    endpoint.answer = { active: false };
    expect(await check("opaque", undefined)).toBeNull();
  });
});
