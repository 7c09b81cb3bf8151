// dpop-core/webcrypto: the platform's Web Cryptography to asynchronous algorithms (RFC 7518 sections
// 3.3 to 3.5, RFC 8037, RFC 9864), and its key pairs, which need not be extractable, to signers.
//
// crypto.subtle is looked up at every use: a polyfill may come later than this file.
import {
  integerArgument,
  membersArgument,
  objectArgument,
  optionalString,
} from "./input/argument.js";
import { decodeBase64url } from "./bytes/base64url.js";
import { asciiBytes } from "./bytes/utf8.js";
import {
  algShape,
  type AsyncAlg,
  type AsyncKey,
  type AsyncSigner,
  type Backend,
} from "./jose/alg.js";
import { isStrictSignature } from "./jose/ed25519.js";
import { type PublicJwk, readPublicJwk } from "./jose/jwk.js";
import { goodKey, modulusLength, nativeKeySize } from "./jose/native-key.js";
import { guardedRandomBytes, platformRandomBytes } from "./noble/random.js";
import { sha256 } from "./noble/sha256.js";

/** The shape of a `CryptoKey`, so that our declarations need no types of a platform. */
export interface CryptoKeyLike {
  readonly type: string;
  readonly extractable: boolean;
  readonly algorithm: { readonly name: string };
  readonly usages: readonly string[];
}

/** The shape of a `CryptoKeyPair`. */
export interface CryptoKeyPairLike {
  readonly privateKey: CryptoKeyLike;
  readonly publicKey: CryptoKeyLike;
}

export type SigningLabel =
  | "ES256"
  | "ES384"
  | "ES512"
  | "EdDSA"
  | "Ed25519"
  | "RS256"
  | "RS384"
  | "RS512"
  | "PS256"
  | "PS384"
  | "PS512";

export interface SignerOptions {
  /** The JWS label: for Ed25519 the server's metadata decides between EdDSA and Ed25519. */
  readonly alg?: SigningLabel | undefined;
}

export interface GenerateOptions {
  /** Of an RSA key, in bits, from 2048 (the default) to 8192. */
  readonly modulusLength?: number | undefined;
  /** Whether the private key can be exported; false where it is not given. */
  readonly extractable?: boolean | undefined;
}

export interface WebCryptoBackend extends Backend<AsyncAlg> {
  readonly ES256: AsyncAlg;
  readonly ES384: AsyncAlg;
  readonly ES512: AsyncAlg;
  readonly EdDSA: AsyncAlg;
  readonly Ed25519: AsyncAlg;
  readonly RS256: AsyncAlg;
  readonly RS384: AsyncAlg;
  readonly RS512: AsyncAlg;
  readonly PS256: AsyncAlg;
  readonly PS384: AsyncAlg;
  readonly PS512: AsyncAlg;
}

/** ECDSA on P-256 with SHA-256 (RFC 7518 section 3.4). */
export const ES256: AsyncAlg = /* @__PURE__ */ webcryptoAlg("ES256");
/** ECDSA on P-384 with SHA-384; accepted where it is asked for, as are all below but Ed25519. */
export const ES384: AsyncAlg = /* @__PURE__ */ webcryptoAlg("ES384");
/** ECDSA on P-521 with SHA-512. */
export const ES512: AsyncAlg = /* @__PURE__ */ webcryptoAlg("ES512");
/** Ed25519 under the label of RFC 8037. */
export const EdDSA: AsyncAlg = /* @__PURE__ */ webcryptoAlg("EdDSA");
/** Ed25519 under the label of RFC 9864. */
export const Ed25519: AsyncAlg = /* @__PURE__ */ webcryptoAlg("Ed25519");

