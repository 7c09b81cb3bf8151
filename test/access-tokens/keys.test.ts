// The keys of an issuer: when they are fetched, how long they are used, and what is refused on the way. A bad token is
// null; an issuer that can't be reached throws.
import { createServer, type RequestListener, type Server } from "node:http";
import { once } from "node:events";
import { createJwtAccessTokens, type JwtAccessTokensOptions, type JwtClaims } from "dpop-core/jwt";
import { nodeCrypto } from "dpop-core/node-crypto";
import { afterEach, describe, expect, test, vi } from "vitest";
import {
  API,
  FakeIssuer,
  ISSUER,
  JWKS_URL,
  METADATA_URL,
  newKey,
  NOW,
  OPENID_URL,
  tokenOf,
} from "./issuer.js";
import type { AsyncAccessTokens } from "../../src/tokens/access-token.js";
import { readDocumentPolicy, withDocuments } from "../../src/tokens/document.js";

const one = newKey("ES256", "one");
const two = newKey("ES256", "two");
const three = newKey("ES256", "three");
/** A token of a key that lives longer than the tests. */
const long = { exp: NOW + 80_000 };
const ofOne = tokenOf(one, "ES256", long);
const ofTwo = tokenOf(two, "ES256", long);

function checkOf(
  { clock, fetch }: FakeIssuer,
  options: Partial<JwtAccessTokensOptions> = {},
): AsyncAccessTokens<JwtClaims> {
  const usual = { backend: nodeCrypto, issuer: ISSUER, audience: API, clock, fetch };
  return createJwtAccessTokens({ ...usual, memory: "none", ...options });
}

const good = { claims: { sub: "ann" } };

describe("where the keys come from", () => {
  test("the metadata of RFC 8414", async () => {
    const issuer = new FakeIssuer(one);
    expect(await checkOf(issuer)(ofOne, undefined)).toMatchObject(good);
    expect(issuer.calls).toEqual([METADATA_URL, JWKS_URL]);
    const headers = { accept: "application/json" };
    for (const init of issuer.inits) expect(init).toMatchObject({ redirect: "manual", headers });
  });

  test("else those of OpenID Connect", async () => {
    const issuer = new FakeIssuer(one);
    issuer.documents.set(OPENID_URL, () => Response.json({ issuer: ISSUER, jwks_uri: JWKS_URL }));
    issuer.documents.delete(METADATA_URL);
    expect(await checkOf(issuer)(ofOne, undefined)).toMatchObject(good);
    expect(issuer.calls).toEqual([METADATA_URL, OPENID_URL, JWKS_URL]);
  });

  test.each([
    [
      "https://as.example/realms/one",
      "/.well-known/oauth-authorization-server/realms/one",
      "/realms/one/.well-known/openid-configuration",
    ],
    [
      "https://as.example/tenant/",
      "/.well-known/oauth-authorization-server/tenant",
      "/tenant/.well-known/openid-configuration",
    ],
    [
      "https://as.example/",
      "/.well-known/oauth-authorization-server",
      "/.well-known/openid-configuration",
    ],
    [
      "http://127.0.0.1:4000/a",
      "/.well-known/oauth-authorization-server/a",
      "/a/.well-known/openid-configuration",
    ],
  ])("the paths for %s", async (issuer, first, second) => {
    const fake = new FakeIssuer();
    const check = checkOf(fake, { issuer });
    await expect(check(tokenOf(one, "ES256", { iss: issuer }), undefined)).rejects.toThrow("404");
    const { origin } = new URL(issuer);
    expect(fake.calls).toEqual([origin + first, origin + second]);
  });

  test("metadataUrl, which must name the issuer too", async () => {
    const issuer = new FakeIssuer(one);
    const metadataUrl = "https://elsewhere.example/metadata";
    issuer.documents.set(metadataUrl, () => Response.json({ issuer: ISSUER, jwks_uri: JWKS_URL }));
    expect(await checkOf(issuer, { metadataUrl })(ofOne, undefined)).toMatchObject(good);
    expect(issuer.calls).toEqual([metadataUrl, JWKS_URL]);
    issuer.documents.set(metadataUrl, () => Response.json({ issuer: API, jwks_uri: JWKS_URL }));
    await expect(checkOf(issuer, { metadataUrl })(ofOne, undefined)).rejects.toThrow("another");
  });

  test("jwksUri, and jwks without any fetch", async () => {
    const issuer = new FakeIssuer(one);
    expect(await checkOf(issuer, { jwksUri: JWKS_URL })(ofOne, undefined)).toMatchObject(good);
    expect(issuer.calls).toEqual([JWKS_URL]);
    const inHand = checkOf(issuer, { jwks: { keys: [one.jwk] } });
    expect(await inHand(ofOne, undefined)).toMatchObject(good);
    expect(await inHand(ofTwo, undefined)).toBeNull();
    expect(issuer.calls).toEqual([JWKS_URL]);
  });

  test("no key is looked for where the algorithm, the type or a claim is wrong", async () => {
    const issuer = new FakeIssuer(one);
    const check = checkOf(issuer, { algs: ["ES256"] });
    const rsa = newKey("RS256", "one");
    const bad = [
      "made-up",
      "é.é.é",
      ofOne.replace(".", ".\u{100}"),
      tokenOf(rsa, "RS256"),
      tokenOf(one, "ES256", {}, { alg: "none" }),
      tokenOf(one, "ES256", {}, { typ: "JWT" }),
      tokenOf(one, "ES256", {}, { crit: ["x"] }),
      tokenOf(one, "ES256", {}, { kid: 5 }),
      tokenOf(one, "ES256", {}, { kid: ["one"] }),
      tokenOf(one, "ES256", {}, { kid: "k".repeat(1025) }),
      tokenOf(one, "ES256", { iss: API }),
      tokenOf(one, "ES256", { aud: "other" }),
      tokenOf(one, "ES256", { exp: NOW }),
      tokenOf(one, "ES256", { iat: NOW + 16 }),
    ];
    for (const token of bad) expect(await check(token, undefined)).toBeNull();
    expect(issuer.calls).toEqual([]);
  });

  test("15 seconds of tolerance for nbf and iat, none for exp", async () => {
    const check = checkOf(new FakeIssuer(one));
    const isGood = async (claims: object): Promise<boolean> =>
      (await check(tokenOf(one, "ES256", claims), undefined)) !== null;
    expect(await isGood({ nbf: NOW + 15, iat: NOW + 15 })).toBe(true);
    expect(await isGood({ nbf: NOW + 15.5 })).toBe(false);
    expect(await isGood({ iat: NOW + 15.5 })).toBe(false);
    expect(await isGood({ exp: NOW + 0.5 })).toBe(true);
    expect(await isGood({ exp: NOW })).toBe(false);
  });
});

