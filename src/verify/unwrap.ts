// For callers who prefer exceptions: a result to what was proved, or a throw (RFC 9449 sections 5, 7
// and 8 for what to answer).
import { type Failure, FAILURES, type FailureCode, isFailure } from "../proof/failure.js";
import type { VerifiedProof, VerifyResult } from "./verifier.js";

/** Where a proof came: each place has its own OAuth errors. */
export type Place = "resource" | "token" | "par";

/**
 * A refusal as an exception. Test `name` or `code` rather than `instanceof`: ES modules and CommonJS
 * may each have loaded a copy of this class.
 */
export class ProofError extends Error {
  override readonly name = "ProofError";
  readonly code: FailureCode;
  /** The OAuth `error` at the place; null where the answer carries none. */
  readonly error: string | null;
  /** The HTTP status code at the place. */
  readonly status: number;
  readonly failure: Failure;

  constructor(failure: Failure, place: Place = "resource") {
    const { status, error } = FAILURES[failure.code][place];
    super(failure.message);
    this.code = failure.code;
    this.error = error;
    this.status = status;
    this.failure = failure;
  }
}

/**
 * The proof of a result, or a throw of ProofError where it is a failure. Throws a TypeError for
 * anything that is neither, a promise of a result above all, and for a place that is none.
 */
export function unwrap(result: VerifyResult, place: Place = "resource"): VerifiedProof {
  if (place !== "resource" && place !== "token" && place !== "par") {
    throw new TypeError('place must be "resource", "token" or "par"');
  }
  if (result.ok === true) return result;
  if (!isFailure(result)) throw new TypeError("result must be the result of a verifier");
  throw new ProofError(result, place);
}
