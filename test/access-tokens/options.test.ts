// Options and arguments: each mistake is a TypeError or RangeError that names it, and what issuers do is possible.
import { createIntrospection, createJwtAccessTokens, type JwtClaims } from "dpop-core/jwt";
import { fast } from "dpop-core/fast";
import { noble } from "dpop-core/noble";
import { nodeCrypto } from "dpop-core/node-crypto";
import { webcrypto } from "dpop-core/webcrypto";
import { describe, expect, expectTypeOf, test } from "vitest";
import { API, ISSUER, newKey, NOW, tokenOf } from "./issuer.js";

const one = newKey("ES256", "one");
const jwks = { keys: [one.jwk] };
const usual = { backend: nodeCrypto, issuer: ISSUER, audience: API, jwks, clock: () => NOW };
const noAlgs = { algs: [], sha256: nodeCrypto.sha256 };
const cyclic: { keys: unknown[] } = { keys: [] };
cyclic.keys.push(cyclic);

type Make = (options: never) => unknown;

function faultOf(make: Make, options: object): string {
  try {
    make(options as never); // the types forbid what is tried here
    return "none";
  } catch (error) {
    expect(error instanceof TypeError || error instanceof RangeError).toBe(true);
    return String(error);
  }
}

describe("createJwtAccessTokens", () => {
  test.each<readonly [string, object]>([
    ["backend", { backend: undefined }],
    ["backend", { backend: {} }],
    ["backend.algs", { backend: { sha256: nodeCrypto.sha256 } }],
    ["backend.sha256", { backend: { algs: nodeCrypto.algs } }],
    ["algs", { backend: { algs: [], sha256: nodeCrypto.sha256 } }],
    [
      "backend.algs[].importKey",
      { backend: { algs: [{ alg: "ES256" }], sha256: nodeCrypto.sha256 } },
    ],
    ["issuer", { issuer: undefined }],
    ["issuer", { issuer: "" }],
    ["issuer", { issuer: "as.example", jwks: undefined }],
    ["issuer", { issuer: "http://as.example", jwks: undefined }],
    ["issuer", { issuer: "https://as.example?a", jwks: undefined }],
    ["audience", { audience: undefined }],
    ["audience", { audience: "" }],
    ["audience", { audience: [] }],
    ["audience", { audience: [API, 5] }],
    ["algs", { algs: [] }],
    ["algs", { algs: "ES256" }],
    ["algorithms of the backend: ES256, ES384, ES512,", { algs: ["none"] }],
    ["algs", { algs: ["ES256", "none"] }],
    ["algs must be", { backend: { algs: [null], sha256: nodeCrypto.sha256 } }],
    ["algs must be", { backend: { ...noAlgs, RS384: nodeCrypto.RS256 } }],
    ["algs must be", { backend: { ...noAlgs, ES256: { ...nodeCrypto.ES256, kty: "OKP" } } }],
    ["algs must be", { backend: { ...noAlgs, ES256: { ...nodeCrypto.ES256, crv: "P-384" } } }],
    ["algs must be", { backend: { ...noAlgs, ES256: null } }],
    ["algs", { algs: [nodeCrypto.ES256] }],
    ["algs", { backend: noble, algs: ["RS256"] }],
    ["metadataUrl", { metadataUrl: "/metadata", jwks: undefined }],
    ["jwksUri", { jwksUri: "http://as.example/keys", jwks: undefined }],
    ["jwksUri", { jwksUri: "https://as.example/keys" }],
    ["jwks", { jwks: [] }],
    ["jwks", { jwks: { keys: [] } }],
    ["jwks", { jwks: { keys: {} } }],
    ["jwks", { jwks: { keys: [{ kty: "oct", k: "AAAA" }] } }],
    ["jwks", { jwks: cyclic }],
    ["jwks", { jwks: { keys: [{ ...one.jwk, d: "AAAA" }] } }],
    ["jwks", { algs: ["RS256"] }],
    ["keySet", { keySet: 600 }],
    ["keySet", { keySet: { maxage: 1 } }],
    ["keySet.maxAge", { keySet: { maxAge: 0 } }],
    ["keySet.maxStale", { keySet: { maxStale: -1 } }],
    ["keySet.cooldown", { keySet: { cooldown: 1e6 } }],
    ["typ", { typ: 5 }],
    ["typ", { typ: [] }],
    ["typ", { typ: [""] }],
    ["untypedTokens", { untypedTokens: true }],
    ["optionalClaims", { optionalClaims: "sub" }],
    ["optionalClaims", { optionalClaims: ["exp"] }],
    ["scopeClaim", { scopeClaim: 5 }],
    ["scopeClaim", { scopeClaim: "" }],
    ["clockTolerance", { clockTolerance: -1 }],
    ["clockTolerance", { clockTolerance: 1e9 }],
    ["clock", { clock: 5 }],
    ["memory", { memory: "off" }],
    ["memory", { memory: { maxAge: 5 } }],
    ["memory.maxTokenAge", { memory: { maxTokenAge: "60" } }],
    ["memory.maxTokens", { memory: { maxTokens: 0 } }],
    ["memory.maxBytes", { memory: { maxBytes: 1.5 } }],
    ["fetch", { fetch: {} }],
    ["timeout", { timeout: 0 }],
    ["timeout", { timeout: 5000 }],
    ["plainHttp", { plainHttp: true }],
    ["options", { audiences: API }],
  ])("%s: %o", (name, options) => {
    expect(faultOf(createJwtAccessTokens, { ...usual, ...options })).toContain(name);
  });

  test("what is the default can be said, and an issuer whose keys are named may be any text", () => {
    const places = { jwks: undefined, jwksUri: "https://as.example/keys" };
    for (const options of [
      { untypedTokens: "refused" },
      { typ: "at+jwt", optionalClaims: [], scopeClaim: "scope", plainHttp: "loopback" },
      { ...places, issuer: "https://as.example/?tenant=1#a" },
    ])
      expect(faultOf(createJwtAccessTokens, { ...usual, ...options })).toBe("none");
  });

  test("a token and a hash that are no text, and a clock that returns nothing", async () => {
    const check = createJwtAccessTokens(usual);
    await expect(check(5 as never, undefined)).rejects.toThrow("accessToken must be a string");
    await expect(check("a", 5 as never)).rejects.toThrow("hash must be a string");
    const timeless = createJwtAccessTokens({ ...usual, clock: () => NaN });
    await expect(timeless(tokenOf(one, "ES256"), undefined)).rejects.toThrow("clock()");
  });

  test("a broken backend throws, and calls no token bad", async () => {
    const brokenKey = { ...nodeCrypto.ES256, importKey: () => ({ verify: () => 1, size: 0 }) };
    const noKey = { ...nodeCrypto.ES256, importKey: () => ({}) };
    const nothing = { ...nodeCrypto.ES256, importKey: () => undefined };
    for (const [alg, message] of [
      [brokenKey, "key.verify must return true or false"],
      [noKey, "importKey must return a key or null"],
      [nothing, "importKey must return a key or null"],
    ] as const) {
      const backend = { ...nodeCrypto, algs: [alg] } as never; // the types forbid it
      const check = createJwtAccessTokens({ ...usual, backend });
      await expect(check(tokenOf(one, "ES256"), undefined)).rejects.toThrow(message);
    }
  });

  test("an import that failed is tried again", async () => {
    let isBroken = true;
    const importKey: typeof nodeCrypto.ES256.importKey = (jwk) => {
      if (isBroken) throw new Error("no engine");
      return nodeCrypto.ES256.importKey(jwk);
    };
    const backend = { ...nodeCrypto, algs: [{ ...nodeCrypto.ES256, importKey }] };
    const check = createJwtAccessTokens({ ...usual, backend });
    await expect(check(tokenOf(one, "ES256"), undefined)).rejects.toThrow("no engine");
    isBroken = false;
    expect(await check(tokenOf(one, "ES256"), undefined)).not.toBeNull();
  });

  test.each([
    ["nodeCrypto", nodeCrypto],
    ["webcrypto", webcrypto],
    ["noble", noble],
    ["fast", fast],
  ])("works over %s", async (_, backend) => {
    const check = createJwtAccessTokens({ ...usual, backend });
    expect(await check(tokenOf(one, "ES256"), undefined)).toMatchObject({ claims: { sub: "ann" } });
    const stranger = newKey("ES256", "one");
    expect(await check(tokenOf(stranger, "ES256"), undefined)).toBeNull();
  });

  test("by default all algorithms of the backend, RS256 of nodeCrypto too; with algs only these", async () => {
    const rsa = newKey("RS256", "rsa");
    const keys = { keys: [rsa.jwk, one.jwk] };
    const token = tokenOf(rsa, "RS256");
    expect(await createJwtAccessTokens({ ...usual, jwks: keys })(token, undefined)).not.toBeNull();
    const some = createJwtAccessTokens({ ...usual, jwks: keys, algs: ["ES256"] });
    expect(await some(token, undefined)).toBeNull();
    const both = createJwtAccessTokens({ ...usual, jwks: keys, algs: ["RS256", "ES256"] });
    for (const good of [token, tokenOf(one, "ES256")])
      expect(await both(good, undefined)).not.toBeNull();
  });
});

