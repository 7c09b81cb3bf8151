// RFC 8259 section 4: names within an object should be unique; here they must be.
import { describe, expect, test, vi } from "vitest";
import { parseJsonObject, PROOF_BOUNDS } from "../src/input/json.js";

describe("one JSON object", () => {
  test.each([
    ["{}", {}],
    [' {\t"a" :\n[ 1 , "b" ] }\r', { a: [1, "b"] }],
    ['{"a":{"b":{"a":1}},"b":[{"a":1},{"a":2}]}', { a: { b: { a: 1 } }, b: [{ a: 1 }, { a: 2 }] }],
    ['{"a":"{\\"a\\":1,\\"a\\":2}"}', { a: '{"a":1,"a":2}' }],
    ['{"a":"\\\\","b":"\\\\\\""}', { a: "\\", b: '\\"' }],
    ['{"":1," ":2}', { "": 1, " ": 2 }],
    ['{"a":null,"b":[null,{"c":null}]}', { a: null, b: [null, { c: null }] }],
    ['{"a":["a","a",{"a":"a"}]}', { a: ["a", "a", { a: "a" }] }],
  ])("%s", (text, value) => {
    expect(parseJsonObject(text)).toEqual(value);
  });
});

describe("a name that stands twice is refused, wherever it stands and however it is written", () => {
  test.each([
    '{"a":1,"a":1}',
    '{"a":1,"b":2,"a":3}',
    '{"a":1,"\\u0061":1}',
    '{"\\/":1,"/":1}',
    '{"\\u00e9":1,"é":1}',
    '{"":1,"":2}',
    '{"x":{"a":1,"a":2}}',
    '{"x":[[{"a":1,"a":2}]]}',
    '{"a":{"b":1},"c":[1,2],"a":0}',
    '{"a":"\\"","a":1}',
  ])("%s", (text) => {
    expect(JSON.parse(text)).toBeTypeOf("object"); // JSON.parse takes it
    expect(parseJsonObject(text)).toBeNull();
  });
});

describe("what is not one JSON object is refused", () => {
  test.each([
    "",
    " ",
    "null",
    "1",
    '"a"',
    "[]",
    "[{}]",
    "{",
    "}",
    "}{",
    "{}{}",
    "{},",
    '{"a"}',
    '{"a":}',
    '{"a":1,}',
    "{a:1}",
    "{'a':1}",
    '{"a":01}',
    '{"a":NaN}',
    '{"a":"\t"}',
    '{"a":"\\x"}',
    '{"\\x":1}',
    '{"a":1]',
    '{"a":[1}',
    '{"a":"',
    '{"a":"\\',
    '{"a":1}\u00a0',
    '\ufeff{"a":1}',
    '{"a":1/**/}',
  ])("%j", (text) => {
    expect(parseJsonObject(text)).toBeNull();
  });

  test("nesting is bounded at 16, objects and arrays alike", () => {
    const nest = (depth: number, open: string, close: string): string =>
      `${open.repeat(depth)}1${close.repeat(depth)}`;
    expect(parseJsonObject(nest(16, '{"a":', "}"))).not.toBeNull();
    expect(parseJsonObject(nest(17, '{"a":', "}"))).toBeNull();
    expect(parseJsonObject(`{"a":${nest(15, "[", "]")}}`)).not.toBeNull();
    expect(parseJsonObject(`{"a":${nest(16, "[", "]")}}`)).toBeNull();
  });

  test("nesting that would kill some engines inside JSON.parse never gets there", () => {
    expect(parseJsonObject(`{"a":${"[".repeat(200_000)}`)).toBeNull();
    expect(parseJsonObject('{"a":'.repeat(200_000))).toBeNull();
  });
});

describe("a member __proto__ is refused, wherever it stands and however it is escaped", () => {
  test.each([
    '{"__proto__":{"polluted":true}}',
    '{"a":1,"__proto__":null}',
    '{"\\u005f_proto__":1}',
    '{"__prot\\u006F__":1}',
    '{"a":{"__proto__":1}}',
    '{"a":[1,{"b":[{"__proto__":[]}]}],"c":{}}',
    '{"__proto__":{"__proto__":{}}}',
    '{"__proto__":1,"__proto__":2}',
  ])("%s", (text) => {
    expect(JSON.parse(text)).toBeTypeOf("object"); // JSON.parse takes it
    expect(parseJsonObject(text)).toBeNull();
    expect(Reflect.get({}, "polluted")).toBeUndefined();
  });

  test("other names that every object inherits are names like any other", () => {
    const text = '{"constructor":1,"toString":{"valueOf":2},"__PROTO__":3,"a":"__proto__"}';
    expect(parseJsonObject(text)).toEqual(JSON.parse(text));
  });
});

test("what is read is frozen at every level", () => {
  const flat = parseJsonObject('{"a":1,"b":"c"}');
  const deep = parseJsonObject('{"a":{"b":[{"c":1},[2]]},"d":[]}');
  const lists = parseJsonObject('{"a":[1,[2]]}')?.["a"] as readonly unknown[]; // as was written
  const a = deep?.["a"] as { readonly b: readonly (readonly number[])[] }; // as was written
  for (const one of [flat, deep, a, a.b, a.b[0], a.b[1], deep?.["d"], lists, lists[1]]) {
    expect(Object.isFrozen(one) && typeof one === "object").toBe(true);
  }
});

