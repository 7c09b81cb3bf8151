// dpop-core/fast, Ed25519: every exceptional case named and hit, for a key without a table and with
// each of its tables. Witnesses are noble's group law, the noble backend and node:crypto.
import { createHash, sign as nodeSign } from "node:crypto";
import { ed25519 } from "@noble/curves/ed25519.js";
import { sha512 } from "@noble/hashes/sha2.js";
import { describe, expect, test } from "vitest";
import { encodeBase64url } from "../../src/bytes/base64url.js";
import { type Comb, type CombShape, createComb } from "../../src/fast/ed25519/comb.js";
import { BASE, decodePoint, negate } from "../../src/fast/ed25519/point.js";
import { importEd25519Key, recompute } from "../../src/fast/ed25519/verify.js";
import { eddsaAlg } from "../../src/fast/ed25519/eddsa.js";
import { readPublicJwk } from "../../src/jose/jwk.js";
import {
  A,
  challenge,
  type EdPoint,
  L,
  MESSAGE,
  messageWhere,
  NONCE,
  ours as noblesAnswer,
  Point,
  R,
  SECRET,
  sign,
  theirs as nodesAnswer,
  toBigInt,
  toBytes,
  TORSION,
} from "../support/ed25519.js";
import { exportJwk, keyPair } from "../support/key-pair.js";
import type { SyncKey } from "../../src/jose/alg.js";
import vectors from "../vectors/ed25519.json" with { type: "json" };

/** Valid signatures that a new key has seen, and the bytes of the table that it has then. */
const LEVELS = [
  { name: "no table", valid: 0, tableSize: 0 },
  { name: "5 teeth", valid: 2, tableSize: 17 * 33 * 4 + 500 },
  { name: "8 teeth in 2 blocks", valid: 16, tableSize: (17 + 257) * 33 * 4 + 1000 },
] as const;

const B: EdPoint = Point.BASE;
const bytesOf = (hex: string): Uint8Array => Buffer.from(hex, "hex");
const concat = (...parts: readonly Uint8Array[]): Uint8Array =>
  new Uint8Array(Buffer.concat(parts));
const torsion = (times: bigint): EdPoint => TORSION.multiplyUnsafe(times);
const multiple = (point: EdPoint, times: bigint): EdPoint =>
  times === 0n ? Point.ZERO : point.multiplyUnsafe(times);

function importKey(bytes: Uint8Array): SyncKey {
  const key = importEd25519Key(encodeBase64url(bytes), sha512);
  if (key === null) throw new Error("no point");
  return key;
}

/** The point by its coordinates, as importing its encoding makes them. */
function affine(point: EdPoint): NonNullable<ReturnType<typeof decodePoint>> {
  const decoded = decodePoint(point.toBytes());
  if (decoded === null) throw new Error("no point");
  return decoded;
}

/** A signature that holds under secret·B + any torsion: k is a multiple of 8. */
function signatureOf(secret: bigint, key: EdPoint): readonly [Uint8Array, Uint8Array] {
  const message = messageWhere(key, R, (k) => k % 8n === 0n);
  const k = challenge(key.toBytes(), R.toBytes(), message);
  return [concat(R.toBytes(), toBytes((NONCE + k * secret) % L)), message];
}

/** The key of secret·B + torsion after so many valid signatures. */
function keyAfter(valid: number, secret: bigint, key: EdPoint): SyncKey {
  const imported = importKey(key.toBytes());
  const [signature, message] = signatureOf(secret, key);
  for (let i = 0; i < valid; i++)
    if (!imported.verify(signature, message)) throw new Error("a valid signature was refused");
  return imported;
}

/** Bytes that look random and are the same in every run. */
function bytesFrom(seed: string, length: number): Uint8Array {
  return new Uint8Array(createHash("shake256", { outputLength: length }).update(seed).digest());
}

