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

/** Of an item of section 4.3. */
function rowsOf(item: number): readonly Row[] {
  const [, , rows] = ITEMS.find(([number]) => number === item) ?? [];
  if (rows === undefined) throw new Error(`there is no item ${item}`);
  return rows;
}

describe("the examples of the specifications", () => runs(examples));

describe("[4.3-1] item 1: there is not more than one DPoP header field", () => runs(rowsOf(1)));
describe("[4.3-2] item 2: the value is a single well-formed JWT", () => runs(rowsOf(2)));
describe("[4.3-3] item 3: all required claims are there, of the right type and size", () =>
  runs(rowsOf(3)));
describe("[4.3-4] item 4: typ is dpop+jwt", () => runs(rowsOf(4)));
describe("[4.3-5] item 5: alg is an asymmetric algorithm that is supported and accepted", () =>
  runs(rowsOf(5)));
describe("[4.3-6] item 6: the signature verifies with the public key in jwk", () =>
  runs(rowsOf(6)));
describe("[4.3-7] item 7: jwk holds no private key", () => runs(rowsOf(7)));
describe("[4.3-8] item 8: htm matches the method of the request", () => runs(rowsOf(8)));
describe("[4.3-9] item 9: htu matches the URI of the request without query and fragment", () =>
  runs(rowsOf(9)));
describe("[4.3-10] item 10: the nonce is the one that the server handed out", () =>
  runs(rowsOf(10)));
describe("[4.3-11] item 11: the creation time is within an acceptable window", () =>
  runs(rowsOf(11)));
describe("[4.3-12] item 12: with an access token, ath is its hash and the key is the one it is bound to", () =>
  runs(rowsOf(12)));

describe("[11.1-2] a proof is used once", () => runs(section111));

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
