// Signatures over a hash of our choice, which no message can be found for: then the key and both of the
// factors, u1 and u2, or S and k, are what we like, and the signature is still valid. Sums meet their
// own summands on the way, doublings hide in additions, u1 or k is 0. node:crypto hashes by itself and
// is not asked; the data of a case is the hash.
import { ed25519 } from "@noble/curves/ed25519.js";
import { p256, p384, p521 } from "@noble/curves/nist.js";
import { sha256, sha384 } from "@noble/hashes/sha2.js";
import { noble, type SyncAlg } from "dpop-core";
import { nobleBackend } from "dpop-core/noble";
import { eddsaAlg } from "../../src/fast/ed25519/eddsa.js";
import { es256Alg } from "../../src/fast/p256/es256.js";
import type { Label, SyncImplementation } from "../support/implementation.js";
import { hashedEddsaInLanes, hashedEs256InLanes } from "../support/lanes.js";
import { FAST, NOBLE, NODE, WASM } from "../support/implementations.js";
import { type EdPoint, L, Point, toBytes as littleEndian } from "../support/ed25519.js";
import {
  concat,
  type Curve,
  PER_CLASS,
  shuffled,
  type SignatureCase,
  type Signed,
  type Subject,
  times,
  type Verdict,
} from "./case.js";
import type { Dice } from "./dice.js";
import { base, jwkOf as jwkOfA, mod as modL, torsion } from "./ed25519.js";
import type { Implementations } from "./key-states.js";
import { divided, jwkOf, mod, multiple, N, pair, SCALARS, toBytes } from "./p256.js";

// The implementations.

/** noble's own ES256 over a hash that was made before. */
const rawEs256: SyncAlg = {
  ...noble.ES256,
  importKey(jwk) {
    const key = noble.ES256.importKey(jwk);
    if (key === null || jwk.kty !== "EC") return null;
    const [x, y] = [jwk.x, jwk.y].map((one) => Buffer.from(one, "base64url"));
    const point = concat(Uint8Array.of(4), x ?? new Uint8Array(), y ?? new Uint8Array());
    const options = { prehash: false, lowS: false };
    return {
      size: key.size,
      verify: (signature, hash) =>
        signature.length === 64 && p256.verify(signature, hash, point, options),
    };
  },
};

/** Stands for SHA-512, so that it returns 64 bytes for everything: the last ones, after zeros. */
const lastBytes = (data: Uint8Array): Uint8Array => concat(new Uint8Array(64), data).slice(-64);

const rawNoble = nobleBackend({ p256, p384, p521, ed25519, sha256, sha384, sha512: lastBytes });

export const RAW: Implementations = {
  wasm: withAlgs(WASM, [hashedEs256InLanes, hashedEddsaInLanes(lastBytes)]),
  fast: withAlgs(FAST, [es256Alg((hash) => hash), eddsaAlg("Ed25519", lastBytes)]),
  noble: withAlgs(NOBLE, [rawEs256, rawNoble.Ed25519]),
  node: NODE,
};

function withAlgs(
  implementation: SyncImplementation,
  algs: readonly SyncAlg[],
): SyncImplementation {
  const algOf = (label: Label): SyncAlg => {
    const found = algs.find(({ alg }) => alg === label);
    if (found === undefined) throw new Error(`there is no ${label}`);
    return found;
  };
  return { ...implementation, algOf };
}

// ES256: R = u1·G + u2·Q with Q = d·G, so s = r/u2 and z = u1·s.

const P256_CLASSES = {
  valid: "accepted", // key, u1 and u2 of the dice
  "hash 0": "accepted", // u1 = 0
  "hash n": "accepted", // the same, by reduction
  "hash past the order": "accepted",
  "u1, u2 and key chosen": "accepted",
  "key G or -G, u1 and u2 chosen": "accepted",
  "other hash": "refused",
  "hash 0, other s": "refused",
  "sum is infinity": "refused",
  "u1, u2 and key chosen, other r": "refused",
} as const satisfies Record<string, Verdict>;

