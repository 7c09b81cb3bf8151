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
  choose,
  type Expression,
  I32,
  i32,
  leave,
  type Local,
  local,
  loop,
  type Module,
  select,
  set,
  variable,
  when,
} from "./assembler.js";
import { type AffinePlaces, copyPoint, defineAffineSums, IN_NODE, NODE } from "./affine.js";
import { type Comb, loadPair, type Multiple } from "./comb.js";
import { type Es256, NO, UNSURE, YES } from "./es256.js";
import { copy } from "./field.js";
import {
  beginItem,
  eachItem,
  type Group,
  ITEM,
  itemAddress,
  MOST_ITEMS,
  multipleOfBase,
  multipleOfKey,
} from "./items.js";
import { addressOf, after, at, ELEMENT, type Layout, type Place, wordBytes } from "./memory.js";
import { isZeroAt } from "./point.js";
import { SCALAR, type Scalars, writeLimbs } from "./scalar.js";
import { N } from "../fast/p256/curve.js";

/** Where the numbers lie that the tests look at. */
export interface Es256GroupPlaces {
  /** What the inversion modulo n takes: n, and the words and limbs of 2^256 modulo n. */
  readonly order: Place;
  readonly start: Place;
  readonly rOfOrder: Place;
  readonly nodes: Place;
  readonly affine: AffinePlaces;
}

/** The most columns of a key's comb and of the generator's together: 22 of 6 teeth, 13 of 10. */
const MOST_COLUMNS = 22 + 13;

