// ES256 by classes: every rule of FIPS 186-4 section 6.4.2 broken on its own, and keys made so that a
// verification runs into the exceptional cases of the group law and ends at the edges of the fields.
//
// A key is made to a signature where none could be made to a key: with R = kG, r and a message there
// is for every s one private key d = (s·k - z)/r under which it is valid. u1 = z/s and u2 = r/s are
// then what we like. What can't be had is u1 = 0: it needs a message whose hash is 0.
import { createECDH, createHash } from "node:crypto";
import { p256 } from "@noble/curves/nist.js";
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
import type { Dice } from "./dice.js";

const { Point } = p256;
type EcPoint = InstanceType<typeof Point>;
const { Fn, Fp } = Point;
export const N: bigint = Fn.ORDER;
const P = Fp.ORDER;
const TOP = 1n << 256n;

const CLASSES = {
  valid: "accepted",
  "s negated": "accepted", // n - s: JOSE asks for no low s
  "key a small multiple of G or -G": "accepted",
  "u1·G = u2·Q": "accepted", // the last addition doubles
  "u1 chosen": "accepted", // 1, n - 1, powers of two, teeth of combs…
  "u2 chosen": "accepted",
  "s small": "accepted",
  "x of R past the order": "accepted", // r = x - n
  "r small": "accepted", // r + n is below p, and is not x
  "r = 0": "refused",
  "s = 0": "refused",
  "r = n": "refused",
  "s = n": "refused",
  "r or s = n ± 1": "refused",
  "r or s past the order": "refused",
  "r + n": "refused",
  "s + n": "refused",
  "bit of r": "refused",
  "bit of s": "refused",
  "r and s swapped": "refused",
  "unrelated r and s": "refused",
  "other key": "refused",
  "key negated": "refused",
  "other message": "refused",
  "wrong length": "refused",
  "u1·G = -u2·Q": "refused", // the sum is the point at infinity
  "u1·G = u2·Q, unrelated s": "refused",
  "key off the curve": "no key",
  "coordinate past the field": "no key",
} as const satisfies Record<string, Verdict>;

type ClassName = keyof typeof CLASSES;

/** A key with a known private part. */
interface Owner extends Subject {
  readonly d: bigint;
}

// Numbers, points, signatures.

export const mod = (value: bigint): bigint => Fn.create(value);
export const divided = (a: bigint, b: bigint): bigint => mod(a * Fn.inv(mod(b)));
export const toBytes = (value: bigint): Uint8Array =>
  Uint8Array.from(Buffer.from(value.toString(16).padStart(64, "0"), "hex"));
const toBigInt = (bytes: Uint8Array): bigint => BigInt(`0x${Buffer.from(bytes).toString("hex")}`);
export const pair = (r: bigint, s: bigint): Uint8Array => concat(toBytes(r), toBytes(s));
const rOf = (signature: Uint8Array): bigint => toBigInt(signature.subarray(0, 32));
const sOf = (signature: Uint8Array): bigint => toBigInt(signature.subarray(32));
const hashed = (data: Uint8Array): bigint =>
  mod(toBigInt(createHash("sha256").update(data).digest()));

/** 04 || x || y of the multiple of G, by OpenSSL. */
export function multiple(k: bigint): Uint8Array {
  const ecdh = createECDH("prime256v1");
  ecdh.setPrivateKey(toBytes(k));
  return ecdh.getPublicKey();
}

const xOfMultiple = (k: bigint): bigint => toBigInt(multiple(k).subarray(1, 33));

export function jwkOf(point: Uint8Array): Subject["jwk"] {
  return { kty: "EC", crv: "P-256", ...coordinates(point.subarray(1, 33), point.subarray(33)) };
}

const coordinates = (x: Uint8Array, y: Uint8Array): { readonly x: string; readonly y: string } => ({
  x: base64url(x),
  y: base64url(y),
});

/** FIPS 186-4 section 6.4 with a k of the dice, so that a seed gives the same signatures always. */
function sign(d: bigint, data: Uint8Array, dice: Dice): Signed {
  const k = dice.scalar(N);
  const r = mod(xOfMultiple(k));
  const s = divided(hashed(data) + r * d, k);
  return r === 0n || s === 0n ? sign(d, data, dice) : { signature: pair(r, s), data };
}

