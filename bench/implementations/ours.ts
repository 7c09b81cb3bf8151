// dpop-core, as it is built: its verifiers over each backend, hot, cold, and refusing.
import { type Backend, createAsyncVerifier, createVerifier, noble, type SyncAlg } from "dpop-core";
import { fast } from "dpop-core/fast";
import { createSigner as createNodeSigner, nodeCrypto } from "dpop-core/node-crypto";
import { wasm } from "dpop-core/wasm";
import { createSigner as createWebCryptoSigner, webcrypto } from "dpop-core/webcrypto";
import { demand, type Implementation } from "../engine/contest.js";
import { at, badProof, type Label, type ProofSet } from "./fixtures.js";
import { checkVerify, coldVerify, hotVerify, type Verify } from "./verifiers.js";
import type { CacheOptions } from "../../src/verify/cache.js";
import type { SyncKey } from "../../src/jose/alg.js";

export { createNodeSigner, createWebCryptoSigner, fast, nodeCrypto, noble, wasm, webcrypto };

export const BACKENDS = { wasm, fast, "node-crypto": nodeCrypto, noble };

export type BackendName = keyof typeof BACKENDS;

export const NAMES = ["wasm", "fast", "node-crypto", "noble"] as const;

export function algOf(name: BackendName, label: Label): SyncAlg {
  return BACKENDS[name][label];
}

export function importedKey(alg: SyncAlg, { jwk }: ProofSet["client"]): SyncKey {
  const key = alg.importKey(jwk);
  demand(key !== null, "a good key is refused");
  return key;
}

/** Nothing is remembered: every proof is like the first of its key. */
export const NO_CACHE: CacheOptions = { maxKeys: 0, maxTokens: 0 };

/** Room for everything; without it the default bounds hold. */
export const ROOM: CacheOptions = {
  maxKeys: 100_000,
  maxKeyBytes: 2 ** 40,
  maxTableBytes: 2 ** 40,
  maxTokens: 100_000,
  maxTokenBytes: 2 ** 40,
};

export function ourVerify(backend: Backend<SyncAlg>, cache?: CacheOptions): Verify {
  const verifier = createVerifier({ backend, cache, replay: "none" });
  return (proof, request) => verifier.verify(proof, request).ok;
}

export function asyncVerify(cache?: CacheOptions): Verify {
  const verifier = createAsyncVerifier({ backend: webcrypto, cache, replay: "none" });
  return async (proof, request) => (await verifier.verify(proof, request)).ok;
}

/** Every backend, hot and cold. */
export function ourVerifiers(set: ProofSet): readonly Implementation[] {
  return [
    ...NAMES.flatMap((name) => {
      const litters = name === "noble";
      const backend = BACKENDS[name];
      return [
        { ...hotVerify(`${name}, hot`, set, ourVerify(backend)), litters },
        { ...coldVerify(`${name}, cold`, set, ourVerify(backend, NO_CACHE)), litters },
      ];
    }),
    hotVerify("webcrypto, hot", set, asyncVerify()),
    coldVerify("webcrypto, cold", set, asyncVerify(NO_CACHE)),
  ];
}

/** All that is wrong before the signature. */
const EARLY = ["another method", "another URL", "too old", "another token", "another key"];

const WRONG = "a wrong signature";

/** What a refusal costs where the key is known and its tables are final; of fast also where it is not. */
export function refusals(set: ProofSet): readonly Implementation[] {
  const hot = NAMES.flatMap((name) => {
    const early = name === "fast" ? EARLY : EARLY.slice(0, 1);
    const backend = BACKENDS[name];
    return [...early, WRONG].map((what) => refusal(`${name}, hot`, set, { backend }, what));
  });
  const cold = { backend: fast, cache: NO_CACHE };
  const late = ["another method", "another token", WRONG];
  return [...hot, ...late.map((what) => refusal("fast, cold", set, cold, what))];
}

function refusal(
  state: string,
  set: ProofSet,
  options: { readonly backend: Backend<SyncAlg>; readonly cache?: CacheOptions },
  what: string,
): Implementation {
  const verifier = createVerifier({ ...options, replay: "none" });
  const { proof, request, code } = badProof(set, what);
  const proofs = what === WRONG ? set.forged : [proof];
  const isRefused = (bad: string): boolean => {
    const result = verifier.verify(bad, request);
    return !result.ok && result.code === code;
  };
  return {
    name: `${state}, refused: ${what}`,
    litters: options.backend === noble && what === WRONG,
    async check() {
      await checkVerify(set, (good, wanted) => verifier.verify(good, wanted).ok);
      demand(isRefused(proof), `refused, but not as ${code}`);
    },
    run: (turn) => isRefused(at(proofs, turn)),
  };
}

/** All that we do around the signature: an algorithm that takes every key and every signature. */
export function ownWork(set: ProofSet): readonly Implementation[] {
  const credulous: SyncKey = { size: 0, verify: () => true };
  const algs = [{ ...noble[set.client.label], importKey: () => credulous }];
  const verify = (cache?: CacheOptions): Verify => {
    const verifier = createVerifier({ algs, cache, replay: "none" });
    return (proof, request) => verifier.verify(proof, request).ok;
  };
  // It believes every signature: all else must be refused.
  const seeing = { ...set, forged: [], bad: set.bad.filter(({ what }) => EARLY.includes(what)) };
  return [
    hotVerify("own work, hot", seeing, verify()),
    coldVerify("own work, cold", seeing, verify(NO_CACHE)),
  ];
}
