// The bundled copy of noble as a backend. Only this file, sha256.ts and sha512.ts import noble.
import { ed25519 } from "@noble/curves/ed25519.js";
import { p256, p384, p521 } from "@noble/curves/nist.js";
import { sha384 as nobleSha384 } from "@noble/hashes/sha2.js";
import { nobleBackend, type NobleBackend } from "./backend.js";
import { ecdsaAlg } from "./ecdsa.js";
import { eddsaAlg } from "./eddsa.js";
import { inOneState } from "./one-state.js";
import { sha256 } from "./sha256.js";
import { sha512 } from "./sha512.js";
import type { SyncAlg } from "../jose/alg.js";

const sha384: (data: Uint8Array) => Uint8Array = /* @__PURE__ */ inOneState(nobleSha384);

/**
 * The default backend, in pure TypeScript, for any engine. Default algorithms: ES256, EdDSA and Ed25519.
 * On a server, nodeCrypto and fast verify several times as fast.
 *
 * @example
 * ```ts
 * import { createMemoryReplayStore, createVerifier, noble } from "dpop-core";
 *
 * const verifier = createVerifier({
 *   algs: [noble.ES256, noble.ES384],
 *   replay: createMemoryReplayStore(),
 * });
 * ```
 * @see RFC 7518 section 3.4, RFC 8037 and RFC 9864 for the algorithms.
 */
export const noble: NobleBackend = /* @__PURE__ */ nobleBackend({
  p256,
  p384,
  p521,
  ed25519,
  sha256,
  sha384,
  sha512,
});

/** ECDSA on P-256 with SHA-256 (RFC 7518 section 3.4). */
export const ES256: SyncAlg = /* @__PURE__ */ ecdsaAlg("ES256", p256, sha256);
/** ECDSA on P-384 with SHA-384 (RFC 7518 section 3.4), accepted where `algs` lists it. */
export const ES384: SyncAlg = /* @__PURE__ */ ecdsaAlg("ES384", p384, sha384);
/** ECDSA on P-521 with SHA-512 (RFC 7518 section 3.4), accepted where `algs` lists it. */
export const ES512: SyncAlg = /* @__PURE__ */ ecdsaAlg("ES512", p521, sha512);
/** Ed25519 under the label of RFC 8037. */
export const EdDSA: SyncAlg = /* @__PURE__ */ eddsaAlg("EdDSA", { ed25519, sha512 });
/** Ed25519 under the label of RFC 9864. */
export const Ed25519: SyncAlg = /* @__PURE__ */ eddsaAlg("Ed25519", { ed25519, sha512 });
