// dpop-core/node-crypto: a backend over node:crypto that answers at once, and signers of its keys. On
// Node, Bun and Deno.
import { type Backend, type ByLabel, byLabel, type SyncAlg } from "./jose/alg.js";
import { nodeAlg, randomBytes, sha256 } from "./node-crypto/algorithm.js";

export {
  createSigner,
  generatePrivateJwk,
  type GenerateOptions,
  type KeyObjectLike,
  type PrivateJwk,
  type RsaPrivateJwk,
  type SignerOptions,
} from "./node-crypto/signer.js";
export type { SigningLabel } from "./jose/alg.js";

/** The backend over node:crypto: an algorithm for each label, `nodeCrypto.RS256` for one. */
export type NodeCryptoBackend = Backend<SyncAlg> & ByLabel<SyncAlg>;

/**
 * A backend over node:crypto. Default algorithms: ES256, EdDSA and Ed25519. ES384, ES512 and RSA are
 * accepted where `algs` lists them, RSA with 2048 to 4096 bits, or up to 8192 with the verifier's
 * `limits.modulusLength` (Deno takes at most 4096). Where the engine lacks an algorithm, its error
 * propagates: then pass `algs` without it.
 *
 * @example
 * ```ts
 * import { createMemoryReplayStore, createVerifier } from "dpop-core";
 * import { nodeCrypto } from "dpop-core/node-crypto";
 *
 * const verifier = createVerifier({
 *   backend: nodeCrypto,
 *   algs: [nodeCrypto.ES256, nodeCrypto.PS256],
 *   replay: createMemoryReplayStore(),
 * });
 * ```
 * @see RFC 7518 sections 3.3 to 3.5, RFC 8037 and RFC 9864 for the algorithms.
 */
export const nodeCrypto: NodeCryptoBackend = /* @__PURE__ */ createBackend();

function createBackend(): NodeCryptoBackend {
  const algs = byLabel(nodeAlg);
  return Object.freeze({
    ...algs,
    algs: Object.freeze([algs.ES256, algs.EdDSA, algs.Ed25519]),
    sha256,
    randomBytes,
  });
}
