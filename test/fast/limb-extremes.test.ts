// The arithmetic of limbs against BigInt, with limbs at the ends of what the bounds allow: a slip
// in a carry shows there, and seldom in random numbers.
import { describe, expect, test } from "vitest";
import * as ed25519 from "../../src/fast/ed25519/field.generated.js";
import { invert, modulusOf } from "../../src/fast/inverse.js";
import {
  fromBigEndian,
  fromLittleEndian,
  type Limbs,
  limbsOf,
  newLimbs,
  toBigInt,
} from "../../src/fast/limbs.js";
import * as p256 from "../../src/fast/p256/field.generated.js";
import { ED25519_BUDGET, P256_BUDGET, SUMMAND_BUDGET } from "./make-fields.js";

const ROUNDS = 1500;
const P256_P = 2n ** 256n - 2n ** 224n + 2n ** 192n + 2n ** 96n - 1n;
const P256_N = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
const ED25519_P = 2n ** 255n - 19n;
const ED25519_L = 2n ** 252n + 27742317777372353535851937790883648493n;

function modulo(value: bigint, p: bigint): bigint {
  const rest = value % p;
  return rest < 0n ? rest + p : rest;
}

/** The inverse by Fermat, to compare with. */
function inverseOf(value: bigint, p: bigint): bigint {
  let result = 1n;
  let power = modulo(value, p);
  for (let exponent = p - 2n; exponent > 0n; exponent >>= 1n) {
    if ((exponent & 1n) === 1n) result = (result * power) % p;
    power = (power * power) % p;
  }
  return result;
}

/** Numbers from 0 up to 1, the same ones in every run (mulberry32). */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

const random = seeded(20250611);

/** A limb within the bound: mostly at its ends. */
const SHAPES: readonly ((bound: number) => number)[] = [
  (bound) => (random() < 0.5 ? -bound : bound),
  (bound) => bound,
  (bound) => -bound,
  (bound) => (random() < 0.5 ? 0 : bound),
  (bound) => Math.round((random() * 2 - 1) * bound),
];

/** Any limbs of f units; a unit is 2^23 here, and 2^16 in the top limb. */
function fill(limbs: Limbs, f: number): void {
  const shape = SHAPES[Math.floor(random() * SHAPES.length)] ?? Math.round;
  for (let i = 0; i < 11; i++) limbs[i] = shape(Math.floor((i < 10 ? 2 ** 23 : 2 ** 16) * f));
}

/** The value of any limbs, however large. */
function valueOf(limbs: Readonly<Limbs>): bigint {
  return limbs.reduceRight((value, limb) => (value << 24n) + BigInt(limb), 0n);
}

/** Two factors whose units multiply to the budget. */
function divided(budget: number): readonly [number, number] {
  const first = [1, 2, 3, 4, Math.sqrt(budget), 6, budget][Math.floor(random() * 7)] ?? 1;
  return random() < 0.5 ? [first, budget / first] : [budget / first, first];
}

const a = newLimbs();
const b = newLimbs();
const c = newLimbs();
const d = newLimbs();
const out = newLimbs();

describe.each([
  {
    name: "P-256",
    field: p256,
    p: P256_P,
    budget: P256_BUDGET,
    scale: inverseOf(2n ** 264n, P256_P),
  },
  { name: "Ed25519", field: ed25519, p: ED25519_P, budget: ED25519_BUDGET, scale: 1n },
])("The products of $name", ({ field, p, budget, scale }) => {
  const expectValue = (expected: bigint): void => {
    expect(modulo(valueOf(out), p)).toBe(modulo(expected, p));
    expect(out.slice(0, 10).every((limb) => Math.abs(limb) <= 2 ** 23 * 1.032)).toBe(true);
  };

  test("multiply and multiplyAdd are right at the limits.", () => {
    for (let round = 0; round < ROUNDS; round++) {
      const [fa, fb] = divided(budget / 1.032);
      fill(a, fa);
      fill(b, fb);
      const product = valueOf(a) * valueOf(b) * scale;
      field.multiply(out, a, b);
      expectValue(product);
      const k = [-2, -1, 1, 2][round % 4] ?? 1;
      fill(c, SUMMAND_BUDGET / 2);
      field.multiplyAdd(out, a, b, k, c);
      expectValue(product + BigInt(k) * valueOf(c));
    }
  });

  test("square and squareAdd are right at the limits.", () => {
    for (let round = 0; round < ROUNDS; round++) {
      fill(a, Math.sqrt(budget) / 1.032);
      const square = valueOf(a) * valueOf(a) * scale;
      field.square(out, a);
      expectValue(square);
      const k = [-2, -1, 1, 2][round % 4] ?? 1;
      fill(c, SUMMAND_BUDGET / 2);
      field.squareAdd(out, a, k, c);
      expectValue(square + BigInt(k) * valueOf(c));
    }
  });

  test("The result may be written over what it is made of.", () => {
    for (let round = 0; round < 100; round++) {
      fill(a, 1);
      fill(b, 2);
      field.multiply(out, a, b);
      const product = [...out];
      field.multiply(a, a, b);
      expect([...a]).toEqual(product);
      field.multiplyAdd(out, a, b, -1, a);
      const sum = [...out];
      field.multiplyAdd(a, a, b, -1, a);
      expect([...a]).toEqual(sum);
      field.squareAdd(out, b, 2, b);
      const square = [...out];
      field.squareAdd(b, b, 2, b);
      expect([...b]).toEqual(square);
    }
  });

  test("canonical and isZero know every form of a number.", () => {
    for (const multiple of [-64n, -13n, -2n, -1n, 0n, 1n, 2n, 13n, 64n]) {
      for (const rest of [0n, 1n, p - 1n, p >> 1n]) {
        if (multiple === 64n && rest > 0n) continue;
        const limbs = limbsOf(multiple * p + rest);
        expect(field.canonical(limbs)).toBe(rest);
        expect(field.isZero(limbs)).toBe(rest === 0n);
      }
    }
    for (let round = 0; round < ROUNDS; round++) {
      fill(a, 1);
      fill(b, 2);
      field.multiply(out, a, b);
      expect(field.canonical(out)).toBe(modulo(valueOf(a) * valueOf(b) * scale, p));
    }
  });
});

