// ES256, ES384 and ES512 (RFC 7518 section 3.4) over noble's curves.
import { decodeBase64url } from "../bytes/base64url.js";
import type { SyncAlg, SyncKey } from "../jose/alg.js";
import type { PublicJwk } from "../jose/jwk.js";
import type { NobleEcdsa } from "./parts.js";

export type EcdsaLabel = "ES256" | "ES384" | "ES512";

/** Each label names one curve. `size` is that of a coordinate, of r and of s, in bytes. */
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

export function ecdsaAlg(alg: EcdsaLabel, curve: NobleEcdsa): SyncAlg {
  const { crv, size } = ecdsaCurve(alg);
  return Object.freeze({
    alg,
    kty: "EC",
    crv,
    importKey(jwk: PublicJwk): SyncKey | null {
      const point =
        jwk.kty === "EC" && jwk.crv === crv ? uncompressedPoint(jwk.x, jwk.y, size) : null;
      if (point === null || !curve.utils.isValidPublicKey(point, false)) return null;
      return {
        size: point.length,
        verify: (signature, data) =>
          // R||S of fixed width, never DER; noble throws for any other length.
          signature.length === 2 * size &&
          // lowS: false, because JOSE allows a high S (RFC 9449's own examples have one) and noble
          // by default does not.
          curve.verify(signature, data, point, { lowS: false }),
      };
    },
  });
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