describe("[S]B - [k]A is what noble's group law makes of it", () => {
  const shapes: readonly (CombShape | null)[] = [
    null,
    { teeth: 6, blocks: 1 },
    { teeth: 8, blocks: 2 },
    { teeth: 7, blocks: 3 },
    { teeth: 5, blocks: 4 },
  ];
  const basesOf = (): readonly Comb[] =>
    [
      { teeth: 6, blocks: 1 },
      { teeth: 10, blocks: 2 },
    ].map((shape) => createComb(BASE, shape));
  const half = (L + 1n) / 2n;
  const scalars = [0n, 1n, 2n, 3n, 8n, 15n, 16n, 17n, 31n, half - 1n, half, L - 2n, L - 1n];
  const powers = [1n << 63n, 1n << 64n, 1n << 251n, (1n << 252n) - 1n, 1n << 252n];
  const random = [0, 1, 2, 3, 4, 5].map((i) => toBigInt(bytesFrom(`scalar ${i}`, 40)) % L);
  const points: readonly (readonly [string, EdPoint])[] = [
    ["A, of order L", A],
    ["B itself: sums of equal points", B],
    ["-B: sums of opposite points", B.negate()],
    ["2B: a doubling in the addition", B.double()],
    ...[1n, 2n, 3n, 4n, 5n, 6n, 7n].map(
      (t) => [`A with ${t} times the point of order 8`, A.add(torsion(t))] as const,
    ),
    ...[1n, 2n, 4n].map((t) => [`B with ${t} times it`, B.add(torsion(t))] as const),
    ...[1n, 2n, 4n, 6n].map((t) => [`${t} times only it`, torsion(t)] as const),
    ["the identity", Point.ZERO],
  ];
  const bases = basesOf();

  test.each(points)("for a key that is %s", (_, key) => {
    const all = [...scalars, ...powers, ...random];
    const point = affine(key);
    const combs = shapes.map((shape) => shape && createComb(point, shape));
    const ofKey = all.map((k) => multiple(key, k));
    for (const [i, s] of all.entries()) {
      const ofB = multiple(B, s);
      for (const [j, k] of all.entries()) {
        // Every s with some k, every k with some s, and all of the small ones with each other.
        if (i !== j && i >= 4 && j >= 4 && (i + j) % 5 !== 0) continue;
        const sum = ofB.add(ofKey[j] ?? Point.ZERO);
        const expected = toBigInt(sum.toBytes());
        const base = bases[(i + j) % 2] ?? createComb(BASE, { teeth: 4, blocks: 1 });
        const found = combs.map((comb) => recompute(s, k, comb ?? point, base));
        expect(found, `s ${s}, k ${k}`).toEqual(combs.map(() => expected));
      }
    }
  });

  test("S = 0 and k = 0 at once: the identity", () => {
    const point = affine(A);
    for (const base of bases) {
      for (const shape of shapes)
        expect(recompute(0n, 0n, shape ? createComb(point, shape) : point, base)).toBe(1n);
    }
  });

  test("its result does not depend on the call before", () => {
    const [one, other] = [affine(A), affine(A.add(TORSION))];
    const [base] = bases;
    if (base === undefined) throw new Error("no comb of B");
    const combs = [null, createComb(one, { teeth: 6, blocks: 1 })];
    for (const comb of combs) {
      const before = recompute(5n, L - 6n, comb ?? one, base);
      recompute(L - 1n, L - 1n, other, base);
      expect(recompute(5n, L - 6n, comb ?? one, base)).toBe(before);
    }
  });
});