describe("which key", () => {
  const inHand = (keys: readonly object[]): AsyncAccessTokens<JwtClaims> =>
    checkOf(new FakeIssuer(), { jwks: { keys } });
  const withoutKid = tokenOf(one, "ES256", {}, { kid: undefined });
  const bare = { ...one.jwk, kid: undefined };
  const longKid = "k".repeat(1024);
  const ofLongKid = tokenOf(one, "ES256", {}, { kid: longKid });

  test.each<readonly [string, readonly object[], string, boolean]>([
    ["the one with the kid", [two.jwk, one.jwk], ofOne, true],
    ["no kid, one key", [one.jwk], withoutKid, true],
    ["no kid, two keys", [one.jwk, two.jwk], withoutKid, false],
    [
      "no kid, a second key of another algorithm",
      [one.jwk, newKey("RS256", "r").jwk],
      withoutKid,
      true,
    ],
    ["one kid twice", [one.jwk, { ...two.jwk, kid: "one" }], ofOne, false],
    ["the same key twice", [one.jwk, one.jwk], ofOne, false],
    ["one kid twice, of two algorithms", [one.jwk, newKey("RS256", "one").jwk], ofOne, true],
    ["a kid in the token only", [bare], ofOne, false],
    ["its alg", [{ ...one.jwk, alg: "ES256" }], ofOne, true],
    ["another alg", [{ ...one.jwk, alg: "ES384" }, two.jwk], ofOne, false],
    ["for encryption", [{ ...one.jwk, use: "enc" }, two.jwk], ofOne, false],
    ["for signing only", [{ ...one.jwk, key_ops: ["sign"] }, two.jwk], ofOne, false],
    ["a private key is skipped", [{ ...one.jwk, d: "AAAA" }, two.jwk], ofOne, false],
    [
      "unknown members and keys are skipped",
      [{ kty: "AKP" }, { ...one.jwk, x5t: "?" }],
      ofOne,
      true,
    ],
    [
      "a kid that is too long is skipped",
      [{ ...two.jwk, kid: "k".repeat(1025) }, one.jwk],
      withoutKid,
      true,
    ],
    ["a kid that is no text is skipped", [{ ...two.jwk, kid: 5 }, one.jwk], withoutKid, true],
    [
      "a kid that is an array is skipped",
      [{ ...two.jwk, kid: ["two"] }, one.jwk],
      withoutKid,
      true,
    ],
    ["a kid of 1,024 characters", [{ ...one.jwk, kid: longKid }, two.jwk], ofLongKid, true],
    ["what is no object is skipped", [null, 5, "a", [], one.jwk] as never, withoutKid, true],
  ])("%s", async (_, keys, token, isGood) => {
    expect((await inHand(keys)(token, undefined)) !== null).toBe(isGood);
  });

  test("EdDSA and Ed25519 are two labels of one algorithm (RFC 9864)", async () => {
    const ed = newKey("EdDSA", "ed");
    const check = inHand([{ ...ed.jwk, alg: "EdDSA" }]);
    expect(await check(tokenOf(ed, "Ed25519"), undefined)).toMatchObject(good);
  });

  test("a point that is not on the curve is no key, and does not throw", async () => {
    const check = inHand([{ ...one.jwk, y: two.jwk["y"] }]);
    expect(await check(ofOne, undefined)).toBeNull();
  });
});

