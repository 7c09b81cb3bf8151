// Tables in slots of the linear memory: bounded, given back, used again, and never read for another key.
import { createHash } from "node:crypto";
import { nodeCrypto } from "dpop-core/node-crypto";
import { describe, expect, test } from "vitest";
import { readPublicJwk } from "../../src/jose/jwk.js";
import type { SyncKey } from "../../src/jose/alg.js";
import { curveOf } from "../../src/wasm/algorithm.js";
import { acceleratedKey } from "../../src/wasm/key.js";
import { BLOCK_PAGES, createSlots, PAGE } from "../../src/wasm/slots.js";
import { createDice } from "../fuzz/dice.js";
import { divided, jwkOf, mod, multiple, N, p256Curve, pair } from "../fuzz/p256.js";
import { newEngine } from "./variants.js";

const BLOCK = BLOCK_PAGES * PAGE;

/** A memory of that many pages, which grows to `most`. */
function fakeMemory(pages: number, most: number) {
  let buffer = new ArrayBuffer(pages * PAGE);
  return {
    get buffer() {
      return buffer;
    },
    grow(by: number): number {
      const before = buffer.byteLength / PAGE;
      if (before + by > most) throw new RangeError("no more pages");
      const larger = new Uint8Array((before + by) * PAGE);
      larger.set(new Uint8Array(buffer));
      buffer = larger.buffer;
      return before;
    },
  };
}

const table = (length: number, fill: number): Int32Array => new Int32Array(length).fill(fill);

/** Whether the integers there are all this one. */
const holds = (buffer: ArrayBuffer, address: number, length: number, fill: number): boolean =>
  new Int32Array(buffer, address, length).every((one) => one === fill);

describe("slots", () => {
  test("never overlap, keep what was put there, and are behind the reserved pages.", () => {
    const memory = fakeMemory(1, 1 + 40 * BLOCK_PAGES);
    const slots = createSlots(memory, 1, 40);
    const dice = createDice("slots");
    const taken = new Map<
      number,
      { readonly slot: NonNullable<ReturnType<typeof slots.put>>; readonly length: number }
    >();
    let bytes = 0;
    for (let i = 1; i < 1500; i++) {
      if (dice.below(5) < 3) {
        const length = dice.pick([1408, 5632, 2145, 8481]);
        const slot = slots.put(table(length, i));
        if (slot === null) continue;
        taken.set(i, { slot, length });
        bytes += slot.size;
        expect(slot.address).toBeGreaterThanOrEqual(PAGE + 16);
        expect(slot.address + 4 * length).toBeLessThanOrEqual(memory.buffer.byteLength);
      } else if (taken.size > 0) {
        const key = dice.pick([...taken.keys()]);
        const { slot, length } = taken.get(key)!;
        expect(holds(memory.buffer, slot.address, length, key)).toBe(true);
        slots.giveBack(slot);
        bytes -= slot.size;
        taken.delete(key);
      }
      expect(slots.bytes).toBe(bytes);
    }
    for (const [key, { slot, length }] of taken) {
      expect(holds(memory.buffer, slot.address, length, key)).toBe(true);
      expect(new Int32Array(memory.buffer, slot.address - 16, 1)[0]).toBe(slot.tag);
    }
  });

  test("are bounded; where there is no room, there is no slot, and room comes back.", () => {
    const slots = createSlots(fakeMemory(1, 1000), 1, 2);
    const all = Array.from({ length: 100 }, () => slots.put(table(5632, 1)));
    const taken = all.flatMap((slot) => (slot === null ? [] : [slot]));
    expect(taken).toHaveLength(2 * Math.floor(BLOCK / 22_544));
    // Whole blocks serve any size again.
    expect(slots.put(table(1408, 2))).toBeNull();
    for (const slot of taken) slots.giveBack(slot);
    expect(slots.bytes).toBe(0);
    const small = Array.from({ length: 100 }, () => slots.put(table(1408, 2)));
    expect(small.filter((slot) => slot !== null)).toHaveLength(2 * Math.floor(BLOCK / 5648));
  });

  test("a memory that can't grow has no more slots than its pages.", () => {
    const slots = createSlots(fakeMemory(1, 1), 1, 10);
    expect(slots.put(table(1408, 1))).toBeNull();
  });

  test("a slot that is given back twice, or was given to another table, stays as it is.", () => {
    const memory = fakeMemory(1, 100);
    const slots = createSlots(memory, 1, 2);
    const first = slots.put(table(1408, 1))!;
    slots.giveBack(first);
    slots.giveBack(first);
    expect(slots.bytes).toBe(0);
    const second = slots.put(table(1408, 2))!;
    expect(second.address).toBe(first.address);
    slots.giveBack(first);
    expect(holds(memory.buffer, second.address, 1408, 2)).toBe(true);
    const third = slots.put(table(1408, 3))!;
    expect(third.address).not.toBe(second.address);
  });

  test("a slot that was given back holds nothing of its table.", () => {
    const memory = fakeMemory(1, 100);
    const slots = createSlots(memory, 1, 2);
    const slot = slots.put(table(1408, 77))!;
    slots.giveBack(slot);
    expect(new Uint8Array(memory.buffer).includes(77)).toBe(false);
  });
});

