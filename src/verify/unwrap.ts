// For callers who prefer exceptions: a result enters, what was proved leaves, or a ProofError is thrown
// (RFC 9449 sections 5, 7 and 8 say what to answer).
import { type Failure, FAILURES, type FailureCode, isFailure } from "../proof/failure.js";
import type { VerifiedProof, VerifyResult } from "./drive.js";

/** Where a proof was sent: a protected resource, the token endpoint, or that for pushed requests (RFC 9126). */
export type Place = "resource" | "token" | "pushed";

/**
 * A refusal as an exception. Test `name` or `code` rather than `instanceof`: ES modules and CommonJS
 * may each have loaded a copy of this class.
 */
export class ProofError extends Error {
  override readonly name = "ProofError";
  /** The code of the failure. */
  readonly code: FailureCode;
  /** The OAuth `error` at the place; null where the answer has none. */
  readonly error: string | null;
  /** The HTTP status code at the place. */
  readonly status: number;
  /** The failure as the verifier returned it. */
  readonly failure: Failure;

  constructor(failure: Failure, place: Place = "resource") {
    const answer = FAILURES[failure.code][place];
    if (answer === null) throw new TypeError("place must be one where this failure can occur");
    const { status, error } = answer;
    super(failure.message);
    this.code = failure.code;
    this.error = error;
    this.status = status;
    this.failure = failure;
  }
}

/**
 * Turns a failure into an exception, for callers who prefer that.
 *
 * @param result what a verifier returned.
 * @param place where the proof was sent: "resource", "token" or "pushed" (RFC 9126). Default "resource".
 * @returns the verified proof.
 * @throws a ProofError if the result is a failure. A TypeError for anything that is no result, such as a
 *   promise of one, and for a place that does not exist or where this failure can't occur.
 * @example
 * ```ts
 * import { createVerifier, unwrap } from "dpop-core";
 *
 * const verifier = createVerifier({ replay: "none" });
 * try {
 *   unwrap(verifier.verify("no proof", { method: "GET", url: "https://api.example/" }));
 * } catch (error) {
 *   console.log(error); // a ProofError; its code is "jws_malformed"
 * }
 * ```
 * @see RFC 9449 sections 5, 7.1 and 8 for what to answer.
 */
export function unwrap(result: VerifyResult, place: Place = "resource"): VerifiedProof {
  if (place !== "resource" && place !== "token" && place !== "pushed") {
    throw new TypeError('place must be "resource", "token" or "pushed"');
  }
  if (result.ok === true) return result;
  if (!isFailure(result)) throw new TypeError("result must be the result of a verifier");
  throw new ProofError(result, place);
}
