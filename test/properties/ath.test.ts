// Properties of ath: the hash of an access token, in memory that is used again and again.
import { createHash } from "node:crypto";
import { accessTokenHash, noble } from "dpop-core";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { runs, unitOf } from "../support/arbitraries.js";

describe("The hash of an access token", () => {
  const sha256Of = (token: string): string =>
    createHash("sha256").update(token).digest("base64url");

  test("is that of node:crypto, whatever the tokens before it, short and long", () => {
    const vschar = unitOf(String.fromCharCode(...Array.from({ length: 94 }, (_, i) => 0x21 + i)));
    const token = fc.oneof(
      fc.string({ unit: vschar, minLength: 1, maxLength: 600 }),
      fc.tuple(fc.integer({ min: 4000, max: 4200 }), vschar).map(([n, unit]) => unit.repeat(n)),
    );
    fc.assert(
      fc.property(fc.array(token, { minLength: 1, maxLength: 8 }), (tokens) => {
        const hashes = tokens.map((one) => accessTokenHash(one, { backend: noble }));
        expect(hashes).toEqual(tokens.map(sha256Of));
      }),
      runs(300),
    );
  });

  test("survives a hash that gives its bytes away", () => {
    const generous = {
      sha256(data: Uint8Array) {
        structuredClone(data, { transfer: [data.buffer] });
        return new Uint8Array(32);
      },
    };
    expect(accessTokenHash("abc", { backend: generous })).toBe("A".repeat(43));
    expect(accessTokenHash("abc", { backend: noble })).toBe(sha256Of("abc"));
  });
});
