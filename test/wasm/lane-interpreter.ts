// Runs the functions of a module over intervals, as test/fast/interval-interpreter runs TypeScript: one run stands for all
// numbers within the given bounds, in both lanes. It throws Inexact where a double could round, and so where a fused
// multiply-add could differ from a product and a sum; Refused where it can't follow. It follows straight lines only: the
// arithmetic of limbs has no branch.
import {
  EXACT,
  floorDivide,
  fraction,
  gcd,
  joinIntervals,
  Inexact,
  Interval,
  max,
  min,
  Refused,
  Rounding,
} from "../fast/interval-interpreter/values.js";
import { type Instruction, type ReadModule, readModule } from "./module-reader.js";

/** Addresses and constants are numbers, a limb is an interval. */
type LaneValue = number | Interval | Rounding;

export class LaneInterpreter {
  /** By address, of the first byte. */
  private readonly memory = new Map<number, Interval>();
  private readonly module: ReadModule;
  /** Functions that were run, by index. */
  readonly entered = new Set<number>();
  /** The largest magnitude of a sum or a product. */
  peak = 0n;

  constructor(bytes: Uint8Array) {
    this.module = readModule(bytes);
  }

  run(name: string, ...args: readonly number[]): void {
    const index = this.module.exported.get(name);
    if (index === undefined) throw new Refused(`${name} is not exported`);
    this.call(index, args);
  }

  /** The eleven limbs of a number. */
  read(address: number): Interval[] {
    return Array.from({ length: 11 }, (_, i) => this.load(address + 16 * i));
  }

  write(address: number, limbs: readonly Interval[]): void {
    for (const [i, limb] of limbs.entries()) this.memory.set(address + 16 * i, limb.again());
  }

  private load(address: number): Interval {
    const value = this.memory.get(address);
    if (value === undefined) throw new Refused(`nothing was written to ${address}`);
    return value;
  }

  private call(index: number, args: readonly LaneValue[]): void {
    const found = this.module.functions[index];
    if (found === undefined || found.results > 0) throw new Refused(`function ${index}`);
    this.entered.add(index);
    const locals: LaneValue[] = [...args, ...found.locals.map(() => 0)];
    const stack: LaneValue[] = [];
    for (const instruction of found.instructions) this.step(instruction, locals, stack);
  }

  private step({ opcode, operands }: Instruction, locals: LaneValue[], stack: LaneValue[]): void {
    const [operand = 0] = operands;
    const pop = (): LaneValue => {
      const value = stack.pop();
      if (value === undefined) throw new Refused("an empty stack");
      return value;
    };
    const popNumber = (): number => {
      const value = pop();
      if (typeof value !== "number") throw new Refused("an address or constant is expected");
      return value;
    };
    switch (opcode) {
      case 0x0b: // end
        return;
      case 0x10: {
        const callee = this.module.functions[operand];
        const count = callee?.parameters ?? 0;
        this.call(operand, stack.splice(stack.length - count, count));
        return;
      }
      case 0x20:
        stack.push(localAt(locals, operand));
        return;
      case 0x21:
        locals[operand] = pop();
        return;
      case 0x41:
      case 0x44:
        stack.push(operand);
        return;
      case 0x6a:
        stack.push(popNumber() + popNumber());
        return;
      case 0x2b: // a double at an address of lane 0: the bounds are those of both lanes
      case 0xfd00:
        stack.push(this.load(popNumber() + (operands[1] ?? 0)));
        return;
      case 0xfd0b: {
        const value = toInterval(pop());
        this.memory.set(popNumber() + (operands[1] ?? 0), value);
        return;
      }
      case 0xfd0c:
        if (operands[0] !== operands[1]) throw new Refused("lanes with different constants");
        stack.push(operand);
        return;
      case 0xfd0d: // the other lane: the same bounds, another value
        pop();
        stack.push(toInterval(pop()).again());
        return;
      case 0xfd22: {
        // Lane 1 from another number: bounds of both.
        const [lane1, lane0] = [toInterval(pop()), toInterval(pop())];
        stack.push(joinIntervals(lane0.again(), lane1));
        return;
      }
      case 0xfd14: {
        // splat: the same in both lanes
        stack.push(pop());
        return;
      }
      default:
    }
    const [c, b] = [opcode >= 0xfd00 + 0x107 ? pop() : 0, pop()];
    const a = pop();
    switch (opcode - 0xfd00) {
      case 0xf0:
        stack.push(this.sum(a, b));
        return;
      case 0xf1:
        stack.push(this.difference(a, b));
        return;
      case 0xf2:
        stack.push(this.product(a, b));
        return;
      case 0x107:
        stack.push(this.sum(c, this.product(a, b)));
        return;
      case 0x108:
        stack.push(this.difference(c, this.product(a, b)));
        return;
      default:
        throw new Refused(`an instruction that is not followed: 0x${opcode.toString(16)}`);
    }
  }

