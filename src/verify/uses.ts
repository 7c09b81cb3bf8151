// How often something is used, where what is long ago counts less: each count is halved now and
// then. The sum of all counts has a bound for this reason, and a favourite of yesterday fades.

/** The uses of one thing, as they are counted at the time `age`; only a UseCounter reads them. */
export interface Uses {
  count: number;
  age: number;
}

export interface UseCounter {
  /** Counts one more use of one of `among` things. */
  count(uses: Uses, among: number): void;
  /** The uses that still count now. */
  of(uses: Uses): number;
}

/**
 * Uses, for each of the things there are, after which all counts are halved. Twice this is the mean
 * count at most: so many uses of its own bring in whatever is new, and a stranger who wants to fade
 * others has to send as many proofs for each key that is there.
 */
const USES_TO_HALF = 64;

/** Halved so often, the highest count that there can be is 0. */
const GONE = 31;

export function newUses(): Uses {
  return { count: 0, age: 0 };
}

/** Counts are halved when they are next looked at, so that no use pays for the others. */
export function createUseCounter(): UseCounter {
  let age = 0;
  let sinceHalved = 0;

  function of(uses: Uses): number {
    const halvings = age - uses.age;
    return halvings < GONE ? uses.count >> halvings : 0; // a shift by 32 would be none
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
