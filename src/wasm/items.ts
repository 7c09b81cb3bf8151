// The signatures of a group in memory, one behind the other, and the inversion that they share.
import {
  call,
  type Expression,
  type Func,
  I32,
  i32,
  i64,
  leave,
  type Local,
  loop,
  type Module,
  type Operand,
  set,
  variable,
  when,
} from "./assembler.js";
import { DIGITS, type Multiple } from "./comb.js";
import { addressOf, at, baseOf, type Layout, type Place } from "./memory.js";
import { UNSURE, writeTagCheck } from "./es256.js";
import { SCALAR, type Scalars } from "./scalar.js";

/** The most signatures of a group in memory, an even number: more of them gain nothing. */
export const MOST_ITEMS = 16;

/** Where a signature has its numbers, in bytes from its beginning. */
export const ITEM: Readonly<
  Record<
    | ("table" | "isBaseNegated" | "isKeyNegated" | "answer" | "inverted" | "inverse" | "claimed")
    | ("ofBase" | "ofKey" | "digitsOfBase" | "digitsOfKey" | "size"),
    number
  >
> = {
  /** The key's table. */
  table: 0,
  /** Whether the factors of the generator and of the key were negated for their digits. */
  isBaseNegated: 4,
  isKeyNegated: 8,
  /** YES, NO or UNSURE. */
  answer: 12,
  /** What is inverted: s, or Z of the sum. */
  inverted: 16,
  /** The product of what is inverted of the signatures before it; then the inverse. */
  inverse: 16 + SCALAR,
  /** r, or the bytes of R. */
  claimed: 16 + 2 * SCALAR,
  /** Factors of the generator and of the key; the first is the hash before. */
  ofBase: 16 + 3 * SCALAR,
  ofKey: 16 + 4 * SCALAR,
  digitsOfBase: 16 + 5 * SCALAR,
  digitsOfKey: 16 + 5 * SCALAR + DIGITS,
  /** Bytes of a signature. */
  size: 16 + 5 * SCALAR + 2 * DIGITS,
};

/** A group in memory: one for both curves, since each group is decided before the next one begins. */
export interface Group {
  readonly items: Place;
  readonly invertItems: InvertItems;
}

export function defineGroup(module: Module, layout: Layout, scalars: Scalars): Group {
  const items = layout.take(MOST_ITEMS * ITEM.size);
  return { items, invertItems: defineInvertItems(module, layout, scalars) };
}

/** The address of a signature by its number. */
export function itemAddress(items: Place, index: Local<I32>): Expression<I32> {
  return i32.add(addressOf(items), i32.mul(index, ITEM.size));
}

/**
 * Begins a signature of a group: leaves the function, unsure, where its key's table has another tag. It has no
 * answer of one before it: it is unsure until it is decided.
 */
export function beginItem(
  items: Place,
  index: Local<I32>,
  table: Local<I32>,
  tag: Local<I32>,
): Expression<I32> {
  writeTagCheck(table, tag);
  const item = variable(itemAddress(items, index));
  i32.store(item, ITEM.table, table);
  i32.store(item, ITEM.answer, UNSURE);
  return item;
}

/** Runs the body for every signature, or for the first of every two; there is one at least. */
export function eachItem(
  items: Place,
  count: Local<I32>,
  step: 1 | 2,
  body: (item: Local<I32>) => void,
): void {
  const item = variable(addressOf(items));
  const end = variable(itemAddress(items, count));
  loop(() => {
    body(item);
    set(item, i32.add(item, step * ITEM.size));
    return i32.ltU(item, end);
  });
}

/** What a signature multiplies the key by, and its table; `item` may be that many bytes before it. */
export function multipleOfKey(item: Local<I32>, bytes: number): Multiple {
  return {
    table: () => i32.load(item, bytes + ITEM.table),
    digits: () => addressOf(at(item, bytes + ITEM.digitsOfKey)),
    isNegated: () => i32.load(item, bytes + ITEM.isKeyNegated),
  };
}

/** The same of the generator. */
export function multipleOfBase(item: Local<I32>, bytes: number, table: Local<I32>): Multiple {
  return {
    table: () => table,
    digits: () => addressOf(at(item, bytes + ITEM.digitsOfBase)),
    isNegated: () => i32.load(item, bytes + ITEM.isBaseNegated),
  };
}

/**
 * Makes `inverse` start/`inverted` modulo m of all signatures, with one inversion: from the first and past the
 * last address, start and m as `invert` of scalar.ts has them, and the words of 2^256 modulo m. What is inverted
 * is below 2^256. Returns 0, and no inverse, where any of them is 0 modulo m.
 */
export type InvertItems = Func<readonly [I32, I32, I32, I32, I32], I32>;

/**
 * P. L. Montgomery's trick (Speeding the Pollard and elliptic curve methods of factorization, 1987): with
 * P_k = a_0·…·a_k, 1/a_k is P_(k-1)/P_k, and 1/P_(k-1) is a_k/P_k.
 */
function defineInvertItems(module: Module, layout: Layout, scalars: Scalars): InvertItems {
  const product = layout.take(SCALAR);
  const multiply = (out: Operand<I32>, a: Operand<I32>, m: Local<I32>): void =>
    call(scalars.multiply, out, a, addressOf(product), m);
  const copyWords = (to: Place, from: Place): void => {
    for (let i = 0; i < 32; i += 8) {
      const value = variable(i64.load(baseOf(from), from.offset + i));
      i64.store(baseOf(to), to.offset + i, value);
    }
  };

  return module.define(
    [I32, I32, I32, I32, I32],
    I32,
    (first, end, start, m, r) => {
      const item = variable(first);
      const field = (offset: number): Expression<I32> => addressOf(at(item, offset));
      copyWords(product, at(r));
      loop(() => {
        copyWords(at(item, ITEM.inverse), product);
        multiply(addressOf(product), field(ITEM.inverted), m);
        set(item, i32.add(item, ITEM.size));
        return i32.ltU(item, end);
      });
      // One factor that is 0 makes the product 0, which has no inverse.
      const isInverted = call(scalars.invert, addressOf(product), addressOf(product), start, m);
      when(i32.eqz(isInverted), () => leave(0));
      loop(() => {
        set(item, i32.sub(item, ITEM.size));
        multiply(field(ITEM.inverse), field(ITEM.inverse), m);
        multiply(addressOf(product), field(ITEM.inverted), m);
        return i32.ltU(first, item);
      });
      return 1;
    },
    "invertItems",
  );
}
