// RFC 9449 section 4.2: what createProof makes, read by jose.
import { nobleBackend } from "dpop-core/noble";
import { createHash } from "node:crypto";
import {
  type AsyncSigner,
  createProof,
  createProofAsync,
  createSigner,
  generatePrivateJwk,
  jwkThumbprint,
  type ProofInit,
  noble,
  parseProof,
  type PublicJwk,
  type SyncSigner,
  verifyProof,
} from "dpop-core";
import {
  calculateJwkThumbprint,
  decodeJwt,
  decodeProtectedHeader,
  importJWK,
  jwtVerify,
} from "jose";
import { describe, expect, test, vi } from "vitest";
import { ed25519 } from "@noble/curves/ed25519.js";
import { p256, p384, p521 } from "@noble/curves/nist.js";
import { sha256, sha384, sha512 } from "@noble/hashes/sha2.js";
import { privateJwk, publicJwk } from "../support/keys.js";
import { mint } from "../support/mint.js";

const signer = createSigner(generatePrivateJwk("ES256"));
const REQUEST: ProofInit = { method: "GET", url: "https://api.example/things?page=2#top" };

/** For what the types forbid: as a caller in plain JavaScript would call it. */
const create = (...args: readonly unknown[]): unknown =>
  Reflect.apply(createProof, undefined, args);

function cycle(): object {
  const members: unknown[] = [];
  members.push(members);
  return members;
}

describe("RFC 9449 §4.2: header and claims", () => {
  test("typ, alg and jwk; jti, htm, htu and iat; nothing else", () => {
    const before = Math.floor(Date.now() / 1000);
    const proof = createProof(signer, REQUEST);
    expect(decodeProtectedHeader(proof)).toEqual({
      typ: "dpop+jwt",
      alg: "ES256",
      jwk: signer.publicJwk,
    });
    const claims = decodeJwt(proof);
    expect(Object.keys(claims).toSorted()).toEqual(["htm", "htu", "iat", "jti"]);
    expect(claims).toMatchObject({ htm: "GET", htu: "https://api.example/things" });
    expect(Number.isInteger(claims.iat)).toBe(true);
    expect(claims.iat).toBeGreaterThanOrEqual(before);
    expect(claims.iat).toBeLessThanOrEqual(Date.now() / 1000);
  });

  test("jti has 128 random bits and is never the same", () => {
    const jtis = Array.from(
      { length: 50 },
      () => decodeJwt(createProof(signer, REQUEST)).jti ?? "",
    );
    expect(new Set(jtis).size).toBe(50);
    for (const jti of jtis) expect(Buffer.from(jti, "base64url").length).toBe(16);
  });

  test("ath is the hash of the token's ASCII bytes", () => {
    const accessToken = "Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU";
    const { ath } = decodeJwt<{ ath: string }>(createProof(signer, { ...REQUEST, accessToken }));
    expect(ath).toBe("fUHyO2r2Z3DZ53EsNrWBb0xWXoaNy59IiKCAqksmQEo");
    expect(ath).toBe(createHash("sha256").update(accessToken).digest("base64url"));
  });

  test("nonce, iat and jti as they are given", () => {
    const given = {
      nonce: "!#$%&'()*+,-./09:;<=>?@AZ[]^_`az{|}~",
      iat: 1_562_262_616,
      jti: "żółw",
    };
    expect(decodeJwt(createProof(signer, { ...REQUEST, ...given }))).toMatchObject(given);
  });

  test("htu is the normal form, which strict servers compare with what they see", () => {
    const { htu } = decodeJwt(
      createProof(signer, { ...REQUEST, url: "HTTPS://API.Example:443?x" }),
    );
    expect(htu).toBe("https://api.example/");
  });

  test("further header parameters and claims", () => {
    const proof = createProof(signer, {
      ...REQUEST,
      header: { kid: "1" },
      claims: { exp: 9, "urn:x": { a: ["ż"] } },
    });
    expect(decodeProtectedHeader(proof)).toMatchObject({ typ: "dpop+jwt", kid: "1" });
    expect(decodeJwt(proof)).toMatchObject({ htm: "GET", exp: 9, "urn:x": { a: ["ż"] } });
  });

  test.each(["typ", "alg", "jwk", "crit", "b64"])("header.%s is not for the caller", (member) => {
    expect(() => createProof(signer, { ...REQUEST, header: { [member]: 1 } })).toThrow(
      `header.${member}`,
    );
  });

  test.each(["jti", "htm", "htu", "iat", "ath", "nonce"])(
    "claims.%s is not for the caller",
    (member) => {
      expect(() => createProof(signer, { ...REQUEST, claims: { [member]: 1 } })).toThrow(
        `claims.${member}`,
      );
    },
  );

  test("a signer's other members, private ones above all, never get into a proof", () => {
    const leaky = { ...signer, publicJwk: { ...signer.publicJwk, kid: "1", use: "sig" } };
    expect(decodeProtectedHeader(createProof(leaky, REQUEST)).jwk).toEqual(signer.publicJwk);
    const worse = { ...signer, publicJwk: generatePrivateJwk("ES256") };
    expect(() => createProof(worse, REQUEST)).toThrow(
      "signer.publicJwk must hold no private members",
    );
  });
});

