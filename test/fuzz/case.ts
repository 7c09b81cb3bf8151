// What the differential run is made of: keys, signatures over them, and what must become of each.
import type { Dice } from "./dice.js";

/** What must become of a signature. */
export type Verdict =
  | "accepted"
  | "refused"
  /** The key itself is refused: by the JWK reader, or by importKey. */
  | "no key"
  /**
   * We refuse it by decision; engines differ, and node:crypto must do with all of them as it did
   * with the first.
   */
  | "disputed";

export interface Signed {
  readonly signature: Uint8Array;
  readonly data: Uint8Array;
}

/** A key, as it would come in a proof. */
export interface Subject {
  readonly jwk: Readonly<Record<string, string>>;
  /** A valid signature of this key, which tables are built with; undefined where no signature is known. */
  readonly witness: Signed | undefined;
}

export interface SignatureCase extends Signed {
  /** One of the curve's classes. */
  readonly name: string;
  readonly subject: Subject;
}

export type Label = "ES256" | "Ed25519";

/** A curve's classes of signatures, and rounds of them. */
export interface Curve {
  /** Of the part. */
  readonly name: string;
  readonly alg: Label;
  /** Whether the hash is the algorithm's own, so that node:crypto can be asked. */
  readonly ownHash: boolean;
  readonly classes: ReadonlyMap<string, Verdict>;
  /** How many signatures a round has: the same number always, every class among them. */
  readonly perRound: number;
  /** The signatures of one round, in an order that the dice decide. */
  round(dice: Dice): readonly SignatureCase[];
}

/** How many signatures of each class a round has, at the keys that it keeps. */
export const PER_CLASS = 7;

/** How many times a round makes keys to signatures; each time gives two of a class at least. */
export const MADE = 3;

/** Of 6 in a round of at most 300, a million signatures have the 20,000 of each class that are due. */
export const LEAST_PER_CLASS: number = Math.min(PER_CLASS, 2 * MADE);

export function times<T>(count: number, make: (index: number) => T): T[] {
  return Array.from({ length: count }, (_, index) => make(index));
}

/** Fisher and Yates: a key's tables are then built between signatures of every class. */
export function shuffled<T>(list: readonly T[], dice: Dice): readonly T[] {
  const left = [...list];
  return list.flatMap(() => left.splice(dice.below(left.length), 1));
}

/** The same bytes but for one bit between two places, counted in bytes. */
export function flippedBit(bytes: Uint8Array, start: number, end: number, dice: Dice): Uint8Array {
  const at = start + dice.below(end - start);
  const bit = 1 << dice.below(8);
  return bytes.map((byte, i) => (i === at ? byte ^ bit : byte));
}

/** Mostly as long as a signing input or shorter; sometimes empty, sometimes at the edge of a block. */
export function randomData(dice: Dice): Uint8Array {
  switch (dice.below(4)) {
    case 0:
      return dice.bytes(dice.below(40));
    case 1:
      return dice.bytes(300 + dice.below(300));
    case 2:
      return dice.bytes(64 * (1 + dice.below(8)) + dice.below(4) - 2); // blocks of 64 and 128 bytes
    default:
      return dice.bytes(dice.below(300));
  }
}

/** Other bytes than those: one bit, one byte more, one less, or something else altogether. */
export function changedData(data: Uint8Array, dice: Dice): Uint8Array {
  switch (data.length === 0 ? 0 : dice.below(4)) {
    case 0:
      return Buffer.concat([data, dice.bytes(1)]);
    case 1:
      return data.subarray(0, -1);
    case 2:
      return flippedBit(data, 0, data.length, dice);
    default:
      return dice.bytes(data.length + 32);
  }
}

export const base64url = (bytes: Uint8Array): string => Buffer.from(bytes).toString("base64url");
export const concat = (...parts: readonly Uint8Array[]): Uint8Array =>
  Uint8Array.from(Buffer.concat(parts));
