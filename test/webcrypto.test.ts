// dpop-core/webcrypto: key pairs that can't be extracted, and a platform that fails or lacks
// something. What every backend must do stands in backends.test.ts.
import type { webcrypto as NodeWebCrypto } from "node:crypto";
import {
  type AsyncSigner,
  createAsyncVerifier,
  createProofAsync,
  type CreateOptions,
  jwkThumbprint,
  type VerifyResult,
} from "dpop-core";
import {
  createSigner,
  type CryptoKeyLike,
  type CryptoKeyPairLike,
  generateKeyPair,
  type GenerateOptions,
  type SigningLabel,
  supportedAlgs,
  webcrypto,
} from "dpop-core/webcrypto";
import { calculateJwkThumbprint, decodeProtectedHeader, importJWK, jwtVerify } from "jose";
import { afterEach, describe, expect, expectTypeOf, test, vi } from "vitest";
import { readPublicJwk } from "../src/jose/jwk.js";
import { type KeyName, publicJwk } from "./support/keys.js";
import { mint, type MintOptions } from "./support/mint.js";
import { requestOf } from "./support/run.js";

const LABELS = [
  ["ES256", 64],
  ["ES384", 96],
  ["ES512", 132],
  ["EdDSA", 64],
  ["Ed25519", 64],
  ["RS256", 256],
  ["PS384", 256],
  ["PS512", 256],
] as const;

const platform = globalThis.crypto;
const DATA = Buffer.from("header.payload");
const P256 = { name: "ECDSA", namedCurve: "P-256" } as const;
const NEW = { method: "GET", url: "https://api.example/" } as const;
const withOurs: CreateOptions = { backend: webcrypto };

/** A pair made by the platform alone. */
async function platformPair(
  algorithm: EcKeyGenParams | Algorithm,
  usages: readonly KeyUsage[] = ["sign", "verify"],
): Promise<CryptoKeyPair> {
  const pair = await platform.subtle.generateKey(algorithm, false, [...usages]);
  if (!("privateKey" in pair)) throw new Error("a pair was due");
  return pair;
}

/** The platform, with some of `crypto.subtle` changed. */
function stubSubtle(changes: Readonly<Record<string, unknown>>): void {
  const real = platform.subtle;
  vi.stubGlobal("crypto", {
    getRandomValues: platform.getRandomValues.bind(platform),
    subtle: {
      importKey: real.importKey.bind(real),
      exportKey: real.exportKey.bind(real),
      generateKey: real.generateKey.bind(real),
      sign: real.sign.bind(real),
      verify: real.verify.bind(real),
      ...changes,
    },
  });
}

afterEach(() => {
  vi.unstubAllGlobals();
});

const failing = (name: string) => () => Promise.reject(new DOMException("no", name));

function verifyMinted(options: MintOptions = {}): Promise<VerifyResult> {
  return createAsyncVerifier({ backend: webcrypto, replay: "none" }).verify(
    mint(options),
    requestOf(),
  );
}

describe("[11.4] a key that can't be extracted", () => {
  test.each(LABELS)("%s signs, %i bytes, and jose accepts the proof", async (alg, size) => {
    const pair = await generateKeyPair(alg);
    expect(pair.privateKey.extractable).toBe(false);
    const signer = await createSigner(pair, { alg });
    const signature = await signer.sign(DATA);
    expect(signature).toBeInstanceOf(Uint8Array);
    expect(signature).toHaveLength(size);

    const proof = await createProofAsync(signer, NEW, withOurs);
    const { jwk } = decodeProtectedHeader(proof);
    expect(jwk).toEqual(signer.publicJwk);
    const key = await importJWK({ ...signer.publicJwk }, alg);
    const { payload } = await jwtVerify(proof, key, { typ: "dpop+jwt", algorithms: [alg] });
    expect(payload).toMatchObject({ htm: "GET", htu: "https://api.example/" });
  });

  test("stays where it is: the platform exports the public one alone", async () => {
    const { subtle } = platform;
    const { privateKey, publicKey } = await platformPair(P256);
    await expect(subtle.exportKey("jwk", privateKey)).rejects.toThrow(DOMException);
    const { x, y } = await subtle.exportKey("jwk", publicKey);
    const signer = await createSigner({ privateKey, publicKey });
    expect(signer.publicJwk).toEqual({ kty: "EC", crv: "P-256", x, y });
  });

  test.each(LABELS)("%s has the thumbprint that jose gives it", async (alg) => {
    const { publicJwk: jwk } = await createSigner(await generateKeyPair(alg), { alg });
    expect(jwkThumbprint(jwk)).toBe(await calculateJwkThumbprint({ ...jwk }));
    expect(jwkThumbprint(jwk, withOurs)).toBe(jwkThumbprint(jwk));
  });

  test("the signer and its public key can't be changed", async () => {
    const signer = await createSigner(await generateKeyPair("ES256"));
    expect(Object.isFrozen(signer) && Object.isFrozen(signer.publicJwk)).toBe(true);
    expect(Object.keys(signer.publicJwk).toSorted()).toEqual(["crv", "kty", "x", "y"]);
  });

  test("a pair that may sign only will do", async () => {
    const pair = await platformPair(P256, ["sign"]);
    expect(pair.publicKey.usages).toEqual([]);
    const signer = await createSigner(pair);
    const proof = await createProofAsync(signer, NEW, withOurs);
    expect(
      await createAsyncVerifier({ backend: webcrypto, replay: "none" }).verify(proof, NEW),
    ).toMatchObject({
      ok: true,
    });
  });
});