describe.each(LEVELS)("verification with $name", ({ valid, tableSize }) => {
  /** The answers of the three, which must be one. */
  function agreed(
    secret: bigint,
    point: EdPoint,
    signature: Uint8Array,
    message: Uint8Array,
  ): boolean {
    const key = keyAfter(valid, secret, point);
    expect(key.tableSize).toBe(tableSize);
    const before = Uint8Array.from(signature);
    const answer = key.verify(signature, message);
    expect(Uint8Array.from(signature)).toEqual(before);
    const bytes = point.toBytes();
    expect(answer).toBe(noblesAnswer(bytes, before, message));
    expect(answer).toBe(nodesAnswer(bytes, signature, message));
    return answer;
  }

  test("a good signature, k even and k odd", () => {
    for (const parity of [0n, 1n]) {
      const message = messageWhere(A, R, (k) => k % 2n === parity);
      expect(agreed(SECRET, A, sign(A, R, message), message)).toBe(true);
    }
  });

  test("torsion of order 2, 4 and 8 in A counts unless k cancels it, for every k modulo 8", () => {
    for (let t = 1n; t < 8n; t++) {
      const twisted = A.add(torsion(t));
      for (let rest = 0n; rest < 8n; rest++) {
        const message = messageWhere(twisted, R, (k) => k % 8n === rest);
        const signature = sign(twisted, R, message);
        expect(agreed(SECRET, twisted, signature, message)).toBe((rest * t) % 8n === 0n);
      }
    }
  });

  test("torsion in R counts unless that of A cancels it", () => {
    const twisted = A.add(TORSION);
    for (let t = 1n; t < 8n; t++) {
      const twistedR = R.add(torsion(t));
      expect(agreed(SECRET, A, sign(A, twistedR, MESSAGE), MESSAGE)).toBe(false);
      const message = messageWhere(twisted, twistedR, (k) => (k + t) % 8n === 0n);
      expect(agreed(SECRET, twisted, sign(twisted, twistedR, message), message)).toBe(true);
    }
  });

  test("the secret 1: A is B, the points that are added are equal or opposite", () => {
    for (const [secret, point] of [
      [1n, B],
      [L - 1n, B.negate()],
      [2n, B.double()],
    ] as const) {
      const message = messageWhere(point, R, (k) => k % 2n === 1n);
      const k = challenge(point.toBytes(), R.toBytes(), message);
      const s = (NONCE + k * secret) % L;
      expect(agreed(secret, point, concat(R.toBytes(), toBytes(s)), message)).toBe(true);
      expect(agreed(secret, point, concat(R.toBytes(), toBytes((s + 1n) % L)), message)).toBe(
        false,
      );
    }
  });

  test("an R of small order is refused, though the equation holds; so is each second encoding", () => {
    const twisted = A.add(TORSION);
    const key = keyAfter(valid, SECRET, twisted);
    for (let t = 0n; t < 8n; t++) {
      const small = t === 0n ? Point.ZERO : torsion(t);
      const message = messageWhere(twisted, small, (k) => (k + t) % 8n === 0n);
      const k = challenge(twisted.toBytes(), small.toBytes(), message);
      const s = (k * SECRET) % L;
      const sum = recompute(
        s,
        k,
        negate(affine(twisted)),
        createComb(BASE, { teeth: 6, blocks: 1 }),
      );
      expect(sum).toBe(toBigInt(small.toBytes()));
      expect(key.verify(concat(small.toBytes(), toBytes(s)), message)).toBe(false);
    }
    // y = p + 1, and x = 0 with the sign bit: not what encodes the identity.
    for (const other of [`ee${"ff".repeat(30)}7f`, `01${"00".repeat(30)}80`]) {
      const k = challenge(twisted.toBytes(), bytesOf(other), MESSAGE);
      expect(key.verify(concat(bytesOf(other), toBytes((k * SECRET) % L)), MESSAGE)).toBe(false);
    }
  });

  test("S of L and above, and S = 0, are refused", () => {
    const [signature, message] = signatureOf(SECRET, A);
    const r = signature.subarray(0, 32);
    const s = toBigInt(signature.subarray(32));
    const most = (1n << 256n) - 1n;
    for (const other of [
      0n,
      L,
      L + 1n,
      s + L,
      s + 8n * L,
      most,
      s | (1n << 255n),
      s | (1n << 253n),
    ])
      expect(agreed(SECRET, A, concat(r, toBytes(other)), message)).toBe(false);
  });

  test("one changed bit of R, of S or of the message is refused, each sign bit too", () => {
    const [signature, message] = signatureOf(SECRET, A);
    const key = keyAfter(valid, SECRET, A);
    for (let bit = 0; bit < 512; bit++) {
      const changed = Uint8Array.from(signature);
      changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(key.verify(changed, message), `bit ${bit}`).toBe(false);
    }
    for (let bit = 0; bit < message.length * 8; bit++) {
      const changed = Uint8Array.from(message);
      changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(key.verify(signature, changed), `bit ${bit} of the message`).toBe(false);
    }
    expect(key.tableSize).toBe(tableSize);
    expect(key.verify(signature, message)).toBe(true);
  });

  test("S = 0 and k = 0 are valid where the equation holds; S = L, which is 0 again, is not", () => {
    // No message leads there, so the hash is one that returns the k of our choice.
    let k = 0n;
    const key = importEd25519Key(encodeBase64url(A.toBytes()), () =>
      concat(toBytes(k), new Uint8Array(32)),
    );
    if (key === null) throw new Error("no key");
    const signatureWith = (s: bigint): Uint8Array =>
      concat(
        multiple(B, s % L)
          .subtract(multiple(A, k))
          .toBytes(),
        toBytes(s),
      );
    k = 7n;
    for (let i = 0; i < valid; i++) expect(key.verify(signatureWith(5n), MESSAGE)).toBe(true);
    expect(key.tableSize).toBe(tableSize);
    for (const chosen of [1n, 2n, L - 2n, L - 1n, 0n]) {
      k = chosen;
      if (k !== 0n) expect(key.verify(signatureWith(0n), MESSAGE)).toBe(true);
      if (k !== 0n) expect(key.verify(signatureWith(L), MESSAGE)).toBe(false);
      expect(key.verify(signatureWith(6n), MESSAGE)).toBe(true);
      expect(key.verify(signatureWith(L + 6n), MESSAGE)).toBe(false);
      expect(key.verify(signatureWith(L - 1n), MESSAGE)).toBe(true);
    }
  });

  test("-A in the place of A is refused", () => {
    const [signature, message] = signatureOf(SECRET, A);
    const negated = keyAfter(valid, L - SECRET, A.negate());
    expect(negated.tableSize).toBe(tableSize);
    expect(negated.verify(signature, message)).toBe(false);
  });

  test.each([0, 1, 32, 63, 65, 128])("a signature of %i bytes is refused", (length) => {
    expect(keyAfter(valid, SECRET, A).verify(new Uint8Array(length), MESSAGE)).toBe(false);
  });

  test("test/vectors/ed25519.json", () => {
    const secrets: readonly (readonly [bigint, EdPoint])[] = [
      [SECRET, A],
      [SECRET, A.add(TORSION)],
      [SECRET + 1n, B.multiply(SECRET + 1n)],
      [L - SECRET, A.negate()],
    ];
    let count = 0;
    for (const { name, jwk, message, signature, expect: expected } of vectors) {
      const read = readPublicJwk(jwk);
      if (typeof read === "string") {
        expect(expected, name).toBe("jwk_invalid");
        continue;
      }
      const bytes = new Uint8Array(Buffer.from(jwk.x, "base64url"));
      const known = secrets.find(([, point]) => Buffer.from(point.toBytes()).equals(bytes));
      const warm = known
        ? keyAfter(valid, ...known)
        : importEd25519Key(encodeBase64url(bytes), sha512);
      if (warm === null) {
        expect(expected, name).toBe("jwk_invalid");
        continue;
      }
      // A key of RFC 8032 earns its tables by the signature of the vector itself.
      if (!known) for (let i = 0; i < valid; i++) warm.verify(bytesOf(signature), bytesOf(message));
      expect(warm.tableSize, name).toBe(tableSize);
      expect(warm.verify(bytesOf(signature), bytesOf(message)), name).toBe(expected === "valid");
      count++;
    }
    expect(count).toBeGreaterThan(50);
  });

  test("signatures of node:crypto, half of them changed, of ten keys", () => {
    const counts = { valid: 0, invalid: 0 };
    for (let i = 0; i < 10; i++) {
      const { publicKey, privateKey } = keyPair("ed25519");
      const { x = "" } = exportJwk(publicKey);
      const bytes = new Uint8Array(Buffer.from(x, "base64url"));
      const key = importKey(bytes);
      for (let j = 0; j < valid; j++) {
        const data = bytesFrom(`warm ${j}`, 40);
        expect(key.verify(nodeSign(null, data, privateKey), data)).toBe(true);
      }
      expect(key.tableSize).toBe(tableSize);
      for (let j = 0; j < 40; j++) {
        const data = bytesFrom(`message ${i} ${j}`, j * 7);
        const signature = new Uint8Array(nodeSign(null, data, privateKey));
        const place = (i * 40 + j * 13) % 64;
        if (j % 2 === 1) signature[place] = (signature[place] ?? 0) ^ (1 << ((j >> 1) % 8));
        const answer = key.verify(signature, data);
        expect(answer).toBe(nodesAnswer(bytes, signature, data));
        counts[answer ? "valid" : "invalid"]++;
      }
    }
    expect(counts).toEqual({ valid: 200, invalid: 200 });
  });
});

