// Tables that a key earns: a count of valid signatures to the table that is there now.
//
// A table costs more to build than it saves in a few verifications, and memory as well; so the first
// signature of a key is verified without one, and only valid signatures count: whoever can't sign
// can't make us build anything.

/** A table, and how many valid signatures a key must have had. Later stages need more. */
export interface Stage<Shape> {
  readonly earned: number;
  readonly shape: Shape;
}

export interface Earned<Table, First extends Table | null> {
  /** The best table that is there; what there was in the beginning, where none is. */
  best(): Table | First;
  /** Counts one valid signature, and builds what is due. */
  earn(): void;
  /**
   * Goes back to the beginning. Where a table was built, the next takes twice as many valid
   * signatures as the last did, up to 64 times as many as the first: keys that compete for room must
   * not build tables all the time, but get theirs again once there is room.
   */
  drop(): void;
}

const MOST_PATIENCE = 64;

export function earnedTables<Shape, Table, First extends Table | null>(
  first: First,
  stages: readonly Stage<Shape>[],
  build: (shape: Shape) => Table,
): Earned<Table, First> {
  let table: Table | First = first;
  let next = 0; // the stage that is to be earned
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