describe("a pair of the DOM or of node:crypto", () => {
  test("needs no cast", () => {
    expectTypeOf<CryptoKey>().toExtend<CryptoKeyLike>();
    expectTypeOf<CryptoKeyPair>().toExtend<CryptoKeyPairLike>();
    expectTypeOf<NodeWebCrypto.CryptoKeyPair>().toExtend<CryptoKeyPairLike>();
    expectTypeOf(createSigner).toBeCallableWith({} as CryptoKeyPair);
    expectTypeOf(createSigner).returns.resolves.toEqualTypeOf<AsyncSigner>();
    expectTypeOf<CryptoKey>().not.toExtend<CryptoKeyPairLike>();
    expectTypeOf<{ privateKey: CryptoKey }>().not.toExtend<CryptoKeyPairLike>();
  });
});

describe("the label", () => {
  test.each([
    ["ES256", "ES256"],
    ["ES384", "ES384"],
    ["ES512", "ES512"],
    ["Ed25519", "EdDSA"],
    ["EdDSA", "EdDSA"],
    ["RS256", "RS256"],
    ["RS512", "RS512"],
    ["PS256", "PS256"],
    ["PS384", "PS384"],
  ] as const)("a pair for %s signs as %s unless it is told otherwise", async (alg, label) => {
    const pair = await generateKeyPair(alg);
    expect((await createSigner(pair)).alg).toBe(label);
    expect((await createSigner(pair, { alg })).alg).toBe(alg);
  });

  test.each([
    ["ES256", "ES384"],
    ["ES256", "EdDSA"],
    ["Ed25519", "ES256"],
    ["ES512", "RS256"],
    ["RS256", "PS256"],
    ["RS256", "RS512"],
    ["PS256", "ES256"],
    ["ES256", "none"],
    ["ES256", ""],
    ["ES256", null],
    ["ES256", 1],
  ] as const)("a pair for %s can't sign as %s", async (made, alg) => {
    const pair = await generateKeyPair(made);
    const options = { alg: alg as SigningLabel }; // a mistake in plain JavaScript
    const signer = createSigner(pair, options);
    await expect(signer).rejects.toThrow(TypeError);
    await expect(signer).rejects.toThrow(/^alg must be /);
  });
});

