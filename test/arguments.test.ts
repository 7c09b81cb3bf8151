// What the programmer gets wrong is a TypeError or RangeError that names the argument: at construction where it can be, and
// never an answer about the client. What the network gets wrong never makes a function throw.
import {
  accessTokenHash,
  createAsyncVerifier,
  createMemoryReplayStore,
  createProof,
  createSigner,
  createVerifier,
  generatePrivateJwk,
  jwkThumbprint,
  noble,
  normalizeHtu,
  parseProof,
  type PublicJwk,
  verifyProof,
  verifyProofAsync,
} from "dpop-core";
import { nobleBackend } from "dpop-core/noble";
import { ed25519 } from "@noble/curves/ed25519.js";
import { p256, p384, p521 } from "@noble/curves/nist.js";
import { sha256, sha384, sha512 } from "@noble/hashes/sha2.js";
import { runInNewContext } from "node:vm";
import { describe, expect, test } from "vitest";
import {
  choiceArgument,
  integerArgument,
  isBytes,
  numberArgument,
  unknownMember,
} from "../src/input/argument.js";
import { mint, NOW, TOKEN_URL } from "./support/mint.js";

const PARTS = { p256, p384, p521, ed25519, sha256, sha384, sha512 };

/** Calls a function as plain JavaScript would, whatever the types say. */
const call = (f: (...args: never[]) => unknown, ...args: readonly unknown[]): unknown =>
  Reflect.apply(f, undefined, args);

const REQUEST = { method: "POST", url: TOKEN_URL, now: NOW };
const NONE = { replay: "none" } as const;

/** Values of every wrong type for a string. */
const NOT_STRINGS: readonly (readonly [string, unknown])[] = [
  ["a number", 1],
  ["NaN", Number.NaN],
  ["a bigint", 1n],
  ["true", true],
  ["a symbol", Symbol("x")],
  ["a list", ["POST"]],
  ["an object with toString", { toString: () => "POST" }],
  ["a String object", new String("POST")],
  ["a function", () => "POST"],
  ["a proxy", new Proxy({}, {})],
  ["bytes", new Uint8Array(4)],
];

const WRONG_MEMBERS = ["method", "url", "accessToken", "jkt"].flatMap((member) =>
  [...NOT_STRINGS, ["null", null] as const]
    .filter(([, value]) => member !== "jkt" || typeof value !== "function") // a look-up
    .map(([name, value]) => ({ member, name, value })),
);

describe("members of the request", () => {
  test.each(WRONG_MEMBERS)("$member: $name", async ({ member, value }) => {
    const request = {
      ...REQUEST,
      ...(member === "accessToken" ? { jkt: "x" } : {}),
      [member]: value,
    };
    const named = new RegExp(`^${member} must be a string$`);
    expect(() => call(verifyProof, mint(), request, NONE)).toThrow(TypeError);
    expect(() => call(verifyProof, mint(), request, NONE)).toThrow(named);
    await expect(call(verifyProofAsync, mint(), request, NONE)).rejects.toThrow(named);
    expect(() => call(createVerifier({ replay: "none" }).verify, mint(), request)).toThrow(named);
  });

  test.each<[string, unknown]>([
    ["method", { ...REQUEST, method: undefined }],
    ["url", { ...REQUEST, url: undefined }],
    ["url", { ...REQUEST, url: "" }],
    ["url", { ...REQUEST, url: "/token" }],
    ["url", { ...REQUEST, url: "server.example.com/token" }],
    ["url", { ...REQUEST, url: "ftp://server.example.com/" }],
    ["url", { ...REQUEST, url: " https://server.example.com/" }],
    ["url", { ...REQUEST, url: "https:" }],
    ["url", { ...REQUEST, url: "http:" }],
    ["url", { ...REQUEST, url: "ftps://server.example.com/" }],
    ["url", { ...REQUEST, url: "wss://server.example.com/" }],
    ["url", { ...REQUEST, url: "http://server.example.com/token" }],
    ["jkt", { ...REQUEST, accessToken: "x" }],
    ["clientKeyJkt", { ...REQUEST, clientKeyJkt: "" }],
    ["clientKeyJkt", { ...REQUEST, clientKeyJkt: `${"A".repeat(43)}=` }],
    ["clientKeyJkt", { ...REQUEST, clientKeyJkt: null }],
    ["requiredJkt", { ...REQUEST, requiredJkt: "" }],
    ["requiredJkt", { ...REQUEST, requiredJkt: `${"A".repeat(43)}=` }],
    ["requiredJkt", { ...REQUEST, requiredJkt: null }],
    ["jkt", { ...REQUEST, accessToken: "" }],
    ["now", { ...REQUEST, now: "1562262616" }],
    ["now", { ...REQUEST, now: null }],
    ["now", { ...REQUEST, now: new Date() }],
    ["now", { ...REQUEST, now: 1n }],
    ["request", undefined],
    ["request", null],
    ["request", "POST"],
    ["request", [REQUEST]],
  ])("%s", (name, request) => {
    expect(() => call(verifyProof, mint(), request, NONE)).toThrow(TypeError);
    expect(() => call(verifyProof, mint(), request, NONE)).toThrow(new RegExp(`^${name} must`));
  });

  test.each([Number.NaN, Number.POSITIVE_INFINITY, -1, NOW * 1000])(
    "now %d is no number of seconds",
    (now) => {
      expect(() => call(verifyProof, mint(), { ...REQUEST, now }, NONE)).toThrow(RangeError);
      expect(() => call(verifyProof, mint(), { ...REQUEST, now }, NONE)).toThrow(
        /^now must be .* seconds/,
      );
    },
  );

  test("http and https in any case of letters are absolute", () => {
    expect(
      verifyProof(
        mint(),
        { ...REQUEST, url: "HTTPS://SERVER.example.com/token" },
        { replay: "none" },
      ).ok,
    ).toBe(true);
  });
});

