// Replay (RFC 9449 section 11.1): a store that holds 100,000 live entries, while as many expire as are added.
import { createMemoryReplayStore, type MemoryReplayStore, noble } from "dpop-core";
import { replayExpiry, replayKey } from "../src/verify/replay.js";
import { type BenchCase, type BenchGroup, demand, syncCase } from "./case.js";
import { type Fixtures, NOW } from "./fixtures.js";

const LIVE = 100_000;

/** Seconds that an entry lives: maxAge 60, clockTolerance 15, and the second that replayExpiry adds. */
const LIFETIME = replayExpiry(60, 15);

/** So many that a key comes round again only after the store has forgotten it. */
const KEYS = 2 * LIVE + 2 ** 16;

/** Several seconds of the store's clock, so that every sample holds its share of the sweeps. */
const BATCH = 4096;

export function replayGroups({ es256 }: Fixtures): readonly BenchGroup[] {
  return [
    {
      name: `memory replay store: add at ${LIVE} live entries`,
      cases: () => {
        // As long as replay keys are; what is in them does not matter to a hash table.
        const keys = Array.from({ length: KEYS }, (_, index) => `${index}`.padStart(43, "A"));
        return [newCase(keys), seenCase(keys), hashedCase(keys, es256.jkt)];
      },
    },
  ];
}

/** A store, and a clock that moves so far with each entry that LIVE of them are live. */
interface RunningStore {
  readonly store: MemoryReplayStore;
  add(key: string): string;
}

function runningStore(keys: readonly string[]): RunningStore {
  const store = createMemoryReplayStore();
  let added = 0;
  const add = (key: string): string => {
    const now = NOW + (added++ * LIFETIME) / LIVE;
    return store.add(key, replayExpiry(now + 60, 15), now);
  };
  for (const key of keys.slice(0, LIVE + BATCH)) add(key); // a little more, so that the oldest have expired
  demand(
    store.size > LIVE * 0.95 && store.size < LIVE * 1.05,
    `the store does not hold about ${LIVE} entries`,
  );
  return { store, add };
}

function newCase(keys: readonly string[]): BenchCase {
  const { add } = runningStore(keys);
  let next = LIVE + BATCH;
  const keyAt = (index: number): string => keys[index % KEYS] ?? "";
  return syncCase(
    "new",
    () => add(keyAt(next++)),
    { right: (answer) => answer === "new", counterpart: () => add(keyAt(next - 1)) === "seen" },
    BATCH,
  );
}

function seenCase(keys: readonly string[]): BenchCase {
  const { store } = runningStore(keys);
  const at = NOW + LIFETIME; // the clock stands still: nothing expires
  let next = 0;
  // A stride, so that no look-up is of the last one's neighbour; the oldest keys, which expired, are left out.
  const keyAt = (index: number): string => keys[2 * BATCH + ((index * 7919) % 90_000)] ?? "";
  return syncCase(
    "seen: a replay",
    () => store.add(keyAt(next++), at + LIFETIME, at),
    {
      right: (answer) => answer === "seen",
      counterpart: () => store.add("B".repeat(43), at + LIFETIME, at) === "new",
    },
    BATCH,
  );
}

/** As a verifier does it: a jti that was never seen is hashed to its key. */
function hashedCase(keys: readonly string[], jkt: string): BenchCase {
  const { add } = runningStore(keys);
  let next = 0;
  const keyOf = (index: number): string => replayKey(jkt, `e1j3V_bKic8-LAEB${index}`, noble);
  return syncCase(
    "new, its key hashed from jkt and jti",
    () => add(keyOf(next++)),
    { right: (answer) => answer === "new", counterpart: () => add(keyOf(next - 1)) === "seen" },
    BATCH,
  );
}
