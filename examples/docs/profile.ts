import { createMemoryReplayStore, createVerifier, profiles } from "dpop-core";
import { nodeCrypto } from "dpop-core/node-crypto";

const replay = createMemoryReplayStore();
const algs = [nodeCrypto.ES256, nodeCrypto.PS256]; // RSA is there where it is named
export const verifier = createVerifier({ ...profiles.fapi2, replay, backend: nodeCrypto, algs });