describe("how large a token may be", () => {
  const check = createJwtAccessTokens(usual);
  const isGood = async (token: string): Promise<boolean> =>
    (await check(token, undefined)) !== null;

  /** A good token of so many characters. */
  function tokenOfLength(length: number): string {
    // A character more makes one or two characters of base64url: one of three headers fits.
    for (const pad of ["", "a", "aa"]) {
      const least = tokenOf(one, "ES256", { pad: "" }, { pad }).length;
      const guess = Math.floor(((length - least) * 3) / 4);
      for (let more = guess - 3; more < guess + 3; more++) {
        const token = tokenOf(one, "ES256", { pad: "a".repeat(more) }, { pad });
        if (token.length === length) return token;
      }
    }
    throw new Error("no such token");
  }

  test("16,384 characters, and no more", async () => {
    expect(await isGood(tokenOfLength(16_384))).toBe(true);
    expect(await isGood(tokenOfLength(16_385))).toBe(false);
  });

  test.each<readonly [string, (count: number) => object, number]>([
    [
      "256 members of one object",
      (count) => ({ roles: Object.fromEntries(Array.from({ length: count }, (_, i) => [i, 0])) }),
      256,
    ],
    // The seven claims of every token, and roles itself, count too.
    ["2,048 values", (count) => ({ roles: Array.from({ length: count }, () => 0) }), 2048 - 8],
  ])("%s, and no more", async (_, claimsOf, most) => {
    expect(await isGood(tokenOf(one, "ES256", claimsOf(most)))).toBe(true);
    expect(await isGood(tokenOf(one, "ES256", claimsOf(most + 1)))).toBe(false);
  });
});