describe("generateKeyPair", () => {
  test("makes keys that can be extracted where that is asked for", async () => {
    const options = [undefined, {}, { extractable: false }, { extractable: undefined }];
    for (const given of options) {
      expect((await generateKeyPair("ES256", given)).privateKey.extractable).toBe(false);
    }
    const pair = await generateKeyPair("ES256", { extractable: true });
    expect(pair.privateKey.extractable).toBe(true);
    expect(pair.publicKey.extractable).toBe(true);
    expect((await createSigner(pair)).alg).toBe("ES256");
  });

  test.each(["RS1", "HS256", "none", "es256", "", undefined, null, 1])(
    "%j is no label",
    async (alg) => {
      const pair = generateKeyPair(alg as SigningLabel); // a mistake in plain JavaScript
      await expect(pair).rejects.toThrow(TypeError);
      await expect(pair).rejects.toThrow(/^alg must be /);
    },
  );

  test.each<readonly [unknown, RegExp]>([
    [{ extractable: 1 }, /^extractable must be /],
    [{ extractable: null }, /^extractable must be /],
    [{ modulusLength: 1024 }, /^modulusLength must /],
    [{ modulusLength: 2048.5 }, /^modulusLength must /],
    [{ modulusLength: "2048" }, /^modulusLength must /],
    [{ modulusLength: 8193 }, /^modulusLength must /],
    [{ extractible: true }, /^options must /],
    [null, /^options must /],
  ])("%j are no options", async (options, name) => {
    const pair = generateKeyPair("RS256", options as GenerateOptions); // the same
    await expect(pair).rejects.toSatisfy(
      (error) => error instanceof TypeError || error instanceof RangeError,
    );
    await expect(pair).rejects.toThrow(name);
  });
});

/** The x of a point of small order. */
const SMALL_ORDER = "AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

describe("an imported key", () => {
  test("says how much it takes: more than its bytes, and an RSA key by its length", async () => {
    expect((await webcrypto.ES256.importKey(jwkOf("ES256")))?.size).toBe(7000);
    expect((await webcrypto.Ed25519.importKey(jwkOf("Ed25519")))?.size).toBe(3500);
    expect((await webcrypto.RS256.importKey(jwkOf("RS256")))?.size).toBe(5500 + 5 * 256);
  });
});

describe("RSA pairs", () => {
  test("have 2048 bits and the exponent 65537, or the bits that are asked for", async () => {
    const jwkOfPair = async (options?: GenerateOptions): Promise<unknown> =>
      (await createSigner(await generateKeyPair("PS256", options))).publicJwk;
    const given = [undefined, {}, { modulusLength: undefined }, { modulusLength: 2048 }];
    for (const options of given) {
      expect(await jwkOfPair(options)).toMatchObject({
        kty: "RSA",
        n: expect.stringMatching(/^[\w-]{342}$/),
        e: "AQAB",
      });
    }
    const longer = await jwkOfPair({ modulusLength: 3072 });
    expect(longer).toMatchObject({ n: expect.stringMatching(/^[\w-]{512}$/) });
  });

  test("of fewer than 2048 bits are refused", async () => {
    const params = { name: "RSA-PSS", hash: "SHA-256", modulusLength: 1024 };
    const publicExponent = Uint8Array.of(1, 0, 1);
    const pair = await platform.subtle.generateKey({ ...params, publicExponent }, false, ["sign"]);
    await expect(createSigner(pair)).rejects.toThrow(/^keyPair\.publicKey must /);
  });

  test("with another hash, and pairs for encryption, have no label", async () => {
    const rsa = { modulusLength: 2048, publicExponent: Uint8Array.of(1, 0, 1) };
    const sha1 = { ...rsa, name: "RSA-PSS", hash: "SHA-1" };
    const made = await platform.subtle.generateKey(sha1, false, ["sign"]);
    await expect(createSigner(made)).rejects.toThrow(/^keyPair\.privateKey must /);
    const { privateKey, publicKey } = made;
    for (const hash of [undefined, null, "SHA-256", {}]) {
      const bare = { type: "private", extractable: false, usages: ["sign"] };
      const other = { ...bare, algorithm: { name: "RSA-PSS", hash } };
      const signer = createSigner({ privateKey: other, publicKey });
      await expect(signer).rejects.toThrow(/^keyPair\.privateKey must /);
    }
    expect(privateKey.type).toBe("private");
  });

  test("of two schemes can't be mixed up", async () => {
    const { privateKey } = await generateKeyPair("PS256");
    const { publicKey } = await generateKeyPair("RS256");
    await expect(createSigner({ privateKey, publicKey })).rejects.toThrow(/^keyPair must /);
  });
});

