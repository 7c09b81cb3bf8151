// JWS compact serialization (RFC 7515 sections 3.1, 4.1 and 7.1): text to header, payload,
// signature and signing input.
import { decodeBase64url } from "../bytes/base64url.js";
import { type JsonObject, parseJsonObject } from "../bytes/json.js";
import { decodeUtf8 } from "../bytes/utf8.js";

export interface ParsedJws {
  readonly header: JsonObject;
  readonly payload: JsonObject;
  readonly signature: Uint8Array;
  /** What the signature covers: the first two segments with the dot between them, in ASCII. */
  readonly signingInput: string;
}

/**
 * Parses a signed JWT, each segment decoded once. null: not exactly three non-empty segments, not
 * strict base64url, not strict UTF-8, or a header or payload that is not one strict JSON object.
 * Says nothing about the signature.
 */
export function parseJws(jws: string): ParsedJws | null {
  const first = jws.indexOf(".");
  const second = jws.indexOf(".", first + 1);
  if (first < 1 || second === first + 1 || second === jws.length - 1) return null;
  if (second === -1 || jws.indexOf(".", second + 1) !== -1) return null;
  const signature = decodeBase64url(jws, second + 1);
  if (signature === null) return null;
  const header = decodeObject(jws, 0, first);
  if (header === null) return null;
  const payload = decodeObject(jws, first + 1, second);
  if (payload === null) return null;
  return { header, payload, signature, signingInput: jws.slice(0, second) };
}

function decodeObject(jws: string, start: number, end: number): JsonObject | null {
  const bytes = decodeBase64url(jws, start, end);
  const text = bytes === null ? null : decodeUtf8(bytes);
  return text === null ? null : parseJsonObject(text);
}

/**
 * True for a header that demands an extension. RFC 7515 section 4.1.11: whoever does not understand
 * one of them must refuse; none is understood here. `b64` (RFC 7797) is legal only beside `crit`,
 * and changes what is signed.
 */
export function demandsExtension(header: JsonObject): boolean {
  return header["crit"] !== undefined || header["b64"] !== undefined;
}
