// Random bytes: the platform's secure source or the caller's, never a weaker one.
import { isBytes } from "../input/argument.js";

interface WebCryptoLike {
  getRandomValues?(array: Uint8Array): Uint8Array;
}

/**
 * Returns random bytes of the platform's `crypto.getRandomValues`. Throws an Error where the platform
 * lacks it (bare engines, React Native).
 */
export function platformRandomBytes(length: number): Uint8Array {
  const { crypto } = globalThis as { readonly crypto?: WebCryptoLike }; // at each call: a polyfill may be loaded later
  if (typeof crypto?.getRandomValues !== "function") {
    throw new Error(
      "this platform has no crypto.getRandomValues: pass randomBytes to nobleBackend",
    );
  }
  return crypto.getRandomValues(new Uint8Array(length));
}

/** Guards a source of random bytes: a wrong result must not weaken a key or a jti. */
export function guardedRandomBytes(
  source: (length: number) => Uint8Array,
): (length: number) => Uint8Array {
  return (length) => {
    const bytes: unknown = source(length);
    if (!isBytes(bytes) || bytes.length !== length) {
      throw new TypeError("randomBytes must return a Uint8Array of the length asked for, in bytes");
    }
    return bytes;
  };
}
