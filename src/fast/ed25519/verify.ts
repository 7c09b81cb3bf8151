// Verification of Ed25519 (RFC 8032 section 5.1.7) without the cofactor: from the bytes of a public key, a
// signature and a message to true or false.
//
// R is recomputed as [S]B - [k]A, and its encoding compared with the bytes of R: no second encoding of R
// passes, and R is never decoded. A may be the sum of a point of order L and one of order 2, 4 or 8. Then
// [k]A depends on k modulo 8·L, not modulo L, so k stays the number below L that RFC 8032 defines; nothing
// here replaces it by -(L - k) or another number of the same remainder.
//
// Everything takes variable time, which is right here: keys, signatures and messages are public. Nothing
// in this folder may touch a secret. Calls share memory (multiples, digits, the temporaries of the files
// below). Every call writes it before it reads it, so an earlier call that was cut short, for example by
// a full stack, leaves nothing behind.
import { decodeBase64url, encodeBase64url } from "../../bytes/base64url.js";
import { isSmallOrderPoint } from "../../jose/ed25519.js";
import type { SyncKey } from "../../jose/alg.js";
import type { Stage } from "../../jose/earned-table.js";
import { baseTable } from "../base-table.js";
import { newBits, writeBits } from "../bits.js";
import { limbsOf } from "../limbs.js";
import { type Hash, TableKey } from "../table-key.js";
import { addColumn, type Comb, type CombShape, createComb, subtractOnce } from "./comb.js";
import { addMultiple, NAF_LENGTH, newOddMultiples, writeNaf, writeOddMultiples } from "./naf.js";
import {
  type AffinePoint,
  assignIdentity,
  BASE,
  decodePoint,
  double,
  encodePoint,
  minusXOf,
  newPoint,
} from "./point.js";
import { L, readScalar, readWideScalar, writeSignedDigits } from "./scalar.js";

/**
 * The tables of a key, by the number of valid signatures that earn them (measured: bench/). The first is made
 * for the second signature itself, as in p256/verify.ts.
 */
const STAGES: readonly Stage<CombShape>[] = [
  { earned: 2, shape: { teeth: 5, blocks: 1 } }, // 2.2 KB
  { earned: 16, shape: { teeth: 8, blocks: 2 } }, // 34 KB
];

/** 4.4 KB, and 135 KB. */
const combsOfB = /* @__PURE__ */ baseTable<CombShape, Comb>(
  (shape) => createComb(BASE, shape),
  { teeth: 6, blocks: 1 },
  { teeth: 10, blocks: 2 },
);

/**
 * Returns the key that 32 bytes in base64url encode; null where they encode no point of the curve (RFC 8032
 * section 5.1.3). jose/jwk.ts refuses keys of small order. `hash` is SHA-512.
 */
export function importEd25519Key(encoded: string, hash: Hash): SyncKey | null {
  const bytes = decodeBase64url(encoded);
  const point = bytes?.length === 32 ? decodePoint(bytes) : null;
  return point === null ? null : new Ed25519Key(encoded, minusXOf(point), hash);
}

/** A public key A, which is a point of the curve of any order. */
class Ed25519Key extends TableKey<CombShape, Comb> implements SyncKey {
  private readonly encoded: string;
  /** The x of -A, because a square root takes long. A BigInt takes a fifth of the memory of limbs. */
  private readonly minusX: bigint;

  constructor(encoded: string, minusX: bigint, hash: Hash) {
    super(hash);
    this.encoded = encoded;
    this.minusX = minusX;
  }

  /** Returns whether `signature` (64 bytes, R and S) signs `data`. */
  verify(signature: Uint8Array, data: Uint8Array): boolean {
    if (signature.length !== 64) return false;
    const s = readScalar(signature, 32);
    if (s >= L) return false; // step 1: S is below L
    if (isSmallOrderPoint(encodeBase64url(signature.subarray(0, 32)))) return false;
    const hashed = new Uint8Array(64 + data.length);
    hashed.set(signature); // the key replaces S
    decodeBase64url(this.encoded, 0, 43, hashed.subarray(32, 64));
    hashed.set(data, 64);
    const k = readWideScalar(this.hash(hashed)); // step 2
    const first = this.firstTableDue();
    const comb = first ?? this.table();
    // Step 3. The values are public, so numbers are compared.
    const r = recompute(s, k, comb ?? this.minusA(), combsOfB.best());
    if (r !== readScalar(hashed, 0)) return false;
    this.earn(first);
    combsOfB.earn();
    return true;
  }

  protected stages(): readonly Stage<CombShape>[] {
    return STAGES;
  }

  protected build(shape: CombShape): Comb {
    return createComb(this.minusA(), shape);
  }

  private minusA(): AffinePoint {
    const bytes = decodeBase64url(this.encoded) ?? new Uint8Array(32); // it was decoded before
    const y = BigInt.asUintN(255, readScalar(bytes, 0)); // without the sign of x
    return { x: limbsOf(this.minusX), y: limbsOf(y) };
  }
}

// Memory of one verification, written before it is read.
const sum = /* @__PURE__ */ newPoint();
const bitsOfS = /* @__PURE__ */ newBits();
const bitsOfK = /* @__PURE__ */ newBits();
const multiples = /* @__PURE__ */ newOddMultiples();
const digits = /* @__PURE__ */ new Int8Array(NAF_LENGTH);

/**
 * Returns the encoding, as a number, of [s]B + [k](-A), for 0 <= s < L and 0 <= k < L, from -A or its comb.
 * Exported for tests, because no hash leads to every s and k.
 */
export function recompute(s: bigint, k: bigint, minusA: AffinePoint | Comb, combOfB: Comb): bigint {
  assignIdentity(sum);
  // The digits of a comb make only odd numbers. For an even number they make the next one, and the point
  // is subtracted once, which is right for a point of any order.
  writeSignedDigits(bitsOfS, s | 1n, combOfB.length);
  if ("table" in minusA) {
    writeSignedDigits(bitsOfK, k | 1n, minusA.length);
    addHot(combOfB, minusA);
    if ((k & 1n) === 0n) subtractOnce(sum, minusA);
  } else {
    addCold(combOfB, k, minusA);
  }
  if ((s & 1n) === 0n) subtractOnce(sum, combOfB);
  return encodePoint(sum);
}

/**
 * For a key without a table, by one chain of doublings: the digits of k select odd multiples of minusA,
 * and the last columns add the comb of B. T is written where an addition follows.
 */
function addCold(combOfB: Comb, k: bigint, minusA: AffinePoint): void {
  writeOddMultiples(multiples, minusA);
  writeBits(bitsOfK, k);
  const highest = writeNaf(digits, bitsOfK);
  for (let i = Math.max(highest, combOfB.columns - 1); i >= 0; i--) {
    const digit = digits[i] ?? 0;
    const isInB = i < combOfB.columns;
    double(sum, digit !== 0 || isInB);
    if (digit !== 0) addMultiple(sum, multiples, digit, isInB);
    if (isInB) addColumn(sum, combOfB, bitsOfS, i, i === 0);
  }
}

/** For a key with a table, by both combs and one chain of doublings. Column 0 of B is always added last. */
function addHot(combOfB: Comb, combOfA: Comb): void {
  for (let i = Math.max(combOfA.columns, combOfB.columns) - 1; i >= 0; i--) {
    double(sum, true);
    const isInB = i < combOfB.columns;
    if (i < combOfA.columns) addColumn(sum, combOfA, bitsOfK, i, isInB);
    if (isInB) addColumn(sum, combOfB, bitsOfS, i, i === 0);
  }
}
