// Numbers as eleven signed limbs of 24 bits, each a whole number in a double: makes, reads and combines
// them without a carry. Public values only: nothing here is constant-time.

/**
 * A number: the sum of limbs[i]·2^(24·i). A limb has either sign, so many lists of limbs mean one number.
 * A double holds whole numbers up to 2^53 exactly, so a limb may exceed 24 bits for a while;
 * test/fast/interval-interpreter proves for every function that no limb exceeds 2^53.
 */
export type Limbs = [
  number,
  number,
  number,
  number,
  number,
  number,
  number,
  number,
  number,
  number,
  number,
];

/**
 * Returns zero, in the kind of list that the engine reads fastest: a Float64Array where the engine has
 * Float16Array, else a plain array. In a V8 without it, once any ArrayBuffer of the process was detached
 * (one transfer, or one response body that was read), every access of a typed array checks its buffer,
 * at a third of the speed. The fractions make the engine choose an array of packed doubles from the
 * start; whole numbers would begin as small integers and be converted.
 */
export function newLimbs(): Limbs {
  const limbs: Limbs = hasSwiftTypedArrays()
    ? (new Float64Array(11) as unknown as Limbs) // it has eleven numbers, and only they are used
    : [0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5];
  limbs.fill(0);
  return limbs;
}

/** The columns of a product of two numbers: sums[k] has the weight 2^(24·k). */
export type Columns = [
  ...Limbs,
  number,
  number,
  number,
  number,
  number,
  number,
  number,
  number,
  number,
  number,
];

/** Memory for columns, of the kind that newLimbs chooses. */
export function newColumns(): Columns {
  return hasSwiftTypedArrays()
    ? (new Float64Array(21) as unknown as Columns) // it has 21 numbers, and only they are used
    : [
        0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5,
        0.5, 0.5, 0.5,
      ];
}

/** Float16Array came to V8 soon after its check for detached buffers became cheap. */
function hasSwiftTypedArrays(): boolean {
  return "Float16Array" in globalThis;
}

/** Returns limbs 0 to 9 from -2^23 to 2^23 - 1; the top one holds the rest. */
export function limbsOf(value: bigint): Limbs {
  const limbs = newLimbs();
  let rest = value;
  for (let i = 0; i < 10; i++) {
    const limb = BigInt.asIntN(24, rest);
    limbs[i] = Number(limb);
    rest = (rest - limb) >> 24n;
  }
  limbs[10] = Number(rest);
  return limbs;
}

/** Returns the value, not reduced. For limbs of at most 2^28. */
export function toBigInt(a: Readonly<Limbs>): bigint {
  // Two limbs make a whole number of at most 2^53.
  let value = BigInt(a[10]);
  value = (value << 48n) + BigInt(a[9] * 0x1000000 + a[8]);
  value = (value << 48n) + BigInt(a[7] * 0x1000000 + a[6]);
  value = (value << 48n) + BigInt(a[5] * 0x1000000 + a[4]);
  value = (value << 48n) + BigInt(a[3] * 0x1000000 + a[2]);
  return (value << 48n) + BigInt(a[1] * 0x1000000 + a[0]);
}

/** Reads 32 bytes, the most significant first: limbs 0 to 9 from 0 to 2^24 - 1, limb 10 below 2^16. */
export function fromBigEndian(out: Limbs, bytes: Uint8Array, position: number): void {
  for (let i = 0; i < 10; i++) {
    const low = position + 31 - 3 * i;
    out[i] = ((bytes[low - 2] ?? 0) << 16) | ((bytes[low - 1] ?? 0) << 8) | (bytes[low] ?? 0);
  }
  out[10] = ((bytes[position] ?? 0) << 8) | (bytes[position + 1] ?? 0);
}

/** Reads 32 bytes, the least significant first; the limbs are bounded as those of fromBigEndian. */
export function fromLittleEndian(out: Limbs, bytes: Uint8Array, position: number): void {
  for (let i = 0; i < 10; i++) {
    const low = position + 3 * i;
    out[i] = (bytes[low] ?? 0) | ((bytes[low + 1] ?? 0) << 8) | ((bytes[low + 2] ?? 0) << 16);
  }
  out[10] = (bytes[position + 30] ?? 0) | ((bytes[position + 31] ?? 0) << 8);
}

/** out = a */
export function copy(out: Limbs, a: Readonly<Limbs>): void {
  out[0] = a[0];
  out[1] = a[1];
  out[2] = a[2];
  out[3] = a[3];
  out[4] = a[4];
  out[5] = a[5];
  out[6] = a[6];
  out[7] = a[7];
  out[8] = a[8];
  out[9] = a[9];
  out[10] = a[10];
}