describe("the life of a set", () => {
  test("one fetch for all who wait", async () => {
    const issuer = new FakeIssuer(one);
    const check = checkOf(issuer);
    const answers = await Promise.all(Array.from({ length: 20 }, () => check(ofOne, undefined)));
    expect(answers.every((answer) => answer !== null)).toBe(true);
    expect(issuer.calls).toEqual([METADATA_URL, JWKS_URL]);
  });

  test("kept for 600 seconds, and fetched again then", async () => {
    const issuer = new FakeIssuer(one);
    const check = checkOf(issuer);
    await check(ofOne, undefined);
    issuer.keys(two);
    issuer.now += 599.5;
    expect(await check(ofOne, undefined)).toMatchObject(good);
    expect(issuer.fetches).toBe(1);
    issuer.now += 0.5;
    expect(await check(ofOne, undefined)).toBeNull();
    expect(issuer.fetches).toBe(2);
  });

  test("an unknown kid: another fetch, at most once in 30 seconds", async () => {
    const issuer = new FakeIssuer(one);
    const check = checkOf(issuer);
    await check(ofOne, undefined);
    issuer.keys(one, two);
    issuer.now += 29.5;
    expect(await check(ofTwo, undefined)).toBeNull();
    expect(issuer.fetches).toBe(1);
    issuer.now += 0.5;
    expect(await check(ofTwo, undefined)).toMatchObject(good);
    expect(issuer.fetches).toBe(2);
    const strange = Array.from({ length: 20 }, () =>
      check(tokenOf(three, "ES256", long), undefined),
    );
    expect(await Promise.all(strange)).toEqual(strange.map(() => null));
    expect(issuer.fetches).toBe(2);
  });

  test.each([
    ["the first", false],
    ["the first after a failure", true],
  ])("all who come with a new key wait for one fetch: %s", async (_, fails) => {
    const issuer = new FakeIssuer(one);
    const check = checkOf(issuer);
    await check(ofOne, undefined);
    issuer.now += 30;
    if (fails) {
      const documents = new Map(issuer.documents);
      issuer.goAway();
      await expect(check(ofTwo, undefined)).rejects.toThrow("fetch failed");
      for (const [url, document] of documents) issuer.documents.set(url, document);
      issuer.now += 30;
    }
    issuer.keys(one, two);
    const before = issuer.fetches;
    const answers = await Promise.all([check(ofTwo, undefined), check(ofTwo, undefined)]);
    expect(answers).toMatchObject([good, good]);
    expect(issuer.fetches - before).toBe(1);
  });

  test("a kid that the newer set lacks too: null, and not an error", async () => {
    const issuer = new FakeIssuer(one);
    const check = checkOf(issuer);
    await check(ofOne, undefined);
    issuer.now += 30;
    expect(await check(ofTwo, undefined)).toBeNull();
    expect(issuer.fetches).toBe(2);
  });

  test("a kid of two keys is no reason to fetch: the set is not too old", async () => {
    const issuer = new FakeIssuer(one);
    issuer.documents.set(JWKS_URL, () =>
      Response.json({ keys: [one.jwk, { ...two.jwk, kid: "one" }] }),
    );
    const check = checkOf(issuer);
    expect(await check(ofOne, undefined)).toBeNull();
    issuer.now += 30;
    expect(await check(ofOne, undefined)).toBeNull();
    expect(issuer.fetches).toBe(1);
  });

  test("a set that was fetched for this token and lacks its kid: null, with one fetch", async () => {
    const issuer = new FakeIssuer(one);
    expect(await checkOf(issuer)(ofTwo, undefined)).toBeNull();
    expect(issuer.fetches).toBe(1);
  });

  test("an empty set is a set: an issuer may take back all of its keys", async () => {
    const issuer = new FakeIssuer(one);
    const check = checkOf(issuer);
    await check(ofOne, undefined);
    issuer.keys();
    issuer.now += 600;
    expect(await check(ofOne, undefined)).toBeNull();
  });

  test("the old set is used while a fetch fails, for an hour, and an attempt is made every 5 seconds", async () => {
    const issuer = new FakeIssuer(one);
    const check = checkOf(issuer);
    await check(ofOne, undefined);
    issuer.goAway();
    issuer.now += 600;
    const before = issuer.calls.length;
    expect(await check(ofOne, undefined)).toMatchObject(good);
    const attempt = issuer.calls.length - before;
    issuer.now += 4.5;
    expect(await check(ofOne, undefined)).toMatchObject(good);
    expect(issuer.calls.length - before).toBe(attempt);
    issuer.now += 0.5;
    await check(ofOne, undefined);
    expect(issuer.calls.length - before).toBe(2 * attempt);
    issuer.now = NOW + 600 + 3599;
    expect(await check(ofOne, undefined)).toMatchObject(good);
    issuer.now += 1;
    await expect(check(ofOne, undefined)).rejects.toThrow("the issuer's metadata");
    expect(await check("made-up", undefined)).toBeNull();
    const back = new FakeIssuer(two);
    for (const [url, document] of back.documents) issuer.documents.set(url, document);
    await expect(check(ofTwo, undefined)).rejects.toThrow("the issuer's metadata"); // the pause
    issuer.now += 5;
    expect(await check(ofTwo, undefined)).toMatchObject(good);
    expect(await check(ofOne, undefined)).toBeNull();
  });

  test("an unknown kid while the issuer can't be reached throws: no one knows whether the token is bad", async () => {
    const issuer = new FakeIssuer(one);
    const check = checkOf(issuer);
    await check(ofOne, undefined);
    issuer.goAway();
    issuer.now += 30;
    await expect(check(ofTwo, undefined)).rejects.toThrow("the issuer's metadata");
    const before = issuer.calls.length;
    await expect(check(ofTwo, undefined)).rejects.toThrow("the issuer's metadata");
    issuer.now += 29;
    await expect(check(ofTwo, undefined)).rejects.toThrow("the issuer's metadata");
    expect(issuer.calls.length).toBe(before);
    expect(await check(ofOne, undefined)).toMatchObject(good);
  });

  test("without any set: throws, and does not hammer", async () => {
    const issuer = new FakeIssuer(one);
    issuer.goAway();
    const check = checkOf(issuer);
    await expect(check(ofOne, undefined)).rejects.toThrow("fetch failed");
    const before = issuer.calls.length;
    await expect(check(ofOne, undefined)).rejects.toThrow("fetch failed");
    expect(issuer.calls.length).toBe(before);
  });

  test("without any metadata: what failed at each URL, and the first failure as the cause", async () => {
    const issuer = new FakeIssuer(one);
    issuer.goAway();
    const error: unknown = await Promise.resolve(checkOf(issuer)(ofOne, undefined)).catch(
      (thrown: unknown) => thrown,
    );
    const [first, second] = ["fetch failed", "the status is 404"];
    expect(error).toMatchObject({
      message: `the issuer's metadata: ${first}; the issuer's metadata: ${second}`,
      cause: { message: `the issuer's metadata: ${first}` },
    });
  });

  test("a clock that is set back makes no set last longer", async () => {
    const issuer = new FakeIssuer(one);
    const check = checkOf(issuer);
    await check(ofOne, undefined);
    issuer.now += 599;
    await check(ofOne, undefined);
    issuer.now -= 500;
    await check(ofOne, undefined);
    expect(issuer.fetches).toBe(1);
    issuer.now += 1;
    await check(ofOne, undefined);
    expect(issuer.fetches).toBe(2);
  });

  test("the spans are options", async () => {
    const issuer = new FakeIssuer(one);
    const check = checkOf(issuer, { keySet: { maxAge: 100, maxStale: 10, cooldown: 7 } });
    await check(ofOne, undefined);
    issuer.now += 7;
    issuer.keys(two);
    expect(await check(ofTwo, undefined)).toMatchObject(good);
    issuer.goAway();
    issuer.now += 109;
    expect(await check(ofTwo, undefined)).toMatchObject(good);
    issuer.now += 1;
    await expect(check(ofTwo, undefined)).rejects.toThrow("fetch failed");
  });
});

