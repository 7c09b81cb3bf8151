import { ed25519 } from "@noble/curves/ed25519.js";
import { p256, p384, p521 } from "@noble/curves/nist.js";
import { sha256, sha384, sha512 } from "@noble/hashes/sha2.js";
import { createMemoryReplayStore, createVerifier } from "dpop-core/core";
import { nobleBackend } from "dpop-core/noble";

const backend = nobleBackend({ p256, p384, p521, ed25519, sha256, sha384, sha512 });
const replay = createMemoryReplayStore({ backend });
export const verifier = createVerifier({ backend, replay, algs: [backend.ES256, backend.ES384] });
