// Algorithms over those of another backend: their keys go through the module once they have earned a table.
import { decodeBase64url } from "../bytes/base64url.js";
import type { SyncAlg, SyncKey } from "../jose/alg.js";
import type { PublicJwk } from "../jose/jwk.js";
import { createComb as ed25519Comb } from "../fast/ed25519/comb.js";
import { decodePoint, negate } from "../fast/ed25519/point.js";
import { createComb as p256Comb } from "../fast/p256/comb.js";
import { readElement } from "../fast/p256/curve.js";
import { newLimbs } from "../fast/limbs.js";
import type { Engine, Lanes } from "./engine.js";
import { verifyMany } from "./group.js";
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
    // Ed25519 would gain a fifth at best: its sums are complete as they are, and only doublings would be shared.
    ...(alg === "ES256" && { verifyMany }),
  });
}

/** What the module needs of a key that the backend below has taken. Exported for tests. */
export function curveOf(jwk: PublicJwk): Curve | null {
  if (jwk.kty === "EC" && jwk.crv === "P-256") return new P256Curve(jwk.x, jwk.y);
  if (jwk.kty === "OKP" && jwk.crv === "Ed25519") return new Ed25519Curve(jwk.x);
  return null;
}

// One object for a key, of texts that its JWK has anyway: a cache holds tens of thousands of them.

class P256Curve implements Curve {
  private readonly x: string;
  private readonly y: string;

  constructor(x: string, y: string) {
    this.x = x;
    this.y = y;
  }

  build(teeth: number): Int32Array {
    const [x, y] = [newLimbs(), newLimbs()];
    readElement(x, bytesOf(this.x), 0);
    readElement(y, bytesOf(this.y), 0);
    return p256Comb(x, y, { teeth, blocks: 2 }).table;
  }

  lanes(engine: Engine): Lanes {
    return engine.es256;
  }
}

class Ed25519Curve implements Curve {
  private readonly text: string;

  constructor(text: string) {
    this.text = text;
  }

  build(teeth: number): Int32Array {
    const point = decodePoint(this.encoded());
    // A platform's backend may take a key that is no point, but has no valid signature of it.
    if (point === null) throw new RangeError("a point of the curve was expected");
    return ed25519Comb(negate(point), { teeth, blocks: 2 }).table;
  }

  lanes(engine: Engine): Lanes {
    return engine.eddsa;
  }

  encoded(): Uint8Array {
    return bytesOf(this.text);
  }
}

/** The bytes of a coordinate that the backend below has read. */
function bytesOf(coordinate: string): Uint8Array {
  return decodeBase64url(coordinate) ?? new Uint8Array(32);
}
