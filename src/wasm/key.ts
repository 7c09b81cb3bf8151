// A key that has earned a table: verified by the module, and by the backend below whenever the module can't
// tell.
import type { SyncKey } from "../jose/alg.js";
import { type Stage, TableEarner } from "../jose/earned-table.js";
import {
  EARLY_TEETH,
  type Engine,
  LATE_TEETH,
  type Lanes,
  type Table,
  theEngine,
} from "./engine.js";
import { UNSURE, YES } from "./items.js";
import { whenCollected } from "./platform.js";

/** What a curve adds to a key. */
export interface Curve {
  /** Makes the table of a key: its comb of two blocks. */
  build(teeth: number): Int32Array;
  /** What verifies with that table. */
  lanes(engine: Engine): Lanes;
  /** The 32 bytes of a key of Ed25519, which are hashed with each message. */
  encoded?(): Uint8Array;
}

/**
 * The tables of a key, by the number of valid signatures that earn them. What was earned is built when the key
 * comes back: so a key that comes once costs nothing but its own verification. The first stays beside the
 * second, for the time when that one finds no room.
 */
const STAGES: readonly Stage<number>[] = [
  { earned: 1, shape: EARLY_TEETH }, // 5.6 KB for P-256, 8.6 KB for Ed25519
  { earned: 48, shape: LATE_TEETH }, // 22.5 KB, 34 KB
];

/** Size of what stands around a key of the backend below, in bytes (test/cache.test.ts). */
const KEY_BYTES = 120;

/** Bytes of the objects around a slot (test/cache.test.ts). */
const TABLE_OVERHEAD = 700;

/** A table, and what verifies with it. */
export interface KeyTable extends Table {
  readonly lanes: Lanes;
}

/** The tables of a key, in the order in which it earned them. */
interface Held {
  readonly engine: Engine;
  readonly tables: KeyTable[];
}

/** Gives slots back that a key took with it: one that no cache held, or that left without dropTables. */
const giveBackLater = /* @__PURE__ */ whenCollected(({ engine, tables }: Held) => {
  for (const table of tables) engine.slots.giveBack(table);
});

/** Makes a key over one of the backend below. Tests give it another engine. */
export function acceleratedKey(
  below: SyncKey,
  curve: Curve,
  engineOf: () => Engine | null = theEngine,
): SyncKey {
  return new AcceleratedKey(below, curve, engineOf);
}

/** A key as acceleratedKey makes it. */
export class AcceleratedKey extends TableEarner<number, KeyTable> implements SyncKey {
  private readonly below: SyncKey;
  private readonly curve: Curve;
  private readonly engineOf: () => Engine | null;
  /** Null until there is a table: most keys of many clients never have one. */
  private held: Held | null = null;
  /** Whether the last signature was valid, so that it counts when the key comes back. */
  private isDue = false;

  constructor(below: SyncKey, curve: Curve, engineOf: () => Engine | null) {
    super();
    this.below = below;
    this.curve = curve;
    this.engineOf = engineOf;
  }

  verify(signature: Uint8Array, data: Uint8Array): boolean {
    this.earnDue();
    const answer = this.ask(signature, data);
    this.isDue = answer === UNSURE ? this.below.verify(signature, data) : answer === YES;
    return this.isDue;
  }

  /** Counts the last signature where it was valid: a false one changes nothing. So a table that is due is built. */
  earnDue(): void {
    if (this.isDue) this.earn();
    this.isDue = false;
  }

  /** Takes a verdict that was made elsewhere, as `verify` takes its own. */
  decided(isValid: boolean): void {
    this.earnDue();
    this.isDue = isValid;
  }

  /** Returns the table for the next signature, or null. */
  next(): KeyTable | null {
    return this.table();
  }

  /** Puts a signature where the lanes decide about it (Lanes.enter). */
  enter(index: number, table: KeyTable, signature: Uint8Array, data: Uint8Array): number {
    return table.lanes.enter(index, table, signature, data, this.curve.encoded?.());
  }

  get size(): number {
    return KEY_BYTES + this.below.size + this.slotSize();
  }

  get tableSize(): number {
    return (this.below.tableSize ?? 0) + this.slotSize();
  }

  /** Drops the last table, and the last of the key below. */
  dropTables(): void {
    this.below.dropTables?.();
    const last = this.held?.tables.pop();
    if (last !== undefined) this.held?.engine.slots.giveBack(last);
    this.dropLast();
  }

  protected stages(): readonly Stage<number>[] {
    return STAGES;
  }

  protected build(teeth: number): KeyTable | null {
    const engine = this.engineOf();
    const slot = engine?.slots.put(this.curve.build(teeth)) ?? null;
    if (engine === null || slot === null) return null;
    const table = { ...slot, teeth, lanes: this.curve.lanes(engine) };
    if (this.held !== null) {
      this.held.tables.push(table);
    } else {
      this.held = { engine, tables: [table] };
      giveBackLater(this, this.held);
    }
    return table;
  }

  private ask(signature: Uint8Array, data: Uint8Array): number {
    const table = this.table();
    if (table === null) return UNSURE;
    const answer = this.enter(0, table, signature, data);
    return answer === YES ? table.lanes.decide() : answer;
  }

  private slotSize(): number {
    let sum = 0;
    if (this.held !== null) for (const { size } of this.held.tables) sum += size + TABLE_OVERHEAD;
    return sum;
  }
}
