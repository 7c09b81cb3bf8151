// The verifier (RFC 9449 section 4.3): a policy to what judges proofs by it.
import type { FieldValue } from "../input/http.js";
import type { Alg, SyncAlg } from "../jose/alg.js";
import type { PlainHttp } from "../proof/htu.js";
import type { ReplayStore } from "../replay/replay.js";
import { type CacheUsage, createProofCache, NO_CACHE, type ProofCache } from "./cache.js";
import { drive, driveAsync, type VerifyResult } from "./drive.js";
import type { NonceCheck } from "./nonce-check.js";
import {
  type AsyncVerifierOptions,
  type Policy,
  readPolicy,
  type VerifierOptions,
} from "./policy.js";
import type { AsyncProofRequest, ProofRequest } from "./request.js";

interface VerifierState {
  /** The labels that are accepted, for challenges and metadata. */
  readonly algs: readonly string[];
  readonly nonce: NonceCheck | undefined;
  /**
   * Which hosts may be called by plain http. Default "loopback". A resource server and an
   * authorization server apply it too, where they answer without asking the verifier.
   */
  readonly plainHttp?: PlainHttp | undefined;
  /** Says what is remembered of valid proofs now, for metrics. */
  cacheUsage(): CacheUsage;
}

export interface Verifier extends VerifierState {
  /**
   * Checks a proof by every item of RFC 9449 section 4.3. `proof` is the value, or the list of
   * values, of the header field `DPoP`. Never throws for what a client sent. Throws a TypeError or
   * RangeError for a mistaken argument, and lets through whatever a backend or a store throws: then
   * nothing is granted.
   */
  verify(proof: FieldValue, request: ProofRequest): VerifyResult;
}

export interface AsyncVerifier extends VerifierState {
  /** As Verifier.verify; what that throws is a rejection here. */
  verify(proof: FieldValue, request: AsyncProofRequest): Promise<VerifyResult>;
}

/**
 * Makes a verifier from parts that answer at once. Made once, used often; throws for a mistaken
 * option, by name.
 */
export function createVerifier(options: VerifierOptions): Verifier {
  const policy = readPolicy(options);
  const cache = createProofCache<SyncAlg>(policy.cache);
  return Object.freeze({
    ...stateOf(policy, cache),
    verify: (proof: FieldValue, request: ProofRequest) => drive(proof, request, policy, cache),
  });
}

/** Makes a verifier of which any part may answer later. */
export function createAsyncVerifier(options: AsyncVerifierOptions): AsyncVerifier {
  const policy = readPolicy(options);
  const cache = createProofCache<Alg>(policy.cache);
  return Object.freeze({
    ...stateOf(policy, cache),
    verify: (proof: FieldValue, request: AsyncProofRequest) =>
      driveAsync(proof, request, policy, cache),
  });
}

/** Checks one proof without keeping anything: createVerifier(options).verify(proof, request). */
export function verifyProof(
  proof: FieldValue,
  request: ProofRequest,
  options: VerifierOptions,
): VerifyResult {
  return drive(proof, request, readPolicy(options), NO_CACHE);
}

/** The same where a part may answer later. */
export async function verifyProofAsync(
  proof: FieldValue,
  request: AsyncProofRequest,
  options: AsyncVerifierOptions,
): Promise<VerifyResult> {
  return driveAsync(proof, request, readPolicy(options), NO_CACHE);
}

function stateOf(policy: Policy<Alg, ReplayStore>, cache: ProofCache<Alg>): VerifierState {
  return {
    algs: Object.freeze([...policy.algs.keys()]),
    nonce: policy.nonce,
    plainHttp: policy.plainHttp,
    cacheUsage: cache.usage,
  };
}
