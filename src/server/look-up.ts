// Look-ups that a role hands to its verifier (RFC 9449 section 4.3 item 12b): what a token or a grant is
// bound to.
import { leave, objectArgument } from "../input/argument.js";
import { isThumbprint } from "../jose/thumbprint.js";
import { type Failure, isFailure } from "../proof/failure.js";
import type { VerifyResult } from "../verify/drive.js";

/** What was found: a thumbprint, undefined for a grant that is bound to no key, or why it is refused. */
export type Found = string | undefined | Failure;

/** One look-up for one request. */
export interface LookUp {
  /** Keeps what was found. Returns what the verifier is to compare the key with; null refuses any key. */
  note<F extends Found>(found: F): Exclude<F, Failure> | null;
  /** Returns the result of the verifier, or the failure of the look-up where that was the reason. */
  conclude(result: VerifyResult): VerifyResult | Failure;
}

export function lookUp(): LookUp {
  let wasMade = false;
  let fault: Failure | undefined;
  return {
    note<F extends Found>(found: F): Exclude<F, Failure> | null {
      wasMade = true;
      if (!isFailure(found)) return found as Exclude<F, Failure>; // no failure, as was just checked
      fault = found;
      return null;
    },
    conclude(result) {
      const read = readResult(result);
      // A verifier that lost the look-up, on its way to another process for example, never compared the
      // keys, and would let a stolen code or token through.
      if (read.ok && !wasMade) {
        throw new TypeError("verifier.verify must call jkt() before it accepts a proof");
      }
      if (read.ok && fault !== undefined) {
        throw new TypeError("verifier.verify must refuse a proof where jkt() returns null");
      }
      return !read.ok && read.code === "jkt_mismatch" && fault !== undefined ? fault : read;
    },
  };
}

/**
 * Guards the result of a verifier that the programmer passed: only true with a thumbprint is success,
 * only a failure of ours is a refusal.
 */
export function readResult(result: VerifyResult): VerifyResult {
  const { ok, jkt } = objectArgument(result, "the result of verifier.verify");
  if ((ok === true && isThumbprint(jkt)) || isFailure(result)) return result;
  leave(result);
  throw new TypeError(
    "verifier.verify must return a result, and at once where the server is not an asynchronous one",
  );
}