interface Factors {
  readonly d: bigint;
  readonly u1: bigint;
  readonly u2: bigint;
}

const keyOf = (d: bigint, dice: Dice): Subject => {
  const factors = { d, u1: dice.scalar(N), u2: dice.scalar(N) };
  return { jwk: jwkOf(multiple(d)), witness: signedBy(factors) };
};

/** undefined where R is the point at infinity. */
function signedBy({ d, u1, u2 }: Factors): Signed | undefined {
  const k = mod(u1 + u2 * d);
  if (k === 0n) return undefined;
  const x = Buffer.from(multiple(k).subarray(1, 33)).toString("hex");
  const r = mod(BigInt(`0x${x}`));
  const s = divided(r, u2);
  return { signature: pair(r, s), data: toBytes(mod(u1 * s)) };
}

function p256Round(dice: Dice): readonly SignatureCase[] {
  const d = dice.scalar(N);
  const owner = keyOf(d, dice);
  const chosenD = dice.pick(SCALARS);
  const chosen = keyOf(chosenD, dice);
  const unit = dice.pick([1n, N - 1n]);
  const generator = keyOf(unit, dice);
  const any = (): bigint => dice.scalar(N);
  const special = (): bigint => (dice.below(8) === 0 ? any() : dice.pick(SCALARS));
  const drawn = (key: bigint, u1: () => bigint, u2: () => bigint): Signed =>
    signedBy({ d: key, u1: u1(), u2: u2() }) ?? drawn(key, u1, u2);
  const zero = (): bigint => 0n;

  return shuffled(
    times(PER_CLASS, (): readonly SignatureCase[] => {
      const hash0 = drawn(d, zero, any);
      const r = pair(any(), 0n).subarray(0, 32);
      const good = drawn(d, any, any);
      const both = drawn(chosenD, special, special);
      const u2 = special();
      const u1 = mod(-u2 * chosenD);
      const s = any();
      const past = pastOrder(d, dice);
      return [
        { name: "valid", subject: owner, ...good },
        { name: "hash 0", subject: owner, ...hash0 },
        { name: "hash n", subject: owner, ...drawn(d, zero, special), data: toBytes(N) },
        { name: "hash past the order", subject: owner, ...past },
        { name: "u1, u2 and key chosen", subject: chosen, ...both },
        {
          name: "key G or -G, u1 and u2 chosen",
          subject: generator,
          ...drawn(unit, special, special),
        },
        { name: "other hash", subject: owner, ...good, data: dice.bytes(32) },
        {
          name: "hash 0, other s",
          subject: owner,
          signature: concat(hash0.signature.subarray(0, 32), toBytes(any())),
          data: hash0.data,
        },
        {
          name: "sum is infinity",
          subject: chosen,
          signature: pair(mod(u2 * s), s),
          data: toBytes(mod(u1 * s)),
        },
        {
          name: "u1, u2 and key chosen, other r",
          subject: chosen,
          signature: concat(r, both.signature.subarray(32)),
          data: both.data,
        },
      ];
    }).flat(),
    dice,
  );
}

/** A hash from n + 1 to 2^256 - 1: z + n. */
function pastOrder(d: bigint, dice: Dice): Signed {
  const z = dice.scalar((1n << 256n) - N);
  const k = dice.scalar(N);
  const x = Buffer.from(multiple(k).subarray(1, 33)).toString("hex");
  const r = mod(BigInt(`0x${x}`));
  return { signature: pair(r, divided(z + r * d, k)), data: toBytes(z + N) };
}

export const p256HashCurve: Curve = {
  name: "ES256-hash",
  alg: "ES256",
  ownHash: false,
  classes: new Map<string, Verdict>(Object.entries(P256_CLASSES)),
  perRound: PER_CLASS * 10,
  round: p256Round,
};

// Ed25519: R = [S]B - [k]A.

const ED25519_CLASSES = {
  valid: "accepted",
  "k = 0": "accepted",
  "k a multiple of L": "accepted", // the same, by reduction
  "S = 0": "accepted",
  "S, k and A chosen": "accepted",
  "A = B or -B, S and k chosen": "accepted",
  "torsion in A, S and k chosen": "accepted",
  "R is neutral": "refused",
  "torsion in R, S and k chosen": "refused",
  "other k": "refused",
} as const satisfies Record<string, Verdict>;