describe("what issuers leave out or call otherwise", () => {
  const keycloakClaims = {
    exp: NOW + 300,
    iat: NOW,
    jti: "onrtro:8d2f7a5c-2f0e-4a8c-9c2e-6d3a",
    aud: ["account", API],
    typ: "Bearer",
    azp: "web",
    client_id: undefined,
    sid: "0f4d1f5e",
    acr: "1",
    "allowed-origins": ["https://web.example"],
    realm_access: { roles: Array.from({ length: 150 }, (_, i) => `realm-role-${i}`) },
    resource_access: Object.fromEntries(
      Array.from({ length: 70 }, (_, i) => [`client-${i}`, { roles: ["view", "edit"] }]),
    ),
    scope: "openid profile",
    email_verified: true,
    cnf: { jkt: "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I", "kc-jkt-type": "DPoP" },
  };

  test("Keycloak: many roles, azp in place of client_id, kc-jkt-type, and typ JWT without the attribute", async () => {
    const options = { ...usual, optionalClaims: ["client_id"] } as const;
    const known = { binding: { jkt: keycloakClaims.cnf.jkt }, scopes: ["openid", "profile"] };
    const typed = tokenOf(one, "ES256", keycloakClaims);
    expect(typed.length).toBeGreaterThan(5000);
    expect(await createJwtAccessTokens(options)(typed, undefined)).toMatchObject(known);
    expect(await createJwtAccessTokens(usual)(typed, undefined)).toBeNull();
    const untyped = tokenOf(one, "ES256", keycloakClaims, { typ: "JWT" });
    expect(await createJwtAccessTokens(options)(untyped, undefined)).toBeNull();
    const lax = createJwtAccessTokens({ ...options, typ: ["at+jwt", "JWT"] });
    expect(await lax(untyped, undefined)).toMatchObject(known);
    expect(await lax(typed, undefined)).toMatchObject(known);
  });

  test("Okta: no typ, cid in place of client_id, scp as an array", async () => {
    const claims = { client_id: undefined, scope: undefined, cid: "web", scp: ["a", "b"] };
    const token = tokenOf(one, "ES256", claims, { typ: undefined });
    const options = { ...usual, optionalClaims: ["client_id"], scopeClaim: "scp" } as const;
    expect(await createJwtAccessTokens(options)(token, undefined)).toBeNull();
    const okta = createJwtAccessTokens({ ...options, untypedTokens: "accepted" });
    expect(await okta(token, undefined)).toMatchObject({ scopes: ["a", "b"] });
    expect(await okta(tokenOf(one, "ES256", claims, { typ: "JWT" }), undefined)).toBeNull();
  });

  test("typ in other writings, in the option and in the token", async () => {
    const check = createJwtAccessTokens({ ...usual, typ: "application/X+JWT" });
    expect(await check(tokenOf(one, "ES256", {}, { typ: "x+jwt" }), undefined)).not.toBeNull();
    expect(await check(tokenOf(one, "ES256", {}, { typ: "at+jwt" }), undefined)).toBeNull();
    // "application/" is left out where it begins the type, and nowhere else.
    const other = tokenOf(one, "ES256", {}, { typ: "x+application/jwt" });
    expect(await check(other, undefined)).toBeNull();
  });

  test("an optional claim that is there must have its form", async () => {
    const check = createJwtAccessTokens({ ...usual, optionalClaims: ["client_id", "sub", "iat"] });
    const isGood = async (claims: object): Promise<boolean> =>
      (await check(tokenOf(one, "ES256", claims), undefined)) !== null;
    expect(await isGood({ client_id: undefined, sub: undefined, iat: undefined })).toBe(true);
    expect(await isGood({ client_id: "" })).toBe(false);
    expect(await isGood({ sub: null })).toBe(false);
    expect(await isGood({ iat: "now" })).toBe(false);
  });

  test("claims that look like something around claims change nothing", async () => {
    const claims = {
      payload: { cnf: {} },
      active: false,
      token_type: "DPoP",
      error: "x",
      header: 1,
      claims: 1,
    };
    const known = await createJwtAccessTokens(usual)(tokenOf(one, "ES256", claims), undefined);
    expect(known).toMatchObject({ binding: { unbound: true } });
  });

  test("claims are typed by the caller", async () => {
    interface Claims extends JwtClaims {
      readonly roles: readonly string[];
    }
    const known = await createJwtAccessTokens<Claims>(usual)(
      tokenOf(one, "ES256", { roles: ["admin"] }),
      undefined,
    );
    expectTypeOf(known?.claims.roles).toEqualTypeOf<readonly string[] | undefined>();
    expect(known?.claims.roles).toEqual(["admin"]);
  });
});

