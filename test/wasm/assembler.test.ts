// The assembler writes what the text says, and throws where an expression could mean another value than it seems to.
import { describe, expect, test } from "vitest";
import {
  call,
  createModule,
  drop,
  type Expression,
  I32,
  i32,
  type Local,
  loop,
  place,
  select,
  set,
  variable,
  when,
} from "../../src/wasm/assembler.js";
import { platform } from "./variants.js";

type Body = (a: Local<I32>, b: Local<I32>) => Expression<I32>;

/** Runs a function of two numbers, in a module with one page of memory and a function that changes it. */
function run(body: Body, a = 7, b = 3): unknown {
  const module = createModule();
  module.define([I32, I32], I32, body, "run");
  const { exports } = new (platform().Instance)(new (platform().Module)(module.bytes(1, 1)));
  const { run: exported } = exports as { readonly run: (a: number, b: number) => number };
  return exported(a, b);
}

describe("an expression", () => {
  test("that was kept has its operands in their order, wherever it is used.", () => {
    const kept: Body = (a, b) => {
      const product = i32.mul(a, 10);
      return i32.sub(b, product);
    };
    expect(run(kept)).toBe(3 - 70);
    const crossed: Body = (a, b) => {
      const [second, first] = [i32.shl(b, 4), i32.add(a, 1)];
      return i32.sub(first, second);
    };
    expect(run(crossed)).toBe(8 - 48);
    const chosen: Body = (a, b) => {
      const isLess = i32.ltS(a, b);
      const [no, yes] = [i32.add(b, 100), i32.add(a, 100)];
      return select(yes, no, isLess);
    };
    expect([run(chosen), run(chosen, 2)]).toEqual([103, 102]);
  });

  test("of an address adds its constant to the instruction, and is a number as an operand.", () => {
    const body: Body = (a, b) => {
      const there = place(a, 24);
      i32.store(there, 8, b);
      return i32.add(i32.load(i32.add(there, 8)), i32.load(place(null, 39)));
    };
    expect(run(body)).toBe(6);
  });

  const ONCE = "an expression must be used once, in the statement it was made for";
  test.each<[string, Body]>([
    [
      "that is used twice",
      (a, b) => {
        const sum = i32.add(a, b);
        return i32.mul(sum, sum);
      },
    ],
    [
      "that reads a variable which is set before it is used",
      (a, b) => {
        const sum = i32.add(a, b);
        set(a, 0);
        return sum;
      },
    ],
    [
      "that reads memory which is written before it is used",
      (a, b) => {
        const before = i32.load(a);
        i32.store(a, 0, b);
        return before;
      },
    ],
    [
      "that a statement among the operands behind it comes before",
      (a, b) => i32.add(i32.load(a), variable(i32.add(a, b))),
    ],
    [
      "from before a branch",
      (a, b) => {
        const sum = i32.add(a, b);
        when(a, () => set(b, 1));
        return sum;
      },
    ],
    [
      "from before a loop",
      (a, b) => {
        const sum = i32.add(a, b);
        loop(() => {
          set(a, i32.sub(a, 1));
          return a;
        });
        return sum;
      },
    ],
    [
      "from outside a branch that uses it",
      (a, b) => {
        const sum = i32.add(a, b);
        when(a, () => set(b, sum));
        drop(i32.add(a, b));
        return sum;
      },
    ],
    [
      "that is lost",
      (a, b) => {
        i32.add(a, b);
        return i32.mul(a, b);
      },
    ],
  ])("%s is refused.", (_, body) => {
    expect(() => run(body)).toThrow(ONCE);
  });

  test("that calls a function is refused where its result is lost.", () => {
    const module = createModule();
    const one = module.define([], I32, () => 1);
    expect(() => module.procedure([I32], () => void call(one))).toThrow(ONCE);
    // And the module goes on.
    module.procedure([], () => drop(call(one)));
    expect(platform().validate(module.bytes(1, 1))).toBe(true);
  });
});
