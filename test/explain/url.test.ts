// URLs that differ or are not valid: where, in which part, and why most likely.
import { expect, test } from "vitest";
import { createEcho, writtenUrl } from "../../src/explain/echo.js";
import { differenceOf, invalidCause, urlCause } from "../../src/explain/url.js";

test.each<[string, string, part: string | undefined, index: number]>([
  ["https://a/b", "https://a/b", undefined, 0],
  ["https://a/", "http://a/", "scheme", 4],
  ["https://a/", "https://b/", "host", 8],
  ["https://a/", "http://b/", "scheme", 4],
  ["https://a:1/", "https://a:2/", "port", 10],
  ["https://a/", "https://a:2/", "port", 9],
  ["https://[::1]/", "https://[::2]/", "host", 11],
  ["https://[::1]/", "https://[::1]:2/", "port", 13],
  ["https://[::1]:2/", "https://[::1]:22/", "port", 15],
  ["https://a/b", "https://a/bc", "path", 11],
  ["https://a/:b", "https://a/:c", "path", 11],
  ["https://a/", "https://ab/", "host", 9],
  ["https://abc", "https://abd", "host", 10], // cut off
])("%s and %s differ in the %s", (htu, url, part, index) => {
  expect(differenceOf(htu, url)).toEqual(part === undefined ? undefined : { part, index });
  expect(differenceOf(url, htu)).toEqual(part === undefined ? undefined : { part, index });
});

test.each([
  ["https://a/x", "https://b/x", "proxy_host"],
  ["https://a/x", "http://b/x", "proxy_host"],
  ["https://a/x", "http://a/x", "proxy_scheme"],
  ["https://a/x", "http://a:8080/x", "proxy_scheme"],
  ["http://a/x", "https://a/x", "http_client"],
  ["https://a/x", "https://a:8443/x", "port"],
  ["https://a/x", "https://a:8443/y", "port"],
  ["https://a/x/", "https://a/x", "trailing_slash"],
  ["https://a/x", "https://a/x/", "trailing_slash"],
  ["https://a//x///y", "https://a/x/y", "double_slash"],
  ["https://a/X", "https://a/x", "path_case"],
  ["https://a/X/", "https://a/x", "path_other"],
  ["https://a/x%252Fy", "https://a/x%2Fy", "double_encoded"],
  ["https://a/x%2Fy", "https://a/x%252Fy", "double_encoded"],
  ["https://a/x%3Fy=1", "https://a/x", "encoded_query"],
  ["https://a/x", "https://a/x%3Fy=1", "encoded_query"],
  ["https://a/x%3Fy=1", "https://a/z", "path_other"],
  ["https://a/%3Fy=1", "https://a/", "encoded_query"],
  ["https://a/x%20y", "https://a/x%20", "path_other"],
  ["https://a/x%2Fy", "https://a/x/y", "encoded_slash"],
  ["https://a/x/y", "https://a/x%2Fy", "encoded_slash"],
  ["https://a/x%20y", "https://a/x%40y", "path_other"],
  ["https://a/x!y", "https://a/x%21y", "decoded_path"],
  ["https://a/%40x%25y", "https://a/@x%25y", "decoded_path"],
  ["https://a/", "https://a/x", "origin_only"],
  ["https://a/v1/x", "https://a/", "prefix_stripped"],
  ["https://a/v1/x", "https://a/x", "prefix_stripped"],
  ["https://a/x", "https://a/v1/x", "prefix_added"],
  ["https://a/x", "https://a/y", "path_other"],
])("%s for %s: %s", (htu, url, cause) => {
  expect(urlCause(htu, url)).toBe(cause);
});

test.each([
  ["/x", "https://a/x", "url_relative"],
  ["https://user@a/x", "https://a/x", "url_user"],
  ["https://user:word@a", "https://a/x", "url_user"],
  ["https://a/x@y z", "https://a/x", "url_characters"],
  ["user@a/x", "https://a/x", "url_form"],
  ["://user@a/x", "https://a/x", "url_user"],
  ["https://a/x y", "https://a/x", "url_characters"],
  ["https://a/x y", "https://a/x%20y", "decoded_path"],
  ["https://a/x y", "https://a/x?%20", "url_characters"],
  ["https://a/\\", "https://a/x", "url_characters"],
  ["https://b\u00fccher/x", "https://a/x", "url_characters"],
  ["https://a:b/x", "https://a/x", "url_form"],
  ["https://a:b/x? ", "https://a/x", "url_form"],
  ["", "https://a/x", "url_form"],
])("%s is not valid beside %s: %s", (url, other, cause) => {
  expect(invalidCause(url, other)).toBe(cause);
});

test.each([
  ["https://a/x", "https://a/x"],
  ["https://a/x?secret#secret", "https://a/x?..."],
  ["https://a/x#secret", "https://a/x#..."],
  ["https://user:secret@a/x", "https://...@a/x"],
  ["https://user:secret@a", "https://...@a"],
  ["https://user:se@cret@a/x@y", "https://...@a/x@y"],
  ["https://a/x@y", "https://a/x@y"],
  ["https://a?user@b", "https://a?..."],
  ["user@a", "user@a"],
  ["", ""],
])("%s is shown as %s", (url, shown) => {
  expect(writtenUrl(url)).toBe(shown);
});

test.each([
  ["a token", "secret-token", "x secret-token y secret-token", "x [access token] y [access token]"],
  ["a token with its scheme", "DPoP secret-token", "secret-token", "[access token]"],
  [
    "a token with its scheme and blanks",
    "Bearer \t secret-token",
    "secret-token",
    "[access token]",
  ],
  ["a token with a line break", "secret-token\n", "secret-token", "[access token]"],
  ["a token of 8 characters", "12345678", "x12345678", "x[access token]"],
  ["a token of 7 characters within", "1234567", "x1234567", "x1234567"],
  ["a token of 7 characters", "1234567", "1234567", "[access token]"],
  ["an empty token", "", "", ""],
  ["no token", undefined, "secret-token", "secret-token"],
  ["2048 characters", undefined, "x".repeat(2048), "x".repeat(2048)],
  ["2049 characters", undefined, "x".repeat(2049), `${"x".repeat(2048)}...`],
  [
    "a token over the end",
    "secret-token",
    `${"x".repeat(2045)}secret-token`,
    `${"x".repeat(2045)}[ac...`,
  ],
])("an echo of %s", (_, token, text, shown) => {
  expect(createEcho(token)(text)).toBe(shown);
});
