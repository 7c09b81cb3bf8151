// The noble backend: from noble's objects, bundled or the caller's own, to algorithms, a hash, random
// bytes and signers.
import { functionMember, isBytes, membersArgument, objectArgument } from "../input/argument.js";
import type { Backend, SyncAlg, SyncSigner } from "../jose/alg.js";
import { ecdsaAlg } from "./ecdsa.js";
import { eddsaAlg } from "./eddsa.js";
import type { NobleParts } from "./parts.js";
import { guardedRandomBytes, platformRandomBytes } from "./random.js";
import {
  newPrivateJwk,
  type PrivateJwk,
  type SignerOptions,
  signerOf,
  type SigningLabel,
} from "./signer.js";

/** The backend over noble: an algorithm for each label, and signers of its keys. */
export interface NobleBackend extends Backend<SyncAlg> {
  readonly ES256: SyncAlg;
  readonly ES384: SyncAlg;
  readonly ES512: SyncAlg;
  readonly EdDSA: SyncAlg;
  readonly Ed25519: SyncAlg;
  /** Makes a signer of a private key. Throws a TypeError where `privateJwk` is not a private key. */
  createSigner(privateJwk: PrivateJwk, options?: SignerOptions): SyncSigner;
  /** Generates a private key for a label. Throws a TypeError for another label. */
  generatePrivateJwk(alg: SigningLabel): PrivateJwk;
}

/**
 * Makes a backend over the caller's own copy of noble, version 2. Default algorithms: ES256, EdDSA and
 * Ed25519. ES384 and ES512 are accepted where `algs` lists them.
 *
 * @param parts `p256`, `p384` and `p521` of @noble/curves/nist.js, `ed25519` of @noble/curves/ed25519.js,
 *   `sha256`, `sha384` and `sha512` of @noble/hashes/sha2.js.
 * @returns the backend.
 * @throws a TypeError that names the part that is missing or wrong.
 * @example
 * ```ts
 * import { ed25519 } from "@noble/curves/ed25519.js";
 * import { p256, p384, p521 } from "@noble/curves/nist.js";
 * import { sha256, sha384, sha512 } from "@noble/hashes/sha2.js";
 * import { nobleBackend } from "dpop-core/noble";
 *
 * const backend = nobleBackend({ p256, p384, p521, ed25519, sha256, sha384, sha512 });
 * ```
 * @see RFC 7518 section 3.4, RFC 8037 and RFC 9864 for the algorithms.
 */
export function nobleBackend(parts: NobleParts): NobleBackend {
  const given = readParts(parts);
  const randomBytes = guardedRandomBytes(given.randomBytes ?? platformRandomBytes);
  const ES256 = ecdsaAlg("ES256", given.p256, given.sha256);
  const EdDSA = eddsaAlg("EdDSA", given);
  const Ed25519 = eddsaAlg("Ed25519", given);
  return Object.freeze({
    algs: Object.freeze([ES256, EdDSA, Ed25519]),
    ES256,
    ES384: ecdsaAlg("ES384", given.p384, given.sha384),
    ES512: ecdsaAlg("ES512", given.p521, given.sha512),
    EdDSA,
    Ed25519,
    sha256: (data: Uint8Array) => given.sha256(data),
    randomBytes,
    createSigner: (privateJwk: PrivateJwk, options: SignerOptions = {}) =>
      signerOf(given, privateJwk, options),
    generatePrivateJwk: (alg: SigningLabel) => newPrivateJwk(given, alg, randomBytes),
  });
}

const PARTS = ["p256", "p384", "p521", "ed25519", "sha256", "sha384", "sha512", "randomBytes"];

/** Checks every member that is used. The length of a signature reveals a curve in the wrong place. */
function readParts(parts: NobleParts): NobleParts {
  const given = membersArgument(parts, "parts", PARTS);
  readCurve(given.p256, "parts.p256", ["sign", "verify", "getPublicKey", "Point"], 64);
  readCurve(given.p384, "parts.p384", ["sign", "verify", "getPublicKey", "Point"], 96);
  readCurve(given.p521, "parts.p521", ["sign", "verify", "getPublicKey", "Point"], 132);
  readCurve(given.ed25519, "parts.ed25519", ["sign", "getPublicKey", "Point"], 64);
  readHash(given.sha256, "parts.sha256", 32);
  readHash(given.sha384, "parts.sha384", 48);
  readHash(given.sha512, "parts.sha512", 64);
  if (given.randomBytes !== undefined && typeof given.randomBytes !== "function") {
    throw new TypeError("parts.randomBytes must be a function");
  }
  return given;
}

/** Checked here, because a wrong hash would show only once a key has its table. */
function readHash(hash: unknown, path: string, size: number): void {
  const answer: unknown = typeof hash === "function" ? hash(new Uint8Array(0)) : undefined;
  if (!isBytes(answer) || answer.length !== size) {
    throw new TypeError(`${path} must be a function that returns ${size} bytes`);
  }
}

function readCurve(curve: unknown, path: string, functions: readonly string[], size: number): void {
  const given = objectArgument(curve, path);
  for (const name of functions) functionMember(given, name, path);
  functionMember(
    objectArgument(given["utils"], `${path}.utils`),
    "isValidPublicKey",
    `${path}.utils`,
  );
  if (objectArgument(given["lengths"], `${path}.lengths`)["signature"] !== size) {
    throw new TypeError(`${path} must be a curve whose signatures have ${size} bytes`);
  }
}
