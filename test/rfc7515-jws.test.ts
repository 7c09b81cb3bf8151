// RFC 7515 sections 3.1 and 7.1: three segments with a dot between them, none of them empty.
import { expect, test } from "vitest";
import { parseJws, splitJws } from "../src/jose/jws.js";

test("the dots of three segments are found, however short those are", () => {
  expect(splitJws("a.b.c")).toEqual({ jws: "a.b.c", headerEnd: 1, payloadEnd: 3 });
  expect(splitJws("aa.bbb.c")).toEqual({ jws: "aa.bbb.c", headerEnd: 2, payloadEnd: 6 });
});

test.each([
  "",
  "a",
  "a.",
  ".a",
  "a.b",
  ".",
  "..",
  "...",
  ".b.c",
  "a..c",
  "a.b.",
  "a.b.c.",
  "a.b.c.d",
])("%j is none", (jws) => {
  expect(splitJws(jws)).toBeNull();
});

test.each([
  ["e30.e30.AA", true],
  ["e30.e30.A", false],
  ["e30.e3.AA", false],
  ["e3.e30.AA", false],
  ["W10.e30.AA", false],
  ["e30.W10.AA", false],
  ["é30.e30.AA", false],
  ["e30.é30.AA", false],
  ["e30.e30.éA", false],
])("one bad segment is enough: %s", (jws, isOne) => {
  const segments = splitJws(jws);
  expect(segments).not.toBeNull();
  const parsed = segments === null ? null : parseJws(segments);
  expect(parsed).toEqual(isOne ? { header: {}, payload: {}, signature: new Uint8Array(1) } : null);
});