/** RSASSA-PKCS1-v1_5 with SHA-256 (RFC 7518 section 3.3). */
export const RS256: AsyncAlg = /* @__PURE__ */ webcryptoAlg("RS256");
/** RSASSA-PKCS1-v1_5 with SHA-384. */
export const RS384: AsyncAlg = /* @__PURE__ */ webcryptoAlg("RS384");
/** RSASSA-PKCS1-v1_5 with SHA-512. */
export const RS512: AsyncAlg = /* @__PURE__ */ webcryptoAlg("RS512");
/** RSASSA-PSS with SHA-256, the salt as long as the hash (RFC 7518 section 3.5). */
export const PS256: AsyncAlg = /* @__PURE__ */ webcryptoAlg("PS256");
/** RSASSA-PSS with SHA-384. */
export const PS384: AsyncAlg = /* @__PURE__ */ webcryptoAlg("PS384");
/** RSASSA-PSS with SHA-512. */
export const PS512: AsyncAlg = /* @__PURE__ */ webcryptoAlg("PS512");

/**
 * A backend over the platform's `crypto.subtle`, for createAsyncVerifier, verifyProofAsync and
 * createProofAsync. It lists ES256, EdDSA and Ed25519, which are accepted by default, whatever the
 * platform has; the others are accepted where they are asked for, RSA with 2048 to 4096 bits, or up
 * to 8192 with the verifier's `limits.modulusLength`. Where the platform lacks
 * `crypto.subtle` or an algorithm, what it throws comes through as a rejection: no proof is granted,
 * and none is called invalid. Pass `algs: await supportedAlgs()` where Ed25519 may be missing.
 * `sha256` answers at once, as everywhere.
 */
export const webcrypto: WebCryptoBackend = /* @__PURE__ */ Object.freeze({
  algs: /* @__PURE__ */ Object.freeze([ES256, EdDSA, Ed25519]),
  ES256,
  ES384,
  ES512,
  EdDSA,
  Ed25519,
  RS256,
  RS384,
  RS512,
  PS256,
  PS384,
  PS512,
  sha256: (data: Uint8Array) => sha256(data),
  randomBytes: /* @__PURE__ */ guardedRandomBytes(platformRandomBytes),
});

/**
 * Those of `algs`, in their order, that the platform has: of ES256, EdDSA and Ed25519 where it is not
 * given. Each is tried, at every call, with a key that is known to be good. Rejects with a TypeError
 * for a value that is none of this entry, and where the platform has none of them with what it threw
 * at the first: without `crypto.subtle`, an Error that says so.
 */
export async function supportedAlgs(
  algs: readonly AsyncAlg[] = webcrypto.algs,
): Promise<readonly AsyncAlg[]> {
  if (!Array.isArray(algs) || algs.length === 0) throw new TypeError("algs must be a list");
  const kinds = algs.map((alg) => {
    const label: unknown = objectArgument(alg, "algs[]")["alg"];
    return kindOf(label);
  });
  const errors = await Promise.all(kinds.map((kind) => tryGoodKey(kind).catch(reasonOf)));
  const supported = algs.filter((_, i) => errors[i] === undefined);
  if (supported.length > 0) return Object.freeze(supported);
  throw errors[0]?.reason;
}

/** A box, since anything can be thrown. */
const reasonOf = (reason: unknown): { readonly reason: unknown } => ({ reason });

/**
 * A signer over a key pair of the platform (a DOM `CryptoKeyPair`, say); its private key need not
 * be extractable. Its label is `alg` of the options, else EdDSA for Ed25519 and the one label of an
 * EC curve, or of the scheme and hash of an RSA key. Rejects with a TypeError that names the argument
 * where the pair is not of one known kind, where the private key can't sign or the public key can't
 * be exported, where the two don't belong together, or where the label is not one of the pair.
 * Whatever `crypto.subtle` throws comes through.
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
  const { params } = kindOf(alg);
  const publicJwk = Object.freeze(await exportPublicJwk(publicKey));
  const sign = async (data: Uint8Array): Promise<Uint8Array> =>
    new Uint8Array(await subtle().sign(params, privateKey, data));
  // One signature now, or a mixed-up pair would make proofs that every server refuses. The message
  // has no dot in it, so that it is the signing input of no JWS.
  const message = asciiBytes("dpop-core: do these keys belong together?");
  const key = await webcryptoAlg(alg).importKey(publicJwk);
  if (key === null || (await key.verify(await sign(message), message)) !== true) {
    throw new TypeError("keyPair must hold a private key and the public key that belongs to it");
  }
  return Object.freeze({ alg, publicJwk, sign });
}

/**
 * A new key pair for `alg`. Its private key can't be extracted unless `extractable` is true; it can be
 * kept in IndexedDB as it is. Rejects with a TypeError for an unknown label and with a RangeError for
 * a modulus of another length; whatever `crypto.subtle` throws comes through.
 */