describe("jose verifies what we sign", () => {
  test.each(["ES256", "ES384", "ES512", "EdDSA", "Ed25519"] as const)("%s", async (alg) => {
    const own = createSigner(generatePrivateJwk(alg));
    const proof = createProof(own, REQUEST);
    const jwk = { ...own.publicJwk };
    const { protectedHeader } = await jwtVerify(proof, await importJWK(jwk, alg), {
      typ: "dpop+jwt",
      algorithms: [alg],
    });
    expect(protectedHeader.alg).toBe(alg);
    expect(jwkThumbprint(own.publicJwk)).toBe(await calculateJwkThumbprint(jwk));
  });
});

describe("a signer whose signatures have no fixed length", () => {
  test("makes a proof of what it returns, and none of nothing", async () => {
    const key = { alg: "RS256", publicJwk: publicJwk("RS256") as PublicJwk };
    const rsa = (size: number): SyncSigner => ({ ...key, sign: () => new Uint8Array(size) });
    expect(createProof(rsa(256), REQUEST).split(".")[2]).toHaveLength(342);
    expect(() => createProof(rsa(0), REQUEST)).toThrow("signer.sign must return");
    await expect(createProofAsync(rsa(0), REQUEST)).rejects.toThrow("signer.sign must return");
  });
});

describe("an asynchronous signer", () => {
  const asyncSigner: AsyncSigner = { ...signer, sign: async (data) => signer.sign(data) };

  test("makes the same proofs", async () => {
    const proof = await createProofAsync(asyncSigner, REQUEST);
    expect(verifyProof(proof, { method: "GET", url: REQUEST.url }, { replay: "none" }).ok).toBe(
      true,
    );
    expect((await createProofAsync(signer, REQUEST)).split(".").length).toBe(3);
  });

  test("is refused by the synchronous function", () => {
    expect(() => create(asyncSigner, REQUEST)).toThrow("signer.sign must return a Uint8Array");
  });

  test("its own error propagates", async () => {
    const broken: SyncSigner = {
      ...signer,
      sign() {
        throw new Error("the HSM is away");
      },
    };
    expect(() => createProof(broken, REQUEST)).toThrow("the HSM is away");
    await expect(createProofAsync(broken, REQUEST)).rejects.toThrow("the HSM is away");
  });
});

