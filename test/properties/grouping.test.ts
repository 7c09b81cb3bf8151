// One property over a verifier with groups and one without: whatever comes at once, and in whatever order the turns come, every
// proof gets the same answer, and the replay store hears the same.
import {
  type AsyncVerifier,
  type AsyncVerifierOptions,
  createAsyncVerifier,
  createMemoryReplayStore,
  type ReplayStore,
  type SyncAlg,
  type VerifyResult,
} from "dpop-core";
import { fast } from "dpop-core/fast";
import fc from "fast-check";
import { expect, test } from "vitest";
import { runs } from "../support/arbitraries.js";
import { JKT_ES256 } from "../support/keys.js";
import { mint, NOW, TOKEN_URL } from "../support/mint.js";

let groups = 0;

/** Returns the same verdicts in groups as one after the other, and fails for a group whose first signature has an odd first byte. */
function manyOf(alg: SyncAlg): SyncAlg {
  return {
    ...alg,
    verifyMany(items) {
      groups++;
      if (((items[0]?.signature[0] ?? 0) & 1) === 1) throw new Error("not this group");
      return items.map(({ key, signature, data }) => key.verify(signature, data));
    },
  };
}

const KEYS = ["ES256", "otherES256", "Ed25519", "ES384"] as const;

/** What a client may send; the last word is what is wrong with it. */
const proofs = (
  ["fine", "forged", "flipped", "short", "old", "method", "alg", "json", "typ"] as const
).flatMap((fault) =>
  KEYS.flatMap((key, i) =>
    ["a", "b"].map((jti) => {
      const plain = { key, claims: { jti } };
      switch (fault) {
        case "fine":
          return mint(plain);
        case "forged":
          return mint({ ...plain, signer: KEYS[(i + 1) % KEYS.length] ?? "ES256" });
        case "flipped":
          return mint({
            ...plain,
            signature: (bytes) => bytes.map((byte, at) => (at === 40 ? byte ^ 1 : byte)),
          });
        case "short":
          return mint({ ...plain, signature: (bytes) => bytes.slice(1) });
        case "old":
          return mint({ ...plain, claims: { jti, iat: NOW - 61 } });
        case "method":
          return mint({ ...plain, claims: { jti, htm: "GET" } });
        case "alg":
          return mint({ ...plain, header: { alg: "ES512" } });
        case "json":
          return mint({ ...plain, rawPayload: "{" });
        case "typ":
          return mint({ ...plain, header: { typ: "jwt" } });
      }
    }),
  ),
);

interface Arrival {
  readonly proof: string;
  /** Whether a look-up says that the proof must have the first key, and whether it waits for a turn. */
  readonly lookUp: "none" | "at once" | "later";
  /** Whether the program waits for what came before. */
  readonly settle: boolean;
}

const arrival: fc.Arbitrary<Arrival> = fc.record({
  // Two thirds are good, so that keys become known and groups grow.
  proof: fc.oneof(
    { weight: 2, arbitrary: fc.constantFrom(...proofs.slice(0, 2 * KEYS.length)) },
    { weight: 1, arbitrary: fc.constantFrom(...proofs) },
  ),
  lookUp: fc.constantFrom("none", "none", "none", "at once", "later"),
  settle: fc.nat(4).map((n) => n === 0),
});

type Heard = readonly (readonly [string, number, number, string])[];

async function answersOf(
  arrivals: readonly Arrival[],
  options: Partial<AsyncVerifierOptions>,
): Promise<{ readonly answers: readonly PromiseSettledResult<VerifyResult>[]; heard: Heard }> {
  const heard: [string, number, number, string][] = [];
  const memory = createMemoryReplayStore();
  const replay: ReplayStore = {
    add(...entry) {
      heard.push(entry);
      return memory.add(...entry);
    },
  };
  const algs = [fast.ES256, fast.Ed25519, fast.ES384].map(manyOf);
  const verifier: AsyncVerifier = createAsyncVerifier({
    replay,
    algs,
    clock: () => NOW,
    ...options,
  });
  const answers: Promise<VerifyResult>[] = [];
  for (const { proof, lookUp, settle } of arrivals) {
    const request = { method: "POST", url: TOKEN_URL };
    const jkt = { "at once": () => JKT_ES256, later: async () => JKT_ES256 };
    answers.push(
      verifier.verify(proof, lookUp === "none" ? request : { ...request, jkt: jkt[lookUp] }),
    );
    if (settle) await Promise.allSettled(answers);
  }
  return { answers: await Promise.allSettled(answers), heard };
}

/** Turns that come in their own time. */
const turns: fc.Arbitrary<NonNullable<AsyncVerifierOptions["grouping"]>> = fc.constantFrom<
  NonNullable<AsyncVerifierOptions["grouping"]>
>(
  "turn",
  (flush: () => void) => void Promise.resolve().then(flush),
  (flush: () => void) => void setTimeout(flush, 1),
  (flush: () => void) => flush(),
);

/** A proof of a new key does not wait, so it may come to the store before others that came before it. */
const sorted = (heard: Heard): readonly string[] =>
  heard.map((entry) => entry.join(" ")).toSorted();

test("verdicts, failures and replay records are those of a verifier without groups", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(arrival, { maxLength: 60, size: "max" }),
      turns,
      async (arrivals, grouping) => {
        const one = await answersOf(arrivals, {});
        const grouped = await answersOf(arrivals, { grouping });
        expect(grouped.answers).toEqual(one.answers);
        expect(sorted(grouped.heard)).toEqual(sorted(one.heard));
      },
    ),
    runs(60),
  );
  expect(groups).toBeGreaterThan(50); // or nothing was tried
});
