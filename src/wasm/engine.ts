// The one instance of the module in a process: assembled, compiled and given the tables of the generators
// when the first key earns a table.
import { createModule, f64x2, drop } from "./assembler.js";
import { createComb as ed25519Comb } from "../fast/ed25519/comb.js";
import { BASE } from "../fast/ed25519/point.js";
import { createComb as p256Comb } from "../fast/p256/comb.js";
import { isStrictSignature } from "../jose/ed25519.js";
import { GX, GY } from "../fast/p256/curve.js";
import { GROUP_BASE_TEETH } from "./es256-group.js";
import { ITEM, NO, UNSURE, YES } from "./items.js";
import { assemble, type Assembled, MOST_MESSAGE } from "./module.js";
import { platformWebAssembly, type WasmApi, type WasmMemory } from "./platform.js";
import { BLOCK_PAGES, createSlots, PAGE, type Slot, type Slots } from "./slots.js";

/** Teeth of the combs: a key's first and later one, and the generator's, whose first has as many as a key's. */
export const EARLY_TEETH = 6;
export const LATE_TEETH = 8;
export const BASE_TEETH: number = GROUP_BASE_TEETH;

/** A table in its slot, and the teeth of its comb. */
export interface Table extends Slot {
  readonly teeth: number;
}

/** What verifies signatures of one curve: they enter the memory, and are decided by themselves or in a group. */
export interface Lanes {
  /**
   * Puts a signature into memory as number `index`; returns YES where it is there now, else the answer (items.ts).
   * `key` is the 32 bytes of a key of Ed25519.
   */
  enter(
    index: number,
    table: Table,
    signature: Uint8Array,
    data: Uint8Array,
    key?: Uint8Array,
  ): number;
  /** Returns the answer about number 0, by itself. */
  decide(): number;
  /** Whether there are groups: they need the later table of the generator. */
  hasGroups(): boolean;
  /**
   * Decides about the first `count` signatures, an even number, whose tables all have the same number of teeth.
   * Returns an answer for each; null where the group is unsure.
   */
  decideGroup(count: number): readonly number[] | null;
}

export interface Engine {
  /** Whether products and sums are fused (relaxed SIMD). */
  readonly isFused: boolean;
  readonly slots: Slots;
  readonly es256: Lanes;
  readonly eddsa: Lanes;
  /** What the module exports, where it has its numbers, and the table of G now: for the tests. */
  readonly internals: {
    readonly exports: Readonly<Record<string, unknown>>;
    readonly memory: WasmMemory;
    readonly assembled: Assembled;
    tableOfG(): Table | null;
    tableOfB(): Table | null;
  };
}

let engine: Engine | null | undefined;

/** Returns the instance, which the first call makes; null where the platform can't have one. */
export function theEngine(): Engine | null {
  if (engine === undefined) engine = startEngine();
  return engine;
}

/** What instance there is: none was needed yet, none can be made, or its kind. */
export function engineState(): "waiting" | "none" | "fused" | "plain" {
  if (engine === undefined) return "waiting";
  if (engine === null) return "none";
  return engine.isFused ? "fused" : "plain";
}

function startEngine(): Engine | null {
  const api = platformWebAssembly();
  if (api === undefined) return null;
  try {
    return createEngine(api, hasFused(api), MOST_BLOCKS);
  } catch {
    return null; // no SIMD, or compilation is not permitted (a page's CSP, a host of the Workers kind)
  }
}

/** Whether the platform knows relaxed SIMD. Exported for tests. */
export function hasFused(api: WasmApi): boolean {
  const module = createModule();
  const zero = (): ReturnType<typeof f64x2.const> => f64x2.const(0);
  module.procedure([], () => drop(f64x2.fused(zero(), zero(), zero())));
  return api.validate(module.bytes(0, 0));
}

/** Blocks of the memory (slots.ts): 1.5 MiB at the start, 64 MiB at most. */
const FIRST_BLOCKS = 8;
const MOST_BLOCKS = 341;

