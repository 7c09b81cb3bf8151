// The form of the nonces that createNonceIssuer makes: what can be read of one without its secret.
import { decodeBase64url } from "../bytes/base64url.js";

// A nonce is a key id (6 bytes), the end of its interval (6 bytes, big-endian, seconds since the epoch)
// and the head of a MAC (18 bytes). Each length is a multiple of three, so that parts share no character.
const KEY_ID_END = 8;
const TIME_END = 16;
const LENGTH = 40;

/** Returns true where two nonces name the same secret. Only their MACs show whether they are ours. */
export function isSameKeyId(one: string, other: string): boolean {
  return one.slice(0, KEY_ID_END) === other.slice(0, KEY_ID_END);
}

/**
 * Returns the end of the interval in a text of the right length, in seconds since the epoch. Only its MAC
 * shows that the nonce is ours.
 */
export function nonceEnd(nonce: string): number | null {
  if (nonce.length !== LENGTH) return null;
  const time = decodeBase64url(nonce, KEY_ID_END, TIME_END);
  return time === null ? null : time.reduce((number, byte) => number * 256 + byte, 0);
}
