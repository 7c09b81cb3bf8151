// dpop-core/webcrypto: the platform's Web Cryptography to asynchronous algorithms (RFC 7518 section
// 3.4, RFC 8037, RFC 9864), and its key pairs, which need not be extractable, to signers.
//
// crypto.subtle is looked up at every use: a polyfill may come later than this file.
import { membersArgument, objectArgument, optionalString } from "./bytes/argument.js";
import { decodeBase64url, encodeBase64url } from "./bytes/base64url.js";
import { asciiBytes } from "./bytes/utf8.js";
import type { AsyncAlg, AsyncKey, AsyncSigner, Backend } from "./jose/alg.js";
import { isSmallOrderPoint } from "./jose/ed25519.js";
import { type EcPublicJwk, type OkpPublicJwk, type PublicJwk, readPublicJwk } from "./jose/jwk.js";
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

export type SigningLabel = "ES256" | "ES384" | "ES512" | "EdDSA" | "Ed25519";

export interface SignerOptions {
  /** The JWS label: for Ed25519 the server's metadata decides between EdDSA and Ed25519. */
  readonly alg?: SigningLabel | undefined;
}

export interface GenerateOptions {
  /** Whether the private key can be exported; false where it is not given. */
  readonly extractable?: boolean | undefined;
}

export interface WebCryptoBackend extends Backend<AsyncAlg> {
  readonly ES256: AsyncAlg;
  readonly ES384: AsyncAlg;
  readonly ES512: AsyncAlg;
  readonly EdDSA: AsyncAlg;
  readonly Ed25519: AsyncAlg;
}

/** ECDSA on P-256 with SHA-256 (RFC 7518 section 3.4). */
export const ES256: AsyncAlg = /* @__PURE__ */ webcryptoAlg("ES256");
/** ECDSA on P-384 with SHA-384; accepted where it is asked for. */
export const ES384: AsyncAlg = /* @__PURE__ */ webcryptoAlg("ES384");
/** ECDSA on P-521 with SHA-512; accepted where it is asked for. */
export const ES512: AsyncAlg = /* @__PURE__ */ webcryptoAlg("ES512");
/** Ed25519 under the label of RFC 8037. */
export const EdDSA: AsyncAlg = /* @__PURE__ */ webcryptoAlg("EdDSA");
/** Ed25519 under the label of RFC 9864. */
export const Ed25519: AsyncAlg = /* @__PURE__ */ webcryptoAlg("Ed25519");

/**
 * A backend over the platform's `crypto.subtle`, for createAsyncVerifier, verifyProofAsync and
 * createProofAsync. ES256, EdDSA and Ed25519 are accepted by default; ES384 and ES512 where they
 * are asked for. Where the platform lacks `crypto.subtle` or an algorithm, what it throws comes
 * through as a rejection: no proof is granted, and none is called invalid. Without Ed25519, pass
 * `algs: [ES256]`. `sha256` answers at once, as everywhere.
 */
export const webcrypto: WebCryptoBackend = /* @__PURE__ */ webcryptoBackend();

function webcryptoBackend(): WebCryptoBackend {
  return Object.freeze({
    algs: Object.freeze([ES256, EdDSA, Ed25519]),
    ES256,
    ES384,
    ES512,
    EdDSA,
    Ed25519,
    sha256: (data: Uint8Array) => sha256(data),
    randomBytes: guardedRandomBytes(platformRandomBytes),
  });
}

/**
 * A signer over a key pair of the platform (a DOM `CryptoKeyPair`, say); its private key need not
 * be extractable. Its label is `alg` of the options, else EdDSA for Ed25519 and the one label of an
 * EC curve. Rejects with a TypeError that names the argument where the pair is not of one known
 * curve, where the private key can't sign or the public key can't be exported, where the two don't
 * belong together, or where the label is not one of the curve. Whatever `crypto.subtle` throws
 * comes through.
 */