describe("what is no key pair is a TypeError that names it", async () => {
  const pair = await platformPair(P256);
  const other = await platformPair(P256);
  const ed = await platformPair({ name: "Ed25519" });
  const p384 = await platformPair({ name: "ECDSA", namedCurve: "P-384" });
  const ecdh = await platform.subtle.generateKey({ ...P256, name: "ECDH" }, false, ["deriveBits"]);
  const { privateKey, publicKey } = pair;
  const { x, y } = await platform.subtle.exportKey("jwk", publicKey);
  const hidden = await platform.subtle.importKey(
    "jwk",
    { kty: "EC", crv: "P-256", x: x ?? "", y: y ?? "" },
    P256,
    false,
    ["verify"],
  );
  const idle = { type: "private", extractable: false, algorithm: P256, usages: [] };

  test.each<readonly [string, unknown, RegExp]>([
    ["nothing", undefined, /^keyPair must /],
    ["null", null, /^keyPair must /],
    ["text", "key", /^keyPair must /],
    ["a key alone", privateKey, /^keyPair\.privateKey must /],
    ["no private key", { publicKey }, /^keyPair\.privateKey must /],
    ["no public key", { privateKey }, /^keyPair\.publicKey must /],
    ["two public keys", { privateKey: publicKey, publicKey }, /^keyPair\.privateKey must /],
    ["two private keys", { privateKey, publicKey: privateKey }, /^keyPair\.publicKey must /],
    ["JWKs", { privateKey: { kty: "EC" }, publicKey: { kty: "EC" } }, /^keyPair\.privateKey must /],
    ["keys for ECDH", ecdh, /^keyPair\.privateKey must /],
    ["no usages", { privateKey: { ...idle, usages: null }, publicKey }, /^keyPair\.privateKey\.us/],
    ["a key that can't sign", { privateKey: idle, publicKey }, /^keyPair\.privateKey\.usages must/],
    ["no algorithm", { privateKey: { ...idle, algorithm: "x" }, publicKey }, /^keyPair\.privateK/],
    ["two curves", { privateKey, publicKey: p384.publicKey }, /^keyPair must /],
    ["two kinds of curve", { privateKey, publicKey: ed.publicKey }, /^keyPair must /],
    ["a public key that can't be exported", { privateKey, publicKey: hidden }, /^keyPair\.publicK/],
    ["keys of two pairs", { privateKey, publicKey: other.publicKey }, /^keyPair must /],
  ])("%s", async (_, value, name) => {
    const signer = createSigner(value as CryptoKeyPairLike); // a mistake in plain JavaScript
    await expect(signer).rejects.toThrow(TypeError);
    await expect(signer).rejects.toThrow(name);
  });

  test("while the two that belong together are one, as a plain object too", async () => {
    expect((await createSigner(pair)).alg).toBe("ES256");
    expect((await createSigner({ privateKey, publicKey })).alg).toBe("ES256");
  });

  test("two pairs of Ed25519 can't be mixed up either", async () => {
    const { publicKey: wrong } = await platformPair({ name: "Ed25519" });
    const signer = createSigner({ privateKey: ed.privateKey, publicKey: wrong });
    await expect(signer).rejects.toThrow(/^keyPair must /);
  });

  test("nor are unknown options", async () => {
    const options = { label: "ES256" };
    await expect(createSigner(pair, options as object)).rejects.toThrow(/^options must /);
  });

  test("a public key that the platform exports in another form", async () => {
    stubSubtle({ exportKey: () => Promise.resolve({ kty: "EC", crv: "P-256", x: "AA", y: "AA" }) });
    await expect(createSigner(pair)).rejects.toThrow(/^keyPair\.publicKey must /);
  });

  test("a public key that the platform exports, but does not take for one", async () => {
    stubSubtle({ importKey: failing("DataError") });
    await expect(createSigner(pair)).rejects.toThrow(/^keyPair must /);
  });
});

