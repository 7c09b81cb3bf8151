// ES256 of a group: two signatures in the two lanes, and an inversion for all of them.
//
// A group begins with one inversion modulo n. Then each signature's entries are added in their columns, the two
// blocks of a table and then the key and the generator, as affine points of the whole group (affine.ts); what is
// left is one doubling and one addition for a column. So there is less to multiply than for a signature by itself.
//
// The members have nothing to do with each other but for the inversions. s is tested before it enters one. Where
// two points that are to be added are equal or opposite, the whole group is unsure, and each is verified by itself;
// where an addition in a lane is exceptional, only that lane is (point.ts).
import {
  call,
  type Expression,
  type Func,
  I32,
  i32,
  i64,
  leave,
  type Local,
  local,
  loop,
  type Module,
  set,
  variable,
  when,
} from "./assembler.js";
import { type AffinePlaces, copyPoint, defineAffineSums, IN_NODE, NODE } from "./affine.js";
import { MULTIPLE } from "./comb.js";
import type { Es256 } from "./es256.js";
import { copy } from "./field.js";
import { eachItem, ITEM, itemAddress, MOST_ITEMS } from "./items.js";
import { after, at, ELEMENT, type Layout, type Place, wordBytes } from "./memory.js";
import { SCALAR, type Scalars } from "./scalar.js";
import { N } from "../fast/p256/curve.js";

/** Where the numbers lie that the tests look at. */
export interface Es256GroupPlaces {
  readonly nodes: Place;
  readonly affine: AffinePlaces;
}

/** Teeth of the generator's table that groups need. */
export const GROUP_BASE_TEETH = 10;
/** The most columns of a key's comb, of 6 teeth, and of the generator's together. */
const MOST_COLUMNS = 22 + 13;

/** Writes the function runEs256. */
export function defineEs256Group(
  module: Module,
  layout: Layout,
  scalars: Scalars,
  es256: Es256,
  items: Place,
): Es256GroupPlaces {
  const { operations, points, comb, one, sum, total } = es256;
  const invertItems = defineInvertItems(module, layout, scalars, es256);
  const affine = defineAffineSums(module, layout, operations, scalars, one);
  const nodes = layout.take((MOST_ITEMS / 2) * MOST_COLUMNS * NODE);

  /**
   * Puts the entries of a number of columns into nodes, column by column: from an address, of the multiples that lie
   * at an offset in their signatures. Returns the end of the nodes.
   */
  const fill = module.define([I32, I32, I32, I32], I32, (first, count, offset, columns) => {
    const node = variable(first);
    const column = local(I32);
    loop(() => {
      eachItem(items, count, 2, (item) => {
        const lane0 = variable(i32.add(item, offset));
        const lane1 = variable(i32.add(lane0, ITEM.size));
        call(comb.load, lane0, 0, lane1, 0, column, node);
        call(comb.load, lane0, 1, lane1, 1, column, i32.add(node, IN_NODE));
        set(node, i32.add(node, NODE));
      });
      set(column, i32.add(column, 1));
      return i32.ltS(column, columns);
    });
    return node;
  });

  /** sum = the columns of two signatures: the last node is theirs, and one before in every `stride` bytes. */
  const sumColumns = module.procedure([I32, I32, I32], (first, node, stride) => {
    copyPoint(points.entry, at(node));
    call(points.assign, sum);
    loop(() => {
      set(node, i32.sub(node, stride));
      call(points.double, sum);
      copyPoint(points.entry, at(node));
      call(points.add, sum);
      return i32.ltU(first, node);
    });
  });

  /** total = X, Z² and Z of the sum, as es256.answer wants them */
  const prepareTotal = module.procedure(
    [],
    () => {
      const z = after(sum, 2 * ELEMENT);
      copy(total, sum);
      operations.square(after(total, ELEMENT), z);
      copy(after(total, 2 * ELEMENT), z);
    },
    "prepareTotal",
  );

  // Decides about the first signatures of the group, an even number, with keys whose tables all have the same number of
  // teeth, and the late table of G. Returns 0 where the group is unsure, and there are no answers.
  module.define(
    [I32],
    I32,
    (count) => {
      const unlessZero = (result: Expression<I32>): void => when(i32.eqz(result), () => leave(0));
      const ofFirst = (offset: number): Expression<I32> => i32.load(after(items, offset));
      when(i32.ne(ofFirst(ITEM.base + MULTIPLE.teeth), GROUP_BASE_TEETH), () => leave(0));
      unlessZero(call(invertItems, items, itemAddress(items, count)));
      eachItem(items, count, 1, (item) => call(es256.writeFactors, item));

      const first = variable(nodes);
      const fillAll = (from: Local<I32>, offset: number): Local<I32> =>
        variable(call(fill, from, count, offset, ofFirst(offset + MULTIPLE.columns)));
      const ofBase = fillAll(first, ITEM.key);
      const end = fillAll(ofBase, ITEM.base);
      unlessZero(call(affine.addAll, first, end, IN_NODE)); // both blocks
      // The generator has fewer columns than a key.
      const endOfBoth = i32.add(first, i32.sub(end, ofBase));
      unlessZero(call(affine.addAll, first, endOfBoth, i32.sub(ofBase, first)));

      const stride = variable(i32.mul(count, NODE / 2));
      const last = variable(i32.sub(ofBase, stride));
      eachItem(items, count, 2, (item) => {
        call(sumColumns, first, last, stride);
        call(prepareTotal);
        call(es256.answer, item, at(item, ITEM.size));
        set(first, i32.add(first, NODE));
        set(last, i32.add(last, NODE));
      });
      return 1;
    },
    "runEs256",
  );
  return { nodes, affine: affine.places };
}

/**
 * Makes 1/s of all signatures, with one inversion: from the first and past the last address. Returns 0, and no
 * inverse, where any of them is 0 modulo n.
 *
 * P. L. Montgomery's trick (Speeding the Pollard and elliptic curve methods of factorization, 1987): with
 * P_k = a_0·…·a_k, 1/a_k is P_(k-1)/P_k, and 1/P_(k-1) is a_k/P_k.
 */
function defineInvertItems(
  module: Module,
  layout: Layout,
  scalars: Scalars,
  { order, start }: Es256,
): Func<readonly [I32, I32], I32> {
  const product = layout.take(SCALAR);
  const r = layout.constant(wordBytes((1n << 256n) % N, 8));
  const copyWords = (to: Place, from: Place): void => {
    for (let i = 0; i < 32; i += 8) {
      i64.store(to, i, i64.load(from, i));
    }
  };

  return module.define(
    [I32, I32],
    I32,
    (first, end) => {
      const item = variable(first);
      const multiply = (out: Place, a: Place): void =>
        call(scalars.multiply, out, a, product, order);
      const inverse = at(item, ITEM.inverse);
      const inverted = at(item, ITEM.inverted);
      copyWords(product, r);
      loop(() => {
        copyWords(inverse, product);
        multiply(product, inverted);
        set(item, i32.add(item, ITEM.size));
        return i32.ltU(item, end);
      });
      // One factor that is 0 makes the product 0, which has no inverse.
      const isInverted = call(scalars.invert, product, product, start, order);
      when(i32.eqz(isInverted), () => leave(0));
      loop(() => {
        set(item, i32.sub(item, ITEM.size));
        multiply(inverse, inverse);
        multiply(product, inverted);
        return i32.ltU(first, item);
      });
      return 1;
    },
    "invertItems",
  );
}
