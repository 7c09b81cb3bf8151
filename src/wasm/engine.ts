// The one instance of the module in a process: assembled, compiled and given the tables of the generators
// when the first key earns a table.
import { createModule, f64x2, drop } from "./assembler.js";
import { createComb as ed25519Comb } from "../fast/ed25519/comb.js";
import { BASE } from "../fast/ed25519/point.js";
import { createComb as p256Comb } from "../fast/p256/comb.js";
import { isStrictSignature } from "../jose/ed25519.js";
import { GX, GY } from "../fast/p256/curve.js";
import { BASE_TEETH, EARLY_TEETH, NO, UNSURE, YES } from "./es256.js";
import { ITEM } from "./items.js";
import { assemble, type Assembled, MOST_MESSAGE } from "./module.js";
import { platformWebAssembly, type WasmApi, type WasmMemory } from "./platform.js";
import { BLOCK_PAGES, createSlots, PAGE, type Slot, type Slots } from "./slots.js";

/** A table in its slot, and whether it is of the later, larger shape. */
export interface Table extends Slot {
  readonly isLate: boolean;
}

/** What verifies with a key's table: YES, NO or UNSURE (es256.ts). */
export type Verify = (table: Table, signature: Uint8Array, data: Uint8Array) => number;

/** Puts a signature into the group in memory as number `index`; returns YES where it is in it now, else the answer. */
export type Enter = (
  index: number,
  table: Table,
  signature: Uint8Array,
  data: Uint8Array,
) => number;

/** What decides about a group of signatures of one curve, which is in memory (items.ts). */
export interface Lanes {
  /** Whether there are groups yet: they need the later table of the generator. */
  isReady(): boolean;
  /**
   * Decides about the first `count` signatures, an even number, whose tables are all late or all early ones.
   * Returns an answer for each; null where the group is unsure.
   */
  run(count: number, isLate: boolean): readonly number[] | null;
}

export interface Engine {
  /** Whether products and sums are fused (relaxed SIMD). */
  readonly isFused: boolean;
  readonly slots: Slots;
  readonly verifyEs256: Verify;
  /** `key` is the 32 bytes of the key. */
  readonly verifyEddsa: (
    table: Table,
    key: Uint8Array,
    signature: Uint8Array,
    data: Uint8Array,
  ) => number;
  readonly enterEs256: Enter;
  readonly es256Lanes: Lanes;
  /** `key` is the 32 bytes of the key. */
  readonly enterEddsa: (
    index: number,
    table: Table,
    key: Uint8Array,
    signature: Uint8Array,
    data: Uint8Array,
  ) => number;
  readonly eddsaLanes: Lanes;
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
  const { layout, input, bytes } = assembled;
  const reserved = Math.ceil(layout.end / PAGE);
  const firstBlocks = Math.min(FIRST_BLOCKS, mostBlocks);
  const module = new api.Module(
    bytes(reserved + BLOCK_PAGES * firstBlocks, reserved + BLOCK_PAGES * mostBlocks),
  );
  const { exports } = new api.Instance(module);
  // module.ts defines them.
  const memory = exports["memory"] as WasmMemory;
  const verifyEs256 = exports["verifyEs256"] as Exported;
  const verifyEddsa = exports["verifyEddsa"] as Exported;
  const enterEs256 = exports["enterEs256"] as Exported;
  const enterEddsa = exports["enterEddsa"] as Exported;
  layout.writeConstants(new Uint8Array(memory.buffer));
  const slots = createSlots(memory, reserved, mostBlocks);
  const ofG = createBase(slots, (teeth) => p256Comb(GX, GY, { teeth, blocks: 2 }).table);
  const ofB = createBase(slots, (teeth) => ed25519Comb(BASE, { teeth, blocks: 2 }).table);
  let view = new Uint8Array(memory.buffer);

  /** Puts what is to be verified where the module reads it. */
  function putInput(signature: Uint8Array, data: Uint8Array): void {
    if (view.buffer !== memory.buffer) view = new Uint8Array(memory.buffer); // it grew
    view.set(signature, input.signature.offset);
    view.set(data, input.message.offset);
  }

  function ask(verify: Exported, base: Base, table: Table, length: number): number {
    const of = base.table();
    if (of === null) return UNSURE;
    const [lateBase, late] = [Number(of.isLate), Number(table.isLate)];
    const answer = verify(of.address, lateBase, table.address, late, table.tag, length);
    if (answer === YES) base.earn();
    return answer;
  }

  function lanesOf(run: Exported, base: Base): Lanes {
    const { offset } = assembled.items;
    return {
      isReady: () => base.table()?.isLate === true,
      run(count, isLate) {
        const of = base.table();
        if (of === null || !of.isLate || run(count, of.address, Number(isLate)) === 0) return null;
        const at = (i: number): number => offset + i * ITEM.size + ITEM.answer;
        return Array.from({ length: count }, (_, i) => view[at(i)] ?? UNSURE);
      },
    };
  }

  /** Puts an ES256 signature where the module reads it; returns YES, or the answer about one that does not fit. */
  function putEs256(signature: Uint8Array, data: Uint8Array): number {
    if (signature.length !== 64) return NO;
    if (data.length > MOST_MESSAGE) return UNSURE;
    putInput(signature, data);
    return YES;
  }

  /** The same of Ed25519. */
  function putEddsa(key: Uint8Array, signature: Uint8Array, data: Uint8Array): number {
    if (signature.length !== 64 || !isStrictSignature(signature)) return NO;
    if (data.length > MOST_MESSAGE) return UNSURE;
    putInput(signature, data);
    const { hashed, s } = assembled.eddsa;
    view.copyWithin(s.offset, hashed.offset + 32, hashed.offset + 64);
    view.set(key, hashed.offset + 32); // the key replaces S
    return YES;
  }

  const enter = (entry: Exported, index: number, { address, tag }: Table, length: number): number =>
    entry(index, address, tag, length);

  return {
    isFused,
    slots,
    internals: { exports, memory, assembled, tableOfG: ofG.table, tableOfB: ofB.table },
    verifyEs256(table, signature, data) {
      const fits = putEs256(signature, data);
      return fits === YES ? ask(verifyEs256, ofG, table, data.length) : fits;
    },
    enterEs256(index, table, signature, data) {
      const fits = putEs256(signature, data);
      return fits === YES ? enter(enterEs256, index, table, data.length) : fits;
    },
    es256Lanes: lanesOf(exports["runEs256"] as Exported, ofG),
    verifyEddsa(table, key, signature, data) {
      const fits = putEddsa(key, signature, data);
      return fits === YES ? ask(verifyEddsa, ofB, table, data.length) : fits;
    },
    enterEddsa(index, table, key, signature, data) {
      const fits = putEddsa(key, signature, data);
      return fits === YES ? enter(enterEddsa, index, table, data.length) : fits;
    },
    eddsaLanes: lanesOf(exports["runEddsa"] as Exported, ofB),
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
    table = { ...slot, isLate: teeth === BASE_TEETH };
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
