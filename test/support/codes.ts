// Which part of the package returns which failure code: every code must be seen somewhere.
import { FAILURES, type FailureCode } from "dpop-core";

/** The codes that a role returns before, or instead of, asking a verifier. */
export const ROLE_CODES: readonly FailureCode[] = [
  "credentials_missing",
  "credentials_malformed",
  "credentials_multiple",
  "scheme_unsupported",
  "dpop_jkt_invalid",
  "token_inactive",
  "token_unbound",
  "token_bound_as_bearer",
  "binding_invalid",
  "binding_unsupported",
  "grant_invalid",
  "dpop_jkt_mismatch",
  "scope_insufficient",
];

/** All others: what a verifier says of a proof. */
export const VERIFIER_CODES: readonly string[] = Object.keys(FAILURES).filter(
  (code) => !ROLE_CODES.some((one) => one === code),
);
