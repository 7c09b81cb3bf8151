// dpop-core/node-crypto: keys as JWK and as KeyObject, the limits of RSA, and an engine that fails. What
// every backend must do stands in backends.test.ts.
import crypto, { type KeyObject } from "node:crypto";
import {
  createProof,
  createVerifier,
  jwkThumbprint,
  type PublicJwk,
  type SyncSigner,
  type VerifyResult,
} from "dpop-core";
import {
  createSigner,
  type GenerateOptions,
  generatePrivateJwk,
  type KeyObjectLike,
  nodeCrypto,
  type PrivateJwk,
  type SignerOptions,
  type SigningLabel,
} from "dpop-core/node-crypto";
import { calculateJwkThumbprint, decodeProtectedHeader, importJWK, jwtVerify } from "jose";
import { afterEach, describe, expect, expectTypeOf, test, vi } from "vitest";
import { readPublicJwk } from "../src/jose/jwk.js";
import { keyPair } from "./support/key-pair.js";
import { type KeyName, privateJwk, publicJwk } from "./support/keys.js";
import { b64, mint, type MintOptions } from "./support/mint.js";
import { requestOf } from "./support/run.js";

const DATA = Buffer.from("header.payload");
const NEW = { method: "GET", url: "https://api.example/" } as const;

/** Each label with a fixed key of its kind. */
const LABELS = [
  ["ES256", "ES256", 64],
  ["ES384", "ES384", 96],
  ["ES512", "ES512", 132],
  ["EdDSA", "Ed25519", 64],
  ["Ed25519", "Ed25519", 64],
  ["RS256", "RS256", 256],
  ["RS384", "RS256", 256],
  ["RS512", "RS256", 256],
  ["PS256", "RS256", 256],
  ["PS384", "RS256", 256],
  ["PS512", "RS256", 256],
] as const;

afterEach(() => {
  vi.restoreAllMocks();
});

const jwkOf = (name: KeyName): PrivateJwk => privateJwk(name) as unknown as PrivateJwk; // it is one
const objectOf = (name: KeyName): KeyObject =>
  crypto.createPrivateKey({ key: privateJwk(name), format: "jwk" });

function publicKeyOf(name: KeyName): PublicJwk {
  const jwk = readPublicJwk(publicJwk(name));
  if (typeof jwk === "string") throw new Error(jwk);
  return jwk;
}

function verifyMinted(options: MintOptions = {}): VerifyResult {
  const algs = LABELS.map(([label]) => nodeCrypto[label]);
  const verifier = createVerifier({ backend: nodeCrypto, algs, replay: "none" });
  return verifier.verify(mint(options), requestOf());
}

/** The x of a point of small order. */
const SMALL_ORDER = "AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

