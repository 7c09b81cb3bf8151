// RFC 7517 and RFC 7518 section 6: which keys are read, and within which bounds.
import { createVerifier, jwkThumbprint, parseProof } from "dpop-core";
import { nodeCrypto } from "dpop-core/node-crypto";
import { describe, expect, test, vi } from "vitest";
import { readPublicJwk } from "../src/jose/jwk.js";
import { goodKey, modulusBytes, nativeKeySize } from "../src/jose/native-key.js";
import { privateJwk, publicJwk } from "./support/keys.js";
import { at, b64, mint, NOW } from "./support/mint.js";

/** A modulus or exponent of so many bits, all of them ones. */
function ones(bits: number): string {
  const bytes = new Uint8Array(Math.ceil(bits / 8)).fill(0xff);
  bytes[0] = 0xff >> (8 * bytes.length - bits);
  return b64(bytes);
}

const rsa = (bits: number, e = "AQAB"): Readonly<Record<string, unknown>> => ({
  kty: "RSA",
  n: ones(bits),
  e,
});

const isRead = (jwk: unknown, ...bound: [number?]): boolean =>
  typeof readPublicJwk(jwk, undefined, ...bound) === "object";

describe("RFC 7518 §6.3.1.2: the exponent of an RSA key", () => {
  test("is odd, at least 3, at most 32 bits", () => {
    for (const bits of [2, 3, 16, 17, 31, 32]) expect(isRead(rsa(2048, ones(bits)))).toBe(true);
    for (const bits of [1, 33, 40, 64, 65, 2048]) {
      expect(readPublicJwk(rsa(2048, ones(bits)))).toBe("jwk_invalid");
    }
    expect(readPublicJwk(rsa(2048, b64(Uint8Array.of(1, 0, 0))))).toBe("jwk_invalid");
    expect(readPublicJwk(rsa(2048, b64(Uint8Array.of(0, 1, 0, 1))))).toBe("jwk_invalid");
  });

  test("is at most 32 bits wherever a key is read", () => {
    const jwk = rsa(2048, ones(33));
    expect(() => jwkThumbprint(jwk as never)).toThrow(TypeError);
    expect(parseProof(mint({ key: "RS256", header: { jwk } }))).toMatchObject({
      code: "jwk_invalid",
    });
  });
});

describe("RFC 7518 §6.3.1.1: the modulus of an RSA key", () => {
  test("has from 2048 to 8192 bits, or as many as the caller says", () => {
    for (const bits of [2048, 2049, 4096, 4097, 8192]) expect(isRead(rsa(bits))).toBe(true);
    for (const bits of [2047, 8193, 8200]) expect(readPublicJwk(rsa(bits))).toBe("jwk_invalid");
    for (const bits of [2048, 4095, 4096]) expect(isRead(rsa(bits), 4096)).toBe(true);
    for (const bits of [4097, 4104, 8192]) expect(isRead(rsa(bits), 4096)).toBe(false);
  });

  test.each(["n", "e"])("%s that is no base64url is refused", (member) => {
    const good = rsa(2048);
    for (const value of ["*QAB", "A*", "AQ=", "AQAé", "", "A", undefined, null, 65_537, ["AQAB"]]) {
      expect(readPublicJwk({ ...good, [member]: value })).toBe("jwk_invalid");
    }
    expect(readPublicJwk({ ...good, n: `*${ones(2048).slice(1)}` })).toBe("jwk_invalid");
  });

  test.each<[string, Readonly<Record<string, unknown>>]>([
    ["n", { n: `*${ones(2048).slice(1)}` }],
    ["e", { e: "A*" }],
  ])("verify refuses a proof whose %s is no base64url, and does not throw", (_, over) => {
    const proof = mint({ key: "RS256", header: { jwk: { ...publicJwk("RS256"), ...over } } });
    const verifier = createVerifier({
      backend: nodeCrypto,
      algs: [nodeCrypto.RS256],
      replay: "none",
    });
    expect(verifier.verify(proof, at(NOW))).toMatchObject({ ok: false, code: "jwk_invalid" });
  });
});

describe("a member that is a list as long as its text would be is no key, and nothing is thrown", () => {
  const letters = (length: number): readonly string[] => Array.from({ length }, () => "A");

  test.each<[string, unknown]>([
    ["x of P-256", { ...publicJwk("ES256"), x: letters(43) }],
    ["y of P-384", { ...publicJwk("ES384"), y: letters(64) }],
    ["x of Ed25519", { ...publicJwk("Ed25519"), x: letters(43) }],
    ["n", { ...rsa(2048), n: letters(344) }],
    ["e", { ...rsa(2048), e: letters(4) }],
  ])("%s", (_, jwk) => {
    expect(readPublicJwk(jwk)).toBe("jwk_invalid");
  });
});

