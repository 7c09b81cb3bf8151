// Multiplication by a comb of signed digits in lanes: from a scalar to its digits, and from these to the
// entries of a table, as src/fast/*/comb.ts explains it. The combs here have two blocks. Of a signature by
// itself each lane makes half, one block each; of two signatures each lane makes one, with both blocks.
import {
  type Operand,
  call,
  type Expression,
  F64,
  f64,
  f64x2,
  type Func,
  I32,
  i32,
  type Local,
  type Module,
  set,
  variable,
} from "./assembler.js";
import { eachLimb } from "./field.js";
import { addressOf, after, at, ELEMENT, type Layout, type Place } from "./memory.js";

/** The size of a comb of two blocks. */
export interface Shape {
  readonly teeth: number;
  readonly blocks: 2;
  /** Columns of a block. */
  readonly columns: number;
  /** Digits between two teeth. */
  readonly spacing: number;
  /** Digits of a scalar. */
  readonly length: number;
  /** Entries of a block. */
  readonly entries: number;
}

/** The shape with that many teeth for scalars of that many bits: the one of createComb in src/fast. */
export function shapeOf(teeth: number, bits: number): Shape {
  const columns = Math.ceil(Math.ceil(bits / teeth) / 2);
  const spacing = 2 * columns;
  return { teeth, blocks: 2, columns, spacing, length: teeth * spacing, entries: 1 << (teeth - 1) };
}

/** Bytes of one number in a table: eleven integers of 32 bits. */
const NUMBER = 44;

/** A scalar's digits: for each tooth and block, a word whose bit c is the digit of column c, 1 for +1. */
export const DIGITS: number = 4 * 2 * 10; // up to ten teeth

/** The comb of one shape. */
export interface Comb {
  readonly shape: Shape;
  /** Writes the digits of a number: half of it, rounded down, is in the words, which change (digits, words). */
  readonly writeDigits: Func<readonly [I32, I32], undefined>;
  /**
   * Writes an entry for each lane to where a point is added from. Of lane 0, then of lane 1: the entries of a
   * block, its digits, and whether they are negated. Then the column, and where the entries go.
   */
  readonly load: Func<readonly [I32, I32, I32, I32, I32, I32, I32, I32], undefined>;
  /** Bytes of the entries of a block. */
  readonly blockBytes: number;
}

/** Memory for the digits of one scalar. */
export function takeDigits(layout: Layout): Place {
  return layout.take(DIGITS);
}

/**
 * Where an entry has its numbers, and how it is negated: `numbers` of 44 bytes each. The last of them
 * changes its sign, and the two before it change places where `swaps`.
 */
export interface EntryForm {
  readonly numbers: number;
  readonly swaps: boolean;
}
/** x and y. */
export const AFFINE: EntryForm = { numbers: 2, swaps: false };
/** y + x, y - x and 2·d·x·y. */
export const NIELS: EntryForm = { numbers: 3, swaps: true };
export const NIELS_BYTES: number = 3 * NUMBER;

export function defineComb(module: Module, shape: Shape, form: EntryForm): Comb {
  const { columns, spacing, teeth, length } = shape;
  const entryBytes = NUMBER * form.numbers;

  const writeDigits = module.procedure([I32, I32], (digits, words) => {
    // With the top bit, digits of +1 and -1 make the number (writeSignedDigits in src/fast).
    const top = (length - 1) >> 5;
    const bit = i32Bit((length - 1) & 31);
    i32.store(words, 4 * top, i32.or(i32.load(words, 4 * top), bit));
    for (let tooth = 0; tooth < teeth; tooth++) {
      for (const block of [0, 1]) {
        const from = tooth * spacing + block * columns;
        i32.store(
          digits,
          8 * tooth + 4 * block,
          i32.shrU(i32.load(words, from >> 3), from & 7), // at least 25 bits
        );
      }
    }
  });

  const chosen = (
    table: Local<I32>,
    digits: Local<I32>,
    isNegated: Local<I32>,
    column: Local<I32>,
  ): Chosen => {
    const digit = (tooth: number): Expression<I32> =>
      i32.and(i32.shrU(i32.load(digits, 8 * tooth), column), 1);
    const index = variable(digit(0));
    for (let tooth = 1; tooth < teeth - 1; tooth++) {
      set(index, i32.or(index, i32.shl(digit(tooth), tooth)));
    }
    // The top digit is -1: the negated entry.
    const isMinus = variable(i32.eqz(digit(teeth - 1)));
    const all = variable(i32.sub(0, isMinus));
    set(index, i32.xor(index, i32.and(all, shape.entries - 1)));
    const address = i32.add(table, i32.mul(index, entryBytes));
    return {
      address: variable(address),
      isMinus: variable(i32.xor(isMinus, isNegated)),
    };
  };

  const load = module.procedure(
    [I32, I32, I32, I32, I32, I32, I32, I32],
    (table0, digits0, isNegated0, table1, digits1, isNegated1, column, out) => {
      const lane0 = chosen(table0, digits0, isNegated0, column);
      const lane1 = chosen(table1, digits1, isNegated1, column);
      writeEntries([lane0, lane1], form, at(out));
    },
  );

  return { shape, writeDigits, load, blockBytes: shape.entries * entryBytes };
}

