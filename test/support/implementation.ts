// A backend under test, as every test that walks the backends sees it: backends.test.ts, vectors.test.ts, external-vectors.ts,
// properties/, fuzz/ and runtimes/suite. It is made of an entry of the package, which the caller imports, and uses no platform:
// the suite of test:runtimes builds it into scripts for engines that have none. implementations.ts has those of the sources.
import type { AsyncAlg, AsyncSigner, Backend, SyncAlg, SyncSigner } from "dpop-core";
import type * as NodeEntry from "dpop-core/node-crypto";
import type { PrivateJwk } from "dpop-core/node-crypto";
import type * as PureEntry from "dpop-core/noble";
import type * as WebCryptoEntry from "dpop-core/webcrypto";
import type { SigningLabel as Label } from "dpop-core/webcrypto";
import type { NobleBackend } from "../../src/noble/backend.js";

export type { Label, PrivateJwk };

export type ImplementationName = "noble" | "fast" | "wasm" | "webcrypto" | "node-crypto";

interface Common<A extends SyncAlg | AsyncAlg> {
  readonly name: ImplementationName;
  readonly backend: Backend<A>;
  /** The labels that it has. */
  readonly labels: readonly Label[];
  /**
   * Whether the keys are the platform's: it may import an Ed25519 key that is no point of the curve, and then refuses every
   * signature of it, where ours refuse the key.
   */
  readonly native: boolean;
  /** Throws where it has no such label. */
  readonly algOf: (label: Label) => A;
}

export interface SyncImplementation extends Common<SyncAlg> {
  readonly sync: true;
  readonly signerOf: (label: Label, privateJwk: PrivateJwk) => SyncSigner;
  /** A signer of a new key. */
  readonly newSigner: (label: Label) => SyncSigner;
}

export interface AsyncImplementation extends Common<AsyncAlg> {
  readonly sync: false;
  /** A signer of a new key. */
  readonly newSigner: (label: Label) => Promise<AsyncSigner>;
}

export type Implementation = SyncImplementation | AsyncImplementation;

export const CURVE_LABELS = ["ES256", "ES384", "ES512", "EdDSA", "Ed25519"] as const;
export const RSA_LABELS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"] as const;
export const ALL_LABELS: readonly Label[] = [...CURVE_LABELS, ...RSA_LABELS];
export type CurveLabel = (typeof CURVE_LABELS)[number];
export type RsaLabel = (typeof RSA_LABELS)[number];

/** Of dpop-core/noble, or of dpop-core/fast or dpop-core/wasm, which have the same signers. */
export function pureImplementation(
  name: "noble" | "fast" | "wasm",
  backend: NobleBackend,
  {
    createSigner,
    generatePrivateJwk,
  }: Pick<typeof PureEntry, "createSigner" | "generatePrivateJwk">,
): SyncImplementation {
  const labelled = (label: Label): CurveLabel => oneOf(CURVE_LABELS, label);
  return {
    name,
    sync: true,
    backend,
    labels: CURVE_LABELS,
    native: false,
    algOf: (label) => backend[labelled(label)],
    signerOf(label, privateJwk) {
      if (privateJwk.kty === "RSA") throw new Error(`${name} has no RSA keys`);
      return createSigner(privateJwk, { alg: labelled(label) });
    },
    newSigner(label) {
      const alg = labelled(label);
      return createSigner(generatePrivateJwk(alg), { alg });
    },
  };
}

export function nodeImplementation(entry: typeof NodeEntry): SyncImplementation {
  const { createSigner, generatePrivateJwk, nodeCrypto } = entry;
  return {
    name: "node-crypto",
    sync: true,
    backend: nodeCrypto,
    labels: ALL_LABELS,
    native: true,
    algOf: (label) => nodeCrypto[label],
    signerOf: (alg, privateJwk) => createSigner(privateJwk, { alg }),
    newSigner: (alg) => createSigner(generatePrivateJwk(alg), { alg }),
  };
}

/** `labels` are those that the platform has. */
export function webcryptoImplementation(
  { createSigner, generateKeyPair, webcrypto }: typeof WebCryptoEntry,
  labels: readonly Label[] = ALL_LABELS,
): AsyncImplementation {
  return {
    name: "webcrypto",
    sync: false,
    backend: webcrypto,
    labels,
    native: true,
    algOf: (label) => webcrypto[oneOf(labels, label)],
    newSigner: async (alg) => createSigner(await generateKeyPair(alg), { alg }),
  };
}

function oneOf<L extends Label>(labels: readonly L[], label: Label): L {
  const found = labels.find((one) => one === label);
  if (found === undefined) throw new Error(`there is no ${label}`);
  return found;
}
