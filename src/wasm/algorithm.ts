// Algorithms over those of another backend: their keys go through the module once they have earned a table.
import { decodeBase64url } from "../bytes/base64url.js";
import type { SyncAlg, SyncKey } from "../jose/alg.js";
import type { PublicJwk } from "../jose/jwk.js";
import { createComb as ed25519Comb } from "../fast/ed25519/comb.js";
import { decodePoint, negate } from "../fast/ed25519/point.js";
import { createComb as p256Comb } from "../fast/p256/comb.js";
import { readElement } from "../fast/p256/curve.js";
import { newLimbs } from "../fast/limbs.js";
import { acceleratedKey, type Curve } from "./key.js";

/** What the module verifies. */
const LABELS: ReadonlySet<string> = /* @__PURE__ */ new Set(["ES256", "EdDSA", "Ed25519"]);

/** Makes the algorithm over one of the same label; returns that one where the module does not know it. */
export function acceleratedAlg(below: SyncAlg): SyncAlg {
  if (!LABELS.has(below.alg)) return below;
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
  if (jwk.kty === "EC" && jwk.crv === "P-256") return p256CurveOf(jwk.x, jwk.y);
  if (jwk.kty === "OKP" && jwk.crv === "Ed25519") return ed25519CurveOf(jwk.x);
  return null;
}

function p256CurveOf(encodedX: string, encodedY: string): Curve {
  return {
    build(teeth) {
      const [x, y] = [newLimbs(), newLimbs()];
      readElement(x, bytesOf(encodedX), 0);
      readElement(y, bytesOf(encodedY), 0);
      return p256Comb(x, y, { teeth, blocks: 2 }).table;
    },
    verify: (engine) => engine.verifyEs256,
  };
}

function ed25519CurveOf(encoded: string): Curve {
  const bytes = bytesOf(encoded);
  return {
    build(teeth) {
      const point = decodePoint(bytes);
      // A platform's backend may take a key that is no point, but has no valid signature of it.
      if (point === null) throw new RangeError("a point of the curve was expected");
      return ed25519Comb(negate(point), { teeth, blocks: 2 }).table;
    },
    verify: (engine) => (table, signature, data) =>
      engine.verifyEddsa(table, bytes, signature, data),
  };
}

/** The bytes of a coordinate that the backend below has read. */
function bytesOf(coordinate: string): Uint8Array {
  return decodeBase64url(coordinate) ?? new Uint8Array(32);
}
