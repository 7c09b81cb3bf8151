// The implementations as an engine has them: those that are there, with the labels that the engine has, and their signers.
import type { Signer, SyncSigner } from "dpop-core";
import * as fastEntry from "dpop-core/fast";
import * as nobleEntry from "dpop-core/noble";
import * as wasmEntry from "dpop-core/wasm";
import * as webcryptoEntry from "dpop-core/webcrypto";
import {
  ALL_LABELS,
  CURVE_LABELS,
  type Implementation,
  type ImplementationName,
  type Label,
  nodeImplementation,
  pureImplementation,
  type SyncImplementation,
  webcryptoImplementation,
} from "../../support/implementation.js";
import { keyName, keys } from "./vectors.js";

/** Gives the reason where the implementation is not there. */
export const OPENERS: readonly (readonly [
  ImplementationName,
  () => Promise<Implementation | string>,
])[] = [
  ["noble", async () => withRandomness(pureImplementation("noble", nobleEntry.noble, nobleEntry))],
  ["fast", async () => withRandomness(pureImplementation("fast", fastEntry.fast, fastEntry))],
  ["wasm", async () => withRandomness(pureImplementation("wasm", wasmEntry.wasm, wasmEntry))],
  ["webcrypto", openWebcrypto],
  ["node-crypto", openNode],
];

async function openWebcrypto(): Promise<Implementation | string> {
  if (typeof platformCrypto()?.subtle !== "object") return "no crypto.subtle";
  const labels: Label[] = [];
  for (const label of ALL_LABELS) if (await isSupported(label)) labels.push(label);
  return webcryptoImplementation(webcryptoEntry, labels);
}

async function isSupported(label: Label): Promise<boolean> {
  const { supportedAlgs, webcrypto } = webcryptoEntry;
  try {
    return (await supportedAlgs([webcrypto[label]])).length === 1;
  } catch {
    return false; // with one algorithm: this one is missing
  }
}

/** The engines that have node:crypto ask for it, by a global of this name. */
async function openNode(): Promise<Implementation | string> {
  if ((globalThis as { readonly dpopCoreNode?: unknown }).dpopCoreNode !== true)
    return "not asked for";
  return nodeImplementation(await import("dpop-core/node-crypto"));
}

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

/** With counted bytes for random ones where the engine has none. */
function withRandomness(implementation: SyncImplementation): SyncImplementation {
  if (hasRandomSource()) return implementation;
  return {
    ...implementation,
    backend: { ...implementation.backend, randomBytes: countedBytes },
  };
}

/** Not random at all: each call differs, and no more. */
let drawn = 0;
function countedBytes(length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  drawn++;
  for (let i = 0; i < length; i++) bytes[i] = (drawn >>> (8 * (i % 4))) & 0xff;
  return bytes;
}

/** A signer of the fixed key, so that the suite needs no randomness. */
export function syncSigner({ signerOf }: SyncImplementation, label: Label): SyncSigner {
  const curve = CURVE_LABELS.find((one) => one === label);
  return signerOf(label, curve === undefined ? keys.RS256 : keys[keyName(curve)]);
}

const newSigners = new Map<Label, Promise<Signer>>();

/** The same, or of a new key where the implementation takes none from outside. */
export async function anySigner(implementation: Implementation, label: Label): Promise<Signer> {
  if (implementation.sync) return syncSigner(implementation, label);
  const made = newSigners.get(label) ?? implementation.newSigner(label); // RSA keys take long to make
  newSigners.set(label, made);
  return made;
}
