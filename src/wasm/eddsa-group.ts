// Ed25519 of a group: two signatures in the two lanes, and one inversion for the Z of all sums.
//
// Two signatures share each doubling, which is half of what they cost by themselves. The formulas are complete, so
// no member is ever unsure; but the product of all Z is tested before it is inverted, as if one could be 0.
import {
  call,
  choose,
  type Expression,
  I32,
  i32,
  i64,
  leave,
  type Local,
  loop,
  type Module,
  set,
  variable,
  when,
} from "./assembler.js";
import { type Comb, loadPair, NIELS, writeEntries } from "./comb.js";
import type { Eddsa } from "./eddsa.js";
import { EXTENDED, P25519 } from "./edwards.js";
import { YES } from "./es256.js";
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
import { addressOf, at, baseOf, ELEMENT, type Layout, type Place, wordBytes } from "./memory.js";
import { SCALAR, type Scalars } from "./scalar.js";

/** Where the numbers lie that the tests look at. */
export interface EddsaGroupPlaces {
  readonly sums: Place;
}

/** Writes the functions enterEddsa and runEddsa. */
export function defineEddsaGroup(
  module: Module,
  layout: Layout,
  scalars: Scalars,
  { items, invertItems }: Group,
  eddsa: Eddsa,
): EddsaGroupPlaces {
  const { points, combs, prime, one } = eddsa;
  const rOfPrime = layout.constant(wordBytes((1n << 256n) % P25519, 8));
  const words = layout.take(SCALAR);
  const sums = layout.take((MOST_ITEMS / 2) * EXTENDED);
  const copyWords = (to: Place, from: Place): void => {
    for (let i = 0; i < 32; i += 8) {
      i64.store(baseOf(to), to.offset + i, i64.load(baseOf(from), from.offset + i));
    }
  };

  // Takes the signature and the message that are in memory, as verifyEddsa wants them, as number `index` of the
  // group. Returns YES where it is one of it now, else the answer.
  module.define(
    [I32, I32, I32, I32],
    I32,
    (index, table, tag, length) => {
      const item = variable(beginItem(items, index, table, tag));
      // The digits of an even number are those of the next one (eddsa.ts): none is negated.
      i32.store(item, ITEM.isBaseNegated, 0);
      i32.store(item, ITEM.isKeyNegated, 0);
      copyWords(at(item, ITEM.claimed), eddsa.hashed); // R
      copyWords(at(item, ITEM.ofBase), eddsa.s);
      call(eddsa.hashMessage, length);
      copyWords(at(item, ITEM.ofKey), eddsa.k);
      return YES;
    },
    "enterEddsa",
  );

  const writeDigits = module.procedure([I32, I32], (item, isLate) => {
    const digits = (comb: Comb, to: number): void =>
      call(comb.writeDigits, addressOf(at(item, to)), addressOf(words));
    const halve = (factor: number): void =>
      call(eddsa.halve, addressOf(words), addressOf(at(item, factor)));
    halve(ITEM.ofBase);
    digits(combs.base, ITEM.digitsOfBase);
    halve(ITEM.ofKey);
    choose(
      isLate,
      () => digits(combs.late, ITEM.digitsOfKey),
      () => digits(combs.early, ITEM.digitsOfKey),
    );
  });

  /** Subtracts what the digits of two numbers have too much. */
  const subtractSurplus = (
    sum: Local<I32>,
    item: Local<I32>,
    factor: number,
    { shape, blockBytes }: Comb,
    tableOf: (bytes: number) => Expression<I32>,
  ): void => {
    const minus = variable(i32.const(1));
    const entries = [0, ITEM.size].map((bytes) => {
      const point = variable(i32.add(tableOf(bytes), shape.blocks * blockBytes));
      const entry = call(eddsa.surplus, addressOf(at(item, bytes + factor)), point);
      return { address: variable(entry), isMinus: minus };
    });
    writeEntries(entries, NIELS, points.entry);
    call(points.add, sum);
  };

  /** sum = [S]B + [k]A of two signatures, with keys whose tables have the shape of `comb` */
  const multiplyPair = (comb: Comb) =>
    module.procedure([I32, I32, I32], (sum, item, tableOfB) => {
      const ofKey = [0, ITEM.size].map((bytes) => multipleOfKey(item, bytes));
      const ofBase = [0, ITEM.size].map((bytes) => multipleOfBase(item, bytes, tableOfB));
      const column = variable(i32.const(comb.shape.columns));
      const add = (from: Comb, lanes: typeof ofKey): void => {
        const [lane0, lane1] = lanes;
        if (lane0 === undefined || lane1 === undefined) throw new RangeError("two lanes");
        for (const block of [0, 1] as const) {
          loadPair(from, [lane0, lane1], block, column, points.entry);
          call(points.add, sum);
        }
      };
      call(points.clear, sum);
      loop(() => {
        set(column, i32.sub(column, 1));
        call(points.double, sum);
        add(comb, ofKey);
        // The generator has fewer columns than a key.
        when(i32.ltS(column, combs.base.shape.columns), () => add(combs.base, ofBase));
        return column;
      });
      subtractSurplus(sum, item, ITEM.ofKey, comb, (bytes) => i32.load(item, bytes + ITEM.table));
      subtractSurplus(sum, item, ITEM.ofBase, combs.base, () => tableOfB);
    });
  const [multiplyEarly, multiplyLate] = [multiplyPair(combs.early), multiplyPair(combs.late)];

  /** Runs the body for every two signatures, with their sum. */
  const eachPair = (count: Local<I32>, body: (item: Local<I32>, sum: Local<I32>) => void): void => {
    const sum = variable(addressOf(sums));
    eachItem(items, count, 2, (item) => {
      body(item, sum);
      set(sum, i32.add(sum, EXTENDED));
    });
  };
  const LANES = [
    [0, 0],
    [ITEM.size, 8],
  ] as const;

  // Decides about the first signatures of the group, an even number, with keys whose tables are all late or all early
  // ones, and the late table of B. Returns 0 where the group is unsure, and there are no answers.
  module.define(
    [I32, I32, I32],
    I32,
    (count, tableOfB, isLate) => {
      eachPair(count, (item, sum) => {
        for (const [bytes] of LANES) {
          call(writeDigits, addressOf(at(item, bytes)), isLate);
        }
        const multiply = (of: typeof multiplyEarly) => () => call(of, sum, item, tableOfB);
        choose(isLate, multiply(multiplyLate), multiply(multiplyEarly));
        for (const [bytes, byte] of LANES) {
          const z = at(sum, 2 * ELEMENT + byte);
          const to = at(item, bytes + ITEM.inverted);
          call(scalars.canonical, addressOf(to), addressOf(z), addressOf(prime));
        }
      });
      const isInverted = call(
        invertItems,
        addressOf(items),
        itemAddress(items, count),
        addressOf(one),
        addressOf(prime),
        addressOf(rOfPrime),
      );
      when(i32.eqz(isInverted), () => leave(0));
      eachPair(count, (item, sum) => {
        for (const [bytes, byte] of LANES) {
          const field = (offset: number): Expression<I32> => addressOf(at(item, bytes + offset));
          const isValid = variable(
            call(
              eddsa.isEncodedAs,
              addressOf(at(sum, byte)),
              field(ITEM.inverse),
              field(ITEM.claimed),
            ),
          );
          i32.store(item, bytes + ITEM.answer, isValid);
        }
      });
      return 1;
    },
    "runEddsa",
  );
  return { sums };
}
