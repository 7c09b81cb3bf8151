// Public JSON Web Keys (RFC 7517, RFC 7518 section 6, RFC 8037 section 2): an unknown value to the
// members of a public key.
import { decodeBase64url } from "../bytes/base64url.js";
import { isCanonicalPoint, isSmallOrderPoint } from "./ed25519.js";

/** A public key on a NIST curve (RFC 7518 section 6.2.1). */
export interface EcPublicJwk {
  readonly kty: "EC";
  readonly crv: "P-256" | "P-384" | "P-521";
  /** base64url, exactly as long as the curve's field: 32, 48 or 66 bytes. */
  readonly x: string;
  /** Like x. */
  readonly y: string;
}

/** A public Ed25519 key (RFC 8037 section 2). */
export interface OkpPublicJwk {
  readonly kty: "OKP";
  readonly crv: "Ed25519";
  /** base64url of 32 bytes. */
  readonly x: string;
}

/** A public RSA key (RFC 7518 section 6.3.1). */
export interface RsaPublicJwk {
  readonly kty: "RSA";
  /** The modulus: base64url, big-endian without leading zeros, 2048 to 8192 bits. */
  readonly n: string;
  /**
   * The exponent: base64url, big-endian without leading zeros, odd, at least 3, at most 4 bytes.
   */
  readonly e: string;
}

/** A public key: the members that identify it, in the one form that is accepted. */
export type PublicJwk = EcPublicJwk | OkpPublicJwk | RsaPublicJwk;

/** Why a value is not a public key that could have signed under an algorithm. */
export type JwkFault = "jwk_private" | "jwk_invalid" | "jwk_alg_mismatch";

/** The algorithm that a key is to be used with. */
interface Use {
  readonly alg: string;
  readonly kty: string;
  readonly crv?: string | undefined;
}

/**
 * The members of private keys in RFC 7518 sections 6.2.2, 6.3.2 and 6.4.1 and RFC 8037 section 2,
 * and `priv` of the AKP keys. They are refused with any value, even null.
 */
const PRIVATE_MEMBERS: readonly string[] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k", "priv"];

/**
 * Returns the prime of a field in hexadecimal, big-endian (FIPS 186-4 D.1.2.3 to D.1.2.5). A
 * coordinate must be below it, or one key would have several forms.
 */
function fieldPrime(crv: EcPublicJwk["crv"]): string {
  switch (crv) {
    case "P-256":
      return "ffffffff00000001000000000000000000000000ffffffffffffffffffffffff";
    case "P-384":
      return "fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffeffffffff0000000000000000ffffffff";
    case "P-521":
      return "01ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff";
  }
}

/** The shortest RSA modulus that is accepted, in bits. */
export const MIN_MODULUS = 2048;
/** The longest RSA modulus that is accepted, in bits. */
export const MAX_MODULUS = 8192;

/**
 * The longest RSA exponent that is accepted, in bytes. Nearly every key has 65537. With an exponent
 * of 64 bits a signature check takes four times as long; without a bound, the sender of the key
 * would choose how long it takes.
 */
const EXPONENT_BYTES = 4;

/**
 * Reads a public key. Only the members of its `kty` are copied, nothing is ever fetched, and the
 * result is frozen. These are refused:
 *
 * - private members,
 * - members that contradict the use (`use`, `key_ops`, `alg`); without the argument `use`, a member
 *   `alg` need only be text,
 * - every second form of a key (padding, wrong length, a coordinate past the field), so that one
 *   key has one thumbprint,
 * - an RSA modulus longer than `modulusLength` bits.
 *
 * Whether the point is on the curve is checked by `importKey` of the backend.
 */
export function readPublicJwk(
  value: unknown,
  use?: Use,
  modulusLength: number = MAX_MODULUS,
): PublicJwk | JwkFault {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return "jwk_invalid";
  const members = value as Readonly<Record<string, unknown>>; // an object, as was just checked
  for (const member of PRIVATE_MEMBERS) if (member in members) return "jwk_private";
  if (use !== undefined) {
    if (members["kty"] !== use.kty) return "jwk_alg_mismatch";
    if (use.crv !== undefined && members["crv"] !== use.crv) return "jwk_alg_mismatch";
    if (members["alg"] !== undefined && !isSameAlg(members["alg"], use)) return "jwk_alg_mismatch";
  }
  if (!mayVerify(members)) return "jwk_invalid";
  switch (members["kty"]) {
    case "EC":
      return readEc(members);
    case "OKP":
      return readOkp(members);
    case "RSA":
      return readRsa(members, modulusLength);
    default:
      return "jwk_invalid";
  }
}

