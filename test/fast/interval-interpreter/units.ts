// The unit in which the bounds of a field are told.
import { Checker, type Options } from "./interpreter.js";
import {
  type Cells,
  floorDivide,
  Interval,
  limbsIn,
  limbsWithin,
  max,
  Refused,
  toLimbs,
} from "./values.js";

/**
 * What a product leaves of factors that are such outputs themselves, times fa and fb with fa·fb at
 * most `budget`, or of balanced numbers below 2^256: the unit in which bounds are told. Limbs 0 to
 * 9 get one bound, the highest of all. `path` is that of the field's file.
 */
export function unitOf(path: string, budget: number, options: Options = {}): Interval[] {
  let limb = 1n << 23n;
  let top = 1n << 16n;
  for (let turns = 0; turns < 20; turns++) {
    const checker = new Checker(options);
    const out = limbsWithin(0n, 0n);
    const unit = limbsIn(limbsWithin(limb, top));
    const before = limb + top;
    checker.run(path, "multiply", [out, units(unit, budget), units(unit, 1)]);
    for (const [i, interval] of limbsIn(out).entries()) {
      if (i < 10) limb = max(limb, interval.magnitude);
      else top = max(top, interval.magnitude);
    }
    if (limb + top === before) return unit;
  }
  throw new Refused("products grow without an end");
}

/** Limbs of that many units, rounded up. */
export function units(unit: readonly Interval[], factor: number): Cells {
  const parts = BigInt(Math.ceil(factor * 1e6));
  return toLimbs(
    unit.map(({ magnitude }) => {
      const bound = -floorDivide(-magnitude * parts, 1000000n);
      return new Interval(-bound, bound);
    }),
  );
}