const ownerOf = (d: bigint, dice: Dice): Owner => ({
  d,
  jwk: jwkOf(multiple(d)),
  witness: sign(d, randomData(dice), dice),
});

/** Scalars at which tables and digits are at an end, or are hit once only. */
export const SCALARS: readonly bigint[] = [
  ...times(40, (i) => BigInt(i + 1)),
  ...times(256, (i) => 1n << BigInt(i)),
  ...times(256, (i) => (1n << BigInt(i)) - 1n),
  ...times(256, (i) => (1n << BigInt(i)) + 1n),
  // One bit in every so many: the teeth of a comb, by themselves or filled up to the next.
  ...[13, 22, 26, 32, 37, 43, 52, 64].flatMap((gap) => {
    const teeth = times(Math.ceil(256 / gap), (i) => 1n << BigInt(i * gap)).reduce((a, b) => a + b);
    return [teeth, teeth * 3n, teeth << BigInt(gap - 1), TOP - teeth];
  }),
  (N - 1n) / 2n,
  (N + 1n) / 2n,
]
  .flatMap((value) => [mod(value), mod(-value)])
  .filter((value) => value !== 0n);

// The classes. Each function makes those that share a key, or a way to make one.

function made(name: ClassName, subject: Subject, signature: Uint8Array, data: Uint8Array) {
  return { name, subject, signature, data } satisfies SignatureCase;
}

/** What is done to a signature of `owner`; `other` is the key that it is tried with. */
function* ofHonestKeys(owner: Owner, other: Owner, dice: Dice): Generator<SignatureCase> {
  const fresh = (): Signed => sign(owner.d, randomData(dice), dice);
  const near = (value: bigint): bigint => value + BigInt(2 * dice.below(2) - 1);
  const past = (): bigint =>
    dice.pick([P, P - 1n, P - N, TOP - 1n, TOP - 2n, N + dice.scalar(TOP - N)]);
  const either = (signature: Uint8Array, value: bigint): Uint8Array =>
    dice.below(2) === 0 ? pair(value, sOf(signature)) : pair(rOf(signature), value);
  const changes: readonly (readonly [ClassName, (signature: Uint8Array) => Uint8Array])[] = [
    ["s negated", (old) => pair(rOf(old), N - sOf(old))],
    ["s negated", (old) => pair(rOf(old), N - sOf(old))],
    ["r = 0", (old) => pair(0n, sOf(old))],
    ["s = 0", (old) => pair(rOf(old), 0n)],
    ["r = n", (old) => pair(N, sOf(old))],
    ["s = n", (old) => pair(rOf(old), N)],
    ["r or s = n ± 1", (old) => either(old, near(N))],
    ["r or s past the order", (old) => either(old, pastOrder(past()))],
    ["bit of r", (old) => flippedBit(old, 0, 32, dice)],
    ["bit of s", (old) => flippedBit(old, 32, 64, dice)],
    ["r and s swapped", (old) => pair(sOf(old), rOf(old))],
    ["unrelated r and s", () => pair(dice.scalar(N), dice.scalar(N))],
    ["wrong length", (old) => wrongLength(old, dice)],
  ];
  for (const [name, change] of changes) {
    for (const { signature, data } of times(PER_CLASS, fresh)) {
      yield made(name, owner, change(signature), data);
    }
  }
  const negated: Subject = { jwk: negatedJwk(owner.jwk), witness: negatedWitness(owner, dice) };
  for (const { signature, data } of times(PER_CLASS, fresh)) {
    yield made("other key", other, signature, data);
    yield made("key negated", negated, signature, data);
    yield made("other message", owner, signature, changedData(data, dice));
    yield made("key off the curve", offCurve(owner, dice), signature, data);
    yield made("coordinate past the field", pastField(owner, dice), signature, data);
  }
}

const pastOrder = (value: bigint): bigint => (value < N ? N + value : value);