test("a number that is too long is refused for its length: not one letter of it is looked at", () => {
  // 8192 bits are 1366 letters, 32 bits are 6.
  for (const jwk of [
    { ...rsa(2048), n: "_".repeat(1367), e: "" },
    { ...rsa(2048), n: "", e: "_".repeat(7) },
    { ...publicJwk("ES256"), x: "A".repeat(44) },
    { ...publicJwk("Ed25519"), x: "A".repeat(44) },
  ]) {
    const look = vi.spyOn(String.prototype, "charCodeAt");
    const read = readPublicJwk(jwk);
    const looks = look.mock.calls.length;
    look.mockRestore();
    expect([read, looks]).toEqual(["jwk_invalid", 0]);
  }
});

test("a member of another kind of key does not matter", () => {
  const use = { alg: "RS256", kty: "RSA" };
  expect(readPublicJwk({ ...rsa(2048), crv: "P-256", x: 1 }, use)).toEqual(rsa(2048));
});

test("the keys that show what an engine knows are of the kind that was asked for, and good", () => {
  for (const [alg, kty, crv] of [
    ["ES256", "EC", "P-256"],
    ["ES384", "EC", "P-384"],
    ["ES512", "EC", "P-521"],
    ["EdDSA", "OKP", "Ed25519"],
    ["PS256", "RSA", undefined],
  ] as const) {
    const key = goodKey({ kty, crv });
    expect(readPublicJwk(key, { alg, kty, crv })).toEqual(key);
    expect(nodeCrypto[alg].importKey(key)).not.toBeNull();
  }
});

describe("what is no key, and what is one of another algorithm", () => {
  test.each([undefined, null, true, 1, "jwk", [], [publicJwk("ES256")], {}, { kty: "oct" }])(
    "%j is not a key",
    (value) => {
      expect(readPublicJwk(value)).toBe("jwk_invalid");
    },
  );

  test.each<[string, Readonly<Record<string, unknown>>]>([
    ["x that is no base64url", { ...publicJwk("ES256"), x: "*".repeat(43) }],
    ["y that is no base64url", { ...publicJwk("ES256"), y: `${"A".repeat(42)}B` }],
    ["x of Ed25519 that is no base64url", { ...publicJwk("Ed25519"), x: "*".repeat(43) }],
    ["x of Ed25519 that is short", { ...publicJwk("Ed25519"), x: "A".repeat(42) }],
    ["x of Ed25519 that is a number", { ...publicJwk("Ed25519"), x: 1 }],
    ["another curve of an OKP key", { ...publicJwk("Ed25519"), crv: "Ed448" }],
    ["no curve", { ...publicJwk("ES256"), crv: undefined }],
    ["a curve of 256 bits that is another", { ...publicJwk("ES256"), crv: "secp256k1" }],
  ])("%s", (_, jwk) => {
    expect(readPublicJwk(jwk)).toBe("jwk_invalid");
  });

  test("a key of another kty, curve or alg than asked for is a mismatch", () => {
    const jwk = publicJwk("ES256");
    const use = { alg: "ES256", kty: "EC", crv: "P-256" };
    expect(readPublicJwk(jwk, use)).toEqual(jwk);
    for (const over of [{ kty: "OKP" }, { crv: "P-384" }, { alg: "ES384" }] as const) {
      expect(readPublicJwk({ ...jwk, ...over }, use)).toBe("jwk_alg_mismatch");
      if (!("alg" in over))
        expect(readPublicJwk(jwk, { ...use, ...over })).toBe("jwk_alg_mismatch");
    }
  });
});

describe("RFC 7517 §4.2, §4.3 and §4.4: what a key is for", () => {
  test.each<[string, Readonly<Record<string, unknown>>, boolean]>([
    ["a use of signatures", { use: "sig" }, true],
    ["a use of encryption", { use: "enc" }, false],
    ["a use that is no text", { use: ["sig"] }, false],
    ["use null", { use: null }, false],
    ["the operation verify", { key_ops: ["verify"] }, true],
    ["verify among others", { key_ops: ["sign", "verify", "x"] }, true],
    ["every operation but verify", { key_ops: ["sign", "deriveBits"] }, false],
    ["no operation", { key_ops: [] }, false],
    ["one operation twice", { key_ops: ["verify", "sign", "sign"] }, false],
    ["an operation that is no text", { key_ops: ["verify", 1] }, false],
    ["operations in a text", { key_ops: "verify" }, false],
    ["operations in an object", { key_ops: { includes: () => true } }, false],
    ["operations null", { key_ops: null }, false],
    ["an alg", { alg: "anything" }, true],
    ["an alg that is no text", { alg: 1 }, false],
    ["alg null", { alg: null }, false],
  ])("%s", (_, members, isKey) => {
    const jwk = publicJwk("ES256");
    expect(readPublicJwk({ ...jwk, ...members })).toEqual(isKey ? jwk : "jwk_invalid");
  });
});

