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
import { encodeBase64url } from "../../bytes/base64url.js";
import { isSmallOrderPoint } from "../../jose/ed25519.js";
import { textOf } from "../../bytes/utf8.js";
import type { SyncKey } from "../../jose/alg.js";
import { type EarnedTable, earnedTables, type Stage } from "../../jose/earned-table.js";
import { newBits, writeBits } from "../bits.js";
import { TableKey } from "../table-key.js";
import { addColumn, type Comb, type CombShape, createComb, subtractOnce } from "./comb.js";
import { addMultiple, NAF_LENGTH, newOddMultiples, writeNaf, writeOddMultiples } from "./naf.js";
import {
  type AffinePoint,
  assignIdentity,
  BASE,
  decodePoint,
  double,
  encodePoint,
  negate,
  newAffinePoint,
  newPoint,
  readElement,
  xOf,
} from "./point.js";
import { L, littleEndian, readScalar, readWideScalar, writeSignedDigits } from "./scalar.js";

/**
 * The tables of a key, by the number of valid signatures that earn them (measured: bench/). The first is made
 * for the second signature itself, as in p256/verify.ts.
 */
const STAGES: readonly Stage<CombShape>[] = [
  { earned: 2, shape: { teeth: 5, blocks: 1 } }, // 2.2 KB
  { earned: 16, shape: { teeth: 8, blocks: 2 } }, // 34 KB
];

/** The tables of B, for all keys. The first is made at once; all keys earn the other together. */
const BASE_SHAPE: CombShape = { teeth: 6, blocks: 1 }; // 4.4 KB
const BASE_STAGES: readonly Stage<CombShape>[] = [
  { earned: 32, shape: { teeth: 10, blocks: 2 } }, // 135 KB
];

type Hash = (data: Uint8Array) => Uint8Array;

/**
 * Returns the key that 32 bytes encode; null where they encode no point of the curve (RFC 8032 section
 * 5.1.3). jose/jwk.ts refuses keys of small order. `hash` is SHA-512.
 */
export function importEd25519Key(bytes: Uint8Array, hash: Hash): SyncKey | null {
  const point = bytes.length === 32 ? decodePoint(bytes) : null;
  if (point === null) return null;
  const minusX = littleEndian(xOf(negate(point)));
  return new Ed25519Key(textOf([...bytes, ...minusX]), hash);
}

// Memory of one verification, written before it is read.
const coordinates = /* @__PURE__ */ new Uint8Array(64);
const keyPoint = /* @__PURE__ */ newAffinePoint(); // -A

/**
 * A public key A, which is a point of the curve of any order. It holds the encoding of A, then x of -A, which
 * takes long to compute.
 */
class Ed25519Key extends TableKey<CombShape, Comb> implements SyncKey {
  /** Returns whether `signature` (64 bytes, R and S) signs `data`. */
  verify(signature: Uint8Array, data: Uint8Array): boolean {
    if (signature.length !== 64) return false;
    const s = readScalar(signature, 32);
    if (s >= L) return false; // step 1: S is below L
    if (isSmallOrderPoint(encodeBase64url(signature.subarray(0, 32)))) return false;
    const hashed = new Uint8Array(64 + data.length);
    hashed.set(signature); // the key replaces S
    for (let i = 0; i < 32; i++) hashed[32 + i] = this.point.charCodeAt(i);
    hashed.set(data, 64);
    const k = readWideScalar(this.hash(hashed)); // step 2
    const base = combsOfB();
    const first = this.firstTableDue();
    const comb = first ?? this.table();
    if (comb === null) this.readPoint();
    // Step 3. The values are public, so numbers are compared.
    if (recompute(s, k, keyPoint, comb, base.best()) !== readScalar(hashed, 0)) return false;
    this.earn(first);
    base.earn();
    return true;
  }

  protected stages(): readonly Stage<CombShape>[] {
    return STAGES;
  }

  protected build(shape: CombShape): Comb {
    this.readPoint();
    return createComb(keyPoint, shape);
  }

  /** Writes keyPoint: y as it is encoded, without the sign of x. */
  private readPoint(): void {
    this.readBytes(coordinates);
    coordinates[31] = (coordinates[31] ?? 0) & 127;
    readElement(keyPoint.y, coordinates, 0);
    readElement(keyPoint.x, coordinates, 32);
  }
}

let baseCombs: EarnedTable<Comb, Comb> | undefined;

/** Made at the first use, so that a program that verifies nothing pays nothing. */
function combsOfB(): EarnedTable<Comb, Comb> {
  return (baseCombs ??= earnedTables(createComb(BASE, BASE_SHAPE), BASE_STAGES, (shape) =>
    createComb(BASE, shape),
  ));
}

// Memory of one verification, written before it is read.
const sum = /* @__PURE__ */ newPoint();
const bitsOfS = /* @__PURE__ */ newBits();
const bitsOfK = /* @__PURE__ */ newBits();
const multiples = /* @__PURE__ */ newOddMultiples();
const digits = /* @__PURE__ */ new Int8Array(NAF_LENGTH);

/**
 * Returns the encoding, as a number, of [s]B + [k]minusA, for 0 <= s < L and 0 <= k < L. `combOfA` is null
 * for a key without a table. Exported for tests, because no hash leads to every s and k.
 */
export function recompute(
  s: bigint,
  k: bigint,
  minusA: AffinePoint,
  combOfA: Comb | null,
  combOfB: Comb,
): bigint {
  assignIdentity(sum);
  // The digits of a comb make only odd numbers. For an even number they make the next one, and the point
  // is subtracted once, which is right for a point of any order.
  writeSignedDigits(bitsOfS, s | 1n, combOfB.length);
  if (combOfA === null) {
    addCold(combOfB, k, minusA);
  } else {
    writeSignedDigits(bitsOfK, k | 1n, combOfA.length);
    addHot(combOfB, combOfA);
    if ((k & 1n) === 0n) subtractOnce(sum, combOfA);
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
