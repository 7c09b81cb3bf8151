// Equality in a time that depends only on the lengths, for values that only one side should know
// (the MAC of a nonce, a hash).

/**
 * Returns true when both texts are the same. Takes the same time for any two texts of these
 * lengths.
 */
export function constantTimeEqual(a: string, b: string): boolean {
  if (a.length !== b.length) return false;
  let difference = 0;
  for (let i = 0; i < a.length; i++) difference |= a.charCodeAt(i) ^ b.charCodeAt(i);
  return difference === 0;
}

/**
 * Returns true when both arrays hold the same bytes. Takes the same time for any two arrays of
 * these lengths.
 */
export function constantTimeEqualBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  let difference = 0;
  for (let i = 0; i < a.length; i++) difference |= (a[i] ?? 0) ^ (b[i] ?? 0);
  return difference === 0;
}
