// RFC 7515 sections 3.1 and 7.1: three segments with a dot between them, none of them empty.
import { expect, test } from "vitest";
import { demandsExtension, parseJws, splitJws } from "../src/jose/jws.js";

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
])("%j is not a compact JWS", (jws) => {
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
  [`${"A".repeat(16)}é.e30.AA`, false],
  [`${Buffer.from(JSON.stringify({ a: "bcdefghijklmno" })).toString("base64url")}.é30.AA`, false],
])("one bad segment is enough: %s", (jws, isOne) => {
  const segments = splitJws(jws);
  expect(segments).not.toBeNull();
  const parsed = segments === null ? null : parseJws(segments);
  expect(parsed).toEqual(isOne ? { header: {}, payload: {}, signature: new Uint8Array(1) } : null);
});

test("section 4.1.11: crit and b64 demand an extension, whatever they hold", () => {
  for (const value of [null, false, true, [], ["exp"], ""]) {
    expect(demandsExtension({ crit: value })).toBe(true);
    expect(demandsExtension({ b64: value })).toBe(true);
    expect(demandsExtension({ crit: value, b64: value })).toBe(true);
  }
  expect(demandsExtension({ typ: "dpop+jwt", CRIT: 1 })).toBe(false);
});
