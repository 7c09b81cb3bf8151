// Signers over node:crypto: from a private key, a JWK or a KeyObject, to a signer.
import crypto from "node:crypto";
import { decodeBase64url } from "../bytes/base64url.js";
import { asciiBytes } from "../bytes/utf8.js";
import {
  integerArgument,
  membersArgument,
  objectArgument,
  optionalString,
} from "../input/argument.js";
import { type SigningLabel, labelsOf, type SyncSigner } from "../jose/alg.js";
import { decodeDer } from "../jose/der.js";
import {
  type EcPublicJwk,
  type OkpPublicJwk,
  type PublicJwk,
  readPublicJwk,
  type RsaPublicJwk,
} from "../jose/jwk.js";
import {
  type KeyObject,
  nodeAlg,
  nullUnlessBroken,
  schemeOf,
  takeGoodKey,
  useOf,
} from "./algorithm.js";

/** What the private key of every kind has. */
interface PrivateMembers {
  /** base64url. */
  readonly d: string;
  /** The JWS label that the key is for. */
  readonly alg?: string | undefined;
}

/** An RSA private key with two primes: all members of RFC 7518 section 6.3.2. */
export interface RsaPrivateJwk extends RsaPublicJwk, PrivateMembers {
  readonly p: string;
  readonly q: string;
  readonly dp: string;
  readonly dq: string;
  readonly qi: string;
}

/** A private key as a JWK. Keep it secret: it gives the use of every token that is bound to it. */
export type PrivateJwk = ((EcPublicJwk | OkpPublicJwk) & PrivateMembers) | RsaPrivateJwk;

/** The shape of a `KeyObject`, so that our declarations need no types of a platform. */
export interface KeyObjectLike {
  readonly type: string;
  readonly asymmetricKeyType?: string | undefined;
  export(options: { readonly format: "jwk" }): object;
}

/** Options of createSigner. */
export interface SignerOptions {
  /**
   * The JWS label: for Ed25519 the server's metadata decides between EdDSA and Ed25519, and an RSA
   * key fits six labels.
   */
  readonly alg?: SigningLabel | undefined;
}

/** Options of generatePrivateJwk. */
export interface GenerateOptions {
  /** Length of an RSA modulus in bits, from 2048 to 8192. Default 2048. */
  readonly modulusLength?: number | undefined;
}

/**
 * Makes a signer of a private key. Its `publicJwk` holds only the public key.
 *
 * Its label is `alg` of the options, else `alg` of the JWK, else EdDSA for Ed25519 and the one label
 * of an EC curve. An RSA key needs one of the two.
 *
 * @param privateKey a private JWK or a `KeyObject`.
 * @param options which label its proofs carry.
 * @returns a signer that signs at once.
 * @throws a TypeError where this is not a private key of a known kind, where its public part belongs to
 *   another key, or where the label is not one of its kind.
 * @example
 * ```ts
 * import { createSigner, generatePrivateJwk } from "dpop-core/node-crypto";
 *
 * const signer = createSigner(generatePrivateJwk("ES256"));
 * ```
 * @see RFC 7517 for the members of a JWK, RFC 7518 section 6 for those of a private key.
 */
export function createSigner(
  privateKey: PrivateJwk | KeyObjectLike,
  options: SignerOptions = {},
): SyncSigner {
  const { key, jwk, ownLabel } =
    privateKey instanceof crypto.KeyObject ? readKeyObject(privateKey) : readJwk(privateKey);
  const asked = optionalString(membersArgument(options, "options", ["alg"]).alg, "alg");
  const alg = labelOf(jwk, asked ?? ownLabel);
  const sign = signWith(key, alg);
  // One signature now, or a mixed-up key would make proofs that every server refuses.
  const first = firstSignature(sign, alg);
  if (first === null || nodeAlg(alg).importKey(jwk)?.verify(first, MESSAGE) !== true) {
    throw new TypeError("privateKey must hold the public key that belongs to it");
  }
  return Object.freeze({ alg, publicJwk: Object.freeze(jwk), sign });
}

/**
 * Generates a private key for a label, with that label in it.
 *
 * @param alg the JWS label.
 * @param options the length of an RSA modulus.
 * @returns the private key as a JWK.
 * @throws a TypeError for an unknown label and a RangeError for a modulus of another length.
 * @example
 * ```ts
 * import { generatePrivateJwk } from "dpop-core/node-crypto";
 *
 * const privateJwk = generatePrivateJwk("PS256", { modulusLength: 3072 });
 * ```
 * @see RFC 7518 section 6 for the members of a private key.
 */
export function generatePrivateJwk(alg: SigningLabel, options: GenerateOptions = {}): PrivateJwk {
  const { modulusLength: bits = 2048 } = membersArgument(options, "options", ["modulusLength"]);
  integerArgument(bits, "modulusLength", "bits", 2048, 8192);
  // The JWK of a private key that was just made for this label.
  return { ...newPrivateKey(alg, bits), alg } as PrivateJwk;
}