describe("the proof", () => {
  test.each([
    ...NOT_STRINGS.filter(([name]) => name !== "a list"),
    ["a list of numbers", [1]],
    ["a list that holds null", ["a", null]],
  ] as const)("%s", async (_, proof) => {
    expect(() => call(verifyProof, proof, REQUEST, NONE)).toThrow(TypeError);
    expect(() => call(verifyProof, proof, REQUEST, NONE)).toThrow(/^proof must be/);
    await expect(call(verifyProofAsync, proof, REQUEST, NONE)).rejects.toThrow(/^proof must be/);
    expect(() => call(parseProof, proof)).toThrow(/^proof must be/);
  });
});

describe("options", () => {
  const { ES256 } = noble;
  test.each<[string, unknown, RegExp]>([
    ["options null", null, /^options /],
    ["options a list", [], /^options /],
    [
      "an option that does not exist",
      { maxage: 60 },
      /^options must have no member maxage: did you mean maxAge\?$/,
    ],
    ["cache true", { cache: true }, /^cache must be an object/],
    ["cache null", { cache: null }, /^cache must be an object/],
    [
      "a misspelt bound",
      { cache: { maxkeys: 1 } },
      /^cache must have no member maxkeys: did you mean maxKeys\?$/,
    ],
    ["a bound in text", { cache: { maxKeys: "1" } }, /^cache\.maxKeys must be a number of keys/],
    ["backend a string", { backend: "noble" }, /^backend /],
    ["a backend without a hash", { backend: { algs: [ES256] } }, /^backend\.sha256 /],
    ["a backend without algorithms", { backend: { ...noble, algs: undefined } }, /^backend\.algs /],
    ["algs a string", { algs: "ES256" }, /^algs /],
    ["backend null", { backend: null }, /^backend /],
    ["algs null", { algs: null }, /^algs /],
    ["clock null", { clock: null }, /clock must be a function/],
    ["algs empty", { algs: [] }, /^algs /],
    ["algs of labels", { algs: ["ES256"] }, /^algs\[\] /],
    ["algs that hold null", { algs: [null] }, /^algs\[\] /],
    [
      "an algorithm without importKey",
      { algs: [{ alg: "ES256", kty: "EC" }] },
      /^algs\[\]\.importKey /,
    ],
    [
      "an algorithm whose verifyMany is no function",
      { algs: [{ ...ES256, verifyMany: true }] },
      /^algs\[\]\.verifyMany must be a function$/,
    ],
    ["none", { algs: [{ ...ES256, alg: "none" }] }, /^algs /],
    ["HS256", { algs: [{ ...ES256, alg: "HS256", kty: "oct" }] }, /^algs /],
    ["an unknown label", { algs: [{ ...ES256, alg: "ES256K" }] }, /^algs /],
    ["a curve that is not the label's", { algs: [{ ...ES256, crv: "P-384" }] }, /^algs /],
    ["a kty that is a list", { algs: [{ ...ES256, kty: ["EC"] }] }, /^algs /],
    ["a symmetric key type", { algs: [{ ...ES256, kty: "oct" }] }, /^algs /],
    ["one label twice", { algs: [ES256, ES256] }, /^algs /],
    ["maxAge a string", { maxAge: "60" }, /^maxAge .*seconds/],
    ["maxAge null", { maxAge: null }, /^maxAge .*seconds/],
    ["clockTolerance an object", { clockTolerance: {} }, /^clockTolerance .*seconds/],
    ["clock a number", { clock: 1 }, /clock must be a function/],
    ["clock a date", { clock: new Date() }, /clock must be a function/],
    ["nonce true", { nonce: true }, /^nonce /],
    ["nonce a function", { nonce: () => ({ status: "valid" }) }, /^nonce /],
    ["nonce without check", { nonce: {} }, /^nonce\.check /],
    ["noncePolicy without nonce", { noncePolicy: "required" }, /^noncePolicy must come with nonce/],
    ["iatWithNonce true", { iatWithNonce: true }, /^iatWithNonce must be "free" or/],
    ["plainHttp true", { plainHttp: true }, /^plainHttp must be "loopback" or/],
    ["grouping true", { grouping: true }, /^grouping must be "turn" or a function$/],
    ["grouping none", { grouping: "none" }, /^grouping must be "turn" or/],
    ["grouping an object", { grouping: { schedule() {} } }, /^grouping must be "turn" or/],
    ["grouping null", { grouping: null }, /^grouping must be "turn" or/],
    ["permittedAlgs of algorithms", { permittedAlgs: [ES256] }, /^permittedAlgs must be an array/],
    [
      "an algorithm that is not permitted",
      { permittedAlgs: ["ES256"] },
      /^backend\.algs must hold/,
    ],
    ["replay true", { replay: true }, /^replay /],
    ["replay a Map", { replay: new Map() }, /^replay /],
    ["replay another word", { replay: "memory" }, /^replay /],
    ["replay null", { replay: null }, /^replay /],
    ["replay undefined", { replay: undefined }, /^replay /],
    ["replay forgotten", {}, /^replay must be a store with a function add, or "none"$/],
    ["limits a number", { limits: 8192 }, /^limits /],
    ["a limit that does not exist", { limits: { jwt: 1 } }, /^limits /],
    ["a limit that is a string", { limits: { proof: "1" } }, /^limits\.proof .*characters/],
  ])("%s", (_, options, message) => {
    for (const f of [createVerifier, createAsyncVerifier]) {
      expect(() => call(f, options)).toThrow(TypeError);
      expect(() => call(f, options)).toThrow(message);
    }
    expect(() => call(verifyProof, mint(), REQUEST, options)).toThrow(message);
  });

  test.each(["turn", () => undefined])(
    "grouping is refused where the answer comes at once: %s",
    (grouping) => {
      const message = /^grouping must be given to createAsyncVerifier/;
      const options = { ...NONE, grouping };
      expect(() => call(createVerifier, options)).toThrow(TypeError);
      expect(() => call(createVerifier, options)).toThrow(message);
      expect(() => call(verifyProof, mint(), REQUEST, options)).toThrow(message);
      expect(call(createAsyncVerifier, options)).toBeTypeOf("object");
    },
  );

  test.each<[string, unknown, RegExp]>([
    ["maxAge NaN", { maxAge: Number.NaN }, /^maxAge .*seconds/],
    ["maxAge negative", { maxAge: -1 }, /^maxAge .*seconds/],
    ["maxAge without end", { maxAge: Number.POSITIVE_INFINITY }, /^maxAge .*seconds/],
    ["maxAge of a day and a second", { maxAge: 86_401 }, /^maxAge .*seconds/],
    ["maxAge in milliseconds", { maxAge: 300_000 }, /^maxAge .*seconds/],
    ["clockTolerance negative", { clockTolerance: -1 }, /^clockTolerance .*seconds/],
    ["a limit of nothing", { limits: { jti: 0 } }, /^limits\.jti .*characters/],
    ["fewer keys than none", { cache: { maxKeys: -1 } }, /^cache\.maxKeys .*keys/],
    ["half a byte", { cache: { maxTableBytes: 0.5 } }, /^cache\.maxTableBytes .*bytes/],
    ["tokens without end", { cache: { maxTokens: Infinity } }, /^cache\.maxTokens .*tokens/],
    ["a limit that is not whole", { limits: { htu: 1.5 } }, /^limits\.htu .*characters/],
    [
      "a limit without end",
      { limits: { nonce: Number.POSITIVE_INFINITY } },
      /^limits\.nonce .*characters/,
    ],
  ])("%s", (_, options, message) => {
    expect(() => call(createVerifier, options)).toThrow(RangeError);
    expect(() => call(createVerifier, options)).toThrow(message);
  });

  test("undefined is the default", () => {
    const none = {
      backend: undefined,
      algs: undefined,
      maxAge: undefined,
      clock: undefined,
      limits: { proof: undefined },
      replay: "none",
    } as const;
    expect(createVerifier(none).algs).toEqual(["ES256", "EdDSA", "Ed25519"]);
  });

  test("a clock is asked in seconds; what is no such number is an error, never a verdict", () => {
    const at = (clock: () => unknown): unknown =>
      call(verifyProof, mint(), { ...REQUEST, now: undefined }, { ...NONE, clock });
    expect(at(() => NOW)).toMatchObject({ ok: true });
    expect(at(() => NOW + 100)).toMatchObject({
      ok: false,
      code: "iat_too_old",
      clockOffset: -100,
    });
    expect(() => at(() => NOW * 1000)).toThrow(RangeError);
    expect(() => at(() => Number.NaN)).toThrow(RangeError);
    expect(() => at(() => new Date())).toThrow(TypeError);
    expect(() => at(() => Promise.resolve(NOW))).toThrow(TypeError);
  });

  test("now of the request wins over the clock", () => {
    const clock = (): number => {
      throw new Error("the clock was asked");
    };
    expect(verifyProof(mint(), REQUEST, { clock, replay: "none" }).ok).toBe(true);
    expect(() =>
      verifyProof(mint(), { ...REQUEST, now: undefined }, { clock, replay: "none" }),
    ).toThrow("the clock was asked");
  });

  test("without now and clock, the platform's clock counts", () => {
    const iat = Math.floor(Date.now() / 1000);
    expect(
      verifyProof(mint({ claims: { iat } }), { method: "POST", url: TOKEN_URL }, { replay: "none" })
        .ok,
    ).toBe(true);
    expect(
      verifyProof(mint(), { method: "POST", url: TOKEN_URL }, { replay: "none" }),
    ).toMatchObject({
      code: "iat_too_old",
    });
  });

  test("a verifier is frozen, and later changes of its options have no effect", () => {
    const algs = [noble.EdDSA];
    const options = { algs, maxAge: 60, limits: { proof: 8192 }, replay: "none" as const };
    const verifier = createVerifier(options);
    algs.push(noble.ES256);
    Object.assign(options, { maxAge: 86_400, algs: [noble.ES256] });
    options.limits.proof = 1;
    expect(verifier.verify(mint(), REQUEST)).toMatchObject({ code: "alg_unsupported" });
    expect(verifier.verify(mint({ key: "Ed25519", header: { alg: "EdDSA" } }), REQUEST).ok).toBe(
      true,
    );
    expect(Object.isFrozen(verifier) && Object.isFrozen(verifier.algs)).toBe(true);
    expect(verifier.algs).toEqual(["EdDSA"]);
  });
});

