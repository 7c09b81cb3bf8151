// The URL of a request (RFC 9110 section 7.1, RFC 9112 section 3.2): the origin that is configured, with the target that came.
import { createVerifier, normalizeHtu, requestUrl } from "dpop-core";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { runs, unitOf } from "./support/arbitraries.js";
import { mint, NOW } from "./support/mint.js";

const ORIGIN = "https://api.example";

test.each([
  ["the origin form", "/a", "https://api.example/a"],
  ["with a query", "/a?b=/c", "https://api.example/a?b=/c"],
  ["the root", "/", "https://api.example/"],
  ["escapes, as they came", "/a%2fb/%7e", "https://api.example/a%2fb/%7e"],
  ["dot segments, as they came", "/a/../b", "https://api.example/a/../b"],
  [
    "two slashes, which are no authority",
    "//evil.example/a",
    "https://api.example//evil.example/a",
  ],
  ["an at sign, which is no user", "/@evil.example", "https://api.example/@evil.example"],
  ["the asterisk form", "*", "https://api.example"],
  ["the absolute form", "http://api.example/a?b", "https://api.example/a?b"],
  ["the absolute form of another host", "https://evil.example/a", "https://api.example/a"],
  ["the absolute form in capitals", "HTTP://API.EXAMPLE:8080/A", "https://api.example/A"],
  ["the absolute form without a path", "http://api.example", "https://api.example/"],
  ["the absolute form with a query only", "http://api.example?a", "https://api.example/?a"],
])("%s", (_, target, url) => {
  expect(requestUrl(ORIGIN, target)).toBe(url);
});

test.each([
  ["a path prefix that a proxy strips", "https://api.example/v1", "/a", "https://api.example/v1/a"],
  ["a port", "https://api.example:8443", "/a", "https://api.example:8443/a"],
  ["loopback", "http://localhost:3000", "http://x/a", "http://localhost:3000/a"],
  ["an address", "http://[::1]:3000", "/", "http://[::1]:3000/"],
  [
    "the prefix stays for the absolute form",
    "https://a.example/v1",
    "http://x",
    "https://a.example/v1/",
  ],
])("the origin can have %s", (_, origin, target, url) => {
  expect(requestUrl(origin, target)).toBe(url);
});

describe("no proof is for a target of no form", () => {
  test.each([
    "",
    "a",
    "a.example:443",
    "evil.example",
    ".evil.example/a",
    "@evil.example/",
    "ftp://a/b",
    "http:/a",
    "http://",
    "https:///a",
    "http://?a",
    "a?http://b/c",
    " http://b/c",
    "**",
    " /a",
    ":8080/",
  ])("%j", (target) => {
    const url = requestUrl(ORIGIN, target);
    expect(normalizeHtu(url)).toBeNull();
    const verifier = createVerifier({ replay: "none" });
    const proof = mint({ claims: { htu: ORIGIN + target } });
    const result = verifier.verify(proof, { method: "POST", url, now: NOW });
    expect(result).toMatchObject({ ok: false, code: "url_invalid" });
  });
});

describe("whatever the target", () => {
  const target = fc.oneof(
    fc.string({ unit: unitOf("/:@?#%.\\*ahtp\t\n "), maxLength: 20 }),
    fc.string({ unit: "binary", maxLength: 20 }).map((text) => `http://${text}`),
    fc.webUrl({ withQueryParameters: true, withFragments: true }),
  );

  test("the URL is of the origin that is configured, or of none", () => {
    fc.assert(
      fc.property(target, (text) => {
        const htu = normalizeHtu(requestUrl(ORIGIN, text));
        if (htu !== null) expect(htu.startsWith(`${ORIGIN}/`)).toBe(true);
      }),
      runs(5000),
    );
  });

  test("takes time linear in its length", () => {
    for (const piece of ["/", "a", "http://", "?", "#", "%"]) {
      const begin = process.cpuUsage();
      requestUrl(ORIGIN, piece.repeat(2 ** 20));
      requestUrl(ORIGIN, `http://${piece.repeat(2 ** 20)}`);
      const { user, system } = process.cpuUsage(begin);
      expect(user + system).toBeLessThan(2_000_000); // microseconds
    }
  });
});

test.each([
  ["a slash at its end", "https://api.example/"],
  ["a prefix with a slash at its end", "https://api.example/v1/"],
  ["two slashes in its prefix", "https://api.example//v1"],
  ["credentials", "https://user:secret@api.example"],
  ["a query", "https://api.example?a"],
  ["a query that holds a URL", "https://api.example?a=https://b.example"],
  ["a fragment", "https://api.example#a"],
  ["no scheme", "api.example"],
  ["another scheme", "wss://api.example"],
  ["no host", "https://"],
  ["a bad port", "https://api.example:x"],
  ["a space", "https://api example"],
  ["a line break", "https://api.example\n"],
  ["nothing", ""],
  ["the wrong type", 7],
])("an origin with %s is a TypeError that names it and does not repeat it", (_, origin) => {
  const call = (): unknown => requestUrl(origin as string, "/"); // on purpose
  expect(call).toThrow(TypeError);
  expect(call).toThrow(/^origin must be/);
  expect(call).not.toThrow(/secret|v1/);
});

test("a target that is no text is a TypeError", () => {
  expect(() => requestUrl(ORIGIN, undefined as never)).toThrow("target must be a string"); // on purpose
});
