// How many lines a user writes, in the servers of the suite and in those of others.
import { describe, expect, test } from "vitest";
import { SERVERS } from "./servers.js";
import { commonGlue, glueIn } from "./support/glue.js";

describe("an API takes at most 8 lines, imports included", () => {
  test.each(SERVERS.map(({ name, file }) => [name, file] as const))("%s", (_, file) => {
    const own = glueIn(`servers/${file}`);
    expect(own).toBeGreaterThanOrEqual(3); // an import, a guard, and its place
    expect(commonGlue + own).toBeLessThanOrEqual(8);
  });
});

test("others take what the table says", () => {
  expect(glueIn("others/express-oauth2-jwt-bearer.ts")).toBe(3);
  expect(glueIn("others/jose.ts")).toBeGreaterThanOrEqual(50);
});