describe("the bytes of a key (RFC 8032 §5.1.3)", () => {
  test.each([
    ["31 bytes", new Uint8Array(31).fill(1)],
    ["33 bytes", new Uint8Array(33).fill(1)],
    ["no bytes", new Uint8Array()],
    ["y = p, a second form of 0", bytesOf(`ed${"ff".repeat(30)}7f`)],
    ["y = p + 1, a second form of 1", bytesOf(`ee${"ff".repeat(30)}7f`)],
    ["y = p + 3, a second form of 3", bytesOf(`f0${"ff".repeat(30)}7f`)],
    ["y = p + 3 with the sign bit", bytesOf(`f0${"ff".repeat(30)}ff`)],
    ["y = 2^255 - 1", bytesOf(`${"ff".repeat(31)}7f`)],
    ["nothing but ones", bytesOf("ff".repeat(32))],
    ["x = 0 with the sign bit: y = 1", bytesOf(`01${"00".repeat(30)}80`)],
    ["x = 0 with the sign bit: y = -1", bytesOf(`ec${"ff".repeat(30)}ff`)],
    ["y = 2, on no point", bytesOf(`02${"00".repeat(31)}`)],
    ["y = 2 with the sign bit", bytesOf(`02${"00".repeat(30)}80`)],
  ])("%s: no key", (_, bytes) => {
    expect(importEd25519Key(encodeBase64url(bytes), sha512)).toBeNull();
  });

  test("are a key exactly where noble's strict decoding finds a point, and the same one", () => {
    const counts = { points: 0, others: 0 };
    for (let i = 0; i < 400; i++) {
      const bytes = bytesFrom(`point ${i}`, 32);
      let expected: EdPoint | null = null;
      try {
        expected = Point.fromBytes(bytes, false);
      } catch {
        // no point
      }
      const found = decodePoint(bytes);
      counts[expected === null ? "others" : "points"]++;
      expect(found === null).toBe(expected === null);
      if (found === null || expected === null) continue;
      const base = createCombOnce();
      expect(recompute(0n, 1n, found, base)).toBe(toBigInt(bytes));
      expect(recompute(0n, 1n, negate(found), base)).toBe(toBigInt(expected.negate().toBytes()));
    }
    expect(counts.points).toBeGreaterThan(150);
    expect(counts.others).toBeGreaterThan(150);
  });

  test("the eight points of small order decode, and nothing of small order verifies under them", () => {
    const smalls = [0n, 1n, 2n, 3n, 4n, 5n, 6n, 7n].map((t) =>
      t === 0n ? Point.ZERO : torsion(t),
    );
    for (const small of smalls) {
      const key = importKey(small.toBytes());
      for (const r of smalls) {
        for (let i = 0; i < 8; i++) {
          const signature = concat(r.toBytes(), toBytes(0n));
          expect(key.verify(signature, Buffer.from(`message ${i}`))).toBe(false);
        }
      }
      // The JWK reader is what refuses such a key: with only the equation, anyone could sign.
      const message = messageWhere(small, R, (k) => k % 8n === 0n);
      expect(key.verify(concat(R.toBytes(), toBytes(NONCE)), message)).toBe(true);
      const x = Buffer.from(small.toBytes()).toString("base64url");
      expect(readPublicJwk({ kty: "OKP", crv: "Ed25519", x })).toBe("jwk_invalid");
    }
  });

  test("are copied: who changes them later changes nothing", () => {
    const [signature, message] = signatureOf(SECRET, A);
    for (const bytes of [Uint8Array.from(A.toBytes()), Buffer.from(A.toBytes())]) {
      const key = importKey(bytes);
      bytes.fill(0);
      expect(key.verify(signature, message)).toBe(true);
    }
  });
});