describe("a signer", () => {
  const forms = LABELS.flatMap(([alg, name, size]) => [
    { alg, size, form: "a JWK", make: () => createSigner(jwkOf(name), { alg }) },
    { alg, size, form: "a KeyObject", make: () => createSigner(objectOf(name), { alg }) },
    { alg, size, form: "a new JWK", make: () => createSigner(generatePrivateJwk(alg)) },
  ]);

  test.each(forms)("of $form for $alg: jose accepts the proof", async ({ alg, size, make }) => {
    const signer = make();
    expect(signer.alg).toBe(alg);
    const signature = signer.sign(DATA);
    expect(Object.prototype.toString.call(signature)).toBe("[object Uint8Array]");
    expect(Buffer.isBuffer(signature)).toBe(false);
    expect(signature).toHaveLength(size);

    const proof = createProof(signer, NEW, { backend: nodeCrypto });
    expect(decodeProtectedHeader(proof).jwk).toEqual(signer.publicJwk);
    const key = await importJWK({ ...signer.publicJwk }, alg);
    const { payload } = await jwtVerify(proof, key, { typ: "dpop+jwt", algorithms: [alg] });
    expect(payload).toMatchObject({ htm: "GET", htu: "https://api.example/" });
    expect(jwkThumbprint(signer.publicJwk, { backend: nodeCrypto })).toBe(
      await calculateJwkThumbprint({ ...signer.publicJwk }),
    );
    const verifier = createVerifier({
      backend: nodeCrypto,
      algs: [nodeCrypto[alg]],
      replay: "none",
    });
    expect(verifier.verify(proof, NEW)).toMatchObject({ ok: true, alg });
  });

  test.each(LABELS)("for %s holds the public key alone, and can't be changed", (alg, name) => {
    for (const key of [jwkOf(name), objectOf(name)]) {
      const signer = createSigner(key, { alg });
      expect(signer.publicJwk).toEqual(publicJwk(name));
      expect(Object.isFrozen(signer) && Object.isFrozen(signer.publicJwk)).toBe(true);
    }
  });

  test("of a KeyObject or of a JWK needs no cast", () => {
    expectTypeOf<KeyObject>().toExtend<KeyObjectLike>();
    expectTypeOf<CryptoKey>().not.toExtend<KeyObjectLike>();
    expectTypeOf(createSigner).returns.toEqualTypeOf<SyncSigner>();
    expectTypeOf(generatePrivateJwk).returns.toEqualTypeOf<PrivateJwk>();
    expectTypeOf<PublicJwk>().not.toExtend<PrivateJwk>();
  });

  test("of a PEM file, as node:crypto reads it", () => {
    const pem = objectOf("ES256").export({ format: "pem", type: "pkcs8" });
    const signer = createSigner(crypto.createPrivateKey(pem));
    expect(signer).toMatchObject({ alg: "ES256", publicJwk: publicJwk("ES256") });
  });
});

describe("the label", () => {
  test.each<readonly [string, PrivateJwk | KeyObjectLike, SignerOptions | undefined, string]>([
    ["of P-256 is ES256", jwkOf("ES256"), undefined, "ES256"],
    ["of P-384 is ES384", objectOf("ES384"), {}, "ES384"],
    ["of P-521 is ES512", objectOf("ES512"), { alg: undefined }, "ES512"],
    ["of Ed25519 is EdDSA", objectOf("Ed25519"), undefined, "EdDSA"],
    ["is that of the JWK", { ...jwkOf("Ed25519"), alg: "Ed25519" }, undefined, "Ed25519"],
    ["is that of an RSA JWK", { ...jwkOf("RS256"), alg: "PS384" }, undefined, "PS384"],
    ["of the options wins", { ...jwkOf("RS256"), alg: "RS256" }, { alg: "PS256" }, "PS256"],
    ["of the options for an RSA key", objectOf("RS256"), { alg: "RS512" }, "RS512"],
  ])("%s", (_, key, options, label) => {
    expect(createSigner(key, options).alg).toBe(label);
  });

  test.each<readonly [string, PrivateJwk | KeyObjectLike, unknown]>([
    ["an RSA key has none of its own", jwkOf("RS256"), {}],
    ["nor has it as a KeyObject", objectOf("RS256"), {}],
    ["that of an RSA key on a curve", jwkOf("ES256"), { alg: "RS256" }],
    ["that of a curve on an RSA key", jwkOf("RS256"), { alg: "ES256" }],
    ["that of another curve", objectOf("ES256"), { alg: "ES384" }],
    ["an unknown one in the JWK", { ...jwkOf("RS256"), alg: "RS1" }, {}],
    ["the empty one", jwkOf("RS256"), { alg: "" }],
    ["none", jwkOf("ES256"), { alg: "none" }],
    ["a number", jwkOf("ES256"), { alg: 1 }],
    ["null", jwkOf("ES256"), { alg: null }],
  ])("is refused: %s", (_, key, options) => {
    const make = (): SyncSigner => createSigner(key, options as SignerOptions); // plain JavaScript
    expect(make).toThrow(TypeError);
    expect(make).toThrow(/^alg must /);
  });
});

