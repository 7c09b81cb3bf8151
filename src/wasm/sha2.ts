// SHA-256 and SHA-512 (FIPS 180-4) of a message in memory. The two differ in the width of a word, the number of
// rounds and the distances of rotations; the constants of SHA-256 are the upper halves of those of SHA-512.
import {
  type Binary,
  type Store,
  type Expression,
  type Func,
  I32,
  i32,
  I64,
  i64,
  type Load,
  type Local,
  local,
  loop,
  type Module,
  type Operand,
  set,
  variable,
} from "./assembler.js";
import { itemOf } from "./list.js";
import { after, type Layout, type Place } from "./memory.js";

type Word = I32 | I64;

/** What the two hashes do differently, with their instructions. */
interface Variant<W extends Word> {
  readonly type: W;
  readonly bytes: 4 | 8;
  readonly rounds: number;
  readonly instructions: Readonly<
    Record<"add" | "and" | "or" | "xor" | "rotr" | "shrU", Binary<W, W>>
  > & { readonly load: Load<W>; readonly store: Store<W> };
  /** Loads a word, the most significant byte first. */
  readonly loadBigEndian: (address: Local<I32>, offset: number) => Expression<W>;
  /** Rotations of the sums of a and of e; rotations and the shift of the words of 16 and of 2 before. */
  readonly sumOfA: Distances;
  readonly sumOfE: Distances;
  readonly old: Distances;
  readonly young: Distances;
}
type Distances = readonly [number, number, number];

/** The most bytes that padding writes behind a message. */
export const PADDING = 160;

/** Message, its length in bytes. The message is padded where it stands: up to PADDING bytes behind it change. */
export type Hash = Func<readonly [I32, I32], undefined>;

/** Puts what both hashes begin with into memory, and what they add in each round: 64 bits each, of SHA-512. */
export function takeRoots(layout: Layout): Place {
  const bits = BigUint64Array.from([...fractions(8, 2), ...fractions(80, 3)]);
  return layout.constant(new Uint8Array(bits.buffer));
}

/** Writes SHA-256; the eight words of the hash go to `out`, each as the engine stores words. */
export function defineSha256(module: Module, roots: Place, out: Place): Hash {
  return define(module, after(roots, 4), out, {
    type: I32,
    bytes: 4,
    rounds: 64,
    instructions: i32,
    loadBigEndian: (address, offset) => swap32(variable(i32.load(address, offset))),
    sumOfA: [2, 13, 22],
    sumOfE: [6, 11, 25],
    old: [7, 18, 3],
    young: [17, 19, 10],
  });
}

/** Writes SHA-512. */
export function defineSha512(module: Module, roots: Place, out: Place): Hash {
  return define(module, roots, out, {
    type: I64,
    bytes: 8,
    rounds: 80,
    instructions: i64,
    loadBigEndian: swap64,
    sumOfA: [28, 34, 39],
    sumOfE: [14, 18, 41],
    old: [1, 8, 7],
    young: [19, 61, 6],
  });
}

/** The bytes of a word in the other order. */
export function swap32(word: Local<I32>): Expression<I32> {
  return i32.or(i32.and(i32.rotl(word, 8), 0x00ff00ff), i32.and(i32.rotr(word, 8), 0xff00ff00 | 0));
}

/** The eight bytes at an address as a word, the first the most significant. */
function swap64(address: Local<I32>, offset: number): Expression<I64> {
  const high = variable(i32.load(address, offset));
  const low = variable(i32.load(address, offset + 4));
  return i64.or(i64.shl(i64.extendU(swap32(high)), 32), i64.extendU(swap32(low)));
}

