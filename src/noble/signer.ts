// Keys and signers over noble: from private JWKs (RFC 7517, RFC 7518 section 6.2.2, RFC 8037
// section 2) to signers.
import { membersArgument, objectArgument, optionalString } from "../input/argument.js";
import { decodeBase64url, encodeBase64url } from "../bytes/base64url.js";
import type { SyncSigner } from "../jose/alg.js";
import type { EcPublicJwk, OkpPublicJwk, PublicJwk } from "../jose/jwk.js";
import { type EcdsaLabel, ecdsaCurve } from "./ecdsa.js";
import type { EddsaLabel } from "./eddsa.js";
import type { NobleEcdsa, NobleParts } from "./parts.js";

/** A private key as a JWK. Keep it secret: it gives the use of every token that is bound to it. */
export type PrivateJwk = (EcPublicJwk | OkpPublicJwk) & {
  /** base64url, as long as the curve's order: 32, 48 or 66 bytes. */
  readonly d: string;
  /** The JWS label that the key is for. */
  readonly alg?: string | undefined;
};

/** The JWS label of an algorithm that can sign. */
export type SigningLabel = EcdsaLabel | EddsaLabel;

/** What signing on one curve needs. */
interface SigningCurve {
  /** The labels of this curve, the default first. */
  readonly labels: readonly SigningLabel[];
  /** Length of a secret key in bytes. */
  readonly size: number;
  isSecretKey(secretKey: Uint8Array): boolean;
  publicJwk(secretKey: Uint8Array): EcPublicJwk | OkpPublicJwk;
  sign(data: Uint8Array, secretKey: Uint8Array): Uint8Array;
  randomSecretKey(randomBytes: (length: number) => Uint8Array): Uint8Array;
}

/** Makes a signer of a private key; createSigner of noble.ts says what it accepts. */
export function signerOf(
  parts: NobleParts,
  privateJwk: PrivateJwk,
  options: SignerOptions,
): SyncSigner {
  const { kty, crv, x, y, d, alg: ownLabel } = objectArgument(privateJwk, "privateJwk");
  if (kty === "RSA") {
    throw new TypeError(
      "privateJwk must be a key on a curve here: dpop-core/node-crypto and dpop-core/webcrypto take RSA",
    );
  }
  const curve = curveNamed(parts, crv);
  // At most 88 characters (P-521): far longer ones are not decoded.
  const secretKey = typeof d === "string" && d.length <= 88 ? decodeBase64url(d) : null;
  if (secretKey === null || secretKey.length !== curve.size || !curve.isSecretKey(secretKey)) {
    throw new TypeError(
      `privateJwk.d must be the base64url of a secret key of ${curve.size} bytes`,
    );
  }
  const publicJwk = Object.freeze(curve.publicJwk(secretKey));
  const derived: PublicJwk = publicJwk;
  if (kty !== derived.kty || x !== derived.x || (derived.kty === "EC" && y !== derived.y)) {
    throw new TypeError("privateJwk must hold the public key that belongs to its d");
  }
  const asked = optionalString(membersArgument(options, "options", ["alg"]).alg, "alg");
  const alg = curve.labels.find((label) => label === (asked ?? ownLabel ?? curve.labels[0]));
  if (alg === undefined)
    throw new TypeError(`alg must be a label of the key's curve: ${curve.labels.join(" or ")}`);
  return Object.freeze({ alg, publicJwk, sign: (data: Uint8Array) => curve.sign(data, secretKey) });
}

/** Options of createSigner. */
export interface SignerOptions {
  /** The JWS label: for Ed25519 the server's metadata decides between EdDSA and Ed25519. */
  readonly alg?: SigningLabel | undefined;
}

/** Generates a private key for `alg`, with that label in it. Throws a TypeError for another label. */
export function newPrivateJwk(
  parts: NobleParts,
  alg: SigningLabel,
  randomBytes: (length: number) => Uint8Array,
): PrivateJwk {
  const curve = curveNamed(parts, curveOf(alg));
  const secretKey = curve.randomSecretKey(randomBytes);
  return { ...curve.publicJwk(secretKey), d: encodeBase64url(secretKey), alg };
}

function curveOf(alg: unknown): string {
  switch (alg) {
    case "ES256":
    case "ES384":
    case "ES512":
      return ecdsaCurve(alg).crv;
    case "EdDSA":
    case "Ed25519":
      return "Ed25519";
    default:
      throw new TypeError("alg must be ES256, ES384, ES512, EdDSA or Ed25519");
  }
}

function curveNamed(parts: NobleParts, crv: unknown): SigningCurve {
  switch (crv) {
    case "P-256":
      return ecdsaSigning("ES256", parts.p256);
    case "P-384":
      return ecdsaSigning("ES384", parts.p384);
    case "P-521":
      return ecdsaSigning("ES512", parts.p521);
    case "Ed25519":
      return ed25519Signing(parts);
    default:
      throw new TypeError("privateJwk.crv must be P-256, P-384, P-521 or Ed25519");
  }
}

function ecdsaSigning(alg: EcdsaLabel, curve: NobleEcdsa): SigningCurve {
  const { crv, size } = ecdsaCurve(alg);
  return {
    labels: [alg],
    size,
    isSecretKey: (secretKey) => curve.utils.isValidSecretKey(secretKey),
    sign: (data, secretKey) => curve.sign(data, secretKey),
    publicJwk(secretKey) {
      const point = curve.getPublicKey(secretKey, false); // 04 || x || y
      const x = encodeBase64url(point.subarray(1, 1 + size));
      return { kty: "EC", crv, x, y: encodeBase64url(point.subarray(1 + size)) };
    },
    // The seed has half as many bits again as the order, so the bias of the reduction is negligible
    // (FIPS 186-5 A.2.1).
    randomSecretKey: (randomBytes) =>
      curve.utils.randomSecretKey(randomBytes(curve.lengths.seed ?? size)),
  };
}

function ed25519Signing({ ed25519 }: NobleParts): SigningCurve {
  return {
    labels: ["EdDSA", "Ed25519"],
    size: 32,
    isSecretKey: () => true, // any 32 bytes (RFC 8032 section 5.1.5)
    sign: (data, secretKey) => ed25519.sign(data, secretKey),
    publicJwk: (secretKey) => ({
      kty: "OKP",
      crv: "Ed25519",
      x: encodeBase64url(ed25519.getPublicKey(secretKey)),
    }),
    randomSecretKey: (randomBytes) => randomBytes(32),
  };
}
