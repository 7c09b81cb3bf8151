// From bytes to whole numbers of any size (RFC 8017 section 4.2 OS2IP; RFC 8032 section 5.1.2).

export function bigEndian(bytes: Uint8Array): bigint {
  let hex = "";
  for (const byte of bytes) hex += hexOf(byte);
  return BigInt(`0x${hex}`);
}

export function littleEndian(bytes: Uint8Array): bigint {
  let hex = "";
  for (const byte of bytes) hex = hexOf(byte) + hex;
  return BigInt(`0x${hex}`);
}

function hexOf(byte: number): string {
  return (byte < 16 ? "0" : "") + byte.toString(16);
}
