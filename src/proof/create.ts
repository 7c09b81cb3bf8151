// Creation (RFC 9449 section 4.2): a signer and the request that is about to be sent to one proof.
import {
  functionMember,
  isBytes,
  numberArgument,
  objectArgument,
  optionsArgument,
  stringArgument,
} from "../bytes/argument.js";
import { encodeBase64url } from "../bytes/base64url.js";
import { asciiBytes, encodeUtf8, isWellFormed } from "../bytes/utf8.js";
import type { Backend, Signer, SyncSigner } from "../jose/alg.js";
import { type PublicJwk, readPublicJwk } from "../jose/jwk.js";
import { accessTokenHash } from "./ath.js";
import { httpScheme, normalizeHtu } from "./htu.js";
import { isAsymmetricAlg, TYP } from "./parse.js";

/** What a proof is made for. */
export interface NewProof {
  /** The HTTP method, exactly as it will be sent. */
  readonly method: string;
  /** The absolute http or https URL of the request; its query and fragment do not go into the proof. */
  readonly url: string;
  /** The access token that goes with the request to a protected resource; its hash becomes `ath`. */
  readonly accessToken?: string | undefined;
  /** The last `DPoP-Nonce` of that server. */
  readonly nonce?: string | undefined;
  /** Creation time in seconds since the epoch; the platform's clock where it is not given. */
  readonly iat?: number | undefined;
  /** A unique id; 128 random bits where it is not given. */
  readonly jti?: string | undefined;
  /** Further header parameters; typ, alg, jwk, crit and b64 are not for the caller. */
  readonly header?: Readonly<Record<string, unknown>> | undefined;
  /** Further claims; jti, htm, htu, iat, ath and nonce have members of their own. */
  readonly claims?: Readonly<Record<string, unknown>> | undefined;
}

export interface CreateOptions {
  readonly backend: Pick<Backend, "sha256" | "randomBytes">;
}

const MEMBERS = ["method", "url", "accessToken", "nonce", "iat", "jti", "header", "claims"];
const RESERVED_HEADER = ["typ", "alg", "jwk", "crit", "b64"];
const RESERVED_CLAIMS = ["jti", "htm", "htu", "iat", "ath", "nonce"];

/** 128 random bits; section 4.2 asks for 96 at least. */
const JTI_BYTES = 16;

/** The last second that a NumericDate in whole seconds, and not in milliseconds, is taken for: the year 5138. */
const LAST_SECOND = 1e11;

/**
 * Makes one proof for one request: the value of the header field `DPoP`. Every request needs a proof of its own, retries
 * included. `htu` is the normal form of `url` without query and fragment.
 *
 * Throws a TypeError or RangeError that names the argument: what goes into a proof is composed by the caller, so
 * a URL, method, token or nonce that can't stand in one is a mistake, not a refusal. Whatever the signer or the source of
 * random bytes throws comes through.
 */
export function createProof(signer: SyncSigner, request: NewProof, options: CreateOptions): string {
  const input = signingInput(signer, request, readBackend(options));
  return compact(input, signer.sign(asciiBytes(input)));
}

/** The same with a signer that may be asynchronous; a mistaken argument is a rejection. */
export async function createProofAsync(
  signer: Signer,
  request: NewProof,
  options: CreateOptions,
): Promise<string> {
  const input = signingInput(signer, request, readBackend(options));
  return compact(input, await signer.sign(asciiBytes(input)));
}

function readBackend(options: CreateOptions): CreateOptions["backend"] {
  const { backend } = optionsArgument(options, "options", ["backend"]);
  functionMember(objectArgument(backend, "backend"), "sha256", "backend");
  functionMember(objectArgument(backend, "backend"), "randomBytes", "backend");
  return options.backend;
}

function signingInput(
  signer: Signer,
  request: NewProof,
  backend: CreateOptions["backend"],
): string {
  const jwk = signerJwk(signer);
  const given = optionsArgument(request, "request", MEMBERS);
  const header = {
    typ: TYP,
    alg: signer.alg,
    jwk,
    ...extra(given["header"], "header", RESERVED_HEADER),
  };
  const claims = {
    jti: given["jti"] === undefined ? randomJti(backend) : text(given["jti"], "jti"),
    htm: methodArgument(given["method"]),
    htu: urlArgument(given["url"]),
    iat: iatArgument(given["iat"]),
    ...athClaim(given["accessToken"], backend),
    ...nonceClaim(given["nonce"]),
    ...extra(given["claims"], "claims", RESERVED_CLAIMS),
  };
  return `${segment(header)}.${segment(claims)}`;
}

