// The lanes of dpop-core/wasm over a hash that was made before, so that a test can choose it.
import type { SyncAlg, SyncKey } from "../../src/jose/alg.js";
import { eddsaAlg } from "../../src/fast/ed25519/eddsa.js";
import { readWideScalar } from "../../src/fast/ed25519/scalar.js";
import { es256Alg } from "../../src/fast/p256/es256.js";
import { curveOf } from "../../src/wasm/algorithm.js";
import type { Engine, Lanes, Table } from "../../src/wasm/engine.js";
import { verifyMany } from "../../src/wasm/group.js";
import { ITEM, UNSURE, YES } from "../../src/wasm/items.js";
import { acceleratedKey } from "../../src/wasm/key.js";

/** A function of the module, from and to numbers. */
export type Exported = (...numbers: readonly number[]) => number;

export function exportOf({ internals }: Engine, name: string): Exported {
  const found = internals.exports[name];
  if (typeof found !== "function") throw new Error(`the module does not export ${name}`);
  return found as Exported; // the module's functions take numbers and return one
}

/** Puts 32 bytes where a part of a signature in memory is. */
function replacePart({ internals }: Engine, index: number, part: number, bytes: Uint8Array): void {
  const { assembled, memory } = internals;
  new Uint8Array(memory.buffer).set(bytes, assembled.items.offset + index * ITEM.size + part);
}

/** As `enter` of the lanes of ES256, but `hash` is what was signed. */
export function enterHash(
  engine: Engine,
  index: number,
  table: Table,
  signature: Uint8Array,
  hash: Uint8Array,
): number {
  const answer = engine.es256.enter(index, table, signature, new Uint8Array());
  if (answer === YES) replacePart(engine, index, ITEM.ofBase, hash.toReversed());
  return answer;
}

/** Verifies by itself a signature over this hash: YES, NO or UNSURE. */
export function verifyHash(
  engine: Engine,
  table: Table,
  signature: Uint8Array,
  hash: Uint8Array,
): number {
  const answer = enterHash(engine, 0, table, signature, hash);
  return answer === YES ? engine.es256.decide() : answer;
}

/** Lanes of one curve that enter signatures in a way of their own: the same object for an engine. */
function lanesWith(
  lanesOf: (engine: Engine) => Lanes,
  enterOf: (engine: Engine) => Lanes["enter"],
): (engine: Engine) => Lanes {
  const known = new WeakMap<Engine, Lanes>();
  return (engine) => {
    const lanes = known.get(engine) ?? { ...lanesOf(engine), enter: enterOf(engine) };
    known.set(engine, lanes);
    return lanes;
  };
}

/** k of a hash of 64 bytes, in 32. */
function littleEndian(hash: Uint8Array): Uint8Array {
  const number = readWideScalar(hash);
  return Uint8Array.from({ length: 32 }, (_, i) => Number((number >> BigInt(8 * i)) & 0xffn));
}

/** Ed25519 in lanes over another hash, and the same of fast below. */
export function hashedEddsaInLanes(sha512: (data: Uint8Array) => Uint8Array): SyncAlg {
  const below = eddsaAlg("Ed25519", sha512);
  const lanes = lanesWith(
    ({ eddsa }) => eddsa,
    (engine) =>
      (index, table, signature, data, key = new Uint8Array()) => {
        const answer = engine.eddsa.enter(index, table, signature, new Uint8Array(), key);
        const hash = sha512(Buffer.concat([signature.subarray(0, 32), key, data]));
        if (answer === YES) replacePart(engine, index, ITEM.ofKey, littleEndian(hash));
        return answer;
      },
  );
  return {
    ...below,
    importKey(jwk): SyncKey | null {
      const key = below.importKey(jwk);
      const curve = curveOf(jwk);
      if (key === null || curve === null) return null;
      return acceleratedKey(key, {
        build: (teeth) => curve.build(teeth),
        encoded: () => curve.encoded?.() ?? new Uint8Array(),
        lanes,
      });
    },
  };
}

const below = es256Alg((hash) => hash);

const hashedLanes = lanesWith(
  ({ es256 }) => es256,
  (engine) => (index, table, signature, hash) =>
    hash.length === 32 ? enterHash(engine, index, table, signature, hash) : UNSURE,
);

/** ES256 in lanes over the hash itself, and the same of fast below. */
export const hashedEs256InLanes: SyncAlg = {
  ...below,
  verifyMany,
  importKey(jwk): SyncKey | null {
    const key = below.importKey(jwk);
    const curve = curveOf(jwk);
    if (key === null || curve === null) return null;
    // Of a key like G every signature can be unsure, and the key below would earn tables of its own.
    const bare: SyncKey = {
      verify: (signature, hash) => key.verify(signature, hash),
      size: key.size,
    };
    return acceleratedKey(bare, { build: (teeth) => curve.build(teeth), lanes: hashedLanes });
  },
};