describe("the other functions", () => {
  test.each<[string, () => unknown, RegExp]>([
    ["createMemoryReplayStore: no object", () => call(createMemoryReplayStore, 5), /^options /],
    [
      "createMemoryReplayStore: an unknown option",
      () => call(createMemoryReplayStore, { max: 5 }),
      /^options /,
    ],
    [
      "createMemoryReplayStore: a string",
      () => call(createMemoryReplayStore, { maxEntries: "5" }),
      /^maxEntries .*entries/,
    ],
    [
      "createMemoryReplayStore: a share that is a string",
      () => call(createMemoryReplayStore, { maxEntriesPerKey: "5" }),
      /^maxEntriesPerKey .*entries/,
    ],
    [
      "createMemoryReplayStore: no share",
      () => call(createMemoryReplayStore, { maxEntriesPerKey: 0 }),
      /^maxEntriesPerKey .*entries/,
    ],
    [
      "createMemoryReplayStore: a share greater than the whole",
      () => call(createMemoryReplayStore, { maxEntries: 5, maxEntriesPerKey: 6 }),
      /^maxEntriesPerKey .*entries/,
    ],
    [
      "createMemoryReplayStore: a share that is a fraction",
      () => call(createMemoryReplayStore, { maxEntriesPerKey: 1.5 }),
      /^maxEntriesPerKey .*entries/,
    ],
    [
      "createMemoryReplayStore: none",
      () => call(createMemoryReplayStore, { maxEntries: 0 }),
      /^maxEntries .*entries/,
    ],
    [
      "createMemoryReplayStore: a fraction",
      () => call(createMemoryReplayStore, { maxEntries: 1.5 }),
      /^maxEntries .*entries/,
    ],
    ["accessTokenHash: a number", () => call(accessTokenHash, 1), /^accessToken /],
    ["accessTokenHash: nothing", () => call(accessTokenHash, ""), /^accessToken /],
    ["accessTokenHash: text outside ASCII", () => call(accessTokenHash, "é"), /^accessToken /],
    [
      "accessTokenHash: an unknown option",
      () => call(accessTokenHash, "x", { hash: 1 }),
      /^options /,
    ],
    [
      "jwkThumbprint: a bad backend",
      () => call(jwkThumbprint, {}, { backend: {} }),
      /^backend\.sha256 /,
    ],
    [
      "parseProof: bad limits",
      () => call(parseProof, "x", { limits: { proof: -1 } }),
      /^limits\.proof /,
    ],
    ["nobleBackend: nothing", () => call(nobleBackend, undefined), /^parts /],
    ["normalizeHtu: a number", () => call(normalizeHtu, 5), /^uri /],
    ["normalizeHtu: a list", () => call(normalizeHtu, ["https://a.example/"]), /^uri /],
    ["parseProof: a misspelt option", () => call(parseProof, "x", { limit: {} }), /^options /],
    ["parseProof: no options", () => call(parseProof, "x", null), /^options /],
    [
      "nobleBackend: another curve",
      () => call(nobleBackend, { ...PARTS, p256: p384 }),
      /^parts\.p256 /,
    ],
    [
      "nobleBackend: half a curve",
      () => call(nobleBackend, { ...PARTS, p521: { sign: p521.sign } }),
      /^parts\.p521\.verify /,
    ],
    [
      "nobleBackend: no SHA-384",
      () => call(nobleBackend, { ...PARTS, sha384: undefined }),
      /^parts\.sha384 /,
    ],
    [
      "nobleBackend: another hash",
      () => call(nobleBackend, { ...PARTS, sha384: sha512 }),
      /^parts\.sha384 /,
    ],
    [
      "nobleBackend: no SHA-512",
      () => call(nobleBackend, { ...PARTS, sha512: undefined }),
      /^parts\.sha512 /,
    ],
    [
      "nobleBackend: no function",
      () => call(nobleBackend, { ...PARTS, randomBytes: 4 }),
      /^parts\.randomBytes /,
    ],
    [
      "nobleBackend: no curves",
      () => call(nobleBackend, { sha256: () => new Uint8Array(32) }),
      /^parts\.p256 /,
    ],
  ])("%s", (_, run, message) => {
    expect(run).toThrow(message);
  });
});