describe("a platform without crypto.subtle", () => {
  const lacking: readonly (readonly [string, unknown])[] = [
    ["no crypto", undefined],
    ["crypto without subtle, as jsdom has it", { getRandomValues: () => new Uint8Array(0) }],
    ["null for it", { subtle: null }],
  ];

  test.each(lacking)(
    "%s: every use is an error that names it, and no verdict",
    async (_, crypto) => {
      const pair = await generateKeyPair("ES256");
      const signer = await createSigner(pair);
      const key = await webcrypto.ES256.importKey(signer.publicJwk);
      const signature = await signer.sign(DATA);
      vi.stubGlobal("crypto", crypto);
      const names = /crypto\.subtle/;
      await expect(verifyMinted()).rejects.toThrow(names);
      await expect(webcrypto.ES256.importKey(signer.publicJwk)).rejects.toThrow(names);
      await expect(key?.verify(signature, DATA)).rejects.toThrow(names);
      await expect(signer.sign(DATA)).rejects.toThrow(names);
      await expect(createSigner(pair)).rejects.toThrow(names);
      await expect(generateKeyPair("ES256")).rejects.toThrow(names);
      await expect(
        createProofAsync(signer, { ...NEW, jti: "1" }, { backend: webcrypto }),
      ).rejects.toThrow(names);
      expect(webcrypto.sha256(DATA)).toHaveLength(32);
    },
  );

  test("a polyfill that comes later is taken", async () => {
    const verifier = createAsyncVerifier({ backend: webcrypto, replay: "none" });
    vi.stubGlobal("crypto", {});
    await expect(verifier.verify(mint(), requestOf())).rejects.toThrow(/crypto\.subtle/);
    vi.stubGlobal("crypto", platform);
    expect(await verifier.verify(mint(), requestOf())).toMatchObject({ ok: true });
  });

  test("without crypto.getRandomValues there are no random bytes", () => {
    vi.stubGlobal("crypto", { subtle: platform.subtle });
    expect(() => webcrypto.randomBytes(16)).toThrow(/crypto\.getRandomValues/);
  });

  test("random bytes of another length are refused", () => {
    vi.stubGlobal("crypto", { getRandomValues: () => new Uint8Array(1) });
    expect(() => webcrypto.randomBytes(16)).toThrow(TypeError);
  });
});

describe("a platform that fails", () => {
  test.each(["NotSupportedError", "OperationError", "InvalidAccessError", "SyntaxError"])(
    "%s at the import of a key comes through",
    async (name) => {
      stubSubtle({ importKey: failing(name) });
      await expect(verifyMinted()).rejects.toMatchObject({ name });
      await expect(verifyMinted({ key: "Ed25519" })).rejects.toMatchObject({ name });
    },
  );

  test.each(["OperationError", "NotSupportedError"])(
    "so does %s at one point alone: it could mean anything",
    async (name) => {
      const { subtle } = platform;
      const importKey = vi
        .fn((...given: Parameters<typeof subtle.importKey>) => subtle.importKey(...given))
        .mockImplementationOnce(failing(name));
      stubSubtle({ importKey });
      await expect(webcrypto.ES256.importKey(jwkOf("ES256"))).rejects.toMatchObject({ name });
      expect(importKey).toHaveBeenCalledOnce();
    },
  );

  test("DataError says that the point is on no curve", async () => {
    stubSubtle({ importKey: failing("DataError") });
    expect(await verifyMinted()).toMatchObject({ ok: false, code: "jwk_invalid" });
    expect(await verifyMinted({ key: "Ed25519" })).toMatchObject({ code: "jwk_invalid" });
  });

  test.each([undefined, null, "DataError", 0])("so does not %j, thrown", async (thrown) => {
    stubSubtle({
      importKey: async () => {
        throw thrown;
      },
    });
    const verified = verifyMinted().then(
      () => "a verdict",
      (error: unknown) => ({ error }),
    );
    expect(await verified).toEqual({ error: thrown });
  });

  test.each(["OperationError", "NotSupportedError", "DataError"])(
    "%s at the verification comes through",
    async (name) => {
      stubSubtle({ verify: failing(name) });
      await expect(verifyMinted()).rejects.toMatchObject({ name });
      await expect(verifyMinted({ key: "Ed25519" })).rejects.toMatchObject({ name });
    },
  );

  test.each([undefined, null, 1, "true", {}])("the answer %j is no verdict", async (answer) => {
    stubSubtle({ verify: () => Promise.resolve(answer) });
    await expect(verifyMinted()).rejects.toThrow(TypeError);
  });

  test("the answer false is that the signature is not valid", async () => {
    stubSubtle({ verify: () => Promise.resolve(false) });
    expect(await verifyMinted()).toMatchObject({ ok: false, code: "signature_invalid" });
  });

  test.each(["sign", "exportKey", "importKey", "verify"])(
    "an error of %s at the making of a signer comes through",
    async (method) => {
      const pair = await generateKeyPair("ES256");
      stubSubtle({ [method]: failing("OperationError") });
      await expect(createSigner(pair)).rejects.toMatchObject({ name: "OperationError" });
    },
  );

  test("an error of generateKey comes through", async () => {
    stubSubtle({ generateKey: failing("NotSupportedError") });
    await expect(generateKeyPair("Ed25519")).rejects.toMatchObject({ name: "NotSupportedError" });
  });

  test("an error of a signature comes through, and there is no proof", async () => {
    const signer = await createSigner(await generateKeyPair("ES256"));
    stubSubtle({ sign: failing("OperationError") });
    await expect(createProofAsync(signer, NEW, withOurs)).rejects.toMatchObject({
      name: "OperationError",
    });
  });
});

