// Counts of uses in which old uses count less: all counts are halved from time to time. So their sum is
// bounded, and what was used much yesterday fades.

/** The uses of one thing, as counted at the time `age`. Only a UseCounter reads them. */
export interface Uses {
  count: number;
  age: number;
}

/** Counts the uses of many things. */
export interface UseCounter {
  /** Counts one more use of one thing, where there are `among` of them. */
  count(uses: Uses, among: number): void;
  /** Returns the uses that still count. */
  of(uses: Uses): number;
}

/**
 * All counts are halved after this many uses for each thing there is. So their mean is at most twice this
 * number, and a new thing that is used that often gets in. A stranger who wants to halve the counts of
 * others must send this many proofs for each key that is there.
 */
const USES_TO_HALF = 64;

/** After this many halvings the highest possible count is 0. */
const GONE = 31;

export function newUses(): Uses {
  return { count: 0, age: 0 };
}

/** Makes a counter. A count is halved when it is next read, so no single use pays for halving all. */
export function createUseCounter(): UseCounter {
  let age = 0;
  let sinceHalved = 0;

  function of(uses: Uses): number {
    const halvings = age - uses.age;
    return halvings < GONE ? uses.count >> halvings : 0; // a shift by 32 would change nothing
  }

  return {
    of,
    count(uses, among) {
      uses.count = of(uses) + 1;
      uses.age = age;
      sinceHalved++;
      if (sinceHalved < USES_TO_HALF * among) return;
      sinceHalved = 0;
      age++;
    },
  };
}