describe("a part that is broken is never taken for a verdict", () => {
  const broken = (): never => {
    throw new Error("out of order");
  };
  const ok = mint();
  const alg = { ...noble.ES256 };
  const key = { size: 1, verify: () => true };

  test.each<[string, object]>([
    ["a hash that throws", { backend: { ...noble, sha256: broken } }],
    ["an import that throws", { algs: [{ ...alg, importKey: broken }] }],
    ["a key that throws", { algs: [{ ...alg, importKey: () => ({ ...key, verify: broken }) }] }],
    ["a nonce check that throws", { nonce: { check: broken } }],
    ["a replay store that throws", { replay: { add: broken } }],
    ["a clock that throws", { clock: broken }],
  ])("%s: its error propagates", async (_, options) => {
    const request = { ...REQUEST, now: "clock" in options ? undefined : NOW };
    expect(() => call(verifyProof, ok, request, { ...NONE, ...options })).toThrow("out of order");
    await expect(call(verifyProofAsync, ok, request, { ...NONE, ...options })).rejects.toThrow(
      "out of order",
    );
  });

  test.each<[string, object]>([
    ["a store that rejects", { replay: { add: async () => broken() } }],
    ["an import that rejects", { algs: [{ ...alg, importKey: async () => broken() }] }],
    [
      "a key that rejects",
      { algs: [{ ...alg, importKey: () => ({ ...key, verify: async () => broken() }) }] },
    ],
  ])("%s: its error propagates", async (_, options) => {
    await expect(call(verifyProofAsync, ok, REQUEST, { ...NONE, ...options })).rejects.toThrow(
      "out of order",
    );
  });

  test.each([
    undefined,
    null,
    true,
    1,
    "OK",
    "NEW",
    {},
    [],
    { full: true },
    { full: "true", retryAfter: 1 },
    { full: false, retryAfter: 1 },
    { retryAfter: 1 },
    ...[0, -1, 1.5, 2 ** 53, "1", null].map((retryAfter) => ({ full: true, retryAfter })),
  ])("a store that returns %j is broken", async (answer) => {
    const options = { replay: { add: () => answer } };
    expect(() => call(verifyProof, ok, REQUEST, options)).toThrow(/^replay\.add must return/);
    await expect(call(verifyProofAsync, ok, REQUEST, options)).rejects.toThrow(
      /^replay\.add must return/,
    );
  });

  test.each<[unknown]>([
    [undefined],
    [null],
    ["valid"],
    [{}],
    [{ status: true }],
    [{ status: "ok" }],
    [{ status: "valid", acceptUntil: "later" }],
    [{ status: "valid", acceptUntil: Number.NaN }],
    [{ status: "valid", acceptUntil: Number.POSITIVE_INFINITY }],
    [{ status: "valid", acceptUntil: NOW * 1000 }],
    [{ status: "invalid", nextNonce: 1 }],
    [Promise.resolve({ status: "valid" })],
  ])("a nonce check that returns %j is broken", async (answer) => {
    const withNonce = mint({ claims: { nonce: "x" } });
    const options = { nonce: { check: () => answer } };
    expect(() => call(verifyProof, withNonce, REQUEST, { ...NONE, ...options })).toThrow(
      /nonce\.check/,
    );
    await expect(call(verifyProofAsync, ok, REQUEST, { ...NONE, ...options })).rejects.toThrow(
      /nonce\.check/,
    );
  });
});

