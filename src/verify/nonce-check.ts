// Nonces (RFC 9449 sections 8, 9 and 11.3), as a verifier sees them: a check that the server plugs in.
import { leave, objectArgument, optionalString, timeArgument } from "../input/argument.js";
import { nonceFailure, type VerifyFailure } from "../proof/failure.js";

/** What a nonce check returns. */
export interface NonceAnswer {
  /** `renew`: still valid, but the client should already get `nextNonce`. */
  readonly status: "valid" | "renew" | "invalid" | "missing";
  /**
   * The last second, since the epoch, in which this nonce is accepted. It decides the time of the proof
   * instead of `iat` (section 4.3 item 11), or together with `iat` if `iatWithNonce` is "checked".
   * Without it, `iat` decides.
   */
  readonly acceptUntil?: number | undefined;
  /**
   * The nonce to hand out in `DPoP-Nonce`. It is required with `invalid` and `missing`, since a client
   * could never succeed without it: a resource server and an authorization server throw a TypeError if it
   * is not there.
   */
  readonly nextNonce?: string | undefined;
}

/** Judges the nonces of proofs; createNonceIssuer makes one. */
export interface NonceCheck {
  /**
   * Judges a nonce, at once. `nonce` is the claim, undefined where the proof has none; `now` is in
   * seconds since the epoch. After a long wait it is called again for the same proof. So it must not use
   * nonces up: the replay store sees to it that a proof is used only once.
   */
  check(nonce: string | undefined, now: number): NonceAnswer;
}

/** What a verified proof says of its nonce. */
export interface VerifiedNonce {
  /** `missing`: the proof has no nonce, and the policy accepts that. */
  readonly status: "valid" | "renew" | "missing";
  /** The nonce to hand out with the answer. */
  readonly nextNonce?: string | undefined;
}

/** Calls the check and guards what it returns: a broken answer never means "valid". */
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
  // Whatever the check says, a nonce that is not there is not valid (section 11.3) and does not decide the
  // time. One that is there is not "missing", or a wrong one would pass where a nonce is optional.
  if (nonce === undefined) return { ...answered, status: "missing", acceptUntil: undefined };
  return { ...answered, status: status === "missing" ? "invalid" : status };
}

/** Checks item 10. By section 11.3, a proof without a nonce is refused unless the policy says otherwise. */
export function checkNonce(
  answer: NonceAnswer,
  now: number,
  policy: "required" | "optional",
): VerifyFailure | null {
  if (answer.status === "missing") {
    return policy === "required" ? nonceFailure("nonce_missing", answer.nextNonce) : null;
  }
  if (answer.status === "invalid") return nonceFailure("nonce_mismatch", answer.nextNonce);
  // A nonce is not valid after its own limit, whatever the check says.
  if (answer.acceptUntil !== undefined && now > answer.acceptUntil) {
    return nonceFailure("nonce_mismatch", answer.nextNonce);
  }
  return null;
}