describe("a mistaken argument is a TypeError or RangeError that names it", () => {
  test.each<[string, unknown, RegExp]>([
    ["no request", undefined, /^request /],
    ["a request that is a list", [], /^request /],
    ["a member that does not exist", { ...REQUEST, acessToken: "x" }, /^request /],
    ["no method", { url: REQUEST.url }, /^method /],
    ["method a number", { ...REQUEST, method: 1 }, /^method /],
    ["method empty", { ...REQUEST, method: "" }, /^method /],
    ["method with a space", { ...REQUEST, method: "GET " }, /^method /],
    ["method with a line break", { ...REQUEST, method: "GET\n" }, /^method /],
    ["url an object", { ...REQUEST, url: new URL(REQUEST.url) }, /^url /],
    ["url a path", { ...REQUEST, url: "/things" }, /^url must begin/],
    ["url of plain http", { ...REQUEST, url: "http://api.example/" }, /^url must begin/],
    ["url with a user name", { ...REQUEST, url: "https://a@b.example/" }, /^url /],
    ["url outside ASCII", { ...REQUEST, url: "https://api.example/ż" }, /^url /],
    ["accessToken empty", { ...REQUEST, accessToken: "" }, /^accessToken /],
    ["accessToken null", { ...REQUEST, accessToken: null }, /^accessToken /],
    ["accessToken with a space", { ...REQUEST, accessToken: "a b" }, /^accessToken /],
    ["accessToken outside ASCII", { ...REQUEST, accessToken: "ż" }, /^accessToken /],
    ["nonce empty", { ...REQUEST, nonce: "" }, /^nonce /],
    ["nonce with a quote", { ...REQUEST, nonce: 'a"b' }, /^nonce /],
    ["nonce with a backslash", { ...REQUEST, nonce: "a\\b" }, /^nonce /],
    ["nonce with a space", { ...REQUEST, nonce: "a b" }, /^nonce /],
    ["iat a string", { ...REQUEST, iat: "1" }, /^iat /],
    ["iat NaN", { ...REQUEST, iat: Number.NaN }, /^iat .*seconds/],
    ["iat in milliseconds", { ...REQUEST, iat: Date.now() }, /^iat .*seconds/],
    ["jti empty", { ...REQUEST, jti: "" }, /^jti /],
    ["jti a number", { ...REQUEST, jti: 1 }, /^jti /],
    ["jti with a lone surrogate", { ...REQUEST, jti: "\ud800" }, /^jti /],
    ["header a string", { ...REQUEST, header: "kid" }, /^header /],
    ["exp that is text", { ...REQUEST, claims: { exp: "soon" } }, /^claims\.exp /],
    [
      "nbf that is no number",
      { ...REQUEST, claims: { nbf: Number.NaN } },
      /^claims\.exp and claims\.nbf /,
    ],
    [
      "claims that nest too deep",
      { ...REQUEST, claims: { x: JSON.parse("[".repeat(16) + "]".repeat(16)) } },
      /^claims must be JSON/,
    ],
    ["a BigInt in the header", { ...REQUEST, header: { x: 1n } }, /^header must be JSON/],
    ["a cycle in the claims", { ...REQUEST, claims: { x: cycle() } }, /^claims must be JSON/],
    ["toJSON in the header", { ...REQUEST, header: { toJSON: () => ({}) } }, /^header\.toJSON /],
    ["toJSON in the claims", { ...REQUEST, claims: { toJSON: () => ({}) } }, /^claims\.toJSON /],
    [
      "a proxy that hides jwk",
      { ...REQUEST, header: new Proxy({ jwk: 1 }, { has: () => false }) },
      /^header\.jwk /,
    ],
    ["claims a list", { ...REQUEST, claims: [] }, /^claims /],
  ])("%s", (_, request, message) => {
    expect(() => create(signer, request)).toThrow(message);
  });

  test.each<[string, unknown, RegExp]>([
    ["no signer", undefined, /^signer /],
    ["no sign", { ...signer, sign: undefined }, /^signer\.sign must be a function/],
    ["alg none", { ...signer, alg: "none" }, /^signer\.alg /],
    ["alg HS256", { ...signer, alg: "HS256" }, /^signer\.alg /],
    ["no alg", { ...signer, alg: undefined }, /^signer\.alg /],
    ["no publicJwk", { ...signer, publicJwk: undefined }, /^signer\.publicJwk /],
    [
      "a publicJwk of another algorithm",
      { ...signer, publicJwk: publicJwk("ES384") },
      /^signer\.publicJwk /,
    ],
    [
      "a publicJwk that is private",
      { ...signer, publicJwk: privateJwk("ES256") },
      /^signer\.publicJwk must hold no private/,
    ],
    ["an alg that is a list", { ...signer, alg: ["ES256"] }, /^signer\.alg /],
    ["RSA-OAEP, which does not sign", { ...signer, alg: "RSA-OAEP" }, /^signer\.alg /],
    ["a signature in DER", { ...signer, sign: () => new Uint8Array(70) }, /^signer\.sign .*DER/],
    ["a signature that is a string", { ...signer, sign: () => "x" }, /^signer\.sign /],
    ["a signature that is empty", { ...signer, sign: () => new Uint8Array(0) }, /^signer\.sign /],
  ])("%s", (_, bad, message) => {
    expect(() => create(bad, REQUEST)).toThrow(message);
  });

  test.each<[string, unknown, RegExp]>([
    ["options a string", "x", /^options /],
    ["an option that does not exist", { backends: noble }, /^options /],
    [
      "a backend without a hash",
      { backend: { randomBytes: noble.randomBytes } },
      /^backend\.sha256 /,
    ],
    [
      "a backend without randomness",
      { backend: { sha256: noble.sha256 } },
      /^backend\.randomBytes /,
    ],
    [
      "randomness that is too short",
      { backend: { ...noble, randomBytes: () => new Uint8Array(15) } },
      /^backend\.randomBytes /,
    ],
    [
      "randomness that is a string",
      { backend: { ...noble, randomBytes: () => "0123456789abcdef" } },
      /^backend\.randomBytes /,
    ],
  ])("%s", (_, options, message) => {
    expect(() => create(signer, REQUEST, options)).toThrow(message);
  });

  test("no message holds what was passed", () => {
    for (const secret of [
      { accessToken: "s3cr3t ü" },
      { nonce: 's3cr3t"' },
      { url: "https://s3cr3t:x@a.example/" },
    ]) {
      expect(() => create(signer, { ...REQUEST, ...secret })).toThrow(
        expect.not.stringContaining("s3cr3t"),
      );
    }
  });
});