/** An entry of a table that one lane adds, or subtracts. */
export interface Chosen {
  readonly address: Local<I32>;
  /** 1 or 0. */
  readonly isMinus: Local<I32>;
}

/** Writes the entries of both lanes to where a point is added from. */
export function writeEntries(chosen: readonly Chosen[], form: EntryForm, entry: Place): void {
  const [lane0, lane1] = chosen;
  if (lane0 === undefined || lane1 === undefined) throw new RangeError("an entry for each lane");
  const sign = ({ isMinus }: Chosen): Expression<F64> =>
    f64.convert(i32.sub(1, i32.shl(isMinus, 1)));
  const signs = variable(f64x2.replaceLane1(f64x2.splat(sign(lane0)), sign(lane1)));
  const last = form.numbers - 1;
  for (let number = 0; number < form.numbers; number++) {
    const isSwapped = form.swaps && number < last;
    const offset = isSwapped ? 0 : NUMBER * number;
    const shifted = ({ address, isMinus }: Chosen): Local<I32> => {
      if (!isSwapped) return address;
      const isSecond = number === 0 ? isMinus : i32.eqz(isMinus);
      const moved = i32.add(i32.mul(isSecond, NUMBER), address);
      return variable(moved);
    };
    const [from0, from1] = [shifted(lane0), shifted(lane1)];
    eachLimb(after(entry, ELEMENT * number), (position) => {
      const limb = f64x2.ofIntegers(from1, from0, offset + position / 4);
      return number === last ? f64x2.mul(limb, signs) : limb;
    });
  }
}

function i32Bit(index: number): number {
  return (1 << index) | 0;
}

/** Bytes from the digits of block 0 to those of block 1. */
const BLOCK_DIGITS = 4;

/** A scalar and the table that it is for: addresses, and whether the scalar was negated. */
export interface Multiple {
  readonly table: () => Expression<I32>;
  readonly digits: () => Expression<I32>;
  readonly isNegated: () => Operand<I32>;
}

/** Writes the entries of a column, those of block 0 in lane 0, those of block 1 in lane 1. */
export function loadColumn(comb: Comb, one: Multiple, column: Local<I32>, out: Place): void {
  loadLanes(comb, [one, 0], [one, 1], column, out);
}

/** Writes the entries of a column and a block of two multiples, one for each lane. */
export function loadPair(
  comb: Comb,
  [lane0, lane1]: readonly [Multiple, Multiple],
  block: 0 | 1,
  column: Local<I32>,
  out: Place,
): void {
  loadLanes(comb, [lane0, block], [lane1, block], column, out);
}

type BlockOf = readonly [Multiple, block: 0 | 1];

function loadLanes(
  { load, blockBytes }: Comb,
  lane0: BlockOf,
  lane1: BlockOf,
  column: Local<I32>,
  out: Place,
): void {
  const argumentsOf = ([one, block]: BlockOf): readonly [
    Operand<I32>,
    Operand<I32>,
    Operand<I32>,
  ] => [
    i32.add(one.table(), block * blockBytes),
    i32.add(one.digits(), block * BLOCK_DIGITS),
    one.isNegated(),
  ];
  call(load, ...argumentsOf(lane0), ...argumentsOf(lane1), column, addressOf(out));
}
