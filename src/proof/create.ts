// Creation (RFC 9449 section 4.2): a signer and a request that is about to be sent to one proof.
import {
  functionMember,
  isBytes,
  membersArgument,
  objectArgument,
  plainArgument,
  stringArgument,
  timeArgument,
} from "../input/argument.js";
import { platformClock } from "../input/clock.js";
import { encodeBase64url } from "../bytes/base64url.js";
import { isTokenUnit, runEnd } from "../input/http.js";
import { JSON_BOUNDS, parseJsonObject } from "../input/json.js";
import { asciiBytes, encodeUtf8, isWellFormed } from "../bytes/utf8.js";
import { algShape, type Backend, type Signer, type SyncSigner } from "../jose/alg.js";
import { type PublicJwk, readPublicJwk } from "../jose/jwk.js";
import { accessTokenHash } from "./ath.js";
import { type ProofLimits, readClaims, TYP } from "./claims.js";
import { htuAsSent, isHttpUrl, type PlainHttp, readPlainHttp } from "./htu.js";
import { isNonce } from "./nonce.js";

/** The request that a proof is made for, and what else goes into the proof. */
export interface ProofInit {
  /** The HTTP method, exactly as it will be sent. */
  readonly method: string;
  /**
   * The absolute URL of the request: https, or http where `plainHttp` allows its host. Its query
   * and fragment do not go into the proof.
   */
  readonly url: string;
  /**
   * The access token that goes with the request to a protected resource. Its hash becomes `ath`.
   */
  readonly accessToken?: string | undefined;
  /** The last `DPoP-Nonce` of the server that the request goes to. */
  readonly nonce?: string | undefined;
  /** Creation time in seconds since the epoch. Default: the time of the platform's clock. */
  readonly iat?: number | undefined;
  /** A unique id. Default: 128 random bits. */
  readonly jti?: string | undefined;
  /** Further header parameters, except typ, alg, jwk, crit and b64. */
  readonly header?: Readonly<Record<string, unknown>> | undefined;
  /** Further claims, except jti, htm, htu, iat, ath and nonce, which have members of their own. */
  readonly claims?: Readonly<Record<string, unknown>> | undefined;
}

/** Options of createProof and createProofAsync. */
export interface CreateOptions {
  /** What computes `ath` and a random `jti`. */
  readonly backend: Pick<Backend, "sha256" | "randomBytes">;
  /**
   * Which hosts a proof may be made for by plain http. Default "loopback": `localhost`, 127.0.0.0/8
   * and `[::1]`. On the way to any other host a stranger can read the access token or the
   * authorization code, and the answer. The stranger lacks only the key, and can hold a proof back
   * to send it first. "anywhere" is for a network that keeps strangers out by other means.
   */
  readonly plainHttp?: PlainHttp | undefined;
}

const MEMBERS = ["method", "url", "accessToken", "nonce", "iat", "jti", "header", "claims"];
const RESERVED_HEADER = ["typ", "alg", "jwk", "crit", "b64"];
const RESERVED_CLAIMS = ["jti", "htm", "htu", "iat", "ath", "nonce"];

/** 128 random bits; section 4.2 asks for at least 96. */
const JTI_BYTES = 16;

/**
 * Makes one proof for one request. Every request needs its own, retries included. The `htu` of the
 * proof is `url` without query and fragment: its scheme and host in their normal form, its path as
 * it is written.
 *
 * @param signer holds the key.
 * @param request method, URL, and the access token and nonce where there are any.
 * @param options the backend, and which hosts plain http may go to.
 * @returns the value of the header field `DPoP`.
 * @throws a TypeError or RangeError that names the argument. A URL, method, token or nonce that
 *   can't stand in a proof is a mistake of the caller, who composes the request. What the signer or
 *   the source of random bytes throws propagates.
 * @example
 * ```ts
 * import { createProof } from "dpop-core/core";
 * import { createSigner, generatePrivateJwk, nodeCrypto } from "dpop-core/node-crypto";
 *
 * const signer = createSigner(generatePrivateJwk("ES256"));
 * const request = { method: "GET", url: "https://api.example/" };
 * const proof = createProof(signer, request, { backend: nodeCrypto });
 * ```
 * @see RFC 9449 section 4.2
 */
