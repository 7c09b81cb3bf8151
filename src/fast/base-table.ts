// The table of a generator, for all keys.

/** How many valid signatures, of all keys together, the larger table is worth. */
const EARNED = 32;

export interface BaseTable<Comb> {
  /** Returns the best table there is. The first call makes one, so that a program that verifies nothing pays nothing. */
  best(): Comb;
  /** Counts a valid signature, and makes the larger table when it is due. */
  earn(): void;
}

/** Makes no table yet. */
export function baseTable<Shape, Comb>(
  build: (shape: Shape) => Comb,
  early: Shape,
  late: Shape,
): BaseTable<Comb> {
  let comb: Comb | undefined;
  let left = EARNED;
  return {
    best: () => (comb ??= build(early)),
    earn() {
      left--;
      if (left === 0) comb = build(late);
    },
  };
}
