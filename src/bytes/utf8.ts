// UTF-8 (RFC 3629): text to bytes and back, fatally; written out because bare engines have no
// TextEncoder.

/**
 * True unless `text` holds a lone surrogate, which has no UTF-8 form. Engines of ES2024 answer
 * without a look at each character: of most texts they know that none can be in them.
 */
export function isWellFormed(text: string): boolean {
  const engines = text as string & { readonly isWellFormed?: () => boolean }; // or it is not there
  return engines.isWellFormed === undefined ? hasNoLoneSurrogate(text) : engines.isWellFormed();
}

function hasNoLoneSurrogate(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit < 0xd800 || unit > 0xdfff) continue;
    const next = text.charCodeAt(++i); // NaN past the end
    if (unit > 0xdbff || !(next >= 0xdc00 && next <= 0xdfff)) return false;
  }
  return true;
}

/**
 * The bytes of text that is known to be ASCII: base64url, thumbprint JSON. Throws a RangeError if it
 * is not.
 */
export function asciiBytes(text: string): Uint8Array {
  const bytes = readAscii(text, text.length, NO_BYTES);
  if (bytes === null) throw new RangeError("text must be ASCII");
  return bytes;
}

/**
 * The bytes of the first `length` characters, or null where one of them is not ASCII. `known` are
 * those of its beginning, where somebody has them: to copy bytes takes no time, to read letters does
 * (bench/parse). `bytes` is what they are written to, an array of `length`.
 */
export function readAscii(
  text: string,
  length: number,
  known: Uint8Array = NO_BYTES,
  bytes: Uint8Array = new Uint8Array(length),
): Uint8Array | null {
  bytes.set(known);
  let all = 0;
  for (let i = known.length; i < length; i++) {
    const unit = text.charCodeAt(i);
    bytes[i] = unit;
    all |= unit;
  }
  return all > 0x7f ? null : bytes;
}

const NO_BYTES: Uint8Array = /* @__PURE__ */ new Uint8Array(0);

/**
 * The text of these UTF-16 units, in one piece: V8 keeps a text that was put together as the pieces
 * that it was put together of, which takes ten times the memory.
 */
export function textOf(units: readonly number[]): string {
  if (units.length <= MOST_ARGUMENTS) return String.fromCharCode(...units);
  let text = "";
  for (let i = 0; i < units.length; i += MOST_ARGUMENTS) {
    text += String.fromCharCode(...units.slice(i, i + MOST_ARGUMENTS));
  }
  return text;
}

/** Engines take at least so many arguments of a call. */
const MOST_ARGUMENTS = 4096;

/**
 * Encodes text, or answers null where it holds a lone surrogate: two different ones must never give
 * the same bytes.
 */
export function encodeUtf8(text: string): Uint8Array | null {
  const ascii = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit > 0x7f) return encodeWide(text);
    ascii[i] = unit;
  }
  return ascii;
}

function encodeWide(text: string): Uint8Array | null {
  if (!isWellFormed(text)) return null;
  const bytes = new Uint8Array(text.length * 3); // a UTF-16 unit takes three bytes at most
  let length = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.codePointAt(i) ?? 0;
    if (code < 0x80) {
      bytes[length++] = code;
    } else if (code < 0x800) {
      bytes[length++] = 0xc0 | (code >> 6);
      bytes[length++] = 0x80 | (code & 63);
    } else if (code < 0x10000) {
      bytes[length++] = 0xe0 | (code >> 12);
      bytes[length++] = 0x80 | ((code >> 6) & 63);
      bytes[length++] = 0x80 | (code & 63);
    } else {
      i++; // the second half of the pair
      bytes[length++] = 0xf0 | (code >> 18);
      bytes[length++] = 0x80 | ((code >> 12) & 63);
      bytes[length++] = 0x80 | ((code >> 6) & 63);
      bytes[length++] = 0x80 | (code & 63);
    }
  }
  return bytes.slice(0, length);
}

/**
 * Decodes bytes, or answers null for anything that is not well-formed UTF-8: overlong forms,
 * surrogates, values past U+10FFFF, truncated sequences, and a byte-order mark at the start (RFC
 * 8259 section 8.1 forbids sending one).
 */
export function decodeUtf8(bytes: Uint8Array): string | null {
  let text = "";
  let i = 0;
  // Eight at a time: fewer and longer pieces to join. bench/parse: a spread of the bytes takes ten
  // times as long.
  for (const whole = bytes.length - 7; i < whole; i += 8) {
    const [a, b, c, d] = [at(bytes, i), at(bytes, i + 1), at(bytes, i + 2), at(bytes, i + 3)];
    const [e, f, g, h] = [at(bytes, i + 4), at(bytes, i + 5), at(bytes, i + 6), at(bytes, i + 7)];
    if ((a | b | c | d | e | f | g | h) > 0x7f) return decodeWide(bytes);
    text += String.fromCharCode(a, b, c, d, e, f, g, h);
  }
  for (; i < bytes.length; i++) {
    const byte = at(bytes, i);
    if (byte > 0x7f) return decodeWide(bytes);
    text += String.fromCharCode(byte);
  }
  return text;
}

function at(bytes: Uint8Array, index: number): number {
  return bytes[index] ?? 0;
}

function decodeWide(bytes: Uint8Array): string | null {
  const units: number[] = []; // bench/parse: texts that are joined take four times as long
  for (let i = 0; i < bytes.length;) {
    const lead = bytes[i] ?? 0;
    if (lead < 0x80) {
      units.push(lead);
      i++;
      continue;
    }
    const length = sequenceLength(lead);
    if (length === 0) return null;
    let code = lead & (0x7f >> length);
    for (let k = 1; k < length; k++) {
      const byte = bytes[i + k] ?? 0; // past the end 0, which continues nothing
      if ((byte & 0xc0) !== 0x80) return null;
      code = (code << 6) | (byte & 63);
    }
    if (!isCanonical(code, length) || (i === 0 && code === 0xfeff)) return null;
    if (code < 0x10000) units.push(code);
    else units.push(0xd7c0 + (code >> 10), 0xdc00 | (code & 0x3ff)); // a surrogate pair
    i += length;
  }
  return textOf(units);
}

function sequenceLength(lead: number): number {
  if (lead < 0xc2) return 0; // a continuation byte, or the lead of an overlong pair
  if (lead < 0xe0) return 2;
  if (lead < 0xf0) return 3;
  return lead < 0xf5 ? 4 : 0;
}

/** RFC 3629 section 3: the shortest form only, and no code point that UTF-16 reserves. */
function isCanonical(code: number, length: number): boolean {
  if (length === 3) return code >= 0x800 && (code < 0xd800 || code > 0xdfff);
  if (length === 4) return code >= 0x10000 && code <= 0x10ffff;
  return true;
}
