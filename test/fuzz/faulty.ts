// Implementations that are wrong in one way each, for fuzz.test.ts: the run must find out every one of them.
import type { SyncAlg } from "dpop-core";
import type { SyncImplementation } from "../support/implementation.js";
import { FAST, NOBLE, NODE, WASM } from "../support/implementations.js";
import type { Implementations } from "./key-states.js";
import type { SyncKey } from "../../src/jose/alg.js";

type Verify = SyncKey["verify"];

export type Fault =
  "accepts s = 0" | "accepts s = 0 with the last table" | "refuses valid" | "throws";

export function faultyImplementations(fault: Fault): Implementations {
  const right = { fast: FAST, wasm: WASM, noble: NOBLE, node: NODE };
  switch (fault) {
    case "accepts s = 0":
      return { ...right, fast: faulty(FAST, accepting) };
    case "accepts s = 0 with the last table":
      return { ...right, fast: faulty(FAST, acceptingHot) };
    case "refuses valid":
      return { ...right, noble: faulty(NOBLE, refusing), node: faulty(NODE, refusing) };
    case "throws":
      return { ...right, fast: faulty(FAST, throwing) };
  }
}

/** The keys of the implementation verify as `fault` makes them. */
function faulty(
  implementation: SyncImplementation,
  fault: (key: SyncKey) => Verify,
): SyncImplementation {
  const { backend, algOf } = implementation;
  const faultyKey = (key: SyncKey): SyncKey => ({
    verify: fault(key),
    size: key.size,
    get tableSize() {
      return key.tableSize;
    },
    dropTables: () => key.dropTables?.(),
  });
  const faultyAlg = (alg: SyncAlg): SyncAlg => ({
    ...alg,
    importKey(jwk) {
      const key = alg.importKey(jwk);
      return key === null ? null : faultyKey(key);
    },
  });
  return {
    ...implementation,
    backend: { ...backend, algs: backend.algs.map(faultyAlg) },
    algOf: (label) => faultyAlg(algOf(label)),
  };
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
