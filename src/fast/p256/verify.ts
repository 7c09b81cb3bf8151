// Verification of ECDSA on P-256 (FIPS 186-4 section 6.4, SEC 1 section 4.1.4): from the bytes of a public
// key, a signature and a hash to true or false.
//
// Everything takes variable time, which is right here: keys, signatures and hashes are public. Nothing in
// this folder may touch a secret. Calls share memory (multiples, digits, the temporaries of the files
// below). Every call writes it before it reads it, so an earlier call that was cut short, for example by
// a full stack, leaves nothing behind.
import { decodeBase64url } from "../../bytes/base64url.js";
import type { SyncKey } from "../../jose/alg.js";
import type { Stage } from "../../jose/earned-table.js";
import { baseTable } from "../base-table.js";
import { newBits, writeBits } from "../bits.js";
import { type Hash, TableKey } from "../table-key.js";
import { type Limbs, newLimbs } from "../limbs.js";
import { addColumn, type Comb, type CombShape, createComb } from "./comb.js";
import { GX, GY, isOnCurve, N, P, readElement, writeElement } from "./curve.js";
import { addMultiple, NAF_LENGTH, newOddMultiples, writeNaf, writeOddMultiples } from "./naf.js";
import { double, hasAffineX, newPoint, type Point } from "./point.js";
import { isBelowOrder, readInverse, readScalar, writeSignedDigits } from "./scalar.js";

/**
 * The tables of a key, by the number of valid signatures that earn them (measured: bench/). The first is made
 * for the second signature itself: with one doubling for each of its columns, both cost little more than a
 * verification without a table. 32 MiB hold it for 18,000 keys.
 */
const STAGES: readonly Stage<CombShape>[] = [
  { earned: 2, shape: { teeth: 5, blocks: 1 } }, // 1.4 KB
  { earned: 16, shape: { teeth: 8, blocks: 2 } }, // 22.5 KB
];

/** 2.8 KB, and 90 KB. */
const generator = /* @__PURE__ */ baseTable<CombShape, Comb>(
  (shape) => createComb(GX, GY, shape),
  { teeth: 6, blocks: 1 },
  { teeth: 10, blocks: 2 },
);

/**
 * Returns the key of two coordinates in base64url, 32 bytes each, big-endian; null where one is not below p or
 * the point is not on the curve. (Every point of the curve is a key: infinity has no coordinates, and the
 * cofactor is 1.) `hash` is SHA-256.
 */
export function importP256Key(x: string, y: string, hash: Hash): SyncKey | null {
  return readPoint(x, y) && isOnCurve(keyX, keyY) ? new P256Key(x, y, hash) : null;
}

// Memory of one verification, written before it is read.
const encoded = /* @__PURE__ */ new Uint8Array(32);
const keyX = /* @__PURE__ */ newLimbs();
const keyY = /* @__PURE__ */ newLimbs();

/** Writes keyX and keyY. To do so for each use without a table costs less than a hundredth of it. */
function readPoint(x: string, y: string): boolean {
  return readCoordinate(keyX, x) && readCoordinate(keyY, y);
}

/** Returns whether it is a number below p. */
function readCoordinate(out: Limbs, text: string): boolean {
  if (text.length !== 43 || decodeBase64url(text, 0, 43, encoded) === null) return false;
  readElement(out, encoded, 0);
  return readScalar(encoded, 0) < P;
}

/** A public key: x and y of a point of the curve. A high s is valid, as in JOSE. */
class P256Key extends TableKey<CombShape, Comb> implements SyncKey {
  private readonly x: string;
  private readonly y: string;

  constructor(x: string, y: string, hash: Hash) {
    super(hash);
    this.x = x;
    this.y = y;
  }

  /** Returns whether `signature`, R||S of fixed width, never DER, signs `data`. */
  verify(signature: Uint8Array, data: Uint8Array): boolean {
    if (signature.length !== 64) return false; // before the data is hashed
    const hash = this.hash(data);
    const first = this.firstTableDue();
    const comb = first ?? this.table();
    if (comb === null) readPoint(this.x, this.y);
    if (!isSignature(signature, hash, comb)) return false; // a false signature changes nothing
    this.earn(first);
    generator.earn();
    return true;
  }