export async function generateKeyPair(
  alg: SigningLabel,
  options: GenerateOptions = {},
): Promise<CryptoKeyPairLike> {
  const { kty, params } = kindOf(alg);
  const given = membersArgument(options, "options", ["extractable", "modulusLength"]);
  const { extractable = false, modulusLength: bits = 2048 } = given;
  if (typeof extractable !== "boolean") throw new TypeError("extractable must be a boolean");
  integerArgument(bits, "modulusLength", "bits", 2048, 8192);
  const rsa = { modulusLength: bits, publicExponent: Uint8Array.of(1, 0, 1) };
  const asked = kty === "RSA" ? { ...params, ...rsa } : params;
  return subtle().generateKey(asked, extractable, ["sign", "verify"]);
}

/** What we use of `crypto.subtle`. */
interface SubtleLike {
  importKey(
    format: "raw" | "jwk",
    keyData: Uint8Array | PublicJwk,
    algorithm: Params,
    extractable: boolean,
    usages: readonly string[],
  ): Promise<CryptoKeyLike>;
  exportKey(format: "jwk", key: CryptoKeyLike): Promise<unknown>;
  generateKey(
    algorithm: Params,
    extractable: boolean,
    usages: readonly string[],
  ): Promise<CryptoKeyPairLike>;
  sign(algorithm: Params, key: CryptoKeyLike, data: Uint8Array): Promise<ArrayBuffer>;
  verify(
    algorithm: Params,
    key: CryptoKeyLike,
    signature: Uint8Array,
    data: Uint8Array,
  ): Promise<boolean>;
}

function subtle(): SubtleLike {
  const { crypto } = globalThis as { readonly crypto?: { readonly subtle?: SubtleLike | null } };
  const engine = crypto?.subtle;
  if (typeof engine !== "object" || engine === null) {
    throw new Error(
      "this platform has no crypto.subtle: browsers offer it to secure contexts alone",
    );
  }
  return engine;
}

/** One object for every call: each takes the members that it knows. */
interface Params {
  readonly name: string;
  readonly namedCurve?: string;
  readonly hash?: string;
  readonly saltLength?: number;
}

interface Kind {
  readonly alg: string;
  readonly kty: "EC" | "OKP" | "RSA";
  readonly crv?: "P-256" | "P-384" | "P-521" | "Ed25519";
  /** Of a signature, in bytes; for RSA that of the modulus. */
  readonly signatureSize?: number;
  readonly params: Params;
}

/** Each label names one kind of key, one hash and one scheme. */
function kindOf(alg: unknown): Kind {
  const shape = algShape(alg);
  if (typeof alg !== "string" || shape === undefined) {
    throw new TypeError(
      "alg must be ES256, ES384, ES512, EdDSA, Ed25519, RS256, RS384, RS512, PS256, PS384 or PS512",
    );
  }
  return { alg, ...shape, params: paramsOf(alg, shape.crv) };
}

function paramsOf(alg: string, crv: Kind["crv"]): Params {
  if (crv === "Ed25519") return { name: "Ed25519" };
  const bits = alg.slice(2);
  const hash = `SHA-${bits}`;
  if (crv !== undefined) return { name: "ECDSA", namedCurve: crv, hash };
  if (alg.startsWith("RS")) return { name: "RSASSA-PKCS1-v1_5", hash };
  return { name: "RSA-PSS", hash, saltLength: Number(bits) / 8 }; // as long as the hash
}