test("a key that drops its late table goes on with the early one, and each gives its slot back.", () => {
  const engine = newEngine("plain", 8);
  const valid = p256Curve.round(createDice("late")).find(({ name }) => name === "valid");
  const read = valid === undefined ? "none" : readPublicJwk(valid.subject.jwk);
  if (valid === undefined || typeof read === "string") throw new Error("a key was due");
  const [below, curve] = [nodeCrypto.ES256.importKey(read), curveOf(read)];
  if (below === null || curve === null) throw new Error("a key was due");
  let asked = 0;
  const counted = {
    size: 0,
    verify: (s: Uint8Array, d: Uint8Array) => (asked++, below.verify(s, d)),
  };
  const key = acceleratedKey(counted, curve, () => engine);
  const slots = (): number => engine.slots.bytes - (engine.internals.tableOfG()?.size ?? 0);
  const use = (times: number): void => {
    for (let i = 0; i < times; i++) expect(key.verify(valid.signature, valid.data)).toBe(true);
  };
  use(60);
  expect([asked, slots()]).toEqual([1, 5648 + 22_544]);
  key.dropTables?.();
  expect(slots()).toBe(5648);
  use(60);
  expect([asked, slots()]).toEqual([1, 5648]); // the late one costs twice as many now
  key.dropTables?.();
  expect([slots(), key.tableSize]).toEqual([0, 0]);
  use(3);
  expect(asked).toBeGreaterThan(1);
});

test("a key asks again for a slot where there was none.", () => {
  const engine = newEngine("plain", 2); // the tables of G, and one block
  const valid = p256Curve.round(createDice("full")).find(({ name }) => name === "valid");
  const read = valid === undefined ? "none" : readPublicJwk(valid.subject.jwk);
  if (valid === undefined || typeof read === "string") throw new Error("a key was due");
  const [below, curve] = [nodeCrypto.ES256.importKey(read), curveOf(read)];
  if (below === null || curve === null) throw new Error("a key was due");
  const taken = Array.from({ length: 100 }, () => engine.slots.put(table(1408, 1)));
  const key = acceleratedKey(below, curve, () => engine);
  const use = (times: number): void => {
    for (let i = 0; i < times; i++) expect(key.verify(valid.signature, valid.data)).toBe(true);
  };
  use(40);
  expect(key.tableSize).toBe(0);
  for (const slot of taken) if (slot !== null) engine.slots.giveBack(slot);
  use(70);
  expect(key.tableSize).toBeGreaterThan(5648);
});

test(
  "10,000 keys over a hundred slots: no table of another changes a verdict.",
  { timeout: 300_000 },
  () => {
    const engine = newEngine("plain", 4); // one block and a half for the tables of G, the rest for keys
    const dice = createDice("ten thousand");
    // One r for all: its k is public here.
    const k = dice.scalar(N);
    const r = mod(BigInt(`0x${Buffer.from(multiple(k).subarray(1, 33)).toString("hex")}`));
    const inverseOfK = divided(1n, k);
    const signed = (d: bigint, isValid: boolean) => {
      const data = dice.bytes(32);
      const z = BigInt(`0x${createHash("sha256").update(data).digest("hex")}`);
      const s = mod(inverseOfK * (z + r * d) + (isValid ? 0n : 1n));
      return { signature: pair(r, s), data };
    };
    const keys: { readonly d: bigint; readonly key: SyncKey }[] = [];
    const seen = new Map<string, number>();
    const count = (name: string): void => void seen.set(name, (seen.get(name) ?? 0) + 1);
    // What a verifier's cache does: the key that had a table for the longest time loses it.
    const holders: SyncKey[] = [];
    const ask = ({ d, key }: (typeof keys)[number]): void => {
      const isValid = dice.below(3) > 0;
      const { signature, data } = signed(d, isValid);
      const hasTable = (key.tableSize ?? 0) > 0;
      if (key.verify(signature, data) !== isValid) throw new Error(`key ${d}: not ${isValid}`);
      count(hasTable ? "with a table" : "without");
      if (!hasTable && (key.tableSize ?? 0) > 0) holders.push(key);
      if (holders.length > 80) holders.shift()?.dropTables?.();
    };
    for (let i = 1; i <= 10_000; i++) {
      const d = BigInt(i);
      const read = readPublicJwk(jwkOf(multiple(d)));
      if (typeof read === "string") throw new Error(read);
      const below = nodeCrypto.ES256.importKey(read);
      const curve = curveOf(read);
      if (below === null || curve === null) throw new Error("a key was due");
      const one = { d, key: acceleratedKey(below, curve, () => engine) };
      keys.push(one);
      for (let j = 0; j < 3; j++) ask(one);
      // Others are asked again, whether their table is still theirs or not.
      ask(dice.pick(keys));
      ask(dice.pick(keys.slice(-60)));
    }
    expect(seen.get("with a table")).toBeGreaterThan(5000);
    expect(seen.get("without")).toBeGreaterThan(5000);
    for (const { key } of keys) key.dropTables?.();
    expect(engine.slots.bytes).toBe(engine.internals.tableOfG()?.size);
  },
);
