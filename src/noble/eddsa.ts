// Ed25519 (RFC 8032 section 5.1.7) over noble's curve, under both of its labels (RFC 8037, RFC
// 9864).
import { decodeBase64url, encodeBase64url } from "../bytes/base64url.js";
import { constantTimeEqualBytes } from "../bytes/equal.js";
import type { SyncAlg, SyncKey } from "../jose/alg.js";
import { isSmallOrderPoint } from "../jose/ed25519.js";
import type { PublicJwk } from "../jose/jwk.js";
import { littleEndian } from "./bigint.js";
import { type Comb, COMB_POINTS, combOf, lateCombOf, sumOfProducts } from "./comb.js";
import { hotKey, type Ways } from "./hot-key.js";
import type { NobleEd25519, NobleEdwardsPoint, NobleParts } from "./parts.js";

export type EddsaLabel = "EdDSA" | "Ed25519";

/** Makes the algorithm of a label. */
export function eddsaAlg<P extends NobleEdwardsPoint<P>>(
  alg: EddsaLabel,
  { ed25519, sha512 }: { readonly ed25519: NobleEd25519<P>; readonly sha512: NobleParts["sha512"] },
): SyncAlg {
  const ways = waysOf(ed25519.Point, sha512);
  return Object.freeze({
    alg,
    kty: "OKP",
    crv: "Ed25519",
    importKey(jwk: PublicJwk): SyncKey | null {
      if (jwk.kty !== "OKP") return null;
      const key = decodeBase64url(jwk.x);
      if (key === null || key.length !== 32 || !ed25519.utils.isValidPublicKey(key, false))
        return null;
      const minusA = ed25519.Point.fromBytes(key, false).negate();
      return hotKey(ways, { x: jwk.x, minusA });
    },
  });
}

/** What a key holds: its encoding in base64url, and the point -A. */
interface HeldPoint<P> {
  readonly x: string;
  readonly minusA: P;
}

/**
 * Verifies without the cofactor: recomputes R as [S]B - [k]A and compares the encodings, as node:crypto
 * and WebCrypto do. noble's own verify multiplies by the cofactor, so it accepts signatures with a
 * torsion component that the others refuse; every backend must give the same answer. A non-canonical R
 * needs no check of its own, because it equals no encoding.
 */
function waysOf<P extends NobleEdwardsPoint<P>>(
  Point: NobleEd25519<P>["Point"],
  sha512: NobleParts["sha512"],
): Ways<HeldPoint<P>, Comb<P>> {
  const order = Point.Fn.ORDER;
  const base = lateCombOf(Point.BASE, SCALAR_BITS);
  /** `recompute` returns [S]B - [k]A. */
  const isSignature = (
    signature: Uint8Array,
    data: Uint8Array,
    x: string,
    recompute: (s: bigint, k: bigint) => P,
  ): boolean => {
    const key = signature.length === 64 ? decodeBase64url(x) : null;
    if (key === null) return false;
    const r = signature.subarray(0, 32);
    const s = littleEndian(signature.subarray(32));
    if (s >= order) return false; // RFC 8032 section 5.1.7 step 1: S is below L
    if (isSmallOrderPoint(encodeBase64url(r))) return false;
    const hashed = new Uint8Array(64 + data.length);
    hashed.set(r);
    hashed.set(key, 32);
    hashed.set(data, 64);
    const k = littleEndian(sha512(hashed)) % order;
    // The values are public; this is the only comparison of bytes in bytes/.
    return constantTimeEqualBytes(recompute(s, k).toBytes(), r);
  };
  // The time of both ways varies, and reveals only public values.
  return {
    pointSize: POINT_SIZE + HELD_SIZE,
    tableSize: COMB_POINTS * POINT_SIZE,
    cold: (signature, data, { x, minusA }) =>
      isSignature(signature, data, x, (s, k) =>
        Point.BASE.multiplyUnsafe(s).add(minusA.multiplyUnsafe(k)),
      ),
    heat: ({ minusA }) => combOf(minusA, SCALAR_BITS),
    hot: (signature, data, comb, { x }) =>
      isSignature(signature, data, x, (s, k) =>
        sumOfProducts(
          [
            [base(), s],
            [comb, k],
          ],
          Point.ZERO,
        ),
      ),
  };
}

/** S and k are below L, which has 253 bits. */
const SCALAR_BITS = 253;

/** Bytes of a point: four coordinates and the object around them. */
const POINT_SIZE = 4 * 48 + 64;

/** Bytes of a HeldPoint without its point: the object, and its text where nothing else holds that. */
const HELD_SIZE = 112;
