// RFC 4648 section 5, without padding, in its one canonical form.
import { describe, expect, test, vi } from "vitest";
import { decodeBase64url, decodeBase64urlText, encodeBase64url } from "../src/bytes/base64url.js";

const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values);

describe("RFC 4648 §10: the test vectors, without padding", () => {
  test.each([
    ["", ""],
    ["f", "Zg"],
    ["fo", "Zm8"],
    ["foo", "Zm9v"],
    ["foob", "Zm9vYg"],
    ["fooba", "Zm9vYmE"],
    ["foobar", "Zm9vYmFy"],
  ])("%j is %j", (text, encoded) => {
    expect(encodeBase64url(Buffer.from(text))).toBe(encoded);
    expect(decodeBase64url(encoded)).toEqual(new Uint8Array(Buffer.from(text)));
  });

  test("the last two characters of the alphabet are - and _", () => {
    expect(encodeBase64url(bytes(0xfb, 0xff, 0xfe))).toBe("-__-");
    expect(decodeBase64url("-__-")).toEqual(bytes(0xfb, 0xff, 0xfe));
  });
});

describe("what is not canonical is refused", () => {
  test.each([
    ["length 1 modulo 4", "A"],
    ["length 5", "AAAAA"],
    ["padding", "Zg=="],
    ["only padding", "="],
    ["a space", "Zm 9"],
    ["a line break", "Zm9v\n"],
    ["+ of the other alphabet", "+__-"],
    ["/ of the other alphabet", "-//-"],
    ["a dot", "Zm9."],
    ["unused bits in a tail of two", "Zh"],
    ["unused bits in a tail of three", "Zm9"],
    ["a character outside ASCII", "Zmé0"],
    ["a character whose low byte is a letter", "ZmŁ0"],
    ["a NUL", "Zm\u00009"],
    ["a bad character in a tail of two", "Zm9vZ="],
    ["a bad character in a tail of three", "Zm9vZm*"],
  ])("%s", (_, text) => {
    expect(decodeBase64url(text)).toBeNull();
  });

  test("every character outside the alphabet, at every place of a group", () => {
    const alphabet = /^[A-Za-z0-9_-]$/;
    for (let code = 0; code < 0x300; code++) {
      const character = String.fromCharCode(code);
      for (let place = 0; place < 4; place++) {
        const text = `${"A".repeat(place)}${character}${"A".repeat(3 - place)}`;
        expect(decodeBase64url(text) !== null).toBe(alphabet.test(character));
      }
    }
  });

  test("every character outside the alphabet, at every place of a tail", () => {
    for (const character of ["*", "=", "+", "/", ".", "\0", "\u0080", "\u0141"]) {
      for (const text of [`${character}A`, `${character}AA`, `A${character}A`, `AA${character}`]) {
        expect(decodeBase64url(text)).toBeNull();
        expect(decodeBase64url(`AAAA${text}`)).toBeNull();
      }
    }
  });

  test("an end behind the end of the text", () => {
    for (let end = 5; end < 9; end++) expect(decodeBase64url("AAAA", 0, end)).toBeNull();
  });

  test("every tail: only zero bits decode", () => {
    const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    const accepted = (prefix: string): number =>
      [...alphabet].filter((last) => decodeBase64url(prefix + last) !== null).length;
    expect(accepted("A")).toBe(4);
    expect(accepted("AA")).toBe(16);
    expect(accepted("AAA")).toBe(64);
  });
});

test("a part of a text is decoded as if it were all", () => {
  expect(decodeBase64url("xx.Zm9v.yy", 3, 7)).toEqual(bytes(0x66, 0x6f, 0x6f));
  expect(decodeBase64url("Zm9v", 4, 4)).toEqual(bytes());
});

test("bytes of any number are encoded as Buffer does, however many characters that makes", () => {
  for (const length of [3071, 3072, 3073, 6144, 20_000]) {
    const data = bytes(...Array.from({ length }, (_, i) => (i * 7 + (i >> 8)) & 0xff));
    expect(encodeBase64url(data)).toBe(Buffer.from(data).toString("base64url"));
  }
});

