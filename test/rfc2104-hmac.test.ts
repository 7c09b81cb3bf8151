// HMAC-SHA-256 (RFC 2104), which a nonce issuer authenticates its nonces with, against that of node:crypto.
import { createHmac } from "node:crypto";
import { noble } from "dpop-core";
import { describe, expect, test } from "vitest";
import { hmacSha256 } from "../src/jose/hmac.js";

describe("a key of so many bytes, around the block of 64 and well beyond it", () => {
  test.each([0, 1, 32, 63, 64, 65, 131, 1000])("%i", (length) => {
    const key = Uint8Array.from({ length }, (_, i) => (7 * i + 1) & 0xff);
    for (const size of [0, 1, 55, 56, 64, 200]) {
      const data = Uint8Array.from({ length: size }, (_, i) => (3 * i) & 0xff);
      const expected = createHmac("sha256", key).update(data).digest();
      expect(hmacSha256(key, data, noble)).toEqual(new Uint8Array(expected));
    }
  });
});