describe("what is no private key is a TypeError that names it, and no value", () => {
  const es256 = jwkOf("ES256");
  const other = privateJwk("otherES256");
  const secret = crypto.createSecretKey(Buffer.alloc(32));
  const rsa = (modulusLength: number): KeyObject => keyPair({ rsa: modulusLength }).privateKey;
  const pss = keyPair({ rsaPss: 2048 }).privateKey;
  const k1 = keyPair("secp256k1").privateKey;
  const x25519 = keyPair("x25519").privateKey;
  const over = b64(new Uint8Array(32).fill(255));

  test.each<readonly [string, unknown]>([
    ["nothing", undefined],
    ["null", null],
    ["text", "key"],
    ["a public JWK", publicJwk("ES256")],
    ["a public KeyObject", crypto.createPublicKey(objectOf("ES256"))],
    ["a secret KeyObject", secret],
    ["RSA with 1024 bits", rsa(1024)],
    ["a key for RSA-PSS alone", pss],
    ["a key on secp256k1", k1],
    ["a key of X25519", x25519],
    ["a key pair", { privateKey: objectOf("ES256") }],
    ["d that is no text", { ...es256, d: 1 }],
    ["d that is empty", { ...es256, d: "" }],
    ["d that is no base64url", { ...es256, d: "=".repeat(43) }],
    ["d that is zero", { ...es256, d: b64(new Uint8Array(32)) }],
    ["d that is not below the order", { ...es256, d: over }],
    ["d that is too short", { ...es256, d: "AQ" }],
    ["d that is too long", { ...es256, d: b64(new Uint8Array(66).fill(1)) }],
    ["d of Ed25519 that is too short", { ...jwkOf("Ed25519"), d: "AQ" }],
    ["d of another key", { ...es256, d: other.d }],
    ["d of another key of Ed25519", { ...jwkOf("Ed25519"), d: privateJwk("otherEd25519").d }],
    ["x and y of another key", { ...es256, x: other.x, y: other.y }],
    ["a point off the curve", { ...es256, x: es256.kty === "EC" ? es256.y : "" }],
    ["an alg that is no text", { ...es256, alg: 1 }],
    ["an RSA JWK without its primes", { ...publicJwk("RS256"), d: privateJwk("RS256").d }],
    [
      "an RSA JWK with another modulus",
      { ...jwkOf("RS256"), n: b64(new Uint8Array(256).fill(255)) },
    ],
  ])("%s", (_, value) => {
    const key = value as PrivateJwk; // a mistake in plain JavaScript
    const rsaLabel = (value as { readonly kty?: unknown } | null)?.kty === "RSA"; // whatever it is
    const make = (): SyncSigner => createSigner(key, rsaLabel ? { alg: "RS256" } : {});
    expect(make).toThrow(TypeError);
    expect(make).toThrow(/^privateKey(\.\w+)? must (be|hold) [\w ,'-]+$/);
  });

  test.each([
    ["unknown options", { label: "ES256" }],
    ["null for options", null],
  ])("%s", (_, options) => {
    expect(() => createSigner(es256, options as object)).toThrow(/^options must /);
  });
});

describe("generatePrivateJwk", () => {
  test.each(LABELS)("makes a new key for %s each time, with the label in it", (alg, name) => {
    const [one, two] = [generatePrivateJwk(alg), generatePrivateJwk(alg)];
    expect(one.alg).toBe(alg);
    expect(one.d).not.toBe(two.d);
    expect(Object.keys(one).toSorted()).toEqual(
      [...Object.keys(privateJwk(name)), "alg"].toSorted(),
    );
  });

  test("makes RSA keys of 2048 bits, or of as many as are asked for", () => {
    const lengthOf = (options?: GenerateOptions): number => {
      const jwk = generatePrivateJwk("PS256", options);
      return jwk.kty === "RSA" ? jwk.n.length : 0;
    };
    expect([lengthOf(), lengthOf({}), lengthOf({ modulusLength: undefined })]).toEqual([
      342, 342, 342,
    ]);
    expect(lengthOf({ modulusLength: 3072 })).toBe(512);
  });

  test.each(["RS1", "HS256", "none", "es256", "", undefined, null, 1])("%j is no label", (alg) => {
    const make = (): PrivateJwk => generatePrivateJwk(alg as SigningLabel); // plain JavaScript
    expect(make).toThrow(TypeError);
    expect(make).toThrow(/^alg must be /);
  });

  test.each<readonly [unknown, RegExp]>([
    [{ modulusLength: 1024 }, /^modulusLength must /],
    [{ modulusLength: 8193 }, /^modulusLength must /],
    [{ modulusLength: 2048.5 }, /^modulusLength must /],
    [{ modulusLength: "2048" }, /^modulusLength must /],
    [{ bits: 2048 }, /^options must /],
    [null, /^options must /],
  ])("%j are no options", (options, name) => {
    expect(() => generatePrivateJwk("RS256", options as GenerateOptions)).toThrow(name);
  });
});

describe("keys", () => {
  test("say how much they take: more than their bytes, and an RSA key by its length", () => {
    const sizes = [nodeCrypto.ES256, nodeCrypto.ES384, nodeCrypto.ES512].map(
      (alg) => alg.importKey(publicKeyOf(alg.alg as "ES256"))?.size, // one of the three
    );
    expect(sizes).toEqual([7000, 7000, 7000]);
    expect(nodeCrypto.Ed25519.importKey(publicKeyOf("Ed25519"))?.size).toBe(3500);
    expect(nodeCrypto.RS256.importKey(publicKeyOf("RS256"))?.size).toBe(5500 + 5 * 256);
  });

  test("RSA with 8192 bits and an exponent of four bytes is the last that is taken", () => {
    const n = b64(new Uint8Array(1024).fill(255));
    const key = nodeCrypto.PS256.importKey({ kty: "RSA", n, e: b64(new Uint8Array(4).fill(255)) });
    expect(key?.size).toBe(5500 + 5 * 1024);
    expect(key?.verify(new Uint8Array(1024).fill(1), DATA)).toBe(false);
    expect(key?.verify(new Uint8Array(1024).fill(255), DATA)).toBe(false);
    const more = b64(Uint8Array.of(1, ...new Uint8Array(1024).fill(255)));
    const dear = b64(Uint8Array.of(1, 255, 255, 255, 255));
    for (const jwk of [
      { kty: "RSA", n: more, e: "AQAB" },
      { kty: "RSA", n, e: dear },
    ]) {
      expect(verifyMinted({ header: { alg: "PS256", jwk } })).toMatchObject({
        code: "jwk_invalid",
      });
    }
  });

  test("are imported once, and verified with one and the same object", () => {
    const createPublicKey = vi.spyOn(crypto, "createPublicKey");
    const verify = vi.spyOn(crypto, "verify");
    const key = nodeCrypto.ES256.importKey(publicKeyOf("ES256"));
    const signer = createSigner(jwkOf("ES256"));
    createPublicKey.mockClear();
    verify.mockClear();
    for (let i = 0; i < 3; i++) expect(key?.verify(signer.sign(DATA), DATA)).toBe(true);
    expect(createPublicKey).not.toHaveBeenCalled();
    expect(new Set(verify.mock.calls.map(([, , use]) => use)).size).toBe(1);
  });

  // Of PSS alone the engine must be told more; Node 24 takes longer where it is told.
  test.each([
    ["ES256", crypto.KeyObject],
    ["ES512", crypto.KeyObject],
    ["EdDSA", crypto.KeyObject],
    ["RS256", crypto.KeyObject],
    ["PS256", Object],
  ] as const)("are given to the engine alone where that says all: %s", (alg, constructor) => {
    const name = alg === "EdDSA" ? "Ed25519" : alg === "PS256" ? "RS256" : alg;
    const sign = vi.spyOn(crypto, "sign");
    const verify = vi.spyOn(crypto, "verify");
    const signer = createSigner(jwkOf(name), { alg });
    expect(nodeCrypto[alg].importKey(publicKeyOf(name))?.verify(signer.sign(DATA), DATA)).toBe(
      true,
    );
    const keys = [...sign.mock.calls, ...verify.mock.calls].map(([, , key]) => key);
    expect(keys).toHaveLength(4); // of the signer's own trial too
    for (const key of keys) {
      expect(key).toBeInstanceOf(constructor);
      if (alg === "PS256") expect(key).toMatchObject({ saltLength: 32 });
    }
  });

  // An engine that says yes to everything shows what was decided before it was asked.
  test("decide the length, and an R of small order, before the engine is asked", () => {
    const verify = vi.spyOn(crypto, "verify").mockImplementation(() => true);
    const ec = nodeCrypto.ES256.importKey(publicKeyOf("ES256"));
    const ed = nodeCrypto.EdDSA.importKey(publicKeyOf("Ed25519"));
    const rsa = nodeCrypto.RS256.importKey(publicKeyOf("RS256"));
    for (const length of [0, 1, 63, 65, 70, 128, 255, 257]) {
      for (const key of [ec, ed, rsa]) {
        expect(key?.verify(new Uint8Array(length), DATA)).toBe(false);
      }
    }
    const identity = Uint8Array.from({ length: 64 }, (_, i) => (i === 0 ? 1 : 0));
    expect(ed?.verify(identity, DATA)).toBe(false);
    expect(ed?.verify(new Uint8Array(64), DATA)).toBe(false);
    expect(verify).not.toHaveBeenCalled();
    expect(ec?.verify(identity, DATA)).toBe(true);
    expect(verify).toHaveBeenCalledOnce();
  });

  test("of another kind or curve never reach the engine", () => {
    const createPublicKey = vi.spyOn(crypto, "createPublicKey");
    expect(nodeCrypto.ES384.importKey(publicKeyOf("ES256"))).toBeNull();
    expect(nodeCrypto.RS256.importKey(publicKeyOf("ES256"))).toBeNull();
    expect(nodeCrypto.EdDSA.importKey(publicKeyOf("RS256"))).toBeNull();
    expect(createPublicKey).not.toHaveBeenCalled();
  });

  test.each([
    ["of small order", "EdDSA", { kty: "OKP", crv: "Ed25519", x: SMALL_ORDER }, "jwk_invalid"],
    ["private", "ES256", jwkOf("ES256"), "jwk_private"],
    ["too short", "ES256", { kty: "EC", crv: "P-256", x: "AA", y: "AA" }, "jwk_invalid"],
    ["with a short modulus", "PS512", { kty: "RSA", n: "AQAB", e: "AQAB" }, "jwk_invalid"],
  ])("%s: the proof is refused before the engine sees the key", (_, alg, jwk, code) => {
    const createPublicKey = vi.spyOn(crypto, "createPublicKey");
    expect(verifyMinted({ header: { alg, jwk } })).toMatchObject({ ok: false, code });
    expect(createPublicKey).not.toHaveBeenCalled();
  });
});

describe("an engine that fails", () => {
  const broken = (): never => {
    throw new Error("no memory");
  };
  const NAMES = ["ES256", "ES384", "ES512", "Ed25519", "RS256"] as const;

  test.each(NAMES)("at the import of every key of %s: what it threw comes through", (name) => {
    vi.spyOn(crypto, "createPublicKey").mockImplementation(broken);
    expect(() => nodeCrypto[name].importKey(publicKeyOf(name))).toThrow("no memory");
    expect(() => createSigner(jwkOf(name), { alg: name })).toThrow("no memory");
  });

  test("and no verdict is given", () => {
    vi.spyOn(crypto, "createPublicKey").mockImplementation(broken);
    expect(() => verifyMinted()).toThrow("no memory");
    expect(() => verifyMinted({ key: "Ed25519" })).toThrow("no memory");
  });

  // Bun and Node have a code for it, Deno has none.
  test.each(NAMES)("at one key of %s only: that one is none", (name) => {
    const { createPublicKey } = crypto;
    const { x, n } = publicJwk(name);
    vi.spyOn(crypto, "createPublicKey").mockImplementation((given) => {
      const { key } = given as { readonly key: JsonWebKey }; // as node.ts gives it
      return key.x === x && key.n === n ? broken() : createPublicKey(given);
    });
    expect(nodeCrypto[name].importKey(publicKeyOf(name))).toBeNull();
  });

  test("at the verification: it comes through", () => {
    vi.spyOn(crypto, "verify").mockImplementation(broken);
    expect(() => verifyMinted()).toThrow("no memory");
    expect(() => verifyMinted({ key: "Ed25519" })).toThrow("no memory");
  });

  test.each([undefined, null, 1, "true", {}])("the answer %j is no verdict", (answer) => {
    vi.spyOn(crypto, "verify").mockImplementation(() => answer as boolean); // an engine that is broken
    expect(() => verifyMinted()).toThrow(TypeError);
  });

  test("at every signature: it comes through, and there is no signer", () => {
    vi.spyOn(crypto, "sign").mockImplementation(broken);
    expect(() => createSigner(jwkOf("ES256"))).toThrow("no memory");
    expect(() => createSigner(objectOf("Ed25519"))).toThrow("no memory");
  });

  test("at the private key: it comes through where public ones fail too", () => {
    vi.spyOn(crypto, "createPrivateKey").mockImplementation(broken);
    expect(() => createSigner(jwkOf("ES256"))).toThrow(TypeError);
    vi.spyOn(crypto, "createPublicKey").mockImplementation(broken);
    expect(() => createSigner(jwkOf("ES256"))).toThrow("no memory");
  });

  test("at a later signature: it comes through, and there is no proof", () => {
    const signer = createSigner(jwkOf("ES256"));
    vi.spyOn(crypto, "sign").mockImplementation(broken);
    expect(() => createProof(signer, NEW, { backend: nodeCrypto })).toThrow("no memory");
  });

  test("at the form of a signature: it is named, and there is no proof", () => {
    const signer = createSigner(jwkOf("ES256"));
    vi.spyOn(crypto, "sign").mockImplementation(() => Buffer.alloc(64));
    expect(() => createProof(signer, NEW, { backend: nodeCrypto })).toThrow(
      new TypeError("node:crypto must return an ECDSA signature in DER"),
    );
  });

  test("at a new key: it comes through", () => {
    vi.spyOn(crypto, "generateKeyPairSync").mockImplementation(broken);
    expect(() => generatePrivateJwk("ES256")).toThrow("no memory");
  });

  test("at random bytes: it comes through", () => {
    vi.spyOn(crypto, "randomFillSync").mockImplementation(broken);
    expect(() => nodeCrypto.randomBytes(16)).toThrow("no memory");
  });
});

describe("SHA-256", () => {
  const hashes = (): string[] =>
    [0, 1, 55, 56, 63, 64, 65, 500].map((length) =>
      Buffer.from(nodeCrypto.sha256(new Uint8Array(length).fill(length))).toString("hex"),
    );

  test("has the same value on engines without crypto.hash", () => {
    const direct = hashes();
    const { hash } = crypto;
    const createHash = vi.spyOn(crypto, "createHash");
    try {
      Object.assign(crypto, { hash: undefined });
      expect(hashes()).toEqual(direct);
    } finally {
      Object.assign(crypto, { hash });
    }
    expect(createHash).toHaveBeenCalledTimes(8);
    expect(direct[0]).toBe("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  });

  test("and random bytes are plain: slices of them are copies", () => {
    for (const bytes of [nodeCrypto.sha256(DATA), nodeCrypto.randomBytes(32)]) {
      expect(Buffer.isBuffer(bytes)).toBe(false);
      expect(bytes.buffer.byteLength).toBe(32);
    }
  });
});
