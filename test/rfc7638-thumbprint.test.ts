// RFC 7638 and RFC 8037 appendix A.3: one key, one thumbprint.
import { calculateJwkThumbprint } from "jose";
import { jwkThumbprint, type PublicJwk } from "dpop-core";
import { describe, expect, test } from "vitest";
import { readPublicJwk } from "../src/jose/jwk.js";
import { isThumbprint } from "../src/jose/thumbprint.js";
import { type KeyName, privateJwk, publicJwk } from "./support/keys.js";
import {
  JKT,
  JKT_OKP_8037,
  JKT_RSA_7638,
  OKP_8037 as OKP,
  RSA_7638 as RSA,
} from "./support/rfc.js";

/** A public key that was read, for the types' sake. */
function read(value: unknown): PublicJwk {
  const jwk = readPublicJwk(value);
  if (typeof jwk === "string") throw new Error(jwk);
  return jwk;
}

test("RFC 7638 §3.1: the RSA key, its alg and kid left out", () => {
  const withMore = { ...RSA, alg: "RS256", kid: "2011-04-29" };
  expect(jwkThumbprint(withMore)).toBe(JKT_RSA_7638);
});

test("RFC 8037 A.3: the Ed25519 key", () => {
  expect(jwkThumbprint(OKP)).toBe(JKT_OKP_8037);
});

test("RFC 9449 §6.1: the key of the examples", () => {
  const jwk = {
    kty: "EC",
    crv: "P-256",
    x: "l8tFrhx-34tV3hRICRDY9zCkDlpBhF42UQUfWVAWBFs",
    y: "9VE4jf_Ok_o64zbTTlcuNJajHmt6v9TDVrU0CdvGRDA",
  } as const;
  expect(jwkThumbprint(jwk)).toBe(JKT);
});

describe("jose agrees, and members that are not required do not matter", () => {
  test.each(["ES256", "ES384", "ES512", "Ed25519", "RS256"] as const)(
    "%s",
    async (name: KeyName) => {
      const jwk = publicJwk(name);
      const reversed = Object.fromEntries(
        Object.entries({ use: "sig", kid: "1", ext: true, ...jwk }).toReversed(),
      );
      const expected = await calculateJwkThumbprint(jwk);
      expect(jwkThumbprint(read(jwk))).toBe(expected);
      expect(jwkThumbprint(read(reversed))).toBe(expected);
    },
  );
});

/** An encoding on Ed25519 of nothing but ones, less the bytes at both ends that are given. */
function ed25519(first: number, beforeLast: number, last = 0x7f): string {
  const bytes = Buffer.alloc(32, 0xff);
  bytes.set([first], 0);
  bytes.set([beforeLast, last], 30);
  return bytes.toString("base64url");
}

test("a y just below the prime of Ed25519 has one form, and a thumbprint", () => {
  for (const x of [ed25519(0xeb, 0xff), ed25519(0xff, 0xfe), ed25519(0xff, 0xff, 0x7e)]) {
    expect(jwkThumbprint({ ...OKP, x }).length).toBe(43);
  }
});