export async function createSigner(
  keyPair: CryptoKeyPairLike,
  options: SignerOptions = {},
): Promise<AsyncSigner> {
  objectArgument(keyPair, "keyPair");
  const { privateKey, publicKey } = keyPair;
  const crv = readKey(privateKey, "keyPair.privateKey", "private");
  readKey(publicKey, "keyPair.publicKey", "public");
  if (!privateKey.usages.includes("sign")) {
    throw new TypeError('keyPair.privateKey.usages must include "sign"');
  }
  if (!publicKey.extractable) throw new TypeError("keyPair.publicKey must be extractable");
  const alg = readLabel(options, crv);
  const { params } = kindOf(alg);
  const publicJwk = Object.freeze(await exportPublicJwk(publicKey));
  const sign = async (data: Uint8Array): Promise<Uint8Array> =>
    new Uint8Array(await subtle().sign(params, privateKey, data));
  // One signature now, or a mixed-up pair would make proofs that every server refuses. The message
  // has no dot in it, so that it is the signing input of no JWS.
  const message = asciiBytes("dpop-core: do these keys belong together?");
  const key = await webcryptoAlg(alg).importKey(publicJwk);
  if (key === null || !(await key.verify(await sign(message), message))) {
    throw new TypeError("keyPair must hold a private key and the public key that belongs to it");
  }
  return Object.freeze({ alg, publicJwk, sign });
}

/**
 * A new key pair for `alg`: ES256, ES384, ES512, EdDSA or Ed25519. Its private key can't be
 * extracted unless `extractable` is true; it can be kept in IndexedDB as it is. Rejects with a
 * TypeError for another label; whatever `crypto.subtle` throws comes through.
 */
export async function generateKeyPair(
  alg: SigningLabel,
  options: GenerateOptions = {},
): Promise<CryptoKeyPairLike> {
  const { params } = kindOf(alg);
  const { extractable = false } = membersArgument(options, "options", ["extractable"]);
  if (typeof extractable !== "boolean") throw new TypeError("extractable must be a boolean");
  return subtle().generateKey(params, extractable, ["sign", "verify"]);
}

/** What we use of `crypto.subtle`. */
interface SubtleLike {
  importKey(
    format: "raw",
    keyData: Uint8Array,
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
  ): Promise<unknown>;
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
}

interface Kind {
  readonly kty: "EC" | "OKP";
  readonly crv: "P-256" | "P-384" | "P-521" | "Ed25519";
  readonly params: Params;
  /** Of a signature, in bytes. */
  readonly size: number;
}

/** Each label names one curve and one hash. */
function kindOf(alg: SigningLabel): Kind {
  switch (alg) {
    case "ES256":
      return ecdsaKind("P-256", "SHA-256", 64);
    case "ES384":
      return ecdsaKind("P-384", "SHA-384", 96);
    case "ES512":
      return ecdsaKind("P-521", "SHA-512", 132);
    case "EdDSA":
    case "Ed25519":
      return { kty: "OKP", crv: "Ed25519", params: { name: "Ed25519" }, size: 64 };
    default:
      throw new TypeError("alg must be ES256, ES384, ES512, EdDSA or Ed25519");
  }
}

function ecdsaKind(crv: EcPublicJwk["crv"], hash: string, size: number): Kind {
  return { kty: "EC", crv, params: { name: "ECDSA", namedCurve: crv, hash }, size };
}

function webcryptoAlg(alg: SigningLabel): AsyncAlg {
  const kind = kindOf(alg);
  const { kty, crv } = kind;
  return Object.freeze({
    alg,
    kty,
    crv,
    async importKey(jwk: PublicJwk): Promise<AsyncKey | null> {
      const read = readPublicJwk(jwk, { alg, kty, crv });
      const point = typeof read === "string" ? null : encodedPoint(read);
      const key = point === null ? null : await importPoint(point, kind.params);
      return point === null || key === null ? null : keyOf(key, point.length, kind);
    },
  });
}

/** `size` is that of the encoded point; what the engine holds beside it, nobody can see. */
function keyOf(key: CryptoKeyLike, size: number, { crv, params, size: width }: Kind): AsyncKey {
  return {
    size,
    async verify(signature, data) {
      if (signature.length !== width) return false; // R||S of fixed width, never DER
      // Node 20 and 22 would take an R of small order. That S is below L, and that the equation is
      // the one without the cofactor, is what WebCrypto asks of every engine.
      if (crv === "Ed25519" && isSmallOrderPoint(encodeBase64url(signature.subarray(0, 32)))) {
        return false;
      }
      const valid = await subtle().verify(params, key, signature, data);
      if (typeof valid !== "boolean") {
        throw new TypeError("crypto.subtle.verify must answer true or false"); // an engine that is broken
      }
      return valid;
    },
  };
}