function webcryptoAlg(label: SigningLabel): AsyncAlg {
  const kind = kindOf(label);
  const { alg, kty, crv } = kind;
  const name = crv === undefined ? { alg, kty } : { alg, kty, crv };
  return Object.freeze({
    ...name,
    async importKey(jwk: PublicJwk): Promise<AsyncKey | null> {
      const read = readPublicJwk(jwk, name);
      if (typeof read === "string") return null;
      const key = await importOrNull(read, kind);
      return key === null ? null : keyOf(key, read, kind);
    },
  });
}

/**
 * What `crypto.subtle` answers is handed on as it is, with no promise around it once a signature of
 * the key was valid, which would cost a microsecond; that it is true or false, the verifier sees to.
 */
function keyOf(key: CryptoKeyLike, jwk: PublicJwk, kind: Kind): AsyncKey {
  const { kty, params, signatureSize } = kind;
  // R||S of fixed width, never DER; or as long as the modulus.
  const width = jwk.kty === "RSA" ? modulusLength(jwk.n) : signatureSize;
  let isProven = kty === "OKP"; // no engine is known to throw at a point of Ed25519
  return {
    size: nativeKeySize(jwk),
    verify(signature, data) {
      if (signature.length !== width) return Promise.resolve(false);
      // That the equation is the one without the cofactor is what WebCrypto asks of every engine.
      if (kty === "OKP" && !isStrictSignature(signature)) return Promise.resolve(false);
      const verify = (): Promise<boolean> => subtle().verify(params, key, signature, data);
      try {
        if (isProven) return verify();
      } catch (error) {
        return Promise.reject(error); // no crypto.subtle
      }
      return verifyUnproven(verify, kind).then((valid) => {
        if (valid === true) isProven = true; // whatever the engine throws from now on, the key is good
        return valid;
      });
    },
  };
}

/**
 * Deno imports RSA keys that it then can't use, and points that are on no curve: these verify
 * nothing. An engine that throws at such a key throws again when a good one has passed; an error that
 * is gone by then was its own trouble, and so is one that the good key meets too, which comes through.
 * A bad key costs an import and three verifications at most.
 */
async function verifyUnproven(verify: () => Promise<boolean>, kind: Kind): Promise<boolean> {
  try {
    return await verify();
  } catch (error) {
    await throwUnlessGoodKey(error, kind);
  }
  try {
    return await verify();
  } catch {
    return false;
  }
}

/**
 * null for a point that is not on the curve, which WebCrypto calls a DataError, and for a modulus or
 * exponent that the platform does not take; everything else is its own trouble and comes through.
 *
 * Some engines look at a point no sooner than when they verify (Node at those of Ed25519, Deno and
 * WebKitGTK at those of ECDSA): they import it, and then no signature is valid. The proof is refused
 * all the same, as signature_invalid where another backend says jwk_invalid; arithmetic of our own on
 * the curves, to have one code for both, would be too much for this entry.
 */
async function importOrNull(jwk: PublicJwk, kind: Kind): Promise<CryptoKeyLike | null> {
  const engine = subtle();
  try {
    return await importJwk(engine, jwk, kind.params);
  } catch (error) {
    if (isDataError(error)) return null;
    if (jwk.kty !== "RSA") throw error;
    await throwUnlessGoodKey(error, kind);
    return null;
  }
}

/**
 * Points as "raw", because workerd (Cloudflare) answers one that is not on the curve with an
 * OperationError when it comes as "jwk", and that could mean anything.
 */
function importJwk(engine: SubtleLike, jwk: PublicJwk, params: Params): Promise<CryptoKeyLike> {
  const point = encodedPoint(jwk);
  return point === null
    ? engine.importKey("jwk", jwk, params, false, ["verify"])
    : engine.importKey("raw", point, params, false, ["verify"]);
}

/** An engine that refuses a key, but works with one that is known to be good, means the key. */
async function throwUnlessGoodKey(error: unknown, kind: Kind): Promise<void> {
  if ((await tryGoodKey(kind).catch(reasonOf)) !== undefined) throw error;
}

