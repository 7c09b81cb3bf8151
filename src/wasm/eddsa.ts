// Ed25519 (RFC 8032 section 5.1.7) in lanes, without the cofactor, as src/fast/ed25519/verify.ts explains it: R is
// recomputed as [S]B - [k]A, and its encoding compared with the bytes of R.
import {
  call,
  f64,
  f64x2,
  I32,
  i32,
  I64,
  i64,
  local,
  loop,
  type Module,
  drop,
  select,
  set,
  variable,
  when,
} from "./assembler.js";
import { defineComb, MULTIPLE, NIELS, NIELS_BYTES, writeEntries } from "./comb.js";
import { defineEdwards, EXTENDED, P25519 } from "./edwards.js";
import { writeHalf } from "./es256.js";
import { eachLimb, type Field, operationsOf } from "./field.js";
import { defineEnter, ITEM } from "./items.js";
import { after, at, ELEMENT, type Layout, type Place, wordBytes } from "./memory.js";
import { limbBytes, modulus, SCALAR, type Scalars, writeLimbs } from "./scalar.js";
import { defineSha512, swap32 } from "./sha2.js";
import { L } from "../fast/ed25519/scalar.js";

/** Where a caller puts S, and where the numbers lie that the tests look at. */
export interface EddsaPlaces {
  /** S, below L. The caller puts R, then A, then the message to `hashed`. */
  readonly s: Place;
  readonly entry: Place;
  readonly sum: Place;
  readonly encoded: Place;
  readonly inverse: Place;
}

