// dpop_jkt (RFC 9449 section 10): the parameter of an authorization request to a thumbprint.
import type { FieldValue } from "../input/http.js";
import { isThumbprint } from "../jose/thumbprint.js";
import { type Failure, failure } from "../proof/failure.js";

export interface ParsedDpopJkt {
  readonly ok: true;
  /** undefined where the parameter was not sent. */
  readonly jkt: string | undefined;
}

/**
 * Checks the syntax of `dpop_jkt`: the base64url of 32 bytes, once. Store the `jkt` with the code; at
 * the token endpoint it is the `jkt` of the grant. A failure is `invalid_request` for the redirection to the
 * client. An empty parameter is none (RFC 6749 section 3.1). Never throws.
 */
export function parseDpopJkt(parameter: FieldValue): ParsedDpopJkt | Failure {
  const values: readonly unknown[] = Array.isArray(parameter) ? parameter : [parameter];
  const [value, ...others] = values;
  if (others.length > 0) return failure("dpop_jkt_invalid"); // RFC 6749 section 3.1: once
  if (value === undefined || value === null || value === "") return { ok: true, jkt: undefined };
  return isThumbprint(value) ? { ok: true, jkt: value } : failure("dpop_jkt_invalid");
}