/**
 * RFC 9864: `EdDSA` and `Ed25519` are two labels of one algorithm on this curve. Some WebCrypto
 * exports say `Ed25519`.
 */
function isSameAlg(alg: unknown, use: Use): boolean {
  if (alg === use.alg) return true;
  return use.crv === "Ed25519" && (alg === "Ed25519" || alg === "EdDSA");
}

/**
 * RFC 7517 sections 4.2 and 4.3: what is present must allow verification, and must be well-formed.
 */
function mayVerify(members: Readonly<Record<string, unknown>>): boolean {
  const { use, key_ops: operations, alg } = members;
  if (use !== undefined && use !== "sig") return false;
  if (alg !== undefined && typeof alg !== "string") return false;
  if (operations === undefined) return true;
  if (!Array.isArray(operations) || !operations.includes("verify")) return false;
  return (
    operations.every((one) => typeof one === "string") &&
    new Set(operations).size === operations.length
  );
}

function readEc(members: Readonly<Record<string, unknown>>): EcPublicJwk | JwkFault {
  const { crv, x, y } = members;
  if (crv !== "P-256" && crv !== "P-384" && crv !== "P-521") return "jwk_invalid";
  if (!isCoordinate(x, crv) || !isCoordinate(y, crv)) return "jwk_invalid";
  return Object.freeze({ kty: "EC", crv, x, y });
}

function isCoordinate(value: unknown, crv: EcPublicJwk["crv"]): value is string {
  if (typeof value !== "string") return false;
  const prime = fieldPrime(crv);
  // Length first, since it bounds the rest. A byte is two hex digits; three bytes are four
  // characters of base64url.
  if (value.length !== Math.ceil((prime.length * 2) / 3)) return false;
  const bytes = decodeBase64url(value);
  return bytes !== null && isBelow(bytes, prime);
}

/** Returns true where a big-endian number is below one in hexadecimal of the same length. */
function isBelow(bytes: Uint8Array, hex: string): boolean {
  for (let i = 0; i < bytes.length; i++) {
    const difference = (bytes[i] ?? 0) - parseInt(hex.slice(2 * i, 2 * i + 2), 16);
    if (difference !== 0) return difference < 0;
  }
  return false;
}

function readOkp(members: Readonly<Record<string, unknown>>): OkpPublicJwk | JwkFault {
  const { crv, x } = members;
  if (crv !== "Ed25519" || typeof x !== "string" || x.length !== 43) return "jwk_invalid";
  const bytes = decodeBase64url(x);
  if (bytes === null || !isCanonicalPoint(bytes) || isSmallOrderPoint(x)) return "jwk_invalid";
  return Object.freeze({ kty: "OKP", crv, x });
}

function readRsa(
  members: Readonly<Record<string, unknown>>,
  modulusLength: number,
): RsaPublicJwk | JwkFault {
  const { n, e } = members;
  const modulus = readUnsigned(n, MAX_MODULUS / 8);
  const exponent = readUnsigned(e, EXPONENT_BYTES);
  if (typeof n !== "string" || typeof e !== "string") return "jwk_invalid";
  if (modulus === null || exponent === null) return "jwk_invalid";
  const bits = bitLength(modulus);
  if (bits < MIN_MODULUS || bits > modulusLength) return "jwk_invalid";
  if (!isOdd(modulus) || !isOdd(exponent) || bitLength(exponent) < 2) return "jwk_invalid";
  return Object.freeze({ kty: "RSA", n, e });
}

/**
 * Returns the bytes of a Base64urlUInt (RFC 7518 section 2: big-endian in the fewest bytes), or
 * null where it is not one or is longer than `most` bytes.
 */
function readUnsigned(value: unknown, most: number): Uint8Array | null {
  if (typeof value !== "string" || value === "" || value.length > Math.ceil((most * 4) / 3))
    return null;
  const bytes = decodeBase64url(value);
  return bytes === null || bytes[0] === 0 ? null : bytes;
}

function bitLength(bytes: Uint8Array): number {
  return bytes.length * 8 - Math.clz32(bytes[0] ?? 0) + 24;
}

function isOdd(bytes: Uint8Array): boolean {
  return ((bytes[bytes.length - 1] ?? 0) & 1) === 1;
}