/** Writes the functions enterEddsa and decideEddsa, for a signature that is the first of the items. */
export function defineEddsa(
  module: Module,
  layout: Layout,
  field: Field,
  scalars: Scalars,
  hashed: Place,
  items: Place,
  roots: Place,
): EddsaPlaces {
  const points = defineEdwards(module, layout, field);
  const operations = operationsOf(field, field.ed25519);
  const comb = defineComb(module, NIELS);
  const order = modulus(layout, L);
  const prime = modulus(layout, P25519);
  const one = layout.constant(limbBytes(1n));
  const R = 1n << 256n;
  const rOfOrder = layout.constant(wordBytes(R % L, 8));
  const squareOfR = layout.constant(wordBytes((R * R) % L, 8));
  const hash = layout.take(64);
  const sha512 = defineSha512(module, roots, hash);
  const [s, high, words] = [layout.take(SCALAR), layout.take(SCALAR), layout.take(SCALAR)];
  const sum = layout.take(EXTENDED);
  const encoded = layout.take(ELEMENT);
  const inverse = layout.take(ELEMENT);
  // The identity as an entry: 1, 1, 0.
  const identity = new Int32Array(NIELS_BYTES / 4);
  identity[0] = 1;
  identity[11] = 1;
  const nothing = layout.constant(new Uint8Array(identity.buffer));

  defineEnter(
    module,
    items,
    (item, length) => {
      for (let i = 0; i < 32; i += 8) {
        i64.store(item, ITEM.claimed + i, i64.load(hashed, i)); // R
        i64.store(item, ITEM.ofBase + i, i64.load(s, i));
      }
      // k is the hash modulo L: its upper half times 2^256, plus its lower one.
      const k = at(item, ITEM.ofKey);
      call(sha512, hashed, i32.add(length, 64));
      for (let i = 0; i < 16; i++) {
        // The hash is a little-endian number, and its words of 64 bits are big-endian.
        const from = 8 * (i >> 1) + (i % 2 === 0 ? 4 : 0);
        const word = variable(i32.load(hash, from));
        const to = i < 8 ? k : high;
        i32.store(to, 4 * (i % 8), swap32(word));
      }
      const multiply = (out: Place, factor: Place): void =>
        call(scalars.multiply, out, out, factor, order);
      multiply(high, squareOfR);
      multiply(k, rOfOrder);
      drop(call(scalars.add, k, k, high)); // below 2·L
      multiply(k, rOfOrder);
    },
    "enterEddsa",
  );

  /** sum = [S]B + [k]A, A negated in its table, half of it in each lane */
  const multiplyPoints = module.procedure([I32], (item) => {
    const column = local(I32);
    const parts = (
      [
        [ITEM.ofBase, ITEM.base],
        [ITEM.ofKey, ITEM.key],
      ] as const
    ).map(([factor, offset]) => {
      const [number, multiple] = [variable(at(item, factor)), variable(at(item, offset))];
      writeHalf(words, number);
      i32.store(multiple, MULTIPLE.isNegated, 0);
      call(comb.writeDigits, multiple, words);
      const columns = variable(i32.load(multiple, MULTIPLE.columns));
      set(column, select(columns, column, i32.ltS(column, columns)));
      // The digits of an even number are those of the next one. The point itself stands last in its table.
      const entries = i32.shl(NIELS_BYTES, i32.load(multiple, MULTIPLE.teeth));
      const point = i32.add(i32.load(multiple, MULTIPLE.table), entries);
      const isOdd = i32.and(i32.load(number), 1);
      const address = variable(select(nothing, point, isOdd));
      return { multiple, columns, surplus: { address, isMinus: variable(i32.const(1)) } };
    });
    call(points.clear, sum);
    loop(() => {
      set(column, i32.sub(column, 1));
      call(points.double, sum);
      for (const { multiple, columns } of parts) {
        when(i32.ltS(column, columns), () => {
          call(comb.load, multiple, 0, multiple, 1, column, points.entry);
          call(points.add, sum);
        });
      }
      return column;
    });
    const [ofB, ofA] = parts;
    if (ofB === undefined || ofA === undefined) throw new RangeError("two parts"); // there are
    writeEntries([ofB.surplus, ofA.surplus], NIELS, points.entry);
    call(points.add, sum);
    call(points.addLanes, sum);
  });

  /** encoded = x in lane 0, y in lane 1, from 1/Z in limbs of 24 bits */
  const divide = module.procedure(
    [],
    () => {
      eachLimb(encoded, (i) => {
        const coordinate = (bytes: number) => f64.load(sum, bytes + i);
        return f64x2.replaceLane1(f64x2.splat(coordinate(0)), coordinate(ELEMENT));
      });
      operations.multiply(encoded, encoded, inverse); // 1 · 2
    },
    "divideExtended",
  );
  const canonical = (out: Place, element: Place): void =>
    call(scalars.canonical, out, element, prime);

  /** Whether the sum encodes to R, from 1/Z in `words`. */
  const isEncodedAs = module.define([I32], I32, (claimed) => {
    const inverted = variable(words);
    writeLimbs(inverse, inverted, 0);
    writeLimbs(inverse, inverted, 8);
    call(divide);
    canonical(words, encoded);
    canonical(high, after(encoded, 8));
    // The parity of x is the highest bit of the encoding.
    const parity = i32.shl(i32.load(words), 31);
    i32.store(high, 28, i32.or(i32.load(high, 28), parity));
    const difference = local(I64);
    for (let i = 0; i < 32; i += 8) {
      const ours = i64.load(high, i);
      set(difference, i64.or(difference, i64.xor(ours, i64.load(claimed, i))));
    }
    return i64.eqz(difference);
  });

  module.define(
    [],
    I32,
    () => {
      const item = variable(items);
      call(multiplyPoints, item);
      canonical(words, after(sum, 2 * ELEMENT));
      const isInverted = call(scalars.invert, words, words, one, prime);
      // Always: Z is not 0.
      when(isInverted, () =>
        i32.store(item, ITEM.answer, call(isEncodedAs, at(item, ITEM.claimed))),
      );
      return i32.load(item, ITEM.answer);
    },
    "decideEddsa",
  );
  return { s, entry: points.entry, sum, encoded, inverse };
}
