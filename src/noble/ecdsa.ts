// ES256, ES384 and ES512 (RFC 7518 section 3.4) over noble's curves.
import { decodeBase64url } from "../bytes/base64url.js";
import { textOf } from "../bytes/utf8.js";
import type { SyncAlg, SyncKey } from "../jose/alg.js";
import type { PublicJwk } from "../jose/jwk.js";
import { bigEndian } from "./bigint.js";
import { type Comb, COMB_POINTS, combOf, lateCombOf, sumOfProducts } from "./comb.js";
import { hotKey, type Ways } from "./hot-key.js";
import type { NobleEcdsa, NobleWeierstrassPoint } from "./parts.js";

export type EcdsaLabel = "ES256" | "ES384" | "ES512";

/** Returns the one curve of a label. `size` is the length of a coordinate, of r and of s, in bytes. */
export function ecdsaCurve(alg: EcdsaLabel): {
  readonly crv: "P-256" | "P-384" | "P-521";
  readonly size: number;
} {
  switch (alg) {
    case "ES256":
      return { crv: "P-256", size: 32 };
    case "ES384":
      return { crv: "P-384", size: 48 };
    case "ES512":
      return { crv: "P-521", size: 66 };
  }
}

type Hash = (data: Uint8Array) => Uint8Array;

/** Makes the algorithm of a label. `hash` must be the hash of that label. */
export function ecdsaAlg<P extends NobleWeierstrassPoint<P>>(
  alg: EcdsaLabel,
  curve: NobleEcdsa<P>,
  hash: Hash,
): SyncAlg {
  const { crv, size } = ecdsaCurve(alg);
  const ways = waysOf(size, curve, hash);
  return Object.freeze({
    alg,
    kty: "EC",
    crv,
    importKey(jwk: PublicJwk): SyncKey | null {
      const point =
        jwk.kty === "EC" && jwk.crv === crv ? uncompressedPoint(jwk.x, jwk.y, size) : null;
      if (point === null || !curve.utils.isValidPublicKey(point, false)) return null;
      return hotKey(ways, textOf([...point]));
    },
  });
}

/**
 * How keys of a curve are verified. They hold their points as text, a character for each byte: a typed array
 * takes three times the memory.
 */
function waysOf<P extends NobleWeierstrassPoint<P>>(
  size: number,
  curve: NobleEcdsa<P>,
  hash: Hash,
): Ways<string, Comb<P>> {
  const base = lateCombOf(curve.Point.BASE, curve.Point.Fn.BITS);
  return {
    pointSize: 1 + 2 * size + 31,
    // A point of the comb has three coordinates, each of them an object.
    tableSize: COMB_POINTS * (3 * (size + 24) + 64),
    cold: (signature, data, point) =>
      // R||S of fixed width, never DER; noble throws for any other length.
      signature.length === 2 * size &&
      // lowS: false, because JOSE allows a high S, which the examples of RFC 9449 have, and noble
      // refuses it by default.
      curve.verify(signature, data, bytesOf(point), { lowS: false }),
    heat: (point) => combOf(curve.Point.fromBytes(bytesOf(point)), curve.Point.Fn.BITS),
    hot: (signature, data, key) =>
      signature.length === 2 * size &&
      verifyWithCombs(signature, hash(data), { base: base(), key }, curve.Point),
  };
}

function bytesOf(text: string): Uint8Array {
  return Uint8Array.from({ length: text.length }, (_, i) => text.charCodeAt(i));
}

/**
 * Verifies by FIPS 186-5 section 6.4.2, with combs of the base point and of the key. Its time varies,
 * and reveals only public values.
 */
function verifyWithCombs<P extends NobleWeierstrassPoint<P>>(
  signature: Uint8Array,
  hash: Uint8Array,
  combs: { readonly base: Comb<P>; readonly key: Comb<P> },
  { ZERO, Fn, Fp }: NobleEcdsa<P>["Point"],
): boolean {
  const n = Fn.ORDER;
  const size = signature.length / 2;
  const r = bigEndian(signature.subarray(0, size));
  const s = bigEndian(signature.subarray(size));
  if (r === 0n || r >= n || s === 0n || s >= n) return false; // step 1
  const e = bigEndian(hash); // steps 2 and 3: no hash here has more bits than its curve's order
  const inverse = Fn.inv(s); // step 4
  const u1 = (e * inverse) % n; // step 5
  const u2 = (r * inverse) % n;
  const point = sumOfProducts(
    [
      [combs.base, u1],
      [combs.key, u2],
    ],
    ZERO,
  ); // step 6
  if (point.is0()) return false;
  // Steps 7 and 8 without a division: x = X / Z is r, or r + n where r + n is below p.
  const isX = (x: bigint): boolean => (x * point.Z - point.X) % Fp.ORDER === 0n;
  return isX(r) || (r + n < Fp.ORDER && isX(r + n));
}

/** SEC 1 section 2.3.3: 04 || x || y. */
function uncompressedPoint(x: string, y: string, size: number): Uint8Array | null {
  const left = decodeBase64url(x);
  const right = decodeBase64url(y);
  if (left === null || right === null || left.length !== size || right.length !== size) return null;
  const point = new Uint8Array(1 + 2 * size);
  point[0] = 4;
  point.set(left, 1);
  point.set(right, 1 + size);
  return point;
}
