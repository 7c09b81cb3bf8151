// RFC 3986 sections 6.2.2 and 6.2.3, as RFC 9449 section 4.3 recommends them for htu. The cases
// stand in vectors/htu.json.
import { normalizeHtu } from "dpop-core";
import { describe, expect, test } from "vitest";
import groups from "./vectors/htu.json" with { type: "json" };

describe.each(groups)("$rule", ({ cases }) => {
  const rows = cases.map(({ name, uri, normal }) => [name, uri, normal] as const);

  test.each(rows)("%s: %j", (_, uri, normal) => {
    expect(normalizeHtu(uri)).toBe(normal);
    if (normal !== null) expect(normalizeHtu(normal)).toBe(normal);
  });
});