function jwkOf(name: KeyName): Parameters<typeof webcrypto.ES256.importKey>[0] {
  const jwk = readPublicJwk(publicJwk(name));
  if (typeof jwk === "string") throw new Error(jwk);
  return jwk;
}

describe("what the platform is asked", () => {
  test("to import the bytes of the point, or the modulus, for verification alone", async () => {
    const importKey = vi.fn(platform.subtle.importKey.bind(platform.subtle));
    stubSubtle({ importKey });
    await webcrypto.ES256.importKey(jwkOf("ES256"));
    await webcrypto.Ed25519.importKey(jwkOf("Ed25519"));
    await webcrypto.PS256.importKey(jwkOf("RS256"));
    const { x = "", y = "" } = publicJwk("ES256");
    const { x: edX = "" } = publicJwk("Ed25519");
    const bytes = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, "base64url"));
    expect(importKey.mock.calls).toEqual([
      [
        "raw",
        Uint8Array.of(4, ...bytes(x), ...bytes(y)),
        expect.objectContaining(P256),
        false,
        ["verify"],
      ],
      ["raw", bytes(edX), { name: "Ed25519" }, false, ["verify"]],
      [
        "jwk",
        publicJwk("RS256"),
        { name: "RSA-PSS", hash: "SHA-256", saltLength: 32 },
        false,
        ["verify"],
      ],
    ]);
  });

  test("nothing about a key of another kind or curve", async () => {
    const importKey = vi.fn(failing("OperationError"));
    stubSubtle({ importKey });
    expect(await webcrypto.ES384.importKey(jwkOf("ES256"))).toBeNull();
    expect(await webcrypto.EdDSA.importKey(jwkOf("ES256"))).toBeNull();
    expect(await webcrypto.ES256.importKey(jwkOf("RS256"))).toBeNull();
    expect(await webcrypto.RS256.importKey(jwkOf("ES256"))).toBeNull();
    expect(importKey).not.toHaveBeenCalled();
  });

  test.each([
    ["of small order", "EdDSA", { kty: "OKP", crv: "Ed25519", x: SMALL_ORDER }, "jwk_invalid"],
    ["private", "ES256", { ...jwkOf("ES256"), d: "AA" }, "jwk_private"],
    ["too short", "ES256", { kty: "EC", crv: "P-256", x: "AA", y: "AA" }, "jwk_invalid"],
    ["with a short modulus", "PS512", { kty: "RSA", n: "AQAB", e: "AQAB" }, "jwk_invalid"],
  ] as const)("nothing about a key that is %s", async (_, label, jwk, code) => {
    const importKey = vi.fn(failing("OperationError"));
    stubSubtle({ importKey });
    const algs = [webcrypto[label]];
    const verifier = createAsyncVerifier({ backend: webcrypto, algs, replay: "none" });
    const proof = mint({ header: { alg: label, jwk } });
    expect(await verifier.verify(proof, requestOf())).toMatchObject({ ok: false, code });
    expect(importKey).not.toHaveBeenCalled();
  });

  // A platform that says yes to everything shows what was decided before it was asked.
  test("nothing about a signature of another length, or with an R of small order", async () => {
    const verify = vi.fn(() => Promise.resolve(true));
    stubSubtle({ verify });
    const ec = await webcrypto.ES256.importKey(jwkOf("ES256"));
    const ed = await webcrypto.EdDSA.importKey(jwkOf("Ed25519"));
    const rsa = await webcrypto.RS256.importKey(jwkOf("RS256"));
    for (const length of [0, 1, 63, 65, 70, 128]) {
      expect(await rsa?.verify(new Uint8Array(length), DATA)).toBe(false);
      expect(await ec?.verify(new Uint8Array(length), DATA)).toBe(false);
      expect(await ed?.verify(new Uint8Array(length), DATA)).toBe(false);
    }
    const identity = Uint8Array.from({ length: 64 }, (_, i) => (i === 0 ? 1 : 0));
    expect(await ed?.verify(identity, DATA)).toBe(false);
    expect(await ed?.verify(new Uint8Array(64), DATA)).toBe(false);
    expect(verify).not.toHaveBeenCalled();
    expect(await ec?.verify(identity, DATA)).toBe(true);
    expect(verify).toHaveBeenCalledOnce();
  });
});

