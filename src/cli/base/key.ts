// The key of a command: a private JWK or PEM of a file, standard input or the environment.
import { createPrivateKey, createPublicKey, type KeyObject } from "node:crypto";
import { jwkThumbprint, type PublicJwk, type SyncSigner } from "dpop-core/core";
import {
  createSigner,
  nodeCrypto,
  type PrivateJwk,
  type SigningLabel,
} from "dpop-core/node-crypto";
import { type Fault, mistake } from "./fault.js";
import { isFile, readSecret } from "./files.js";
import type { Io } from "./io.js";
import { parseObject } from "./json.js";

/** Where keygen writes a key, and the others look for one. */
export const KEY_FILE = "dpop-key.json";

/** The labels that a key may sign under. */
export const ALGS: readonly SigningLabel[] = [
  "ES256",
  "ES384",
  "ES512",
  "EdDSA",
  "Ed25519",
  "RS256",
  "RS384",
  "RS512",
  "PS256",
  "PS384",
  "PS512",
];

/** The options that say which key. */
export const KEY_OPTIONS = {
  key: {
    type: "string",
    short: "k",
    value: "FILE",
    help: `The private key, as a JWK or in PEM; "-" for standard input. Default: the variable DPOP_KEY, which holds the key itself, else ${KEY_FILE}`,
  },
  alg: {
    type: "string",
    value: "ALG",
    help: "The label in the proof, where the key fits several: RSA, or Ed25519 for EdDSA",
  },
} as const;

/** A key that proofs are signed with. */
export interface Key {
  readonly signer: SyncSigner;
  /** Its thumbprint (RFC 7638). */
  readonly jkt: string;
  /** Where it comes from, in words. */
  readonly origin: string;
}

/** Returns the key that the options, the environment or the default file name. */
export async function loadKey(
  io: Io,
  options: { readonly key?: string | undefined; readonly alg?: string | undefined },
): Promise<Key> {
  const { text, origin } = await readKeyText(io, options.key);
  const signer = signerOf(text, origin, algArgument(options.alg));
  return { signer, origin, jkt: thumbprintOf(signer.publicJwk) };
}

async function readKeyText(
  io: Io,
  path: string | undefined,
): Promise<{ readonly text: string; readonly origin: string }> {
  const what = "a private key";
  if (path !== undefined) {
    return {
      text: await readSecret(io, { path, option: "--key", what }),
      origin: "the file of --key",
    };
  }
  const inVariable = io.env["DPOP_KEY"];
  if (inVariable !== undefined && inVariable !== "") {
    return { text: inVariable, origin: "the variable DPOP_KEY" };
  }
  if (!(await isFile(io, KEY_FILE))) {
    throw mistake(
      `there is no key: no --key, no variable DPOP_KEY, and no ${KEY_FILE} in this folder`,
      "Make one: dpop-core keygen",
    );
  }
  return {
    text: await readSecret(io, { path: KEY_FILE, option: KEY_FILE, what }),
    origin: KEY_FILE,
  };
}

/** Guards the name of an algorithm. */
export function algArgument(alg: string | undefined): SigningLabel | undefined {
  if (alg === undefined) return undefined;
  const label = ALGS.find((one) => one === alg);
  if (label !== undefined) return label;
  throw mistake("--alg names no algorithm for proofs", `It takes one of ${ALGS.join(", ")}`);
}

function signerOf(text: string, origin: string, alg: SigningLabel | undefined): SyncSigner {
  if (!holdsPrivateKey(text) && readPublicKey(text) !== null) {
    throw mistake(
      `${origin} holds a public key only`,
      "A proof is signed with the private key: dpop-core keygen makes one",
    );
  }
  const key = text.trimStart().startsWith("-----BEGIN") ? pemKey(text, origin) : parseJwk(text);
  if (key === null) throw noKey(origin);
  try {
    // createSigner checks every member; its type is what it takes.
    return createSigner(key as PrivateJwk, { alg });
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    // Its messages name members and labels, never a value.
    throw mistake(`${origin} can't sign proofs: ${error.message}`, adviceFor(error.message));
  }
}

/** Returns true for a text that holds a private key, whether it is good or not. */
export function holdsPrivateKey(text: string): boolean {
  return text.includes("PRIVATE KEY") || "d" in (parseObject(text) ?? {});
}

function adviceFor(message: string): string {
  if (message.startsWith("alg must be")) return "Give one of them as --alg";
  return "dpop-core keygen makes a key that can";
}

function noKey(origin: string): Fault {
  return mistake(
    `${origin} holds no private key: neither a JWK nor PEM`,
    "dpop-core keygen makes a key as a JWK",
  );
}

/** The engine's own error could hold a part of the key, so it is replaced. */
function pemKey(text: string, origin: string): KeyObject {
  if (text.includes("ENCRYPTED")) {
    throw mistake(
      `${origin} is encrypted`,
      "Decrypt it on the way: openssl pkey -in FILE | dpop-core … --key -",
    );
  }
  try {
    return createPrivateKey(text);
  } catch {
    throw noKey(origin);
  }
}

function parseJwk(text: string): object | null {
  const value = parseObject(text);
  return value !== null && "kty" in value ? value : null;
}

/** Returns the thumbprint of a public key. */
export function thumbprintOf(jwk: PublicJwk): string {
  return jwkThumbprint(jwk, { backend: nodeCrypto });
}

/** The members of a public key, by its `kty` (RFC 7638 section 3.2, RFC 8037 section 2). */
function publicMembers(jwk: Readonly<Record<string, unknown>>): object {
  const { kty, crv, x, y, n, e } = jwk;
  if (kty === "EC") return { kty, crv, x, y };
  return kty === "RSA" ? { kty, n, e } : { kty, crv, x };
}

/** Returns the public key of a text: a JWK, or PEM, of a public or a private key. Null where it is no key of a proof. */
export function readPublicKey(text: string): PublicJwk | null {
  const members = text.trimStart().startsWith("-----BEGIN") ? pemMembers(text) : parseObject(text);
  if (members === null) return null;
  const jwk = publicMembers(members) as PublicJwk; // the thumbprint is refused for any other
  try {
    thumbprintOf(jwk);
    return jwk;
  } catch (error) {
    if (error instanceof TypeError) return null;
    throw error;
  }
}

function pemMembers(text: string): Readonly<Record<string, unknown>> | null {
  try {
    // A key that was imported, as this one, can be exported so in Node 20 too.
    return { ...createPublicKey(text).export({ format: "jwk" }) };
  } catch {
    return null;
  }
}
