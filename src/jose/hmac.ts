// HMAC-SHA-256 (RFC 2104, FIPS 198-1) over the hash of the plug, so that no backend needs another
// member for it.
import { type Hasher, sha256 } from "./hash.js";

/** Of SHA-256, in bytes. */
const BLOCK = 64;

/** The HMAC of `data`, 32 bytes. The key may have any length; one of 32 bytes or more is no weaker. */
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
