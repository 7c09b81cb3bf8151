// Our backends, each with every algorithm that it has: a verifier of all of them, and sessions of new keys.
import {
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
import * as nc from "dpop-core/node";
import * as wc from "dpop-core/webcrypto";
import type { AnySession } from "./our-clients.js";

export const CURVE_LABELS = ["ES256", "ES384", "ES512", "EdDSA", "Ed25519"] as const;
export const RSA_LABELS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"] as const;
export type CurveLabel = (typeof CURVE_LABELS)[number];
export type Label = CurveLabel | (typeof RSA_LABELS)[number];

const ALL_LABELS: readonly Label[] = [...CURVE_LABELS, ...RSA_LABELS];

/** The synchronous one and the asynchronous one, to be awaited both. */
export interface AnyVerifier {
  verify(proof: string, request: ProofRequest): VerifyResult | Promise<VerifyResult>;
}

export interface OurBackend {
  readonly name: string;
  readonly labels: readonly Label[];
  /** Takes all of its labels, and a proof once. */
  verifier(nonce?: NonceCheck): AnyVerifier;
}

export const ourBackends: readonly OurBackend[] = [
  {
    name: "noble",
    labels: CURVE_LABELS,
    verifier: (nonce) =>
      createVerifier({ ...strict(nonce), algs: CURVE_LABELS.map((label) => noble[label]) }),
  },
  {
    name: "fast",
    labels: CURVE_LABELS,
    verifier(nonce) {
      const algs = CURVE_LABELS.map((label) => fast[label]);
      return createVerifier({ ...strict(nonce), backend: fast, algs });
    },
  },
  {
    name: "node",
    labels: ALL_LABELS,
    verifier(nonce) {
      const algs = ALL_LABELS.map((label) => nc.node[label]);
      return createVerifier({ ...strict(nonce), backend: nc.node, algs });
    },
  },
  {
    name: "webcrypto",
    labels: ALL_LABELS,
    verifier(nonce) {
      const algs = ALL_LABELS.map((label) => wc.webcrypto[label]);
      return createAsyncVerifier({ ...strict(nonce), backend: wc.webcrypto, algs });
    },
  },
];

function strict(nonce: NonceCheck | undefined): {
  readonly replay: ReturnType<typeof createMemoryReplayStore>;
  readonly nonce: NonceCheck | undefined;
} {
  return { replay: createMemoryReplayStore(), nonce };
}

/** Somebody with a new key. */
export interface Holder {
  readonly signer: Signer;
  readonly session: AnySession;
}

export interface OurSigners {
  readonly name: string;
  readonly labels: readonly Label[];
  open(label: Label): Promise<Holder>;
}

/** `fast` signs as noble does. */
export const ourSigners: readonly OurSigners[] = [
  {
    name: "noble",
    labels: CURVE_LABELS,
    open: async (label) => held(createSigner(generatePrivateJwk(curveLabel(label)))),
  },
  {
    name: "node",
    labels: ALL_LABELS,
    open: async (label) => held(nc.createSigner(nc.generatePrivateJwk(label), { alg: label })),
  },
  {
    name: "webcrypto",
    labels: ALL_LABELS,
    async open(label) {
      const signer = await wc.createSigner(await wc.generateKeyPair(label), { alg: label });
      return { signer, session: createAsyncClientSession({ signer }) };
    },
  },
];

const held = (signer: SyncSigner): Holder => ({ signer, session: createClientSession({ signer }) });

function curveLabel(label: Label): CurveLabel {
  const found = CURVE_LABELS.find((one) => one === label);
  if (found === undefined) throw new Error(`noble has no ${label}`);
  return found;
}
