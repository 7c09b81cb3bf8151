// The plug: what an algorithm, a backend and a signer must offer. Everything that does cryptography comes in through here.
import type { PublicJwk } from "./jwk.js";

/** A public key that was imported once and verifies often. */
export interface SyncKey {
  /**
   * True when `signature` (as the JWS carries it: R||S for ECDSA, never DER) signs `data`. Lengths are checked here,
   * before a library is called; a throw means that the backend is broken, never that the signature is bad.
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
}

interface AlgName {
  /** The JWS `alg` label, as in RFC 7518, RFC 8037 or RFC 9864: one value for each label. */
  readonly alg: string;
  readonly kty: "EC" | "OKP" | "RSA";
  readonly crv?: string | undefined;
}

export interface SyncAlg extends AlgName {
  /** null: the JWK is well-formed but is no key of this algorithm (a point that is not on the curve, say). */
  importKey(jwk: PublicJwk): SyncKey | null;
}

export interface AsyncAlg extends AlgName {
  /** null: the JWK is well-formed but is no key of this algorithm. */
  importKey(jwk: PublicJwk): Promise<AsyncKey | null>;
}

export type Alg = SyncAlg | AsyncAlg;

export interface Backend<A extends Alg = Alg> {
  /** The algorithms that are accepted when a verifier is given no list of its own. */
  readonly algs: readonly A[];
  /** SHA-256, always synchronous: waiting for a digest costs more than computing one this short. */
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
