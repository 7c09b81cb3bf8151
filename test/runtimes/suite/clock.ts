// How long a verification takes: the first of a backend in an engine, and the median of many. By the
// engine's finest clock; null where that says nothing, as in a sandbox that stops it.
import { createAsyncVerifier, createVerifier, verifyProof, verifyProofAsync } from "dpop-core";
import type { Implementation } from "../../support/implementation.js";
import { proofs } from "./vectors.js";

interface PerformanceLike {
  now?(): number;
}

/** Milliseconds. */
function now(): number {
  const { performance } = globalThis as { readonly performance?: PerformanceLike }; // may be absent
  return typeof performance?.now === "function" ? performance.now() : Date.now();
}

function example(): {
  readonly proof: string;
  readonly method: string;
  readonly url: string;
  readonly now: number;
} {
  const [vector] = proofs; // RFC 9449 section 4.1
  if (vector === undefined || typeof vector.proof !== "string") throw new Error("no example");
  const { method, url, now: time } = vector.request;
  return { proof: vector.proof, method, url, now: time };
}

/** To be called before anything else is done with the backend. Throws where it does not verify. */
export async function firstVerify(implementation: Implementation): Promise<number | null> {
  const { proof, ...request } = example();
  const { backend } = implementation;
  const start = now();
  const result = implementation.sync
    ? verifyProof(proof, request, { backend: implementation.backend, replay: "none" })
    : await verifyProofAsync(proof, request, { backend, replay: "none" });
  const duration = now() - start;
  if (!result.ok) throw new Error(`the example of RFC 9449 is refused: ${result.code}`);
  return duration > 0 ? round(duration) : null;
}

const BATCHES = 9;
const MOST_IN_BATCH = 64;
const BATCH_TIME = 25; // milliseconds: many ticks of the coarsest clock
const WARMING = 200;
const WARMING_TIME = 500;

/** Of one key that was seen before, whole proofs. */
export async function warmVerify(implementation: Implementation): Promise<number | null> {
  const { proof, ...request } = example();
  const { backend } = implementation;
  const atOnce = implementation.sync
    ? createVerifier({ backend: implementation.backend, replay: "none" })
    : null;
  const later = createAsyncVerifier({ backend, replay: "none" });
  const many = async (count: number): Promise<void> => {
    for (let i = 0; i < count; i++) {
      const { ok } = atOnce?.verify(proof, request) ?? (await later.verify(proof, request));
      if (!ok) throw new Error("the example of RFC 9449 is refused");
    }
  };
  const start = now();
  for (let i = 0; i < WARMING && now() - start < WARMING_TIME; i++) await many(1);
  let size = 1;
  let last = await timed(() => many(size));
  while (last < BATCH_TIME && size < MOST_IN_BATCH) {
    size *= 2;
    last = await timed(() => many(size));
  }
  const batches: number[] = [];
  for (let i = 0; i < BATCHES; i++) batches.push(await timed(() => many(size)));
  // oxlint-disable-next-line unicorn/no-array-sort -- toSorted is younger than ECMAScript 2020
  const median = batches.sort((a, b) => a - b)[Math.floor(BATCHES / 2)] ?? 0;
  return median > 0 ? round(median / size) : null;
}

async function timed(use: () => Promise<void>): Promise<number> {
  const start = now();
  await use();
  return now() - start;
}

function round(milliseconds: number): number {
  return Math.round(milliseconds * 1_000) / 1_000;
}
