// Points of P-256 in Jacobian coordinates, two at a time: the formulas of src/fast/p256/point.ts, without a
// branch.
//
// The formulas have exceptional cases: H = 0 in an addition (the points are equal or opposite), and infinity.
// No lane looks for them on its way. Every formula makes the new Z a product with the old one (2·Y·Z, Z·H,
// Z1·Z2·H), and p is a prime: once an addition was exceptional, Z is zero modulo p, and stays so to the end.
// While Z is not zero, no step was exceptional, and the sum is right. So one exact test of the last Z finds
// every case, and the user of a sum must make it.
import { call, type Expression, f64x2, type Func, I32, type Module } from "./assembler.js";
import {
  copy,
  copySwapped,
  defineIsZero,
  eachLimb,
  type Field,
  limbAt,
  operationsOf,
  subtractElements,
  addElements,
} from "./field.js";
import { after, at, ELEMENT, type Layout, type Place } from "./memory.js";

/** Bytes of a point: X, Y, Z. */
export const POINT: number = 3 * ELEMENT;

/** Points of P-256, in lanes. */
export interface Points {
  /** Where the affine point to add is put: x, y. */
  readonly entry: Place;
  /** Makes a point the affine one in `entry`. */
  readonly assign: Func<readonly [I32], undefined>;
  /** Doubles a point. */
  readonly double: Func<readonly [I32], undefined>;
  /** Adds the affine point in `entry`. */
  readonly add: Func<readonly [I32], undefined>;
  /**
   * Adds the point of lane 0 and that of lane 1, and writes to the two addresses X and Z² of the sum, which both
   * lanes have then, and Z after these.
   */
  readonly addLanes: Func<readonly [I32, I32], undefined>;
  /** Whether a number is zero modulo p (defineIsZero). */
  readonly isZero: Func<readonly [I32], I32>;
}

/** Writes the functions of points. `one` is 1 in Montgomery form. */
export function definePoints(module: Module, layout: Layout, field: Field, one: Place): Points {
  const { multiply, square, multiplyAdd, squareAdd, multiplyScaled, ...merged } = operationsOf(
    field,
    field.p256,
  );
  const { multiplyDifference, multiplyMinus8Square } = merged;
  const element = (): Place => layout.take(ELEMENT);
  const [a, b, c, d, e, f, g] = [
    element(),
    element(),
    element(),
    element(),
    element(),
    element(),
    element(),
  ];
  const entry = layout.take(2 * ELEMENT);
  const entryY = after(entry, ELEMENT);

  const assign = module.procedure(
    [I32],
    (point) => {
      copy(at(point), entry);
      copy(at(point, ELEMENT), entryY);
      copy(at(point, 2 * ELEMENT), one);
    },
    "assign",
  );

  /** Bounds and formula: double of src/fast/p256/point.ts. */
  const double = module.procedure(
    [I32],
    (point) => {
      const [x, y, z] = coordinates(at(point));
      square(a, z); // delta
      square(b, y); // gamma
      multiplyScaled(c, x, b, 4); // V
      addElements(d, x, a);
      subtractElements(e, x, a);
      multiplyScaled(f, d, e, 3); // alpha
      multiplyScaled(z, y, z, 2);
      squareAdd(x, f, -2, c);
      subtractElements(d, c, x);
      multiplyMinus8Square(y, f, d, b);
    },
    "double",
  );

  /** Bounds and formula: addAffine of src/fast/p256/point.ts. */
  const add = module.procedure(
    [I32],
    (point) => {
      const [x, y, z] = coordinates(at(point));
      square(a, z);
      multiplyAdd(b, entry, a, -1, x); // H
      multiply(c, z, a);
      multiplyAdd(d, entryY, c, -1, y); // r
      square(a, b); // H²
      multiply(c, a, b); // H³
      multiply(e, x, a); // V
      multiply(z, z, b);
      eachLimb(f, (i) => f64x2.add(limbAt(c, i), f64x2.add(limbAt(e, i), limbAt(e, i))));
      squareAdd(x, d, -1, f);
      subtractElements(g, e, x);
      multiplyDifference(y, d, g, y, c);
    },
    "add",
  );

  /**
   * EFD shortw/jacobian, add-1998-cmo-2, without Y'. Each lane adds the point of the other to its own:
   *
   *     H = X2·Z1² - X1·Z2²   r = Y2·Z1³ - Y1·Z2³   V = X1·Z2²·H²
   *     X' = r² - H³ - 2·V    Z' = Z1·Z2·H
   */
  const addLanes = module.procedure(
    [I32, I32],
    (point, out) => {
      const [x, y, z] = coordinates(at(point));
      const [xOut, squareOut, zOut] = coordinates(at(out));
      square(a, z); // Z1²
      copySwapped(b, a); // Z2²
      multiply(e, x, b); // X1·Z2²
      copySwapped(f, x); // X2
      multiplyDifference(d, f, a, x, b); // H: 1 · 1 + 1 · 1, carried
      multiply(c, z, a); // Z1³
      copySwapped(a, c); // Z2³
      copySwapped(f, y); // Y2
      multiplyDifference(g, f, c, y, a); // r: 1 · 1 + 1 · 1
      square(a, d); // H²
      multiply(e, e, a); // V
      multiply(a, a, d); // H³
      eachLimb(f, (i) => f64x2.add(limbAt(a, i), f64x2.add(limbAt(e, i), limbAt(e, i))));
      squareAdd(xOut, g, -1, f);
      copySwapped(b, z);
      multiply(b, b, z);
      multiply(zOut, b, d);
      square(squareOut, zOut);
    },
    "addLanes",
  );

  return { entry, assign, double, add, addLanes, isZero: defineIsZero(module) };
}

function coordinates(point: Place): readonly [Place, Place, Place] {
  return [point, after(point, ELEMENT), after(point, 2 * ELEMENT)];
}

/** Writes whether the lane `byte` bytes into a number is zero modulo p. */
export function isZeroAt({ isZero }: Points, number: Place, byte: 0 | 8): Expression<I32> {
  return call(isZero, after(number, byte));
}
