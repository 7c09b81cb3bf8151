// dpop-core/fast: ES256, EdDSA and Ed25519 verified in pure TypeScript that is built for speed;
// everything else as in dpop-core/noble.
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
/** Ed25519 under the label of RFC 8037, likewise. */
export const EdDSA: SyncAlg = /* @__PURE__ */ eddsaAlg("EdDSA", sha512);
/** Ed25519 under the label of RFC 9864, likewise. */
export const Ed25519: SyncAlg = /* @__PURE__ */ eddsaAlg("Ed25519", sha512);

/**
 * A backend that takes noble's place where many proofs are verified. Signatures of ES256, EdDSA and
 * Ed25519 are verified by arithmetic of our own, on numbers in doubles instead of BigInt: for a key
 * that was seen before, some 38 times as fast as noble's for ES256 and 24 times for EdDSA (Node 20,
 * npm run bench:compare). It gives the same answers; signing, ES384, ES512, hashes and random bytes
 * are noble's own.
 *
 * It only ever sees public values, and takes a time that depends on them. Its bounds are proven by a
 * program of the test suite, and its answers compared with noble's and node:crypto's; but it has had
 * no audit from outside, which noble's curves have had. Keys keep tables (`tableSize`) once their
 * signatures were valid.
 */
export const fast: NobleBackend = /* @__PURE__ */ fastBackend();

function fastBackend(): NobleBackend {
  const algs = Object.freeze([ES256, EdDSA, Ed25519]);
  return Object.freeze({ ...noble, algs, ES256, EdDSA, Ed25519 });
}
