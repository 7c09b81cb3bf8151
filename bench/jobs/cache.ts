// Job: a known client's proof after strangers came with keys of their own, each used a few times, where
// the known clients have all the room for tables; beside a verifier that they never met.
// test/cache-room.test.ts counts which keys are displaced.
import { createVerifier, type Verifier } from "dpop-core";
import { demand, selfMeasured, selfTimed } from "../engine/contest.js";
import type { Job } from "../engine/task.js";
import { type SentProof, tokenlessProof } from "../implementations/fixtures.js";
import { fast, noble } from "../implementations/ours.js";
import type { SyncBackend } from "../../src/jose/alg.js";

const KNOWN = 50;

/** fast builds its last table at the sixteenth signature, noble its only one at the third. */
const PROOFS_TO_KNOW = 40;

/** Strangers, and proofs of each: as many as earn a first table from fast, and from noble. */
const ROWS: readonly (readonly [name: string, backend: SyncBackend, keys: number, each: number])[] =
  [
    ["fast", fast, 500, 2],
    ["fast", fast, 5000, 3],
    ["noble", noble, 500, 2],
    ["noble", noble, 500, 3],
  ];

export const cache: Job = ({ quick }) => {
  const rows = quick ? ROWS.filter(([, , keys]) => keys <= 500) : ROWS;
  return rows.map(([name, backend, keys, each]) => ({
    group: "cache",
    name: `cache attack: a known client's proof, ${name}, strangers' proofs: ${keys * each}`,
    comparison: "share" as const,
    timing: selfTimed(KNOWN), // each known client once: a second proof would find its table again
    implementations() {
      const known = Array.from({ length: KNOWN }, tokenlessProof);
      const maxTableBytes = heated(backend, known).cacheUsage().tableBytes;
      const [calm, attacked] = [0, 1].map(() => heated(backend, known, maxTableBytes));
      demand(calm !== undefined && attacked !== undefined, "there is no verifier");
      for (let i = 0; i < keys; i++) {
        const stranger = [tokenlessProof()];
        for (let sent = 0; sent < each; sent++) send(attacked, stranger);
      }
      const after = `after ${keys * each} proofs of ${keys} strangers' keys`;
      return [
        selfMeasured("without strangers", nextTime(calm, known)),
        selfMeasured(after, nextTime(attacked, known)),
      ];
    },
  }));
};

/** A verifier that knows these clients, with room for so many bytes of tables. */
function heated(backend: SyncBackend, known: readonly SentProof[], maxTableBytes?: number) {
  const verifier = createVerifier({ backend, cache: { maxTableBytes }, replay: "none" });
  for (let i = 0; i < PROOFS_TO_KNOW; i++) send(verifier, known);
  return verifier;
}

function send(verifier: Verifier, proofs: readonly SentProof[]): void {
  for (const { proof, request } of proofs) {
    demand(verifier.verify(proof, request).ok, "a proof is refused");
  }
}

/** Verifies the proof of the next client each time; returns microseconds. */
function nextTime(verifier: Verifier, known: readonly SentProof[]): () => number {
  let next = 0;
  return () => {
    const start = performance.now();
    send(verifier, known.slice(next, ++next));
    return 1000 * (performance.now() - start);
  };
}
