// Nonces (RFC 9449 sections 8 and 9): one that was refused, to its likely cause.
import { LAST_SECOND } from "../input/argument.js";
import { askNonce, type NonceAnswer, type NonceCheck } from "../verify/nonce-check.js";
import { isSameKeyId, nonceEnd } from "../verify/nonce-form.js";
import type { Cause } from "./cause.js";

/**
 * Returns why a nonce was refused and, of one that has expired, the seconds since it was replaced. A nonce of
 * createNonceIssuer names its time and its secret: the check is asked whether it was good at that time.
 */
export function nonceCause(
  check: NonceCheck,
  nonce: string | undefined,
  { nextNonce }: NonceAnswer,
  now: number,
): readonly [Cause, age?: number] {
  if (nonce === undefined) return ["nonce_absent"];
  const end = nonceEnd(nonce);
  if (end === null || end > LAST_SECOND) return ["nonce_foreign"];
  const { status } = askNonce(check, nonce, end);
  if ((status === "valid" || status === "renew") && end < now) return ["nonce_expired", now - end];
  return [
    nextNonce !== undefined && isSameKeyId(nonce, nextNonce) ? "nonce_audience" : "nonce_foreign",
  ];
}
