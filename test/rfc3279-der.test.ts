// RFC 3279 section 2.2.3: ECDSA signatures in DER, which node:crypto takes and returns. The
// witnesses are noble's encoder and node:crypto, which converts by itself where it is asked to.
import { sign, verify } from "node:crypto";
import { p256, p384, p521 } from "@noble/curves/nist.js";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decodeDer, encodeDer } from "../src/jose/der.js";
import { keyPair } from "./support/key-pair.js";

const CURVES = [
  ["P-256", p256, 32],
  ["P-384", p384, 48],
  ["P-521", p521, 66],
] as const;

/** R||S as it is in the DER that is written here in hexadecimal. */
const KNOWN = [
  ["both 0", "0000 0000", "3006 020100 020100"],
  ["both 1", "0001 0001", "3006 020101 020101"],
  ["the highest bit of the last byte", "0080 0080", "3008 02020080 02020080"],
  ["no highest bit", "7fff 7fff", "3008 02027fff 02027fff"],
  ["the highest bit of the first byte", "8000 ffff", "300a 0203008000 020300ffff"],
  ["r short, s long", "0001 ff00", "3008 020101 020300ff00"],
] as const;

const bytesOf = (hex: string): Uint8Array =>
  new Uint8Array(Buffer.from(hex.replaceAll(" ", ""), "hex"));

describe("RFC 3279 §2.2.3 Ecdsa-Sig-Value", () => {
  test.each(KNOWN)("%s", (_, signature, der) => {
    expect(encodeDer(bytesOf(signature))).toEqual(bytesOf(der));
    expect(decodeDer(bytesOf(der), 2)).toEqual(bytesOf(signature));
  });

  test("a length of 127 is one byte, of 128 two, of 254 too", () => {
    const ofLength = (size: number): Uint8Array => encodeDer(new Uint8Array(size - 4).fill(1));
    // The halves are equally wide, so that an odd length needs a byte of padding.
    const odd = encodeDer(Uint8Array.of(0x80, ...new Uint8Array(121).fill(1)));
    expect([...odd.subarray(0, 3)]).toEqual([0x30, 127, 2]);
    expect([...ofLength(128).subarray(0, 4)]).toEqual([0x30, 0x81, 128, 2]);
    expect([...ofLength(252).subarray(0, 4)]).toEqual([0x30, 0x81, 252, 2]);
    const widest = new Uint8Array(248).fill(0xff);
    expect([...encodeDer(widest).subarray(0, 4)]).toEqual([0x30, 0x81, 254, 2]);
    expect(decodeDer(encodeDer(widest), 124)).toEqual(widest);
  });

  test.each(CURVES)("as noble writes it, %s", (_, curve, width) => {
    const number = fc
      .tuple(
        fc.bigInt({ min: 1n, max: curve.Point.Fn.ORDER - 1n }),
        fc.integer({ min: 0, max: 8 * width }),
      )
      .map(([value, shift]) => value >> BigInt(shift) || 1n);
    fc.assert(
      fc.property(number, number, (r, s) => {
        const theirs = new curve.Signature(r, s);
        const signature = theirs.toBytes("compact");
        expect(signature).toHaveLength(2 * width);
        expect(encodeDer(signature)).toEqual(theirs.toBytes("der"));
        expect(decodeDer(theirs.toBytes("der"), width)).toEqual(signature);
      }),
    );
  });

  test.each(CURVES)("as node:crypto reads and writes it, %s", (namedCurve, _, width) => {
    const { privateKey, publicKey } = keyPair(namedCurve);
    for (let i = 0; i < 20; i++) {
      const data = Buffer.from(`message ${i}`);
      const signature = decodeDer(sign("sha256", data, privateKey), width) ?? new Uint8Array();
      const asRs = { key: publicKey, dsaEncoding: "ieee-p1363" } as const;
      expect(verify("sha256", data, asRs, signature)).toBe(true);
      const other = sign("sha256", data, { key: privateKey, dsaEncoding: "ieee-p1363" });
      expect(verify("sha256", data, publicKey, encodeDer(other))).toBe(true);
    }
  });

  test.each([
    ["nothing", ""],
    ["a SET", "3106 020101 020101"],
    ["r is no INTEGER", "3006 030101 020101"],
    ["s is no INTEGER", "3006 020101 040101"],
    ["a length too short", "3005 020101 020101"],
    ["a length too long", "3007 020101 020101"],
    ["a long form for a short length", "308106 020101 020101"],
    ["a length of unknown end", "3080 020101 020101 0000"],
    ["r of no bytes", "3005 0200 020101"],
    ["s of no bytes", "3005 020101 0200"],
    ["r negative", "3007 020180 02020080"],
    ["r with a 0 too many", "3008 02020001 02020080"],
    ["s with a 0 too many", "3007 020101 02020001"],
    ["r too wide", "3009 0204010203 04 020101"],
    ["s too wide", "3008 020101 0203010203"],
    ["r longer than all", "3006 02ff01 020101"],
    ["three numbers", "3009 020101 020101 020101"],
    ["a byte behind", "3006 020101 020101 00"],
    ["a byte behind that is like those before", "3008 02020101 02020101 01"],
    ["only r", "3003 020101"],
  ])("what is no DER of two numbers is null: %s", (_, der) => {
    expect(decodeDer(bytesOf(der), 2)).toBeNull();
  });

  test("what is decoded is what was encoded, and nothing else", () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 64, maxLength: 64 }),
        fc.nat(),
        fc.nat(),
        (rs, at, by) => {
          const der = encodeDer(rs);
          expect(decodeDer(der, 32)).toEqual(rs);
          const changed = der.slice();
          changed[at % der.length] = by;
          const decoded = decodeDer(changed, 32);
          if (decoded !== null) expect(encodeDer(decoded)).toEqual(changed);
          expect(decodeDer(der.subarray(0, at % der.length), 32)).toBeNull();
        },
      ),
    );
  });
});