let sharedComb: Comb | undefined;
function createCombOnce(): Comb {
  return (sharedComb ??= createComb(BASE, { teeth: 6, blocks: 1 }));
}

describe("tables", () => {
  const [signature, message] = signatureOf(SECRET, A);
  const wrong = Uint8Array.from(signature, (byte, i) => (i === 40 ? byte ^ 1 : byte));
  const sizes = (key: SyncKey): readonly number[] => [key.tableSize ?? 0, key.size];

  /** Valid signatures until the table changes. */
  function validUntilChange(key: SyncKey): number {
    const before = key.tableSize;
    for (let i = 1; i < 300; i++) {
      expect(key.verify(signature, message)).toBe(true);
      if (key.tableSize !== before) return i;
    }
    throw new Error("the table does not change");
  }

  test("come with the second and the sixteenth valid signature, and count in size", () => {
    const key = importKey(A.toBytes());
    const bare = key.size;
    expect(bare).toBeGreaterThan(0);
    expect(key.tableSize).toBe(0);
    expect(validUntilChange(key)).toBe(2);
    expect(sizes(key)).toEqual([LEVELS[1].tableSize, bare + LEVELS[1].tableSize]);
    expect(validUntilChange(key)).toBe(14);
    expect(sizes(key)).toEqual([LEVELS[2].tableSize, bare + LEVELS[2].tableSize]);
    for (let i = 0; i < 40; i++) expect(key.verify(signature, message)).toBe(true);
    expect(key.tableSize).toBe(LEVELS[2].tableSize);
  });

  test("are not earned by invalid signatures, whatever their fault", () => {
    const key = importKey(A.toBytes());
    const faults = [wrong, signature.subarray(1), new Uint8Array(64), new Uint8Array(64).fill(255)];
    const small = concat(Point.ZERO.toBytes(), signature.subarray(32));
    for (const bad of [...faults, small]) {
      for (let i = 0; i < 20; i++) expect(key.verify(bad, message)).toBe(false);
    }
    expect(key.tableSize).toBe(0);
    expect(key.verify(signature, message)).toBe(true);
    for (let i = 0; i < 20; i++) expect(key.verify(wrong, message)).toBe(false);
    expect(key.tableSize).toBe(0);
    expect(validUntilChange(key)).toBe(1);
  });

  test("belong to one key", () => {
    const [one, other] = [importKey(A.toBytes()), importKey(A.toBytes())];
    validUntilChange(one);
    expect(other.tableSize).toBe(0);
  });

  test("can be dropped, and the next take twice as many valid signatures each time", () => {
    const key = importKey(A.toBytes());
    const bare = key.size;
    for (const [small, large] of [
      [2, 16],
      [8, 64], // twice as many for each table that was dropped
      [32, 256],
    ] as const) {
      expect(validUntilChange(key)).toBe(small);
      expect(validUntilChange(key)).toBe(large - small);
      key.dropTables?.();
      expect(sizes(key)).toEqual([LEVELS[1].tableSize, bare + LEVELS[1].tableSize]);
      key.dropTables?.();
      expect(sizes(key)).toEqual([0, bare]);
      key.dropTables?.(); // nothing to drop: nothing changes
      expect(key.verify(wrong, message)).toBe(false);
    }
    expect(key.verify(signature, message)).toBe(true);
  });
});

