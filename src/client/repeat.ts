// Whether to send a refused request again (RFC 9449 sections 8, 9 and 11.1): only where a new proof would say
// what the refused one did not, a nonce of the server or its time.
import { stringArgument } from "../input/argument.js";
import { nonceOf, type ResponseLike } from "./challenge.js";
import { readClockOffset } from "./clock.js";
import { INVALID_PROOF, readRefusal, type Refusal } from "./refusal.js";
import { readSentProof, type SentProof } from "./sent-proof.js";

/** Times that one request is sent at most: once more for a nonce, and once more for the time. */
export const MOST_ATTEMPTS = 3;

/** Seconds. Every server takes a proof that is a little older or newer, and a slow response explains it. */
const LEAST_SKEW = 5;

/**
 * Returns whether a new proof may be accepted where `proof` was not. `attempt` counts from 1. Times count only
 * where `withClock` says so. Throws a TypeError for what is no response, or no string.
 */
export function isWorthRepeating(
  proof: string,
  response: ResponseLike,
  attempt: number,
  withClock: boolean,
): boolean {
  stringArgument(proof, "proof");
  const refusal = readRefusal(response);
  if (refusal === null || attempt >= MOST_ATTEMPTS) return false;
  const sent = readSentProof(proof);
  if (mayWantNonce(sent, attempt) && wantsOtherNonce(sent, response, refusal)) return true;
  return withClock && isAboutProof(response) && isClockOff(sent, response);
}

/** One repeat for a nonce is enough, before or after the one for the time. */
function mayWantNonce({ nonce }: SentProof, attempt: number): boolean {
  return attempt === 1 || nonce === undefined;
}

/** A server whose challenge can't be read may have asked too: not if it got that nonce. */
function wantsOtherNonce(sent: SentProof, response: ResponseLike, refusal: Refusal): boolean {
  if (!refusal.isHidden) return refusal.nonce !== null;
  const nonce = nonceOf(response);
  return nonce !== null && nonce !== sent.nonce;
}

/** True where the time of a proof is too far from that of the server for it to be accepted. */
function isClockOff({ iat }: SentProof, response: ResponseLike): boolean {
  const offset = typeof iat === "number" ? readClockOffset(response, iat) : null;
  return offset !== null && Math.abs(offset) >= LEAST_SKEW;
}

/** True where the server refuses the proof, or may. */
export function isAboutProof(response: ResponseLike): boolean {
  const refusal = readRefusal(response);
  if (refusal === null) return false;
  return refusal.isHidden || refusal.error === INVALID_PROOF || refusal.nonce !== null;
}

/**
 * Returns whether the JSON of a response could decide: it has something that a new proof would say. `proof` is
 * the one that was sent.
 */
export function mayNeedBody(proof: string, response: ResponseLike, attempt: number): boolean {
  const sent = readSentProof(proof);
  return (nonceOf(response) !== null && mayWantNonce(sent, attempt)) || isClockOff(sent, response);
}
