// Signatures (RFC 7515 section 5.2, RFC 7518 section 3.4): one that does not verify, to other forms of it that
// may. The one that verifies tells the cause.
import { decodeBase64url } from "../bytes/base64url.js";
import { textOf } from "../bytes/utf8.js";
import { type Alg, algShape } from "../jose/alg.js";
import { decodeDer } from "../jose/der.js";
import { type Hasher, sha256 } from "../jose/hash.js";
import type { Cause } from "./cause.js";

/** A signature and what it would sign, if the cause is right. */
export interface Attempt {
  readonly cause: Cause;
  readonly signature: Uint8Array;
  readonly signed: Uint8Array;
}

/** Returns what to try, at most seven verifications. */
export function attemptsOf(
  alg: Alg,
  signature: Uint8Array,
  signed: Uint8Array,
  hasher: Hasher,
): readonly Attempt[] {
  const width = widthOf(alg);
  const text = signature.length > MOST_CHARACTERS ? "" : textOf(Array.from(signature));
  const forms: readonly (readonly [Cause, Uint8Array | null])[] = [
    ["signature_der", width === undefined ? null : decodeDer(signature, width)],
    ["signature_encoding", fromHex(text) ?? decodeBase64url(text)],
    ...(width === undefined ? [] : repaddings(signature, width)),
  ];
  const others = forms.flatMap(([cause, form]) =>
    form === null ? [] : [{ cause, signature: form, signed }],
  );
  const payload = signed.subarray(signed.indexOf(DOT) + 1);
  const hash = Uint8Array.from(sha256(signed, hasher));
  return [
    ...others,
    { cause: "signature_hashed_twice", signature, signed: hash },
    { cause: "signature_payload", signature, signed: payload },
  ];
}

const DOT = 0x2e;

/** Returns the cause where no attempt verifies. */
export function otherCause(alg: Alg, signature: Uint8Array): Cause {
  const size = algShape(alg.alg)?.signatureSize;
  if (size === undefined || size === signature.length) return "signature_other";
  const width = widthOf(alg);
  const isDer = width !== undefined && decodeDer(signature, width) !== null;
  return isDer ? "signature_der" : "signature_size";
}

/** Bytes of r and of s; undefined for an algorithm that is no ECDSA. */
function widthOf(alg: Alg): number | undefined {
  const size = algShape(alg.alg)?.signatureSize;
  return alg.kty === "EC" && size !== undefined ? size / 2 : undefined;
}

/** r and s without their leading zeros, or with one too many, as a library of big numbers writes them. */
function repaddings(
  signature: Uint8Array,
  width: number,
): readonly (readonly [Cause, Uint8Array])[] {
  const { length } = signature;
  if (length === 2 * width || length < 2 * width - 2 || length > 2 * width + 2) return [];
  const ends = [width, length - width, length >> 1].filter((end) => end > 0 && end < length);
  return [...new Set(ends)].flatMap((end): readonly (readonly [Cause, Uint8Array])[] => {
    const r = fitted(signature.subarray(0, end), width);
    const s = fitted(signature.subarray(end), width);
    if (r === null || s === null) return [];
    const whole = new Uint8Array(2 * width);
    whole.set(r);
    whole.set(s, width);
    return [["signature_length", whole]];
  });
}

/** Returns the number with that many bytes; null where it is larger. */
function fitted(number: Uint8Array, width: number): Uint8Array | null {
  const more = number.length - width;
  if (more > 0)
    return number.subarray(0, more).some((byte) => byte !== 0) ? null : number.subarray(more);
  const whole = new Uint8Array(width);
  whole.set(number, -more);
  return whole;
}

/** Returns the bytes that hexadecimal digits stand for; null for other text. */
function fromHex(text: string): Uint8Array | null {
  if (!/^(?:[0-9a-f]{2})+$/i.test(text)) return null;
  return Uint8Array.from({ length: text.length / 2 }, (_, i) =>
    parseInt(text.slice(2 * i, 2 * i + 2), 16),
  );
}

/** Of the longest signature, that of an RSA key of 8192 bits, in hexadecimal. */
const MOST_CHARACTERS = 2048;
