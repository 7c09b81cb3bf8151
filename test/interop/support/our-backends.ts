// Our backends, each with every algorithm that it has: a verifier of all of them, and new keys where it signs.
import {
  type Alg,
  createAsyncClientSession,
  createAsyncVerifier,
  createClientSession,
  createMemoryReplayStore,
  createSigner,
  createVerifier,
  generatePrivateJwk,
  noble,
  type NonceCheck,
  type ProofRequest,
  type Signer,
  type SyncSigner,
  type VerifyResult,
} from "dpop-core";
import { fast } from "dpop-core/fast";
import * as nc from "dpop-core/node-crypto";
import * as wc from "dpop-core/webcrypto";
import type { AnySession } from "./our-clients.js";

const CURVE_LABELS = ["ES256", "ES384", "ES512", "EdDSA", "Ed25519"] as const;
const RSA_LABELS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"] as const;
type CurveLabel = (typeof CURVE_LABELS)[number];
export type Label = CurveLabel | (typeof RSA_LABELS)[number];

export const ALL_LABELS: readonly Label[] = [...CURVE_LABELS, ...RSA_LABELS];

/** The synchronous one and the asynchronous one, to be awaited both. */
export interface AnyVerifier {
  verify(proof: string, request: ProofRequest): VerifyResult | Promise<VerifyResult>;
}

export interface OurBackend {
  readonly name: string;
  readonly labels: readonly Label[];
  /** The algorithm of one of its labels, for a verifier. */
  alg(label: Label): Alg;
  /** Takes all of its labels, and a proof once. */
  verifier(nonce?: NonceCheck): AnyVerifier;
}

export interface SessionOptions {
  /** `dpop_signing_alg_values_supported` of a server's metadata. */
  readonly algs?: unknown;
  /** Dates the proofs, where it is given. */
  readonly clock?: (() => number) | undefined;
}

/** Somebody with a new key. */
export interface Holder {
  readonly signer: Signer;
  session(options?: SessionOptions): AnySession;
}

/** A backend that signs as well. */
export interface OurSigners extends OurBackend {
  open(label: Label): Promise<Holder>;
}

export const ourNoble: OurSigners = {
  name: "noble",
  labels: CURVE_LABELS,
  alg: (label) => noble[curveLabel(label)],
  verifier(nonce) {
    const algs = CURVE_LABELS.map((label) => noble[label]);
    return createVerifier({ ...strict(nonce), algs });
  },
  open: async (label) => held(createSigner(generatePrivateJwk(curveLabel(label)))),
};

/** It signs as noble does. */
const ourFast: OurBackend = {
  name: "fast",
  labels: CURVE_LABELS,
  alg: (label) => fast[curveLabel(label)],
  verifier(nonce) {
    const algs = CURVE_LABELS.map((label) => fast[label]);
    return createVerifier({ ...strict(nonce), backend: fast, algs });
  },
};

const ourNode: OurSigners = {
  name: "node-crypto",
  labels: ALL_LABELS,
  alg: (label) => nc.nodeCrypto[label],
  verifier(nonce) {
    const algs = ALL_LABELS.map((label) => nc.nodeCrypto[label]);
    return createVerifier({ ...strict(nonce), backend: nc.nodeCrypto, algs });
  },
  open: async (label) => held(nc.createSigner(nc.generatePrivateJwk(label), { alg: label })),
};

const ourWebcrypto: OurSigners = {
  name: "webcrypto",
  labels: ALL_LABELS,
  alg: (label) => wc.webcrypto[label],
  verifier(nonce) {
    const algs = ALL_LABELS.map((label) => wc.webcrypto[label]);
    return createAsyncVerifier({ ...strict(nonce), backend: wc.webcrypto, algs });
  },
  async open(label) {
    const signer = await wc.createSigner(await wc.generateKeyPair(label), { alg: label });
    return { signer, session: (options) => createAsyncClientSession({ signer, ...options }) };
  },
};

export const ourBackends: readonly OurBackend[] = [ourNoble, ourFast, ourNode, ourWebcrypto];

export const ourSigners: readonly OurSigners[] = [ourNoble, ourNode, ourWebcrypto];

function strict(nonce: NonceCheck | undefined): {
  readonly replay: ReturnType<typeof createMemoryReplayStore>;
  readonly nonce: NonceCheck | undefined;
} {
  return { replay: createMemoryReplayStore(), nonce };
}

function held(signer: SyncSigner): Holder {
  return { signer, session: (options) => createClientSession({ signer, ...options }) };
}

function curveLabel(label: Label): CurveLabel {
  const found = CURVE_LABELS.find((one) => one === label);
  if (found === undefined) throw new Error(`${label} is no algorithm of a curve`);
  return found;
}
