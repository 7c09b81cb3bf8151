// What tests of proofs need: a forgery, and the time.

/** A JWS with the signature of another. */
export function withSignatureOf(other: string, jws: string): string {
  return jws.slice(0, jws.lastIndexOf(".")) + other.slice(other.lastIndexOf("."));
}

/** The time in seconds since the epoch, as `iat` has it. */
export const seconds = (): number => Math.floor(Date.now() / 1000);
