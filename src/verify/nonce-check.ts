// Nonces (RFC 9449 sections 8, 9 and 11.3), as a verifier sees them: a check that somebody plugs
// in.
import { leave, objectArgument, optionalString, timeArgument } from "../input/argument.js";
import { nonceFailure, type VerifyFailure } from "../proof/failure.js";

/** The answer of a nonce check. */
export interface NonceAnswer {
  /** `renew`: still valid, but the client should be given `nextNonce` already. */
  readonly status: "valid" | "renew" | "invalid" | "missing";
  /**
   * The last second, since the epoch, in which this nonce is accepted. Where it is given, it
   * decides the time of the proof instead of `iat` (section 4.3 item 11), or beside it where
   * `iatWithNonce` is "checked"; where it is not, `iat` decides.
   */
  readonly acceptUntil?: number | undefined;
  /**
   * The nonce to hand out in `DPoP-Nonce`. With `invalid` and `missing` a client can't come in
   * without one: a resource server and a token endpoint throw a TypeError where there is none.
   */
  readonly nextNonce?: string | undefined;
}

export interface NonceCheck {
  /**
   * Answers at once. `nonce` is the claim, undefined where the proof has none; `now` are seconds
   * since the epoch. It may be asked twice for one proof, after a long wait, and uses no nonce up:
   * that a proof is used once is for the replay store.
   */
  check(nonce: string | undefined, now: number): NonceAnswer;
}

/** What a verified proof says of its nonce. */
export interface VerifiedNonce {
  /** `missing`: the policy takes proofs without one, and this was one. */
  readonly status: "valid" | "renew" | "missing";
  /** The nonce to hand out with the answer. */
  readonly nextNonce?: string | undefined;
}

/** Asks the check, and guards its answer: what is broken never means "valid". */
export function askNonce(check: NonceCheck, nonce: string | undefined, now: number): NonceAnswer {
  const answer: unknown = check.check(nonce, now);
  const { status, acceptUntil, nextNonce } = objectArgument(answer, "the answer of nonce.check");
  if (status !== "valid" && status !== "renew" && status !== "invalid" && status !== "missing") {
    leave(answer);
    throw new TypeError(
      'nonce.check must return, at once, a status of "valid", "renew", "invalid" or "missing"',
    );
  }
  const until =
    acceptUntil === undefined ? undefined : timeArgument(acceptUntil, "acceptUntil of nonce.check");
  const answered = {
    acceptUntil: until,
    nextNonce: optionalString(nextNonce, "nextNonce of nonce.check"),
  };
  // Whatever a check says: a nonce that is not there can't be valid (section 11.3), nor decide the
  // time; one that is there is not missing, or a wrong one would pass where none is needed.
  if (nonce === undefined) return { ...answered, status: "missing", acceptUntil: undefined };
  return { ...answered, status: status === "missing" ? "invalid" : status };
}

/** Item 10. Section 11.3: a proof without a nonce is refused unless the policy says otherwise. */
export function checkNonce(
  answer: NonceAnswer,
  now: number,
  policy: "required" | "optional",
): VerifyFailure | null {
  if (answer.status === "missing") {
    return policy === "required" ? nonceFailure("nonce_missing", answer.nextNonce) : null;
  }
  if (answer.status === "invalid") return nonceFailure("nonce_mismatch", answer.nextNonce);
  // A nonce past its own limit is not valid, whatever its check says.
  if (answer.acceptUntil !== undefined && now > answer.acceptUntil) {
    return nonceFailure("nonce_mismatch", answer.nextNonce);
  }
  return null;
}
