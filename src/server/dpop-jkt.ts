// dpop_jkt (RFC 9449 section 10): from the parameter of an authorization request to a thumbprint.
import type { FieldValue } from "../input/http.js";
import { isThumbprint } from "../jose/thumbprint.js";
import { type Failure, failure } from "../proof/failure.js";

/** A good `dpop_jkt`, or none. */
export interface ParsedDpopJkt {
  readonly ok: true;
  /** undefined if the client did not send the parameter. */
  readonly jkt: string | undefined;
}

/**
 * Reads the parameter `dpop_jkt` of an authorization request: the base64url of 32 bytes, sent once. Store
 * its `jkt` with the code; it is the `jkt` of the grant at the token endpoint. An empty parameter counts
 * as absent (RFC 6749 section 3.1).
 *
 * @param parameter its value, or the list of its values.
 * @returns the thumbprint, or a failure: redirect to the client with the error `invalid_request`.
 * @throws nothing.
 * @example
 * ```ts
 * import { parseDpopJkt } from "dpop-core";
 *
 * const parsed = parseDpopJkt("0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I");
 * if (parsed.ok) console.log(parsed.jkt); // "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"
 * ```
 * @see RFC 9449 section 10
 */
export function parseDpopJkt(parameter: FieldValue): ParsedDpopJkt | Failure {
  const values: readonly unknown[] = Array.isArray(parameter) ? parameter : [parameter];
  const [value, ...others] = values;
  if (others.length > 0) return failure("dpop_jkt_invalid"); // RFC 6749 section 3.1: once
  if (value === undefined || value === null || value === "") return { ok: true, jkt: undefined };
  return isThumbprint(value) ? { ok: true, jkt: value } : failure("dpop_jkt_invalid");
}
