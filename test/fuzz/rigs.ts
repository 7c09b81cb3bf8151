// Backends that are wrong in one way each, for fuzz.test.ts: the run must find every one of them out.
import { noble, type SyncAlg } from "dpop-core";
import { fast } from "dpop-core/fast";
import { nodeCrypto } from "dpop-core/node-crypto";
import type { Backends } from "./contestants.js";
import type { SyncBackend, SyncKey } from "../../src/jose/alg.js";

type Verify = SyncKey["verify"];

export type Rig =
  "accepts s = 0" | "accepts s = 0 with the last table" | "refuses valid" | "throws";

export function riggedBackends(rig: Rig): Backends {
  switch (rig) {
    case "accepts s = 0":
      return { fast: rigged(fast, accepting), noble, node: nodeCrypto };
    case "accepts s = 0 with the last table":
      return { fast: rigged(fast, acceptingHot), noble, node: nodeCrypto };
    case "refuses valid":
      return { fast, noble: rigged(noble, refusing), node: rigged(nodeCrypto, refusing) };
    case "throws":
      return { fast: rigged(fast, throwing), noble, node: nodeCrypto };
  }
}

/** A backend of which the keys answer as `rig` makes them. */
function rigged(backend: SyncBackend, rig: (key: SyncKey) => Verify): SyncBackend {
  const riggedKey = (key: SyncKey): SyncKey => ({
    verify: rig(key),
    size: key.size,
    get tableSize() {
      return key.tableSize;
    },
    dropTables: () => key.dropTables?.(),
  });
  const riggedAlg = (alg: SyncAlg): SyncAlg => ({
    ...alg,
    importKey(jwk) {
      const key = alg.importKey(jwk);
      return key === null ? null : riggedKey(key);
    },
  });
  return { ...backend, algs: backend.algs.map(riggedAlg) };
}

const hasNoS = (signature: Uint8Array): boolean =>
  signature.length === 64 && signature.subarray(32).every((byte) => byte === 0);

const accepting =
  (key: SyncKey): Verify =>
  (signature, data) =>
    hasNoS(signature) || key.verify(signature, data);

/** A table of more than these bytes is the last one. */
const SMALL_TABLE = 10_000;

const acceptingHot =
  (key: SyncKey): Verify =>
  (signature, data) =>
    ((key.tableSize ?? 0) > SMALL_TABLE && hasNoS(signature)) || key.verify(signature, data);

/** Refuses half. */
const refusing =
  (key: SyncKey): Verify =>
  (signature, data) =>
    ((signature[40] ?? 0) & 1) === 0 && key.verify(signature, data);

const throwing =
  (key: SyncKey): Verify =>
  (signature, data) => {
    if (!key.verify(signature, data)) throw new RangeError("no such point");
    return true;
  };
