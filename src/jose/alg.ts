// The plug: what an algorithm, a backend and a signer must offer. All cryptography comes in here.
import type { PublicJwk } from "./jwk.js";

/** Every asymmetric JWS label whose keys can be read (RFC 7518 section 3.1, RFC 8037, RFC 9864). */
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
 * Returns the shape of a label; undefined for every other value, above all for `none` and the MACs
 * (RFC 9449 section 11.6).
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

/** Returns the shape of the label that the programmer names. Throws a TypeError that lists the labels. */
export function shapeArgument(alg: unknown): AlgShape {
  const shape = algShape(alg);
  if (shape !== undefined) return shape;
  throw new TypeError(`alg must be one of ${LABELS.join(", ")}`);
}

/**
 * Returns the labels that a key can sign under. The first is the default, except for an RSA key,
 * which has no default.
 */
export function labelsOf(jwk: PublicJwk): readonly SigningLabel[] {
  return LABELS.filter((label) => {
    const shape = algShape(label);
    return shape !== undefined && fits(jwk, shape);
  });
}

/** Returns true where the key is of the kind and on the curve of the algorithm. */
export function fits(jwk: PublicJwk, { kty, crv }: AlgShape): boolean {
  return jwk.kty === kty && (jwk.kty === "RSA" || jwk.crv === crv);
}

/** One algorithm for each label, as a backend over a platform's own cryptography has it. */
export type ByLabel<A extends Alg> = Readonly<Record<SigningLabel, A>>;

/** Makes the algorithm of every label. */
export function byLabel<A extends Alg>(make: (label: SigningLabel) => A): ByLabel<A> {
  // LABELS holds every label, so the object has all of them as keys, and no others.
  return Object.fromEntries(LABELS.map((label) => [label, make(label)])) as ByLabel<A>;
}

/** A public key that was imported once and verifies often. */
export interface SyncKey {
  /**
   * Returns true when `signature` signs `data`. The signature has the form of JWS: R||S for ECDSA,
   * never DER. An implementation checks the length before it calls a library, and throws only where
   * the backend is broken, never because a signature is bad. Ed25519 is verified without the
   * cofactor, and an R of small order is refused (ed25519.ts), so that all backends agree. Don't
   * keep the arrays: the caller overwrites them after `verify` returns.
   */
  verify(signature: Uint8Array, data: Uint8Array): boolean;
  /** Bytes that the key holds in memory, tables included. */
  readonly size: number;
  /** How many of these bytes are in tables. */
  readonly tableSize?: number | undefined;
  /** Drops the tables, or the last of them: `tableSize` is less then. The key still works. */
  dropTables?(): void;
}

/** A public key whose `verify` returns a promise. */
export interface AsyncKey {
  /** As in SyncKey. The caller overwrites the arrays after the promise is settled. */
  verify(signature: Uint8Array, data: Uint8Array): Promise<boolean>;
  /** As in SyncKey. */
  readonly size: number;
  /** As in SyncKey. */
  readonly tableSize?: number | undefined;
  /** As in SyncKey. */
  dropTables?(): void;
}

interface AlgName {
  /** The JWS `alg` label, as in RFC 7518, RFC 8037 or RFC 9864. An algorithm has only one. */
  readonly alg: string;
  /** The kind of key that it takes. */
  readonly kty: "EC" | "OKP" | "RSA";
  /** The curve of its keys; undefined for RSA. */
  readonly crv?: string | undefined;
}

/** A signature to verify, with the key that should have made it. */
export interface KeyedSignature {
  /** A key that the algorithm imported. */
  readonly key: SyncKey;
  /** As in SyncKey. */
  readonly signature: Uint8Array;
  /** As in SyncKey. */
  readonly data: Uint8Array;
}

/** An algorithm whose keys verify synchronously. */
export interface SyncAlg extends AlgName {
  /**
   * Imports a key that was already read and found public and canonical: a backend trusts its
   * members, and compares only `kty` and `crv`. Returns null where it is still not a key of this
   * algorithm, because its `kty` or `crv` differs or its point is not on the curve.
   */
  importKey(jwk: PublicJwk): SyncKey | null;
  /**
   * Verifies signatures of several keys of this algorithm together, where that costs less than one
   * after the other. Returns a verdict for each in the same order, the one that `key.verify` returns.
   * A key may come several times. A verifier with the option `grouping` calls it with 2 to 32 of
   * them. Where it throws, each of them is verified by itself. Don't keep the arrays.
   */
  verifyMany?(items: readonly KeyedSignature[]): readonly boolean[];
}

/** An algorithm whose keys verify asynchronously, such as one over WebCrypto. */
export interface AsyncAlg extends AlgName {
  /** As in SyncAlg. */
  importKey(jwk: PublicJwk): Promise<AsyncKey | null>;
}

/** An algorithm, synchronous or asynchronous. */
export type Alg = SyncAlg | AsyncAlg;

/** The cryptography that this library works with: algorithms, a hash and random bytes. */
export interface Backend<A extends Alg = Alg> {
  /** The algorithms that a verifier accepts unless its options list others. */
  readonly algs: readonly A[];
  /**
   * Returns the SHA-256 of `data`, 32 bytes. It is always synchronous, because waiting for a digest
   * costs more than computing one this short. Don't keep `data`: the caller overwrites it after the
   * call. It may be a part of a larger buffer with other data: read `data`, never `data.buffer`.
   */
  sha256(data: Uint8Array): Uint8Array;
  /**
   * Returns cryptographically secure random bytes. Throws where the platform has no source of them.
   */
  randomBytes(length: number): Uint8Array;
}

/** A backend whose algorithms are all synchronous. */
export type SyncBackend = Backend<SyncAlg>;

interface SignerName {
  /** The JWS `alg` label that this signer's proofs carry. */
  readonly alg: string;
  /** The public key, which goes into the header of each proof. */
  readonly publicJwk: PublicJwk;
}

/** A private key that signs synchronously. */
export interface SyncSigner extends SignerName {
  /**
   * Signs the bytes of a JWS signing input. Returns the signature in the form of JWS: R||S for
   * ECDSA, never DER.
   */
  sign(data: Uint8Array): Uint8Array;
}

/** A key that lives elsewhere: WebCrypto, a KMS, hardware. */
export interface AsyncSigner extends SignerName {
  /** As in SyncSigner, with a promise of the signature. */
  sign(data: Uint8Array): Promise<Uint8Array>;
}

/** A signer, synchronous or asynchronous. */
export type Signer = SyncSigner | AsyncSigner;
