// Job: replay stores at a steady load, from 1,000 live entries to 10,000,000: the cost of one new
// entry, and the memory of one live entry. Meant for one core.
import { createMemoryReplayStore } from "dpop-core";
import { type LoadedStore, makeSweptMap, type SteadyLoad, steadyLoad } from "../../replay-load.js";
import { wallClock } from "./clock.js";
import { type Contestant, type ContestResult, hold } from "./contest.js";
import { progress, runJob } from "./job.js";
import { bytesInUse } from "./memory.js";

interface ReplayPoint {
  readonly live: number;
  readonly result: ContestResult;
  readonly bytesPerEntry: readonly { readonly name: string; readonly bytes: number }[];
}

const LIVE = { quick: [1000, 10_000], full: [1e3, 1e4, 1e5, 1e6, 1e7] } as const;
const ROUNDS = { quick: 3, full: 15 } as const;

await runJob(async ({ mode }) => {
  const points: ReplayPoint[] = [];
  for (const live of LIVE[mode]) {
    progress(`replay stores: ${live} live entries`);
    const rounds = live > 1e6 ? 3 : ROUNDS[mode];
    points.push(await pointAt(live, rounds));
  }
  return { replay: points };
});

async function pointAt(live: number, rounds: number): Promise<ReplayPoint> {
  const stores = [
    loaded("swept Map", live, makeSweptMap),
    loaded("dpop-core", live, () => createMemoryReplayStore({ maxEntries: Math.ceil(live * 1.1) })),
  ];
  const contestants = stores.map(({ name, load }) => contestant(name, live, load));
  const timing = { rounds, slice: 0, warmUp: 0, clock: wallClock }; // each measures itself
  const result = await hold(`${live} live entries`, contestants, timing);
  return { live, result, bytesPerEntry: stores.map(({ name, bytes }) => ({ name, bytes })) };
}

interface Loaded {
  readonly name: string;
  readonly load: SteadyLoad;
  /** For each live entry. */
  readonly bytes: number;
}

/** Small stores are many, so that what else happens on the heap does not count. */
function loaded(name: string, live: number, make: () => LoadedStore): Loaded {
  const copies = Math.max(1, Math.round(1e5 / live));
  const before = bytesInUse();
  const all = Array.from({ length: copies }, (_, index) => {
    const store = make();
    return { store, load: steadyLoad(store, live, index + 1) };
  });
  const used = bytesInUse() - before;
  const entries = all.reduce((sum, { store }) => sum + store.usage().entries, 0);
  const [first] = all;
  if (first === undefined) throw new Error("compare: no store");
  return { name, load: first.load, bytes: used / entries };
}

/** A round is a tenth of the entries' life, the time between two sweeps of the Map: each has one. */
function contestant(name: string, live: number, load: SteadyLoad): Contestant {
  const operations = Math.max(live / 10, 1000);
  return {
    name,
    measure: () => load.run(operations) / 1000,
    run: () => true,
    check: () => undefined, // the load itself asks for a replay, which must be seen
  };
}