describe("what is not taken for a document, and throws", () => {
  const json =
    (text: string): (() => Response) =>
    () =>
      new Response(text);
  const metadata =
    (members: object): (() => Response) =>
    () =>
      Response.json({ issuer: ISSUER, jwks_uri: JWKS_URL, ...members });
  const key = JSON.stringify(one.jwk);
  /** What no platform's fetch returns, but a fetch of someone's own may. */
  const closed = (status: number): Response => ({ status, body: {} }) as unknown as Response;

  test.each<readonly [string, string, () => Response, string]>([
    [
      "metadata of another issuer",
      METADATA_URL,
      metadata({ issuer: `${ISSUER}/` }),
      "another issuer",
    ],
    ["metadata without issuer", METADATA_URL, metadata({ issuer: undefined }), "another issuer"],
    ["metadata without jwks_uri", METADATA_URL, metadata({ jwks_uri: undefined }), "jwks_uri"],
    ["keys by http", METADATA_URL, metadata({ jwks_uri: "http://as.example/keys" }), "jwks_uri"],
    ["keys of no URL", METADATA_URL, metadata({ jwks_uri: "https://as example/" }), "jwks_uri"],
    ["keys of another scheme", METADATA_URL, metadata({ jwks_uri: "data:,{}" }), "jwks_uri"],
    ["a web page", METADATA_URL, json("<!doctype html>"), "strict JSON"],
    ["an array", METADATA_URL, json("[]"), "strict JSON"],
    [
      "too many bytes of metadata",
      METADATA_URL,
      json(`{"a":"${"x".repeat(65_536)}"}`),
      "too large",
    ],
    [
      "metadata with the issuer twice",
      METADATA_URL,
      json(`{"issuer":"https://evil.example","issuer":"${ISSUER}","jwks_uri":"${JWKS_URL}"}`),
      "strict JSON",
    ],
    ["signed metadata", METADATA_URL, json(ofOne), "RFC 9701"],
    ["what only begins as a JWT", METADATA_URL, json("eyJ"), "strict JSON"],
    ["what only has the dots of a JWT", METADATA_URL, json("a.b.c"), "strict JSON"],
    ["a body that can't be read", JWKS_URL, () => closed(200), "strict JSON"],
    ["an error with such a body", JWKS_URL, () => closed(500), "500"],
    ["a redirect", JWKS_URL, () => Response.redirect("https://evil.example/keys"), "302"],
    ["an error", JWKS_URL, () => new Response("{}", { status: 500 }), "500"],
    [
      "a status of success that is not 200",
      JWKS_URL,
      () => new Response(`{"keys":[${key}]}`, { status: 203 }),
      "203",
    ],
    ["keys that are no array", JWKS_URL, json('{"keys":{}}'), "keys must be an array"],
    ["no keys", JWKS_URL, json("{}"), "keys must be an array"],
    [
      "101 keys",
      JWKS_URL,
      json(`{"keys":[${Array.from({ length: 101 }, () => "{}").join()}]}`),
      "100 at most",
    ],
    ["keys twice", JWKS_URL, json(`{"keys":[],"keys":[${key}]}`), "strict JSON"],
    ["a prototype", JWKS_URL, json(`{"__proto__":{},"keys":[${key}]}`), "strict JSON"],
    [
      "too many bytes of keys",
      JWKS_URL,
      json(`{"keys":[${key}],"a":"${"x".repeat(262_144)}"}`),
      "too large",
    ],
    [
      "bytes that are not UTF-8",
      JWKS_URL,
      () => new Response(new Uint8Array([0x7b, 0xff, 0x7d])),
      "strict JSON",
    ],
  ])("%s", async (_, url, document, message) => {
    const issuer = new FakeIssuer(one);
    issuer.documents.set(url, document);
    const check = checkOf(issuer);
    const error: unknown = await Promise.resolve(check(ofOne, undefined)).then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    expect(String(error)).toContain(message);
    expect(String(error)).not.toMatch(/evil|doctype|xxx/);
  });

  test("what is thrown and is no Error is handed on as it is", async () => {
    const issuer = new FakeIssuer(one);
    const cause: unknown = "no reader";
    const getReader = (): never => {
      throw cause;
    };
    const broken = { status: 200, body: { getReader } } as unknown as Response; // of someone's own
    issuer.documents.set(METADATA_URL, () => broken);
    await expect(checkOf(issuer)(ofOne, undefined)).rejects.toBe(cause);
    expect(issuer.calls).toEqual([METADATA_URL]);
  });

  test("a large document is given up while it is read", async () => {
    const issuer = new FakeIssuer(one);
    let pulls = 0;
    const cancel = vi.fn<() => void>();
    issuer.documents.set(JWKS_URL, () => {
      const pull = (controller: ReadableStreamDefaultController): void => {
        pulls++;
        controller.enqueue(new Uint8Array(65_536).fill(0x20));
      };
      return new Response(new ReadableStream({ pull, cancel }));
    });
    await expect(checkOf(issuer)(ofOne, undefined)).rejects.toThrow("too large");
    expect(pulls).toBeLessThanOrEqual(7);
    await vi.waitFor(() => expect(cancel).toHaveBeenCalledOnce());
  });

  test("100 keys with certificates are taken, as is a mark of the byte order", async () => {
    const issuer = new FakeIssuer(one);
    const keys = Array.from({ length: 99 }, (_, i) => ({
      ...two.jwk,
      kid: `k${i}`,
      x5c: ["A".repeat(1500)],
      x5t: "t",
      use: "sig",
    }));
    const text = JSON.stringify({ keys: [...keys, one.jwk] }, null, 2);
    issuer.documents.set(JWKS_URL, json(`\uFEFF${text}`));
    expect(await checkOf(issuer)(ofOne, undefined)).toMatchObject(good);
  });

  test("a server that hangs: an error in time, and what was sent is ended", async () => {
    const issuer = new FakeIssuer(one);
    issuer.documents.set(JWKS_URL, () => new Promise(() => undefined));
    const check = checkOf(issuer, { timeout: 0.05 });
    await expect(check(ofOne, undefined)).rejects.toThrow("took longer than 0.05 seconds");
    expect(issuer.inits.at(-1)).toMatchObject({ signal: { aborted: true } });
    issuer.documents.set(METADATA_URL, () => new Promise(() => undefined));
    issuer.now += 5;
    const before = issuer.calls.length;
    await expect(check(ofOne, undefined)).rejects.toThrow("took longer");
    expect(issuer.calls.length - before).toBe(1); // and the second URL is not asked
  });

  test("a request that was ended is not followed by another", async () => {
    const issuer = new FakeIssuer(one);
    const fetch = (
      url: string,
      { signal }: { readonly signal: AbortSignal },
    ): Promise<Response> => {
      issuer.calls.push(url);
      return new Promise((_, reject) => {
        signal.addEventListener("abort", () => reject(new Error("aborted")));
      });
    };
    const check = checkOf(issuer, { timeout: 0.02, fetch });
    await expect(check(ofOne, undefined)).rejects.toThrow("took longer");
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(issuer.calls).toEqual([METADATA_URL]);
  });

  test("the body of another status than 200 is let go", async () => {
    const issuer = new FakeIssuer(one);
    const cancel = vi.fn<() => void>();
    const open = (): Response => new Response(new ReadableStream({ cancel }), { status: 500 });
    issuer.documents.set(JWKS_URL, open);
    await expect(checkOf(issuer)(ofOne, undefined)).rejects.toThrow("500");
    await vi.waitFor(() => expect(cancel).toHaveBeenCalledOnce());
  });

  test("a body that hangs", async () => {
    const issuer = new FakeIssuer(one);
    const start = (controller: ReadableStreamDefaultController): void =>
      controller.enqueue(new TextEncoder().encode('{"keys":['));
    issuer.documents.set(JWKS_URL, () => new Response(new ReadableStream({ start })));
    await expect(checkOf(issuer, { timeout: 0.05 })(ofOne, undefined)).rejects.toThrow("longer");
  });
});

