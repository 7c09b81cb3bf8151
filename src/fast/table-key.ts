// A public key of either curve: what it earns, and how much memory it takes.
import { type Stage, TableEarner } from "../jose/earned-table.js";

/** Bytes of the objects around a table (test/cache.test.ts). */
const TABLE_OVERHEAD = 500;

/**
 * Size of a key without a table, in bytes (test/cache.test.ts): one object, and a number of it. The texts of
 * its coordinates are those of its JWK.
 */
const KEY_BYTES = 136;

export type Hash = (data: Uint8Array) => Uint8Array;

/** A key that earns combs of this shape. */
export abstract class TableKey<
  Shape,
  Comb extends { readonly table: Int32Array },
> extends TableEarner<Shape, Comb> {
  protected readonly hash: Hash;

  constructor(hash: Hash) {
    super();
    this.hash = hash;
  }

  get size(): number {
    return KEY_BYTES + this.tableSize;
  }

  get tableSize(): number {
    let sum = 0;
    for (let one = this.built; one !== null; one = one.before) {
      sum += 4 * one.table.table.length + TABLE_OVERHEAD;
    }
    return sum;
  }

  /** Drops the last table; the key still works, and earns the next one more slowly. */
  dropTables(): void {
    this.dropLast();
  }

  /**
   * Returns the first table where the next valid signature earns it, else null. That signature is verified
   * by it already: to build it and to use it once costs a quarter more than to do without it. `earn` keeps it.
   */
  protected firstTableDue(): Comb | null {
    const stage: Stage<Shape> | undefined = this.built === null ? this.stages()[0] : undefined;
    return stage === undefined || this.valid + 1 < stage.earned * this.patience
      ? null
      : this.build(stage.shape);
  }
}