/** The scalars of P-256 serve here too: powers of two, teeth, small ones of either sign. */
const ED_SCALARS: readonly bigint[] = [
  ...SCALARS.map((value) => value % L),
  ...times(40, (i) => L - 1n - BigInt(i)),
].filter((value) => value !== 0n);

function hashOf(k: bigint): Uint8Array {
  return Uint8Array.from(Buffer.from(k.toString(16).padStart(128, "0"), "hex")).toReversed();
}

/** undefined where R has a small order, which is refused. */
function signedUnder(A: EdPoint, S: bigint, k: bigint, T: EdPoint): Signed | undefined {
  const R = base(S).subtract(scaled(A, k)).add(T);
  if (R.isSmallOrder()) return undefined;
  return { signature: concat(R.toBytes(), littleEndian(S)), data: hashOf(k) };
}

/** noble multiplies by what is below L, which is all that a multiple of A with torsion needs. */
const scaled = (A: EdPoint, k: bigint): EdPoint => (k === 0n ? Point.ZERO : A.multiplyUnsafe(k));

function ed25519Round(dice: Dice): readonly SignatureCase[] {
  const any = (): bigint => dice.scalar(L);
  const special = (): bigint => (dice.below(8) === 0 ? any() : dice.pick(ED_SCALARS));
  const drawn = (A: EdPoint, S: () => bigint, k: () => bigint, T = Point.ZERO): Signed =>
    signedUnder(A, S(), k(), T) ?? drawn(A, S, k, T);
  const subjectOf = (A: EdPoint): Subject => ({
    jwk: jwkOfA(A.toBytes()),
    witness: drawn(A, any, any),
  });
  const zero = (): bigint => 0n;

  const a = dice.scalar(L);
  const A = base(a);
  const chosenA = base(dice.pick(ED_SCALARS));
  const unit = base(dice.pick([1n, L - 1n]));
  const mixedA = base(special()).add(torsion(1 + dice.below(7)));
  const [owner, chosen, unitOwner, mixed] = [A, chosenA, unit, mixedA].map(subjectOf);
  if (!owner || !chosen || !unitOwner || !mixed) throw new Error("four keys were due");

  return shuffled(
    times(PER_CLASS, (): readonly SignatureCase[] => {
      const good = drawn(A, any, any);
      const k0 = drawn(A, any, zero);
      const multipleOfL = hashOf(L * dice.scalar(1n << 250n));
      const k = special();
      const neutral = concat(Point.ZERO.toBytes(), littleEndian(modL(k * a)));
      const T = torsion(1 + dice.below(7));
      return [
        { name: "valid", subject: owner, ...good },
        { name: "k = 0", subject: owner, ...k0 },
        { name: "k a multiple of L", subject: owner, ...k0, data: multipleOfL },
        { name: "S = 0", subject: owner, ...drawn(A, zero, special) },
        { name: "S, k and A chosen", subject: chosen, ...drawn(chosenA, special, special) },
        {
          name: "A = B or -B, S and k chosen",
          subject: unitOwner,
          ...drawn(unit, special, special),
        },
        {
          name: "torsion in A, S and k chosen",
          subject: mixed,
          ...drawn(mixedA, special, special),
        },
        { name: "R is neutral", subject: owner, signature: neutral, data: hashOf(k) },
        {
          name: "torsion in R, S and k chosen",
          subject: chosen,
          ...drawn(chosenA, special, special, T),
        },
        { name: "other k", subject: owner, ...good, data: dice.bytes(64) },
      ];
    }).flat(),
    dice,
  );
}

export const ed25519HashCurve: Curve = {
  name: "Ed25519-hash",
  alg: "Ed25519",
  ownHash: false,
  classes: new Map<string, Verdict>(Object.entries(ED25519_CLASSES)),
  perRound: PER_CLASS * 10,
  round: ed25519Round,
};