describe("over HTTP on loopback", () => {
  const servers: Server[] = [];
  afterEach(() => {
    for (const server of servers.splice(0)) server.close();
    vi.unstubAllGlobals();
  });

  async function serve(listener: RequestListener): Promise<string> {
    const server = createServer({ keepAlive: false }, listener).listen(0, "127.0.0.1");
    servers.push(server);
    await once(server, "listening");
    const address = server.address();
    return `http://127.0.0.1:${typeof address === "object" ? address?.port : ""}`;
  }

  test.each(["oauth-authorization-server", "openid-configuration"])(
    "finds the keys by %s with the platform's fetch, and sees them rotate",
    async (name) => {
      let keys = [one.jwk];
      let now = NOW;
      const issuer = await serve((req, res) => {
        if (req.url === `/.well-known/${name}`)
          res.end(JSON.stringify({ issuer, jwks_uri: `${issuer}/keys` }));
        else if (req.url === "/keys") res.end(JSON.stringify({ keys }));
        else res.writeHead(404).end();
      });
      const usual = { backend: nodeCrypto, audience: API, issuer };
      const check = createJwtAccessTokens({ ...usual, clock: () => now });
      const ofFirst = tokenOf(one, "ES256", { iss: issuer, ...long });
      const ofSecond = tokenOf(two, "ES256", { iss: issuer, ...long });
      expect(await check(ofFirst, undefined)).toMatchObject(good);
      keys = [two.jwk];
      now += 30;
      expect(await check(ofFirst, undefined)).toMatchObject(good); // remembered
      expect(await check(ofSecond, undefined)).toMatchObject(good);
      expect(await check(ofFirst, undefined)).toBeNull(); // its key left
    },
  );

  test("a redirect of the keys is not followed", async () => {
    const evil = await serve((_, res) => res.end(JSON.stringify({ keys: [one.jwk] })));
    const origin = await serve((_, res) => res.writeHead(302, { location: evil }).end());
    const check = createJwtAccessTokens({
      backend: nodeCrypto,
      issuer: ISSUER,
      audience: API,
      jwksUri: `${origin}/keys`,
      clock: () => NOW,
    });
    await expect(check(ofOne, undefined)).rejects.toThrow("302");
  });

  test("a platform without AbortController has the same limit of time", async () => {
    vi.stubGlobal("AbortController", undefined);
    const issuer = new FakeIssuer(one);
    expect(await checkOf(issuer)(ofOne, undefined)).toMatchObject(good);
    issuer.documents.set(JWKS_URL, () => new Promise(() => undefined));
    const check = checkOf(issuer, { timeout: 0.05 });
    await expect(check(ofOne, undefined)).rejects.toThrow("took longer than 0.05 seconds");
  });

  test("nothing is sent to a host that plainHttp does not allow, whatever document is asked for", async () => {
    const fetch = vi.fn<() => never>();
    const policy = readDocumentPolicy({ fetch });
    const bounds = { bytes: 9, members: 9, values: 9, outside: 9 };
    const asked = withDocuments(policy, "this", (get) => get("that", "http://as.example/", bounds));
    await expect(asked).rejects.toThrow("that must have an https URL");
    expect(fetch).not.toHaveBeenCalled();
  });

  test("a platform without fetch says so", async () => {
    vi.stubGlobal("fetch", undefined);
    const check = createJwtAccessTokens({
      backend: nodeCrypto,
      issuer: ISSUER,
      audience: API,
      clock: () => NOW,
    });
    await expect(check(ofOne, undefined)).rejects.toThrow("fetch must be given");
  });
});
