// dpop-core/node-crypto: node:crypto to algorithms that answer at once (RFC 7518 sections 3.3 to 3.5, RFC
// 8037, RFC 9864), and private keys, as JWK or as KeyObject, to signers. On Node, Bun and Deno.
//
// Every function is looked up in node:crypto at its use: what instruments or replaces it may come
// later than this file.
import crypto from "node:crypto";
import {
  integerArgument,
  membersArgument,
  objectArgument,
  optionalString,
} from "./input/argument.js";
import { decodeBase64url } from "./bytes/base64url.js";
import { asciiBytes } from "./bytes/utf8.js";
import { algShape, type Backend, type SyncAlg, type SyncKey, type SyncSigner } from "./jose/alg.js";
import { decodeDer, encodeDer } from "./jose/der.js";
import { isStrictSignature } from "./jose/ed25519.js";
import {
  type EcPublicJwk,
  type OkpPublicJwk,
  type PublicJwk,
  readPublicJwk,
  type RsaPublicJwk,
} from "./jose/jwk.js";
import { goodKey, modulusLength, nativeKeySize } from "./jose/native-key.js";

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

interface PrivateMembers {
  /** base64url. */
  readonly d: string;
  /** The JWS label that the key is for. */
  readonly alg?: string | undefined;
}

/** The members of RFC 7518 section 6.3.2: all of them, for two primes. */
export interface RsaPrivateJwk extends RsaPublicJwk, PrivateMembers {
  readonly p: string;
  readonly q: string;
  readonly dp: string;
  readonly dq: string;
  readonly qi: string;
}

/** A private key as a JWK. Whoever reads it can use every token that is bound to it. */
export type PrivateJwk = ((EcPublicJwk | OkpPublicJwk) & PrivateMembers) | RsaPrivateJwk;

/** The shape of a `KeyObject`, so that our declarations need no types of a platform. */
export interface KeyObjectLike {
  readonly type: string;
  readonly asymmetricKeyType?: string | undefined;
  export(options: { readonly format: "jwk" }): object;
}

export interface SignerOptions {
  /**
   * The JWS label: for Ed25519 the server's metadata decides between EdDSA and Ed25519, and an RSA
   * key fits six.
   */
  readonly alg?: SigningLabel | undefined;
}

export interface GenerateOptions {
  /** Of an RSA key, in bits, from 2048 (the default) to 8192. */
  readonly modulusLength?: number | undefined;
}

export interface NodeBackend extends Backend<SyncAlg> {
  readonly ES256: SyncAlg;
  readonly ES384: SyncAlg;
  readonly ES512: SyncAlg;
  readonly EdDSA: SyncAlg;
  readonly Ed25519: SyncAlg;
  readonly RS256: SyncAlg;
  readonly RS384: SyncAlg;
  readonly RS512: SyncAlg;
  readonly PS256: SyncAlg;
  readonly PS384: SyncAlg;
  readonly PS512: SyncAlg;
}

/** ECDSA on P-256 with SHA-256 (RFC 7518 section 3.4). */
export const ES256: SyncAlg = /* @__PURE__ */ nodeAlg("ES256");
/** ECDSA on P-384 with SHA-384; accepted where it is asked for, as are all below but Ed25519. */
export const ES384: SyncAlg = /* @__PURE__ */ nodeAlg("ES384");
/** ECDSA on P-521 with SHA-512. */
export const ES512: SyncAlg = /* @__PURE__ */ nodeAlg("ES512");
/** Ed25519 under the label of RFC 8037. */
export const EdDSA: SyncAlg = /* @__PURE__ */ nodeAlg("EdDSA");
/** Ed25519 under the label of RFC 9864. */
export const Ed25519: SyncAlg = /* @__PURE__ */ nodeAlg("Ed25519");
/** RSASSA-PKCS1-v1_5 with SHA-256 (RFC 7518 section 3.3). */
export const RS256: SyncAlg = /* @__PURE__ */ nodeAlg("RS256");
/** RSASSA-PKCS1-v1_5 with SHA-384. */
export const RS384: SyncAlg = /* @__PURE__ */ nodeAlg("RS384");
/** RSASSA-PKCS1-v1_5 with SHA-512. */
export const RS512: SyncAlg = /* @__PURE__ */ nodeAlg("RS512");
/** RSASSA-PSS with SHA-256, the salt as long as the hash (RFC 7518 section 3.5). */
export const PS256: SyncAlg = /* @__PURE__ */ nodeAlg("PS256");
/** RSASSA-PSS with SHA-384. */
export const PS384: SyncAlg = /* @__PURE__ */ nodeAlg("PS384");
/** RSASSA-PSS with SHA-512. */
export const PS512: SyncAlg = /* @__PURE__ */ nodeAlg("PS512");

