// Tables that a key earns: from a count of valid signatures to the table that the key has now.
//
// A table costs more to build than it saves in a few verifications, and it takes memory. So the
// first signature of a key is verified without one, and only valid signatures count: a stranger who
// can't sign can't cause a table to be built.

/** A table, and how many valid signatures a key must have had for it. Later stages need more. */
export interface Stage<Shape> {
  readonly earned: number;
  readonly shape: Shape;
}

/** The table of one key. `First` is what the key has before it earned one. */
export interface EarnedTable<Table, First extends Table | null> {
  /** Returns the best table that was built, or what the key had at the start. */
  best(): Table | First;
  /** Counts one valid signature, and builds the table that is due. */
  earn(): void;
  /**
   * Goes back to the start. If a table was built, the next one takes twice as many valid signatures
   * as the last, up to 64 times as many as the first. So keys that compete for room do not build
   * tables all the time, and get theirs again once there is room.
   */
  drop(): void;
}

const MOST_PATIENCE = 64;

export function earnedTables<Shape, Table, First extends Table | null>(
  first: First,
  stages: readonly Stage<Shape>[],
  build: (shape: Shape) => Table,
): EarnedTable<Table, First> {
  let table: Table | First = first;
  let next = 0; // the stage to earn next
  let count = 0; // valid signatures since the beginning
  let patience = 1;
  return {
    best: () => table,
    earn() {
      const stage = stages[next];
      if (stage === undefined) return; // nothing left to earn
      count++;
      if (count < stage.earned * patience) return;
      table = build(stage.shape);
      next++;
    },
    drop() {
      if (next === 0) return;
      table = first;
      next = 0;
      count = 0;
      patience = Math.min(2 * patience, MOST_PATIENCE);
    },
  };
}
