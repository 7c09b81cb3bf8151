// Checks (RFC 9449 section 4.3, items 8 to 12): what a proof claims against what the server saw.
// Pure; signatures are not checked here. Each check returns null when its rule holds.
import { constantTimeEqual } from "../bytes/equal.js";
import type { Hasher } from "../jose/hash.js";
import { hashOf } from "./ath.js";
import type { ProofClaims } from "./claims.js";
import { clockFailure, detailedFailure, failure, type VerifyFailure } from "./failure.js";
import { normalizeHtu, pathEnd } from "./htu.js";

/** Item 8. Methods are case-sensitive (RFC 9110 section 9.1). */
export function checkHtm(claims: ProofClaims, method: string): VerifyFailure | null {
  if (claims.htm === method) return null;
  return detailedFailure("htm_mismatch", { htm: claims.htm, method });
}

/**
 * Item 9: equal after normalisation, both without query and fragment. A URL that is longer than any
 * `htu` may be (`longest`, in characters) is not read at all, because its sender chooses its
 * length.
 */
export function checkHtu(claims: ProofClaims, url: string, longest: number): VerifyFailure | null {
  if (url.length > longest && pathEnd(url) > longest) return badHtu("htu_mismatch", claims, url);
  const target = normalizeHtu(url);
  if (target === null) return badHtu("url_invalid", claims, url);
  if (claims.htu === url || claims.htu === target) return null;
  const htu = normalizeHtu(claims.htu);
  if (htu === null) return badHtu("htu_invalid", claims, url);
  return htu === target ? null : badHtu("htu_mismatch", claims, url);
}

/** Both URLs are known then. A query may hold what no log should. */
function badHtu(
  code: "url_invalid" | "htu_invalid" | "htu_mismatch",
  { htu }: ProofClaims,
  url: string,
): VerifyFailure {
  return detailedFailure(code, {
    htu: htu.slice(0, pathEnd(htu)),
    url: url.slice(0, pathEnd(url)),
  });
}

/** The times that are accepted, in seconds. */
export interface TimeWindow {
  /** How old a proof may be. */
  readonly maxAge: number;
  /** How far the clock of a client may be ahead of the server's. */
  readonly clockTolerance: number;
}

/**
 * Item 11 by `iat`: accepted from `now - maxAge` to `now + clockTolerance`, both inclusive. The
 * tolerance is not added to the past: only `maxAge` says how old a proof may be.
 */
export function checkIat(
  claims: ProofClaims,
  now: number,
  window: TimeWindow,
): VerifyFailure | null {
  const offset = claims.iat - now;
  if (claims.iat < now - window.maxAge) return clockFailure("iat_too_old", offset);
  if (claims.iat > now + window.clockTolerance) return clockFailure("iat_in_future", offset);
  return null;
}

/**
 * Item 11 by `exp` and `nbf` (RFC 7519 sections 4.1.4 and 4.1.5): DPoP does not ask for them, but
 * they hold where a proof has them.
 */
export function checkLifetime(
  claims: ProofClaims,
  now: number,
  window: TimeWindow,
): VerifyFailure | null {
  const { exp, nbf } = claims;
  if (exp !== undefined && exp <= now) return clockFailure("proof_expired", exp - now);
  if (nbf !== undefined && nbf > now + window.clockTolerance)
    return clockFailure("proof_not_yet_valid", nbf - now);
  return null;
}

/**
 * Item 12a: `ath` is the hash of the access token that came with the proof. Without a token there
 * must be no `ath`: a proof that was made for a resource is not accepted at the token endpoint.
 * `known` is the hash of the token, where the caller has it already.
 */
export function checkAth(
  claims: ProofClaims,
  accessToken: string | undefined,
  hasher: Hasher,
  known?: string | undefined,
): VerifyFailure | null {
  if (accessToken === undefined) return claims.ath === undefined ? null : failure("ath_unexpected");
  if (claims.ath === undefined) return failure("ath_missing");
  const ath = known ?? hashOf(accessToken, hasher);
  if (ath === null) return failure("ath_mismatch"); // it can't be a token, so it has no hash
  // In constant time: the sender of the proof may not have the token, and must not learn its hash.
  return constantTimeEqual(claims.ath, ath) ? null : failure("ath_mismatch");
}

/** Item 12b, sections 6 and 10: the key of the proof is the expected one. */
export function checkJkt(actual: string, expected: string | undefined): VerifyFailure | null {
  if (expected === undefined) return null;
  // In constant time: the keys that tokens and codes are bound to may be secret.
  return constantTimeEqual(actual, expected) ? null : failure("jkt_mismatch");
}