describe("a key that the platform does not take", () => {
  const { subtle } = platform;
  const rejected = () => Promise.reject(new Error("modulus too large")); // as Deno says it
  const GOOD = `${"_".repeat(341)}w`;

  test("is none, however the platform says so, where it takes another", async () => {
    const importKey = vi.fn((format: "jwk", jwk: JsonWebKey, params: Algorithm) =>
      jwk.n === GOOD ? subtle.importKey(format, jwk, params, false, ["verify"]) : rejected(),
    );
    stubSubtle({ importKey });
    expect(await webcrypto.RS256.importKey(jwkOf("RS256"))).toBeNull();
    expect(importKey).toHaveBeenCalledTimes(2);
  });

  /** The platform, with these calls of verify rejected: the first is number 1. */
  function rejecting(...calls: readonly number[]) {
    const verify = vi.fn((...given: Parameters<typeof subtle.verify>) =>
      calls.includes(verify.mock.calls.length) ? rejected() : subtle.verify(...given),
    );
    stubSubtle({ verify });
    return verify;
  }

  // The key, a good one in its place, and the key again.
  test.each([
    ["an RSA key", webcrypto.PS512, "RS256", 256],
    ["a point on no curve", webcrypto.ES256, "ES256", 64],
  ] as const)("verifies nothing where the platform finds out late: %s", async (_, alg, name, n) => {
    const key = await alg.importKey(jwkOf(name));
    const verify = rejecting(1, 3);
    expect(await key?.verify(new Uint8Array(n), DATA)).toBe(false);
    expect(verify).toHaveBeenCalledTimes(3);
  });

  test("is not one that an error met which is gone the second time", async () => {
    const { key, signature } = await signedByEs256();
    const verify = rejecting(1);
    expect(await key.verify(signature, DATA)).toBe(true);
    expect(verify).toHaveBeenCalledTimes(3);
  });

  test("is not one that verified before: every error comes through", async () => {
    const { key, signature } = await signedByEs256();
    const verify = rejecting(3);
    expect(await key.verify(new Uint8Array(64), DATA)).toBe(false);
    expect(await key.verify(signature, DATA)).toBe(true);
    await expect(key.verify(signature, DATA)).rejects.toThrow("modulus too large");
    expect(await key.verify(signature, DATA)).toBe(true);
    expect(verify).toHaveBeenCalledTimes(4);
  });

  async function signedByEs256() {
    const pair = await platformPair(P256);
    const { kty, crv, x, y } = await subtle.exportKey("jwk", pair.publicKey);
    if (kty !== "EC" || crv !== "P-256" || x === undefined || y === undefined)
      throw new Error("a key on P-256 was due");
    const key = await webcrypto.ES256.importKey({ kty, crv, x, y });
    if (key === null) throw new Error("the key was due to be taken");
    const signature = await subtle.sign({ name: "ECDSA", hash: "SHA-256" }, pair.privateKey, DATA);
    return { key, signature: new Uint8Array(signature) };
  }

  test("and one that takes none is broken: what it threw comes through", async () => {
    const key = await webcrypto.PS512.importKey(jwkOf("RS256"));
    stubSubtle({ verify: rejected });
    await expect(key?.verify(new Uint8Array(256), DATA)).rejects.toThrow("modulus too large");
    stubSubtle({ importKey: rejected });
    await expect(webcrypto.RS256.importKey(jwkOf("RS256"))).rejects.toThrow("modulus too large");
    await expect(key?.verify(new Uint8Array(256), DATA)).resolves.toBe(false); // it imports nothing
  });

  test("so is one without crypto.subtle", async () => {
    const key = await webcrypto.PS512.importKey(jwkOf("RS256"));
    vi.stubGlobal("crypto", {});
    await expect(key?.verify(new Uint8Array(256), DATA)).rejects.toThrow(/crypto\.subtle/);
  });
});

