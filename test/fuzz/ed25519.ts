// Ed25519 by classes: every rule of RFC 8032 section 5.1.7 broken on its own, and what the group of
// order 8·L has beside the honest part: torsion in R, in A, in both so that it cancels out, and points
// of small order. Valid is what satisfies [S]B = R + [k]A without the cofactor.
import { createPrivateKey, createPublicKey, sign as nodeSign } from "node:crypto";
import {
  challenge,
  type EdPoint,
  L,
  Point,
  toBigInt,
  toBytes,
  TORSION,
} from "../support/ed25519.js";
import {
  base64url,
  changedData,
  concat,
  type Curve,
  flippedBit,
  MADE,
  PER_CLASS,
  randomData,
  shuffled,
  type SignatureCase,
  type Signed,
  type Subject,
  times,
  type Verdict,
} from "./case.js";
import { exportJwk } from "../support/key-pair.js";
import type { Dice } from "./dice.js";

const P = Point.Fp.ORDER;
const TOP = 1n << 256n;
const SIGN = 1n << 255n;

const CLASSES = {
  valid: "accepted",
  "message at the edge of a block": "accepted",
  "A a small multiple of B": "accepted",
  "R a small multiple of B": "accepted",
  "R = A or R = -A": "accepted",
  "torsion in A, none in [k]A": "accepted",
  "torsion in A and R, together none": "accepted",
  "S + L": "refused",
  "S + 2L to S + 14L": "refused",
  "S = 0": "refused",
  "S = L": "refused",
  "S near L": "refused",
  "S with its highest bits set": "refused",
  "S negated": "refused",
  "R and S swapped": "refused",
  "sign of R": "refused",
  "bit of R": "refused",
  "bit of S": "refused",
  "unrelated R and S": "refused",
  "other key": "refused",
  "A negated": "refused",
  "other message": "refused",
  "wrong length": "refused",
  "R not canonical": "refused",
  "R of small order, not valid": "refused",
  "R of small order, valid": "disputed", // src/jose/ed25519.ts: Node 20 takes it, Node 24 does not
  "torsion in R": "refused", // valid if both sides were multiplied by the cofactor
  "torsion in A": "refused", // the same
  "A not canonical": "no key",
  "A of small order": "no key",
  "A off the curve": "no key",
} as const satisfies Record<string, Verdict>;

type ClassName = keyof typeof CLASSES;

/** A key with a known private part: A = [a]B, and torsion, which may be the neutral point. */
interface Owner extends Subject {
  readonly a: bigint;
  readonly A: Uint8Array;
}

// Keys and signatures.

export const jwkOf = (A: Uint8Array): Subject["jwk"] => ({
  kty: "OKP",
  crv: "Ed25519",
  x: base64url(A),
});

const keyOnly = (A: Uint8Array): Subject => ({ jwk: jwkOf(A), witness: undefined });
export const base = (scalar: bigint): EdPoint => Point.BASE.multiplyUnsafe(scalar);
const RofSignature = (signature: Uint8Array): Uint8Array => signature.subarray(0, 32);
const sOf = (signature: Uint8Array): bigint => toBigInt(signature.subarray(32));
export const mod = (value: bigint): bigint => ((value % L) + L) % L;
export const torsion = (multiple: number): EdPoint => TORSION.multiplyUnsafe(BigInt(multiple));

/** Every encoding of a point of small order, and those of y = p and y = p + 1, which are no others. */
const SMALL_ORDER: readonly Uint8Array[] = times(8, (i) => torsion(i).toBytes()).concat(
  [1n + SIGN, P - 1n + SIGN].map(toBytes), // x = 0 and yet with a sign
);
/** y from p to 2^255 - 1, with either sign. */
const NOT_CANONICAL: readonly Uint8Array[] = times(19, (i) => P + BigInt(i)).flatMap((y) => [
  toBytes(y),
  toBytes(y + SIGN),
]);

interface NodeOwner {
  readonly subject: Subject;
  readonly A: Uint8Array;
  sign(data: Uint8Array): Signed;
}

/** An honest key of node:crypto, whose signatures are the same every time. */
function nodeOwner(dice: Dice): NodeOwner {
  const prefix = Buffer.from("302e020100300506032b657004220420", "hex"); // RFC 8410 section 7
  const der = Buffer.concat([prefix, dice.bytes(32)]);
  const key = createPrivateKey({ key: der, format: "der", type: "pkcs8" });
  const { x = "" } = exportJwk(createPublicKey(key));
  const sign = (data: Uint8Array): Signed => ({
    signature: Uint8Array.from(nodeSign(null, data, key)),
    data,
  });
  const A = Uint8Array.from(Buffer.from(x, "base64url"));
  return { subject: { jwk: jwkOf(A), witness: sign(randomData(dice)) }, A, sign };
}

