// Claims (RFC 9449 section 4.2): the payload of a proof to typed claims; nothing is coerced.
import type { JsonObject, JsonValue } from "../input/json.js";
import { isWellFormed } from "../bytes/utf8.js";
import { integerArgument, membersArgument } from "../input/argument.js";
import { MAX_MODULUS, MIN_MODULUS } from "../jose/jwk.js";
import type { VerifyFailureCode } from "./failure.js";

/** The claims of a proof, frozen with all that they hold. */
export interface ProofClaims {
  /** Unique to this proof. */
  readonly jti: string;
  /** The HTTP method that the client says it uses. */
  readonly htm: string;
  /** The URI that the client says it calls, as it was sent. */
  readonly htu: string;
  /** Creation time by the client's clock: seconds since the epoch, fractions allowed. */
  readonly iat: number;
  /** base64url of the SHA-256 of the access token. */
  readonly ath?: string | undefined;
  /** What the server sent in `DPoP-Nonce`. */
  readonly nonce?: string | undefined;
  /** Seconds since the epoch. */
  readonly exp?: number | undefined;
  /** Seconds since the epoch. */
  readonly nbf?: number | undefined;
  /** Any other claim, as it was sent: section 4.2 allows them, and they are signed. */
  readonly [claim: string]: unknown;
}

/**
 * Upper bounds of what is read, against exhaustion of memory and time (section 11.1). Beside these,
 * header and payload hold at most 16 levels, 64 members in one object, 128 members and elements in
 * all and 1024 characters outside of strings each: a proof with more is malformed.
 */
export interface ProofLimits {
  /** Of the whole proof, in characters. */
  readonly proof: number;
  /** Of the claim jti, in characters. */
  readonly jti: number;
  /** Of the claim htu, and of the URL of the request before its query, in characters. */
  readonly htu: number;
  /** Of the claim nonce, in characters. */
  readonly nonce: number;
  /**
   * Of an RSA key, in bits, from 2048 to 8192. A signature check with 8192 bits takes three times as
   * long as with 4096, and anybody can make such a key.
   */
  readonly modulusLength: number;
}

/** Limits of which any may be left to its default. */
export type ProofLimitOptions = { readonly [L in keyof ProofLimits]?: number | undefined };

const DEFAULT_LIMITS: ProofLimits = {
  proof: 8192,
  jti: 256,
  htu: 4096,
  nonce: 1024,
  modulusLength: 4096,
};

/** Whatever the limit, a string longer than this is no HTTP header field. */
const MAX_LIMIT = 0x10000000;

/** Reads limits that the programmer gave; what is absent has its default. */
export function readLimits(value: ProofLimitOptions | undefined): ProofLimits {
  if (value === undefined) return DEFAULT_LIMITS;
  const given = membersArgument(value, "limits", Object.keys(DEFAULT_LIMITS));
  const limit = (
    name: keyof ProofLimits,
    unit = "characters",
    least = 1,
    most = MAX_LIMIT,
  ): number =>
    given[name] === undefined
      ? DEFAULT_LIMITS[name]
      : integerArgument(given[name], `limits.${name}`, unit, least, most);
  return Object.freeze({
    proof: limit("proof"),
    jti: limit("jti"),
    htu: limit("htu"),
    nonce: limit("nonce"),
    modulusLength: limit("modulusLength", "bits", MIN_MODULUS, MAX_MODULUS),
  });
}

/** Reads the claims of a payload: first what must be there, then every type, then every length. */
export function readClaims(
  payload: JsonObject,
  limits: Pick<ProofLimits, "jti" | "htu" | "nonce">,
): ProofClaims | VerifyFailureCode {
  const { jti, htm, htu, iat, ath, nonce, exp, nbf } = payload;
  if (jti === undefined || htm === undefined || htu === undefined || iat === undefined)
    return "claim_missing";
  if (!isText(jti) || !isText(htm) || !isText(htu) || !isNumericDate(iat)) return "claim_invalid";
  if (!isOptional(ath, isText) || !isOptional(nonce, isText)) return "claim_invalid";
  if (!isOptional(exp, isNumericDate) || !isOptional(nbf, isNumericDate)) return "claim_invalid";
  if (jti.length > limits.jti || htu.length > limits.htu) return "claim_too_long";
  if (nonce !== undefined && nonce.length > limits.nonce) return "claim_too_long";
  return payload as ProofClaims; // every member that ProofClaims names was checked above
}

/**
 * Two different lone surrogates have the same UTF-8 form, so that two claims would share a replay
 * key.
 */
function isText(value: JsonValue): value is string {
  return typeof value === "string" && value !== "" && isWellFormed(value);
}

/** RFC 7519 section 2; JSON.parse makes Infinity of 1e400. */
function isNumericDate(value: JsonValue): value is number {
  return typeof value === "number" && Number.isFinite(value);
}

function isOptional<T extends JsonValue>(
  value: JsonValue | undefined,
  is: (value: JsonValue) => value is T,
): value is T | undefined {
  return value === undefined || is(value);
}
