// The linear memory of the module: who has which addresses, and where a value lies.
import { type I32, type Local, type Place, place } from "./assembler.js";
export type { Place } from "./assembler.js";
import { limbsOf } from "../fast/limbs.js";

/** Bytes of a number of the field: eleven limbs, each a double in both lanes. */
export const ELEMENT = 176;

/** The place that a variable points to. */
export function at(base: Local<I32>, bytes = 0): Place {
  return place(base, bytes);
}

/** A place some bytes further on. */
export function after({ base, offset }: Place, bytes: number): Place {
  return place(base, offset + bytes);
}

/** The lower part of the memory, which no table reaches. */
export interface Layout {
  /** Where the next bytes will lie. */
  readonly end: number;
  /** Gives away this many bytes, a multiple of 16. */
  take(bytes: number): Place;
  /** A place with these bytes, which are there from the start. */
  constant(bytes: Uint8Array): Place;
  /** Writes all constants. */
  writeConstants(memory: Uint8Array): void;
}

export function createLayout(): Layout {
  let end = 16;
  const constants: (readonly [number, Uint8Array])[] = [];
  const take = (bytes: number): Place => {
    const offset = end;
    end += Math.ceil(bytes / 16) * 16;
    return place(null, offset);
  };
  return {
    get end() {
      return end;
    },
    take,
    constant(bytes) {
      const taken = take(bytes.length);
      constants.push([taken.offset, bytes]);
      return taken;
    },
    writeConstants(memory) {
      for (const [offset, bytes] of constants) memory.set(bytes, offset);
    },
  };
}

/** The limbs of a number, the same in both lanes. */
export function elementBytes(value: bigint): Uint8Array {
  const limbs = limbsOf(value);
  return new Uint8Array(Float64Array.from({ length: 22 }, (_, i) => limbs[i >> 1] ?? 0).buffer);
}

/** The number in `count` words of 32 bits, the lowest first. */
export function wordBytes(value: bigint, count: number): Uint8Array {
  return new Uint8Array(
    Uint32Array.from({ length: count }, (_, i) => Number((value >> BigInt(32 * i)) & 0xffffffffn))
      .buffer,
  );
}
