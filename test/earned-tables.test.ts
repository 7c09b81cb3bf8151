// How many valid signatures a table costs a key that had to drop its last ones: twice as many each
// time, 64 times as many at most.
import { describe, expect, test } from "vitest";
import { TableEarner } from "../src/jose/earned-table.js";
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

class Earner extends TableEarner<string, string> {
  room = 1;
  onTry: () => void = () => undefined;

  protected stages() {
    return STAGES;
  }

  protected build(shape: string): string | null {
    this.onTry();
    return this.room > 0 ? shape : null;
  }

  has(): string | null {
    return this.table();
  }

  count(built?: string): void {
    this.earn(built);
  }

  drop(): void {
    this.dropLast();
  }
}

const STAGES = [
  { earned: 2, shape: "small" },
  { earned: 5, shape: "large" },
];

describe("The price of a table doubles up to 64 times the first", () => {
  test("in the fast entry.", () => {
    const key = new Earner();
    const found = costs(
      () => key.count(),
      () => key.has() !== null,
      () => key.drop(),
    );
    expect(found).toEqual(FACTORS.map((factor) => 2 * factor));
  });

  test("also where there was no room for it.", () => {
    const key = new Earner();
    key.room = 0;
    let [count, tries] = [0, 0];
    key.onTry = () => tries++;
    for (const factor of FACTORS) {
      for (let i = 0; i < 2 * factor; i++) key.count();
      count++;
      expect([key.has(), tries]).toEqual([null, count]);
    }
    key.room = 1;
    for (let i = 0; i < 128; i++) key.count();
    expect(key.has()).toBe("small");
  });

  test("and a table that is dropped leaves the one before it.", () => {
    const key = new Earner();
    for (let i = 0; i < 5; i++) key.count();
    expect(key.has()).toBe("large");
    key.drop();
    expect(key.has()).toBe("small");
    for (let i = 0; i < 9; i++) key.count();
    expect(key.has()).toBe("small");
    key.count();
    expect(key.has()).toBe("large");
    key.drop();
    key.drop();
    expect(key.has()).toBeNull();
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

test("A table that was built for the signature that earns it is kept, and no other is built.", () => {
  const key = new Earner();
  let tries = 0;
  key.onTry = () => tries++;
  key.count();
  key.count("of the signature");
  expect([key.has(), tries]).toEqual(["of the signature", 0]);
});

test("A key without a table has none to drop, and its first one costs no more.", () => {
  const key = new Earner();
  key.drop();
  key.count();
  key.count();
  expect(key.has()).toBe("small");
});
