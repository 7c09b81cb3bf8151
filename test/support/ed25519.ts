// Signatures on edwards25519 that no honest signer makes, from the group law, and what the library
// and node:crypto say of them.
import { createHash, createPublicKey, verify as nodeVerify } from "node:crypto";
import { ed25519 } from "@noble/curves/ed25519.js";
import { noble } from "dpop-core";
import { readPublicJwk } from "../../src/jose/jwk.js";

export const { Point } = ed25519;
export type EdPoint = InstanceType<typeof Point>;

/** The order of the base point. */
export const L: bigint = Point.Fn.ORDER;

/** Numbers of RFC 8032 are little-endian. */
export const toBigInt = (bytes: Uint8Array): bigint =>
  BigInt(`0x${Buffer.from(bytes.toReversed()).toString("hex")}`);
export const toBytes = (value: bigint): Uint8Array =>
  Buffer.from(value.toString(16).padStart(64, "0"), "hex").toReversed();

/** A point of order 8, by decoding its well-known encoding. */
export const TORSION: EdPoint = Point.fromBytes(
  Buffer.from("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05", "hex"),
);
export const MESSAGE: Uint8Array = Buffer.from("a signing input");
export const SECRET = 0x1234_5678_9abc_def0_1234n;
export const NONCE = 0xfeed_beefn;

/**
 * R || S with S = r + k·a, where a is A's discrete logarithm to the base B; R and A may carry
 * torsion.
 */
export function sign(A: EdPoint, R: EdPoint, message: Uint8Array): Uint8Array {
  const k = challenge(A.toBytes(), R.toBytes(), message);
  return Buffer.concat([R.toBytes(), toBytes((NONCE + k * SECRET) % L)]);
}

export function challenge(A: Uint8Array, R: Uint8Array, message: Uint8Array): bigint {
  return toBigInt(createHash("sha512").update(R).update(A).update(message).digest()) % L;
}

/**
 * A message for which k is, or is not, a multiple of 8: then torsion in A vanishes from [k]A, or
 * does not.
 */
export function messageWhere(A: EdPoint, R: EdPoint, wanted: (k: bigint) => boolean): Uint8Array {
  for (let i = 0; ; i++) {
    const message = Buffer.from(`message ${i}`);
    if (wanted(challenge(A.toBytes(), R.toBytes(), message))) return message;
  }
}

/** What the library says; a key that it refuses makes no signature valid. */
export function ours(A: Uint8Array, signature: Uint8Array, message: Uint8Array): boolean {
  const x = Buffer.from(A).toString("base64url");
  const jwk = readPublicJwk({ kty: "OKP", crv: "Ed25519", x });
  const key = typeof jwk === "string" ? null : noble.EdDSA.importKey(jwk);
  return key !== null && key.verify(signature, message);
}

/** What node:crypto says, which takes keys of small order. */
export function theirs(A: Uint8Array, signature: Uint8Array, message: Uint8Array): boolean {
  const x = Buffer.from(A).toString("base64url");
  const key = createPublicKey({ key: { kty: "OKP", crv: "Ed25519", x }, format: "jwk" });
  return nodeVerify(null, message, key, signature);
}

export const A: EdPoint = Point.BASE.multiply(SECRET);
export const R: EdPoint = Point.BASE.multiply(NONCE);