/** out = a + b, limb by limb and without a carry, as all functions below: bounds add up. */
export function add(out: Limbs, a: Readonly<Limbs>, b: Readonly<Limbs>): void {
  out[0] = a[0] + b[0];
  out[1] = a[1] + b[1];
  out[2] = a[2] + b[2];
  out[3] = a[3] + b[3];
  out[4] = a[4] + b[4];
  out[5] = a[5] + b[5];
  out[6] = a[6] + b[6];
  out[7] = a[7] + b[7];
  out[8] = a[8] + b[8];
  out[9] = a[9] + b[9];
  out[10] = a[10] + b[10];
}

/** out = a - b */
export function subtract(out: Limbs, a: Readonly<Limbs>, b: Readonly<Limbs>): void {
  out[0] = a[0] - b[0];
  out[1] = a[1] - b[1];
  out[2] = a[2] - b[2];
  out[3] = a[3] - b[3];
  out[4] = a[4] - b[4];
  out[5] = a[5] - b[5];
  out[6] = a[6] - b[6];
  out[7] = a[7] - b[7];
  out[8] = a[8] - b[8];
  out[9] = a[9] - b[9];
  out[10] = a[10] - b[10];
}

/** out = k·a + l·b, for small whole numbers k and l */
export function combine(
  out: Limbs,
  k: number,
  a: Readonly<Limbs>,
  l: number,
  b: Readonly<Limbs>,
): void {
  out[0] = k * a[0] + l * b[0];
  out[1] = k * a[1] + l * b[1];
  out[2] = k * a[2] + l * b[2];
  out[3] = k * a[3] + l * b[3];
  out[4] = k * a[4] + l * b[4];
  out[5] = k * a[5] + l * b[5];
  out[6] = k * a[6] + l * b[6];
  out[7] = k * a[7] + l * b[7];
  out[8] = k * a[8] + l * b[8];
  out[9] = k * a[9] + l * b[9];
  out[10] = k * a[10] + l * b[10];
}

/** sum = a + b and difference = a - b; the results may be written over a and b. */
export function sumAndDifference(
  sum: Limbs,
  difference: Limbs,
  a: Readonly<Limbs>,
  b: Readonly<Limbs>,
): void {
  let x = a[0];
  let y = b[0];
  sum[0] = x + y;
  difference[0] = x - y;
  x = a[1];
  y = b[1];
  sum[1] = x + y;
  difference[1] = x - y;
  x = a[2];
  y = b[2];
  sum[2] = x + y;
  difference[2] = x - y;
  x = a[3];
  y = b[3];
  sum[3] = x + y;
  difference[3] = x - y;
  x = a[4];
  y = b[4];
  sum[4] = x + y;
  difference[4] = x - y;
  x = a[5];
  y = b[5];
  sum[5] = x + y;
  difference[5] = x - y;
  x = a[6];
  y = b[6];
  sum[6] = x + y;
  difference[6] = x - y;
  x = a[7];
  y = b[7];
  sum[7] = x + y;
  difference[7] = x - y;
  x = a[8];
  y = b[8];
  sum[8] = x + y;
  difference[8] = x - y;
  x = a[9];
  y = b[9];
  sum[9] = x + y;
  difference[9] = x - y;
  x = a[10];
  y = b[10];
  sum[10] = x + y;
  difference[10] = x - y;
}

/**
 * out = factor·(the eleven limbs of the table from position on). Tables are always typed arrays: they take
 * half the memory, and the check that newLimbs avoids costs an addition of points only 1 % here.
 */
export function load(out: Limbs, table: Int32Array, position: number, factor: number): void {
  out[0] = (table[position] ?? 0) * factor;
  out[1] = (table[position + 1] ?? 0) * factor;
  out[2] = (table[position + 2] ?? 0) * factor;
  out[3] = (table[position + 3] ?? 0) * factor;
  out[4] = (table[position + 4] ?? 0) * factor;
  out[5] = (table[position + 5] ?? 0) * factor;
  out[6] = (table[position + 6] ?? 0) * factor;
  out[7] = (table[position + 7] ?? 0) * factor;
  out[8] = (table[position + 8] ?? 0) * factor;
  out[9] = (table[position + 9] ?? 0) * factor;
  out[10] = (table[position + 10] ?? 0) * factor;
}

/** Writes eleven limbs into the table, each of at most 2^31 - 1. */
export function store(table: Int32Array, position: number, a: Readonly<Limbs>): void {
  table[position] = a[0];
  table[position + 1] = a[1];
  table[position + 2] = a[2];
  table[position + 3] = a[3];
  table[position + 4] = a[4];
  table[position + 5] = a[5];
  table[position + 6] = a[6];
  table[position + 7] = a[7];
  table[position + 8] = a[8];
  table[position + 9] = a[9];
  table[position + 10] = a[10];
}