describe("parseProof reads a proof and trusts nothing", () => {
  test("what a proof says of itself", () => {
    const parsed = parseProof(mint({ claims: { "urn:x": 1 }, header: { kid: "1" } }));
    expect(parsed).toMatchObject({
      ok: true,
      alg: "ES256",
      claims: { htm: "POST", "urn:x": 1 },
      header: { kid: "1" },
    });
    expect(parsed.ok && parsed.jwk).toEqual(publicJwk("ES256"));
  });

  test.each([
    ["jws_malformed", "a.b"],
    ["jws_malformed", "a.b.c"],
    ["jws_malformed", "!!.e30.AA"],
    ["jws_malformed", "e30.!!.AA"],
    ["jws_malformed", "e30.e30.!!"],
    ["jws_malformed", "e30.W10.AA"],
    ["jws_malformed", mint({ rawHeader: '{"typ":"dpop+jwt","x":{"__proto__":1}}' })],
    ["proof_multiple", ["", mint()]],
    ["proof_missing", ""],
    ["proof_too_large", "x".repeat(8193)],
    ["typ_mismatch", mint({ header: { typ: "JWT" } })],
    ["crit_unsupported", mint({ header: { crit: ["x"] } })],
    ["alg_unsupported", mint({ header: { alg: "none" } })],
    ["claim_missing", mint({ claims: { iat: undefined } })],
    ["jwk_private", mint({ header: { jwk: { kty: "oct", k: "x" } } })],
  ])("%s", (code, proof) => {
    expect(parseProof(proof)).toMatchObject({ ok: false, code });
  });

  test("what it returns is frozen at every level", () => {
    const claims = { x: { y: [{ z: 1 }] } };
    const parsed = parseProof(mint({ claims, header: { x5c: ["a"], y: [{}] } }));
    if (!parsed.ok) return expect.unreachable();
    expect(parsed).toMatchObject({ claims, header: { x5c: ["a"], y: [{}] } });
    for (const one of [parsed.claims, parsed.header, parsed.jwk]) {
      expect(withAllInside(one).every((value) => Object.isFrozen(value))).toBe(true);
    }
    expect(withAllInside(parsed.header).length).toBe(5); // itself, jwk, x5c, y and what is in y
  });

  test("algorithms that no backend here knows are still read", () => {
    expect(parseProof(mint({ key: "RS256" }))).toMatchObject({
      ok: true,
      alg: "RS256",
      jwk: { kty: "RSA" },
    });
  });
});