/** Rejects where the platform can't import and use a key of a kind. */
async function tryGoodKey({ kty, crv, params, signatureSize = 256 }: Kind): Promise<undefined> {
  const engine = subtle();
  const key = await importJwk(engine, goodKey({ kty, crv }), params);
  const signature = new Uint8Array(signatureSize); // of nothing
  await engine.verify(params, key, signature, signature);
  return undefined;
}

function isDataError(error: unknown): boolean {
  return (
    typeof error === "object" && error !== null && "name" in error && error.name === "DataError"
  );
}

/** SEC 1 section 2.3.3, 04 || x || y, or the 32 bytes of RFC 8032 section 5.1.2; null for RSA. */
function encodedPoint(jwk: PublicJwk): Uint8Array | null {
  if (jwk.kty === "RSA") return null;
  const x = decodeBase64url(jwk.x);
  if (jwk.kty === "OKP") return x;
  const y = decodeBase64url(jwk.y);
  if (x === null || y === null) return null;
  return Uint8Array.of(4, ...x, ...y);
}

/** The labels of a key of a pair, the default first; a TypeError says what is wrong with it. */
function readKey(
  value: unknown,
  path: string,
  type: "private" | "public",
): readonly SigningLabel[] {
  const key = objectArgument(value, path);
  if (key["type"] !== type) throw new TypeError(`${path} must be a ${type} CryptoKey`);
  if (!Array.isArray(key["usages"])) throw new TypeError(`${path}.usages must be an array`);
  const labels = labelsOf(objectArgument(key["algorithm"], `${path}.algorithm`));
  if (labels !== undefined) return labels;
  throw new TypeError(
    `${path} must be an ECDSA key on P-256, P-384 or P-521, of Ed25519, or for RSA signatures`,
  );
}

/** By the name of the algorithm, and the curve or the hash, which belong to the key. */
function labelsOf(
  algorithm: Readonly<Record<string, unknown>>,
): readonly SigningLabel[] | undefined {
  const { name, namedCurve } = algorithm;
  if (name === "Ed25519") return ["EdDSA", "Ed25519"];
  const found = ONE_LABEL.find((label) => {
    const { params } = kindOf(label);
    if (params.name !== name) return false;
    return name === "ECDSA" ? params.namedCurve === namedCurve : params.hash === hashOf(algorithm);
  });
  return found === undefined ? undefined : [found];
}

const ONE_LABEL: readonly SigningLabel[] = [
  "ES256",
  "ES384",
  "ES512",
  "RS256",
  "RS384",
  "RS512",
  "PS256",
  "PS384",
  "PS512",
];

function hashOf({ hash }: Readonly<Record<string, unknown>>): unknown {
  return typeof hash === "object" && hash !== null && "name" in hash ? hash.name : undefined;
}

function readLabel(options: SignerOptions, labels: readonly SigningLabel[]): SigningLabel {
  const asked = optionalString(membersArgument(options, "options", ["alg"]).alg, "alg");
  const alg = labels.find((label) => label === (asked ?? labels[0]));
  if (alg === undefined) {
    throw new TypeError(`alg must be a label of the key pair: ${labels.join(" or ")}`);
  }
  return alg;
}

/**
 * The members of the public key alone. `key_ops` is left out with the rest: it is empty where the
 * pair was made to sign only, and says nothing of what a server may do.
 */
async function exportPublicJwk(key: CryptoKeyLike): Promise<PublicJwk> {
  const exported = objectArgument(await subtle().exportKey("jwk", key), "keyPair.publicKey as JWK");
  const { kty, crv, x, y, n, e } = exported;
  const jwk = readPublicJwk({ kty, crv, x, y, n, e });
  if (typeof jwk === "string") {
    throw new TypeError(
      "keyPair.publicKey must be a public key in its one canonical form, of RSA 2048 to 8192 bits",
    );
  }
  return jwk;
}
