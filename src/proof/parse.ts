// Parsing (RFC 9449 sections 4.1 and 4.2): the DPoP header field of a request to the parts of one
// proof. None of them can be trusted: nothing here looks at a clock, a request, a policy of
// algorithms or a signature.
import { membersArgument } from "../input/argument.js";
import type { FieldValue } from "../input/http.js";
import type { JsonObject } from "../input/json.js";
import { algShape } from "../jose/alg.js";
import { type PublicJwk, readPublicJwk } from "../jose/jwk.js";
import { demandsExtension, type JwsSegments, parseJws, splitJws } from "../jose/jws.js";
import {
  type ProofClaims,
  type ProofLimitOptions,
  type ProofLimits,
  readClaims,
  readLimits,
  TYP,
} from "./claims.js";
import { claimFailure, failure, type VerifyFailure, type VerifyFailureCode } from "./failure.js";

/**
 * A proof that is well-formed. Anyone can make one: nothing in it was checked against a request, a
 * key or a signature.
 */
export interface ParsedProof {
  readonly ok: true;
  /** The JWS `alg` label of the header. */
  readonly alg: string;
  /** The public key of the header, read and copied. */
  readonly jwk: PublicJwk;
  /** The payload. */
  readonly claims: ProofClaims;
  /** The whole header, unknown members included. It is frozen, as `jwk` and `claims` are. */
  readonly header: JsonObject;
}

/**
 * Reads a proof without trusting it, for logs and diagnosis. Never let its result decide who gets
 * in: only a verifier checks a proof.
 *
 * @param proof the value, or the list of values, of the header field `DPoP`.
 * @param options only the limits of what is read.
 * @returns the parts of a well-formed proof, or a failure with its code.
 * @throws a TypeError where `proof` is not a string, an array of strings, null or undefined. A
 *   TypeError or RangeError for limits that are not whole numbers within their bounds.
 * @example
 * ```ts
 * import { parseProof } from "dpop-core";
 *
 * const parsed = parseProof("no proof");
 * console.log(parsed.ok ? parsed.claims.htu : parsed.code); // "jws_malformed"
 * ```
 * @see RFC 9449 section 4.2
 */
export function parseProof(
  proof: FieldValue,
  options: { readonly limits?: ProofLimitOptions | undefined } = {},
): ParsedProof | VerifyFailure {
  const limits = readLimits(membersArgument(options, "options", ["limits"]).limits);
  const segments = splitProof(proof, limits);
  if (typeof segments === "string") return failure(segments);
  const jws = parseJws(segments);
  if (jws === null) return failure("jws_malformed");
  const { header } = jws;
  const badHeader = checkHeader(header);
  if (badHeader !== null) return failure(badHeader);
  const alg = header["alg"];
  if (typeof alg !== "string" || algShape(alg) === undefined) return failure("alg_unsupported");
  const claims = readClaims(jws.payload, limits);
  if (typeof claims === "string") return claimFailure(claims);
  const jwk = readPublicJwk(header["jwk"], undefined, limits.modulusLength);
  if (typeof jwk === "string") return failure(jwk);
  return { ok: true, alg, jwk, claims, header };
}

/**
 * Checks items 1 and 2 of section 4.3 as far as they need no decoding: presence, number, size,
 * segments.
 */
export function splitProof(
  proof: FieldValue,
  limits: ProofLimits,
): JwsSegments | VerifyFailureCode {
  if (isProofAbsent(proof)) return "proof_missing"; // item 1
  const field = singleField(proof);
  if (field === null) return "proof_multiple"; // item 1
  if (field.length > limits.proof) return "proof_too_large"; // item 2; section 11.1
  return splitJws(field) ?? "jws_malformed"; // item 2
}

/** Checks what a header must say with any algorithm and any key: items 4 and 2. */
export function checkHeader(header: JsonObject): VerifyFailureCode | null {
  if (header["typ"] !== TYP) return "typ_mismatch"; // item 4
  return demandsExtension(header) ? "crit_unsupported" : null; // item 2
}

/** Returns true where the request carries no proof: no field, or only an empty one. */
export function isProofAbsent(proof: FieldValue): proof is null | undefined {
  if (proof === null || proof === undefined || proof === "") return true;
  return Array.isArray(proof) && (proof.length === 0 || (proof.length === 1 && proof[0] === ""));
}

/**
 * Returns the one field, or null for several. Servers join repeated fields with a comma (RFC 9110
 * section 5.3), which no JWS contains, so a comma means a second field.
 */
function singleField(proof: string | readonly string[]): string | null {
  const fields: readonly unknown[] = Array.isArray(proof) ? proof : [proof];
  for (const field of fields) {
    if (typeof field !== "string") {
      throw new TypeError("proof must be a string, an array of strings, null or undefined");
    }
  }
  const [field] = fields;
  return fields.length === 1 && typeof field === "string" && !field.includes(",") ? field : null;
}
