// A steady load on a replay store, and the Map that ours is compared with. Plain functions that any engine runs: they need
// `performance.now` and nothing else of a platform.
import { createMemoryReplayStore } from "dpop-core";
import { demand } from "./case.js";
import type { ReplayAnswer } from "../src/replay/replay.js";

/** What a load needs of a store. */
export interface LoadedStore {
  add(key: string, expiresAt: number, now: number, jkt: string): ReplayAnswer;
  usage(): { readonly entries: number };
}

/** Seconds that an entry lives: maxAge 60, clockTolerance 15, and the second that replayExpiry adds. */
export const LIFETIME = 76;

const START = 1_800_000_000;

/** Keys that are made at a time, while no clock runs: few, as a server looks a key up when it has just made it. */
const CHUNK = 1_000;

/**
 * What servers have without us: a Map from key to expiry, which is looked through for expired entries ten times in the life
 * of an entry. Between these an expired entry counts as seen.
 */
export function makeSweptMap(): LoadedStore {
  const expiries = new Map<string, number>();
  let swept = 0;
  return {
    usage: () => ({ entries: expiries.size }),
    add(key, expiresAt, now): ReplayAnswer {
      if (now - swept >= LIFETIME / 10) {
        swept = now;
        for (const [one, expiry] of expiries) if (expiry <= now) expiries.delete(one);
      }
      if (expiries.has(key)) return "seen";
      expiries.set(key, expiresAt);
      return "new";
    },
  };
}

/** A store under load: its clock moves on with every addition, so that about as many entries expire as are added. */
export interface SteadyLoad {
  /** Adds so many new keys; answers nanoseconds for one. */
  run(operations: number): number;
  /** Adds so many new keys; answers the milliseconds that the longest addition took, collection of garbage included. */
  longestPause(operations: number): number;
}

/** Fills `store` with `live` entries and a twentieth more, so that the first have expired. */
export function steadyLoad(store: LoadedStore, live: number, seed = 1): SteadyLoad {
  const nextKey = keyMaker(seed);
  const nextJkt = keyMaker(~seed);
  const jkts: string[] = []; // no two are alike: the dearest load for a store that counts by key
  const perAddition = LIFETIME / live; // seconds
  let now = START;
  let lastKey = "";

  function chunks(operations: number, work: (keys: readonly string[]) => void): void {
    for (let left = operations; left > 0; left -= CHUNK) {
      const length = Math.min(left, CHUNK);
      const keys = Array.from({ length }, nextKey);
      for (let i = 0; i < length; i++) jkts[i] = nextJkt();
      work(keys);
      lastKey = keys.at(-1) ?? "";
    }
  }

  function addAll(keys: readonly string[]): number {
    let refused = 0;
    const start = performance.now();
    for (let i = 0; i < keys.length; i++) {
      now += perAddition;
      const expiresAt = Math.ceil(now + LIFETIME - 1);
      if (store.add(keys[i] ?? "", expiresAt, now, jkts[i] ?? "") !== "new") refused++;
    }
    const took = performance.now() - start;
    demand(refused === 0, "a replay store did not take a new key");
    return took;
  }

  function run(operations: number): number {
    let took = 0;
    chunks(operations, (keys) => (took += addAll(keys)));
    // Whoever says "new" to everything is not worth timing.
    const again = store.add(lastKey, Math.ceil(now + LIFETIME), now, jkts[0] ?? "");
    demand(again === "seen", "a replay is not seen");
    return (1e6 * took) / operations;
  }

  function longestPause(operations: number): number {
    let longest = 0;
    chunks(operations, (keys) => {
      let before = performance.now();
      for (let i = 0; i < keys.length; i++) {
        now += perAddition;
        store.add(keys[i] ?? "", Math.ceil(now + LIFETIME - 1), now, jkts[i] ?? "");
        const after = performance.now();
        longest = Math.max(longest, after - before);
        before = after;
      }
    });
    return longest;
  }

  run(Math.ceil(live * 1.05));
  return { run, longestPause };
}

/** The longest addition while an empty store comes to hold `live` entries, in milliseconds. */
export function longestPauseOfGrowth(store: LoadedStore, live: number, seed = 1): number {
  const nextKey = keyMaker(seed);
  const nextJkt = keyMaker(~seed);
  let longest = 0;
  for (let left = live; left > 0; left -= CHUNK) {
    const length = Math.min(left, CHUNK);
    const keys = Array.from({ length }, nextKey);
    const jkts = Array.from({ length }, nextJkt);
    for (let i = 0; i < length; i++) {
      const before = performance.now();
      store.add(keys[i] ?? "", START + LIFETIME, START, jkts[i] ?? "");
      longest = Math.max(longest, performance.now() - before);
    }
  }
  return longest;
}

/** Our store beside the swept Map, in turns. */
export interface ReplayComparison {
  readonly live: number;
  /** Means of nanoseconds for one addition with its share of expiry, sweeps included. */
  readonly ours: number;
  readonly sweptMap: number;
  /** How many times as fast ours was: the median of the rounds' ratios. */
  readonly ratio: number;
  /** The most bytes of our tables for each live entry that were seen. */
  readonly bytesPerEntry: number;
  /** Milliseconds: while entries come and go, and while an empty store is filled. */
  readonly longestPause: number;
  readonly longestPauseOfGrowth: number;
  readonly longestPauseOfSweptMap: number;
}

/** Each round is a tenth of a life, so that it holds one sweep of the Map. */
export function compareReplay(live: number, rounds: number): ReplayComparison {
  const store = createMemoryReplayStore({ maxEntries: Math.ceil(live * 1.1) });
  const ours = steadyLoad(store, live, 1);
  const map = steadyLoad(makeSweptMap(), live, 2);
  const operations = Math.ceil(live / 10);
  const times: (readonly [number, number])[] = [];
  let bytesPerEntry = 0;
  for (let round = 0; round < rounds; round++) {
    times.push([ours.run(operations), map.run(operations)]);
    const { bytes, entries } = store.usage();
    bytesPerEntry = Math.max(bytesPerEntry, bytes / entries);
  }
  const mean = (of: 0 | 1): number => times.reduce((sum, time) => sum + time[of], 0) / rounds;
  // oxlint-disable-next-line no-array-sort -- a copy; toSorted is younger than the oldest engine we name
  const ratios = times.map(([one, other]) => other / one).sort((one, other) => one - other);
  return {
    live,
    ours: mean(0),
    sweptMap: mean(1),
    ratio: ratios[rounds >> 1] ?? NaN,
    bytesPerEntry,
    longestPause: ours.longestPause(live),
    longestPauseOfGrowth: longestPauseOfGrowth(createMemoryReplayStore({ maxEntries: live }), live),
    longestPauseOfSweptMap: map.longestPause(live),
  };
}

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/** Makes keys as long as replayKey's and as even; flat strings, as a hash in base64url is by the time it is looked up. */
export function keyMaker(seed: number): () => string {
  let state = seed | 0;
  const codes = Array.from({ length: 43 }, () => 0);
  return () => {
    let bits = 0;
    for (let i = 0; i < codes.length; i++) {
      if (i % 5 === 0) {
        state = (state + 0x9e3779b9) | 0; // splitmix32
        bits = Math.imul(state ^ (state >>> 16), 0x21f0aaad);
        bits = Math.imul(bits ^ (bits >>> 15), 0x735a2d97);
        bits ^= bits >>> 15;
      }
      codes[i] = ALPHABET.charCodeAt(bits & 63);
      bits >>>= 6;
    }
    return String.fromCharCode(...codes);
  };
}
