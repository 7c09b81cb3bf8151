// The lanes of dpop-core/wasm over a hash that was made before, so that a test can choose it.
import type { SyncAlg, SyncKey } from "../../src/jose/alg.js";
import { es256Alg } from "../../src/fast/p256/es256.js";
import { curveOf } from "../../src/wasm/algorithm.js";
import type { Engine, Table } from "../../src/wasm/engine.js";
import { UNSURE } from "../../src/wasm/es256.js";
import { acceleratedKey } from "../../src/wasm/key.js";

/** A function of the module, from and to numbers. */
export type Exported = (...numbers: readonly number[]) => number;

export function exportOf({ internals }: Engine, name: string): Exported {
  const found = internals.exports[name];
  if (typeof found !== "function") throw new Error(`the module does not export ${name}`);
  return found as Exported; // the module's functions take numbers and return one
}

/** As verifyEs256 of an engine, but `hash` is what was signed. */
export function verifyHash(
  engine: Engine,
  table: Table,
  signature: Uint8Array,
  hash: Uint8Array,
): number {
  const { assembled, memory, tableOfG } = engine.internals;
  const bytes = new Uint8Array(memory.buffer);
  bytes.set(signature, assembled.input.signature.offset);
  bytes.set(hash.toReversed(), assembled.es256.hash.offset);
  const base = tableOfG();
  if (base === null) throw new Error("there is no room for the table of G");
  const decide = exportOf(engine, "decideEs256");
  return decide(base.address, Number(base.isLate), table.address, Number(table.isLate));
}

const below = es256Alg((hash) => hash);

/** ES256 in lanes over the hash itself, and the same of fast below. */
export const hashedEs256InLanes: SyncAlg = {
  ...below,
  importKey(jwk): SyncKey | null {
    const key = below.importKey(jwk);
    const curve = curveOf(jwk);
    if (key === null || curve === null) return null;
    const isWhole = (signature: Uint8Array, hash: Uint8Array): boolean =>
      signature.length === 64 && hash.length === 32;
    return acceleratedKey(key, {
      ...curve,
      verify: (engine) => (table, signature, hash) =>
        isWhole(signature, hash) ? verifyHash(engine, table, signature, hash) : UNSURE,
    });
  },
};
