// Job: how the cost of one verification grows: with the number of keys that take turns, and with the
// length of the proof. Meant for one core.

import { type Contestant, type ContestResult, demand, hold, type Timing } from "./contest.js";
import { joseVerify } from "./jose.js";
import { progress, runJob, type Task } from "./job.js";
import { backendVerify, loadBackends, namesOf, type OurBackends } from "./ours.js";
import {
  type Client,
  createClient,
  createIssuer,
  type Issuer,
  proofOf,
  URL_OF_REQUEST,
} from "./proofs.js";
import type { Verify } from "./verifiers.js";
import type { CacheOptions } from "../../../src/verify/cache.js";

/** Warmed up by calls rather than by time: each key has to be hot. */
function timing({ mode, clock }: Task): Timing {
  return mode === "quick"
    ? { rounds: 3, slice: 4, warmUp: 10, clock }
    : { rounds: 15, slice: 25, warmUp: 100, clock };
}

const KEYS = { quick: [1, 100], full: [1, 10, 100, 1000, 10_000] } as const;
const PATHS = { quick: [0, 500], full: [0, 500, 1500, 3000] } as const;

/** noble is slow: more keys than this would take minutes to get hot. */
const MOST_NOBLE_KEYS = 100;

/** Room for the tables of all keys; without it the default bounds hold. */
const ROOM: CacheOptions = { maxKeys: 20_000, maxKeyBytes: 2 ** 26, maxTableBytes: 2 ** 30 };

/** Of one key until it is as hot as it gets: fast makes its last table at the sixteenth. */
const VISITS = { fast: 18, other: 5 } as const;

/** Which key comes next: so many draws, a power of two. */
const DRAWS = 2 ** 17;

interface Visit {
  readonly client: Client;
  readonly proof: string;
}

interface KeyPoint {
  readonly keys: number;
  readonly spread: "uniform" | "zipf";
  readonly result: ContestResult;
}

interface SizePoint {
  readonly characters: number;
  readonly result: ContestResult;
}

await runJob(async (task) => {
  const { mode } = task;
  const backends = await loadBackends();
  const issuer = createIssuer();
  const all = Array.from({ length: KEYS[mode].at(-1) ?? 1 }, () => visitOf(issuer));
  const keys: KeyPoint[] = [];
  for (const count of KEYS[mode]) {
    for (const spread of ["uniform", "zipf"] as const) {
      if (count === 1 && spread === "zipf") continue;
      progress(`ES256: ${count} keys, ${spread}`);
      const visits = all.slice(0, count);
      const draws = spread === "uniform" ? uniformDraws(count) : zipfDraws(count);
      const result = await hold(
        `${count} keys, ${spread}`,
        visitors(visits, draws, backends),
        timing(task),
      );
      keys.push({ keys: count, spread, result });
    }
  }
  return { keys, sizes: await sizes(issuer, backends, task) };
});

function visitOf(issuer: Issuer): Visit {
  const client = createClient("ES256", issuer);
  return { client, proof: proofOf(client) };
}

function visitors(
  visits: readonly Visit[],
  draws: Uint16Array,
  backends: OurBackends,
): readonly Contestant[] {
  const ours = namesOf(backends).flatMap((name) => {
    const backend = backends[name];
    if (backend === null || (name === "noble" && visits.length > MOST_NOBLE_KEYS)) return [];
    const byDefault = visitor(name, visits, draws, backendVerify(backend));
    return name === "fast"
      ? [
          byDefault,
          visitor("fast, room for all tables", visits, draws, backendVerify(backend, ROOM)),
        ]
      : [byDefault];
  });
  const peer = visitor("jose", visits, draws, joseVerify("ES256"));
  return [{ ...peer, warmUpCalls: 64 }, ...ours]; // it remembers nothing
}

function visitor(
  name: string,
  visits: readonly Visit[],
  draws: Uint16Array,
  verify: Verify,
): Contestant {
  const verifyAt = (index: number): boolean | Promise<boolean> => {
    const visit = visits[index];
    return visit !== undefined && verify(visit.proof, visit.client.request);
  };
  return {
    name,
    warmUpCalls: Math.max(64, visits.length * VISITS[name.startsWith("fast") ? "fast" : "other"]),
    run: (turn) => verifyAt(draws[turn & (draws.length - 1)] ?? 0),
    async check() {
      demand(draws.length === DRAWS && new Set(draws).size > visits.length / 2, "no draws");
      demand(await verifyAt(0), "a good proof is refused");
    },
  };
}

function uniformDraws(count: number): Uint16Array {
  const random = createRandom();
  return Uint16Array.from({ length: DRAWS }, () => Math.floor(random() * count));
}

/** The key of rank r comes as often as 1/r: a few clients send most of the requests. */
function zipfDraws(count: number): Uint16Array {
  const sums = new Float64Array(count);
  let sum = 0;
  for (let rank = 0; rank < count; rank++) sums[rank] = sum += 1 / (rank + 1);
  const random = createRandom();
  return Uint16Array.from({ length: DRAWS }, () => firstAbove(sums, random() * sum));
}

function firstAbove(sums: Float64Array, value: number): number {
  let [low, high] = [0, sums.length - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((sums[middle] ?? 0) > value) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** xorshift32, the same draws in every run. */
function createRandom(): () => number {
  let state = 0x2545f491;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}

async function sizes(
  issuer: Issuer,
  backends: OurBackends,
  task: Task,
): Promise<readonly SizePoint[]> {
  const points: SizePoint[] = [];
  for (const more of PATHS[task.mode]) {
    const url = URL_OF_REQUEST + "/account".repeat(more / 8);
    const made = createClient("ES256", issuer);
    const client = { ...made, request: { ...made.request, url } };
    const proof = proofOf(client, { url });
    progress(`ES256: proofs of ${proof.length} characters`);
    const entrants = visitors([{ client, proof }], new Uint16Array(DRAWS), backends);
    const result = await hold(`${proof.length} characters`, entrants, timing(task));
    points.push({ characters: proof.length, result });
  }
  return points;
}
