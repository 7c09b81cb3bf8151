// The values of a run: exact intervals of whole numbers, memory that several names refer to, and limbs.
import type ts from "typescript";
import type { Module } from "./interpreter.js";

export const EXACT: bigint = 1n << 53n;

/** What this interpreter can't follow, or what a caller must not do. */
export class Refused extends Error {
  override name = "Refused";
}

/** A result that a double might round. */
export class Inexact extends Refused {
  override name = "Inexact";
}

/**
 * Whole numbers from lo to hi, all multiples of unit. One object stands for one value of a run: two
 * variables with the same object are equal, whatever the value.
 */
export class Interval {
  readonly lo: bigint;
  readonly hi: bigint;
  readonly unit: bigint;
  /** What this is the rounded form of. */
  readonly roundedFrom: Interval | undefined;

  constructor(lo: bigint, hi: bigint, unit = 1n, roundedFrom?: Interval) {
    this.lo = lo;
    this.hi = hi;
    this.unit = unit;
    this.roundedFrom = roundedFrom;
  }

  get magnitude(): bigint {
    return this.hi > -this.lo ? this.hi : -this.lo;
  }

  /** The same bounds for another value. */
  again(): Interval {
    return new Interval(this.lo, this.hi, this.unit);
  }
}

/** A BigInt from lo to hi. */
export class BigRange {
  readonly lo: bigint;
  readonly hi: bigint;
  constructor(lo: bigint, hi: bigint) {
    this.lo = lo;
    this.hi = hi;
  }
}

/** x + 1.5·2^k, rounded by the format of doubles: only of use for subtracting the same again. */
export class Rounding {
  readonly of: Interval;
  readonly magic: number;
  constructor(of: Interval, magic: number) {
    this.of = of;
    this.magic = magic;
  }
}

/** Memory: what several names may refer to. */
export class Cells {
  readonly kind: "object" | "list";
  readonly items = new Map<string, Value>();
  constructor(kind: "object" | "list") {
    this.kind = kind;
  }
}

/** An Int32Array: one bound for each of the eleven limbs, whichever entry they belong to. */
export class Table {
  limbs: readonly Interval[] = Array.from({ length: 11 }, () => new Interval(0n, 0n));
  readonly length: Value;
  constructor(length: Value) {
    this.length = length;
  }
}

/** A value that is only a name. */
export interface Mark {
  readonly mark: string;
}

/** A Uint8Array of any bytes. */
export const BYTES: Mark = { mark: "bytes" };

export class Closure {
  readonly node: ts.FunctionDeclaration;
  readonly module: Module;
  constructor(node: ts.FunctionDeclaration, module: Module) {
    this.node = node;
    this.module = module;
  }
}

/** A value that nothing is known of; no limb may come from it. */
export const UNKNOWN: Mark = { mark: "unknown" };

export type Value =
  | number
  | bigint
  | boolean
  | string
  | null
  | undefined
  | Mark
  | Interval
  | BigRange
  | Rounding
  | Cells
  | Table
  | Closure;

/** Eleven limbs of at most `limb` in magnitude, the top one of at most `top`. */
export function limbsWithin(limb: bigint, top: bigint): Cells {
  return toLimbs(
    Array.from({ length: 11 }, (_, i) =>
      i < 10 ? new Interval(-limb, limb) : new Interval(-top, top),
    ),
  );
}

export function toLimbs(intervals: readonly Interval[]): Cells {
  const cells = new Cells("list");
  for (const [i, interval] of intervals.entries()) cells.items.set(String(i), interval.again());
  return cells;
}

/** The limbs of one number, exactly. */
export function limbsExactly(value: bigint): Cells {
  const intervals: Interval[] = [];
  let rest = value;
  for (let i = 0; i < 10; i++) {
    const limb = BigInt.asIntN(24, rest);
    intervals.push(new Interval(limb, limb));
    rest = (rest - limb) >> 24n;
  }
  return toLimbs([...intervals, new Interval(rest, rest)]);
}

