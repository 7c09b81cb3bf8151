// JWS compact serialization (RFC 7515 sections 3.1, 4.1 and 7.1): text to header, payload,
// signature and signing input.
import { decodeBase64url, decodeBase64urlText, decodedLength } from "../bytes/base64url.js";
import { takeBytes } from "../bytes/spare.js";
import { type JsonBounds, type JsonObject, parseJsonObject } from "../input/json.js";
import { readAscii } from "../bytes/utf8.js";

/** A compact JWS with the places of its two dots. */
export interface JwsSegments {
  readonly jws: string;
  /** The index of the first dot. */
  readonly headerEnd: number;
  /** The index of the second dot. The signature covers everything before it (section 5.1). */
  readonly payloadEnd: number;
}

/** Finds the dots. Returns null where there are not exactly three non-empty segments. */
export function splitJws(jws: string): JwsSegments | null {
  const headerEnd = jws.indexOf(".");
  const payloadEnd = jws.indexOf(".", headerEnd + 1);
  if (headerEnd < 1 || payloadEnd === headerEnd + 1 || payloadEnd === jws.length - 1) return null;
  if (payloadEnd === -1 || jws.indexOf(".", payloadEnd + 1) !== -1) return null;
  return { jws, headerEnd, payloadEnd };
}

/**
 * Returns the bytes that the signature covers (section 5.1), or null where they are not ASCII.
 * `headerBytes` holds those of the first segment, where the caller knows them.
 */
export function signingInput(
  { jws, payloadEnd }: JwsSegments,
  headerBytes?: Uint8Array | undefined,
): Uint8Array | null {
  return readAscii(jws, payloadEnd, headerBytes, takeBytes(payloadEnd));
}

/**
 * Returns the header, or null where its segment is not one strict JSON object in strict UTF-8 and
 * strict base64url.
 */
export function parseHeader(
  signed: Uint8Array,
  { jws, headerEnd }: JwsSegments,
): JsonObject | null {
  return parseSegment(jws, signed, 0, headerEnd);
}

/** Returns the payload, or null as for a header. Default bounds: those of a proof. */
export function parsePayload(
  signed: Uint8Array,
  { jws, headerEnd, payloadEnd }: JwsSegments,
  bounds?: JsonBounds,
): JsonObject | null {
  return parseSegment(jws, signed, headerEnd + 1, payloadEnd, bounds);
}

function parseSegment(
  jws: string,
  signed: Uint8Array,
  start: number,
  end: number,
  bounds?: JsonBounds,
): JsonObject | null {
  const text = decodeBase64urlText(jws, signed, start, end);
  return text === null ? null : parseJsonObject(text, bounds);
}

/** Returns the signature, or null where its segment is not strict base64url. */
export function decodeSignature({ jws, payloadEnd }: JwsSegments): Uint8Array | null {
  const start = payloadEnd + 1;
  const bytes = takeBytes(decodedLength(jws.length - start));
  return decodeBase64url(jws, start, jws.length, bytes);
}

/** The three parts of a JWS whose signature was not checked. */
export interface ParsedJws {
  readonly header: JsonObject;
  readonly payload: JsonObject;
  readonly signature: Uint8Array;
}

/** Parses all three segments. Returns null where one of them is malformed. Verifies nothing. */
export function parseJws(segments: JwsSegments): ParsedJws | null {
  const signature = decodeSignature(segments);
  const signed = signingInput(segments);
  if (signature === null || signed === null) return null;
  const header = parseHeader(signed, segments);
  const payload = parsePayload(signed, segments);
  return header === null || payload === null ? null : { header, payload, signature };
}

/**
 * Returns true for a header that demands an extension. A recipient must refuse every extension that
 * it does not understand (RFC 7515 section 4.1.11), and this library understands no extension.
 * `b64` (RFC 7797) is legal only beside `crit`, and changes what is signed.
 */
export function demandsExtension(header: JsonObject): boolean {
  return header["crit"] !== undefined || header["b64"] !== undefined;
}