describe("what costs more than its characters is bounded", () => {
  const members = (count: number, name = "n"): string =>
    Array.from({ length: count }, (_, i) => `"${name}${i}":0`).join(",");
  const elements = (count: number, one = "0"): string =>
    Array.from({ length: count }, () => one).join(",");

  test.each<[string, string, string]>([
    ["members of one object", `{${members(64)}}`, `{${members(65)}}`],
    ["of an inner one", `{"a":[{${members(64)}}]}`, `{"a":[{${members(65)}}]}`],
    [
      "of one as deep as any may be",
      `${'{"a":'.repeat(15)}{${members(64)}}${"}".repeat(15)}`,
      `${'{"a":'.repeat(15)}{${members(65)}}${"}".repeat(15)}`,
    ],
    [
      "each has its own count",
      `{"a":{${members(40)}},"b":{${members(40)}},"c":{${members(40)}}}`,
      `{"a":{${members(40)}},"b":{${members(65)}}}`,
    ],
    ["elements and members in all", `{"a":[${elements(127)}]}`, `{"a":[${elements(128)}]}`],
    [
      "of several objects",
      `{"a":{${members(63)}},"b":{${members(63)}}}`,
      `{"a":{${members(64)}},"b":{${members(63)}}}`,
    ],
    ["empty objects", `{"a":[${elements(63, "{}")},0]}`, `{"a":[${elements(64, "{}")}]}`],
    ["empty arrays", `{"a":[${elements(63, "[]")},0]}`, `{"a":[${elements(64, "[]")}]}`],
    ["digits", `{"a":${"9".repeat(1020)}}`, `{"a":${"9".repeat(1021)}}`],
    ["spaces", `{${" ".repeat(1022)}}`, `{${" ".repeat(1023)}}`],
    ["spaces at the end", `{}${" ".repeat(1022)}`, `{}${" ".repeat(1023)}`],
    // Each of these strings counts as one character.
    ["strings", `{"a":["b"${" ".repeat(1017)}]}`, `{"a":["b"${" ".repeat(1018)}]}`],
  ])("%s", (_, most, more) => {
    expect(parseJsonObject(most)).toEqual(JSON.parse(most));
    expect(JSON.parse(more)).toBeTypeOf("object"); // JSON.parse takes it
    const parse = vi.spyOn(JSON, "parse");
    try {
      expect(parseJsonObject(more)).toBeNull();
      expect(parse).not.toHaveBeenCalled(); // so that it costs only the search
    } finally {
      parse.mockRestore();
    }
  });

  test("what stands in strings does not count", () => {
    const text = JSON.stringify({ a: ':,[]{}\\"0 '.repeat(1000), [",".repeat(2000)]: 1 });
    expect(parseJsonObject(text)).toEqual(JSON.parse(text));
  });

  test("a string is skipped: no more of it is looked at than its end", () => {
    const long = "a:,[{".repeat(1000);
    const look = vi.spyOn(String.prototype, "charCodeAt");
    const value = parseJsonObject(`{"${long}":"${long}"}`);
    const looks = look.mock.calls.length;
    look.mockRestore();
    expect(value).toEqual({ [long]: long });
    expect(looks).toBeLessThan(20);
  });

  test("a string without an end is sought through once, whatever it holds", () => {
    for (const text of ['{"a":"b', '{"a":"b\\"', '{"a":"b\\', '{"', '"']) {
      const seek = vi.spyOn(String.prototype, "indexOf");
      const value = parseJsonObject(text);
      const seeks = seek.mock.calls.length;
      seek.mockRestore();
      expect(value).toBeNull();
      expect(seeks).toBeLessThan(4);
    }
  });

  test("what is plainly no JSON is not parsed", () => {
    const parse = vi.spyOn(JSON, "parse");
    try {
      for (const text of [
        '{"a":"b',
        '{"a":"b\\"',
        '{"a":"b\\',
        '"',
        "}",
        "{}}",
        '{"a":[]]}',
        "}{",
      ]) {
        expect(parseJsonObject(text)).toBeNull();
      }
      expect(parse).not.toHaveBeenCalled();
    } finally {
      parse.mockRestore();
    }
  });

  test("one text leaves no count to the next", () => {
    expect(parseJsonObject(`{${members(65)}}`)).toBeNull();
    expect(parseJsonObject(`{${members(64)}}`)).not.toBeNull();
    expect(parseJsonObject(`{"a":{${members(60)}`)).toBeNull();
    expect(parseJsonObject(`{"a":{${members(64)}}}`)).not.toBeNull();
  });

  test("characters outside of strings may be more where the caller says so", () => {
    const text = `{"a":1${" ".repeat(2000)}}`;
    expect(parseJsonObject(text)).toBeNull();
    const bounds = { ...PROOF_BOUNDS, outside: text.length };
    expect(parseJsonObject(text, bounds)).toEqual({ a: 1 });
  });
});
