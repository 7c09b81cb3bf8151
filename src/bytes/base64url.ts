// base64url without padding (RFC 4648 section 5; RFC 7515 section 2): bytes to text and back,
// strictly.

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/** The six bits of every ASCII code, -1 outside the alphabet. */
const SEXTETS: readonly number[] = /* @__PURE__ */ sextets();

function sextets(): number[] {
  const table = Array.from({ length: 128 }, () => -1);
  for (let value = 0; value < 64; value++) table[ALPHABET.charCodeAt(value)] = value;
  return table;
}

function sextet(text: string, index: number): number {
  return SEXTETS[text.charCodeAt(index)] ?? -1;
}

function letter(value: number): number {
  return ALPHABET.charCodeAt(value & 63);
}

/** Encodes bytes as base64url without padding. */
export function encodeBase64url(bytes: Uint8Array): string {
  let text = "";
  let i = 0;
  for (const whole = bytes.length - 2; i < whole; i += 3) {
    const group = ((bytes[i] ?? 0) << 16) | ((bytes[i + 1] ?? 0) << 8) | (bytes[i + 2] ?? 0);
    text += String.fromCharCode(
      letter(group >> 18),
      letter(group >> 12),
      letter(group >> 6),
      letter(group),
    );
  }
  const tail = bytes.length - i;
  const rest = ((bytes[i] ?? 0) << 16) | ((bytes[i + 1] ?? 0) << 8);
  if (tail > 0) text += String.fromCharCode(letter(rest >> 18), letter(rest >> 12));
  if (tail > 1) text += String.fromCharCode(letter(rest >> 6));
  return text;
}

/**
 * Decodes `text` from `start` up to `end` (indices, in characters), or answers null: for padding,
 * whitespace, any character outside the URL alphabet, a length of 1 modulo 4, and unused bits that
 * are not zero. No two texts decode to the same bytes, so a decoded value can be compared by its
 * text.
 */
export function decodeBase64url(
  text: string,
  start = 0,
  end: number = text.length,
): Uint8Array | null {
  const tail = (end - start) & 3;
  if (tail === 1) return null;
  const bytes = new Uint8Array(((end - start) * 3) >>> 2);
  let length = 0;
  let i = start;
  // A sextet of -1 makes the whole group negative, so one comparison covers four characters.
  for (const whole = end - tail; i < whole; i += 4) {
    const group =
      (sextet(text, i) << 18) |
      (sextet(text, i + 1) << 12) |
      (sextet(text, i + 2) << 6) |
      sextet(text, i + 3);
    if (group < 0) return null;
    bytes[length++] = group >> 16;
    bytes[length++] = group >> 8;
    bytes[length++] = group;
  }
  if (tail === 2) {
    const group = (sextet(text, i) << 6) | sextet(text, i + 1);
    if (group < 0 || (group & 15) !== 0) return null;
    bytes[length] = group >> 4;
  } else if (tail === 3) {
    const group = (sextet(text, i) << 12) | (sextet(text, i + 1) << 6) | sextet(text, i + 2);
    if (group < 0 || (group & 3) !== 0) return null;
    bytes[length++] = group >> 10;
    bytes[length] = group >> 2;
  }
  return bytes;
}
