// How many valid signatures a table costs a key that had to drop its last ones: twice as many each
// time, 64 times as many at most.
import { describe, expect, test } from "vitest";
import { earnedTables } from "../src/jose/earned-table.js";
import { hotKey } from "../src/noble/hot-key.js";

const DROPS = 12;
const FACTORS = Array.from({ length: DROPS }, (_, drops) => Math.min(2 ** drops, 64));

/** For each drop, how often `earn` is called until there is a table again. */
function costs(earn: () => void, hasTable: () => boolean, drop: () => void): number[] {
  return FACTORS.map(() => {
    let count = 0;
    while (!hasTable() && count < 100_000) {
      earn();
      count++;
    }
    drop();
    return count;
  });
}

describe("The price of a table doubles up to 64 times the first", () => {
  test("in the fast entry.", () => {
    const tables = earnedTables(null, [{ earned: 2, shape: "small" }], (shape) => shape);
    const found = costs(tables.earn, () => tables.best() !== null, tables.drop);
    expect(found).toEqual(FACTORS.map((factor) => 2 * factor));
  });

  test("over noble, and invalid signatures pay nothing.", () => {
    let answer = true;
    const verify = (): boolean => answer;
    const ways = { pointSize: 0, tableSize: 1000, cold: verify, heat: () => "table", hot: verify };
    const key = hotKey(ways, "point");
    const nothing = new Uint8Array(0);
    const earn = (): void => {
      answer = false;
      key.verify(nothing, nothing);
      answer = true;
      key.verify(nothing, nothing);
    };
    const found = costs(
      earn,
      () => key.tableSize !== 0,
      () => key.dropTables?.(),
    );
    expect(found).toEqual(FACTORS.map((factor) => 3 * factor));
  });
});
