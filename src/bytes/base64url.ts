// base64url without padding (RFC 4648 section 5; RFC 7515 section 2): bytes to text and back,
// strictly.
import { decodeUtf8, textOf } from "./utf8.js";

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
  const letters: number[] = [];
  let i = 0;
  for (const whole = bytes.length - 2; i < whole; i += 3) {
    const three = ((bytes[i] ?? 0) << 16) | ((bytes[i + 1] ?? 0) << 8) | (bytes[i + 2] ?? 0);
    letters.push(letter(three >> 18), letter(three >> 12), letter(three >> 6), letter(three));
  }
  const tail = bytes.length - i;
  const rest = ((bytes[i] ?? 0) << 16) | ((bytes[i + 1] ?? 0) << 8);
  if (tail > 0) letters.push(letter(rest >> 18), letter(rest >> 12));
  if (tail > 1) letters.push(letter(rest >> 6));
  return textOf(letters);
}

/** Returns how many bytes that many letters decode to. */
export function decodedLength(letters: number): number {
  return (letters * 3) >>> 2;
}

/**
 * Decodes `text` from index `start` up to `end`. Returns null for padding, whitespace, any
 * character outside the URL alphabet, a length of 1 modulo 4, and unused bits that are not zero. No
 * two texts decode to the same bytes, so a decoded value can be compared by its text. The result is
 * written to `bytes`, an array of decodedLength(end - start).
 */
export function decodeBase64url(
  text: string,
  start = 0,
  end: number = text.length,
  bytes: Uint8Array = new Uint8Array(decodedLength(end - start)),
): Uint8Array | null {
  const tail = (end - start) & 3;
  if (tail === 1) return null;
  let length = 0;
  let i = start;
  // A sextet of -1 makes the whole group negative, so one comparison covers four characters.
  for (const whole = end - tail; i < whole; i += 4) {
    const three = group(text, i);
    if (three < 0) return null;
    bytes[length++] = three >> 16;
    bytes[length++] = three >> 8;
    bytes[length++] = three;
  }
  if (tail === 2) {
    const last = (sextet(text, i) << 6) | sextet(text, i + 1);
    if (last < 0 || (last & 15) !== 0) return null;
    bytes[length] = last >> 4;
  } else if (tail === 3) {
    const last = (sextet(text, i) << 12) | (sextet(text, i + 1) << 6) | sextet(text, i + 2);
    if (last < 0 || (last & 3) !== 0) return null;
    bytes[length++] = last >> 10;
    bytes[length] = last >> 2;
  }
  return bytes;
}

/**
 * Decodes base64url of UTF-8 text as strictly as decodeBase64url and decodeUtf8: returns null where
 * one of them does. `ascii` holds the bytes of `text`; reading letters from it takes half the time.
 * The result is nearly always ASCII, which needs no bytes in between (bench/parse).
 */
export function decodeBase64urlText(
  text: string,
  ascii: Uint8Array,
  start: number,
  end: number,
): string | null {
  const whole = end - ((end - start) & 15);
  let decoded = "";
  // Sixteen letters (twelve bytes) at a time, to join fewer and longer pieces.
  for (let i = start; i < whole; i += 16) {
    const a = fourLetters(ascii, i);
    const b = fourLetters(ascii, i + 4);
    const c = fourLetters(ascii, i + 8);
    const d = fourLetters(ascii, i + 12);
    // Negative: a letter outside the alphabet. Bits outside 0x7f7f7f: a byte that is not ASCII.
    if (((a | b | c | d) & ~0x7f7f7f) !== 0) return decodeWideText(text, ascii, start, end);
    // prettier-ignore
    decoded += String.fromCharCode(
      a >> 16, (a >> 8) & 127, a & 127, b >> 16, (b >> 8) & 127, b & 127,
      c >> 16, (c >> 8) & 127, c & 127, d >> 16, (d >> 8) & 127, d & 127,
    );
  }
  const rest = decodeBase64url(text, whole, end);
  const last = rest === null ? null : decodeUtf8(rest);
  return last === null ? decodeWideText(text, ascii, start, end) : decoded + last;
}

/** Decodes text that is not ASCII, by way of its bytes. */
function decodeWideText(
  text: string,
  ascii: Uint8Array,
  start: number,
  end: number,
): string | null {
  const whole = end - ((end - start) & 3);
  const rest = decodeBase64url(text, whole, end);
  if (rest === null) return null;
  const bytes = new Uint8Array(((whole - start) >> 2) * 3 + rest.length);
  let length = 0;
  for (let i = start; i < whole; i += 4) {
    const three = fourLetters(ascii, i);
    if (three < 0) return null;
    bytes[length++] = three >> 16;
    bytes[length++] = three >> 8;
    bytes[length++] = three;
  }
  bytes.set(rest, length);
  return decodeUtf8(bytes);
}

/** Returns the 24 bits of four letters; negative where one is outside the alphabet. */
function fourLetters(ascii: Uint8Array, index: number): number {
  return (
    (sextetOf(ascii, index) << 18) |
    (sextetOf(ascii, index + 1) << 12) |
    (sextetOf(ascii, index + 2) << 6) |
    sextetOf(ascii, index + 3)
  );
}

function sextetOf(ascii: Uint8Array, index: number): number {
  return SEXTETS[ascii[index] ?? 0] ?? -1;
}

/** Does the same with letters of a text. */
function group(text: string, index: number): number {
  return (
    (sextet(text, index) << 18) |
    (sextet(text, index + 1) << 12) |
    (sextet(text, index + 2) << 6) |
    sextet(text, index + 3)
  );
}