/** Writes the functions enterEs256 and runEs256. */
export function defineEs256Group(
  module: Module,
  layout: Layout,
  scalars: Scalars,
  { items, invertItems }: Group,
  es256: Es256,
): Es256GroupPlaces {
  const { operations, points, combs, one, order, start, sum, total, candidate } = es256;
  const rOfOrder = layout.constant(wordBytes((1n << 256n) % N, 8));
  const affine = defineAffineSums(module, layout, operations, scalars, one);
  const words = layout.take(SCALAR);
  const [other0, other1] = [layout.take(SCALAR), layout.take(SCALAR)];
  const nodes = layout.take((MOST_ITEMS / 2) * MOST_COLUMNS * NODE);

  // Takes the signature and the message that are in memory as number `index` of the group. Returns YES where it is
  // one of it now, else the answer.
  module.define(
    [I32, I32, I32, I32],
    I32,
    (index, table, tag, length) => {
      const item = variable(beginItem(items, index, table, tag));
      const field = (offset: number): Expression<I32> => addressOf(at(item, offset));
      const isInRange = call(es256.readSignature, field(ITEM.claimed), field(ITEM.inverted));
      when(i32.eqz(isInRange), () => leave(NO));
      call(es256.hashMessage, field(ITEM.ofBase), length);
      return YES;
    },
    "enterEs256",
  );

  /** The factors of a signature, from 1/s, and their digits. */
  const writeFactors = module.procedure([I32, I32], (item, isLate) => {
    const field = (offset: number): Expression<I32> => addressOf(at(item, offset));
    const divided = (out: number, a: number): void =>
      call(scalars.multiply, field(out), field(a), field(ITEM.inverse), addressOf(order));
    divided(ITEM.ofBase, ITEM.ofBase);
    divided(ITEM.ofKey, ITEM.claimed);
    const halve = (sign: number, factor: number): void => {
      const isNegated = variable(call(es256.halve, addressOf(words), field(factor)));
      i32.store(item, sign, isNegated);
    };
    const digits = (comb: Comb, to: number): void =>
      call(comb.writeDigits, field(to), addressOf(words));
    halve(ITEM.isBaseNegated, ITEM.ofBase);
    digits(combs.base, ITEM.digitsOfBase);
    halve(ITEM.isKeyNegated, ITEM.ofKey);
    choose(
      isLate,
      () => digits(combs.late, ITEM.digitsOfKey),
      () => digits(combs.early, ITEM.digitsOfKey),
    );
  });

  /** Puts the entries of all columns into nodes, column by column. Returns the end of the nodes. */
  const fill = (
    comb: Comb,
    multiple: (item: Local<I32>, bytes: number, table: Local<I32>) => Multiple,
  ) =>
    module.define([I32, I32, I32], I32, (first, count, table) => {
      const node = variable(first);
      const column = local(I32);
      loop(() => {
        eachItem(items, count, 2, (item) => {
          const lanes = [multiple(item, 0, table), multiple(item, ITEM.size, table)] as const;
          loadPair(comb, lanes, 0, column, at(node));
          loadPair(comb, lanes, 1, column, at(node, IN_NODE));
          set(node, i32.add(node, NODE));
        });
        set(column, i32.add(column, 1));
        return i32.ltS(column, comb.shape.columns);
      });
      return node;
    });
  const [fillEarly, fillLate] = [fill(combs.early, multipleOfKey), fill(combs.late, multipleOfKey)];
  const fillBase = fill(combs.base, multipleOfBase);

  /** sum = the columns of two signatures: the last node is theirs, and one before in every `stride` bytes. */
  const sumColumns = module.procedure([I32, I32, I32], (first, last, stride) => {
    const node = variable(last);
    copyPoint(points.entry, at(node));
    call(points.assign, addressOf(sum));
    loop(() => {
      set(node, i32.sub(node, stride));
      call(points.double, addressOf(sum));
      copyPoint(points.entry, at(node));
      call(points.add, addressOf(sum));
      return i32.ltU(first, node);
    });
  });

  /** total = X and Z² of the sum, as compare wants them */
  const prepareTotal = module.procedure(
    [],
    () => {
      copy(total, sum);
      operations.square(after(total, ELEMENT), after(sum, 2 * ELEMENT));
    },
    "prepareTotal",
  );

  /** Writes the answers of two signatures, from their sum. */
  const answer = module.procedure([I32], (item) => {
    call(prepareTotal);
    const [r0, r1] = [0, ITEM.size].map((bytes) =>
      variable(addressOf(at(item, bytes + ITEM.claimed))),
    ) as [Local<I32>, Local<I32>]; // two
    const compare = (number0: Local<I32>, number1: Local<I32>): void => {
      writeLimbs(candidate, number0, 0);
      writeLimbs(candidate, number1, 8);
      call(es256.compare);
    };
    const hasX = (byte: 0 | 8): Expression<I32> => isZeroAt(points, candidate, byte);
    compare(r0, r1);
    const [has0, has1] = [variable(hasX(0)), variable(hasX(8))];
    // r + n is below p for one r in 2^128, or where it was looked for.
    const isBelow0 = variable(call(es256.addOrder, addressOf(other0), r0));
    const isBelow1 = variable(call(es256.addOrder, addressOf(other1), r1));
    when(i32.or(isBelow0, isBelow1), () => {
      compare(
        variable(select(addressOf(other0), r0, isBelow0)),
        variable(select(addressOf(other1), r1, isBelow1)),
      );
      set(has0, i32.or(has0, hasX(0)));
      set(has1, i32.or(has1, hasX(8)));
    });
    // Z is zero where some step was exceptional (point.ts).
    const isUnsure = (byte: 0 | 8): Expression<I32> =>
      isZeroAt(points, after(sum, 2 * ELEMENT), byte);
    for (const [bytes, byte, has] of [
      [0, 0, has0],
      [ITEM.size, 8, has1],
    ] as const) {
      const decided = variable(select(UNSURE, has, isUnsure(byte)));
      i32.store(item, bytes + ITEM.answer, decided);
    }
  });

  // Decides about the first signatures of the group, an even number, with keys whose tables are all late or all early
  // ones, and the late table of G. Returns 0 where the group is unsure, and there are no answers.
  module.define(
    [I32, I32, I32],
    I32,
    (count, tableOfG, isLate) => {
      const isInverted = call(
        invertItems,
        addressOf(items),
        itemAddress(items, count),
        addressOf(start),
        addressOf(order),
        addressOf(rOfOrder),
      );
      when(i32.eqz(isInverted), () => leave(0));
      eachItem(items, count, 1, (item) => call(writeFactors, item, isLate));

      const first = variable(addressOf(nodes));
      const ofBase = local(I32);
      const fillKeys = (of: typeof fillLate) => () => set(ofBase, call(of, first, count, 0));
      choose(isLate, fillKeys(fillLate), fillKeys(fillEarly));
      const end = variable(call(fillBase, ofBase, count, tableOfG));
      const bothBlocks = call(affine.addAll, first, end, IN_NODE);
      when(i32.eqz(bothBlocks), () => leave(0));
      // The generator has fewer columns than a key.
      const distance = variable(i32.sub(ofBase, first));
      const endOfBoth = variable(i32.add(first, i32.sub(end, ofBase)));
      const both = call(affine.addAll, first, endOfBoth, distance);
      when(i32.eqz(both), () => leave(0));

      const stride = variable(i32.mul(count, NODE / 2));
      const last = variable(i32.sub(ofBase, stride));
      eachItem(items, count, 2, (item) => {
        call(sumColumns, first, last, stride);
        call(answer, item);
        set(first, i32.add(first, NODE));
        set(last, i32.add(last, NODE));
      });
      return 1;
    },
    "runEs256",
  );
  return { order, start, rOfOrder, nodes, affine: affine.places };
}
