// Keys over noble: after some valid signatures, a table of multiples of the key makes each further one
// cheaper.
import type { SyncKey } from "../jose/alg.js";
import { type Stage, TableEarner } from "../jose/earned-table.js";

/** Two ways to verify, which give the same result, for all keys of a curve. `Point` is what a key holds. */
export interface Ways<Point, Table> {
  /** Bytes of what a key holds. */
  readonly pointSize: number;
  /** Approximate size of a table, in bytes. */
  readonly tableSize: number;
  /** Verifies without a table. */
  cold(signature: Uint8Array, data: Uint8Array, point: Point): boolean;
  /** Builds a table. */
  heat(point: Point): Table;
  /** Verifies with it. */
  hot(signature: Uint8Array, data: Uint8Array, table: Table, point: Point): boolean;
}

/** Size of a key beside its point and its table, in bytes (test/cache.test.ts). */
const KEY_BYTES = 80;

/** A table costs about as much as four verifications, and saves most of each one after it. */
const STAGES: readonly Stage<undefined>[] = [{ earned: 3, shape: undefined }];

/** Makes a key that earns its table with valid signatures. */
export function hotKey<Point, Table>(ways: Ways<Point, Table>, point: Point): SyncKey {
  return new HotKey(ways, point);
}

class HotKey<Point, Table> extends TableEarner<undefined, Table> implements SyncKey {
  private readonly ways: Ways<Point, Table>;
  private readonly point: Point;

  constructor(ways: Ways<Point, Table>, point: Point) {
    super();
    this.ways = ways;
    this.point = point;
  }

  verify(signature: Uint8Array, data: Uint8Array): boolean {
    const { ways, point } = this;
    const table = this.table();
    const isValid =
      table === null ? ways.cold(signature, data, point) : ways.hot(signature, data, table, point);
    if (isValid) this.earn();
    return isValid;
  }

  get size(): number {
    return KEY_BYTES + this.ways.pointSize + this.tableSize;
  }

  get tableSize(): number {
    return this.table() === null ? 0 : this.ways.tableSize;
  }

  dropTables(): void {
    this.dropLast();
  }

  protected stages(): readonly Stage<undefined>[] {
    return STAGES;
  }

  protected build(): Table {
    return this.ways.heat(this.point);
  }
}
