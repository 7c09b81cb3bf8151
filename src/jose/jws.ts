// JWS compact serialization (RFC 7515 sections 3.1, 4.1 and 7.1): text to header, payload,
// signature and signing input.
import { decodeBase64url, decodeBase64urlText, decodedLength } from "../bytes/base64url.js";
import { takeBytes } from "../bytes/spare.js";
import { type JsonObject, parseJsonObject } from "../input/json.js";
import { readAscii } from "../bytes/utf8.js";

/** A compact JWS with the places of its two dots. */
export interface JwsSegments {
  readonly jws: string;
  /** The index of the first dot. */
  readonly headerEnd: number;
  /** The index of the second dot. The signature covers everything before it (section 5.1). */
  readonly payloadEnd: number;
}

/** Finds the dots. null: not exactly three non-empty segments. */
export function splitJws(jws: string): JwsSegments | null {
  const headerEnd = jws.indexOf(".");
  const payloadEnd = jws.indexOf(".", headerEnd + 1);
  if (headerEnd < 1 || payloadEnd === headerEnd + 1 || payloadEnd === jws.length - 1) return null;
  if (payloadEnd === -1 || jws.indexOf(".", payloadEnd + 1) !== -1) return null;
  return { jws, headerEnd, payloadEnd };
}

/**
 * What the signature covers (section 5.1), in bytes; null where it is not ASCII. `headerBytes` are
 * those of the first segment, where they are known.
 */
export function signingInput(
  { jws, payloadEnd }: JwsSegments,
  headerBytes?: Uint8Array | undefined,
): Uint8Array | null {
  return readAscii(jws, payloadEnd, headerBytes, takeBytes(payloadEnd));
}

/** null: not strict base64url, strict UTF-8 and one strict JSON object. */
export function parseHeader(
  signed: Uint8Array,
  { jws, headerEnd }: JwsSegments,
): JsonObject | null {
  return parseSegment(jws, signed, 0, headerEnd);
}

/** null: as for a header. */
export function parsePayload(
  signed: Uint8Array,
  { jws, headerEnd, payloadEnd }: JwsSegments,
): JsonObject | null {
  return parseSegment(jws, signed, headerEnd + 1, payloadEnd);
}

function parseSegment(
  jws: string,
  signed: Uint8Array,
  start: number,
  end: number,
): JsonObject | null {
  const text = decodeBase64urlText(jws, signed, start, end);
  return text === null ? null : parseJsonObject(text);
}

/** null: not strict base64url. */
export function decodeSignature({ jws, payloadEnd }: JwsSegments): Uint8Array | null {
  const start = payloadEnd + 1;
  const bytes = takeBytes(decodedLength(jws.length - start));
  return decodeBase64url(jws, start, jws.length, bytes);
}

export interface ParsedJws {
  readonly header: JsonObject;
  readonly payload: JsonObject;
  readonly signature: Uint8Array;
}

/** Parses all three segments; null where one is not what it should be. Verifies nothing. */
export function parseJws(segments: JwsSegments): ParsedJws | null {
  const signature = decodeSignature(segments);
  const signed = signingInput(segments);
  if (signature === null || signed === null) return null;
  const header = parseHeader(signed, segments);
  const payload = parsePayload(signed, segments);
  return header === null || payload === null ? null : { header, payload, signature };
}

/**
 * True for a header that demands an extension. RFC 7515 section 4.1.11: whoever does not understand
 * one of them must refuse; none is understood here. `b64` (RFC 7797) is legal only beside `crit`,
 * and changes what is signed.
 */
export function demandsExtension(header: JsonObject): boolean {
  return header["crit"] !== undefined || header["b64"] !== undefined;
}