describe("an asynchronous part in a synchronous verifier is never success, nor a verdict on the client", () => {
  const forged = mint({ signer: "otherES256" });
  const keyThat = (verify: () => unknown): object => ({
    algs: [{ ...noble.ES256, importKey: () => ({ size: 1, verify }) }],
  });

  test.each<[string, object, RegExp]>([
    ["a promise of true is no valid signature", keyThat(async () => true), /^key\.verify must/],
    ["a promise of false is no invalid one", keyThat(async () => false), /^key\.verify must/],
    [
      "a promise of a key is no key",
      { algs: [{ ...noble.ES256, importKey: async () => null }] },
      /^importKey must/,
    ],
    [
      "undefined is no key",
      { algs: [{ ...noble.ES256, importKey: () => undefined }] },
      /^importKey must/,
    ],
    [
      "a promise of a hash is no hash",
      { backend: { ...noble, sha256: async () => new Uint8Array(32) } },
      /^backend\.sha256 must/,
    ],
  ])("%s", (_, options, message) => {
    expect(() => call(verifyProof, forged, REQUEST, { ...NONE, ...options })).toThrow(message);
  });

  test("a promise that is rejected later does not end the process", async () => {
    const rejected: unknown[] = [];
    const note = (reason: unknown): void => void rejected.push(reason);
    process.on("unhandledRejection", note);
    const later = async (): Promise<never> => {
      throw new Error("later");
    };
    const parts = [
      { replay: { add: later } },
      keyThat(later),
      { algs: [{ ...noble.ES256, importKey: later }] },
    ];
    for (const part of parts)
      expect(() => call(verifyProof, mint(), REQUEST, { ...NONE, ...part })).toThrow(TypeError);
    await new Promise((resolve) => setTimeout(resolve, 20));
    process.off("unhandledRejection", note);
    expect(rejected).toEqual([]);
  });

  test("a promise of a full store is no answer where one at once was expected", () => {
    const options = { replay: { add: async () => ({ full: true, retryAfter: 1 }) } };
    expect(() => call(verifyProof, mint(), REQUEST, options)).toThrow(/^replay\.add must return/);
  });

  test('a promise of "new" is no record', () => {
    const options = { replay: { add: async () => "new" } };
    expect(() => call(verifyProof, mint(), REQUEST, { ...NONE, ...options })).toThrow(
      /^replay\.add must return/,
    );
  });

  test.each([1, "true", {}, "valid", undefined, null])(
    "only true is a valid signature, not %j",
    async (answer) => {
      const options = keyThat(() => answer);
      expect(() => call(verifyProof, forged, REQUEST, { ...NONE, ...options })).toThrow(
        /^key\.verify must/,
      );
      await expect(
        call(verifyProofAsync, forged, REQUEST, { ...NONE, ...options }),
      ).rejects.toThrow(/^key\.verify must/);
    },
  );
});