  private sum(a: LaneValue, b: LaneValue): LaneValue {
    if (a instanceof Interval && typeof b === "number" && b >= 2 ** 60) return new Rounding(a, b);
    const [x, y] = [toInterval(a), toInterval(b)];
    return this.exact(new Interval(x.lo + y.lo, x.hi + y.hi, gcd(x.unit, y.unit)));
  }

  private difference(a: LaneValue, b: LaneValue): LaneValue {
    if (a instanceof Rounding) return rounded(a, b);
    const [x, y] = [toInterval(a), toInterval(b)];
    if (y.roundedFrom === x) {
      const half = y.unit / 2n;
      return x.magnitude < half ? x : new Interval(-half, half);
    }
    return this.exact(new Interval(x.lo - y.hi, x.hi - y.lo, gcd(x.unit, y.unit)));
  }

  private product(a: LaneValue, b: LaneValue): LaneValue {
    if (typeof a === "number" || typeof b === "number") {
      return typeof b === "number"
        ? this.multiple(toInterval(a), b)
        : this.multiple(toInterval(b), Number(a));
    }
    const [x, y] = [toInterval(a), toInterval(b)];
    const ends = [x.lo * y.lo, x.lo * y.hi, x.hi * y.lo, x.hi * y.hi];
    const lowest = x === y && x.lo < 0n && x.hi > 0n ? 0n : ends.reduce(min); // a square is not negative
    return this.exact(new Interval(lowest, ends.reduce(max), x.unit * y.unit));
  }

  private multiple(x: Interval, factor: number): Interval {
    const [numerator, denominator] = fraction(factor);
    if (x.unit % denominator !== 0n)
      throw new Inexact(`${factor} times a limb may be no whole number`);
    const ends = [x.lo * numerator, x.hi * numerator];
    const unit = (x.unit * (numerator < 0n ? -numerator : numerator)) / denominator;
    const lo = floorDivide(ends.reduce(min), denominator);
    return this.exact(
      new Interval(lo, -floorDivide(-ends.reduce(max), denominator), unit === 0n ? 1n : unit),
    );
  }

  private exact(value: Interval): Interval {
    if (value.magnitude > EXACT) {
      throw new Inexact(`2^${Math.log2(Number(value.magnitude)).toFixed(3)}`);
    }
    this.peak = max(this.peak, value.magnitude);
    return value;
  }
}

function localAt(locals: readonly LaneValue[], index: number): LaneValue {
  const value = locals[index];
  if (value === undefined) throw new Refused(`variable ${index}`);
  return value;
}

function toInterval(value: LaneValue): Interval {
  if (value instanceof Interval) return value;
  if (typeof value !== "number" || !Number.isInteger(value))
    throw new Refused("a limb is expected");
  const whole = BigInt(value);
  return new Interval(whole, whole, whole === 0n ? 1n : max(whole, -whole));
}

/** x + magic - magic */
function rounded({ of, magic }: Rounding, right: LaneValue): Interval {
  const exponent = Math.floor(Math.log2(magic));
  if (right !== magic || magic !== 1.5 * 2 ** exponent) {
    throw new Refused("a rounding that is not taken back");
  }
  if (of.magnitude >= 1n << BigInt(exponent - 1)) throw new Refused("too large to be rounded");
  const unit = 1n << BigInt(exponent - 52);
  const half = unit / 2n;
  const lo = floorDivide(of.lo + half - 1n, unit) * unit;
  return new Interval(lo, floorDivide(of.hi + half, unit) * unit, unit, of);
}
