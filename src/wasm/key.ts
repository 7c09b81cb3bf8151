// A key that has earned a table: verified by the module, and by the backend below whenever the module can't
// tell.
import type { SyncKey } from "../jose/alg.js";
import { earnedTables, type Stage } from "../jose/earned-table.js";
import { type Engine, type Table, theEngine, type Verify } from "./engine.js";
import { EARLY_TEETH, LATE_TEETH, UNSURE, YES } from "./es256.js";
import { whenCollected } from "./platform.js";

/** What a curve adds to a key. */
export interface Curve {
  /** Makes the table of a key: its comb of two blocks. */
  readonly build: (teeth: number) => Int32Array;
  /** Verifies with that table. */
  readonly verify: (engine: Engine) => Verify;
}

/**
 * The tables of a key, by the number of valid signatures that earn them. What was earned is built when the key
 * comes back: so a key that comes once costs nothing but its own verification.
 */
const STAGES: readonly Stage<number>[] = [
  { earned: 1, shape: EARLY_TEETH }, // 5.6 KB for P-256, 8.6 KB for Ed25519
  { earned: 48, shape: LATE_TEETH }, // 22.5 KB, 34 KB
];

/** Size of what stands around a key of the backend below, in bytes. */
const KEY_BYTES = 1024;

/** Gives slots back that a key took with it: one that no cache held, or that left without dropTables. */
const giveBackLater = /* @__PURE__ */ whenCollected(giveBack);

/** The table of a key, and whose it is. */
interface Held {
  readonly engineOf: () => Engine | null;
  table: Table | null;
}

function giveBack(held: Held): void {
  if (held.table !== null) held.engineOf()?.slots.giveBack(held.table);
  held.table = null;
}

/** Makes a key over one of the backend below. Tests give it another engine. */
export function acceleratedKey(
  below: SyncKey,
  { build, verify }: Curve,
  engineOf: () => Engine | null = theEngine,
): SyncKey {
  const held: Held = { engineOf, table: null };
  let isDue = false;
  const tables = earnedTables<number, Table | null, null>(null, STAGES, (teeth) => {
    const engine = engineOf();
    if (engine !== null) held.table = replaced(engine, held.table, teeth);
    return held.table;
  });

  /** Puts the table of a shape into the place of another; without room, that one stays. */
  function replaced({ slots }: Engine, old: Table | null, teeth: number): Table | null {
    const slot = slots.put(build(teeth));
    if (slot === null) return old;
    if (old !== null) slots.giveBack(old);
    return { ...slot, isLate: teeth === LATE_TEETH };
  }

  function ask(signature: Uint8Array, data: Uint8Array): number {
    const engine = held.table === null ? null : engineOf();
    if (engine === null || held.table === null) return UNSURE;
    return verify(engine)(held.table, signature, data);
  }

  const key: SyncKey = {
    verify(signature, data) {
      if (isDue) tables.earn();
      const answer = ask(signature, data);
      // A false signature changes nothing.
      isDue = answer === UNSURE ? below.verify(signature, data) : answer === YES;
      return isDue;
    },
    get size() {
      return KEY_BYTES + below.size + (held.table?.size ?? 0);
    },
    get tableSize() {
      return (below.tableSize ?? 0) + (held.table?.size ?? 0);
    },
    dropTables() {
      below.dropTables?.();
      giveBack(held);
      tables.drop();
    },
  };
  giveBackLater(key, held);
  return key;
}
