// Properties of the bytes layer: base64url, UTF-8, JSON and equality, against the platform's own.
import { isDeepStrictEqual } from "node:util";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decodeBase64url, encodeBase64url } from "../../src/bytes/base64url.js";
import { constantTimeEqual, constantTimeEqualBytes } from "../../src/bytes/equal.js";
import { parseJsonObject } from "../../src/input/json.js";
import { asciiBytes, decodeUtf8, encodeUtf8, isWellFormed } from "../../src/bytes/utf8.js";
import {
  anyText,
  bytes,
  jsonObject,
  jsonValue,
  runs,
  unitOf,
  utf16,
} from "../support/arbitraries.js";

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

describe("base64url", () => {
  test("what is encoded decodes to the same bytes, and is what Buffer writes", () => {
    fc.assert(
      fc.property(bytes, (data) => {
        const text = encodeBase64url(data);
        expect(text).toBe(Buffer.from(data).toString("base64url"));
        expect(decodeBase64url(text)).toEqual(data);
      }),
      runs(1000),
    );
  });

  /** Mostly of the alphabet: a text of anything else is refused at its first character. */
  const almost = fc.oneof(
    fc.string({ unit: unitOf(ALPHABET) }),
    fc.string({ unit: unitOf(`${ALPHABET}=+/ .`) }),
    anyText,
  );

  test("what decodes is encoded to the same text: no two texts decode alike", () => {
    let decoded = 0;
    fc.assert(
      fc.property(almost, (text) => {
        const data = decodeBase64url(text);
        if (data === null) return;
        if (text !== "") decoded++;
        expect(encodeBase64url(data)).toBe(text);
      }),
      runs(3000),
    );
    expect(decoded).toBeGreaterThan(100);
  });

  test("what Buffer would write is decoded, and nothing else is", () => {
    fc.assert(
      fc.property(almost, (text) => {
        const data = Buffer.from(text, "base64url"); // lenient: it skips what it does not know
        const canonical = data.toString("base64url") === text;
        expect(decodeBase64url(text)).toEqual(canonical ? new Uint8Array(data) : null);
      }),
      runs(2000),
    );
  });

  test("a part of a text decodes as that part alone", () => {
    fc.assert(
      fc.property(almost, almost, almost, (before, text, after) => {
        const end = before.length + text.length;
        expect(decodeBase64url(before + text + after, before.length, end)).toEqual(
          decodeBase64url(text),
        );
      }),
      runs(1000),
    );
  });
});

describe("UTF-8", () => {
  test("text is encoded as TextEncoder does; a lone surrogate has no encoding", () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const whole = hasUtf8(text);
        expect(isWellFormed(text)).toBe(whole);
        expect(encodeUtf8(text)).toEqual(whole ? new TextEncoder().encode(text) : null);
      }),
      runs(2000),
    );
  });

  test("what is encoded decodes to the same text, but for a byte-order mark", () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const data = encodeUtf8(text);
        if (data !== null) expect(decodeUtf8(data)).toBe(text.startsWith("\ufeff") ? null : text);
      }),
      runs(1000),
    );
  });

  /** Pieces of sequences, so that most are almost right. */
  const almost = fc
    .array(
      fc.oneof(
        fc.uint8Array({ maxLength: 4 }),
        fc.string({ unit: "binary" }).map((text) => new TextEncoder().encode(text)),
        fc.constantFrom<readonly number[]>(
          [0xef, 0xbb, 0xbf],
          [0xc0, 0x80],
          [0xc1, 0xbf],
          [0xe0, 0x80, 0x80],
          [0xe0, 0x9f, 0xbf],
          [0xed, 0x9f, 0xbf],
          [0xed, 0xa0, 0x80],
          [0xf0, 0x8f, 0xbf, 0xbf],
          [0xf4, 0x8f, 0xbf, 0xbf],
          [0xf4, 0x90, 0x80, 0x80],
          [0xf5, 0x80, 0x80, 0x80],
        ),
        fc.integer({ min: 0x80, max: 0xff }).map((byte) => [byte]),
      ),
      { maxLength: 5 },
    )
    .map((pieces) => Uint8Array.from(pieces.flatMap((piece) => [...piece])));

  test("bytes are decoded as a fatal TextDecoder does, but for a byte-order mark, which is refused", () => {
    const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
    let [good, bad] = [0, 0];
    fc.assert(
      fc.property(almost, (data) => {
        const theirs = caught(() => decoder.decode(data));
        const expected = theirs?.startsWith("\ufeff") ? null : theirs;
        if (expected === null) bad++;
        else good++;
        expect(decodeUtf8(data)).toBe(expected);
      }),
      runs(3000),
    );
    expect(Math.min(good, bad)).toBeGreaterThan(100);
  });

  test("ASCII alone has ASCII bytes; other text is thrown at", () => {
    const latin = fc.array(fc.nat(0xff)).map((units) => String.fromCharCode(...units));
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: "binary-ascii" }), latin, utf16), (text) => {
        const data = caught(() => asciiBytes(text));
        const isAscii = Buffer.byteLength(text) === text.length; // one byte for each unit
        expect(data).toEqual(isAscii ? new TextEncoder().encode(text) : null);
      }),
      runs(1000),
    );
  });
});