describe("a hash that is no SHA-256 is broken: with it, every key could have one thumbprint", () => {
  test.each<[string, () => unknown]>([
    ["an ArrayBuffer", () => new ArrayBuffer(32)],
    ["a list", () => Array.from({ length: 32 }, () => 0)],
    ["text", () => "0".repeat(64)],
    ["nothing", () => new Uint8Array(0)],
    ["SHA-512", () => new Uint8Array(64)],
  ])("%s", (_, hash) => {
    const backend = { ...noble, sha256: hash };
    const named = /^backend\.sha256 must/;
    expect(() => call(verifyProof, mint(), REQUEST, { ...NONE, backend })).toThrow(named);
    expect(() =>
      call(jwkThumbprint, noble.createSigner(noble.generatePrivateJwk("ES256")).publicJwk, {
        backend,
      }),
    ).toThrow(named);
    expect(() => call(accessTokenHash, "x", { backend })).toThrow(named);
  });
});

describe("an argument is read once, and only its own members", () => {
  class Options {
    get maxAge(): number {
      return 1;
    }
  }

  test.each<[string, unknown]>([
    ["an instance of a class", new Options()],
    ["inherited options", Object.create({ maxAge: 1, replay: createMemoryReplayStore() })],
    ["a list", []],
    ["a Map", new Map([["maxAge", 1]])],
  ])("%s is not taken for options", (_, options) => {
    expect(() => call(createVerifier, options)).toThrow(/^options must be/);
    expect(() => call(createVerifier, { limits: options })).toThrow(/^limits must be/);
  });

  test.each(["Jkt", "accesstoken", "htm"])("a misspelt %s would leave a check out", (member) => {
    expect(() => call(verifyProof, mint(), { ...REQUEST, [member]: "x" }, NONE)).toThrow(
      /^request must have no member /,
    );
  });

  test("an option that changes after it was read is what it was", () => {
    let reads = 0;
    const options = {
      replay: "none" as const,
      get maxAge(): number {
        return reads++ === 0 ? 60 : 86_400;
      },
    };
    expect(
      createVerifier(options).verify(mint({ claims: { iat: NOW - 61 } }), REQUEST),
    ).toMatchObject({ ok: false });
    expect(reads).toBe(1);
  });

  test("objects without a prototype will do", () => {
    const request = Object.assign(Object.create(null), REQUEST);
    expect(
      call(verifyProof, mint(), request, Object.assign(Object.create(null), NONE)),
    ).toMatchObject({ ok: true });
  });
});