/**
 * A backend over node:crypto. ES256, EdDSA and Ed25519 are accepted by default; ES384, ES512 and
 * RSA where they are asked for, RSA with 2048 to 4096 bits, or up to 8192 with the verifier's
 * `limits.modulusLength` (Deno takes no more than 4096). Where the engine lacks one of them, what it
 * throws comes through: then pass `algs` without it.
 */
export const node: NodeBackend = /* @__PURE__ */ Object.freeze({
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
  sha256,
  randomBytes: (length: number): Uint8Array => crypto.randomFillSync(new Uint8Array(length)),
});

/**
 * A signer of a private key, a JWK or a KeyObject. Its label is `alg` of the options, else `alg` of
 * the JWK, else EdDSA for Ed25519 and the one label of an EC curve; an RSA key has none of its own.
 * Its `publicJwk` is the public key alone. Throws a TypeError where this is no private key of a
 * known kind, where its public part belongs to another key, or where the label is not one of its
 * kind.
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
 * A new private key for `alg`, with that label in it. Throws a TypeError for an unknown label and a
 * RangeError for a modulus of another length.
 */
export function generatePrivateJwk(alg: SigningLabel, options: GenerateOptions = {}): PrivateJwk {
  const { modulusLength: bits = 2048 } = membersArgument(options, "options", ["modulusLength"]);
  integerArgument(bits, "modulusLength", "bits", 2048, 8192);
  // The JWK of a private key that was just made for this label.
  return { ...newPrivateKey(alg, bits), alg } as PrivateJwk;
}

/**
 * A new private key, as a JWK from the start. On Node 20 a KeyObject that generateKeyPairSync made
 * must never be exported as a JWK: a garbage collection in that moment waits for a lock that the
 * export holds, and the process stands still for ever.
 */
