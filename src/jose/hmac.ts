// HMAC-SHA-256 (RFC 2104, FIPS 198-1), computed with the hash of the backend, so that no backend
// needs an HMAC of its own.
import { type Hasher, sha256 } from "./hash.js";

/** Length of a block of SHA-256, in bytes. */
const BLOCK = 64;

/**
 * Returns the HMAC of `data`, 32 bytes. The key may have any length; one of 32 bytes or more has
 * the full strength.
 */
export function hmacSha256(key: Uint8Array, data: Uint8Array, hasher: Hasher): Uint8Array {
  const block = key.length > BLOCK ? sha256(key, hasher) : key;
  const inner = sha256(join(pad(block, 0x36), data), hasher);
  return sha256(join(pad(block, 0x5c), inner), hasher);
}

function pad(key: Uint8Array, byte: number): Uint8Array {
  const padded = new Uint8Array(BLOCK).fill(byte);
  for (let i = 0; i < key.length; i++) padded[i] = (key[i] ?? 0) ^ byte;
  return padded;
}

function join(head: Uint8Array, tail: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(head.length + tail.length);
  bytes.set(head);
  bytes.set(tail, head.length);
  return bytes;
}
