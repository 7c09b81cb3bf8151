// RFC 3629: UTF-8, decoded fatally, as a fatal TextDecoder does, less the byte-order mark.
import { describe, expect, test, vi } from "vitest";
import {
  asciiBytes,
  decodeUtf8,
  encodeUtf8,
  isWellFormed,
  readAscii,
  textOf,
} from "../src/bytes/utf8.js";

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

function reference(bytes: Uint8Array): string | null {
  try {
    return decoder.decode(bytes);
  } catch {
    return null;
  }
}

describe("well-formed text goes both ways", () => {
  test.each([
    "",
    "a",
    "é",
    "żółw",
    "€",
    "\u{10ffff}",
    "a\u{1f422}b",
    "\u0000",
    "\ud7ff\ue000\uffff",
    "a\ufeffb",
  ])("%j", (text) => {
    expect(encodeUtf8(text)).toEqual(new Uint8Array(Buffer.from(text)));
    expect(decodeUtf8(Buffer.from(text))).toBe(text);
    expect(isWellFormed(text)).toBe(true);
  });

  test("text longer than one chunk", () => {
    for (const text of ["x".repeat(10_000), `${"x".repeat(4095)}é${"y".repeat(5000)}`]) {
      expect(decodeUtf8(Buffer.from(text))).toBe(text);
    }
  });
});

test("text of more units than a call takes arguments is decoded", () => {
  const text = `${"x".repeat(2 ** 20)}é`;
  expect(decodeUtf8(Buffer.from(text)) === text).toBe(true);
});

test("readAscii looks at no character behind those that it is asked for", () => {
  expect(readAscii("aé", 1)).toEqual(Uint8Array.of(0x61));
  expect(readAscii("aé", 2)).toBe(null);
});

describe("what is not well-formed is refused", () => {
  test.each([
    ["an overlong NUL", [0xc0, 0x80]],
    ["an overlong slash", [0xc0, 0xaf]],
    ["an overlong form of three bytes", [0xe0, 0x80, 0xaf]],
    ["an overlong form of four bytes", [0xf0, 0x80, 0x80, 0xaf]],
    ["a high surrogate", [0xed, 0xa0, 0x80]],
    ["a low surrogate", [0xed, 0xbf, 0xbf]],
    ["a surrogate pair", [0xed, 0xa0, 0x80, 0xed, 0xb0, 0x80]],
    ["past U+10FFFF", [0xf4, 0x90, 0x80, 0x80]],
    ["a lead of five bytes", [0xf8, 0x88, 0x80, 0x80, 0x80]],
    ["only a continuation byte", [0x80]],
    ["a sequence cut short", [0x61, 0xe2, 0x82]],
    ["a sequence broken off", [0xe2, 0x82, 0x61]],
    ["0xFE", [0xfe]],
    ["0xFF", [0xff]],
    ["a byte-order mark at the start", [0xef, 0xbb, 0xbf, 0x61]],
  ])("%s", (_, bytes) => {
    expect(decodeUtf8(Uint8Array.from(bytes))).toBeNull();
  });

  test.each(["\ud800", "\udc00", "a\ud800b", "\udc00\ud800", "\ud800\ud800\udc00", "x\udbff"])(
    "lone surrogate %j",
    (text) => {
      expect(encodeUtf8(text)).toBeNull();
      expect(isWellFormed(text)).toBe(false);
    },
  );

  test("an engine without isWellFormed finds the same", () => {
    const { prototype } = String;
    const own = Object.getOwnPropertyDescriptor(prototype, "isWellFormed");
    const pieces = ["a", "\ud800", "\udbff", "\udc00", "\udfff", "\ud7ff", "\ue000", "\u{1f422}"];
    const texts = pieces.flatMap((a) => pieces.flatMap((b) => pieces.map((c) => a + b + c)));
    const answers = texts.map((text) => isWellFormed(text));
    expect(new Set(answers).size).toBe(2);
    expect(Reflect.deleteProperty(prototype, "isWellFormed")).toBe(true);
    try {
      expect(texts.map((text) => isWellFormed(text))).toEqual(answers);
    } finally {
      if (own !== undefined) Object.defineProperty(prototype, "isWellFormed", own);
    }
  });

  test("an engine that knows is asked, and no character is looked at", () => {
    const look = vi.spyOn(String.prototype, "charCodeAt");
    const answers = [isWellFormed("aé\ud800"), isWellFormed("aé")];
    const looks = look.mock.calls.length;
    look.mockRestore();
    expect([answers, looks]).toEqual([[false, true], 0]);
  });

  test("ASCII that is not is an error of ours", () => {
    expect(() => asciiBytes("é")).toThrow(RangeError);
  });
});

describe("the platform's fatal decoder agrees", () => {
  test("on every sequence of one and two bytes", () => {
    for (let a = 0; a < 256; a++) {
      expect(decodeUtf8(Uint8Array.of(a))).toBe(reference(Uint8Array.of(a)));
      for (let b = 0; b < 256; b++) {
        const bytes = Uint8Array.of(a, b);
        if (decodeUtf8(bytes) !== reference(bytes)) expect.fail(`${a} ${b}`);
      }
    }
  });

  test("on every lead of three and four bytes with the bytes at the edges", () => {
    const edges = [0x00, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xff];
    for (let lead = 0xe0; lead < 256; lead++) {
      for (const second of edges) {
        for (const third of edges) {
          for (const tail of [[], ...edges.map((fourth) => [fourth])]) {
            const bytes = Uint8Array.from([0x61, lead, second, third, ...tail]);
            if (decodeUtf8(bytes) !== reference(bytes)) expect.fail(bytes.join(" "));
          }
        }
      }
    }
  });
});

test("the first and the last character of every length go both ways", () => {
  for (const code of [
    0x00, 0x7f, 0x80, 0x7ff, 0x800, 0xd7ff, 0xe000, 0xfefe, 0xff00, 0xffff, 0x10000, 0x10ffff,
  ]) {
    const text = `é${String.fromCodePoint(code)}€`;
    const encoded = new Uint8Array(Buffer.from(text));
    expect(encodeUtf8(text)).toEqual(encoded);
    expect(decodeUtf8(encoded)).toBe(text);
    const alone = new Uint8Array(Buffer.from(String.fromCodePoint(code)));
    expect(encodeUtf8(String.fromCodePoint(code))).toEqual(alone);
    expect(decodeUtf8(alone)).toBe(String.fromCodePoint(code));
  }
});

test("wide text longer than one chunk", () => {
  for (const text of [
    "é".repeat(4095),
    "é".repeat(4097),
    "😀".repeat(3000),
    `é${"a".repeat(9000)}`,
  ]) {
    expect(decodeUtf8(Buffer.from(text))).toBe(text);
  }
});

test("units become one text, however many they are", () => {
  for (const length of [0, 1, 4095, 4096, 4097, 8192, 9000, 300_000]) {
    const units = Array.from({ length }, (_, i) => 0x20 + (i % 0x3000));
    expect(textOf(units)).toBe(units.map((unit) => String.fromCharCode(unit)).join(""));
  }
});
