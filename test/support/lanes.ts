// The lanes of dpop-core/wasm over a hash that was made before, so that a test can choose it.
import type { SyncAlg, SyncKey } from "../../src/jose/alg.js";
import { eddsaAlg } from "../../src/fast/ed25519/eddsa.js";
import { readWideScalar } from "../../src/fast/ed25519/scalar.js";
import { es256Alg } from "../../src/fast/p256/es256.js";
import { isStrictSignature } from "../../src/jose/ed25519.js";
import { curveOf } from "../../src/wasm/algorithm.js";
import type { Engine, Table } from "../../src/wasm/engine.js";
import { NO, UNSURE } from "../../src/wasm/es256.js";
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

/** As verifyEddsa of an engine, but `hash` is that of R, the key and the message: 64 bytes. */
function verifyEddsaHash(
  engine: Engine,
  table: Table,
  signature: Uint8Array,
  hash: Uint8Array,
): number {
  if (signature.length !== 64 || !isStrictSignature(signature)) return NO;
  const { assembled, memory, tableOfB } = engine.internals;
  const base = tableOfB();
  if (base === null) throw new Error("there is no room for the table of B");
  const bytes = new Uint8Array(memory.buffer);
  const { hashed, s, k } = assembled.eddsa;
  bytes.set(signature, hashed.offset);
  bytes.set(signature.subarray(32), s.offset);
  const number = readWideScalar(hash);
  for (let i = 0; i < 32; i++) bytes[k.offset + i] = Number((number >> BigInt(8 * i)) & 0xffn);
  const decide = exportOf(engine, "decideEddsa");
  return decide(base.address, Number(base.isLate), table.address, Number(table.isLate));
}

/** Ed25519 in lanes over another hash, and the same of fast below. */
export function hashedEddsaInLanes(sha512: (data: Uint8Array) => Uint8Array): SyncAlg {
  const below = eddsaAlg("Ed25519", sha512);
  return {
    ...below,
    importKey(jwk): SyncKey | null {
      const key = below.importKey(jwk);
      const curve = curveOf(jwk);
      if (key === null || curve === null || jwk.kty !== "OKP") return null;
      const a = Buffer.from(jwk.x, "base64url");
      return acceleratedKey(key, {
        build: (teeth) => curve.build(teeth),
        verify: (engine) => (table, signature, data) => {
          const hash = sha512(Buffer.concat([signature.subarray(0, 32), a, data]));
          return verifyEddsaHash(engine, table, signature, hash);
        },
      });
    },
  };
}

const below = es256Alg((hash) => hash);

/** ES256 in lanes over the hash itself, and the same of fast below. */
export const hashedEs256InLanes: SyncAlg = {
  ...below,
  importKey(jwk): SyncKey | null {
    const key = below.importKey(jwk);
    const curve = curveOf(jwk);
    if (key === null || curve === null) return null;
    // Of a key like G every signature can be unsure, and the key below would earn tables of its own.
    const bare: SyncKey = {
      verify: (signature, hash) => key.verify(signature, hash),
      size: key.size,
    };
    const isWhole = (signature: Uint8Array, hash: Uint8Array): boolean =>
      signature.length === 64 && hash.length === 32;
    return acceleratedKey(bare, {
      build: (teeth) => curve.build(teeth),
      verify: (engine) => (table, signature, hash) =>
        isWhole(signature, hash) ? verifyHash(engine, table, signature, hash) : UNSURE,
    });
  },
};
