// Ed25519 (RFC 8032 section 5.1.7) over noble's curve, under both of its labels (RFC 8037, RFC
// 9864).
import { decodeBase64url, encodeBase64url } from "../bytes/base64url.js";
import { constantTimeEqualBytes } from "../bytes/equal.js";
import type { SyncAlg, SyncKey } from "../jose/alg.js";
import { isSmallOrderPoint } from "../jose/ed25519.js";
import type { PublicJwk } from "../jose/jwk.js";
import type { NobleEd25519, NobleEdwardsPoint, NobleParts } from "./parts.js";

export type EddsaLabel = "EdDSA" | "Ed25519";

export function eddsaAlg(alg: EddsaLabel, parts: Pick<NobleParts, "ed25519" | "sha512">): SyncAlg {
  return Object.freeze({
    alg,
    kty: "OKP",
    crv: "Ed25519",
    importKey(jwk: PublicJwk): SyncKey | null {
      const key = jwk.kty === "OKP" ? decodeBase64url(jwk.x) : null;
      if (key === null || key.length !== 32 || !parts.ed25519.utils.isValidPublicKey(key, false))
        return null;
      return eddsaKey(key, parts.ed25519, parts.sha512);
    },
  });
}

/**
 * Without the cofactor: R is recomputed as [S]B - [k]A and its encoding compared, as node:crypto
 * and WebCrypto do. noble's own verify multiplies by the cofactor and so accepts signatures with a
 * torsion component that those refuse; a proof must be valid everywhere or nowhere. A non-canonical
 * R never equals an encoding, so that it needs no check of its own.
 */
function eddsaKey<P extends NobleEdwardsPoint<P>>(
  key: Uint8Array,
  { Point }: Pick<NobleEd25519<P>, "Point">,
  sha512: NobleParts["sha512"],
): SyncKey {
  const order = Point.Fn.ORDER;
  const minusA = Point.fromBytes(key, false).negate();
  return {
    size: key.length,
    verify(signature, data) {
      if (signature.length !== 64) return false;
      const r = signature.subarray(0, 32);
      const s = littleEndian(signature.subarray(32));
      if (s >= order) return false; // RFC 8032 section 5.1.7 step 1: S is below L
      if (isSmallOrderPoint(encodeBase64url(r))) return false;
      const hashed = new Uint8Array(64 + data.length);
      hashed.set(r);
      hashed.set(key, 32);
      hashed.set(data, 64);
      const k = littleEndian(sha512(hashed)) % order;
      // Public values only, so that the variable time of the unsafe multiplication tells nobody
      // anything.
      const recomputed = Point.BASE.multiplyUnsafe(s).add(minusA.multiplyUnsafe(k));
      // All of this is public: the comparison is the one of bytes that there is.
      return constantTimeEqualBytes(recomputed.toBytes(), r);
    },
  };
}

function littleEndian(bytes: Uint8Array): bigint {
  let hex = "";
  for (const byte of bytes) hex = (byte < 16 ? "0" : "") + byte.toString(16) + hex;
  return BigInt(`0x${hex}`);
}
