// ES256 (RFC 7518 section 3.4) over verify.ts.
import type { SyncAlg, SyncKey } from "../../jose/alg.js";
import type { PublicJwk } from "../../jose/jwk.js";
import { importP256Key } from "./verify.js";

/** Makes the algorithm over this SHA-256, for keys that jose/jwk.ts has read. */
export function es256Alg(sha256: (data: Uint8Array) => Uint8Array): SyncAlg {
  return Object.freeze({
    alg: "ES256",
    kty: "EC",
    crv: "P-256",
    importKey(jwk: PublicJwk): SyncKey | null {
      return jwk.kty === "EC" && jwk.crv === "P-256" ? importP256Key(jwk.x, jwk.y, sha256) : null;
    },
  });
}
