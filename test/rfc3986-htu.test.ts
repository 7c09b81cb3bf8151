// RFC 3986 sections 6.2.2 and 6.2.3, as RFC 9449 section 4.3 recommends them for htu.
import { normalizeHtu } from "dpop-core";
import { describe, expect, test } from "vitest";

type Case = readonly [name: string, uri: string, normal: string | null];

function runs(cases: readonly Case[]): void {
  test.each(cases)("%s: %j", (_, uri, normal) => {
    expect(normalizeHtu(uri)).toBe(normal);
    if (normal !== null) expect(normalizeHtu(normal)).toBe(normal);
  });
}

describe("§6.2.2.1: scheme and host in small letters, hexadecimal digits in capitals, the path as it is", () => {
  runs([
    ["scheme", "HTTPS://a.example/B", "https://a.example/B"],
    ["mixed scheme", "hTTp://a.example/", "http://a.example/"],
    ["host", "https://A.Example/", "https://a.example/"],
    ["escapes of the path", "https://a.example/%c3%a9", "https://a.example/%C3%A9"],
    ["escapes of the host", "https://a%c3%a9B.example/", "https://a%C3%A9b.example/"],
    ["path", "https://a.example/AbC", "https://a.example/AbC"],
  ]);
});

describe("§6.2.2.2: escapes of unreserved characters are decoded, no others", () => {
  runs([
    ["unreserved", "https://a.example/%41%7a%30%2D%2e%5F%7E", "https://a.example/Az0-._~"],
    ["a capital in the host", "https://%41.example/", "https://a.example/"],
    ["slash", "https://a.example/a%2fb", "https://a.example/a%2Fb"],
    ["question mark and hash", "https://a.example/a%3fb%23c", "https://a.example/a%3Fb%23c"],
    ["percent", "https://a.example/%2541", "https://a.example/%2541"],
    ["NUL and space", "https://a.example/%00%20", "https://a.example/%00%20"],
    ["sub-delims", "https://a.example/%21%24%26", "https://a.example/%21%24%26"],
    ["the escape of 0x80", "https://a.example/%80", "https://a.example/%80"],
  ]);
});

describe("§6.2.2.3: dot segments are removed, after decoding", () => {
  runs([
    ["RFC 3986 5.2.4", "https://a.example/a/b/c/./../../g", "https://a.example/a/g"],
    ["one dot", "https://a.example/./a", "https://a.example/a"],
    ["one dot at the end", "https://a.example/a/.", "https://a.example/a/"],
    ["two dots at the end", "https://a.example/a/b/..", "https://a.example/a/"],
    ["two dots above the root", "https://a.example/../../a", "https://a.example/a"],
    ["nothing but two dots", "https://a.example/..", "https://a.example/"],
    ["escaped dots", "https://a.example/a/%2e%2E/b", "https://a.example/b"],
    ["one dot escaped", "https://a.example/a/.%2e/b", "https://a.example/b"],
    ["three dots are a name", "https://a.example/a/.../b", "https://a.example/a/.../b"],
    [
      "a name that begins with a dot",
      "https://a.example/.well-known/x",
      "https://a.example/.well-known/x",
    ],
    ["empty segments stay", "https://a.example/a//b", "https://a.example/a//b"],
    ["two dots remove an empty segment", "https://a.example/a//../b", "https://a.example/a/b"],
    ["a dot before an empty segment", "https://a.example/.//b", "https://a.example//b"],
    ["a trailing slash stays", "https://a.example/a/", "https://a.example/a/"],
    ["dots in the host stay", "https://a.example./a", "https://a.example./a"],
  ]);
});

describe("§6.2.3: an empty path is /, the default port and an empty one are dropped", () => {
  runs([
    ["no path", "https://a.example", "https://a.example/"],
    ["no path before a query", "https://a.example?x", "https://a.example/"],
    ["no path before a fragment", "https://a.example#x", "https://a.example/"],
    ["443 of https", "https://a.example:443/", "https://a.example/"],
    ["80 of http", "http://a.example:80/", "http://a.example/"],
    ["80 of https", "https://a.example:80/", "https://a.example:80/"],
    ["443 of http", "http://a.example:443/", "http://a.example:443/"],
    ["an empty port", "https://a.example:/", "https://a.example/"],
    ["the highest port", "https://a.example:65535/", "https://a.example:65535/"],
    ["port 0", "https://a.example:0/", "https://a.example:0/"],
    ["a port past the highest", "https://a.example:65536/", null],
    ["six digits", "https://a.example:100000/", null],
    ["a leading zero", "https://a.example:0443/", null],
    ["two zeros", "https://a.example:00/", null],
    ["a sign", "https://a.example:+443/", null],
    ["letters", "https://a.example:https/", null],
    ["two ports", "https://a.example:1:2/", null],
  ]);
});

