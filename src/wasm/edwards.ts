// Points of edwards25519 in extended coordinates, two at a time: the formulas of src/fast/ed25519/point.ts. They
// are complete: no addition has an exceptional case, and Z is never 0.
import { f64x2, type Func, I32, type Module } from "./assembler.js";
import {
  addElements,
  copy,
  copySwapped,
  eachLimb,
  type Field,
  limbAt,
  operationsOf,
  subtractElements,
} from "./field.js";
import { after, at, ELEMENT, elementBytes, type Layout, type Place } from "./memory.js";

/** The prime of the field, and twice d of the curve (RFC 8032 section 5.1). */
export const P25519: bigint = (1n << 255n) - 19n;
const TWICE_D = 0x2406d9dc56dffce7198e80f2eef3d13000e0149a8283b156ebd69b9426b2f159n;

/** Bytes of a point: X, Y, Z, T. */
export const EXTENDED: number = 4 * ELEMENT;

export interface EdwardsPoints {
  /** Where the point to add is put: y + x, y - x and 2·d·x·y. */
  readonly entry: Place;
  /** Makes a point the identity. */
  readonly clear: Func<readonly [I32], undefined>;
  /** Doubles a point. T is not read. */
  readonly double: Func<readonly [I32], undefined>;
  /** Adds `entry`. */
  readonly add: Func<readonly [I32], undefined>;
  /** Adds the point of lane 0 and that of lane 1; both lanes have X, Y and Z of the sum then. */
  readonly addLanes: Func<readonly [I32], undefined>;
}

/** Writes the functions of points. Bounds and formulas: src/fast/ed25519/point.ts. */
export function defineEdwards(module: Module, layout: Layout, field: Field): EdwardsPoints {
  const { multiply, square, squareAdd } = operationsOf(field, field.ed25519);
  const element = (): Place => layout.take(ELEMENT);
  const [a, b, c] = [element(), element(), element()];
  const [e, f, g, h, s] = [element(), element(), element(), element(), element()];
  const entry = layout.take(3 * ELEMENT);
  const zero = layout.constant(elementBytes(0n));
  const one = layout.constant(elementBytes(1n));
  const twiceD = layout.constant(elementBytes(TWICE_D));
  const twice = (place: Place, i: number) => f64x2.add(limbAt(place, i), limbAt(place, i));

  const clear = module.procedure(
    [I32],
    (point) => {
      const [x, y, z, t] = coordinates(at(point));
      copy(x, zero);
      copy(y, one);
      copy(z, one);
      copy(t, zero);
    },
    "clearExtended",
  );

  const double = module.procedure(
    [I32],
    (point) => {
      const [x, y, z, t] = coordinates(at(point));
      addElements(s, x, y);
      square(a, x);
      square(b, y);
      square(c, z);
      addElements(h, b, a); // -H
      subtractElements(g, b, a);
      squareAdd(e, s, -1, h);
      eachLimb(f, (i) => f64x2.sub(twice(c, i), limbAt(g, i))); // -F
      multiply(x, e, f);
      multiply(y, g, h);
      multiply(z, f, g);
      multiply(t, e, h);
    },
    "doubleExtended",
  );

  const addEntry = module.procedure(
    [I32],
    (point) => {
      const [x, y, z, t] = coordinates(at(point));
      addElements(s, y, x);
      subtractElements(e, y, x);
      multiply(a, e, after(entry, ELEMENT));
      multiply(b, s, entry);
      multiply(c, t, after(entry, 2 * ELEMENT));
      addElements(h, b, a);
      subtractElements(e, b, a);
      eachLimb(g, (i) => f64x2.add(twice(z, i), limbAt(c, i)));
      eachLimb(f, (i) => f64x2.sub(twice(z, i), limbAt(c, i)));
      multiply(x, e, f);
      multiply(y, g, h);
      multiply(z, f, g);
      multiply(t, e, h);
    },
    "addExtended",
  );

  /** EFD twisted/extended-1, add-2008-hwcd-3: each lane adds the point of the other. */
  const addLanes = module.procedure(
    [I32],
    (point) => {
      const [x, y, z, t] = coordinates(at(point));
      subtractElements(e, y, x);
      copySwapped(f, e);
      multiply(a, e, f); // 2 · 2
      addElements(s, y, x);
      copySwapped(f, s);
      multiply(b, s, f); // 2 · 2
      copySwapped(f, t);
      multiply(c, t, f);
      multiply(c, c, twiceD);
      copySwapped(f, z);
      multiply(z, z, f); // half of D
      addElements(h, b, a);
      subtractElements(e, b, a);
      eachLimb(g, (i) => f64x2.add(twice(z, i), limbAt(c, i)));
      eachLimb(f, (i) => f64x2.sub(twice(z, i), limbAt(c, i)));
      multiply(x, e, f); // 2 · 3
      multiply(y, g, h); // 3 · 2
      multiply(z, f, g); // 3 · 3
    },
    "addExtendedLanes",
  );

  return {
    entry,
    clear,
    double,
    add: addEntry,
    addLanes,
  };
}

function coordinates(point: Place): readonly [Place, Place, Place, Place] {
  return [point, after(point, ELEMENT), after(point, 2 * ELEMENT), after(point, 3 * ELEMENT)];
}