export function createProof(
  signer: SyncSigner,
  request: ProofInit,
  options: CreateOptions,
): string {
  const { input, signatureSize } = prepareProof(signer, request, options);
  return compact(input, signer.sign(asciiBytes(input)), signatureSize);
}

/**
 * Makes one proof with a signer that may be asynchronous: WebCrypto, a KMS, hardware.
 *
 * @param signer holds the key.
 * @param request method, URL, and the access token and nonce where there are any.
 * @param options the backend, and which hosts plain http may go to.
 * @returns the value of the header field `DPoP`.
 * @throws rejects with what createProof throws.
 * @example
 * ```ts
 * import { createProofAsync } from "dpop-core/core";
 * import { createSigner, generateKeyPair, webcrypto } from "dpop-core/webcrypto";
 *
 * const signer = await createSigner(await generateKeyPair("ES256"));
 * const request = { method: "GET", url: "https://api.example/" };
 * const proof = await createProofAsync(signer, request, { backend: webcrypto });
 * ```
 * @see RFC 9449 section 4.2
 */
export async function createProofAsync(
  signer: Signer,
  request: ProofInit,
  options: CreateOptions,
): Promise<string> {
  const { input, signatureSize } = prepareProof(signer, request, options);
  return compact(input, await signer.sign(asciiBytes(input)), signatureSize);
}

interface UnsignedProof {
  /** The JWS signing input. */
  readonly input: string;
  /** Length of the signature in bytes; undefined where the key decides. */
  readonly signatureSize: number | undefined;
}

function prepareProof(signer: Signer, request: ProofInit, options: CreateOptions): UnsignedProof {
  const { backend, plainHttp } = readOptions(options);
  const { alg, jwk, signatureSize } = readSigner(signer);
  const given = membersArgument(request, "request", MEMBERS);
  const header = {
    typ: TYP,
    alg,
    jwk,
    ...extraMembers(given.header, "header", RESERVED_HEADER),
  };
  const claims = {
    jti: given.jti === undefined ? randomJti(backend) : textArgument(given.jti, "jti"),
    htm: methodArgument(given.method),
    htu: htuArgument(given.url, plainHttp),
    iat: given.iat === undefined ? Math.floor(platformClock()) : timeArgument(given.iat, "iat"),
    ...athClaim(given.accessToken, backend),
    ...nonceClaim(given.nonce),
    ...extraMembers(given.claims, "claims", RESERVED_CLAIMS),
  };
  return { input: `${segment(header, "header")}.${segment(claims, "claims")}`, signatureSize };
}

function readOptions(options: CreateOptions): {
  readonly backend: CreateOptions["backend"];
  readonly plainHttp: PlainHttp;
} {
  const { backend, plainHttp } = membersArgument(options, "options", ["backend", "plainHttp"]);
  return { backend: readBackend(backend), plainHttp: readPlainHttp(plainHttp) };
}

/** Guards a backend, as far as making proofs needs it. */
export function readBackend<B>(backend: B): B {
  const given = objectArgument(backend, "backend");
  functionMember(given, "sha256", "backend");
  functionMember(given, "randomBytes", "backend");
  return backend;
}

/**
 * Guards a signer. Copies only the members of a public key, so that a signer can't leak a private one
 * (section 4.3 item 7).
 */
export function readSigner(signer: Signer): {
  readonly alg: string;
  readonly jwk: PublicJwk;
  /** In bytes; undefined where the key decides. */
  readonly signatureSize: number | undefined;
} {
  const { alg, publicJwk, sign, kty, method, url } = objectArgument(signer, "signer");
  if (sign === undefined && kty !== undefined) {
    throw new TypeError("signer must be a signer, not a JWK: createSigner(jwk) makes it one");
  }
  if (sign === undefined && method !== undefined && url !== undefined) {
    throw new TypeError(
      "signer must come first: createProof(signer, { method, url, … }, { backend })",
    );
  }
  const shape = algShape(alg);
  if (typeof alg !== "string" || shape === undefined) {
    throw new TypeError("signer.alg must be the label of an asymmetric JWS algorithm");
  }
  if (typeof sign !== "function") throw new TypeError("signer.sign must be a function");
  const jwk = readPublicJwk(publicJwk, { alg, ...shape });
  if (jwk === "jwk_private") throw new TypeError("signer.publicJwk must hold no private members");
  if (typeof jwk === "string")
    throw new TypeError("signer.publicJwk must be a canonical public JWK for signer.alg");
  return { alg, jwk, signatureSize: shape.signatureSize };
}