/** S = r + k·a for an R that is [r]B but for torsion, which may be none. */
function signed(owner: Pick<Owner, "a" | "A">, r: bigint, R: Uint8Array, data: Uint8Array): Signed {
  const k = challenge(owner.A, R, data);
  return { signature: concat(R, toBytes(mod(r + k * owner.a))), data };
}

function ownerOf(a: bigint, dice: Dice): Owner {
  const A = base(a).toBytes();
  const r = dice.scalar(L);
  const witness = signed({ a, A }, r, base(r).toBytes(), randomData(dice));
  return { a, A, jwk: jwkOf(A), witness };
}

/** A message for which k has a remainder by 8: that says what [k] makes of torsion. */
function dataWhere(
  A: Uint8Array,
  R: Uint8Array,
  wanted: (k: bigint) => boolean,
  dice: Dice,
): Uint8Array {
  for (;;) {
    const data = randomData(dice);
    if (wanted(challenge(A, R, data))) return data;
  }
}

// The classes. Each function makes those that share a key, or a way to make one.

function made(name: ClassName, subject: Subject, { signature, data }: Signed): SignatureCase {
  return { name, subject, signature, data };
}

function* ofHonestKeys(owner: NodeOwner, other: NodeOwner, dice: Dice): Generator<SignatureCase> {
  const fresh = (): Signed => owner.sign(randomData(dice));
  const withS = (old: Uint8Array, S: bigint): Uint8Array => concat(RofSignature(old), toBytes(S));
  const highBits = (): bigint => BigInt(1 + dice.below(7)) << 253n;
  const nearL = (): bigint =>
    dice.pick([L - 1n, L + 1n, L + 2n, 1n << 252n, (1n << 253n) - 1n, TOP - 1n]);
  const changes: readonly (readonly [ClassName, (signature: Uint8Array) => Uint8Array])[] = [
    ["S + L", (old) => withS(old, sOf(old) + L)],
    ["S + 2L to S + 14L", (old) => withS(old, sOf(old) + BigInt(2 + dice.below(13)) * L)],
    ["S = 0", (old) => withS(old, 0n)],
    ["S = L", (old) => withS(old, L)],
    ["S near L", (old) => withS(old, nearL())],
    ["S with its highest bits set", (old) => withS(old, sOf(old) | highBits())],
    ["S negated", (old) => withS(old, mod(-sOf(old)))],
    ["R and S swapped", (old) => concat(old.subarray(32), RofSignature(old))],
    ["sign of R", (old) => old.map((byte, i) => (i === 31 ? byte ^ 0x80 : byte))],
    ["bit of R", (old) => flippedBit(old, 0, 32, dice)],
    ["bit of S", (old) => flippedBit(old, 32, 64, dice)],
    ["unrelated R and S", () => concat(dice.bytes(32), toBytes(dice.scalar(L)))],
    ["wrong length", (old) => wrongLength(old, dice)],
    ["R not canonical", (old) => concat(dice.pick(NOT_CANONICAL), old.subarray(32))],
    ["R of small order, not valid", (old) => concat(dice.pick(SMALL_ORDER), old.subarray(32))],
  ];
  for (const [name, change] of changes) {
    for (const { signature, data } of times(PER_CLASS, fresh)) {
      yield made(name, owner.subject, { signature: change(signature), data });
    }
  }
  for (const one of times(PER_CLASS, fresh)) {
    yield made("other key", other.subject, one);
    yield made("other message", owner.subject, { ...one, data: changedData(one.data, dice) });
    yield made("A not canonical", keyOnly(dice.pick(NOT_CANONICAL)), one);
    yield made("A of small order", keyOnly(dice.pick(SMALL_ORDER)), one);
    yield made("A off the curve", keyOnly(offCurve(owner.A, dice)), one);
  }
}

function wrongLength(signature: Uint8Array, dice: Dice): Uint8Array {
  switch (dice.below(3)) {
    case 0:
      return signature.subarray(0, dice.below(64));
    case 1:
      return concat(signature, dice.bytes(1 + dice.below(68)));
    default:
      return concat(signature, Uint8Array.of(0));
  }
}

/** Half of all y have no x. */
function offCurve(A: Uint8Array, dice: Dice): Uint8Array {
  for (;;) {
    const bytes = dice.below(2) === 0 ? flippedBit(A, 0, 31, dice) : dice.bytes(32);
    if (toBigInt(bytes) % SIGN < P && !isPoint(bytes)) return bytes;
  }
}

function isPoint(bytes: Uint8Array): boolean {
  try {
    Point.fromBytes(bytes, false);
    return true;
  } catch {
    return false;
  }
}

/** Lengths at which the 64 bytes before the message and the padding of SHA-512 fill a block, or not. */
const EDGES: readonly number[] = [
  0, 1, 46, 47, 48, 49, 63, 64, 65, 127, 128, 174, 175, 176, 191, 192, 193,
];

