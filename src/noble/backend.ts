// The noble backend: noble's objects, bundled or the caller's own, to algorithms, hash, randomness
// and signers.
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

export interface NobleBackend extends Backend<SyncAlg> {
  readonly ES256: SyncAlg;
  readonly ES384: SyncAlg;
  readonly ES512: SyncAlg;
  readonly EdDSA: SyncAlg;
  readonly Ed25519: SyncAlg;
  /** A signer of a private key; throws a TypeError where it is none. */
  createSigner(privateJwk: PrivateJwk, options?: SignerOptions): SyncSigner;
  /** A new private key. */
  generatePrivateJwk(alg: SigningLabel): PrivateJwk;
}

/**
 * A backend over the caller's own noble: `p256`, `p384` and `p521` of @noble/curves/nist.js,
 * `ed25519` of @noble/curves/ed25519.js, `sha256`, `sha384` and `sha512` of @noble/hashes/sha2.js, version 2.
 * ES256, EdDSA and Ed25519 are accepted by default; ES384 and ES512 where they are asked for.
 * Throws a TypeError that names a part that is missing.
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

/**
 * Looks at what is used of each part; a curve in the wrong place shows by the length of its
 * signatures.
 */
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

/** A hash in the wrong place would show no sooner than when a key has its table. */
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
    throw new TypeError(`${path} must be a curve of which signatures have ${size} bytes`);
  }
}
