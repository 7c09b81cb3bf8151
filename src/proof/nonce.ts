// Nonces (RFC 9449 section 8.1): what a server may hand out, and a proof may carry.

/** Returns true for 1*NQCHAR: printable ASCII without space, `"` and `\`. */
export function isNonce(value: unknown): value is string {
  if (typeof value !== "string" || value === "") return false;
  for (let i = 0; i < value.length; i++) if (!isNqchar(value.charCodeAt(i))) return false;
  return true;
}

/** NQCHAR = %x21 / %x23-5B / %x5D-7E. */
function isNqchar(unit: number): boolean {
  return unit > 0x20 && unit < 0x7f && unit !== 0x22 && unit !== 0x5c;
}
