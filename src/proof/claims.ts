// Claims (RFC 9449 section 4.2): the payload of a proof to typed claims, without coercion.
import type { JsonObject, JsonValue } from "../input/json.js";
import { isWellFormed } from "../bytes/utf8.js";
import { integerArgument, membersArgument } from "../input/argument.js";
import { MAX_MODULUS, MIN_MODULUS } from "../jose/jwk.js";

/** The media type of a proof, without its `application/` prefix. */
export const TYP = "dpop+jwt";

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
  /** When the proof expires, in seconds since the epoch. */
  readonly exp?: number | undefined;
  /** When the proof becomes valid, in seconds since the epoch. */
  readonly nbf?: number | undefined;
  /** Any other claim, as it was sent: section 4.2 allows them, and they are signed. */
  readonly [claim: string]: unknown;
}

/**
 * Upper bounds of what is read, against exhaustion of memory and time (section 11.1). Header and
 * payload have fixed bounds too: each holds at most 16 levels, 64 members in one object, 128
 * members and elements in all and 1024 characters outside strings. A proof with more is malformed.
 */
export interface ProofLimits {
  /** Length of the whole proof, in characters. Default 8192. */
  readonly proof: number;
  /** Length of the claim `jti`, in characters. Default 256. */
  readonly jti: number;
  /**
   * Length of the claim `htu`, and of the URL of the request before its query, in characters.
   * Default 4096.
   */
  readonly htu: number;
  /** Length of the claim `nonce`, in characters. Default 1024. */
  readonly nonce: number;
  /**
   * Length of an RSA key, in bits, from 2048 to 8192. Default 4096. A signature check with 8192
   * bits takes three times as long as with 4096, and anyone can make such a key.
   */
  readonly modulusLength: number;
}

/** Limits, each with its Default where it is left out. */
export type ProofLimitOptions = { readonly [L in keyof ProofLimits]?: number | undefined };

const DEFAULT_LIMITS: ProofLimits = {
  proof: 8192,
  jti: 256,
  htu: 4096,
  nonce: 1024,
  modulusLength: 4096,
};

/** The highest limit, in characters: no HTTP header field is longer. */
const MAX_LIMIT = 0x10000000;

/** Reads limits that the programmer gave. A limit that is left out has its Default. */
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

/** The claims that are read. */
export type ClaimName = "jti" | "htm" | "htu" | "iat" | "ath" | "nonce" | "exp" | "nbf";

/** What is wrong with the claims: the code of the failure, and the claim. */
export type ClaimFault = `${"claim_missing" | "claim_invalid" | "claim_too_long"} ${ClaimName}`;

/**
 * Reads the claims of a payload: first whether the required ones are there, then every type, then
 * every length. Returns the first fault.
 */
export function readClaims(
  payload: JsonObject,
  limits: Pick<ProofLimits, "jti" | "htu" | "nonce">,
): ProofClaims | ClaimFault {
  const { jti, htm, htu, iat, ath, nonce, exp, nbf } = payload;
  if (jti === undefined) return "claim_missing jti";
  if (htm === undefined) return "claim_missing htm";
  if (htu === undefined) return "claim_missing htu";
  if (iat === undefined) return "claim_missing iat";
  if (!isText(jti)) return "claim_invalid jti";
  if (!isText(htm)) return "claim_invalid htm";
  if (!isText(htu)) return "claim_invalid htu";
  if (!isNumericDate(iat)) return "claim_invalid iat";
  if (!isOptional(ath, isText)) return "claim_invalid ath";
  if (!isOptional(nonce, isText)) return "claim_invalid nonce";
  if (!isOptional(exp, isNumericDate)) return "claim_invalid exp";
  if (!isOptional(nbf, isNumericDate)) return "claim_invalid nbf";
  if (jti.length > limits.jti) return "claim_too_long jti";
  if (htu.length > limits.htu) return "claim_too_long htu";
  if (nonce !== undefined && nonce.length > limits.nonce) return "claim_too_long nonce";
  return payload as ProofClaims; // every member that ProofClaims names was checked above
}

/**
 * Returns true for non-empty text without lone surrogates. All lone surrogates have the same UTF-8
 * form, so that two claims would share a replay key.
 */
function isText(value: JsonValue): value is string {
  return typeof value === "string" && value !== "" && isWellFormed(value);
}

/** RFC 7519 section 2. JSON.parse returns Infinity for 1e400. */
function isNumericDate(value: JsonValue): value is number {
  return typeof value === "number" && Number.isFinite(value);
}

function isOptional<T extends JsonValue>(
  value: JsonValue | undefined,
  is: (value: JsonValue) => value is T,
): value is T | undefined {
  return value === undefined || is(value);
}
