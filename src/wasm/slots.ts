// Room for tables in the linear memory of the module: from a table to a slot of its own, and back.
//
// A block is cut into slots of one size when its first slot is taken, and whole again when its last one is
// given back. So tables of one size never lack the room that those of another left. A slot begins with the
// tag of the table that was put there, which no other table has; the module compares it at every use, and is
// unsure where it differs. So a slot that was given back, or given to another key, decides nothing.
import type { WasmMemory } from "./platform.js";

/** The place of a table. */
export interface Slot {
  /** Where the table begins, behind the tag. */
  readonly address: number;
  readonly tag: number;
  /** Bytes that the slot takes, with the tag. */
  readonly size: number;
}

export interface Slots {
  /** Copies a table into a slot of its own; returns null where there is no room. */
  put(table: Int32Array): Slot | null;
  /** Gives a slot back. A slot that was given back before stays as it is. */
  giveBack(slot: Slot): void;
  /** Bytes of all slots that are taken. */
  readonly bytes: number;
}

/** Bytes before a table: the tag, and what keeps the table on a multiple of 16. */
export const TAG_BYTES = 16;
/** Pages of 64 KiB, as the memory grows by them. */
export const PAGE = 65536;
export const BLOCK_PAGES = 3;
const BLOCK = BLOCK_PAGES * PAGE;

/** A part of the memory, cut into slots of one size while one of them is taken. */
interface Block {
  readonly start: number;
  slotSize: number;
  /** The starts of slots that are free. */
  free: number[];
  taken: number;
}

/** Slots behind the first `reserved` pages of a memory that may grow up to `mostBlocks` blocks. */
export function createSlots(memory: WasmMemory, reserved: number, mostBlocks: number): Slots {
  const blocks: Block[] = [];
  const whole: Block[] = [];
  /** Blocks with a free slot, by the size of their slots. */
  const open = new Map<number, Set<Block>>();
  let bytes = 0;
  let lastTag = 0;

  /** Makes blocks of what the memory has. */
  function addBlocks(): void {
    for (;;) {
      const start = (reserved + blocks.length * BLOCK_PAGES) * PAGE;
      if (start + BLOCK > memory.buffer.byteLength) return;
      const block = { start, slotSize: 0, free: [], taken: 0 };
      blocks.push(block);
      whole.push(block);
    }
  }
  addBlocks();

  /** Returns a block that is not cut; null where the memory can't grow. */
  function wholeBlock(): Block | null {
    if (whole.length === 0) {
      // Grows by half, because each time makes a new ArrayBuffer and detaches the old one.
      const count = Math.min(mostBlocks - blocks.length, 1 + (blocks.length >> 1));
      try {
        if (count > 0) memory.grow(count * BLOCK_PAGES);
      } catch {
        return null; // the platform has no more
      }
      addBlocks();
    }
    return whole.pop() ?? null;
  }

  function openBlock(slotSize: number): Block | null {
    const known = open.get(slotSize) ?? new Set();
    open.set(slotSize, known);
    for (const block of known) return block;
    const block = wholeBlock();
    if (block === null) return null;
    block.slotSize = slotSize;
    block.free = Array.from(
      { length: Math.floor(BLOCK / slotSize) },
      (_, i) => block.start + i * slotSize,
    );
    known.add(block);
    return block;
  }

  return {
    get bytes() {
      return bytes;
    },
    put(table) {
      const size = TAG_BYTES + Math.ceil(table.byteLength / 16) * 16;
      const block = size > BLOCK ? null : openBlock(size);
      const start = block?.free.pop();
      if (block === null || start === undefined) return null;
      block.taken++;
      if (block.free.length === 0) open.get(size)?.delete(block);
      bytes += size;
      lastTag = (lastTag % 0x7fffffff) + 1; // never 0, the tag of a free slot
      const view = new Int32Array(memory.buffer, start, size / 4);
      view.fill(0);
      view[0] = lastTag;
      view.set(table, TAG_BYTES / 4);
      return { address: start + TAG_BYTES, tag: lastTag, size };
    },
    giveBack({ address, tag, size }) {
      const start = address - TAG_BYTES;
      const view = new Int32Array(memory.buffer, start, size / 4);
      if (view[0] !== tag) return;
      view.fill(0);
      const block = blocks[Math.floor((start / PAGE - reserved) / BLOCK_PAGES)];
      if (block === undefined) return; // every slot lies in a block
      bytes -= size;
      block.taken--;
      block.free.push(start);
      if (block.taken > 0) {
        open.get(size)?.add(block);
        return;
      }
      open.get(size)?.delete(block);
      whole.push(block);
    },
  };
}
