// Ed25519 (RFC 8032 section 5.1.7), verification alone and without the cofactor: the bytes of a
// public key, of a signature and of a message to a yes or no.
//
// R is recomputed as [S]B - [k]A, and its encoding compared with the bytes of R: no second encoding
// of R passes, and R is never decoded. A may be the sum of a point of order L and one of order 2, 4
// or 8, and then [k]A depends on k modulo 8·L, not modulo L: k is the number below L that RFC 8032
// says, and nothing here ever replaces it by -(L - k) or another number of the same remainder.
//
// Variable time throughout, which is right here: keys, signatures and messages are public. Nothing
// in this folder may touch a secret. Memory is shared between calls (multiples, digits, the
// temporaries of the files below), and every call writes what it reads, so that an earlier call that
// was cut short, by a full stack say, leaves nothing behind.
import { encodeBase64url } from "../../bytes/base64url.js";
import { isSmallOrderPoint } from "../../jose/ed25519.js";
import { newBits, writeBits } from "../bits.js";
import { type EarnedTable, earnedTables, type Stage } from "../../jose/earned-table.js";
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
  newPoint,
} from "./point.js";
import { L, readScalar, readWideScalar, writeSignedDigits } from "./scalar.js";

export interface Ed25519Key {
  /**
   * True when `signature` (64 bytes, R and S) signs `data`. Valid ones are counted, and a key that
   * has enough of them gets a table.
   */
  verify(signature: Uint8Array, data: Uint8Array): boolean;
  /** Bytes held, tables included. */
  readonly size: number;
  /** Bytes of that in tables. */
  readonly tableSize: number;
  /** Drops the table; the key still works, and earns the next one more slowly (jose/earned-table.ts). */
  dropTables(): void;
}

/** The tables of a key, by the valid signatures that it takes to earn them; measured, bench/. */
const STAGES: readonly Stage<CombShape>[] = [
  { earned: 2, shape: { teeth: 6, blocks: 1 } }, // 4.4 KB
  { earned: 16, shape: { teeth: 8, blocks: 2 } }, // 34 KB
];

/** The table of B that is there from the start, and what all keys earn together. */
const BASE_SHAPE: CombShape = { teeth: 6, blocks: 1 }; // 4.4 KB
const BASE_STAGES: readonly Stage<CombShape>[] = [
  { earned: 32, shape: { teeth: 10, blocks: 2 } }, // 135 KB
];

/** What a key holds without tables: its 32 bytes, 22 doubles and the objects around them. */
const KEY_BYTES = 4096;

/**
 * The key that 32 bytes encode; null where they encode no point of the curve (RFC 8032 section
 * 5.1.3). Keys of small order are refused where the JWK is read (jose/jwk.ts).
 */
export function importEd25519Key(
  bytes: Uint8Array,
  sha512: (data: Uint8Array) => Uint8Array,
): Ed25519Key | null {
  const point = bytes.length === 32 ? decodePoint(bytes) : null;
  return point === null ? null : keyOf(new Uint8Array(bytes), negate(point), sha512);
}

function keyOf(
  bytes: Uint8Array,
  minusA: AffinePoint,
  sha512: (data: Uint8Array) => Uint8Array,
): Ed25519Key {
  const combs = earnedTables(null, STAGES, (shape) => createComb(minusA, shape));
  const tableSize = (): number => combs.best()?.table.byteLength ?? 0;
  return {
    verify(signature, data) {
      if (signature.length !== 64) return false;
      const s = readScalar(signature, 32);
      if (s >= L) return false; // step 1: S is below L
      if (isSmallOrderPoint(encodeBase64url(signature.subarray(0, 32)))) return false;
      const hashed = new Uint8Array(64 + data.length);
      hashed.set(signature); // of which the key replaces S
      hashed.set(bytes, 32);
      hashed.set(data, 64);
      const k = readWideScalar(sha512(hashed)); // step 2
      // Step 3. All of this is public: a comparison of numbers will do.
      const base = combsOfB();
      if (recompute(s, k, minusA, combs.best(), base.best()) !== readScalar(hashed, 0))
        return false;
      combs.earn();
      base.earn();
      return true;
    },
    get size() {
      return KEY_BYTES + tableSize();
    },
    get tableSize() {
      return tableSize();
    },
    dropTables: combs.drop,
  };
}

let baseCombs: EarnedTable<Comb, Comb> | undefined;

/** Made at the first use: a program that verifies nothing pays nothing. */
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
 * The encoding, as a number, of [s]B + [k]minusA, for 0 <= s < L and 0 <= k < L, with a comb of B, and
 * one of minusA where there is one. Public for tests, since no hash leads to every s and k.
 */
export function recompute(
  s: bigint,
  k: bigint,
  minusA: AffinePoint,
  combOfA: Comb | null,
  combOfB: Comb,
): bigint {
  assignIdentity(sum);
  // The digits of a comb make odd numbers. Instead of an even number they make the next, and the
  // point is subtracted once: right for a point of any order.
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
 * For a key without a table, by one row of doublings: the digits of k in the odd multiples of
 * minusA, and in the last columns the comb of B. T is written where an addition follows.
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

/** For a key with a table: both combs, by one row of doublings. Column 0 is always in B, last. */
function addHot(combOfB: Comb, combOfA: Comb): void {
  for (let i = Math.max(combOfA.columns, combOfB.columns) - 1; i >= 0; i--) {
    double(sum, true);
    const isInB = i < combOfB.columns;
    if (i < combOfA.columns) addColumn(sum, combOfA, bitsOfK, i, isInB);
    if (isInB) addColumn(sum, combOfB, bitsOfS, i, i === 0);
  }
}