describe("parts may be instances of classes", () => {
  class Store {
    readonly seen = new Set<string>();
    add(key: string): "new" | "seen" {
      return this.seen.size === this.seen.add(key).size ? "seen" : "new";
    }
  }
  class Check {
    readonly accepted = "n";
    check(nonce: string | undefined): { status: "valid" | "invalid" } {
      return { status: nonce === this.accepted ? "valid" : "invalid" };
    }
  }
  class Key {
    readonly size = 1;
    readonly inner = noble.ES256;
    readonly jwk: PublicJwk;
    constructor(jwk: PublicJwk) {
      this.jwk = jwk;
    }
    verify(signature: Uint8Array, data: Uint8Array): boolean {
      return this.inner.importKey(this.jwk)?.verify(signature, data) === true;
    }
  }
  class Es256 {
    readonly alg = "ES256";
    readonly kty = "EC";
    readonly crv = "P-256";
    importKey(jwk: PublicJwk): Key | null {
      return jwk.kty === this.kty ? new Key(jwk) : null;
    }
  }
  class Native {
    readonly algs = [new Es256()];
    readonly hash = sha256;
    readonly random = noble;
    sha256(data: Uint8Array): Uint8Array {
      return this.hash(data);
    }
    randomBytes(length: number): Uint8Array {
      return this.random.randomBytes(length);
    }
  }
  class Signs {
    readonly inner = createSigner(generatePrivateJwk("ES256"));
    readonly alg = "ES256";
    readonly publicJwk = this.inner.publicJwk;
    sign(data: Uint8Array): Uint8Array {
      return this.inner.sign(data);
    }
  }

  test("each method is called with its own object as this", async () => {
    const backend = new Native();
    const request = { method: "GET", url: TOKEN_URL };
    const proof = createProof(new Signs(), { ...request, nonce: "n" }, { backend });
    const options = { backend, nonce: new Check(), replay: new Store(), maxAge: 86_400 };
    const { verify } = createVerifier(options);
    expect(verify(proof, request).ok).toBe(true);
    expect(verify(proof, request)).toMatchObject({ code: "jti_replayed" });
    const later = createAsyncVerifier({ ...options, replay: new Store() });
    expect((await later.verify(proof, request)).ok).toBe(true);
    expect(
      jwkThumbprint(createSigner(generatePrivateJwk("ES256")).publicJwk, { backend }).length,
    ).toBe(43);
  });
});

test("bytes are a Uint8Array of any realm, and nothing that only looks like one", () => {
  const foreign: unknown = runInNewContext("new Uint8Array(32)");
  for (const value of [new Uint8Array(32), new Uint8Array(0), Buffer.alloc(32), foreign]) {
    expect(isBytes(value)).toBe(true);
  }
  const bare = new ArrayBuffer(32);
  const posing = { [Symbol.toStringTag]: "Uint8Array", length: 32 };
  for (const value of [
    new Uint16Array(32),
    new Int8Array(32),
    new Uint8ClampedArray(32),
    new DataView(bare),
    bare,
    posing,
    [1, 2],
    "bytes",
    null,
    undefined,
  ]) {
    expect(isBytes(value)).toBe(false);
  }
});