describe("JSON", () => {
  test("a text that JSON.stringify makes is read as JSON.parse reads it", () => {
    fc.assert(
      fc.property(jsonObject, fc.constantFrom(0, 1, "\t"), (value, space) => {
        expectRead(JSON.stringify(value, null, space));
      }),
      runs(1000),
    );
  });

  test("however its whitespace, its escapes and its numbers are written", () => {
    fc.assert(
      fc.property(jsonObject, fc.gen(), (value, g) => {
        expectRead(write(value, chooser(g)));
      }),
      runs(500),
    );
  });

  test("a member that stands twice in any object of the text makes it null", () => {
    fc.assert(
      fc.property(
        jsonObject.filter((value) => countObjects(value) > 0),
        fc.nat(),
        fc.gen(),
        (value, number, g) => {
          const text = write(value, chooser(g), { left: number % countObjects(value) });
          expect(JSON.parse(text)).toBeTypeOf("object"); // JSON.parse hides it
          expect(parseJsonObject(text)).toBeNull();
        },
      ),
      runs(500),
    );
  });

  test("what JSON.parse does not read, and what is no object, is null", () => {
    const pieces = [
      '"',
      "{",
      "}",
      "[",
      "]",
      ":",
      ",",
      "1",
      '"a"',
      "\\",
      '\\"',
      " ",
      "\\u0061",
      "null",
    ];
    const almost = fc.oneof(
      anyText,
      jsonValue.map((value) => JSON.stringify(value)),
      fc.string({ unit: fc.constantFrom(...pieces) }),
      fc
        .tuple(jsonObject, fc.nat(), fc.constantFrom("", ...pieces))
        .map(([value, at, piece]) => splice(JSON.stringify(value), at, piece)),
    );
    fc.assert(
      fc.property(almost, (text) => {
        const theirs: unknown = caught(() => JSON.parse(text));
        const ours = parseJsonObject(text);
        if (!isObject(theirs)) expect(ours).toBeNull();
        else if (ours !== null) expectSame(ours, theirs);
      }),
      runs(3000),
    );
  });

  test("up to 16 levels are read, no more", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 40 }), fc.gen(), jsonValue, (depth, g, inner) => {
        const levels = depthOf(inner);
        let value: unknown = inner;
        for (let i = levels + 1; i < depth; i++) value = g(fc.boolean) ? [value] : { a: value };
        const text = JSON.stringify({ a: value });
        const total = Math.max(depth, levels + 1);
        const isRead = total <= 16 && isBounded(text);
        expect(parseJsonObject(text) !== null).toBe(isRead);
      }),
      runs(500),
    );
  });
});

describe("equality in constant time", () => {
  test("of texts is ===", () => {
    fc.assert(
      fc.property(pair(anyText, replaced), ([a, b]) => {
        expect(constantTimeEqual(a, b)).toBe(a === b);
        expect(constantTimeEqual(b, a)).toBe(a === b);
      }),
      runs(2000),
    );
  });

  test("of texts of one length, that differ in one bit of one unit, is false", () => {
    fc.assert(
      fc.property(utf16, fc.nat(), fc.nat(15), (text, at, bit) => {
        fc.pre(text !== "");
        const index = at % text.length;
        const unit = String.fromCharCode(text.charCodeAt(index) ^ (1 << bit));
        const other = text.slice(0, index) + unit + text.slice(index + 1);
        expect(constantTimeEqual(text, other)).toBe(false);
      }),
      runs(1000),
    );
  });

  test("of bytes is Buffer.compare() === 0", () => {
    fc.assert(
      fc.property(pair(bytes, flipped), ([a, b]) => {
        expect(constantTimeEqualBytes(a, b)).toBe(Buffer.compare(a, b) === 0);
      }),
      runs(2000),
    );
  });
});

/** Two values: any two, one twice, or one and what becomes of it. */
function pair<T>(of: fc.Arbitrary<T>, change: (value: T, at: number) => T): fc.Arbitrary<[T, T]> {
  return fc.oneof(
    fc.tuple(of, of),
    of.map((value): [T, T] => [value, value]),
    fc.tuple(of, fc.nat()).map(([value, at]): [T, T] => [value, change(value, at)]),
  );
}

/** One unit replaced; or the same units the other way round, of which the differences cancel each other. */
function replaced(text: string, at: number): string {
  return at % 2 === 0 ? splice(text, at >> 1, "\u0100") : text.split("").toReversed().join("");
}

