// The vectors that are made, and the text of their files: what make.ts writes and vectors.test.ts
// compares. htu.json is written by hand.
import { format, resolveConfig } from "prettier";
import { type Ed25519Vector, ed25519Vectors } from "./ed25519.js";
import { type ProofVector, proofVectors } from "./proofs.js";
import { type ThumbprintVector, thumbprintVectors } from "./thumbprints.js";

export interface Vectors {
  readonly "proofs.json": readonly ProofVector[];
  readonly "ed25519.json": readonly Ed25519Vector[];
  readonly "thumbprints.json": readonly ThumbprintVector[];
}

export async function makeVectors(): Promise<Vectors> {
  return {
    "proofs.json": await proofVectors(),
    "ed25519.json": ed25519Vectors(),
    "thumbprints.json": await thumbprintVectors(),
  };
}

export function fileOf(name: string): URL {
  return new URL(name, import.meta.url);
}

/** As prettier would write it: `npm run lint` looks at these files too. */
export async function textOf(vectors: readonly object[]): Promise<string> {
  const config = await resolveConfig(fileOf("proofs.json"));
  return format(JSON.stringify(vectors), { ...config, parser: "json" });
}