function* ofScalars(dice: Dice): Generator<SignatureCase> {
  const small = ownerOf(mod(dice.pick([1n, -1n]) * dice.scalar(40n)), dice);
  const owner = ownerOf(dice.scalar(L), dice);
  const negated = ownerOf(mod(-owner.a), dice);
  for (const _ of times(2, () => null)) {
    const r = dice.scalar(L);
    const plain = signed(owner, r, base(r).toBytes(), randomData(dice));
    yield made("A negated", negated, plain);
    yield made(
      "A a small multiple of B",
      small,
      signed(small, r, base(r).toBytes(), randomData(dice)),
    );
    const near = mod(dice.pick([1n, -1n]) * dice.scalar(40n));
    const R = base(near).toBytes();
    yield made("R a small multiple of B", owner, signed(owner, near, R, randomData(dice)));
    const same = mod(dice.pick([owner.a, -owner.a]));
    const asA = base(same).toBytes();
    yield made("R = A or R = -A", owner, signed(owner, same, asA, randomData(dice)));
  }
}

/** With points that have a part of small order. */
function* ofTorsion(dice: Dice): Generator<SignatureCase> {
  const a = dice.scalar(L);
  const T = torsion(1 + dice.below(7));
  const mixedA = base(a).add(T).toBytes();
  const vanishes = (k: bigint): boolean => T.multiplyUnsafe(k % 8n).is0();
  const remains = (k: bigint): boolean => !vanishes(k);
  const sound = (): Signed => {
    const r = dice.scalar(L);
    const R = base(r).toBytes();
    return signed({ a, A: mixedA }, r, R, dataWhere(mixedA, R, vanishes, dice));
  };
  const mixed: Owner = { a, A: mixedA, jwk: jwkOf(mixedA), witness: sound() };
  const plain = ownerOf(a, dice);
  for (const _ of times(2, () => null)) {
    const r = dice.scalar(L);
    const R = base(r).toBytes();
    const other = torsion(1 + dice.below(7));
    const mixedR = base(r).add(other).toBytes();
    yield made("torsion in A, none in [k]A", mixed, sound());
    const left = dataWhere(mixedA, R, remains, dice);
    yield made("torsion in A", mixed, signed(mixed, r, R, left));
    yield made("torsion in R", plain, signed(plain, r, mixedR, randomData(dice)));
    yield made("torsion in A and R, together none", mixed, cancelled(mixed, r, T, dice));
    yield made("R of small order, valid", ...smallR(plain, mixed, T, dice));
    const asZero = toBytes(dice.pick([P + 1n, P + 1n + SIGN, 1n + SIGN])); // to a lenient reader
    yield made("R not canonical", plain, signed(plain, 0n, asZero, randomData(dice)));
  }
}

/** R = [r]B - [k]T, for a k that depends on R: by trying. */
function cancelled(mixed: Owner, r: bigint, T: EdPoint, dice: Dice): Signed {
  const multiples = times(7, (i) => T.multiplyUnsafe(BigInt(i + 1))).filter((one) => !one.is0());
  const due = dice.pick(multiples);
  const R = base(r).subtract(due).toBytes();
  const fits = (k: bigint): boolean => T.multiplyUnsafe(k % 8n).equals(due);
  return signed(mixed, r, R, dataWhere(mixed.A, R, fits, dice));
}

/** S = k·a: then R is the neutral element, or under a key with torsion what makes up for that. */
function smallR(plain: Owner, mixed: Owner, T: EdPoint, dice: Dice): readonly [Owner, Signed] {
  if (dice.below(2) === 0) {
    return [plain, signed(plain, 0n, Point.ZERO.toBytes(), randomData(dice))];
  }
  const multiple = BigInt(dice.below(8));
  const R = T.multiplyUnsafe(multiple).negate();
  const fits = (k: bigint): boolean => T.multiplyUnsafe(k % 8n).equals(R.negate());
  return [mixed, signed(mixed, 0n, R.toBytes(), dataWhere(mixed.A, R.toBytes(), fits, dice))];
}

const VALID = 80;

function round(dice: Dice): readonly SignatureCase[] {
  const owner = nodeOwner(dice);
  const other = nodeOwner(dice);
  const valid = times(VALID, (i) => {
    const { subject, sign } = i % 4 === 0 ? other : owner;
    return made("valid", subject, sign(randomData(dice)));
  });
  const edges = times(PER_CLASS, () => {
    const data = dice.bytes(dice.pick(EDGES) + 128 * dice.below(3));
    return made("message at the edge of a block", owner.subject, owner.sign(data));
  });
  return shuffled(
    [
      ...valid,
      ...edges,
      ...ofHonestKeys(owner, other, dice),
      ...times(MADE, () => [...ofScalars(dice), ...ofTorsion(dice)]).flat(),
    ],
    dice,
  );
}

export const ed25519Curve: Curve = {
  name: "Ed25519",
  alg: "Ed25519",
  ownHash: true,
  classes: new Map<string, Verdict>(Object.entries(CLASSES)),
  perRound: VALID + PER_CLASS + 15 * PER_CLASS + 5 * PER_CLASS + MADE * (8 + 12),
  round,
};
