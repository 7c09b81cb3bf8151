// dpop-core/fast: verifies ES256, EdDSA and Ed25519 in pure TypeScript that is built for speed;
// everything else is that of dpop-core/noble.
import { noble } from "./noble/bundled.js";
import type { NobleBackend } from "./noble/backend.js";
import { sha256 } from "./noble/sha256.js";
import { sha512 } from "./noble/sha512.js";
import { eddsaAlg } from "./fast/ed25519/eddsa.js";
import { es256Alg } from "./fast/p256/es256.js";
import type { SyncAlg } from "./jose/alg.js";

export { createSigner, generatePrivateJwk } from "./noble.js";
export type { NobleBackend, PrivateJwk, SignerOptions, SigningLabel } from "./noble.js";

/** ECDSA on P-256 with SHA-256 (RFC 7518 section 3.4), verified by the arithmetic of this entry. */
export const ES256: SyncAlg = /* @__PURE__ */ es256Alg(sha256);
/** Ed25519 under the label of RFC 8037, verified by the arithmetic of this entry. */
export const EdDSA: SyncAlg = /* @__PURE__ */ eddsaAlg("EdDSA", sha512);
/** Ed25519 under the label of RFC 9864, verified by the arithmetic of this entry. */
export const Ed25519: SyncAlg = /* @__PURE__ */ eddsaAlg("Ed25519", sha512);

/**
 * A backend for servers that verify many proofs. It verifies ES256, EdDSA and Ed25519 by arithmetic of
 * its own, on doubles instead of BigInt: for a key that was seen before, some 38 times as fast as noble
 * for ES256 and 24 times for EdDSA (Node 20, npm run bench:compare). Its answers are the same. Signing,
 * ES384, ES512, hashes and random bytes are noble's.
 *
 * Its time varies with what it verifies, and that is only public values. A program of the test suite
 * proves its bounds, and the tests compare its answers with those of noble and node:crypto. Unlike noble's
 * curves, it has had no audit from outside. A key whose signatures were valid keeps a table (`tableSize`).
 *
 * @example
 * ```ts
 * import { createMemoryReplayStore, createVerifier } from "dpop-core";
 * import { fast } from "dpop-core/fast";
 *
 * const verifier = createVerifier({ backend: fast, replay: createMemoryReplayStore() });
 * ```
 * @see RFC 7518 section 3.4, RFC 8037 and RFC 9864 for the algorithms.
 */
export const fast: NobleBackend = /* @__PURE__ */ fastBackend();

function fastBackend(): NobleBackend {
  const algs = Object.freeze([ES256, EdDSA, Ed25519]);
  return Object.freeze({ ...noble, algs, ES256, EdDSA, Ed25519 });
}