function wrongLength(signature: Uint8Array, dice: Dice): Uint8Array {
  switch (dice.below(6)) {
    case 0:
      return signature.subarray(0, dice.below(64));
    case 1:
      return concat(signature, dice.bytes(1 + dice.below(68)));
    case 2:
      return concat(Uint8Array.of(0), signature); // as of a wider curve
    case 3:
      return concat(
        Uint8Array.of(0),
        signature.subarray(0, 32),
        Uint8Array.of(0),
        signature.subarray(32),
      );
    default:
      return p256.Signature.fromBytes(signature, "compact").toBytes("der");
  }
}

const negatedJwk = (jwk: Subject["jwk"]): Subject["jwk"] => {
  const y = toBigInt(Buffer.from(jwk["y"] ?? "", "base64url"));
  return { ...jwk, y: base64url(toBytes(P - y)) };
};

const negatedWitness = ({ d }: Owner, dice: Dice): Signed => sign(N - d, randomData(dice), dice);

function offCurve({ jwk }: Owner, dice: Dice): Subject {
  const x = Buffer.from(jwk["x"] ?? "", "base64url");
  const y = Buffer.from(jwk["y"] ?? "", "base64url");
  const [left, right] = dice.pick<readonly [Uint8Array, Uint8Array]>([
    [x, flippedBit(y, 1, 32, dice)],
    [flippedBit(x, 1, 32, dice), y],
    [y, x],
    [toBytes(dice.scalar(P)), toBytes(dice.scalar(P))],
    [toBytes(0n), toBytes(0n)],
    [x, toBytes(0n)],
    [toBytes(P - 1n), toBytes(P - 1n)],
  ]);
  const isOn = Fp.eql(Fp.sqr(toBigInt(right)), weierstrass(toBigInt(left)));
  const isSound = !isOn && toBigInt(left) < P && toBigInt(right) < P;
  if (!isSound) throw new Error("a point off the curve was due"); // as good as never
  return { jwk: { ...jwk, ...coordinates(left, right) }, witness: undefined };
}

/** x^3 - 3x + b */
const weierstrass = (x: bigint): bigint => {
  const { a, b } = Point.CURVE();
  return Fp.create(x * x * x + a * x + b);
};

/** A key written with its coordinate plus p, where that fits, or with one that is no coordinate. */
function pastField({ jwk }: Owner, dice: Dice): Subject {
  const past = base64url(toBytes(dice.pick([P, P + 1n, TOP - 1n, P + dice.scalar(TOP - P)])));
  const small = pointAt(dice.scalar(TOP - P - 1000n));
  const again = { ...small.jwk, x: base64url(toBytes(small.x + P)) };
  const written = dice.pick([{ ...jwk, x: past }, { ...jwk, y: past }, again]);
  return { jwk: written, witness: undefined };
}

/** The first point with an x of at least this. */
function pointAt(from: bigint): {
  readonly x: bigint;
  readonly point: EcPoint;
  readonly jwk: Subject["jwk"];
} {
  for (let x = from; ; x++) {
    const square = weierstrass(x);
    if (!Fp.isValid(x) || !isSquare(square)) continue;
    const point = Point.fromAffine({ x, y: Fp.sqrt(square) });
    return { x, point, jwk: jwkOf(point.toBytes(false)) };
  }
}

/** Euler's criterion. */
const isSquare = (value: bigint): boolean => Fp.eql(Fp.pow(value, (P - 1n) / 2n), Fp.ONE);

/** The key d = (s·k - z)/r, and its signature; undefined where d is 0. */
function keyOfSignature(
  k: bigint,
  s: bigint,
  data: Uint8Array,
): { readonly owner: Owner; readonly r: bigint; readonly s: bigint } | undefined {
  const r = mod(xOfMultiple(k));
  const d = divided(s * k - hashed(data), r);
  if (r === 0n || s === 0n || d === 0n) return undefined;
  const witness = { signature: pair(r, s), data };
  return { owner: { d, jwk: jwkOf(multiple(d)), witness }, r, s };
}

