// FIPS 180-4: the hashes of noble as we use them, in one state for all texts, beside node:crypto.
import { createHash } from "node:crypto";
import { sha384 as nobleSha384 } from "@noble/hashes/sha2.js";
import { describe, expect, test } from "vitest";
import { inOneState } from "../src/noble/one-state.js";
import { sha256 } from "../src/noble/sha256.js";
import { sha512 } from "../src/noble/sha512.js";

const sha384 = inOneState(nobleSha384);

describe.each([
  ["sha256", sha256],
  ["sha384", sha384],
  ["sha512", sha512],
] as const)("%s", (name, hash) => {
  const expected = (data: Uint8Array): string => createHash(name).update(data).digest("hex");
  const hex = (data: Uint8Array): string => Buffer.from(hash(data)).toString("hex");

  test("is that of node:crypto, of every length around its blocks", () => {
    const data = Uint8Array.from({ length: 600 }, (_, i) => (i * 89) ^ (i >> 3));
    for (let length = 0; length <= data.length; length++) {
      const piece = data.subarray(length % 7, (length % 7) + length);
      expect(hex(piece)).toBe(expected(piece));
    }
  });

  test("does not remember what it broke off", () => {
    class Broken extends Uint8Array {
      override subarray(): never {
        throw new Error("broken");
      }
    }
    expect(() => hash(new Broken(200))).toThrow("broken"); // after a block and more
    expect(hex(new Uint8Array(3))).toBe(expected(new Uint8Array(3)));
  });

  test("each answer has memory of its own", () => {
    const first = hash(Uint8Array.of(1));
    const kept = first.slice();
    hash(Uint8Array.of(2));
    expect(first).toEqual(kept);
    expect(first.buffer.byteLength).toBe(first.length);
  });
});
