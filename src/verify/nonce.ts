// Nonces (RFC 9449 sections 8, 9 and 11.3), as a verifier sees them: a check that somebody plugs
// in.
import { objectArgument, optionalString, timeArgument } from "../bytes/argument.js";
import { type Failure, nonceFailure } from "../proof/failure.js";

/** The answer of a nonce check. */
export interface NonceAnswer {
  /** `renew`: still valid, but the client should be given `next` already. */
  readonly status: "valid" | "renew" | "invalid" | "missing";
  /**
   * The last second, since the epoch, in which this nonce is accepted. Where it is given, it
   * decides the time of the proof instead of `iat` (section 4.3 item 11); where it is not, `iat`
   * decides.
   */
  readonly acceptUntil?: number | undefined;
  /** The nonce to hand out in `DPoP-Nonce`. */
  readonly next?: string | undefined;
}

export interface NonceCheck {
  /**
   * Answers at once. `nonce` is the claim, undefined where the proof has none; `now` are seconds
   * since the epoch.
   */
  check(nonce: string | undefined, now: number): NonceAnswer;
}

/** What a verified proof says of its nonce. */
export interface NonceStatus {
  readonly status: "valid" | "renew";
  /** The nonce to hand out with the answer. */
  readonly next?: string | undefined;
}

/** Asks the check, and guards its answer: what is broken never means "valid". */
export function askNonce(check: NonceCheck, nonce: string | undefined, now: number): NonceAnswer {
  const answer: unknown = check.check(nonce, now);
  const { status, acceptUntil, next } = objectArgument(answer, "the answer of nonce.check");
  if (status !== "valid" && status !== "renew" && status !== "invalid" && status !== "missing") {
    throw new TypeError(
      'nonce.check must return, at once, a status of "valid", "renew", "invalid" or "missing"',
    );
  }
  return {
    // Section 11.3: whatever a check says, without a nonce there is none that could be valid.
    status: nonce === undefined ? "missing" : status,
    acceptUntil:
      acceptUntil === undefined
        ? undefined
        : timeArgument(acceptUntil, "acceptUntil of nonce.check"),
    next: optionalString(next, "next of nonce.check"),
  };
}

/** Item 10. */
export function checkNonce(answer: NonceAnswer, now: number): Failure | null {
  if (answer.status === "missing") return nonceFailure("nonce_missing", answer.next);
  if (answer.status === "invalid") return nonceFailure("nonce_mismatch", answer.next);
  // A nonce past its own limit is not valid, whatever its check says.
  if (answer.acceptUntil !== undefined && now > answer.acceptUntil) {
    return nonceFailure("nonce_mismatch", answer.next);
  }
  return null;
}
