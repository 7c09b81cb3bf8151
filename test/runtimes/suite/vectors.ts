// The vectors of test/vectors and the fixed keys of the tests, as data: build.ts puts their JSON
// where these names stand, since an engine may have no files to read. ../../README.md says what
// their members mean.
import type { FailureCode, PrivateJwk, PublicJwk, VerifierOptions } from "dpop-core";
import type { PrivateJwk as AnyPrivateJwk } from "dpop-core/node-crypto";

declare const PROOFS_JSON: string;
declare const ED25519_JSON: string;
declare const THUMBPRINTS_JSON: string;
declare const HTU_JSON: string;
declare const KEYS_JSON: string;

export type NobleLabel = "ES256" | "ES384" | "ES512" | "EdDSA" | "Ed25519";

export interface PolicyVector {
  readonly algs?: readonly NobleLabel[];
  readonly maxAge?: number;
  readonly clockTolerance?: number;
  readonly limits?: VerifierOptions["limits"];
  readonly nonce?: {
    readonly accept: string;
    readonly status?: "valid" | "renew";
    readonly acceptUntil?: number;
    readonly nextNonce?: string;
  };
  readonly noncePolicy?: VerifierOptions["noncePolicy"];
  readonly replay?: "fresh" | "seen" | "full";
}

export interface ProofVector {
  readonly section: string;
  readonly name: string;
  readonly proof: string | readonly string[] | null;
  readonly request: {
    readonly method: string;
    readonly url: string;
    readonly now: number;
    readonly accessToken?: string;
    readonly jkt?: string;
    readonly clientKeyJkt?: string;
  };
  readonly policy: PolicyVector;
  readonly expect: "ok" | FailureCode;
  readonly jkt?: string;
}

export interface Ed25519Vector {
  readonly name: string;
  readonly jwk: PublicJwk;
  readonly message: string;
  readonly signature: string;
  readonly expect: "valid" | "invalid" | "jwk_invalid";
}

export interface ThumbprintVector {
  readonly name: string;
  readonly jwk: PublicJwk;
  readonly jkt: string;
}

export interface HtuGroup {
  readonly rule: string;
  readonly cases: readonly {
    readonly name: string;
    readonly uri: string;
    readonly normal: string | null;
  }[];
}

type KeyName = "ES256" | "ES384" | "ES512" | "Ed25519" | "otherES256" | "otherEd25519";

// Files of ours, which tests hold to these shapes.
export const proofs: readonly ProofVector[] = JSON.parse(PROOFS_JSON);
export const signatures: readonly Ed25519Vector[] = JSON.parse(ED25519_JSON);
export const thumbprints: readonly ThumbprintVector[] = JSON.parse(THUMBPRINTS_JSON);
export const htuGroups: readonly HtuGroup[] = JSON.parse(HTU_JSON);
export const keys: Readonly<Record<KeyName, PrivateJwk>> & { readonly RS256: AnyPrivateJwk } =
  JSON.parse(KEYS_JSON);

/** The name of the key that signs under a label. */
export function keyName(alg: NobleLabel): KeyName {
  return alg === "EdDSA" ? "Ed25519" : alg;
}

export function bytesOfHex(hex: string): Uint8Array {
  const bytes = new Uint8Array(hex.length / 2);
  for (let i = 0; i < bytes.length; i++) bytes[i] = parseInt(hex.slice(2 * i, 2 * i + 2), 16);
  return bytes;
}

export function hexOfBytes(bytes: Uint8Array): string {
  let hex = "";
  for (const byte of bytes) hex += (byte < 16 ? "0" : "") + byte.toString(16);
  return hex;
}
