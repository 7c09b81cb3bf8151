// Signers over the platform's Web Cryptography: from a key pair to a signer. The private key need not be
// extractable.
import { asciiBytes } from "../bytes/utf8.js";
import {
  integerArgument,
  membersArgument,
  objectArgument,
  optionalString,
} from "../input/argument.js";
import { type AsyncSigner, LABELS, type SigningLabel } from "../jose/alg.js";
import { type PublicJwk, readPublicJwk } from "../jose/jwk.js";
import { schemeOf, webcryptoAlg } from "./algorithm.js";
import { type CryptoKeyLike, type CryptoKeyPairLike, subtle } from "./subtle.js";

/** Options of createSigner. */
export interface SignerOptions {
  /** The JWS label: for Ed25519 the server's metadata decides between EdDSA and Ed25519. */
  readonly alg?: SigningLabel | undefined;
}

/** Options of generateKeyPair. */
export interface GenerateOptions {
  /** Length of an RSA modulus in bits, from 2048 to 8192. Default 2048. */
  readonly modulusLength?: number | undefined;
  /** Whether the private key can be exported. Default false. */
  readonly extractable?: boolean | undefined;
}

/**
 * Makes a signer over a key pair of the platform (a DOM `CryptoKeyPair`, for example).
 *
 * Its label is `alg` of the options, else EdDSA for Ed25519, the one label of an EC curve, or that of
 * the scheme and hash of an RSA key.
 *
 * @param keyPair the pair; its private key need not be extractable.
 * @param options which label its proofs carry.
 * @returns a signer that signs later.
 * @throws rejects with a TypeError that names the argument where the pair is not of one known kind,
 *   where the private key can't sign or the public key can't be exported, where the two don't belong
 *   together, or where the label is not one of the pair. An error of `crypto.subtle` propagates.
 * @example
 * ```ts
 * import { createSigner, generateKeyPair } from "dpop-core/webcrypto";
 *
 * const signer = await createSigner(await generateKeyPair("ES256"));
 * ```
 * @see RFC 7518 section 3 and RFC 9864 for the labels.
 */
export async function createSigner(
  keyPair: CryptoKeyPairLike,
  options: SignerOptions = {},
): Promise<AsyncSigner> {
  objectArgument(keyPair, "keyPair");
  const { privateKey, publicKey } = keyPair;
  const labels = readKey(privateKey, "keyPair.privateKey", "private");
  readKey(publicKey, "keyPair.publicKey", "public");
  if (!privateKey.usages.includes("sign")) {
    throw new TypeError('keyPair.privateKey.usages must include "sign"');
  }
  if (!publicKey.extractable) throw new TypeError("keyPair.publicKey must be extractable");
  const alg = readLabel(options, labels);
  const { params } = schemeOf(alg);
  const publicJwk = Object.freeze(await exportPublicJwk(publicKey));
  const sign = async (data: Uint8Array): Promise<Uint8Array> =>
    new Uint8Array(await subtle().sign(params, privateKey, data));
  // One signature now, or a mixed-up pair would make proofs that every server refuses. The message has no
  // dot, so it is not the signing input of any JWS.
  const message = asciiBytes("dpop-core: do these keys belong together?");
  const key = await webcryptoAlg(alg).importKey(publicJwk);
  if (key === null || (await key.verify(await sign(message), message)) !== true) {
    throw new TypeError("keyPair must hold a private key and the public key that belongs to it");
  }
  return Object.freeze({ alg, publicJwk, sign });
}

/**
 * Generates a key pair for a label. Its private key can't be extracted unless `extractable` is true; it
 * can be kept in IndexedDB as it is.
 *
 * @param alg the JWS label.
 * @param options the length of an RSA modulus, and whether the private key can be exported.
 * @returns the pair, for createSigner.
 * @throws rejects with a TypeError for an unknown label and with a RangeError for a modulus of another
 *   length. An error of `crypto.subtle` propagates.
 * @example
 * ```ts
 * import { generateKeyPair } from "dpop-core/webcrypto";
 *
 * const keyPair = await generateKeyPair("ES256");
 * ```
 * @see RFC 7518 section 3 and RFC 9864 for the labels.
 */
export async function generateKeyPair(
  alg: SigningLabel,
  options: GenerateOptions = {},
): Promise<CryptoKeyPairLike> {
  const { kty, params } = schemeOf(alg);
  const given = membersArgument(options, "options", ["extractable", "modulusLength"]);
  const { extractable = false, modulusLength: bits = 2048 } = given;
  if (typeof extractable !== "boolean") throw new TypeError("extractable must be a boolean");
  integerArgument(bits, "modulusLength", "bits", 2048, 8192);
  const rsa = { modulusLength: bits, publicExponent: Uint8Array.of(1, 0, 1) };
  const asked = kty === "RSA" ? { ...params, ...rsa } : params;
  return subtle().generateKey(asked, extractable, ["sign", "verify"]);
}

/** Returns the labels of a key of a pair, the default first. Throws a TypeError that names the fault. */
function readKey(
  value: unknown,
  path: string,
  type: "private" | "public",
): readonly SigningLabel[] {
  const key = objectArgument(value, path);
  if (key["type"] !== type) throw new TypeError(`${path} must be a ${type} CryptoKey`);
  if (!Array.isArray(key["usages"])) throw new TypeError(`${path}.usages must be an array`);
  const labels = labelsFor(objectArgument(key["algorithm"], `${path}.algorithm`));
  if (labels.length > 0) return labels;
  throw new TypeError(
    `${path} must be an ECDSA key on P-256, P-384 or P-521, of Ed25519, or for RSA signatures`,
  );
}

/** Returns the labels that fit the name of the algorithm and its curve or hash. */
function labelsFor(algorithm: Readonly<Record<string, unknown>>): readonly SigningLabel[] {
  const { name, namedCurve } = algorithm;
  return LABELS.filter((label) => {
    const { params } = schemeOf(label);
    if (params.name !== name || name === "Ed25519") return params.name === name;
    return name === "ECDSA" ? params.namedCurve === namedCurve : params.hash === hashOf(algorithm);
  });
}

function hashOf({ hash }: Readonly<Record<string, unknown>>): unknown {
  return typeof hash === "object" && hash !== null && "name" in hash ? hash.name : undefined;
}

function readLabel(options: SignerOptions, labels: readonly SigningLabel[]): SigningLabel {
  const asked = optionalString(membersArgument(options, "options", ["alg"]).alg, "alg");
  const alg = labels.find((label) => label === (asked ?? labels[0]));
  if (alg !== undefined) return alg;
  throw new TypeError(`alg must be a label of the key pair: ${labels.join(" or ")}`);
}

/**
 * Returns the members of the public key. It leaves out the others, such as `key_ops`, which is empty where
 * the pair was made only to sign, and does not say what a server may do.
 */
async function exportPublicJwk(key: CryptoKeyLike): Promise<PublicJwk> {
  const exported = objectArgument(await subtle().exportKey("jwk", key), "keyPair.publicKey as JWK");
  const { kty, crv, x, y, n, e } = exported;
  const jwk = readPublicJwk({ kty, crv, x, y, n, e });
  if (typeof jwk !== "string") return jwk;
  throw new TypeError(
    "keyPair.publicKey must be a public key in its one canonical form, of RSA 2048 to 8192 bits",
  );
}
