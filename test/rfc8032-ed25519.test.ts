// RFC 8032 section 5.1.7, verified without the cofactor: a signature is valid everywhere or
// nowhere. The hostile ones are made by support/ed25519.ts, from the group law, and node:crypto is
// the witness.
import { ed25519 } from "@noble/curves/ed25519.js";
import { createProof, createSigner, createVerifier, noble } from "dpop-core";
import { decodeProtectedHeader, importJWK, jwtVerify } from "jose";
import { webcrypto } from "dpop-core/webcrypto";
import { describe, expect, test, vi } from "vitest";
import { isStrictSignature } from "../src/jose/ed25519.js";
import { readPublicJwk } from "../src/jose/jwk.js";
import {
  A,
  challenge,
  L,
  MESSAGE,
  messageWhere,
  NONCE,
  ours,
  Point,
  R,
  SECRET,
  sign,
  theirs,
  toBigInt,
  toBytes,
  TORSION,
} from "./support/ed25519.js";
import { privateJwk } from "./support/keys.js";
import { OKP_8037 } from "./support/rfc.js";
import { mint } from "./support/mint.js";
import { outcome } from "./support/run.js";

describe("RFC 8032 §5.1.7 without the cofactor", () => {
  test("a good signature", () => {
    const signature = sign(A, R, MESSAGE);
    expect(ours(A.toBytes(), signature, MESSAGE)).toBe(true);
    expect(theirs(A.toBytes(), signature, MESSAGE)).toBe(true);
  });

  test("torsion in R is refused, though noble's cofactored equation holds", () => {
    const twisted = R.add(TORSION);
    const signature = sign(A, twisted, MESSAGE);
    expect(ed25519.verify(signature, MESSAGE, A.toBytes(), { zip215: false })).toBe(true);
    expect(theirs(A.toBytes(), signature, MESSAGE)).toBe(false);
    expect(ours(A.toBytes(), signature, MESSAGE)).toBe(false);
  });

  test("torsion in A is refused where k does not cancel it", () => {
    const twisted = A.add(TORSION);
    const message = messageWhere(twisted, R, (k) => k % 8n !== 0n);
    const signature = sign(twisted, R, message);
    expect(ed25519.verify(signature, message, twisted.toBytes(), { zip215: false })).toBe(true);
    expect(theirs(twisted.toBytes(), signature, message)).toBe(false);
    expect(ours(twisted.toBytes(), signature, message)).toBe(false);
  });

  test("torsion in A is accepted where k cancels it, as node:crypto does", () => {
    const twisted = A.add(TORSION);
    const message = messageWhere(twisted, R, (k) => k % 8n === 0n);
    const signature = sign(twisted, R, message);
    expect(theirs(twisted.toBytes(), signature, message)).toBe(true);
    expect(ours(twisted.toBytes(), signature, message)).toBe(true);
  });

  test("torsion in both that cancels is accepted, as node:crypto does", () => {
    const twistedA = A.add(TORSION);
    for (let t = 1n; t < 8n; t++) {
      const twistedR = R.add(TORSION.multiplyUnsafe(t));
      const message = messageWhere(twistedA, twistedR, (k) => (k + t) % 8n === 0n);
      const signature = sign(twistedA, twistedR, message);
      expect(theirs(twistedA.toBytes(), signature, message)).toBe(true);
      expect(ours(twistedA.toBytes(), signature, message)).toBe(true);
    }
  });

  test("a small-order A, under which anybody can sign, is no key; Node 20 takes it, Node 24 does not", () => {
    // [S]B = R with S = r, and k a multiple of 8, so that [k]A is nothing: no secret was needed.
    const message = messageWhere(TORSION, R, (k) => k % 8n === 0n);
    const signature = Buffer.concat([R.toBytes(), toBytes(NONCE)]);
    expect(ed25519.verify(signature, message, TORSION.toBytes())).toBe(true);
    expect(ours(TORSION.toBytes(), signature, message)).toBe(false);
  });

  test("a small-order R is refused; Node 20 takes it, Node 24 does not", () => {
    const twisted = A.add(TORSION);
    for (let t = 0n; t < 8n; t++) {
      const small = t === 0n ? Point.ZERO : TORSION.multiplyUnsafe(t);
      const message = messageWhere(twisted, small, (k) => (k + t) % 8n === 0n);
      const k = challenge(twisted.toBytes(), small.toBytes(), message);
      const signature = Buffer.concat([small.toBytes(), toBytes((k * SECRET) % L)]);
      // The equation holds without the cofactor, too: R = [S]B - [k]A.
      const recomputed = Point.BASE.multiplyUnsafe((k * SECRET) % L).subtract(
        twisted.multiplyUnsafe(k),
      );
      expect(recomputed.equals(small)).toBe(true);
      expect(ours(twisted.toBytes(), signature, message)).toBe(false);
    }
  });

  test("every point of small order is refused as a key, with either sign bit", () => {
    for (let t = 0n; t < 8n; t++) {
      const encoded = t === 0n ? Point.ZERO.toBytes() : TORSION.multiplyUnsafe(t).toBytes();
      for (const signBit of [0, 0x80]) {
        const bytes = Uint8Array.from(encoded, (byte, i) =>
          i === 31 ? (byte & 0x7f) | signBit : byte,
        );
        const x = Buffer.from(bytes).toString("base64url");
        expect(readPublicJwk({ kty: "OKP", crv: "Ed25519", x })).toBe("jwk_invalid");
      }
    }
  });

  test("S + L is refused", () => {
    const signature = sign(A, R, MESSAGE);
    const malleated = Buffer.concat([
      signature.subarray(0, 32),
      toBytes(toBigInt(signature.subarray(32)) + L),
    ]);
    expect(ours(A.toBytes(), malleated, MESSAGE)).toBe(false);
    expect(theirs(A.toBytes(), malleated, MESSAGE)).toBe(false);
  });

  test("a non-canonical R is refused", () => {
    // The identity, not as y = 1 but as y = p + 1.
    const other = Buffer.from(`ee${"ff".repeat(30)}7f`, "hex");
    const s = (challenge(A.toBytes(), other, MESSAGE) * SECRET) % L;
    const signature = Buffer.concat([other, toBytes(s)]);
    expect(ed25519.verify(signature, MESSAGE, A.toBytes(), { zip215: true })).toBe(true);
    expect(ours(A.toBytes(), signature, MESSAGE)).toBe(false);
    expect(theirs(A.toBytes(), signature, MESSAGE)).toBe(false);
  });

  test.each([0, 1, 32, 63, 65, 128])(
    "a signature of %i bytes is refused, not thrown at",
    (length) => {
      expect(ours(A.toBytes(), new Uint8Array(length), MESSAGE)).toBe(false);
    },
  );
});

