// Strangers with keys of their own, each used a few times, where known clients have all the room for tables: what a proof of such a
// client costs after them, beside one of a verifier that they never met. Who is displaced, in counts: test/cache-room.test.ts.
import { createProof, createVerifier, noble, type ProofRequest, type Verifier } from "dpop-core";
import { fast } from "dpop-core/fast";
import { createSigner, generatePrivateJwk, nodeCrypto } from "dpop-core/node-crypto";
import { demand } from "./case.js";
import { type Fixtures, NOW } from "./fixtures.js";
import type { SyncBackend } from "../src/jose/alg.js";

/** What one proof of a known client takes, in nanoseconds. */
export interface AttackResult {
  readonly name: string;
  readonly calmNs: number;
  readonly attackedNs: number;
  /** The median of the clients' ratios. */
  readonly share: number;
}

export const ATTACK_NAME = "cache attack: a known client's proof after strangers' proofs";

const KNOWN = 50;

/** fast builds its last table at the sixteenth signature, noble its only one at the third. */
const PROOFS_TO_KNOW = 40;

/** Strangers, and proofs of each. As many as fast would build a table for, and as noble would. */
const ROWS: readonly (readonly [name: string, backend: SyncBackend, keys: number, each: number])[] =
  [
    ["fast", fast, 500, 2],
    ["fast", fast, 5000, 3],
    ["noble", noble, 500, 2],
    ["noble", noble, 500, 3],
  ];

type Send = (verifier: Verifier, proofs: readonly string[]) => void;

export function measureAttack({ es256 }: Fixtures, most: number): readonly AttackResult[] {
  const { method, url } = es256.requests.right;
  const request: ProofRequest = { method, url, now: NOW };
  const rows = ROWS.filter(([, , keys]) => keys <= most);
  const strangers = Array.from({ length: most }, () => proofByNewKey(method, url));
  const known = Array.from({ length: KNOWN }, () => proofByNewKey(method, url));
  const send: Send = (verifier, proofs) => {
    for (const proof of proofs) demand(verifier.verify(proof, request).ok, "a proof is refused");
  };
  return rows.map(([name, backend, keys, each]) => {
    const maxTableBytes = roomFor(backend, known, send);
    const heated = (): Verifier => {
      const verifier = createVerifier({ backend, cache: { maxTableBytes }, replay: "none" });
      for (let i = 0; i < PROOFS_TO_KNOW; i++) send(verifier, known);
      return verifier;
    };
    const [calm, attacked] = [heated(), heated()];
    for (const stranger of strangers.slice(0, keys)) {
      for (let i = 0; i < each; i++) send(attacked, [stranger]);
    }
    const pairs = known.map((proof) => {
      const time = (verifier: Verifier): number => {
        const start = performance.now();
        send(verifier, [proof]);
        return 1e6 * (performance.now() - start);
      };
      return { calmNs: time(calm), attackedNs: time(attacked) };
    });
    return {
      name: `${name}, after ${keys * each} proofs of ${keys} keys`,
      calmNs: median(pairs.map(({ calmNs }) => calmNs)),
      attackedNs: median(pairs.map(({ attackedNs }) => attackedNs)),
      share: median(pairs.map(({ calmNs, attackedNs }) => attackedNs / calmNs)),
    };
  });
}

/** The bytes of the last tables of these clients. */
function roomFor(backend: SyncBackend, proofs: readonly string[], send: Send): number {
  const verifier = createVerifier({ backend, replay: "none" });
  for (let i = 0; i < PROOFS_TO_KNOW; i++) send(verifier, proofs);
  return verifier.cacheUsage().tableBytes;
}

function proofByNewKey(method: string, url: string): string {
  const signer = createSigner(generatePrivateJwk("ES256"));
  return createProof(signer, { method, url, iat: NOW }, { backend: nodeCrypto });
}

function median(values: readonly number[]): number {
  // oxlint-disable-next-line no-array-sort -- a copy; toSorted is younger than the oldest engine we name
  const sorted = Float64Array.from(values).sort();
  return sorted[sorted.length >> 1] ?? NaN;
}
