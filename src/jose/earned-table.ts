// Tables that a key earns: from a count of valid signatures to the table that the key has now.
//
// A table costs more to build than it saves in a few verifications, and it takes memory. So the
// first signature of a key is verified without one, and only valid signatures count: a stranger who
// can't sign can't cause a table to be built that stays.

/** A table, and how many valid signatures a key must have had for it. Later stages need more. */
export interface Stage<Shape> {
  readonly earned: number;
  readonly shape: Shape;
}

/** A table, and the one that the key had before. */
interface Built<Table> {
  readonly table: Table;
  readonly before: Built<Table> | null;
  /** How many there are. */
  readonly level: number;
}

const MOST_PATIENCE = 64;

/**
 * What earns tables. A key inherits this, rather than holding functions of its own: a cache has tens of
 * thousands of keys, and so each of them is one object of a few numbers.
 */
export abstract class TableEarner<Shape, Table> {
  protected built: Built<Table> | null = null;
  /** Valid signatures since the beginning, or since a table was dropped. */
  protected valid = 0;
  protected patience = 1;

  /** The same list for all keys of a kind. */
  protected abstract stages(): readonly Stage<Shape>[];
  /** Returns null where there is no room for it now. */
  protected abstract build(shape: Shape): Table | null;

  /** Returns the last table that was built and not dropped; else null. */
  protected table(): Table | null {
    return this.built === null ? null : this.built.table;
  }

  /** Counts one valid signature, and keeps the table that is due: the one that was built for it, or a new one. */
  protected earn(built: Table | null = null): void {
    const stage = this.stages()[this.level()];
    if (stage === undefined) return; // nothing left to earn
    this.valid++;
    if (this.valid < stage.earned * this.patience) return;
    const before = this.built;
    const table = built ?? this.build(stage.shape);
    if (table === null) this.goBackTo(before);
    else this.built = { table, before, level: this.level() + 1 };
  }

  /**
   * Goes back to the table before the last one. The next one takes twice as many valid signatures as the
   * last, up to 64 times as many as the first. So keys that compete for room do not build tables all the
   * time, and get theirs again once there is room.
   */
  protected dropLast(): void {
    if (this.built !== null) this.goBackTo(this.built.before);
  }

  private goBackTo(before: Built<Table> | null): void {
    this.built = before;
    this.valid = 0;
    this.patience = Math.min(2 * this.patience, MOST_PATIENCE);
  }

  private level(): number {
    return this.built === null ? 0 : this.built.level;
  }
}
