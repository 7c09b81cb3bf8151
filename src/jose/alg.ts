// The plug: what an algorithm, a backend and a signer must offer. Everything that does cryptography
// comes in through here.
import type { PublicJwk } from "./jwk.js";

/** Every asymmetric JWS label for which a key can be read (RFC 7518 section 3.1, RFC 8037, RFC 9864). */
export const LABELS = [
  "ES256",
  "ES384",
  "ES512",
  "EdDSA",
  "Ed25519",
  "RS256",
  "RS384",
  "RS512",
  "PS256",
  "PS384",
  "PS512",
] as const;

/** One of these labels. */
export type SigningLabel = (typeof LABELS)[number];

/** What a label says about its key and its signature. */
export interface AlgShape {
  readonly kty: "EC" | "OKP" | "RSA";
  readonly crv?: "P-256" | "P-384" | "P-521" | "Ed25519";
  /** Length of the signature in bytes; absent for RSA, where the modulus decides. */
  readonly signatureSize?: number;
  /** Length of the hash that is signed, in bits; absent for Ed25519, which hashes the message itself. */
  readonly hashBits?: 256 | 384 | 512;
  /** The padding of an RSA signature (RFC 8017 sections 8.1 and 8.2). */
  readonly padding?: "PSS" | "PKCS1-v1_5";
}

/**
 * The shape of a label; undefined for every other text, above all `none` and the MACs (RFC 9449
 * section 11.6).
 */
export function algShape(label: unknown): AlgShape | undefined {
  switch (label) {
    case "ES256":
      return { kty: "EC", crv: "P-256", signatureSize: 64, hashBits: 256 };
    case "ES384":
      return { kty: "EC", crv: "P-384", signatureSize: 96, hashBits: 384 };
    case "ES512":
      return { kty: "EC", crv: "P-521", signatureSize: 132, hashBits: 512 };
    case "EdDSA":
    case "Ed25519":
      return { kty: "OKP", crv: "Ed25519", signatureSize: 64 };
    case "RS256":
      return { kty: "RSA", padding: "PKCS1-v1_5", hashBits: 256 };
    case "RS384":
      return { kty: "RSA", padding: "PKCS1-v1_5", hashBits: 384 };
    case "RS512":
      return { kty: "RSA", padding: "PKCS1-v1_5", hashBits: 512 };
    case "PS256":
      return { kty: "RSA", padding: "PSS", hashBits: 256 };
    case "PS384":
      return { kty: "RSA", padding: "PSS", hashBits: 384 };
    case "PS512":
      return { kty: "RSA", padding: "PSS", hashBits: 512 };
    default:
      return undefined;
  }
}

/** The shape of a label that the programmer names; a TypeError lists the labels. */
export function labelArgument(alg: unknown): {
  readonly alg: SigningLabel;
  readonly shape: AlgShape;
} {
  const label = LABELS.find((known) => known === alg);
  const shape = algShape(label);
  if (label !== undefined && shape !== undefined) return { alg: label, shape };
  throw new TypeError(`alg must be one of ${LABELS.join(", ")}`);
}

/** The labels that a key can sign under. The first is the default, but an RSA key has no default. */
export function labelsOf(jwk: PublicJwk): readonly SigningLabel[] {
  return LABELS.filter((label) => {
    const shape = algShape(label);
    return shape !== undefined && fits(jwk, shape);
  });
}

/** True where the key is of the kind and on the curve of the algorithm. */
export function fits(jwk: PublicJwk, { kty, crv }: AlgShape): boolean {
  return jwk.kty === kty && (jwk.kty === "RSA" || jwk.crv === crv);
}

/** One algorithm for each label: what a backend over a platform's own cryptography has. */
export type ByLabel<A extends Alg> = Readonly<Record<SigningLabel, A>>;

/** Makes the algorithm of every label. */
export function byLabel<A extends Alg>(make: (label: SigningLabel) => A): ByLabel<A> {
  // Each label is a key of the object, and no other: LABELS holds all of them.
  return Object.fromEntries(LABELS.map((label) => [label, make(label)])) as ByLabel<A>;
}

/** A public key that was imported once and verifies often. */
export interface SyncKey {
  /**
   * True when `signature` (as the JWS carries it: R||S for ECDSA, never DER) signs `data`. Lengths
   * are checked here, before a library is called; a throw means that the backend is broken, never
   * that the signature is bad. Ed25519 is verified without the cofactor, and an R of small order is
   * refused (ed25519.ts), so that all backends give one answer. Both arrays are lent until the answer:
   * what is in them changes later.
   */
  verify(signature: Uint8Array, data: Uint8Array): boolean;
  /** Bytes held, tables included. */
  readonly size: number;
  /** Bytes of that in tables. */
  readonly tableSize?: number | undefined;
  /** Drops the tables; the key still works. */
  dropTables?(): void;
}

export interface AsyncKey {
  /** As in SyncKey; both arrays are lent until the promise is settled. */
  verify(signature: Uint8Array, data: Uint8Array): Promise<boolean>;
  readonly size: number;
  readonly tableSize?: number | undefined;
  dropTables?(): void;
}

interface AlgName {
  /** The JWS `alg` label, as in RFC 7518, RFC 8037 or RFC 9864: one value for each label. */
  readonly alg: string;
  readonly kty: "EC" | "OKP" | "RSA";
  readonly crv?: string | undefined;
}

export interface SyncAlg extends AlgName {
  /**
   * Imports a key that was read and found public and canonical: a backend trusts its members and only
   * compares `kty` and `crv`. Returns null where it is no key of this algorithm all the same: it has
   * another `kty` or `crv`, or its point is not on the curve.
   */
  importKey(jwk: PublicJwk): SyncKey | null;
}

export interface AsyncAlg extends AlgName {
  /** As in SyncAlg. */
  importKey(jwk: PublicJwk): Promise<AsyncKey | null>;
}

export type Alg = SyncAlg | AsyncAlg;

export interface Backend<A extends Alg = Alg> {
  /** The algorithms that are accepted when a verifier is given no list of its own. */
  readonly algs: readonly A[];
  /**
   * SHA-256, always synchronous: waiting for a digest costs more than computing one this short.
   * `data` is lent for the call alone: what is in it changes later, and it may be a part of a larger
   * buffer, which is nobody else's business: read `data`, never `data.buffer`.
   */
  sha256(data: Uint8Array): Uint8Array;
  /** Cryptographically secure random bytes; throws where there is no source of them. */
  randomBytes(length: number): Uint8Array;
}

export type SyncBackend = Backend<SyncAlg>;

interface SignerName {
  /** The JWS `alg` label that this signer's proofs carry. */
  readonly alg: string;
  readonly publicJwk: PublicJwk;
}

export interface SyncSigner extends SignerName {
  /** Signs the bytes of a JWS signing input; answers the signature as the JWS carries it. */
  sign(data: Uint8Array): Uint8Array;
}

/** A key that lives elsewhere: WebCrypto, a KMS, hardware. */
export interface AsyncSigner extends SignerName {
  sign(data: Uint8Array): Promise<Uint8Array>;
}

export type Signer = SyncSigner | AsyncSigner;