/**
 * null for a point that is not on the curve, which WebCrypto calls a DataError; everything else is
 * the platform's own trouble and comes through. "raw", because workerd (Cloudflare) answers such a
 * point with an OperationError when it comes as "jwk", and that could mean anything.
 *
 * Some engines look at a point no sooner than when they verify (Node at those of Ed25519): they
 * import it, and then every signature is false. The proof is refused all the same, as
 * signature_invalid where another backend says jwk_invalid; arithmetic of our own on the curves, to
 * have one code for both, would be too much for this entry.
 */
async function importPoint(point: Uint8Array, params: Params): Promise<CryptoKeyLike | null> {
  const engine = subtle();
  try {
    return await engine.importKey("raw", point, params, false, ["verify"]);
  } catch (error) {
    if (isDataError(error)) return null;
    throw error;
  }
}

function isDataError(error: unknown): boolean {
  return (
    typeof error === "object" && error !== null && "name" in error && error.name === "DataError"
  );
}

/** SEC 1 section 2.3.3, 04 || x || y, or the 32 bytes of RFC 8032 section 5.1.2. */
function encodedPoint(jwk: PublicJwk): Uint8Array | null {
  if (jwk.kty === "RSA") return null;
  const x = decodeBase64url(jwk.x);
  if (jwk.kty === "OKP") return x;
  const y = decodeBase64url(jwk.y);
  if (x === null || y === null) return null;
  return Uint8Array.of(4, ...x, ...y);
}

/** The curve of a key of a pair; a TypeError says what is wrong with it. */
function readKey(value: unknown, path: string, type: "private" | "public"): Kind["crv"] {
  const key = objectArgument(value, path);
  if (key["type"] !== type) throw new TypeError(`${path} must be a ${type} CryptoKey`);
  if (!Array.isArray(key["usages"])) throw new TypeError(`${path}.usages must be an array`);
  const { name, namedCurve } = objectArgument(key["algorithm"], `${path}.algorithm`);
  const crv = name === "ECDSA" ? namedCurve : name;
  switch (crv) {
    case "P-256":
    case "P-384":
    case "P-521":
    case "Ed25519":
      return crv;
    default:
      throw new TypeError(`${path} must be an ECDSA key on P-256, P-384 or P-521, or of Ed25519`);
  }
}

function readLabel(options: SignerOptions, crv: Kind["crv"]): SigningLabel {
  const asked = optionalString(membersArgument(options, "options", ["alg"]).alg, "alg");
  const labels = labelsOf(crv);
  const alg = labels.find((label) => label === (asked ?? labels[0]));
  if (alg === undefined) {
    throw new TypeError(`alg must be a label of the key's curve: ${labels.join(" or ")}`);
  }
  return alg;
}

/** The labels of a curve, the default first. */
function labelsOf(crv: Kind["crv"]): readonly SigningLabel[] {
  switch (crv) {
    case "P-256":
      return ["ES256"];
    case "P-384":
      return ["ES384"];
    case "P-521":
      return ["ES512"];
    case "Ed25519":
      return ["EdDSA", "Ed25519"];
  }
}

/**
 * The members of the public key alone. `key_ops` is left out with the rest: it is empty where the
 * pair was made to sign only, and says nothing of what a server may do.
 */
async function exportPublicJwk(key: CryptoKeyLike): Promise<EcPublicJwk | OkpPublicJwk> {
  const exported = objectArgument(await subtle().exportKey("jwk", key), "keyPair.publicKey as JWK");
  const { kty, crv, x, y } = exported;
  const jwk = readPublicJwk({ kty, crv, x, y });
  if (typeof jwk === "string" || jwk.kty === "RSA") {
    throw new TypeError("keyPair.publicKey must be a public key in its one canonical form");
  }
  return jwk;
}
