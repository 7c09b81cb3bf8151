/** Reads base64 of 32 random bytes each, with commas between. The first secret issues. */
export function secretsFrom(text: string): readonly Uint8Array[] {
  return text.split(",").map((secret) => Uint8Array.from(Buffer.from(secret, "base64")));
}
