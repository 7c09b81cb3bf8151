// dpop-core, as it is built: its verifiers over each backend, hot, cold, and refusing.
import {
  type AsyncAlg,
  type Backend,
  createAsyncVerifier,
  createVerifier,
  noble,
  type SyncAlg,
} from "dpop-core";
import { webcrypto } from "dpop-core/webcrypto";
import { type Contestant, demand, type Missing } from "./contest.js";
import type { Label, ProofSet } from "./proofs.js";
import { badProof, checkVerify, coldContestant, hotContestant, type Verify } from "./verifiers.js";
import type { CacheOptions } from "../../../src/verify/cache.js";
import type { SyncKey } from "../../../src/jose/alg.js";

/** What the contestants need of a synchronous backend. */
export type OurBackend = Backend<SyncAlg> & { readonly ES256: SyncAlg; readonly EdDSA: SyncAlg };

export type BackendName = "fast" | "node" | "noble";

export type OurBackends = Readonly<Record<BackendName, OurBackend | null>>;

/** null for an entry that can't be loaded. */
export async function loadBackends(): Promise<OurBackends> {
  const fast = await loaded(async () => (await import("dpop-core/fast")).fast);
  const node = await loaded(async () => (await import("dpop-core/node-crypto")).nodeCrypto);
  return { fast, node, noble };
}

async function loaded<T>(load: () => Promise<T>): Promise<T | null> {
  try {
    return await load();
  } catch (error) {
    if (isAbsent(error)) return null;
    throw error;
  }
}

/** An entry that was not built, in the words of each engine. */
function isAbsent(error: unknown): boolean {
  const text = String(error);
  return text.includes("Cannot find") || text.includes("not found") || text.includes("resolve");
}

export function namesOf(backends: OurBackends): readonly BackendName[] {
  return (["fast", "node", "noble"] as const).filter((name) => backends[name] !== null);
}

/** Nothing is remembered: every proof is like the first of its key. */
export const NO_CACHE: CacheOptions = { maxKeys: 0, maxTokens: 0 };

export function syncVerify(algs: readonly SyncAlg[], cache?: CacheOptions): Verify {
  const verifier = createVerifier({ algs, cache, replay: "none" });
  return (proof, request) => verifier.verify(proof, request).ok;
}

export function asyncVerify(cache?: CacheOptions): Verify {
  const verifier = createAsyncVerifier({ backend: webcrypto, cache, replay: "none" });
  return async (proof, request) => (await verifier.verify(proof, request)).ok;
}

/** Every backend, hot and cold. */
export function ourVerifiers(
  set: ProofSet,
  backends: OurBackends,
): readonly (Contestant | Missing)[] {
  const { label } = set.client;
  const names = ["fast", "node", "noble"] as const;
  const entrants = names.flatMap((name): readonly (Contestant | Missing)[] => {
    const backend = backends[name];
    if (backend === null) return [absent(`${name}, hot`), absent(`${name}, cold`)];
    const litters = name === "noble";
    return [
      { ...hotContestant(`${name}, hot`, set, backendVerify(backend)), litters },
      { ...coldContestant(`${name}, cold`, set, backendVerify(backend, NO_CACHE)), litters },
    ];
  });
  demand(
    webcrypto.algs.some(({ alg }) => alg === label),
    "webcrypto lacks the algorithm",
  );
  return [
    ...entrants,
    hotContestant("webcrypto, hot", set, asyncVerify()),
    coldContestant("webcrypto, cold", set, asyncVerify(NO_CACHE)),
  ];
}

export function backendVerify(backend: OurBackend, cache?: CacheOptions): Verify {
  const verifier = createVerifier({ backend, cache, replay: "none" });
  return (proof, request) => verifier.verify(proof, request).ok;
}

function absent(name: string): Missing {
  return { name, missing: "the entry is not built" };
}

/** What a refusal costs where the key is known and its tables are final. */
export function refusals(set: ProofSet, backends: OurBackends): readonly Contestant[] {
  const entrants: Contestant[] = [];
  for (const name of namesOf(backends)) {
    const backend = backends[name];
    const early = name === "fast" ? EARLY : EARLY.slice(0, 1);
    for (const what of [...early, "a wrong signature"]) {
      if (backend === null) continue;
      const litters = name === "noble" && what === "a wrong signature";
      entrants.push({ ...refusal(`${name}, hot, refused: ${what}`, set, backend, what), litters });
    }
  }
  return entrants;
}

/** All that is wrong before the signature. */
export const EARLY: readonly string[] = [
  "another method",
  "another URL",
  "too old",
  "another token",
  "another key",
];

function refusal(name: string, set: ProofSet, backend: OurBackend, what: string): Contestant {
  const verifier = createVerifier({ backend, replay: "none" });
  const verify: Verify = (proof, request) => verifier.verify(proof, request).ok;
  const { proof, request, code } = badProof(set, what);
  const forged = what === "a wrong signature" ? set.forged : null;
  return {
    name,
    async check() {
      await checkVerify(set, verify);
      const result = verifier.verify(proof, request);
      demand(!result.ok && result.code === code, `refused, but not as ${code}`);
    },
    run(turn) {
      const result = verifier.verify(forged?.[turn & 31] ?? proof, request);
      return !result.ok && result.code === code;
    },
  };
}

/** All that we do around the signature: an algorithm that takes every key and every signature. */
export function ownWork(set: ProofSet): readonly Contestant[] {
  const credulous: SyncKey = { size: 0, verify: () => true };
  const algs = [{ ...syncAlg(noble, set.client.label), importKey: () => credulous }];
  const [hot, cold] = [syncVerify(algs), syncVerify(algs, NO_CACHE)];
  // It believes every signature: all else must be refused.
  const seeing = { ...set, forged: [], bad: set.bad.filter(({ what }) => EARLY.includes(what)) };
  return [
    hotContestant("own work, hot", seeing, hot),
    coldContestant("own work, cold", seeing, cold),
  ];
}

export function syncAlg(backend: OurBackend, label: Label): SyncAlg {
  return label === "ES256" ? backend.ES256 : backend.EdDSA;
}

export function asyncAlg(label: Label): AsyncAlg {
  return label === "ES256" ? webcrypto.ES256 : webcrypto.EdDSA;
}
