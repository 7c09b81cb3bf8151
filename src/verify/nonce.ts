// Nonces (RFC 9449 sections 8, 9 and 11.3), as a verifier sees them: a check that somebody plugs in.
import { type Failure, nonceFailure } from "../proof/failure.js";

/** The answer of a nonce check. */
export interface NonceAnswer {
  /** `renew`: still valid, but the client should be given `next` already. */
  readonly status: "valid" | "renew" | "invalid" | "missing";
  /**
   * The last second, since the epoch, in which this nonce is accepted. Where it is given, it decides the time of the proof
   * instead of `iat` (section 4.3 item 11); where it is not, `iat` decides.
   */
  readonly acceptUntil?: number | undefined;
  /** The nonce to hand out in `DPoP-Nonce`. */
  readonly next?: string | undefined;
}

export interface NonceCheck {
  /** Answers at once. `nonce` is the claim, undefined where the proof has none; `now` are seconds since the epoch. */
  check(nonce: string | undefined, now: number): NonceAnswer;
}

/** What a verified proof says of its nonce. */
export interface NonceStatus {
  readonly status: "valid" | "renew";
  /** The nonce to hand out with the answer. */
  readonly next?: string | undefined;
}

/** The answer of a check, guarded: a check that answers anything else is broken, and what is broken never means "valid". */
export function readNonceAnswer(answer: unknown): NonceAnswer {
  if (typeof answer !== "object" || answer === null) {
    throw new TypeError("nonce.check must return an object, not a promise of one");
  }
  const { status, acceptUntil, next } = answer as Readonly<Record<string, unknown>>; // an object, as was just checked
  if (status !== "valid" && status !== "renew" && status !== "invalid" && status !== "missing") {
    throw new TypeError(
      'nonce.check must return a status of "valid", "renew", "invalid" or "missing"',
    );
  }
  if (
    acceptUntil !== undefined &&
    (typeof acceptUntil !== "number" || !Number.isFinite(acceptUntil))
  ) {
    throw new TypeError("nonce.check must return acceptUntil in seconds, or leave it out");
  }
  if (next !== undefined && typeof next !== "string") {
    throw new TypeError("nonce.check must return next as a string, or leave it out");
  }
  return { status, acceptUntil, next };
}

/** Item 10; section 11.3: with a check configured, a proof without a nonce is refused. */
export function checkNonce(answer: NonceAnswer, now: number): Failure | null {
  if (answer.status === "missing") return nonceFailure("nonce_missing", answer.next);
  if (answer.status === "invalid") return nonceFailure("nonce_mismatch", answer.next);
  // A nonce past its own limit is not valid, whatever its check says.
  if (answer.acceptUntil !== undefined && now > answer.acceptUntil)
    return nonceFailure("nonce_mismatch", answer.next);
  return null;
}