describe("RFC 9449 §4.3 item 9: query and fragment are ignored, whatever they hold", () => {
  runs([
    ["a query", "https://a.example/a?b=c/../d", "https://a.example/a"],
    ["a fragment", "https://a.example/a#b?c", "https://a.example/a"],
    ["a question mark in the fragment", "https://a.example/a?#b", "https://a.example/a"],
    ["a user name in the query", "https://a.example?x@y", "https://a.example/"],
    ["text outside ASCII in the query", "https://a.example/?é", "https://a.example/"],
    ["a broken escape in the query", "https://a.example/?%", "https://a.example/"],
  ]);
});

describe("hosts", () => {
  runs([
    ["an IPv4 address", "http://127.0.0.1:8080/a", "http://127.0.0.1:8080/a"],
    ["an IPv6 address", "http://[2001:DB8::1]:8080/a", "http://[2001:db8::1]:8080/a"],
    ["an IPv6 address with the default port", "https://[::1]:443/", "https://[::1]/"],
    [
      "an IPv6 address that carries an IPv4 one",
      "https://[::ffff:127.0.0.1]/",
      "https://[::ffff:127.0.0.1]/",
    ],
    ["an IPv6 address that does not end", "https://[::1/", null],
    ["an IPv6 address with a zone", "https://[fe80::1%25eth0]/", null],
    ["text behind an IPv6 address", "https://[::1]a/", null],
    ["empty brackets", "https://[]/", null],
    ["an IPv6 address without brackets", "https://2001:db8::1/", null],
    ["sub-delims of a host", "https://a_b!$&'()*+,;=/", "https://a_b!$&'()*+,;=/"],
    ["a punycode name", "https://xn--bcher-kva.example/", "https://xn--bcher-kva.example/"],
    ["no host", "https:///a", null],
    ["no host but a port", "https://:443/", null],
    ["nothing", "https://", null],
    ["a bar in the host", "https://a|b/", null],
    ["a quote in the host", 'https://a"b/', null],
    ["brackets inside the host", "https://a[b]/", null],
    ["text outside ASCII", "https://bücher.example/", null],
    ["the Kelvin sign, which lower-cases to k", "https://\u212a.example/", null],
  ]);
});

describe("what the platform's URL would repair is refused", () => {
  runs([
    ["a user name", "https://user@a.example/", null],
    ["an empty user name", "https://@a.example/", null],
    ["a password", "https://user:pass@a.example/", null],
    ["one slash", "https:/a.example/", null],
    ["no slashes", "https:a.example/", null],
    ["three slashes", "https:///a.example/", null],
    ["backslashes", "https:\\\\a.example\\a", null],
    ["a backslash in the path", "https://a.example/a\\b", null],
    ["a backslash in the host", "https://a.example\\@evil.example/", null],
    ["a space before", " https://a.example/", null],
    ["a space after", "https://a.example/ ", null],
    ["a space inside", "https://a.example/a b", null],
    ["a tab in the scheme", "ht\ttps://a.example/", null],
    ["a line break in the host", "https://a.exa\nmple/", null],
    ["a control character", "https://a.example/\u0001", null],
    ["DEL", "https://a.example/\u007f", null],
    ["a NUL", "https://a.example/\u0000", null],
    ["text outside ASCII in the path", "https://a.example/é", null],
    ["a lone surrogate", "https://a.example/\ud800", null],
  ]);
});

describe("what is no http or https URI is refused", () => {
  runs([
    ["nothing", "", null],
    ["a path", "/a", null],
    ["a network path", "//a.example/", null],
    ["a host", "a.example/a", null],
    ["ftp", "ftp://a.example/", null],
    ["wss", "wss://a.example/", null],
    ["a scheme that ends so", "xhttps://a.example/", null],
    ["a scheme that begins so", "httpsx://a.example/", null],
    ["javascript", "javascript://a.example/", null],
    ["a percent sign at the end", "https://a.example/%", null],
    ["one digit behind a percent sign", "https://a.example/%4", null],
    ["no digits behind a percent sign", "https://a.example/%zz", null],
    ["one bad digit", "https://a.example/%4g", null],
    ["a percent sign before the query", "https://a.example/%?41", null],
    ["a broken escape in the host", "https://a%4.example/", null],
  ]);
});

describe("printable characters of a path that clients send as they are, stay", () => {
  runs([
    ["bar, caret and brackets", "https://a.example/a|b^c[d]", "https://a.example/a|b^c[d]"],
    [
      "braces, quotes, angles and backtick",
      'https://a.example/{a}"<b>`',
      'https://a.example/{a}"<b>`',
    ],
    ["colon and at sign", "https://a.example/a:b@c", "https://a.example/a:b@c"],
    ["sub-delims", "https://a.example/!$&'()*+,;=", "https://a.example/!$&'()*+,;="],
  ]);
});
