// SHA-256 in base64url: the form of every hash in DPoP (jkt, ath, replay keys).
import { functionMember, isBytes, membersArgument, objectArgument } from "../input/argument.js";
import { encodeBase64url } from "../bytes/base64url.js";
import type { Backend } from "./alg.js";

/** The part of a backend that hashes. */
export type Hasher = Pick<Backend, "sha256">;

/** Options of a function that hashes. */
export interface HashOptions {
  /** What computes SHA-256: any backend. */
  readonly backend: Hasher;
}

/**
 * Returns the hasher of options that the programmer gave. Throws a TypeError that names what is
 * wrong.
 */
export function readHasher(options: HashOptions): Hasher {
  const { backend } = membersArgument(options, "options", ["backend"]);
  return hasherArgument(backend);
}

/** Returns a backend that was checked to have a hash. */
export function hasherArgument(backend: Hasher): Hasher {
  functionMember(objectArgument(backend, "backend"), "sha256", "backend");
  return backend;
}

/**
 * Returns the SHA-256, 32 bytes. Throws a TypeError where the backend returns anything else: a
 * promise or an ArrayBuffer would encode as "", and every key would have the same thumbprint.
 */
export function sha256(data: Uint8Array, hasher: Hasher): Uint8Array {
  const hash: unknown = hasher.sha256(data);
  if (!isBytes(hash) || hash.length !== 32) {
    throw new TypeError("backend.sha256 must return a Uint8Array of 32 bytes, synchronously");
  }
  return hash;
}

/** Returns the SHA-256 in base64url, 43 characters. */
export function sha256Base64url(data: Uint8Array, hasher: Hasher): string {
  return encodeBase64url(sha256(data, hasher));
}