describe("text that was encoded is decoded as UTF-8", () => {
  /** As a segment of a JWS, with something before and behind. */
  function decode(encoded: string): string | null {
    const jws = `AA.${encoded}.AAAA`;
    return decodeBase64urlText(jws, Uint8Array.from(Buffer.from(jws, "latin1")), 3, jws.length - 5);
  }

  // Blocks of sixteen letters are twelve bytes, which one way reads at once and another one by one.
  test.each([
    "",
    "a",
    "é",
    "a".repeat(12),
    "é".repeat(6),
    "é".repeat(12),
    "€".repeat(4),
    "😀".repeat(3),
    "\u0080".repeat(6),
    "\u007f".repeat(12),
    `${"a".repeat(12)}é`,
    `é${"a".repeat(23)}`,
    `${"a".repeat(11)}é${"b".repeat(11)}`,
    `${"a".repeat(8000)}😀`,
    `é${"\0".repeat(13)}`,
  ])("%j", (text) => {
    expect(decode(Buffer.from(text).toString("base64url"))).toBe(text);
  });

  test.each([
    ["a block outside the alphabet", "*".repeat(16)],
    ["two blocks outside it", "*".repeat(32)],
    ["a byte that is no ASCII", `${"A".repeat(15)}\xe9`],
    ["one letter of a block", `${"A".repeat(15)}*`],
    ["a letter of the tail", `${"A".repeat(17)}*`],
    ["letters outside it where text is wide", `${"w6nD".repeat(4)}*AAA`],
    ["a letter of the tail where text is wide", `${"w6nD".repeat(4)}qQ*`],
    ["a length of 1 modulo 4", "A".repeat(17)],
    ["a length of 1 modulo 4 where text is wide", `${"w6nDqcOp".repeat(2)}A`],
    ["unused bits", `${"A".repeat(16)}AB`],
    ["unused bits where text is wide", `${"w6nDqcOp".repeat(2)}AB`],
    ["a block of bytes that are no UTF-8", Buffer.alloc(12, 0x80).toString("base64url")],
    [
      "such bytes in the tail",
      Buffer.from(`${"a".repeat(12)}\xff`, "latin1").toString("base64url"),
    ],
    ["half a character at the end", Buffer.from("éé\xc3", "latin1").toString("base64url")],
  ])("%s is refused", (_, encoded) => {
    expect(decode(encoded)).toBeNull();
  });

  test.each([0, 1, 12, 13, 24, 35])("%d characters of ASCII are made once", (length) => {
    const ascii = "The quick brown fox jumps over the lazy dog".slice(0, length);
    const encoded = Buffer.from(ascii).toString("base64url");
    const make = vi.spyOn(String, "fromCharCode");
    const text = decode(encoded);
    const made = make.mock.calls.reduce((sum, units) => sum + units.length, 0);
    make.mockRestore();
    expect([text, made]).toEqual([ascii, length]);
  });

  test("the letters next to a segment are not of it", () => {
    const text = Buffer.from("é".repeat(30)).toString("base64url");
    const ascii = Uint8Array.from(Buffer.from(text));
    expect(decodeBase64urlText("A".repeat(48), new Uint8Array(48).fill(0x41), 0, 16)).toBe(
      "\0".repeat(12),
    );
    for (const end of [8, 16, 24, 32]) {
      expect(decodeBase64urlText(text, ascii, 0, end)).toBe("é".repeat((end / 8) * 3));
    }
    const word = "abcdefghijklmnopqrstuvwx";
    const letters = Buffer.from(word).toString("base64url");
    const codes = Uint8Array.from(Buffer.from(letters));
    for (const start of [0, 4, 8, 12, 16]) {
      const at = (start / 4) * 3;
      expect(decodeBase64urlText(letters, codes, start, start + 16)).toBe(word.slice(at, at + 12));
    }
  });

  test("the bytes next to a segment are not of it", () => {
    const encoded = Buffer.from("éé").toString("base64url");
    expect(decode(encoded)).toBe("éé");
    expect(decode(`${encoded.slice(0, 4)}`)).toBeNull(); // cut in a character
  });
});
