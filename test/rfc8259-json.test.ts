// RFC 8259 section 4: names within an object should be unique; here they must be.
import { describe, expect, test } from "vitest";
import { parseJsonObject } from "../src/bytes/json.js";

describe("one JSON object", () => {
  test.each([
    ["{}", {}],
    [' {\t"a" :\n[ 1 , "b" ] }\r', { a: [1, "b"] }],
    ['{"a":{"b":{"a":1}},"b":[{"a":1},{"a":2}]}', { a: { b: { a: 1 } }, b: [{ a: 1 }, { a: 2 }] }],
    ['{"a":"{\\"a\\":1,\\"a\\":2}"}', { a: '{"a":1,"a":2}' }],
    ['{"a":"\\\\","b":"\\\\\\""}', { a: "\\", b: '\\"' }],
    ['{"":1," ":2}', { "": 1, " ": 2 }],
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
    '{"__proto__":1,"__proto__":2}',
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

test("__proto__ is a member like any other and changes no prototype", () => {
  const value = parseJsonObject('{"__proto__":{"polluted":true},"constructor":1}');
  expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
  expect(Object.hasOwn(value ?? {}, "__proto__")).toBe(true);
  expect(Reflect.get({}, "polluted")).toBeUndefined();
});