function randomJti(backend: CreateOptions["backend"]): string {
  const bytes = backend.randomBytes(JTI_BYTES);
  if (!isBytes(bytes) || bytes.length !== JTI_BYTES) {
    throw new TypeError(
      `backend.randomBytes must return a Uint8Array of the ${JTI_BYTES} bytes asked for`,
    );
  }
  return encodeBase64url(bytes);
}

/** RFC 9110 section 9.1: a method is a token, and case-sensitive. */
function methodArgument(value: unknown): string {
  const method = stringArgument(value, "method");
  if (method === "" || runEnd(method, 0, isTokenUnit) !== method.length)
    throw new TypeError("method must be an HTTP method token");
  return method;
}

export const PLAIN_HTTP_FAULT =
  'url must begin with https://, or be http:// on a loopback host; plainHttp: "anywhere" takes others';

function htuArgument(value: unknown, plainHttp: PlainHttp): string {
  const url = stringArgument(value, "url");
  if (!isHttpUrl(url, plainHttp)) {
    throw new TypeError(PLAIN_HTTP_FAULT);
  }
  const htu = htuAsSent(url);
  if (htu === null)
    throw new TypeError(
      "url must be a valid URI without user information, already percent-encoded",
    );
  return htu;
}

function athClaim(value: unknown, backend: CreateOptions["backend"]): { readonly ath?: string } {
  if (value === undefined) return {};
  return { ath: accessTokenHash(stringArgument(value, "accessToken"), { backend }) };
}

function nonceClaim(value: unknown): { readonly nonce?: string } {
  if (value === undefined) return {};
  const nonce = stringArgument(value, "nonce");
  if (!isNonce(nonce)) {
    throw new TypeError('nonce must be printable ASCII without space, " and \\');
  }
  return { nonce };
}

function textArgument(value: unknown, name: string): string {
  const text = stringArgument(value, name);
  if (text === "" || !isWellFormed(text)) {
    throw new TypeError(`${name} must be a non-empty well-formed string`);
  }
  return text;
}

/** Copies member by member, because `toJSON` or a proxy could replace what was checked. */
function extraMembers(
  value: unknown,
  name: string,
  reserved: readonly string[],
): Readonly<Record<string, unknown>> {
  if (value === undefined) return {};
  const members: Readonly<Record<string, unknown>> = { ...plainArgument(value, name) };
  for (const member of [...reserved, "toJSON"]) {
    if (member in members) throw new TypeError(`${name}.${member} is not for the caller to set`);
  }
  return members;
}

/**
 * Encodes a header or claims. It reads them as a verifier will, because a verifier must not refuse
 * the form of what createProof makes.
 */
function segment(value: Readonly<Record<string, unknown>>, name: string): string {
  const json = stringify(value, name);
  const read = parseJsonObject(json);
  const bytes = encodeUtf8(json); // JSON.stringify escapes lone surrogates
  if (read === null || bytes === null) {
    throw new TypeError(`${name} must be JSON ${JSON_BOUNDS}`);
  }
  if (name === "claims" && typeof readClaims(read, NO_LIMITS) === "string") {
    throw new TypeError("claims.exp and claims.nbf must be numbers of seconds since the epoch");
  }
  return encodeBase64url(bytes);
}

const NO_LIMITS: Pick<ProofLimits, "jti" | "htu" | "nonce"> = {
  jti: Infinity,
  htu: Infinity,
  nonce: Infinity,
};

function stringify(value: Readonly<Record<string, unknown>>, name: string): string {
  try {
    return JSON.stringify(value);
  } catch {
    throw new TypeError(`${name} must be JSON: no BigInt and no cycle`);
  }
}

function compact(input: string, signature: unknown, size: number | undefined): string {
  if (!isBytes(signature) || signature.length === 0) {
    throw new TypeError(
      "signer.sign must return a Uint8Array; createProofAsync takes a signer that returns a promise",
    );
  }
  if (size !== undefined && signature.length !== size) {
    throw new TypeError(
      `signer.sign must return ${size} bytes, the signature in the form of JWS, not DER`,
    );
  }
  return `${input}.${encodeBase64url(signature)}`;
}
