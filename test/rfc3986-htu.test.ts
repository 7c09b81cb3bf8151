// RFC 3986 sections 6.2.2 and 6.2.3, as RFC 9449 section 4.3 recommends them for htu. The cases
// stand in vectors/htu.json.
import { normalizeHtu } from "dpop-core";
import { describe, expect, test, vi } from "vitest";
import groups from "./vectors/htu.json" with { type: "json" };

describe.each(groups)("$rule", ({ cases }) => {
  const rows = cases.map(({ name, uri, normal }) => [name, uri, normal] as const);

  test.each(rows)("%s: %j", (_, uri, normal) => {
    expect(normalizeHtu(uri)).toBe(normal);
    if (normal !== null) expect(normalizeHtu(normal)).toBe(normal);
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
