// Algorithms over those of another backend: their keys go through the module once they have earned a table.
import { decodeBase64url } from "../bytes/base64url.js";
import type { SyncAlg, SyncKey } from "../jose/alg.js";
import type { PublicJwk } from "../jose/jwk.js";
import { createComb } from "../fast/p256/comb.js";
import { readElement } from "../fast/p256/curve.js";
import { newLimbs } from "../fast/limbs.js";
import { acceleratedKey, type Curve } from "./key.js";

/** Makes the algorithm over one of the same label; returns that one where the module does not know it. */
export function acceleratedAlg(below: SyncAlg): SyncAlg {
  if (below.alg !== "ES256") return below;
  const { alg, kty, crv } = below;
  return Object.freeze({
    alg,
    kty,
    crv,
    importKey(jwk: PublicJwk): SyncKey | null {
      const key = below.importKey(jwk);
      if (key === null) return null;
      // A promise of a key has no `verify`.
      if (typeof key.verify !== "function") {
        throw new TypeError("accelerate needs a backend that answers at once, without promises");
      }
      const curve = curveOf(jwk);
      return curve === null ? key : acceleratedKey(key, curve);
    },
  });
}

/** What the module needs of a key that the backend below has taken. Exported for tests. */
export function curveOf(jwk: PublicJwk): Curve | null {
  if (jwk.kty !== "EC" || jwk.crv !== "P-256") return null;
  return {
    build(teeth) {
      const [x, y] = [newLimbs(), newLimbs()];
      readElement(x, bytesOf(jwk.x), 0);
      readElement(y, bytesOf(jwk.y), 0);
      return createComb(x, y, { teeth, blocks: 2 }).table;
    },
    verify: (engine) => engine.verifyEs256,
  };
}

/** The bytes of a coordinate that the backend below has read. */
function bytesOf(coordinate: string): Uint8Array {
  return decodeBase64url(coordinate) ?? new Uint8Array(32);
}