describe("What no platform is trusted with", () => {
  /** A good R and this S. */
  const withS = (s: bigint): Uint8Array => Buffer.concat([R.toBytes(), toBytes(s)]);

  test.each([
    [0n, true],
    [1n, true],
    [L - 1n, true],
    [L, false],
    [L + 1n, false],
    [L - (1n << 8n), true],
    [L + (1n << 8n), false],
    [L + (1n << 200n), false],
    [(1n << 252n) - 1n, true],
    [1n << 252n, true],
    [1n << 253n, false],
    [(1n << 256n) - 1n, false],
  ])("S = %i: %s", (s, isStrict) => {
    expect(isStrictSignature(withS(s))).toBe(isStrict);
  });

  test("R of small order is refused, whatever S is", () => {
    for (let t = 0n; t < 8n; t++) {
      const small = t === 0n ? Point.ZERO : TORSION.multiplyUnsafe(t);
      for (const s of [0n, 1n, L - 1n, L]) {
        expect(isStrictSignature(Buffer.concat([small.toBytes(), toBytes(s)]))).toBe(false);
      }
    }
  });

  test("S + L is refused where the platform takes it, as libgcrypt does", async () => {
    const verify = vi.fn(() => Promise.resolve(true));
    const { subtle } = globalThis.crypto;
    vi.stubGlobal("crypto", { subtle: { importKey: subtle.importKey.bind(subtle), verify } });
    try {
      const x = Buffer.from(A.toBytes()).toString("base64url");
      const key = await webcrypto.EdDSA.importKey({ kty: "OKP", crv: "Ed25519", x });
      const s = toBigInt(sign(A, R, MESSAGE).subarray(32));
      expect(await key?.verify(withS(s), MESSAGE)).toBe(true);
      expect(await key?.verify(withS(s + L), MESSAGE)).toBe(false);
      expect(verify).toHaveBeenCalledTimes(1);
    } finally {
      vi.unstubAllGlobals();
    }
  });
});

describe("RFC 8037 A.4 and the labels", () => {
  const input = "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc";
  const signature =
    "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg";

  test.each([noble.EdDSA, noble.Ed25519])("the signature of A.4 verifies under $alg", (alg) => {
    const key = alg.importKey(OKP_8037);
    expect(key?.verify(Buffer.from(signature, "base64url"), Buffer.from(input))).toBe(true);
    expect(key?.verify(Buffer.from(signature, "base64url"), Buffer.from(`${input}x`))).toBe(false);
  });

  test("what node:crypto signs, both labels accept", async () => {
    expect(await outcome(mint({ key: "Ed25519" }))).toBe("ok");
    expect(await outcome(mint({ key: "Ed25519", header: { alg: "EdDSA" } }))).toBe("ok");
  });

  test.each(["EdDSA", "Ed25519"] as const)("what we sign as %s, jose accepts", async (alg) => {
    const { kty, crv, x, d } = privateJwk("Ed25519");
    if (kty !== "OKP" || crv !== "Ed25519" || x === undefined || d === undefined)
      throw new Error("no Ed25519 key");
    const signer = createSigner({ kty, crv, x, d }, { alg });
    const proof = createProof(signer, { method: "GET", url: "https://a.example/" });
    expect(decodeProtectedHeader(proof).alg).toBe(alg);
    await jwtVerify(proof, await importJWK(signer.publicJwk as object, alg), { typ: "dpop+jwt" });
    expect(
      createVerifier({ replay: "none" }).verify(proof, {
        method: "GET",
        url: "https://a.example/",
      }),
    ).toMatchObject({ ok: true, alg });
  });
});
