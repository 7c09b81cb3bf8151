// SHA-256 as base64url: the form of every hash in DPoP (jkt, ath, replay keys).
import { functionMember, isBytes, membersArgument, objectArgument } from "../input/argument.js";
import { encodeBase64url } from "../bytes/base64url.js";
import type { Backend } from "./alg.js";

/** Anything that can hash: every backend can. */
export type Hasher = Pick<Backend, "sha256">;

export interface HashOptions {
  readonly backend: Hasher;
}

/** The hasher of options that the programmer gave; a TypeError names what is wrong. */
export function readHasher(options: HashOptions): Hasher {
  const { backend } = membersArgument(options, "options", ["backend"]);
  return hasherArgument(backend);
}

/** A backend, as far as it hashes. */
export function hasherArgument(backend: Hasher): Hasher {
  functionMember(objectArgument(backend, "backend"), "sha256", "backend");
  return backend;
}

/**
 * SHA-256, 32 bytes. Throws a TypeError for anything else: a promise or an ArrayBuffer would encode
 * as "", and every key would have one thumbprint.
 */
export function sha256(data: Uint8Array, hasher: Hasher): Uint8Array {
  const hash: unknown = hasher.sha256(data);
  if (!isBytes(hash) || hash.length !== 32) {
    throw new TypeError("backend.sha256 must return a Uint8Array of 32 bytes, and at once");
  }
  return hash;
}

/** SHA-256 in base64url, 43 characters. */
export function sha256Base64url(data: Uint8Array, hasher: Hasher): string {
  return encodeBase64url(sha256(data, hasher));
}
