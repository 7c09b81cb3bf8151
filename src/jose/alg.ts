// The plug: what an algorithm, a backend and a signer must offer. Everything that does cryptography
// comes in through here.
import type { PublicJwk } from "./jwk.js";

/** What a label says of its key and its signature. */
export interface AlgShape {
  readonly kty: "EC" | "OKP" | "RSA";
  readonly crv?: "P-256" | "P-384" | "P-521" | "Ed25519";
  /** Of the signature, in bytes; absent where it follows the key. */
  readonly signatureSize?: number;
}

/**
 * The asymmetric JWS labels (RFC 7518 section 3.1, RFC 8037, RFC 9864) for which a key can be read;
 * undefined for every other text, `none` and the MACs above all (RFC 9449 section 11.6).
 */
export function algShape(label: unknown): AlgShape | undefined {
  switch (label) {
    case "ES256":
      return { kty: "EC", crv: "P-256", signatureSize: 64 };
    case "ES384":
      return { kty: "EC", crv: "P-384", signatureSize: 96 };
    case "ES512":
      return { kty: "EC", crv: "P-521", signatureSize: 132 };
    case "EdDSA":
    case "Ed25519":
      return { kty: "OKP", crv: "Ed25519", signatureSize: 64 };
    case "RS256":
    case "RS384":
    case "RS512":
    case "PS256":
    case "PS384":
    case "PS512":
      return { kty: "RSA" };
    default:
      return undefined;
  }
}

/** A public key that was imported once and verifies often. */
export interface SyncKey {
  /**
   * True when `signature` (as the JWS carries it: R||S for ECDSA, never DER) signs `data`. Lengths
   * are checked here, before a library is called; a throw means that the backend is broken, never
   * that the signature is bad. Ed25519 is verified without the cofactor, and an R of small order is
   * refused (ed25519.ts), so that all backends give one answer.
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
   * `jwk` was read and found public and canonical. null: it is no key of this algorithm all the same
   * (a point that is not on the curve, say).
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