  protected stages(): readonly Stage<CombShape>[] {
    return STAGES;
  }

  protected build(shape: CombShape): Comb {
    readPoint(this.x, this.y);
    return createComb(keyX, keyY, shape);
  }
}

// Memory of one verification, written before it is read.
const sum = /* @__PURE__ */ newPoint();
const bitsOfG = /* @__PURE__ */ newBits();
const bitsOfQ = /* @__PURE__ */ newBits();
const multiples = /* @__PURE__ */ newOddMultiples();
const digits = /* @__PURE__ */ new Int8Array(NAF_LENGTH);
const copied = /* @__PURE__ */ new Uint8Array(64);

/** Verifies by SEC 1 section 4.1.4, for the public key (keyX, keyY) or its comb. */
function isSignature(signature: Uint8Array, hash: Uint8Array, comb: Comb | null): boolean {
  if (hash.length !== 32) return false;
  copied.set(signature); // r is read twice, and a caller could change `signature`
  const r = readScalar(copied, 0);
  if (r === 0n || r >= N || !isBelowOrder(copied, 32)) return false;
  const inverse = readInverse(copied, 32);
  if (inverse === 0n) return false; // s is 0
  const u1 = (readScalar(hash, 0) * inverse) % N; // 0 where the hash is 0 or n
  const u2 = (r * inverse) % N; // never 0: n is a prime
  sum.isInfinity = true;
  if (comb === null) addCold(u1, u2);
  else addHot(u1, u2, comb);
  // u1·G + u2·Q = infinity has no x: refused (SEC 1 section 4.1.4 step 6).
  return !sum.isInfinity && isScalarOfX(sum, r);
}

/**
 * Computes u1·G + u2·Q for a key without a table, by one chain of doublings: the digits of u2 select odd
 * multiples of Q, and the last columns add the comb of G.
 */
function addCold(u1: bigint, u2: bigint): void {
  writeOddMultiples(multiples, keyX, keyY);
  writeBits(bitsOfQ, u2);
  writeNaf(digits, bitsOfQ);
  const combOfG = u1 === 0n ? null : generator.best();
  const isNegatedG = combOfG !== null && writeSignedDigits(bitsOfG, u1, combOfG.length);
  for (let i = NAF_LENGTH - 1; i >= 0; i--) {
    double(sum);
    const digit = digits[i] ?? 0;
    if (digit !== 0) addMultiple(sum, multiples, digit);
    if (combOfG !== null && i < combOfG.columns) addColumn(sum, combOfG, bitsOfG, i, isNegatedG);
  }
}

/** Computes u1·G + u2·Q for a key with a table, by both combs and one chain of doublings. */
function addHot(u1: bigint, u2: bigint, comb: Comb): void {
  const combOfG = u1 === 0n ? null : generator.best();
  const isNegatedG = combOfG !== null && writeSignedDigits(bitsOfG, u1, combOfG.length);
  const isNegatedQ = writeSignedDigits(bitsOfQ, u2, comb.length);
  for (let i = Math.max(comb.columns, combOfG?.columns ?? 0) - 1; i >= 0; i--) {
    double(sum);
    if (combOfG !== null && i < combOfG.columns) addColumn(sum, combOfG, bitsOfG, i, isNegatedG);
    if (i < comb.columns) addColumn(sum, comb, bitsOfQ, i, isNegatedQ);
  }
}

const candidate = /* @__PURE__ */ newLimbs();

/**
 * Returns whether the x of a point, from 0 to p - 1, is r modulo n: x is r (read from the copy, because
 * bytes become limbs faster) or, since n < p < 2·n, r + n where r + n is below p.
 */
function isScalarOfX(point: Point, r: bigint): boolean {
  readElement(candidate, copied, 0);
  if (hasAffineX(point, candidate)) return true;
  if (r >= P - N) return false;
  writeElement(candidate, r + N);
  return hasAffineX(point, candidate);
}