/** Copies the members of a public key alone, so that a signer can't leak another one (section 4.3 item 7). */
function signerJwk(signer: Signer): PublicJwk {
  const { alg, publicJwk, sign } = objectArgument(signer, "signer");
  if (typeof alg !== "string" || !isAsymmetricAlg(alg)) {
    throw new TypeError("signer.alg must be the label of an asymmetric JWS algorithm");
  }
  if (typeof sign !== "function") throw new TypeError("signer.sign must be a function");
  const jwk = readPublicJwk(publicJwk);
  if (jwk === "jwk_private") throw new TypeError("signer.publicJwk must hold no private members");
  if (typeof jwk === "string")
    throw new TypeError("signer.publicJwk must be a canonical public JWK");
  return jwk;
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
  if (method === "" || !everyUnit(method, isTokenUnit))
    throw new TypeError("method must be an HTTP method token");
  return method;
}

function urlArgument(value: unknown): string {
  const url = stringArgument(value, "url");
  if (httpScheme(url) === null) throw new TypeError("url must begin with http:// or https://");
  const htu = normalizeHtu(url);
  if (htu === null)
    throw new TypeError(
      "url must be a valid URI without user information, already percent-encoded",
    );
  return htu;
}

function iatArgument(value: unknown): number {
  if (value === undefined) return Math.floor(Date.now() / 1000);
  return numberArgument(value, "iat", "seconds since the epoch", 0, LAST_SECOND);
}

function athClaim(value: unknown, backend: CreateOptions["backend"]): { readonly ath?: string } {
  if (value === undefined) return {};
  return { ath: accessTokenHash(stringArgument(value, "accessToken"), { backend }) };
}

/** Section 8.1: nonce = 1*NQCHAR. */
function nonceClaim(value: unknown): { readonly nonce?: string } {
  if (value === undefined) return {};
  const nonce = stringArgument(value, "nonce");
  if (nonce === "" || !everyUnit(nonce, isNqchar)) {
    throw new TypeError('nonce must be printable ASCII without space, " and \\');
  }
  return { nonce };
}

function text(value: unknown, name: string): string {
  const given = stringArgument(value, name);
  if (given === "" || !isWellFormed(given))
    throw new TypeError(`${name} must be a non-empty well-formed string`);
  return given;
}

function extra(
  value: unknown,
  name: string,
  reserved: readonly string[],
): Readonly<Record<string, unknown>> {
  if (value === undefined) return {};
  const members = objectArgument(value, name);
  for (const member of reserved) {
    if (member in members) throw new TypeError(`${name}.${member} is not for the caller to set`);
  }
  return members;
}

function segment(value: Readonly<Record<string, unknown>>): string {
  const bytes = encodeUtf8(JSON.stringify(value)); // which escapes lone surrogates
  if (bytes === null) throw new TypeError("header and claims must be JSON");
  return encodeBase64url(bytes);
}

function compact(input: string, signature: unknown): string {
  if (!isBytes(signature) || signature.length === 0) {
    throw new TypeError(
      "signer.sign must return a Uint8Array; createProofAsync takes a signer that returns a promise",
    );
  }
  return `${input}.${encodeBase64url(signature)}`;
}

function everyUnit(value: string, is: (unit: number) => boolean): boolean {
  for (let i = 0; i < value.length; i++) if (!is(value.charCodeAt(i))) return false;
  return true;
}

/** RFC 9110 section 5.6.2: tchar. */
function isTokenUnit(unit: number): boolean {
  return unit > 0x20 && unit < 0x7f && !'"(),/:;<=>?@[\\]{}'.includes(String.fromCharCode(unit));
}

/** Section 8.1: NQCHAR = %x21 / %x23-5B / %x5D-7E. */
function isNqchar(unit: number): boolean {
  return unit > 0x20 && unit < 0x7f && unit !== 0x22 && unit !== 0x5c;
}
