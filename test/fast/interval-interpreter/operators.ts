// The operators and the calls of the language over values of a run.
import {
  BigRange,
  EXACT,
  Interval,
  max,
  min,
  Refused,
  toInterval,
  UNKNOWN,
  type Value,
} from "./values.js";

export function concrete(operator: string, a: number, b: number): Value {
  switch (operator) {
    case "+":
      return a + b;
    case "-":
      return a - b;
    case "*":
      return a * b;
    case "/":
      return a / b;
    case "%":
      return a % b;
    case "**":
      return a ** b;
    case "<<":
      return a << b;
    case ">>":
      return a >> b;
    case ">>>":
      return a >>> b;
    case "&":
      return a & b;
    case "|":
      return a | b;
    case "^":
      return a ^ b;
    default:
      return compare(operator, a, b);
  }
}

export function concreteBig(operator: string, a: bigint, b: bigint): Value {
  switch (operator) {
    case "+":
      return a + b;
    case "-":
      return a - b;
    case "*":
      return a * b;
    case "/":
      return a / b;
    case "%":
      return a % b;
    case "**":
      return a ** b;
    case "<<":
      return a << b;
    case ">>":
      return a >> b;
    case "&":
      return a & b;
    case "|":
      return a | b;
    default:
      return compare(operator, a, b);
  }
}

export function compare<T extends number | bigint>(operator: string, a: T, b: T): Value {
  switch (operator) {
    case "<":
      return a < b;
    case "<=":
      return a <= b;
    case ">":
      return a > b;
    case ">=":
      return a >= b;
    case "===":
      return a === b;
    case "!==":
      return a !== b;
    default:
      throw new Refused(`an operator that is not followed: ${operator}`);
  }
}

export function equality(operator: string, a: Value, b: Value): Value {
  const isNothing = (value: Value): boolean => value === undefined || value === null;
  if (a === UNKNOWN || b === UNKNOWN) return UNKNOWN;
  if (isNothing(a) || isNothing(b) || (typeof a === "boolean" && typeof b === "boolean")) {
    return (a === b) === (operator === "===");
  }
  return UNKNOWN;
}

/** Bits of what is not negative; anything else is unknown. */
export function bits(operator: string, a: Interval, b: Interval): Value {
  if (/^[<>]=?$/.test(operator)) return UNKNOWN;
  if (a.lo < 0n || b.lo < 0n || a.hi >= 1n << 31n || b.hi >= 1n << 31n) return UNKNOWN;
  const isFixed = b.lo === b.hi;
  switch (operator) {
    case "<<": {
      const hi = a.hi << b.hi;
      return hi < 1n << 31n ? new Interval(0n, hi) : UNKNOWN;
    }
    case ">>":
    case ">>>":
      return isFixed ? new Interval(a.lo >> b.lo, a.hi >> b.lo) : UNKNOWN;
    case "|":
    case "^":
      return new Interval(0n, a.hi + b.hi);
    case "&":
      return new Interval(0n, min(a.hi, b.hi));
    default:
      return UNKNOWN;
  }
}

export function rangeOf(operator: string, a: BigRange, b: BigRange): Value {
  const isFixed = b.lo === b.hi;
  switch (operator) {
    case "+":
      return new BigRange(a.lo + b.lo, a.hi + b.hi);
    case "-":
      return new BigRange(a.lo - b.hi, a.hi - b.lo);
    case "<<":
      if (isFixed) return new BigRange(a.lo << b.lo, a.hi << b.lo);
      break;
    case ">>":
      if (isFixed) return new BigRange(a.lo >> b.lo, a.hi >> b.lo);
      break;
    case "%":
      // The sign is that of the dividend.
      if (isFixed && b.lo > 0n) {
        return new BigRange(a.lo < 0n ? 1n - b.lo : 0n, a.hi > 0n ? b.lo - 1n : 0n);
      }
      break;
    case "&":
      if (isFixed && b.lo >= 0n) return new BigRange(0n, b.lo);
      break;
    default:
  }
  return UNKNOWN;
}

export function toBig(value: Value): Value {
  if (value === UNKNOWN) return UNKNOWN;
  if (typeof value === "number") return BigInt(value);
  const { lo, hi } = toInterval(value);
  return new BigRange(lo, hi);
}

export function toNumber(value: Value): Value {
  if (value instanceof BigRange) {
    if (max(-value.lo, value.hi) > EXACT) throw new Refused("Number of more than 53 bits");
    return new Interval(value.lo, value.hi);
  }
  return typeof value === "bigint" ? Number(value) : UNKNOWN;
}

export function asIntN([width, value]: readonly Value[]): Value {
  if (typeof width !== "number") return UNKNOWN;
  if (typeof value === "bigint") return BigInt.asIntN(width, value);
  if (!(value instanceof BigRange)) return UNKNOWN;
  const half = 1n << BigInt(width - 1);
  if (value.lo >= -half && value.hi < half) return value;
  return new BigRange(-half, half - 1n);
}

export function mathCall(method: string, args: readonly Value[]): Value {
  const numbers = args.filter((arg) => typeof arg === "number");
  if (numbers.length < args.length) return UNKNOWN;
  const [a = 0, b = 0] = numbers;
  switch (method) {
    case "ceil":
      return Math.ceil(a);
    case "clz32":
      return Math.clz32(a);
    case "imul":
      return Math.imul(a, b);
    case "min":
      return Math.min(...numbers);
    default:
      return UNKNOWN;
  }
}
