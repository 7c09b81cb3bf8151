// RFC 4648 section 5, without padding, in its one canonical form.
import { describe, expect, test } from "vitest";
import { decodeBase64url, encodeBase64url } from "../src/bytes/base64url.js";

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
    ["padding alone", "="],
    ["a space", "Zm 9"],
    ["a line break", "Zm9v\n"],
    ["+ of the other alphabet", "+__-"],
    ["/ of the other alphabet", "-//-"],
    ["a dot", "Zm9."],
    ["unused bits in a tail of two", "Zh"],
    ["unused bits in a tail of three", "Zm9"],
    ["a character outside ASCII", "Zmé0"],
    ["a character of which the low byte is a letter", "ZmŁ0"],
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

  test("every tail: only zero bits decode", () => {
    const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    const accepted = (prefix: string): number =>
      [...alphabet].filter((last) => decodeBase64url(prefix + last) !== null).length;
    expect(accepted("A")).toBe(4);
    expect(accepted("AA")).toBe(16);
    expect(accepted("AAA")).toBe(64);
  });
});

test("a part of a text is decoded as if it stood alone", () => {
  expect(decodeBase64url("xx.Zm9v.yy", 3, 7)).toEqual(bytes(0x66, 0x6f, 0x6f));
  expect(decodeBase64url("Zm9v", 4, 4)).toEqual(bytes());
});
