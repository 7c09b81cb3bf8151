// Signatures in memory, one behind the other: one that is decided by itself, or a group.
import {
  type Expression,
  type Func,
  I32,
  i32,
  leave,
  type Local,
  loop,
  type Module,
  set,
  variable,
  when,
} from "./assembler.js";
import { MULTIPLE } from "./comb.js";
import { type Layout, type Place } from "./memory.js";
import { SCALAR } from "./scalar.js";
import { TAG_BYTES } from "./slots.js";

/** The signature is valid. */
export const YES = 1;
/** It is not. */
export const NO = 0;
/** The lanes can't tell: the caller must ask elsewhere. */
export const UNSURE = 2;

/** The most signatures of a group in memory, an even number: more of them gain nothing. */
export const MOST_ITEMS = 16;

/** Where a signature has its numbers, in bytes from its beginning. */
export const ITEM: Readonly<
  Record<
    "answer" | "inverted" | "inverse" | "claimed" | "ofBase" | "ofKey" | "base" | "key" | "size",
    number
  >
> = {
  /** YES, NO or UNSURE. */
  answer: 0,
  /** What is inverted of ES256: s. */
  inverted: 16,
  /** The product of what is inverted of the signatures before it; then the inverse. */
  inverse: 16 + SCALAR,
  /** r, or the bytes of R. */
  claimed: 16 + 2 * SCALAR,
  /** Factors of the generator and of the key; the first is the hash before, of ES256. */
  ofBase: 16 + 3 * SCALAR,
  ofKey: 16 + 4 * SCALAR,
  /** Their digits and tables. */
  base: 16 + 5 * SCALAR,
  key: 16 + 5 * SCALAR + MULTIPLE.size,
  size: 16 + 5 * SCALAR + 2 * MULTIPLE.size,
};

export function takeItems(layout: Layout): Place {
  return layout.take(MOST_ITEMS * ITEM.size);
}

/** The address of a signature by its number. */
export function itemAddress(items: Place, index: Local<I32>): Expression<I32> {
  return i32.add(items, i32.mul(index, ITEM.size));
}

/**
 * Takes the signature and the message that are in memory as number `index`. Returns YES where it is there now, else
 * the answer. Number, tables and their teeth, of the generator and of the key; the tag of the key's table, the
 * length of the message.
 */
export type Enter = Func<readonly [I32, I32, I32, I32, I32, I32, I32], I32>;

/**
 * Defines such a function: unsure where the key's table has another tag (slots.ts). A signature has no answer of one
 * before it: it is unsure until it is decided. The body may leave the function with an answer.
 */
export function defineEnter(
  module: Module,
  items: Place,
  body: (item: Local<I32>, length: Local<I32>) => void,
  name: string,
): Enter {
  return module.define(
    [I32, I32, I32, I32, I32, I32, I32],
    I32,
    (index, base, baseTeeth, table, teeth, tag, length) => {
      when(i32.ne(i32.load(i32.sub(table, TAG_BYTES)), tag), () => leave(UNSURE));
      const item = variable(itemAddress(items, index));
      i32.store(item, ITEM.answer, UNSURE);
      i32.store(item, ITEM.base + MULTIPLE.table, base);
      i32.store(item, ITEM.base + MULTIPLE.teeth, baseTeeth);
      i32.store(item, ITEM.key + MULTIPLE.table, table);
      i32.store(item, ITEM.key + MULTIPLE.teeth, teeth);
      body(item, length);
      return YES;
    },
    name,
  );
}

/** Runs the body for every signature, or for the first of every two; there is one at least. */
export function eachItem(
  items: Place,
  count: Local<I32>,
  step: 1 | 2,
  body: (item: Local<I32>) => void,
): void {
  const item = variable(items);
  const end = variable(itemAddress(items, count));
  loop(() => {
    body(item);
    set(item, i32.add(item, step * ITEM.size));
    return i32.ltU(item, end);
  });
}
