// Sums of many pairs of affine points of P-256, two in the lanes at a time: one inversion for all of them.
//
// An affine addition costs five products and a square, where the Jacobian one costs eight and three. It divides by the
// difference of the two x, which is 0 where the points are equal or opposite. The product of all differences is made
// canonical, and 0 has no inverse: so where there is one, no difference is 0, and every sum is right.
import {
  call,
  type Expression,
  type Func,
  I32,
  i32,
  leave,
  loop,
  type Module,
  set,
  variable,
  when,
} from "./assembler.js";
import { addElements, copy, copySwapped, type Operations, subtractElements } from "./field.js";
import { after, at, ELEMENT, type Layout, type Place } from "./memory.js";
import { limbBytes, modulus, SCALAR, type Scalars, writeLimbs } from "./scalar.js";
import { P } from "../fast/p256/curve.js";

/** A point, with room to add another: x, y, x and y of the other, the product of the differences before. */
const OTHER: number = 2 * ELEMENT;
const PRODUCT: number = 4 * ELEMENT;
export const NODE: number = 5 * ELEMENT;

export interface AffineSums {
  /**
   * Adds to each point from `first` to `end`, which is past the last, the one that lies a distance after it.
   * Returns 0 where some are equal or opposite: then the points mean nothing.
   */
  readonly addAll: Func<readonly [I32, I32, I32], I32>;
  readonly places: AffinePlaces;
}

/** Where the numbers lie that the tests look at. */
export interface AffinePlaces {
  readonly product: Place;
  readonly inverse: Place;
  readonly joined: Place;
}

/** Bytes from a point to the other that has its room in the same node. */
export const IN_NODE: number = OTHER;

/** Writes the functions. `one` is 1 in Montgomery form; R of that form is 2^264. */
export function defineAffineSums(
  module: Module,
  layout: Layout,
  operations: Operations,
  scalars: Scalars,
  one: Place,
): AffineSums {
  const { multiply, multiplyAdd, squareAdd } = operations;
  const element = (): Place => layout.take(ELEMENT);
  const [product, inverse, difference] = [element(), element(), element()];
  const [slope, rest, joined] = [element(), element(), element()];
  const prime = modulus(layout, P);
  const squareOfR = layout.constant(limbBytes((1n << 528n) % P));
  const words = layout.take(SCALAR);

  const multiplyDifference = module.procedure(
    [I32, I32],
    (point, other) => {
      subtractElements(difference, at(other), at(point));
      copy(at(point, PRODUCT), product);
      multiply(product, product, difference); // 1 · 2
    },
    "multiplyDifference",
  );

  /** x' = slope² - x - x2, y' = slope·(x - x') - y, with slope = (y2 - y)/(x2 - x) */
  const addPoint = module.procedure(
    [I32, I32],
    (point, other) => {
      const [x, y] = [at(point), at(point, ELEMENT)];
      subtractElements(difference, at(other), x);
      multiply(slope, inverse, at(point, PRODUCT)); // 1/difference
      multiply(inverse, inverse, difference); // of those before: 1 · 2
      subtractElements(rest, at(other, ELEMENT), y);
      multiply(slope, slope, rest); // 1 · 2
      addElements(rest, x, at(other));
      squareAdd(difference, slope, -1, rest); // x'
      subtractElements(rest, x, difference);
      copy(x, difference);
      multiplyAdd(y, slope, rest, -1, y); // 1 · 2
    },
    "addPoint",
  );

  /** The product of the two lanes, in both, divided by R. */
  const joinLanes = module.procedure(
    [],
    () => {
      copySwapped(inverse, product);
      multiply(joined, product, inverse);
    },
    "joinLanes",
  );

  /** Each lane's inverse: that of the product, in limbs of 24 bits, times the other lane. */
  const partLanes = module.procedure(
    [],
    () => multiply(inverse, joined, inverse), // 2 · 1
    "partLanes",
  );

  const addAll = module.define(
    [I32, I32, I32],
    I32,
    (first, end, distance) => {
      const point = variable(first);
      const other = (): Expression<I32> => i32.add(point, distance);
      copy(product, one);
      loop(() => {
        call(multiplyDifference, point, other());
        set(point, i32.add(point, NODE));
        return i32.ltU(point, end);
      });
      call(joinLanes);
      call(scalars.canonical, words, joined, prime);
      // For lanes a·R and b·R these words are a·b·R; R²/(a·b·R), times b·R and divided by R, is R/a.
      const isInverted = call(scalars.invert, words, words, squareOfR, prime);
      when(i32.eqz(isInverted), () => leave(0));
      const inverted = variable(words);
      writeLimbs(joined, inverted, 0);
      writeLimbs(joined, inverted, 8);
      call(partLanes);
      loop(() => {
        set(point, i32.sub(point, NODE));
        call(addPoint, point, other());
        return i32.ltU(first, point);
      });
      return 1;
    },
    "addAll",
  );

  return { addAll, places: { product, inverse, joined } };
}

/** Writes the point of a node to where points.add takes it from. */
export function copyPoint(entry: Place, node: Place): void {
  copy(entry, node);
  copy(after(entry, ELEMENT), after(node, ELEMENT));
}