/** The limbs as they stand in memory. */
export function limbsIn(value: Value): Interval[] {
  if (!(value instanceof Cells)) throw new Refused("no limbs");
  return Array.from({ length: 11 }, (_, i) => toInterval(value.items.get(String(i))));
}

/** The members of an object as an argument. */
export function objectOf(members: Readonly<Record<string, Value>>): Cells {
  const cells = new Cells("object");
  for (const [name, value] of Object.entries(members)) cells.items.set(name, value);
  return cells;
}

export function memberOf(value: Value, name: string): Value {
  if (!(value instanceof Cells)) throw new Refused(`no object with ${name}`);
  return value.items.get(name);
}

/** An Int32Array of that many zeros. */
export function newTable(length: number): Value {
  return new Table(length);
}

/** The bounds of all entries of a table. */
export function tableIn(value: Value): readonly Interval[] {
  if (!(value instanceof Table)) throw new Refused("no table");
  return value.limbs;
}

export function joinIntervals(a: Interval, b: Interval): Interval {
  if (a === b) return a;
  return new Interval(min(a.lo, b.lo), max(a.hi, b.hi), gcd(a.unit, b.unit));
}

/** The whole number that limbs stand for. */
export function valueOf(limbs: readonly Interval[]): { readonly lo: bigint; readonly hi: bigint } {
  let lo = 0n;
  let hi = 0n;
  for (const [i, limb] of limbs.entries()) {
    lo += limb.lo << BigInt(24 * i);
    hi += limb.hi << BigInt(24 * i);
  }
  return { lo, hi };
}

export function min(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}

export function max(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
}

export function gcd(a: bigint, b: bigint): bigint {
  let [x, y] = [a, b];
  while (y !== 0n) [x, y] = [y, x % y];
  return x < 0n ? -x : x;
}

/** Rounded towards minus infinity. */
export function floorDivide(a: bigint, b: bigint): bigint {
  const quotient = a / b;
  return a % b !== 0n && a < 0n !== b < 0n ? quotient - 1n : quotient;
}

/** A double as a fraction whose denominator is a power of two. */
export function fraction(x: number): readonly [bigint, bigint] {
  let numerator = x;
  let denominator = 1n;
  for (let i = 0; !Number.isInteger(numerator); i++) {
    if (i > 100) throw new Refused(`${x} is no number to multiply by`);
    numerator *= 2;
    denominator *= 2n;
  }
  return [BigInt(numerator), denominator];
}

export function toInterval(value: Value): Interval {
  if (value instanceof Interval) return value;
  if (typeof value === "number" && Number.isInteger(value)) {
    return new Interval(BigInt(value), BigInt(value), value === 0 ? 1n : BigInt(Math.abs(value)));
  }
  throw new Refused(`a number is expected, not ${describe(value)}`);
}

export function describe(value: Value): string {
  if (value === UNKNOWN) return "something unknown";
  return typeof value === "object" && value !== null ? value.constructor.name : String(value);
}

export function isNumeric(value: Value): value is number | Interval {
  return typeof value === "number" || value instanceof Interval;
}

export function isBig(value: Value): value is bigint | BigRange {
  return typeof value === "bigint" || value instanceof BigRange;
}

export function toRange(value: bigint | BigRange): BigRange {
  return typeof value === "bigint" ? new BigRange(value, value) : value;
}

export function joinValues(a: Value, b: Value): Value {
  if (a === b) return a;
  if (isNumeric(a) && isNumeric(b)) return joinIntervals(toInterval(a), toInterval(b));
  if (isBig(a) && isBig(b)) {
    const [x, y] = [toRange(a), toRange(b)];
    return new BigRange(min(x.lo, y.lo), max(x.hi, y.hi));
  }
  return UNKNOWN;
}