describe("a hash that misbehaves", () => {
  const [signature, message] = signatureOf(SECRET, A);

  test("its error propagates, changes nothing, and the next answer is right", () => {
    let fails = false;
    const key = importEd25519Key(encodeBase64url(A.toBytes()), (data) => {
      if (fails) throw new Error("no hash today");
      return sha512(data);
    });
    if (key === null) throw new Error("no key");
    for (let i = 0; i < 40; i++) {
      fails = i % 3 === 0;
      if (fails) expect(() => key.verify(signature, message)).toThrow("no hash today");
      else expect(key.verify(signature, message)).toBe(true);
    }
  });

  test("one that verifies something else meanwhile changes no answer", () => {
    const inner = keyAfter(16, SECRET, A.add(TORSION));
    const [innerSignature, innerMessage] = signatureOf(SECRET, A.add(TORSION));
    const key = importEd25519Key(encodeBase64url(A.toBytes()), (data) => {
      expect(inner.verify(innerSignature, innerMessage)).toBe(true);
      return sha512(data);
    });
    for (let i = 0; i < 20; i++) expect(key?.verify(signature, message)).toBe(true);
  });
});

describe("the plug", () => {
  test.each(["EdDSA", "Ed25519"] as const)(
    "%s has the shape that the table of jose/alg.ts says",
    (label) => {
      const alg = eddsaAlg(label, sha512);
      expect(alg).toMatchObject({ alg: label, kty: "OKP", crv: "Ed25519" });
      expect(Object.isFrozen(alg)).toBe(true);
      const x = Buffer.from(A.toBytes()).toString("base64url");
      const key = alg.importKey({ kty: "OKP", crv: "Ed25519", x });
      const [signature, message] = signatureOf(SECRET, A);
      expect(key?.verify(signature, message)).toBe(true);
      expect(key?.tableSize).toBe(0);
      expect(alg.importKey({ kty: "EC", crv: "P-256", x, y: x })).toBeNull();
      expect(alg.importKey({ kty: "OKP", crv: "Ed25519", x: x.slice(1) })).toBeNull();
      expect(alg.importKey({ kty: "OKP", crv: "Ed25519", x: "not base64url" })).toBeNull();
      expect(alg.importKey({ kty: "OKP", crv: "Ed25519", x: "" })).toBeNull();
    },
  );

  test("noble's cofactored answer is another on the signatures where it matters", () => {
    // So that the tests above are known to tell the two rules apart.
    const twisted = sign(A, R.add(TORSION), MESSAGE);
    expect(ed25519.verify(twisted, MESSAGE, A.toBytes(), { zip215: false })).toBe(true);
    expect(importKey(A.toBytes()).verify(twisted, MESSAGE)).toBe(false);
  });
});