test("The merged products of P-256 are right at the limits.", () => {
  const scale = inverseOf(2n ** 264n, P256_P);
  const expectValue = (expected: bigint): void => {
    expect(modulo(valueOf(out), P256_P)).toBe(modulo(expected * scale, P256_P));
  };
  for (let round = 0; round < ROUNDS; round++) {
    const [fa, fb] = divided(P256_BUDGET / 2);
    fill(a, fa);
    fill(b, fb);
    fill(c, fb);
    fill(d, fa);
    p256.multiplyDifference(out, a, b, c, d);
    expectValue(valueOf(a) * valueOf(b) - valueOf(c) * valueOf(d));
    const [first, second] = divided((P256_BUDGET - 0.01) / 3);
    fill(a, first);
    fill(b, second);
    p256.multiplyScaled(out, a, b, 3);
    expectValue(3n * valueOf(a) * valueOf(b));
    fill(a, P256_BUDGET - 8.01);
    fill(b, 1);
    fill(c, 1);
    p256.multiplyMinus8Square(out, a, b, c);
    expectValue(valueOf(a) * valueOf(b) - 8n * valueOf(c) * valueOf(c));
  }
});

test("Sums, differences and tables are right.", () => {
  for (let round = 0; round < 300; round++) {
    fill(a, 3);
    fill(b, 3);
    const [x, y] = [valueOf(a), valueOf(b)];
    p256.add(out, a, b);
    expect(valueOf(out)).toBe(x + y);
    p256.subtract(out, a, b);
    expect(valueOf(out)).toBe(x - y);
    p256.combine(out, 2, a, -3, b);
    expect(valueOf(out)).toBe(2n * x - 3n * y);
    const table = new Int32Array(33);
    p256.store(table, 11, a);
    p256.load(out, table, 11, -1);
    expect(valueOf(out)).toBe(-x);
    expect([...table.subarray(0, 11), ...table.subarray(22)]).toEqual(Array(22).fill(0));
    p256.copy(out, b);
    expect(valueOf(out)).toBe(y);
    p256.sumAndDifference(a, b, a, b);
    expect([valueOf(a), valueOf(b)]).toEqual([x + y, x - y]);
  }
});

test("Numbers and bytes become limbs, and limbs numbers.", () => {
  const bytes = new Uint8Array(40);
  for (let round = 0; round < 300; round++) {
    for (let i = 0; i < 40; i++) bytes[i] = random() < 0.3 ? 255 : Math.floor(random() * 256);
    const hex = (part: readonly number[]): bigint =>
      BigInt(`0x${part.map((byte) => byte.toString(16).padStart(2, "0")).join("")}`);
    const position = round % 9;
    const part = [...bytes.subarray(position, position + 32)];
    fromBigEndian(out, bytes, position);
    expect(toBigInt(out)).toBe(hex(part));
    fromLittleEndian(out, bytes, position);
    expect(toBigInt(out)).toBe(hex(part.toReversed()));
    const value = (hex(part) << 5n) * (round % 2 === 0 ? 1n : -1n);
    expect(toBigInt(limbsOf(value))).toBe(value);
    expect(
      limbsOf(value)
        .slice(0, 10)
        .every((limb) => limb >= -(2 ** 23) && limb < 2 ** 23),
    ).toBe(true);
  }
  fill(a, 32);
  expect(toBigInt(a)).toBe(valueOf(a));
});

describe.each([
  ["p of P-256", P256_P],
  ["n of P-256", P256_N],
  ["p of Ed25519", ED25519_P],
  ["L of Ed25519", ED25519_L],
])("The inverse modulo %s", (_, prime) => {
  const modulus = modulusOf(prime);

  function check(limbs: Readonly<Limbs>): void {
    const value = valueOf(limbs);
    const isZero = modulo(value, prime) === 0n;
    expect(invert(out, limbs, modulus)).toBe(!isZero);
    const inverse = valueOf(out);
    expect(modulo(value * inverse, prime)).toBe(isZero ? 0n : 1n);
    if (isZero) expect(inverse).toBe(0n);
    expect(out.every((limb, i) => Math.abs(limb) <= (i < 10 ? 2 ** 23 : 2 ** 20 + 1))).toBe(true);
  }

  test("is right for small and large numbers and all next to the modulus.", () => {
    for (let i = -40n; i <= 40n; i++) {
      for (const near of [0n, prime, -prime, prime >> 1n, 2n ** 255n, 15n * prime]) {
        check(limbsOf(near + i));
      }
    }
    for (let bit = 0n; bit < 259n; bit++) {
      check(limbsOf(2n ** bit));
      check(limbsOf(2n ** bit - 1n));
      check(limbsOf(-(2n ** bit) - 1n));
    }
  });

  test("is right for limbs at the ends, and where it is written over its argument.", () => {
    for (let round = 0; round < 600; round++) {
      fill(a, round % 2 === 0 ? 1 : 2);
      check(a);
      invert(a, a, modulus);
      expect(a).toEqual(out);
    }
  });
});