function newPrivateKey(alg: SigningLabel, bits: number): object {
  const { kty, crv = "" } = kindOf(alg);
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

/** It has no dot in it, so that it is the signing input of no JWS. */
const MESSAGE: Uint8Array = /* @__PURE__ */ asciiBytes("dpop-core: do these keys belong together?");

function signWith(key: KeyObject, alg: SigningLabel): SyncSigner["sign"] {
  const { kty, hash, saltLength, signatureSize = 0 } = kindOf(alg);
  const use = useOf(key, saltLength);
  if (kty !== "EC") return (data) => new Uint8Array(crypto.sign(hash, data, use));
  return (data) => {
    const signature = decodeDer(crypto.sign(hash, data, use), signatureSize / 2);
    if (signature === null)
      throw new TypeError("node:crypto must answer an ECDSA signature in DER");
    return signature;
  };
}

/** null where the members of the key contradict each other so that the engine can't sign. */
function firstSignature(sign: SyncSigner["sign"], alg: SigningLabel): Uint8Array | null {
  return nullUnlessBroken(
    () => sign(MESSAGE),
    () => signWith(importPrivateKey(newPrivateKey(alg, 2048)), alg)(MESSAGE),
  );
}

type KeyObject = ReturnType<typeof crypto.createPublicKey>;

interface Kind {
  readonly kty: "EC" | "OKP" | "RSA";
  readonly crv?: "P-256" | "P-384" | "P-521" | "Ed25519";
  /** Of a signature, in bytes; for RSA that of the modulus. */
  readonly signatureSize?: number;
  /** null: the signature has a hash of its own. */
  readonly hash: string | null;
  /** Of RSASSA-PSS alone, in bytes: RFC 7518 asks for a salt exactly as long as the hash. */
  readonly saltLength?: number;
}

/** Each label names one kind of key, one hash and one scheme. */
function kindOf(alg: unknown): Kind {
  const shape = algShape(alg);
  if (typeof alg !== "string" || shape === undefined) {
    throw new TypeError(
      "alg must be ES256, ES384, ES512, EdDSA, Ed25519, RS256, RS384, RS512, PS256, PS384 or PS512",
    );
  }
  if (shape.kty === "OKP") return { ...shape, hash: null };
  const bits = alg.slice(2);
  const kind = { ...shape, hash: `sha${bits}` };
  return alg.startsWith("PS") ? { ...kind, saltLength: Number(bits) / 8 } : kind;
}

/** A key with how to use it, or alone; one for all the signatures of a key. */
type Use =
  KeyObject | { readonly key: KeyObject; readonly padding: number; readonly saltLength: number };

/**
 * The key alone wherever its kind says the rest: ECDSA in DER, RSASSA-PKCS1-v1_5. On Node 24 an ES256
 * signature then takes 0.7 of what options and R||S take; elsewhere it makes no difference.
 */
function useOf(key: KeyObject, saltLength: number | undefined): Use {
  return saltLength === undefined
    ? key
    : { key, padding: crypto.constants.RSA_PKCS1_PSS_PADDING, saltLength };
}

function nodeAlg(alg: SigningLabel): SyncAlg {
  const kind = kindOf(alg);
  const { kty, crv } = kind;
  const name = crv === undefined ? { alg, kty } : { alg, kty, crv };
  return Object.freeze({
    ...name,
    importKey(jwk: PublicJwk): SyncKey | null {
      const read = readPublicJwk(jwk, name);
      const key = typeof read === "string" ? null : importPublicKey(read);
      return typeof read === "string" || key === null ? null : keyOf(key, read, kind);
    },
  });
}

function keyOf(
  key: KeyObject,
  jwk: PublicJwk,
  { kty, hash, saltLength, signatureSize }: Kind,
): SyncKey {
  const use = useOf(key, saltLength);
  // R||S of fixed width; of RSA the modulus says it, which has no leading zeros.
  const width = jwk.kty === "RSA" ? modulusLength(jwk.n) : signatureSize;
  return {
    size: nativeKeySize(jwk),
    verify(signature, data) {
      if (signature.length !== width) return false;
      // That the equation is the one without the cofactor is left to the engine, and tested.
      if (kty === "OKP" && !isStrictSignature(signature)) return false;
      return crypto.verify(hash, data, use, kty === "EC" ? encodeDer(signature) : signature);
    },
  };
}

/**
 * null for what is no key: a point that is not on the curve, a modulus that the engine does not take.
 *
 * Node and Bun look at a point of Ed25519 no sooner than when they verify: they import what is no
 * point, and then every signature is false (signature_invalid where another backend says
 * jwk_invalid).
 */
function importPublicKey(jwk: PublicJwk): KeyObject | null {
  return nullUnlessBroken(
    () => crypto.createPublicKey({ key: { ...jwk }, format: "jwk" }),
    () => takeGoodKey(jwk),
  );
}

function takeGoodKey(like: PublicJwk): void {
  crypto.createPublicKey({ key: { ...goodKey(like) }, format: "jwk" });
}

/**
 * What `use` makes of a key, or null where the engine does not take that key. Engines say so in ways
 * of their own (ERR_CRYPTO_INVALID_JWK, an error of OpenSSL, an Error without a code), and a broken
 * one may say the same. One that does the same with a key that is good for certain means the key;
 * everything else is trouble of its own and comes through.
 */
function nullUnlessBroken<T>(use: () => T, useGoodKey: () => unknown): T | null {
  try {
    return use();
  } catch (error) {
    try {
      useGoodKey();
    } catch {
      throw error;
    }
    return null;
  }
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
 * The members of the public key alone; a TypeError for a kind of key that has no JWK of ours. By way
 * of DER, since the key may come from generateKeyPairSync (see newPrivateKey).
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

/** The engine's own words could hold the value that it does not take: they are not passed on. */
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
  const labels = labelsFor(jwk);
  const alg = labels.find((label) => label === (asked ?? (jwk.kty === "RSA" ? "" : labels[0])));
  if (alg === undefined)
    throw new TypeError(`alg must be a label of the key: ${labels.join(", ")}`);
  return alg;
}

/** The labels of a key, the default first; of RSA there is no default. */
function labelsFor(jwk: PublicJwk): readonly SigningLabel[] {
  if (jwk.kty === "RSA") return ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"];
  switch (jwk.crv) {
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

/** SHA-256. The short way of newer engines is about twice as fast as a hash object, and as a Buffer. */
function sha256(data: Uint8Array): Uint8Array {
  if (typeof crypto.hash !== "function") {
    return new Uint8Array(crypto.createHash("sha256").update(data).digest());
  }
  const text = crypto.hash("sha256", data, "binary"); // a character for each byte
  const hash = new Uint8Array(32);
  for (let i = 0; i < 32; i++) hash[i] = text.charCodeAt(i);
  return hash;
}
