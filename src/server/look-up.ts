// Look-ups of what a token or a grant is bound to, which a role passes to its verifier (RFC 9449
// section 4.3 item 12b).
import { leave, objectArgument } from "../input/argument.js";
import { isThumbprint } from "../jose/thumbprint.js";
import { type Failure, isFailure } from "../proof/failure.js";
import type { VerifyResult } from "../verify/drive.js";

/**
 * What was found: a thumbprint, undefined for a grant that is bound to no key, or why it is
 * refused.
 */
export type Found = string | undefined | Failure;

/** One look-up for one request. */
export interface LookUp {
  /**
   * Keeps what was found. Returns what the verifier compares the key with; null refuses every key.
   */
  note<F extends Found>(found: F): Exclude<F, Failure> | null;
  /** Returns the result of the verifier, or the failure of the look-up if that was the reason. */
  conclude(result: VerifyResult): VerifyResult | Failure;
}

/** Connects one look-up with the result of the verifier that makes it. */
export function lookUp(): LookUp {
  let wasMade = false;
  let fault: Failure | undefined;
  return {
    note<F extends Found>(found: F): Exclude<F, Failure> | null {
      wasMade = true;
      fault = undefined; // a verifier of the programmer's own may ask again
      if (!isFailure(found)) return found as Exclude<F, Failure>; // no failure, as was just checked
      fault = found;
      return null;
    },
    conclude(result) {
      const read = readResult(result);
      // A verifier that lost the look-up, for example on its way to another process, compared no keys
      // and would accept a stolen code or token.
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
 * Guards the result of the caller's verifier: a success has `ok: true` and a thumbprint, a refusal is a
 * failure of this package.
 */
export function readResult(result: VerifyResult): VerifyResult {
  const { ok, jkt } = objectArgument(result, "the result of verifier.verify");
  if ((ok === true && isThumbprint(jkt)) || isFailure(result)) return result;
  leave(result);
  throw new TypeError(
    "verifier.verify must return a result, and at once unless the server is an asynchronous one",
  );
}