function* ofMadeKeys(dice: Dice): Generator<SignatureCase> {
  const data = randomData(dice);
  const z = hashed(data);
  const k = dice.scalar(N);
  const r = mod(xOfMultiple(k));
  const chosen = dice.pick(SCALARS);
  const small = dice.scalar(1n << BigInt(1 + dice.below(223)));
  const ways: readonly (readonly [ClassName, bigint])[] = [
    ["u1·G = u2·Q", divided(2n * z, k)],
    ["u1 chosen", divided(z, chosen)],
    ["u2 chosen", divided(r, chosen)],
    ["s small", small],
  ];
  for (const [name, wanted] of ways) {
    const key = keyOfSignature(k, wanted, data);
    if (key === undefined) throw new Error("a number that is 0 came up"); // as good as never
    const { owner, s } = key;
    yield made(name, owner, pair(r, s), data);
    yield made(name, owner, pair(r, N - s), data);
    if (name === "s small") {
      yield made("s + n", owner, pair(r, s + N), data);
      yield made("s + n", owner, pair(r, s + N), changedData(data, dice));
    }
    if (name === "u1·G = u2·Q") {
      yield made("u1·G = u2·Q, unrelated s", owner, pair(r, dice.scalar(N)), data);
      yield made("u1·G = u2·Q, unrelated s", owner, pair(r, dice.pick(SCALARS)), data);
    }
  }
  const opposite = ownerOf(divided(-z, r), dice);
  yield made("u1·G = -u2·Q", opposite, pair(r, dice.scalar(N)), data);
  yield made("u1·G = -u2·Q", opposite, pair(r, dice.pick(SCALARS)), data);
  const multiples = ownerOf(mod(dice.pick([1n, -1n]) * dice.scalar(40n)), dice);
  const one = sign(multiples.d, data, dice);
  yield made("key a small multiple of G or -G", multiples, one.signature, data);
  yield made(
    "key a small multiple of G or -G",
    multiples,
    pair(rOf(one.signature), N - sOf(one.signature)),
    data,
  );
}

/** With an R of unknown logarithm, and a key made to it: Q = (R - u1·G)/u2. */
function* ofMadePoints(dice: Dice): Generator<SignatureCase> {
  const gap = P - N;
  for (const name of ["x of R past the order", "r small"] as const) {
    const from = dice.below(4) === 0 ? BigInt(1 + dice.below(100)) : dice.scalar(gap - 1000n);
    const { x, point } = pointAt(name === "r small" ? from : N + from);
    const R = dice.below(2) === 0 ? point : point.negate();
    const r = mod(x);
    const s = dice.scalar(N);
    const data = randomData(dice);
    const u2 = divided(r, s);
    const minusU1 = divided(-hashed(data), s);
    const Q = R.add(Point.BASE.multiplyUnsafe(minusU1)).multiplyUnsafe(Fn.inv(u2));
    const witness = { signature: pair(r, s), data };
    const subject: Subject = { jwk: jwkOf(Q.toBytes(false)), witness };
    yield made(name, subject, pair(r, s), data);
    yield made(name, subject, pair(r, N - s), data);
    yield made("r + n", subject, pair(r + N, s), data);
  }
}

/** So that about half of all are accepted. */
const VALID = 88;

function round(dice: Dice): readonly SignatureCase[] {
  const owner = ownerOf(dice.scalar(N), dice);
  const other = ownerOf(dice.scalar(N), dice);
  const valid = times(VALID, (i): SignatureCase => {
    const subject = i % 4 === 0 ? other : owner;
    const { signature, data } = sign(subject.d, randomData(dice), dice);
    return made("valid", subject, signature, data);
  });
  return shuffled(
    [
      ...valid,
      ...ofHonestKeys(owner, other, dice),
      ...times(MADE, () => [...ofMadeKeys(dice), ...ofMadePoints(dice)]).flat(),
    ],
    dice,
  );
}

export const p256Curve: Curve = {
  name: "ES256",
  alg: "ES256",
  ownHash: true,
  classes: new Map<string, Verdict>(Object.entries(CLASSES)),
  perRound: VALID + 13 * PER_CLASS + 5 * PER_CLASS + MADE * (8 + 2 + 2 + 2 + 2 + 6),
  round,
};