/**
 * Makes the key as a JWK from the start. On Node 20, a KeyObject of generateKeyPairSync must never be
 * exported as a JWK: a garbage collection at that moment waits for a lock that the export holds, and
 * the process hangs forever.
 */
function newPrivateKey(alg: SigningLabel, bits: number): object {
  const { kty, crv = "" } = schemeOf(alg);
  switch (kty) {
    case "EC":
      return crypto.generateKeyPairSync("ec", { namedCurve: crv, ...AS_JWK }).privateKey;
    case "OKP":
      return crypto.generateKeyPairSync("ed25519", AS_JWK).privateKey;
    case "RSA":
      return crypto.generateKeyPairSync("rsa", { modulusLength: bits, ...AS_JWK }).privateKey;
  }
}

const AS_JWK = {
  publicKeyEncoding: { format: "jwk" },
  privateKeyEncoding: { format: "jwk" },
} as const;

/** It has no dot, so it is not the signing input of any JWS. */
const MESSAGE: Uint8Array = /* @__PURE__ */ asciiBytes("dpop-core: do these keys belong together?");

function signWith(key: KeyObject, alg: SigningLabel): SyncSigner["sign"] {
  const { kty, hash, saltLength, signatureSize = 0 } = schemeOf(alg);
  const use = useOf(key, saltLength);
  if (kty !== "EC") return (data) => new Uint8Array(crypto.sign(hash, data, use));
  return (data) => {
    const signature = decodeDer(crypto.sign(hash, data, use), signatureSize / 2);
    if (signature === null)
      throw new TypeError("node:crypto must return an ECDSA signature in DER");
    return signature;
  };
}

/** Returns null where the engine can't sign, because the members of the key contradict each other. */
function firstSignature(sign: SyncSigner["sign"], alg: SigningLabel): Uint8Array | null {
  return nullUnlessBroken(
    () => sign(MESSAGE),
    () => signWith(importPrivateKey(newPrivateKey(alg, 2048)), alg)(MESSAGE),
  );
}

interface PrivateKey {
  readonly key: KeyObject;
  readonly jwk: PublicJwk;
  readonly ownLabel: string | undefined;
}

function readKeyObject(privateKey: KeyObject): PrivateKey {
  if (privateKey.type !== "private") throw new TypeError("privateKey must be a private KeyObject");
  return { key: privateKey, jwk: exportPublicJwk(privateKey), ownLabel: undefined };
}

/**
 * Returns the members of the public key; throws a TypeError for another kind of key. It exports DER first,
 * because the key may come from generateKeyPairSync (see newPrivateKey).
 */
function exportPublicJwk(privateKey: KeyObject): PublicJwk {
  const type = privateKey.asymmetricKeyType;
  if (type !== "ec" && type !== "ed25519" && type !== "rsa") throw new TypeError(KINDS);
  const key = crypto.createPublicKey(privateKey).export({ format: "der", type: "spki" });
  const imported = crypto.createPublicKey({ key, format: "der", type: "spki" });
  return publicMembers({ ...imported.export({ format: "jwk" }) });
}

const KINDS =
  "privateKey must be a key on P-256, P-384 or P-521, of Ed25519, or of RSA with 2048 to 8192 bits";

function publicMembers(members: Readonly<Record<string, unknown>>): PublicJwk {
  const { kty, crv, x, y, n, e } = members;
  const jwk = readPublicJwk({ kty, crv, x, y, n, e });
  if (typeof jwk === "string") throw new TypeError(KINDS);
  return jwk;
}

/** The engine's own error could hold the private value, so it is replaced. */
function readJwk(value: unknown): PrivateKey {
  const members = objectArgument(value, "privateKey");
  const jwk = publicMembers(members);
  const ownLabel = optionalString(members["alg"], "privateKey.alg");
  const key = { ...jwk, ...privateMembers(members, jwk.kty) };
  const object = nullUnlessBroken(
    () => importPrivateKey(key),
    () => takeGoodKey(jwk),
  );
  if (object === null) throw new TypeError("privateKey must be a private key of its kind");
  return { key: object, jwk, ownLabel };
}

function importPrivateKey(jwk: object): KeyObject {
  return crypto.createPrivateKey({ key: { ...jwk }, format: "jwk" });
}

function privateMembers(
  members: Readonly<Record<string, unknown>>,
  kty: PublicJwk["kty"],
): Readonly<Record<string, string>> {
  const read: Record<string, string> = {};
  for (const name of kty === "RSA" ? ["d", "p", "q", "dp", "dq", "qi"] : ["d"]) {
    const member = members[name];
    if (typeof member !== "string" || member === "" || decodeBase64url(member) === null) {
      throw new TypeError(`privateKey.${name} must be base64url`);
    }
    read[name] = member;
  }
  return read;
}

function labelOf(jwk: PublicJwk, asked: string | undefined): SigningLabel {
  const labels = labelsOf(jwk);
  const alg = labels.find((label) => label === (asked ?? (jwk.kty === "RSA" ? "" : labels[0])));
  if (alg !== undefined) return alg;
  throw new TypeError(`alg must be a label of the key: ${labels.join(", ")}`);
}
