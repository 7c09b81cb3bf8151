// A memory replay store for tests of what it holds: its answers as words, and one client where a test names none.
import { createMemoryReplayStore } from "dpop-core";
import { JKT } from "./rfc.js";
import type { MemoryReplayStoreOptions, ReplayUsage } from "../../src/replay/memory-store.js";
import type { ReplayAnswer } from "../../src/replay/replay.js";

export type Word = "new" | "seen" | "full";

export interface WordedStore {
  add(key: string, expiresAt: number, now: number, jkt?: string): Word;
  usage(): ReplayUsage;
  readonly size: number;
  readonly bytes: number;
}

/** The one client may fill all of it, unless the options say otherwise. */
export function memoryStore(options: MemoryReplayStoreOptions = {}): WordedStore {
  const maxEntriesPerKey = options.maxEntries ?? 1_000_000;
  const store = createMemoryReplayStore({ maxEntriesPerKey, ...options });
  return {
    add: (key, expiresAt, now, jkt = JKT) => wordOf(store.add(key, expiresAt, now, jkt)),
    usage: store.usage,
    get size() {
      return store.usage().entries;
    },
    get bytes() {
      return store.usage().bytes;
    },
  };
}

export function wordOf(answer: ReplayAnswer): Word {
  return typeof answer === "string" ? answer : "full";
}
