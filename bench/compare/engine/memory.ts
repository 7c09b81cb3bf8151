// Memory: how much of it things keep alive, after the garbage was collected.
import process from "node:process";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

/** Bytes that are in use: of the heap, and of array buffers, which are not on it. */
export function bytesInUse(): number {
  collectGarbage();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
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