test("what a platform's key takes follows its kind, and the modulus of RSA", () => {
  expect(nativeKeySize(goodKey({ kty: "EC", crv: "P-521" }))).toBe(7000);
  expect(nativeKeySize(goodKey({ kty: "OKP", crv: "Ed25519" }))).toBe(3500);
  expect(nativeKeySize(goodKey({ kty: "RSA" }))).toBe(5500 + 5 * 256);
  for (const bits of [2048, 2056, 2064, 4096, 8192]) {
    expect(modulusBytes(ones(bits))).toBe(bits / 8);
  }
});

describe("a stranger can't choose a modulus that is dear to verify", () => {
  const proofOf = (bits: number): string => mint({ key: "RS256", header: { jwk: rsa(bits) } });
  const codeOf = (
    bits: number,
    limits?: { readonly modulusLength?: number | undefined },
  ): unknown =>
    createVerifier({
      backend: nodeCrypto,
      algs: [nodeCrypto.RS256],
      limits,
      replay: "none",
    }).verify(proofOf(bits), at(NOW));

  test("a verifier takes up to 4096 bits", () => {
    expect(codeOf(4096)).toMatchObject({ code: "signature_invalid" });
    for (const bits of [4097, 8192]) expect(codeOf(bits)).toMatchObject({ code: "jwk_invalid" });
    expect(codeOf(4097, { modulusLength: undefined })).toMatchObject({ code: "jwk_invalid" });
  });

  test("up to 8192, or fewer, where limits.modulusLength says so", () => {
    expect(codeOf(8192, { modulusLength: 8192 })).toMatchObject({ code: "signature_invalid" });
    expect(codeOf(3072, { modulusLength: 3072 })).toMatchObject({ code: "signature_invalid" });
    expect(codeOf(3073, { modulusLength: 3072 })).toMatchObject({ code: "jwk_invalid" });
  });

  test("parseProof has the same limit", () => {
    const limits = { modulusLength: 8192 };
    expect(parseProof(proofOf(4096)).ok).toBe(true);
    expect(parseProof(proofOf(4097))).toMatchObject({ code: "jwk_invalid" });
    expect(parseProof(proofOf(8192), { limits }).ok).toBe(true);
  });

  test.each([2047, 8193, 0, 4096.5, Number.NaN])("%d bits are no limit", (modulusLength) => {
    expect(() => createVerifier({ limits: { modulusLength }, replay: "none" })).toThrow(RangeError);
    expect(() => createVerifier({ limits: { modulusLength }, replay: "none" })).toThrow(
      /^limits\.modulusLength .*bits/,
    );
  });

  test.each(["4096", null])("%j is no limit", (modulusLength) => {
    const options = { limits: { modulusLength } } as never; // plain JavaScript
    expect(() => createVerifier(options)).toThrow(/^limits\.modulusLength .*bits/);
  });
});

describe("RFC 9864: a key says which algorithm it is for", () => {
  const use = (alg: string): { alg: string; kty: string; crv: string } => ({
    alg,
    kty: "OKP",
    crv: "Ed25519",
  });

  test.each([
    ["EdDSA", "EdDSA"],
    ["EdDSA", "Ed25519"],
    ["Ed25519", "EdDSA"],
    ["Ed25519", "Ed25519"],
  ])("%s: a key that says %s is one", (alg, said) => {
    const read = readPublicJwk({ ...publicJwk("Ed25519"), alg: said }, use(alg));
    expect(read).toEqual(publicJwk("Ed25519"));
  });

  test.each(["ES256", "RS256", "none", "ed25519", "Ed448", "", null, 1, ["EdDSA"]])(
    "a key that says %j is not one of Ed25519",
    (said) => {
      const jwk = { ...publicJwk("Ed25519"), alg: said };
      for (const alg of ["EdDSA", "Ed25519"]) {
        expect(readPublicJwk(jwk, use(alg))).toBe("jwk_alg_mismatch");
      }
    },
  );

  test("a key of a curve that says EdDSA is not one of ES256", () => {
    const es256 = { alg: "ES256", kty: "EC", crv: "P-256" };
    for (const alg of ["EdDSA", "Ed25519"]) {
      expect(readPublicJwk({ ...publicJwk("ES256"), alg }, es256)).toBe("jwk_alg_mismatch");
    }
  });
});

test("what is read is frozen, and a copy", () => {
  for (const name of ["ES256", "Ed25519", "RS256"] as const) {
    const given = { ...publicJwk(name), kid: "1" };
    const read = readPublicJwk(given);
    expect(Object.isFrozen(read)).toBe(true);
    expect(read).toEqual(publicJwk(name));
    expect(Object.isFrozen(given)).toBe(false);
    expect(readPublicJwk(privateJwk(name))).toBe("jwk_private");
  }
});