describe("createProof makes no proof that a verifier would call malformed", () => {
  const request = { method: "GET", url: "https://a.example/" };
  const signer = createSigner(generatePrivateJwk("ES256"));
  const members = (count: number): Readonly<Record<string, unknown>> =>
    Object.fromEntries(Array.from({ length: count }, (_, i) => [`n${i}`, 0]));
  const refused = (over: Readonly<Record<string, unknown>>): unknown => {
    try {
      return createProof(signer, { ...request, ...over });
    } catch (error) {
      return error;
    }
  };

  test.each<[string, Readonly<Record<string, unknown>>]>([
    ["claims", members(61)],
    ["claims", { x: members(65) }],
    ["claims", { x: Array.from({ length: 124 }, () => 0) }],
    ["claims", { x: JSON.parse("[".repeat(16) + "]".repeat(16)) }],
    ["claims", { x: JSON.parse('{"__proto__":1}') }],
    ["claims", { x: Array.from({ length: 100 }, () => 1_234_567_890) }],
    ["header", members(62)],
    ["header", { x: [JSON.parse('{"__proto__":1}')] }],
  ])("%s %#", (name, value) => {
    const error = refused({ [name]: value });
    expect(error).toBeInstanceOf(TypeError);
    expect(String(error)).toMatch(
      new RegExp(`^TypeError: ${name} must be JSON .*16.*64.*128.*1024`),
    );
  });

  test("what is within the bounds is made, and read", () => {
    for (const over of [
      { claims: members(60) },
      { claims: { x: Array.from({ length: 123 }, () => 0) } },
      { header: members(61) },
    ]) {
      expect(parseProof(createProof(signer, { ...request, ...over })).ok).toBe(true);
    }
  });
});

test("the least and the most of a number are within its bounds", () => {
  for (const value of [1, 2, 3]) {
    expect(numberArgument(value, "x", "keys", 1, 3)).toBe(value);
    expect(integerArgument(value, "x", "keys", 1, 3)).toBe(value);
  }
  for (const value of [0.999, 3.001, 0, 4, Number.NaN, -Infinity]) {
    expect(() => numberArgument(value, "x", "keys", 1, 3)).toThrow(RangeError);
  }
});

describe("a TypeError says what to do", () => {
  const signer = createSigner(generatePrivateJwk("ES256"));
  const request = { method: "POST", url: TOKEN_URL };

  test.each<[string, () => unknown, RegExp]>([
    ["a label for an algorithm", () => call(createVerifier, { algs: ["ES256"], replay: "none" }), /^algs\[\] must be a value such as ES256 of /], // prettier-ignore
    ["a JWK for a signer", () => call(createProof, generatePrivateJwk("ES256"), request), /^signer must .*createSigner\(jwk\)/], // prettier-ignore
    ["one object for all arguments", () => call(createProof, { signer, ...request }), /^signer must come first: createProof\(signer, /], // prettier-ignore
    ["an RSA key here", () => call(createSigner, { kty: "RSA", n: "x", e: "AQAB" }), /^privateJwk must .*dpop-core\/node-crypto/], // prettier-ignore
    ["an option of another case", () => call(createVerifier, { Replay: "none" }), /^options must have no member Replay: did you mean replay\?$/], // prettier-ignore
    ["a letter left out", () => call(createVerifier, { replay: "none", nonc: 1 }), /^options must have no member nonc: did you mean nonce\?$/], // prettier-ignore
    ["a member like no other", () => call(createVerifier, { replay: "none", colour: 1 }), /^options must have no member colour, only backend, algs, /], // prettier-ignore
    ["a very long one", () => call(createVerifier, { ["x".repeat(1e6)]: 1 }), /^options must have no member x{40}, only /], // prettier-ignore
  ])("%s", (_, mistake, message) => {
    expect(mistake).toThrow(TypeError);
    expect(mistake).toThrow(message);
  });
});

describe("a member that there is not", () => {
  test.each<[string, string, readonly string[], RegExp]>([
    ["one character is missing", "maxAg", ["clock", "maxAge"], /: did you mean maxAge\?$/],
    ["two are missing", "maxA", ["clock", "maxAge"], /: did you mean maxAge\?$/],
    ["two are too much", "maxAgexx", ["clock", "maxAge"], /: did you mean maxAge\?$/],
    ["its first is another", "xaxAge", ["clock", "maxAge"], /: did you mean maxAge\?$/],
    ["its case is another", "MAXAGE", ["clock", "maxAge"], /: did you mean maxAge\?$/],
    ["two are as near, and the first is named", "alg", ["algs", "algo"], /did you mean algs\?$/],
    ["three are missing", "max", ["clock", "maxAge"], /^x must have no member max, only clock, maxAge$/], // prettier-ignore
    ["three are too much", "maxAgexyz", ["maxAge"], /, only maxAge$/],
    ["three of one kind are missing", "aaa", ["aaaaaa"], /, only aaaaaa$/],
  ])("%s", (_, member, known, message) => {
    expect(unknownMember("x", member, known)).toBeInstanceOf(TypeError);
    expect(unknownMember("x", member, known).message).toMatch(message);
  });
});

test("of two words each is taken, the first by default, and no other", () => {
  const read = (value: unknown): unknown => choiceArgument(value, "x", "a", "b");
  expect([undefined, "a", "b"].map(read)).toEqual(["a", "a", "b"]);
  for (const value of [null, "A", "", ["a"]])
    expect(() => read(value)).toThrow(/^x must be "a" or "b"$/);
});
