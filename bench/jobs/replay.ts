// Jobs: replay stores (RFC 9449 section 11.1) at a steady load, from 1,000 live entries to 10,000,000:
// the cost of one new entry, and the memory of one live entry. Meant for one core.
import { createMemoryReplayStore } from "dpop-core";
import {
  type Contest,
  demand,
  type Implementation,
  selfMeasured,
  selfTimed,
} from "../engine/contest.js";
import { memoryInUse } from "../engine/memory.js";
import type { Job } from "../engine/task.js";
import type { ReplayAnswer } from "../../src/replay/replay.js";

/** What a load needs of a store. */
interface LoadedStore {
  add(key: string, expiresAt: number, now: number, jkt: string): ReplayAnswer;
  usage(): { readonly entries: number };
}

/** Seconds that an entry lives: maxAge 60, clockTolerance 15, and the second that replayExpiry adds. */
const LIFETIME = 76;

const START = 1_800_000_000;

export const replay: Job = ({ quick }) =>
  (quick ? [1e3, 1e4] : [1e3, 1e4, 1e5, 1e6]).map((live) => loadOf(live, quick ? 3 : 15));

export const largeReplay: Job = ({ quick }) => (quick ? [] : [loadOf(1e7, 3)]);

function loadOf(live: number, rounds: number): Contest {
  return {
    group: "replay",
    name: `${live} live entries`,
    timing: selfTimed(rounds),
    series: "a new entry of a replay store, by live entries",
    implementations: () => [
      ...loaded("swept Map", live, createSweptMap),
      ...loaded("dpop-core", live, () =>
        createMemoryReplayStore({ maxEntries: Math.ceil(live * 1.1) }),
      ),
    ],
  };
}

/**
 * What a server has without this library: a Map from key to expiry. It is searched for expired
 * entries ten times in the life of an entry. In between, an expired entry counts as seen.
 */
function createSweptMap(): LoadedStore {
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

/**
 * A store under load. A round is a tenth of the entries' life, the time between two sweeps of the
 * Map, so that each round has one. Small stores are many, so that their memory can be measured.
 */
function loaded(name: string, live: number, create: () => LoadedStore): readonly Implementation[] {
  const before = memoryInUse().heap;
  const all = Array.from({ length: Math.max(1, Math.round(1e5 / live)) }, (_, index) => {
    const store = create();
    return { store, load: steadyLoad(store, live, index + 1) };
  });
  const used = memoryInUse().heap - before;
  const entries = all.reduce((sum, { store }) => sum + store.usage().entries, 0);
  const [first] = all;
  demand(first !== undefined, "there is no store");
  const measure = (): number => first.load.addNew(Math.max(live / 10, 1000));
  return [
    selfMeasured(name, measure, { bytes: { bytes: used / entries } }),
    selfMeasured(`${name}, a replay`, first.load.addAgain),
  ];
}

/** Keys that are made at a time, while no clock runs: few, since a server looks up a key that it has just made. */
const CHUNK = 1000;

interface Load {
  /** Adds so many new keys while about as many expire; returns microseconds for one. */
  addNew(count: number): number;
  /** Adds old keys again that are live; returns microseconds for one. */
  addAgain(): number;
}

/** Fills a store with `live` entries and a twentieth more, so that the first have expired. */
function steadyLoad(store: LoadedStore, live: number, seed: number): Load {
  const nextKey = keyMaker(seed);
  const nextJkt = keyMaker(~seed); // no two are alike: the dearest load for a store that counts by key
  let now = START;
  let added = 0;
  const addAll = (keys: readonly string[], step: number, expected: ReplayAnswer): number => {
    const jkts = Array.from(keys, nextJkt);
    let right = 0;
    const start = performance.now();
    for (let i = 0; i < keys.length; i++) {
      now += step;
      const expiresAt = Math.ceil(now + LIFETIME - 1);
      if (store.add(keys[i] ?? "", expiresAt, now, jkts[i] ?? "") === expected) right++;
    }
    const took = performance.now() - start;
    demand(right === keys.length, `a replay store did not say "${expected}"`);
    return took;
  };
  const addNew = (count: number): number => {
    let took = 0;
    for (let left = count; left > 0; left -= CHUNK) {
      const keys = Array.from({ length: Math.min(left, CHUNK) }, nextKey);
      took += addAll(keys, LIFETIME / live, "new");
      added += keys.length;
      // A store that says "new" to everything is not worth timing.
      if (left <= CHUNK) addAll(keys.slice(-1), 0, "seen");
    }
    return (1000 * took) / count;
  };
  const addAgain = (): number => {
    const oldKey = keyMaker(seed, Math.floor(added - live * 0.8)); // without those that have expired
    const length = Math.min(CHUNK, live / 2);
    return (1000 * addAll(Array.from({ length }, oldKey), 0, "seen")) / length;
  };
  addNew(Math.ceil(live * 1.05));
  return { addNew, addAgain };
}

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/** Makes keys as long as replayKey's and as even; flat strings, as a hash in base64url is by the time it is looked up. */
function keyMaker(seed: number, skipped = 0): () => string {
  let state = (seed + Math.imul(9 * skipped, 0x9e3779b9)) | 0; // nine steps a key
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
