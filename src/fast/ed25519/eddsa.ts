// Ed25519 (RFC 8032 section 5.1.7) over verify.ts, under both of its labels (RFC 8037, RFC 9864).
import type { SyncAlg, SyncKey } from "../../jose/alg.js";
import type { PublicJwk } from "../../jose/jwk.js";
import { importEd25519Key } from "./verify.js";

/** Makes the algorithm of a label, without the cofactor, for keys that jose/jwk.ts has read. */
export function eddsaAlg(
  alg: "EdDSA" | "Ed25519",
  sha512: (data: Uint8Array) => Uint8Array,
): SyncAlg {
  return Object.freeze({
    alg,
    kty: "OKP",
    crv: "Ed25519",
    importKey(jwk: PublicJwk): SyncKey | null {
      return jwk.kty === "OKP" ? importEd25519Key(jwk.x, sha512) : null;
    },
  });
}
