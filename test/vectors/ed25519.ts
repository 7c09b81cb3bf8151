// ed25519.json: signatures and keys on which implementations of Ed25519 differ, with the answer of
// RFC 8032 section 5.1.7 without the cofactor, and nothing of small order, in keys or signatures.
import {
  A,
  challenge,
  L,
  MESSAGE,
  messageWhere,
  NONCE,
  Point,
  R,
  SECRET,
  sign,
  toBigInt,
  toBytes,
  TORSION,
} from "../support/ed25519.js";

export interface Ed25519Vector {
  readonly name: string;
  readonly jwk: { readonly kty: "OKP"; readonly crv: "Ed25519"; readonly x: string };
  /** Hexadecimal, as the signature. */
  readonly message: string;
  readonly signature: string;
  /** jwk_invalid: the key is refused, whatever it is said to have signed. */
  readonly expect: "valid" | "invalid" | "jwk_invalid";
  /** Other implementations differ on it, or one release of node:crypto from another. */
  readonly disputed?: true;
}

export function ed25519Vectors(): readonly Ed25519Vector[] {
  return [
    ...published(),
    ...torsion(),
    ...otherScalars(),
    ...otherPoints(),
    ...otherSizes(),
    ...keys(),
  ];
}

const KEY = A.toBytes();
const GOOD = sign(A, R, MESSAGE);
const GOOD_R = GOOD.subarray(0, 32);
const GOOD_S = GOOD.subarray(32);

const bytesOf = (hex: string): Uint8Array => Buffer.from(hex, "hex");
const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");

function vector(
  name: string,
  expect: Ed25519Vector["expect"],
  signature: Uint8Array,
  key: Uint8Array = KEY,
  message: Uint8Array = MESSAGE,
): Ed25519Vector {
  const x = Buffer.from(key).toString("base64url");
  return {
    name,
    jwk: { kty: "OKP", crv: "Ed25519", x },
    message: hexOf(message),
    signature: hexOf(signature),
    expect,
  };
}

function disputed(other: Ed25519Vector): Ed25519Vector {
  return { ...other, disputed: true };
}

/** RFC 8032 section 7.1. */
function published(): readonly Ed25519Vector[] {
  const tests = [
    [
      "TEST 1",
      "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
      "",
      "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
    ],
    [
      "TEST 2",
      "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
      "72",
      "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
    ],
    [
      "TEST 3",
      "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
      "af82",
      "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
    ],
  ] as const;
  return tests.map(([name, key, message, signature]) =>
    vector(`RFC 8032 7.1 ${name}`, "valid", bytesOf(signature), bytesOf(key), bytesOf(message)),
  );
}

/** The equation multiplied by the cofactor holds for all of these. */
function torsion(): readonly Ed25519Vector[] {
  const twisted = A.add(TORSION);
  const key = twisted.toBytes();
  const stays = messageWhere(twisted, R, (k) => k % 8n !== 0n);
  const vanishes = messageWhere(twisted, R, (k) => k % 8n === 0n);
  return [
    vector("no torsion", "valid", GOOD),
    ...[1n, 2n, 3n, 4n, 5n, 6n, 7n].map((t) => {
      const signature = sign(A, R.add(TORSION.multiplyUnsafe(t)), MESSAGE);
      return vector(`torsion in R: ${t} times the point of order 8`, "invalid", signature);
    }),
    vector("torsion in A that stays", "invalid", sign(twisted, R, stays), key, stays),
    vector("torsion in A that k cancels", "valid", sign(twisted, R, vanishes), key, vanishes),
    ...[1n, 2n, 3n, 4n, 5n, 6n, 7n].map((t) => {
      const other = R.add(TORSION.multiplyUnsafe(t));
      const message = messageWhere(twisted, other, (k) => (k + t) % 8n === 0n);
      const name = `torsion in A that ${t} times the same in R cancels`;
      return vector(name, "valid", sign(twisted, other, message), key, message);
    }),
  ];
}

/** S is below L, or one signature has several forms. */
function otherScalars(): readonly Ed25519Vector[] {
  const withS = (name: string, s: bigint): Ed25519Vector =>
    vector(name, "invalid", Buffer.concat([GOOD_R, toBytes(s)]));
  const s = toBigInt(GOOD_S);
  return [
    withS("S + L", s + L),
    withS("S + 2L", s + 2n * L),
    withS("S + 8L, which the cofactor would remove", s + 8n * L),
    withS("S = L", L),
    withS("S = 0", 0n),
    withS("S of nothing but ones", (1n << 256n) - 1n),
    withS("-S", L - s),
    withS("a bit of S changed", s ^ 1n),
    withS("the highest bit of S set", s | (1n << 255n)),
  ];
}

