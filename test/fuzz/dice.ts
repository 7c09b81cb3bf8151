// A seed to random choices, the same on every machine: the key stream of AES-256 in counter mode.
import { createCipheriv, createHash } from "node:crypto";

export interface Dice {
  bytes(length: number): Uint8Array;
  /** An integer from 0 up to, but not including, `end`, which is at most 2^32. */
  below(end: number): number;
  /** An integer from 1 up to, but not including, `end`, which is at most 2^256. */
  scalar(end: bigint): bigint;
  pick<T>(list: readonly T[]): T;
}

const CHUNK = 1 << 14; // bytes

export function createDice(seed: string): Dice {
  const key = createHash("sha256").update(seed).digest();
  const cipher = createCipheriv("aes-256-ctr", key, new Uint8Array(16));
  const zeros = new Uint8Array(CHUNK);
  let pool = new Uint8Array();
  let used = 0;

  function bytes(length: number): Uint8Array {
    if (used + length > pool.length) {
      pool = cipher.update(length > CHUNK ? new Uint8Array(length) : zeros);
      used = 0;
    }
    used += length;
    return Uint8Array.from(pool.subarray(used - length, used));
  }

  // Of 48 bits the remainder is as good as even: `end` is at most 2^32.
  const below = (end: number): number => Buffer.from(bytes(6)).readUIntBE(0, 6) % end;

  return {
    bytes,
    below,
    scalar: (end) => (BigInt(`0x${Buffer.from(bytes(48)).toString("hex")}`) % (end - 1n)) + 1n,
    pick(list) {
      const index = below(list.length);
      if (index >= list.length) throw new RangeError("there is nothing to pick from");
      return list[index] as (typeof list)[number]; // in range, as was just checked
    },
  };
}
