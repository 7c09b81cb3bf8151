// Multiplication by a comb of signed digits in lanes: from a scalar to its digits, and from these to the
// entries of a table, as src/fast/*/comb.ts explains it. The combs here have two blocks, and any number of teeth up to
// ten. Of a signature by itself each lane makes half, one block each; of two signatures each lane makes one, with
// both blocks.
import {
  type Expression,
  F64,
  f64,
  f64x2,
  type Func,
  I32,
  i32,
  type Local,
  local,
  loop,
  type Module,
  set,
  variable,
} from "./assembler.js";
import { eachLimb } from "./field.js";
import { after, at, ELEMENT, type Place } from "./memory.js";

/** Bytes of one number in a table: eleven integers of 32 bits. */
const NUMBER = 44;

/** A scalar and the table that it is for, in memory: where it has its parts, in bytes. */
export const MULTIPLE: Readonly<
  Record<"table" | "teeth" | "isNegated" | "columns" | "digits" | "size", number>
> = {
  table: 0,
  teeth: 4,
  /** Whether the scalar was negated, and so all entries are. */
  isNegated: 8,
  /** Columns of a block. */
  columns: 12,
  /** For each tooth and block, a word whose bit c is the digit of column c, 1 for +1. */
  digits: 16,
  size: 16 + 4 * 2 * 10, // up to ten teeth
};

/** Combs over the tables of one curve. */
export interface Comb {
  /** Writes digits and columns of a multiple: half of the number, rounded down, is in the words, which change. */
  readonly writeDigits: Func<readonly [I32, I32], undefined>;
  /**
   * Writes an entry for each lane: the multiple and the block of lane 0, those of lane 1, the column, and where
   * the entries go.
   */
  readonly load: Func<readonly [I32, I32, I32, I32, I32, I32], undefined>;
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

export function defineComb(module: Module, form: EntryForm): Comb {
  const writeDigits = module.procedure([I32, I32], (multiple, words) => {
    const blocks = variable(i32.shl(i32.load(multiple, MULTIPLE.teeth), 1)); // of all teeth
    // Enough for 256 bits.
    const columns = variable(i32.divU(i32.add(blocks, 255), blocks));
    i32.store(multiple, MULTIPLE.columns, columns);
    // With the top bit, digits of +1 and -1 make the number (writeSignedDigits in src/fast).
    const top = variable(i32.sub(i32.mul(blocks, columns), 1));
    const byte = variable(i32.add(words, i32.shrU(top, 3)));
    i32.store(byte, 0, i32.or(i32.load(byte), i32.shl(1, i32.and(top, 7))));
    const from = local(I32);
    loop(() => {
      set(blocks, i32.sub(blocks, 1));
      set(from, i32.mul(blocks, columns));
      const digits = i32.load(i32.add(words, i32.shrU(from, 3)));
      i32.store(
        i32.add(multiple, i32.shl(blocks, 2)),
        MULTIPLE.digits,
        i32.shrU(digits, i32.and(from, 7)), // at least 25 bits
      );
      return blocks;
    });
  });

  const chosen = (multiple: Local<I32>, block: Local<I32>, column: Local<I32>): Chosen => {
    const tooth = variable(i32.sub(i32.load(multiple, MULTIPLE.teeth), 1));
    const entries = variable(i32.shl(1, tooth)); // of a block
    const digits = variable(i32.add(multiple, i32.shl(block, 2)));
    const digit = (): Expression<I32> => {
      const ofTooth = i32.load(i32.add(digits, i32.shl(tooth, 3)), MULTIPLE.digits);
      return i32.and(i32.shrU(ofTooth, column), 1);
    };
    // The top digit is -1: the negated entry.
    const isMinus = variable(i32.eqz(digit()));
    const index = local(I32);
    loop(() => {
      set(tooth, i32.sub(tooth, 1));
      set(index, i32.or(i32.shl(index, 1), digit()));
      return tooth;
    });
    const flipped = i32.and(i32.sub(0, isMinus), i32.sub(entries, 1));
    set(index, i32.add(i32.xor(index, flipped), i32.mul(block, entries)));
    const address = i32.add(
      i32.load(multiple, MULTIPLE.table),
      i32.mul(index, NUMBER * form.numbers),
    );
    return {
      address: variable(address),
      isMinus: variable(i32.xor(isMinus, i32.load(multiple, MULTIPLE.isNegated))),
    };
  };

  const load = module.procedure(
    [I32, I32, I32, I32, I32, I32],
    (multiple0, block0, multiple1, block1, column, out) => {
      const lane0 = chosen(multiple0, block0, column);
      const lane1 = chosen(multiple1, block1, column);
      writeEntries([lane0, lane1], form, at(out));
    },
  );

  return { writeDigits, load };
}

/** An entry of a table that one lane adds, or subtracts. */
export interface Chosen {
  readonly address: Local<I32>;
  /** 1 or 0. */
  readonly isMinus: Local<I32>;
}

/** Writes the entries of both lanes to where a point is added from. */
export function writeEntries(
  [lane0, lane1]: readonly [Chosen, Chosen],
  form: EntryForm,
  entry: Place,
): void {
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
      return variable(i32.add(i32.mul(isSecond, NUMBER), address));
    };
    const [from0, from1] = [shifted(lane0), shifted(lane1)];
    eachLimb(after(entry, ELEMENT * number), (position) => {
      const limb = f64x2.ofIntegers(from1, from0, offset + position / 4);
      return number === last ? f64x2.mul(limb, signs) : limb;
    });
  }
}
