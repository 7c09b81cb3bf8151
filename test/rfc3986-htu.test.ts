// RFC 3986 sections 6.2.2 and 6.2.3, as RFC 9449 section 4.3 recommends them for htu. The cases
// stand in vectors/htu.json.
import { normalizeHtu } from "dpop-core";
import { describe, expect, test, vi } from "vitest";
import { mint, TOKEN_URL } from "./support/mint.js";
import { outcome } from "./support/run.js";
import groups from "./vectors/htu.json" with { type: "json" };

describe.each(groups)("$rule", ({ cases }) => {
  const rows = cases.map(({ name, uri, normal }) => [name, uri, normal] as const);

  test.each(rows)("%s: %j", (_, uri, normal) => {
    expect(normalizeHtu(uri)).toBe(normal);
    if (normal !== null) expect(normalizeHtu(normal)).toBe(normal);
  });
});

describe("what nearly is a dot segment is a name", () => {
  test.each([
    "https://a.example/a/.b/c",
    "https://a.example/a/b./c",
    "https://a.example/.a",
    "https://a.example/a/.-/",
  ])("%s", (uri) => {
    expect(normalizeHtu(uri)).toBe(uri);
    const [origin = "", path = ""] = uri.split(/(?<=example)/);
    expect(normalizeHtu(`${origin}/.${path}`)).toBe(uri); // no short cut
  });
});

test("every capital of a host becomes small beside an escape, which gets capital digits", () => {
  expect(normalizeHtu("https://AZMaz%c3%a9ZA.example/")).toBe("https://azmaz%C3%A9za.example/");
});

describe("the URL of a request that is longer than an htu may be", () => {
  const [origin = "", path = ""] = TOKEN_URL.split(/(?<=example\.com)/);

  test("is refused, though its normal form is that of the proof", async () => {
    const longUrl = `${origin}${"/a/..".repeat(1000)}${path}`;
    expect(normalizeHtu(longUrl)).toBe(TOKEN_URL);
    expect(await outcome(mint(), { url: longUrl })).toBe("htu_mismatch");
    expect(await outcome(mint(), { url: `${origin}/a/..${path}` })).toBe("ok");
  });

  test("is taken where it is as long as the limit", async () => {
    const policy = { limits: { htu: TOKEN_URL.length } };
    for (const url of [TOKEN_URL, `${TOKEN_URL}?a`, `${TOKEN_URL}#a`]) {
      expect([url, await outcome(mint(), { url }, policy)]).toEqual([url, "ok"]);
    }
    expect(await outcome(mint(), { url: `${origin}/.${path}` }, policy)).toBe("htu_mismatch");
    expect(await outcome(mint(), { url: `${origin}/.${path}` })).toBe("ok");
  });

  test.each(["?", "#"])("is not one that is long only by what follows %j", async (mark) => {
    expect(await outcome(mint(), { url: `${TOKEN_URL}${mark}${"a".repeat(5000)}` })).toBe("ok");
  });
});

test.each([
  "https://a.example/",
  "http://a.example/",
  "https://az09.example./token",
  "http://az-09.a-z.example/AZaz09-._~/a.b/c~d/",
  "https://az//_-~.z",
])("nothing is built for %s, which is in normal form", (uri) => {
  const slice = vi.spyOn(String.prototype, "slice");
  const normal = normalizeHtu(uri);
  const slices = slice.mock.calls.length;
  slice.mockRestore();
  expect([normal, slices]).toEqual([uri, 0]);
});