describe("keys", () => {
  test.each(["ES256", "ES384", "ES512", "EdDSA", "Ed25519"] as const)(
    "a new %s key signs and is never the same",
    (alg) => {
      const first = generatePrivateJwk(alg);
      const second = generatePrivateJwk(alg);
      expect(first.d).not.toBe(second.d);
      expect(createSigner(first).alg).toBe(alg);
      expect(createSigner(first).publicJwk).not.toHaveProperty("d");
    },
  );

  test("the label: the option, else the JWK's, else EdDSA", () => {
    const { alg: _, ...jwk } = generatePrivateJwk("Ed25519");
    expect(createSigner(jwk).alg).toBe("EdDSA");
    expect(createSigner({ ...jwk, alg: "Ed25519" }).alg).toBe("Ed25519");
    expect(createSigner({ ...jwk, alg: "Ed25519" }, { alg: "EdDSA" }).alg).toBe("EdDSA");
  });

  test.each<[string, unknown, unknown, RegExp]>([
    ["no key", undefined, {}, /^privateJwk /],
    ["a public key", publicJwk("ES256"), {}, /^privateJwk\.d /],
    ["an RSA key", publicJwk("RS256"), {}, /^privateJwk .*dpop-core\/node-crypto .*take RSA$/],
    [
      "another's public part",
      { ...generatePrivateJwk("ES256"), ...publicJwk("ES256") },
      {},
      /^privateJwk /,
    ],
    [
      "a secret of zero",
      { ...generatePrivateJwk("ES256"), d: "A".repeat(43) },
      {},
      /^privateJwk\.d /,
    ],
    [
      "a secret that is too short",
      { ...generatePrivateJwk("EdDSA"), d: "AAAA" },
      {},
      /^privateJwk\.d /,
    ],
    ["a label of another curve", generatePrivateJwk("ES256"), { alg: "EdDSA" }, /^alg /],
    [
      "a label in the JWK of another curve",
      { ...generatePrivateJwk("ES256"), alg: "ES384" },
      {},
      /^alg /,
    ],
    ["an option that does not exist", generatePrivateJwk("ES256"), { algs: [] }, /^options /],
  ])("%s", (_, jwk, options, message) => {
    expect(() => Reflect.apply(createSigner, undefined, [jwk, options])).toThrow(message);
  });

  test("another y, or another kty, is not the key's", () => {
    const { kty: _, ...key } = generatePrivateJwk("ES256");
    const other = generatePrivateJwk("ES256");
    const y = other.kty === "EC" ? other.y : "";
    for (const jwk of [{ ...key, kty: "EC", y }, { ...key, kty: "OKP" }, key]) {
      expect(() => Reflect.apply(createSigner, undefined, [jwk])).toThrow(/^privateJwk /);
    }
  });

  test("a platform whose crypto can't give random bytes makes no key", () => {
    vi.stubGlobal("crypto", { subtle: {} });
    try {
      expect(() => generatePrivateJwk("ES256")).toThrow(/crypto\.getRandomValues/);
    } finally {
      vi.unstubAllGlobals();
    }
  });

  test("what is handed out can't be changed", () => {
    const own = createSigner(generatePrivateJwk("ES256"));
    expect([own, own.publicJwk, noble, noble.algs].every((value) => Object.isFrozen(value))).toBe(
      true,
    );
  });

  test("an unknown label", () => {
    expect(() => Reflect.apply(generatePrivateJwk, undefined, ["RS256"])).toThrow(/^alg /);
  });

  test("random bytes that are not enough make no key", () => {
    const parts = {
      p256,
      p384,
      p521,
      ed25519,
      sha256,
      sha384,
      sha512,
      randomBytes: () => new Uint8Array(1),
    };
    expect(() => nobleBackend(parts).generatePrivateJwk("ES256")).toThrow(
      "randomBytes must return",
    );
  });
});

/** A value and every object and array in it. */
function withAllInside(value: unknown): readonly unknown[] {
  if (typeof value !== "object" || value === null) return [];
  return [value, ...Object.values(value).flatMap(withAllInside)];
}