describe("createIntrospection", () => {
  const given = { backend: nodeCrypto, endpoint: "https://as.example/i", authenticate: () => ({}) };
  test.each<readonly [string, object]>([
    ["backend", { backend: undefined }],
    ["backend.sha256", { backend: {} }],
    ["endpoint", { endpoint: undefined }],
    ["endpoint", { endpoint: "http://as.example/i" }],
    ["endpoint", { endpoint: "/i" }],
    ["authenticate", { authenticate: undefined }],
    ["authenticate", { authenticate: { authorization: "Basic YTpi" } }],
    ["audience", { audience: [] }],
    ["issuer", { issuer: "" }],
    ["clockTolerance", { clockTolerance: NaN }],
    ["clock", { clock: NOW }],
    ["memory", { memory: true }],
    ["memory.maxTokens", { memory: { maxTokens: -1 } }],
    ["fetch", { fetch: "fetch" }],
    ["timeout", { timeout: "5" }],
    ["plainHttp", { plainHttp: "nowhere" }],
    ["options", { secret: "x" }],
  ])("%s: %o", (name, options) => {
    expect(faultOf(createIntrospection, { ...given, ...options })).toContain(name);
  });

  test("plain http anywhere, where it is allowed by name", () => {
    const endpoint = "http://as.internal/i";
    expect(faultOf(createIntrospection, { ...given, endpoint, plainHttp: "anywhere" })).toBe(
      "none",
    );
    expect(faultOf(createIntrospection, { ...given, endpoint: "http://localhost:1/i" })).toBe(
      "none",
    );
  });
});
