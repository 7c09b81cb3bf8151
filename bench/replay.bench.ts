// Replay (RFC 9449 section 11.1): stores that hold so many live entries, while as many expire as are added. Pauses and
// bytes are measured by compareReplay of replay-load.ts; here they are only held to their bounds.
import { createMemoryReplayStore, type MemoryReplayStore, noble } from "dpop-core";
import { replayKey, type ReplayAnswer } from "../src/replay/replay.js";
import { type BenchCase, type BenchGroup, demand, syncCase } from "./case.js";
import { type Fixtures, NOW } from "./fixtures.js";
import { keyMaker, LIFETIME, type LoadedStore, makeSweptMap } from "./replay-load.js";

/** What the swept Map is compared at. */
const MANY = 1_000_000;

const SIZES = [1000, 10_000, 100_000, MANY];

/** Several seconds of the store's clock, so that every sample holds its share of the sweeps. */
const BATCH = 4096;

export function replayGroups({ es256 }: Fixtures): readonly BenchGroup[] {
  return [
    {
      name: `replay store: add and expire at ${MANY} live entries`,
      comparison: { with: SWEPT, as: "speed" },
      cases: () => {
        const keys = someKeys(MANY);
        const most = MANY / 8; // of which the Map is swept at least once
        return [
          newCase("memory store", memoryStore(), keys, MANY, most),
          newCase(SWEPT, makeSweptMap(), keys, MANY, most),
        ];
      },
    },
    {
      name: "memory replay store: add and expire, by live entries",
      cases: () => {
        const keys = someKeys(MANY);
        return SIZES.map((live) => newCase(`${live} live`, memoryStore(), keys, live, BATCH));
      },
    },
    {
      name: "memory replay store: add at 100000 live entries",
      cases: () => {
        const keys = someKeys(100_000);
        return [
          newCase("new", memoryStore(), keys, 100_000, BATCH),
          seenCase(keys, 100_000),
          hashedCase(keys, 100_000, es256.jkt),
        ];
      },
    },
  ];
}

/** Clients that take turns, each with a key of its own: few, since what comes with a proof is in the cache by then. */
const JKTS: readonly string[] = Array.from({ length: 256 }, keyMaker(2));

function jktOf(index: number): string {
  return JKTS[index % JKTS.length] ?? "";
}

const SWEPT = "a Map, swept ten times in the life of an entry";

/** So many that a key comes round again only after every store has forgotten it. */
function someKeys(live: number): readonly string[] {
  return Array.from({ length: Math.ceil(1.5 * live) + 2 ** 16 }, keyMaker(1));
}

function memoryStore(): MemoryReplayStore {
  return createMemoryReplayStore({ maxEntries: 2 * MANY });
}

type Adder = (key: string) => ReplayAnswer;

/** A clock that moves so far with each entry that `live` of them are live; the store is filled. */
function running(
  store: LoadedStore | MemoryReplayStore,
  keys: readonly string[],
  live: number,
): Adder {
  let added = 0;
  const add: Adder = (key) => {
    const now = NOW + (added++ * LIFETIME) / live;
    return store.add(key, Math.ceil(now + LIFETIME - 1), now, jktOf(added));
  };
  for (const key of keys.slice(0, live + BATCH)) add(key); // a little more, so that the oldest have expired
  const usage = store.usage();
  demand(
    usage.entries > live * 0.95 && usage.entries < live * 1.15 + BATCH,
    `the store does not hold about ${live} entries`,
  );
  const bytes = "bytes" in usage ? Number(usage.bytes) : 0;
  demand(bytes <= 26 * usage.entries || live < MANY, "an entry takes over 26 bytes");
  return add;
}

function newCase(
  name: string,
  store: LoadedStore,
  keys: readonly string[],
  live: number,
  leastBatch: number,
): BenchCase {
  const add = running(store, keys, live);
  let next = live + BATCH;
  const keyAt = (index: number): string => keys[index % keys.length] ?? "";
  return syncCase(
    name,
    () => add(keyAt(next++)),
    { right: (answer) => answer === "new", counterpart: () => add(keyAt(next - 1)) === "seen" },
    leastBatch,
  );
}

function seenCase(keys: readonly string[], live: number): BenchCase {
  const store = memoryStore();
  running(store, keys, live);
  const at = NOW + LIFETIME; // the clock stands still: nothing expires
  let next = 0;
  // A stride, so that no look-up is of the last one's neighbour; the oldest keys, which expired, are left out.
  const keyAt = (index: number): string => keys[2 * BATCH + ((index * 7919) % 90_000)] ?? "";
  return syncCase(
    "seen: a replay",
    () => store.add(keyAt(next++), at + LIFETIME, at, jktOf(next)),
    {
      right: (answer) => answer === "seen",
      counterpart: () => store.add("B".repeat(43), at + LIFETIME, at, jktOf(next)) === "new",
    },
    BATCH,
  );
}

/** As a verifier does it: a jti that was never seen is hashed to its key. */
function hashedCase(keys: readonly string[], live: number, jkt: string): BenchCase {
  const add = running(memoryStore(), keys, live);
  let next = 0;
  const keyOf = (index: number): string => replayKey(jkt, `e1j3V_bKic8-LAEB${index}`, noble);
  return syncCase(
    "new, its key hashed from jkt and jti",
    () => add(keyOf(next++)),
    { right: (answer) => answer === "new", counterpart: () => add(keyOf(next - 1)) === "seen" },
    BATCH,
  );
}