function flipped(data: Uint8Array, at: number): Uint8Array {
  if (at % 2 !== 0) return data.toReversed();
  return data.map((byte, i) =>
    i === (at >> 1) % data.length ? byte ^ (1 << ((at >> 1) % 8)) : byte,
  );
}

/** Whether the platform finds a UTF-8 form of the text. */
function hasUtf8(text: string): boolean {
  return caught(() => encodeURIComponent(text)) !== null;
}

/** What a call returns, or null where it throws. */
function caught<T>(call: () => T): T | null {
  try {
    return call();
  } catch {
    return null;
  }
}

/** One character replaced, or added at the end. */
function splice(text: string, at: number, piece: string): string {
  const index = at % (text.length + 1);
  return text.slice(0, index) + piece + text.slice(index + 1);
}

/** A text within the bounds is read as JSON.parse reads it, every other one is null. */
function expectRead(text: string): void {
  const ours = parseJsonObject(text);
  if (isBounded(text)) expectSame(ours, JSON.parse(text));
  else expect(ours).toBeNull();
}

/** The bounds, depth left out, as they are documented: of the value that JSON.parse makes of a text that repeats no name. */
function isBounded(text: string): boolean {
  const outside = text.replaceAll(/"(?:[^"\\]|\\.)*"/gs, "s").length;
  const objects = allObjects(JSON.parse(text));
  const sizes = objects.map((one) => Object.keys(one).length);
  const values = sizes.reduce((sum, size) => sum + Math.max(size, 1), 0);
  const widest = Math.max(...sizes.map((size, i) => (Array.isArray(objects[i]) ? 0 : size)));
  const hasProto = objects.some((one) => Object.hasOwn(one, "__proto__"));
  return outside <= 1024 && values <= 128 && widest <= 64 && !hasProto;
}

/** Every object and array of a value, itself included. */
function allObjects(value: unknown): readonly object[] {
  if (typeof value !== "object" || value === null) return [];
  return [value, ...Object.values(value).flatMap(allObjects)];
}

/** `toEqual` takes -0 for 0's equal and overlooks a member `__proto__`. */
function expectSame(ours: unknown, theirs: unknown): void {
  expect(isDeepStrictEqual(ours, theirs)).toBe(true);
  expect(JSON.stringify(ours)).toBe(JSON.stringify(theirs));
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** How many objects with a member a value holds, itself included. */
function countObjects(value: unknown): number {
  if (Array.isArray(value)) return value.reduce<number>((sum, one) => sum + countObjects(one), 0);
  if (!isObject(value)) return 0;
  const inside = Object.values(value);
  return inside.reduce<number>((sum, one) => sum + countObjects(one), inside.length > 0 ? 1 : 0);
}

function depthOf(value: unknown): number {
  if (typeof value !== "object" || value === null) return 0;
  return 1 + Object.values(value).reduce<number>((most, one) => Math.max(most, depthOf(one)), 0);
}

/** Picks one of `count` ways. */
type Choose = (count: number) => number;

function chooser(g: fc.GeneratorValue): Choose {
  return (count) => g(fc.nat, count - 1);
}

/** How many objects are left before the one in which a member is to stand twice. */
interface Mark {
  left: number;
}

/** JSON in any of its spellings; in the object that is marked, if any, one member stands twice. */
function write(value: unknown, choose: Choose, twice: Mark = { left: -1 }): string {
  const space = ["", "", " ", "\n\t", "\r  "][choose(5)] ?? "";
  if (typeof value === "string") return space + writeString(value, choose) + space;
  if (Array.isArray(value)) {
    return `${space}[${value.map((one) => write(one, choose, twice)).join(",")}]${space}`;
  }
  if (!isObject(value)) return space + JSON.stringify(value) + space;
  const members = Object.entries(value);
  const isMarked = members.length > 0 && twice.left-- === 0;
  const written = members.map(([name, one]) => writeMember(name, one, choose, twice));
  if (isMarked) {
    const [name] = members[choose(members.length)] ?? [""];
    const again = writeMember(name, [0, "x", null, members.length][choose(4)], choose, twice);
    written.splice(choose(written.length + 1), 0, again);
  }
  return `${space}{${written.join(",")}}${space}`;
}

function writeMember(name: string, value: unknown, choose: Choose, twice: Mark): string {
  const space = ["", " "][choose(2)] ?? "";
  return `${space}${writeString(name, choose)}${space}:${write(value, choose, twice)}`;
}

function writeString(text: string, choose: Choose): string {
  let written = "";
  for (let i = 0; i < text.length; i++) {
    const plain = JSON.stringify(text.charAt(i)).slice(1, -1);
    const hex = text.charCodeAt(i).toString(16).padStart(4, "0");
    const forms = [plain, plain, `\\u${hex}`, `\\u${hex.toUpperCase()}`];
    written += text.charAt(i) === "/" ? "\\/" : (forms[choose(4)] ?? plain);
  }
  return `"${written}"`;
}
