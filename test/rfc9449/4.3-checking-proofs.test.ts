// RFC 9449 section 4.3: the list, item by item, through the synchronous and the asynchronous driver.
import { FAILURES } from "dpop-core";
import { describe, expect, test } from "vitest";
import { VERIFIER_CODES } from "../support/codes.js";
import { mint } from "../support/mint.js";
import { outcome } from "../support/run.js";
import { examples, ITEMS, type Row, section111 } from "./rows.js";

function runs(rows: readonly Row[]): void {
  test.each(rows)("$name: $expect", async (row) => {
    expect(await outcome(row.proof(mint), row.request, row.policy)).toBe(row.expect);
  });
}

describe("the examples of the specifications", () => runs(examples));

for (const [item, rule, rows] of ITEMS) {
  describe(`[4.3-${item}] RFC 9449 §4.3 item ${item}: ${rule}`, () => runs(rows));
}

describe("[11.1-2] RFC 9449 §11.1: a proof is used once", () => runs(section111));

describe("the table itself", () => {
  const rows = [...examples, ...ITEMS.flatMap(([, , some]) => some), ...section111];

  test("every failure code of a verifier is produced by some row", () => {
    const produced = new Set(rows.map((row) => row.expect));
    produced.delete("ok");
    expect([...produced].toSorted()).toEqual(VERIFIER_CODES.toSorted());
  });

  test("every item of 4.3 has rows that pass and rows that fail with a code of that item", () => {
    expect(ITEMS.map(([item]) => item)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
    for (const [item, , own] of ITEMS) {
      const items = own.map((row) => (row.expect === "ok" ? "ok" : FAILURES[row.expect].item));
      expect(items).toContain("ok");
      expect(items.some((of) => Number.parseInt(of, 10) === item)).toBe(true);
    }
  });

  test("no two rows of an item have one name", () => {
    for (const [, , own] of ITEMS)
      expect(new Set(own.map(({ name }) => name)).size).toBe(own.length);
  });
});
