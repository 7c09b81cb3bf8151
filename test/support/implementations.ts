// The backends of the sources, each as implementation.ts defines one. A new backend is one more line here.
import * as fastEntry from "dpop-core/fast";
import * as nobleEntry from "dpop-core/noble";
import * as nodeEntry from "dpop-core/node-crypto";
import * as wasmEntry from "dpop-core/wasm";
import * as webcryptoEntry from "dpop-core/webcrypto";
import {
  type AsyncImplementation,
  type Implementation,
  nodeImplementation,
  pureImplementation,
  type SyncImplementation,
  webcryptoImplementation,
} from "./implementation.js";

export const NOBLE: SyncImplementation = pureImplementation("noble", nobleEntry.noble, nobleEntry);
export const FAST: SyncImplementation = pureImplementation("fast", fastEntry.fast, fastEntry);
export const WASM: SyncImplementation = pureImplementation("wasm", wasmEntry.wasm, wasmEntry);
export const WEBCRYPTO: AsyncImplementation = webcryptoImplementation(webcryptoEntry);
export const NODE: SyncImplementation = nodeImplementation(nodeEntry);

export const IMPLEMENTATIONS: readonly Implementation[] = [NOBLE, FAST, WASM, WEBCRYPTO, NODE];
