// Keys of every algorithm that Keycloak and we have in common, by each of our backends that signs.
import type { Alg } from "dpop-core";
import {
  ALL_LABELS,
  type Holder,
  type Label,
  ourNoble,
  type OurSigners,
  ourSigners,
} from "../support/our-backends.js";

export interface KeyKind {
  readonly backend: string;
  readonly label: Label;
  /** For a verifier of its proofs. */
  readonly alg: Alg;
  newKey(): Promise<Holder>;
}

const isCommon = (label: Label): boolean => label !== "Ed25519";

export const LABELS: readonly Label[] = ALL_LABELS.filter(isCommon);

const keyKinds: readonly KeyKind[] = ourSigners.flatMap((signers) =>
  signers.labels.filter(isCommon).map((label) => kindOf(signers, label)),
);

/** For describe.each with the title "%s of %s". */
export const eachKind: readonly (readonly [label: Label, backend: string, kind: KeyKind])[] =
  keyKinds.map((kind) => [kind.label, kind.backend, kind]);

/** For tests that are not about keys. */
export const anyKind: KeyKind = kindOf(ourNoble, "ES256");

/** An Ed25519 key is made under the label of RFC 9864, so that the server's list decides between the two. */
function kindOf(signers: OurSigners, label: Label): KeyKind {
  const ownLabel = label === "EdDSA" ? "Ed25519" : label;
  return {
    backend: signers.name,
    label,
    alg: signers.alg(label),
    newKey: () => signers.open(ownLabel),
  };
}
