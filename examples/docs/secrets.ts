/** Reads `NONCE_SECRETS`: base64url of 32 random bytes each, with commas between; the first issues. */
export function secretsFrom(text: string): readonly Uint8Array[] {
  return text.split(",").map((secret) => Uint8Array.from(Buffer.from(secret, "base64url")));
}
