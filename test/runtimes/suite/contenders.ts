// The backends as the suite drives them: which algorithms are there, who signs, and whether they
// answer at once.
import {
  type Alg,
  type AsyncAlg,
  type Backend,
  noble,
  type Signer,
  type SyncAlg,
  type SyncSigner,
} from "dpop-core";
import { createSigner as fastSigner, fast } from "dpop-core/fast";
import { createSigner as nobleSigner, type NobleBackend } from "dpop-core/noble";
import {
  createSigner as webcryptoSigner,
  generateKeyPair,
  type SigningLabel,
  supportedAlgs,
  webcrypto,
} from "dpop-core/webcrypto";
import type { BackendName } from "../engine.js";
import { keyName, keys, type NobleLabel } from "./vectors.js";

export type { SigningLabel };

export interface Contender {
  readonly name: BackendName;
  /** With counted bytes for random ones where the engine has none. */
  readonly backend: Backend;
  /** The same, where its algorithms answer at once. */
  readonly sync: Backend<SyncAlg> | null;
  /** Of an engine's own, which may take a key that is no point, and then finds no signature valid. */
  readonly native: boolean;
  /** Those of the backend that the engine has. */
  readonly labels: readonly SigningLabel[];
  alg(label: SigningLabel): Alg;
  syncAlg(label: SigningLabel): SyncAlg | null;
  /** A signer of a fixed key, or of a new one where keys can't be brought along. */
  signer(label: SigningLabel): Promise<Signer>;
  /** The same, where it answers at once. */
  syncSigner(label: SigningLabel): SyncSigner | null;
}

const NOBLE_LABELS: readonly NobleLabel[] = ["ES256", "ES384", "ES512", "EdDSA", "Ed25519"];
const RSA_LABELS: readonly SigningLabel[] = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"];
const ALL_LABELS: readonly SigningLabel[] = [...NOBLE_LABELS, ...RSA_LABELS];

interface CryptoLike {
  readonly getRandomValues?: unknown;
  readonly subtle?: unknown;
}

function platformCrypto(): CryptoLike | undefined {
  return (globalThis as { readonly crypto?: CryptoLike }).crypto; // looked at as the library does
}

export function hasRandomSource(): boolean {
  return typeof platformCrypto()?.getRandomValues === "function";
}

/** Not random at all: it stands in where an engine has nothing, so that each call differs. */
let drawn = 0;
function countedBytes(length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  drawn++;
  for (let i = 0; i < length; i++) bytes[i] = (drawn >>> (8 * (i % 4))) & 0xff;
  return bytes;
}

function withRandomness<B extends Backend>(backend: B): B {
  return hasRandomSource() ? backend : { ...backend, randomBytes: countedBytes };
}

export function nobleContender(): Contender {
  return pureContender("noble", noble, nobleSigner);
}

export function fastContender(): Contender {
  return pureContender("fast", fast, fastSigner);
}

function pureContender(
  name: "noble" | "fast",
  original: NobleBackend,
  signerOf: typeof nobleSigner,
): Contender {
  const backend = withRandomness(original);
  const algOf = (label: SigningLabel): SyncAlg => backend[nobleLabel(label)];
  const syncSigner = (label: SigningLabel): SyncSigner => {
    const alg = nobleLabel(label);
    return signerOf(keys[keyName(alg)], { alg });
  };
  return {
    name,
    backend,
    sync: backend,
    native: false,
    labels: NOBLE_LABELS,
    alg: algOf,
    syncAlg: algOf,
    signer: async (label) => syncSigner(label),
    syncSigner,
  };
}

function nobleLabel(label: SigningLabel): NobleLabel {
  const found = NOBLE_LABELS.find((one) => one === label);
  if (found === undefined) throw new Error(`noble has no ${label}`);
  return found;
}

/** Why there is no WebCrypto here, or the backend with what the engine has of it. */
export async function webcryptoContender(): Promise<Contender | string> {
  if (typeof platformCrypto()?.subtle !== "object") return "no crypto.subtle";
  const labels: SigningLabel[] = [];
  for (const label of ALL_LABELS) if (await isSupported(webcrypto[label])) labels.push(label);
  const signers = new Map<SigningLabel, Promise<Signer>>();
  return {
    name: "webcrypto",
    backend: webcrypto,
    sync: null,
    native: true,
    labels,
    alg: (label) => webcrypto[label],
    syncAlg: () => null,
    signer(label) {
      const made = signers.get(label) ?? newKeySigner(label); // RSA keys take long to make
      signers.set(label, made);
      return made;
    },
    syncSigner: () => null,
  };
}

async function isSupported(alg: AsyncAlg): Promise<boolean> {
  try {
    return (await supportedAlgs([alg])).length === 1;
  } catch {
    return false; // with one algorithm: this one is missing
  }
}

async function newKeySigner(alg: SigningLabel): Promise<Signer> {
  return webcryptoSigner(await generateKeyPair(alg), { alg });
}

/** The engines that have node:crypto ask for it, by a global of this name. */
export async function nodeContender(): Promise<Contender | string> {
  if ((globalThis as { readonly dpopCoreNode?: unknown }).dpopCoreNode !== true)
    return "not asked for";
  const { createSigner, nodeCrypto: node } = await import("dpop-core/node-crypto");
  const syncSigner = (alg: SigningLabel): SyncSigner => {
    const label = NOBLE_LABELS.find((one) => one === alg);
    return createSigner(label === undefined ? keys.RS256 : keys[keyName(label)], { alg });
  };
  return {
    name: "node",
    backend: node,
    sync: node,
    native: true,
    labels: ALL_LABELS,
    alg: (label) => node[label],
    syncAlg: (label) => node[label],
    signer: async (label) => syncSigner(label),
    syncSigner,
  };
}
