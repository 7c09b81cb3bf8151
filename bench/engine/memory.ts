// Memory: the bytes that are in use after the garbage was collected.
import process from "node:process";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

export interface MemoryInUse {
  /** Of the heap, and of array buffers, which are not on it. */
  readonly heap: number;
  /** Of the whole process, in pages: the keys of a platform are outside the heap. */
  readonly process: number;
}

export function memoryInUse(): MemoryInUse {
  collectGarbage();
  const { heapUsed, arrayBuffers, rss } = process.memoryUsage();
  return { heap: heapUsed + arrayBuffers, process: rss };
}

function collectGarbage(): void {
  const { Bun } = globalThis as { readonly Bun?: { gc(force: boolean): void } }; // where it is Bun
  if (Bun !== undefined) {
    Bun.gc(true);
    return;
  }
  setFlagsFromString("--expose-gc");
  const collect: unknown = runInNewContext("gc");
  if (typeof collect === "function") for (let i = 0; i < 3; i++) collect();
}