function define<W extends Word>(
  module: Module,
  roots: Place,
  out: Place,
  variant: Variant<W>,
): Hash {
  const { type, bytes, rounds, sumOfA, sumOfE, old, young } = variant;
  const { add, and, or, xor, rotr, shrU, load, store } = variant.instructions;
  const block = 16 * bytes;
  const sum = (word: Operand<W>, ...words: readonly Operand<W>[]): Operand<W> =>
    words.reduce((a, b) => add(a, b), word);

  return module.procedure([I32, I32], (message, length) => {
    const end = pad(message, length, block);
    const rotations = (word: Local<W>, [a, b, c]: Distances, isShifted: boolean): Expression<W> =>
      xor(xor(rotr(word, a), rotr(word, b)), (isShifted ? shrU : rotr)(word, c));
    const state = Array.from({ length: 8 }, (_, i) => variable(load(roots, 8 * i)));
    const w = Array.from({ length: 16 }, () => local(type));
    const work = state.map(() => local(type));
    const first = local(type);
    loop(() => {
      for (const [i, word] of work.entries()) set(word, itemOf(state, i));
      for (const [i, word] of w.entries()) set(word, variant.loadBigEndian(message, bytes * i));
      for (let i = 0; i < rounds; i++) {
        // The names move by one in each round, and stand still: eight rounds later they are back.
        const [a, b, c, d, e, f, g, h] = Array.from({ length: 8 }, (_, k) =>
          itemOf(work, (k + 8 * rounds - i) % 8),
        ) as [Local<W>, Local<W>, Local<W>, Local<W>, Local<W>, Local<W>, Local<W>, Local<W>]; // eight
        const now = itemOf(w, i % 16);
        if (i >= 16) {
          set(
            now,
            sum(
              now,
              itemOf(w, (i + 9) % 16),
              rotations(itemOf(w, (i + 1) % 16), old, true),
              rotations(itemOf(w, (i + 14) % 16), young, true),
            ),
          );
        }
        set(
          first,
          sum(
            h,
            rotations(e, sumOfE, false),
            xor(g, and(e, xor(f, g))),
            load(roots, 8 * (8 + i)),
            now,
          ),
        );
        set(d, add(d, first));
        const majority = or(and(a, b), and(c, or(a, b)));
        set(h, add(first, add(rotations(a, sumOfA, false), majority)));
      }
      for (const [i, word] of state.entries()) set(word, add(word, itemOf(work, i)));
      set(message, i32.add(message, block));
      return i32.ltU(message, end);
    });
    for (const [i, word] of state.entries()) {
      store(out, bytes * i, word);
    }
  });
}

/**
 * Appends a bit 1, zeros, and the length in bits at the end of a block: 8 bytes of it are enough here. Returns the
 * address of that end.
 */
function pad(message: Local<I32>, length: Local<I32>, block: number): Local<I32> {
  const position = variable(i32.add(message, length));
  i32.store8(position, 0, 0x80);
  const end = variable(i32.add(message, i32.and(i32.add(length, block + block / 8), -block)));
  for (let i = 0; i < block + 16; i += 8) i64.store(position, 1 + i, 0);
  const bits = variable(i32.shl(length, 3));
  i32.store(i32.sub(end, 4), 0, swap32(bits));
  return end;
}

/** The first 64 bits behind the point of the square or cube roots of the first primes. */
function fractions(count: number, degree: 2 | 3): bigint[] {
  const roots: bigint[] = [];
  for (let candidate = 2; roots.length < count; candidate++) {
    if (isPrime(candidate)) roots.push(BigInt.asUintN(64, root(BigInt(candidate), degree)));
  }
  return roots;
}

function isPrime(candidate: number): boolean {
  for (let divisor = 2; divisor * divisor <= candidate; divisor++) {
    if (candidate % divisor === 0) return false;
  }
  return true;
}

/** The root of the number, times 2^64, rounded down: by Newton's method from above. */
function root(number: bigint, degree: 2 | 3): bigint {
  const power = number << BigInt(64 * degree);
  const k = BigInt(degree);
  // A double has 53 bits of the root; one more in the last of them is above it.
  const estimate = Number(number) ** (1 / degree);
  let high = BigInt(Math.ceil(estimate * 2 ** 44) + 1) << 20n;
  for (;;) {
    const next = ((k - 1n) * high + power / high ** (k - 1n)) / k;
    if (next >= high) return high;
    high = next;
  }
}
