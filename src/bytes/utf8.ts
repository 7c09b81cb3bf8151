// UTF-8 (RFC 3629): text to bytes and back; ill-formed input is refused, never replaced. Written by
// hand, because bare engines have no TextEncoder.

/**
 * Returns false where `text` holds a lone surrogate, which has no UTF-8 form. Engines of ES2024
 * need no look at each character: they know of most texts that they can hold none.
 */
export function isWellFormed(text: string): boolean {
  const engines = text as string & { readonly isWellFormed?: () => boolean }; // absent before ES2024
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
 * Returns the bytes of text that is known to be ASCII: base64url, thumbprint JSON. Throws a
 * RangeError if it is not.
 */
export function asciiBytes(text: string): Uint8Array {
  const bytes = readAscii(text, text.length, NO_BYTES);
  if (bytes === null) throw new RangeError("text must be ASCII");
  return bytes;
}

/**
 * Returns the bytes of the first `length` characters, or null where one of them is not ASCII.
 * `known` holds the first of these bytes, where the caller has them: copying bytes takes no time,
 * reading letters does (bench/parse). The result is written to `bytes`, an array of `length`.
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
 * Returns the text of these UTF-16 units, in one piece. V8 keeps a concatenated text as its pieces,
 * which takes ten times the memory.
 */
export function textOf(units: readonly number[]): string {
  if (units.length <= MOST_ARGUMENTS) return String.fromCharCode(...units);
  let text = "";
  for (let i = 0; i < units.length; i += MOST_ARGUMENTS) {
    text += String.fromCharCode(...units.slice(i, i + MOST_ARGUMENTS));
  }
  return text;
}

/** Every engine takes at least this many arguments in a call. */
const MOST_ARGUMENTS = 4096;

/**
 * Encodes text. Returns null where it holds a lone surrogate, because two different ones must never
 * give the same bytes.
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
 * Decodes bytes. Returns null for anything that is not well-formed UTF-8: overlong forms,
 * surrogates, values past U+10FFFF, truncated sequences, and a byte-order mark at the start (RFC
 * 8259 section 8.1 forbids sending one).
 */
export function decodeUtf8(bytes: Uint8Array): string | null {
  let text = "";
  let i = 0;
  // Eight at a time, to join fewer and longer pieces. To spread all bytes into one call takes ten
  // times as long (bench/parse).
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
  const units: number[] = []; // joining texts takes four times as long (bench/parse)
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
      const byte = bytes[i + k] ?? 0; // 0 past the end, which is no continuation byte
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

/** RFC 3629 section 3: only the shortest form, and no code point that UTF-16 reserves. */
function isCanonical(code: number, length: number): boolean {
  if (length === 3) return code >= 0x800 && (code < 0xd800 || code > 0xdfff);
  if (length === 4) return code >= 0x10000 && code <= 0x10ffff;
  return true;
}
