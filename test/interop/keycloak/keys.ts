// Keys of every algorithm that Keycloak and we have in common, over each of our backends.
import { type Alg, createAsyncClientSession, createClientSession, noble } from "dpop-core";
import * as nobleKeys from "dpop-core/noble";
import * as nodeKeys from "dpop-core/node";
import * as webcryptoKeys from "dpop-core/webcrypto";
import type { AnySession } from "../support/our-clients.js";

const EC_LABELS = ["ES256", "ES384", "ES512", "EdDSA"] as const;
export const LABELS = [
  ...EC_LABELS,
  ...(["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"] as const),
] as const;
type EcLabel = (typeof EC_LABELS)[number];
type Label = (typeof LABELS)[number];

/** Sessions of one key. */
export interface Key {
  /** `algs` of the server's metadata. With a clock, proofs are dated by it. */
  session(algs: unknown, clock?: () => number): AnySession;
}

export interface KeyKind {
  readonly backend: "noble" | "node" | "webcrypto";
  readonly label: Label;
  newKey(): Promise<Key>;
  /** For a verifier of its proofs. */
  readonly alg: Alg;
}

const keyKinds: readonly KeyKind[] = [
  ...EC_LABELS.map(nobleKind),
  ...LABELS.map(nodeKind),
  ...LABELS.map(webcryptoKind),
];

/** For describe.each with the title "%s of %s". */
export const eachKind: readonly (readonly [label: Label, backend: string, kind: KeyKind])[] =
  keyKinds.map((kind) => [kind.label, kind.backend, kind]);

/** The first of them, for tests that are not about keys. */
export const anyKind: KeyKind = nobleKind("ES256");

/** An Ed25519 key is made under the label of RFC 9864, so that the server's list decides between the two. */
const ownLabel = <L extends Label>(label: L): L | "Ed25519" =>
  label === "EdDSA" ? "Ed25519" : label;

function nobleKind(label: EcLabel): KeyKind {
  return {
    backend: "noble",
    label,
    alg: noble[label],
    async newKey() {
      const privateJwk = nobleKeys.generatePrivateJwk(ownLabel(label));
      const signer = nobleKeys.createSigner(privateJwk);
      return { session: (algs, clock) => createClientSession({ signer, algs, clock }) };
    },
  };
}

function nodeKind(label: Label): KeyKind {
  return {
    backend: "node",
    label,
    alg: nodeKeys.node[label],
    async newKey() {
      const privateJwk = nodeKeys.generatePrivateJwk(ownLabel(label));
      const signer = nodeKeys.createSigner(privateJwk);
      return { session: (algs, clock) => createClientSession({ signer, algs, clock }) };
    },
  };
}

function webcryptoKind(label: Label): KeyKind {
  return {
    backend: "webcrypto",
    label,
    alg: webcryptoKeys.webcrypto[label],
    async newKey() {
      const keyPair = await webcryptoKeys.generateKeyPair(ownLabel(label));
      const signer = await webcryptoKeys.createSigner(keyPair, { alg: ownLabel(label) });
      return { session: (algs, clock) => createAsyncClientSession({ signer, algs, clock }) };
    },
  };
}