describe("what has a second form, or is no public key, has no thumbprint", () => {
  test.each<[string, unknown]>([
    ["a private key", privateJwk("ES256")],
    ["an oct key", { kty: "oct", k: "AQAB" }],
    ["nothing", undefined],
    ["a string", "jwk"],
    ["a list", [RSA]],
    ["an RSA modulus with a leading zero", { ...RSA, n: `AA${RSA.n}` }],
    ["an RSA exponent with a leading zero", { ...RSA, e: "AAEAAQ" }],
    ["an RSA exponent of 1", { ...RSA, e: "AQ" }],
    ["an even RSA exponent", { ...RSA, e: "AQAC" }],
    ["an RSA exponent of nine bytes", { ...RSA, e: "AQAAAAAAAAAB" }],
    ["an RSA key of 1024 bits", { ...RSA, n: Buffer.alloc(128, 255).toString("base64url") }],
    [
      "an RSA key of 2047 bits",
      {
        ...RSA,
        n: Buffer.concat([Buffer.from([0x7f]), Buffer.alloc(255, 255)]).toString("base64url"),
      },
    ],
    ["an RSA key of 8200 bits", { ...RSA, n: Buffer.alloc(1025, 255).toString("base64url") }],
    ["an even RSA modulus", { ...RSA, n: Buffer.alloc(256, 254).toString("base64url") }],
    ["an RSA key without n", { kty: "RSA", e: "AQAB" }],
    [
      "a coordinate one byte short",
      { ...publicJwk("ES256"), x: Buffer.alloc(31, 1).toString("base64url") },
    ],
    [
      "a coordinate one byte long",
      { ...publicJwk("ES256"), x: Buffer.alloc(33, 1).toString("base64url") },
    ],
    [
      "a coordinate that is the prime of its field",
      {
        ...publicJwk("ES256"),
        x: Buffer.from(`ffffffff00000001${"00".repeat(12)}${"ff".repeat(12)}`, "hex").toString(
          "base64url",
        ),
      },
    ],
    ["y = p of Ed25519", { ...OKP, x: ed25519(0xed, 0xff) }],
    ["y = p + 1 of Ed25519", { ...OKP, x: ed25519(0xee, 0xff) }],
    ["an alg that is no text", { ...OKP, alg: 1 }],
    ["a use that is no signature", { ...OKP, use: "enc" }],
    ["padding", { ...OKP, x: `${OKP.x}=` }],
    ["X25519", { ...OKP, crv: "X25519" }],
    ["Ed448", { ...OKP, crv: "Ed448" }],
    ["secp256k1", { kty: "EC", crv: "secp256k1", x: RSA.e, y: RSA.e }],
    [
      "a coordinate of P-521 past its field",
      {
        ...publicJwk("ES512"),
        x: Buffer.concat([Buffer.from([2]), Buffer.alloc(65)]).toString("base64url"),
      },
    ],
    [
      "a coordinate of P-384 past its field",
      { ...publicJwk("ES384"), x: Buffer.alloc(48, 255).toString("base64url") },
    ],
  ])("%s", (_, jwk) => {
    expect(() => Reflect.apply(jwkThumbprint, undefined, [jwk])).toThrow(/^jwk must be/);
  });
});

test("a private key is told from one that is damaged", () => {
  const of = (jwk: unknown) => () => Reflect.apply(jwkThumbprint, undefined, [jwk]);
  expect(of(privateJwk("ES256"))).toThrow(/^jwk must be public/);
  expect(of({ ...publicJwk("ES256"), x: "" })).toThrow(/^jwk must be a canonical/);
});

test("a text that can be a thumbprint is the base64url of 32 bytes", () => {
  expect([JKT, "A".repeat(43), `${"_".repeat(42)}8`].every(isThumbprint)).toBe(true);
  for (const value of [
    "",
    "A".repeat(42),
    "A".repeat(44),
    `${JKT}=`,
    `*${JKT.slice(1)}`,
    `${"A".repeat(42)}B`,
    Array.from({ length: 43 }, () => "A"),
    { length: 43 },
    undefined,
    null,
    43,
  ]) {
    expect(isThumbprint(value)).toBe(false);
  }
});

test("a hash that is not 32 bytes, or not there at once, makes no thumbprint", () => {
  for (const hash of [
    new Uint8Array(31),
    new Uint8Array(33),
    new Uint8Array(0),
    new ArrayBuffer(32),
    new Uint16Array(32),
    Promise.resolve(new Uint8Array(32)),
    { length: 32 },
    undefined,
  ]) {
    const backend = { sha256: () => hash } as never; // plain JavaScript
    expect(() => jwkThumbprint(OKP, { backend })).toThrow(/^backend\.sha256 must return/);
  }
});
