// The verifier (RFC 9449 section 4.3): options enter, an object that judges proofs by them leaves.
import type { FieldValue } from "../input/http.js";
import type { Alg, SyncAlg } from "../jose/alg.js";
import type { PlainHttp } from "../proof/htu.js";
import type { ReplayStore } from "../replay/replay.js";
import { type CacheUsage, createProofCache, NO_CACHE, type ProofCache } from "./cache.js";
import { drive, driveAsync, type VerifyResult } from "./drive.js";
import { createGroups } from "./grouping.js";
import type { NonceCheck } from "./nonce-check.js";
import {
  type AsyncVerifierOptions,
  type Policy,
  readPolicy,
  readSyncPolicy,
  type VerifierOptions,
} from "./policy.js";
import type { AsyncProofRequest, ProofRequest } from "./request.js";

interface VerifierState {
  /** The labels of the accepted algorithms, for challenges and metadata. */
  readonly algs: readonly string[];
  /** The nonce check of the options. */
  readonly nonce: NonceCheck | undefined;
  /**
   * Which hosts may be called by plain http. Default "loopback". A resource server and an
   * authorization server apply it too, where they answer without asking the verifier.
   */
  readonly plainHttp?: PlainHttp | undefined;
  /** True where `verify` returns a promise. */
  readonly isAsync?: boolean | undefined;
  /** Returns how much of valid proofs is remembered now, for metrics. */
  cacheUsage(): CacheUsage;
}

/** Judges proofs with parts that return at once. */
export interface Verifier extends VerifierState {
  /**
   * Checks a proof by every item of RFC 9449 section 4.3. `proof` is the value, or the list of values,
   * of the header field `DPoP`. Never throws for what a client sent. Throws a TypeError or RangeError for
   * a mistaken argument. What a backend, a store or a look-up throws propagates: then nothing is granted.
   */
  verify(proof: FieldValue, request: ProofRequest): VerifyResult;
}

/** Judges proofs with parts that may return promises. */
export interface AsyncVerifier extends VerifierState {
  /** Does what Verifier.verify does. What that throws is a rejection here. */
  verify(proof: FieldValue, request: AsyncProofRequest): Promise<VerifyResult>;
}

/**
 * Makes a verifier from parts that return at once. Make it once and use it often: it remembers the keys
 * of valid proofs.
 *
 * @param options the policy. `backend` and `replay` are required; `replay` is a store, or "none".
 * @returns a verifier. Its `verify(proof, request)` checks a proof by every item of RFC 9449 section
 *   4.3 and returns what was proved, or a failure with its code. It never throws for what a client sent.
 * @throws a TypeError or RangeError that names the option.
 * @example
 * ```ts
 * import { createMemoryReplayStore, createVerifier } from "dpop-core/core";
 * import { nodeCrypto } from "dpop-core/node-crypto";
 *
 * const verifier = createVerifier({ backend: nodeCrypto, replay: createMemoryReplayStore() });
 * const result = verifier.verify("no proof", { method: "GET", url: "https://api.example/" });
 * console.log(result.ok ? result.jkt : result.code); // "jws_malformed"
 * ```
 * @see RFC 9449 section 4.3
 */
export function createVerifier(options: VerifierOptions): Verifier {
  const policy = readSyncPolicy(options);
  const cache = createProofCache<SyncAlg>(policy.cache);
  return Object.freeze({
    ...stateOf(policy, cache),
    isAsync: false,
    verify: (proof: FieldValue, request: ProofRequest) => drive(proof, request, policy, cache),
  });
}

/**
 * Makes a verifier whose parts may return promises: the backend, the replay store, a look-up.
 *
 * @param options the policy. `backend` and `replay` are required; `replay` is a store, or "none".
 * @returns a verifier whose `verify` returns a promise. What a synchronous one throws is a rejection.
 * @throws a TypeError or RangeError that names the option.
 * @example
 * ```ts
 * import { createAsyncVerifier } from "dpop-core/core";
 * import { webcrypto } from "dpop-core/webcrypto";
 *
 * const verifier = createAsyncVerifier({ backend: webcrypto, replay: "none" });
 * ```
 * @see RFC 9449 section 4.3
 */
export function createAsyncVerifier(options: AsyncVerifierOptions): AsyncVerifier {
  const policy = readPolicy(options);
  const cache = createProofCache<Alg>(policy.cache);
  const inGroup = policy.grouping === undefined ? null : createGroups(policy.grouping);
  return Object.freeze({
    ...stateOf(policy, cache),
    isAsync: true,
    verify: (proof: FieldValue, request: AsyncProofRequest) =>
      driveAsync(proof, request, policy, cache, inGroup),
  });
}

/**
 * Checks one proof without keeping a verifier.
 *
 * @param proof the value, or the list of values, of the header field `DPoP`.
 * @param request what the server saw.
 * @param options as for createVerifier.
 * @returns what was proved, or a failure with its code.
 * @throws a TypeError or RangeError for a mistaken argument. What a backend or a store throws propagates.
 * @example
 * ```ts
 * import { verifyProof } from "dpop-core/core";
 * import { noble } from "dpop-core/noble";
 *
 * const request = { method: "GET", url: "https://api.example/" };
 * const result = verifyProof("no proof", request, { backend: noble, replay: "none" });
 * ```
 * @see RFC 9449 section 4.3
 */
export function verifyProof(
  proof: FieldValue,
  request: ProofRequest,
  options: VerifierOptions,
): VerifyResult {
  return drive(proof, request, readSyncPolicy(options), NO_CACHE);
}

/**
 * Checks one proof with parts that may return promises, without keeping a verifier.
 *
 * @param proof the value, or the list of values, of the header field `DPoP`.
 * @param request what the server saw; its look-up may return a promise.
 * @param options as for createAsyncVerifier.
 * @returns what was proved, or a failure with its code.
 * @throws rejects with what verifyProof throws.
 * @example
 * ```ts
 * import { verifyProofAsync } from "dpop-core/core";
 * import { webcrypto } from "dpop-core/webcrypto";
 *
 * const request = { method: "GET", url: "https://api.example/" };
 * const result = await verifyProofAsync("no proof", request, { backend: webcrypto, replay: "none" });
 * ```
 * @see RFC 9449 section 4.3
 */
export async function verifyProofAsync(
  proof: FieldValue,
  request: AsyncProofRequest,
  options: AsyncVerifierOptions,
): Promise<VerifyResult> {
  return driveAsync(proof, request, readPolicy(options), NO_CACHE, null);
}

function stateOf(
  policy: Policy<Alg, ReplayStore>,
  cache: ProofCache<Alg>,
): Omit<VerifierState, "isAsync"> {
  return {
    algs: Object.freeze([...policy.algs.keys()]),
    nonce: policy.nonce,
    plainHttp: policy.plainHttp,
    cacheUsage: cache.usage,
  };
}