describe("supportedAlgs", () => {
  const ALL = [
    webcrypto.ES256,
    webcrypto.ES384,
    webcrypto.ES512,
    webcrypto.EdDSA,
    webcrypto.Ed25519,
    webcrypto.RS256,
    webcrypto.RS384,
    webcrypto.RS512,
    webcrypto.PS256,
    webcrypto.PS384,
    webcrypto.PS512,
  ];
  const { subtle } = platform;
  /** A platform that knows no algorithm of this name, or fails at it. */
  const without =
    (method: "importKey" | "verify", missing: string, error = "NotSupportedError") =>
    (...given: never[]): unknown => {
      const named = given.some((one: unknown) => JSON.stringify(one)?.includes(missing));
      if (named) return failing(error)();
      return Reflect.apply(subtle[method], subtle, given);
    };

  test("are the three of every backend on this platform, or what is asked for", async () => {
    expect(await supportedAlgs()).toEqual(webcrypto.algs);
    expect(await supportedAlgs(ALL)).toEqual(ALL);
    expect(await supportedAlgs([webcrypto.PS256, webcrypto.ES256])).toEqual([
      webcrypto.PS256,
      webcrypto.ES256,
    ]);
    expect(Object.isFrozen(await supportedAlgs())).toBe(true);
  });

  test.each([
    ["Ed25519", "NotSupportedError", "importKey"],
    ["Ed25519", "SyntaxError", "importKey"],
    ["Ed25519", "OperationError", "verify"],
  ] as const)("are without %s where that is a %s of %s", async (missing, error, method) => {
    stubSubtle({ [method]: without(method, missing, error) });
    expect(await supportedAlgs()).toEqual([webcrypto.ES256]);
    const verifier = createAsyncVerifier({
      backend: webcrypto,
      algs: await supportedAlgs(),
      replay: "none",
    });
    expect(verifier.algs).toEqual(["ES256"]);
    expect(await verifier.verify(mint(), requestOf())).toMatchObject({ ok: true });
    expect(await verifier.verify(mint({ key: "Ed25519" }), requestOf())).toMatchObject({
      code: "alg_unsupported",
    });
  });

  test("are without a curve or a scheme that is missing", async () => {
    stubSubtle({ importKey: without("importKey", "P-521") });
    expect(await supportedAlgs(ALL)).toEqual(ALL.filter(({ alg }) => alg !== "ES512"));
    stubSubtle({ importKey: without("importKey", "RSA-PSS") });
    expect(await supportedAlgs(ALL)).toEqual(ALL.filter(({ alg }) => !alg.startsWith("PS")));
  });

  test("are looked for anew at every call", async () => {
    stubSubtle({ importKey: without("importKey", "Ed25519") });
    expect(await supportedAlgs()).toHaveLength(1);
    vi.stubGlobal("crypto", platform);
    expect(await supportedAlgs()).toHaveLength(3);
  });

  test("where there are none, what the platform threw at the first comes through", async () => {
    stubSubtle({ importKey: failing("OperationError") });
    await expect(supportedAlgs()).rejects.toMatchObject({ name: "OperationError" });
    stubSubtle({ importKey: without("importKey", "Ed25519") });
    await expect(supportedAlgs([webcrypto.EdDSA])).rejects.toMatchObject({
      name: "NotSupportedError",
    });
    vi.stubGlobal("crypto", {});
    await expect(supportedAlgs()).rejects.toThrow(/crypto\.subtle/);
  });

  test("a thrown undefined is no support either", async () => {
    stubSubtle({
      importKey: async () => {
        throw undefined;
      },
    });
    const answer = supportedAlgs().then(
      () => "algorithms",
      (error: unknown) => ({ error }),
    );
    expect(await answer).toEqual({ error: undefined });
  });

  test.each([[null], [[]], [["ES256"]], [[null]], [[{ alg: "none" }]], [[{}]]])(
    "%j is no list of algorithms",
    async (algs) => {
      const answer = supportedAlgs(algs as never); // a mistake in plain JavaScript
      await expect(answer).rejects.toThrow(TypeError);
      await expect(answer).rejects.toThrow(/^alg/);
    },
  );
});