/** R is compared as bytes, so that a second encoding of the right point is not the right R. */
function otherPoints(): readonly Ed25519Vector[] {
  const withR = (name: string, r: Uint8Array): Ed25519Vector =>
    vector(name, "invalid", Buffer.concat([r, GOOD_S]));
  /** With the identity for R, r is 0. */
  const identity = (name: string, r: string): Ed25519Vector => {
    const s = (challenge(KEY, bytesOf(r), MESSAGE) * SECRET) % L;
    return vector(name, "invalid", Buffer.concat([bytesOf(r), toBytes(s)]));
  };
  return [
    disputed(identity("R = the identity, y = 1", `01${"00".repeat(31)}`)),
    identity("R = the identity, y = p + 1", `ee${"ff".repeat(30)}7f`),
    identity("R = the identity with the sign bit", `01${"00".repeat(30)}80`),
    ...smallOrder(),
    withR("-R", R.negate().toBytes()),
    withR("a bit of R changed", toBytes(toBigInt(GOOD_R) ^ 1n)),
    withR("an R that is not on the curve", toBytes(2n)),
    withR("an R of nothing but ones", Buffer.alloc(32, 255)),
    withR("an R of zeros", new Uint8Array(32)),
    vector("another message", "invalid", GOOD, KEY, Buffer.from("another signing input")),
    vector("another key", "invalid", GOOD, Point.BASE.multiply(SECRET + 1n).toBytes()),
    vector("the key with its sign bit changed", "invalid", GOOD, A.negate().toBytes()),
  ];
}

/** Valid by the equation, because torsion in A cancels that of R; but R says nothing of r. */
function smallOrder(): readonly Ed25519Vector[] {
  const twisted = A.add(TORSION);
  const key = twisted.toBytes();
  return [1n, 2n, 3n, 4n, 5n, 6n, 7n].map((t): Ed25519Vector => {
    const small = TORSION.multiplyUnsafe(t);
    const message = messageWhere(twisted, small, (k) => (k + t) % 8n === 0n);
    const s = (challenge(key, small.toBytes(), message) * SECRET) % L;
    const signature = Buffer.concat([small.toBytes(), toBytes(s)]);
    const name = `R = ${t} times the point of order 8, which torsion in A cancels`;
    return disputed(vector(name, "invalid", signature, key, message));
  });
}

function otherSizes(): readonly Ed25519Vector[] {
  return [
    vector("a signature of 0 bytes", "invalid", new Uint8Array()),
    vector("a signature of only R", "invalid", GOOD_R),
    vector("a signature cut short", "invalid", GOOD.subarray(0, 63)),
    vector("a signature with a byte behind it", "invalid", Buffer.concat([GOOD, Buffer.alloc(1)])),
    vector("a signature twice", "invalid", Buffer.concat([GOOD, GOOD])),
    vector("a signature of 64 zeros", "invalid", new Uint8Array(64)),
  ];
}

/** Under a key of small order anyone can sign: where k is a multiple of 8, S = r will do. */
function keys(): readonly Ed25519Vector[] {
  const refused = (name: string, hex: string): Ed25519Vector => {
    const key = bytesOf(hex);
    for (let i = 0; ; i++) {
      const message = Buffer.from(`message ${i}`);
      if (challenge(key, R.toBytes(), message) % 8n !== 0n) continue;
      const signature = Buffer.concat([R.toBytes(), toBytes(NONCE)]);
      return vector(`a key that is refused: ${name}`, "jwk_invalid", signature, key, message);
    }
  };
  const ff = "ff".repeat(30);
  const order8 = [
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03",
  ] as const;
  return [
    refused("order 1, y = 1", `01${"00".repeat(31)}`),
    refused("order 1, y = 1 with the sign bit", `01${"00".repeat(30)}80`),
    refused("order 1, y = p + 1", `ee${ff}7f`),
    refused("order 1, y = p + 1 with the sign bit", `ee${ff}ff`),
    refused("order 2, y = -1", `ec${ff}7f`),
    refused("order 2, y = -1 with the sign bit", `ec${ff}ff`),
    refused("order 4, y = 0", "00".repeat(32)),
    refused("order 4, y = 0 with the sign bit", `${"00".repeat(31)}80`),
    refused("order 4, y = p", `ed${ff}7f`),
    refused("order 4, y = p with the sign bit", `ed${ff}ff`),
    refused("order 8", `${order8[0]}05`),
    refused("order 8 with the sign bit", `${order8[0]}85`),
    refused("order 8, another", `${order8[1]}7a`),
    refused("order 8, another, with the sign bit", `${order8[1]}fa`),
    refused("y = p + 3, a second form of y = 3, of no small order", `f0${ff}7f`),
    refused("y = 2^255 - 1", `ff${ff}7f`),
    refused("y = 2, not on the curve", `02${"00".repeat(31)}`),
  ];
}