/** How many valid signatures, of all keys together, the larger table of a generator is worth. */
const BASE_EARNED = 32;

/** Makes an instance. Throws where the platform does not permit it. Exported for tests. */
export function createEngine(api: WasmApi, isFused: boolean, mostBlocks: number): Engine {
  const assembled = assemble(isFused);
  const { layout, input, items, eddsa, bytes } = assembled;
  const reserved = Math.ceil(layout.end / PAGE);
  const firstBlocks = Math.min(FIRST_BLOCKS, mostBlocks);
  const module = new api.Module(
    bytes(reserved + BLOCK_PAGES * firstBlocks, reserved + BLOCK_PAGES * mostBlocks),
  );
  const { exports } = new api.Instance(module);
  const memory = exports["memory"] as WasmMemory; // module.ts defines it
  layout.writeConstants(new Uint8Array(memory.buffer));
  const slots = createSlots(memory, reserved, mostBlocks);
  const ofG = createBase(slots, (teeth) => p256Comb(GX, GY, { teeth, blocks: 2 }).table);
  const ofB = createBase(slots, (teeth) => ed25519Comb(BASE, { teeth, blocks: 2 }).table);
  let view = new Uint8Array(memory.buffer);

  function lanesOf(name: string, base: Base): Lanes {
    // module.ts defines the first two; groups are of ES256.
    const [enter, decide, run] = ["enter", "decide", "run"].map((verb) => exports[verb + name]) as [
      Exported,
      Exported,
      Exported | undefined,
    ];
    return {
      enter(index, table, signature, data, key) {
        if (signature.length !== 64) return NO;
        const of = base.table();
        if (data.length > MOST_MESSAGE || of === null) return UNSURE;
        if (view.buffer !== memory.buffer) view = new Uint8Array(memory.buffer); // it grew
        view.set(signature, input.signature.offset);
        view.set(data, input.message.offset);
        if (key !== undefined) {
          if (!isStrictSignature(signature)) return NO;
          view.set(key, input.signature.offset + 32); // between R and the message
          view.set(signature.subarray(32), eddsa.s.offset);
        }
        return enter(
          index,
          of.address,
          of.teeth,
          table.address,
          table.teeth,
          table.tag,
          data.length,
        );
      },
      decide() {
        const answer = decide();
        if (answer === YES) base.earn();
        return answer;
      },
      hasGroups: () => run !== undefined && base.table()?.teeth === BASE_TEETH,
      decideGroup(count) {
        if (run === undefined || run(count) === 0) return null;
        const at = (i: number): number => items.offset + i * ITEM.size + ITEM.answer;
        return Array.from({ length: count }, (_, i) => view[at(i)] ?? UNSURE);
      },
    };
  }

  return {
    isFused,
    slots,
    internals: { exports, memory, assembled, tableOfG: ofG.table, tableOfB: ofB.table },
    es256: lanesOf("Es256", ofG),
    eddsa: lanesOf("Eddsa", ofB),
  };
}

type Exported = (...numbers: readonly number[]) => number;

/** The table of a generator, for all keys. */
interface Base {
  /** Makes the first one where it was not made yet; null where there is no room. */
  table(): Table | null;
  /** Counts a valid signature. */
  earn(): void;
}

function createBase(slots: Slots, build: (teeth: number) => Int32Array): Base {
  let table: Table | null = null;
  let left = BASE_EARNED;

  /** Makes the table of a shape; where there is no room, the one that is there stays. */
  function make(teeth: number): void {
    const slot = slots.put(build(teeth));
    if (slot === null) return;
    if (table !== null) slots.giveBack(table);
    table = { ...slot, teeth };
  }

  return {
    table() {
      if (table === null) make(EARLY_TEETH);
      return table;
    },
    earn() {
      left--;
      if (left === 0) make(BASE_TEETH);
    },
  };
}
