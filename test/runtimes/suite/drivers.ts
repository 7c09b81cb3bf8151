// Verifying by both drivers: the synchronous and the asynchronous one must give the same result, to the
// last member.
import {
  createAsyncVerifier,
  createVerifier,
  type FieldValue,
  type ProofRequest,
  type VerifierOptions,
  type VerifyResult,
} from "dpop-core";
import type { Implementation, Label } from "../../support/implementation.js";
import type { Check } from "./tally.js";

/** What a verifier is made of but its backend; made anew for each, since a store has a memory. */
export interface Parts extends Partial<Omit<VerifierOptions, "backend" | "algs">> {
  /** ES256, EdDSA and Ed25519 where they are not given, as far as the engine has them. */
  readonly labels?: readonly Label[] | undefined;
}

export interface Use {
  readonly proof: FieldValue;
  readonly request: ProofRequest;
}

const DEFAULT_LABELS: readonly Label[] = ["ES256", "EdDSA", "Ed25519"];

/** Gives every use, in order, to one verifier of each driver; the results of the asynchronous one. */
export async function verifyAll(
  check: Check,
  implementation: Implementation,
  uses: readonly Use[],
  parts: () => Parts = () => ({}),
): Promise<readonly VerifyResult[]> {
  const results: VerifyResult[] = [];
  const { labels, ...options } = parts();
  const taken = (labels ?? DEFAULT_LABELS).filter((label) => implementation.labels.includes(label));
  const { backend } = implementation;
  const algs = taken.map((label) => implementation.algOf(label));
  const later = createAsyncVerifier({ replay: "none", ...options, backend, algs });
  for (const { proof, request } of uses) results.push(await later.verify(proof, request));
  if (!implementation.sync) return results;
  const { labels: _, ...fresh } = parts();
  const atOnce = createVerifier({
    replay: "none",
    ...fresh,
    backend: implementation.backend,
    algs: taken.map((label) => implementation.algOf(label)),
  });
  uses.forEach(({ proof, request }, i) => {
    check("both drivers say the same", atOnce.verify(proof, request), results[i]);
  });
  return results;
}

/** The same for one use. */
export async function verifyOne(
  check: Check,
  implementation: Implementation,
  use: Use,
  parts?: () => Parts,
): Promise<VerifyResult> {
  const [result] = await verifyAll(check, implementation, [use], parts);
  if (result === undefined) throw new Error("a result was due");
  return result;
}

/** "ok", or the code of the failure. */
export function codeOf(result: VerifyResult | undefined): string {
  if (result === undefined) return "no result";
  return result.ok ? "ok" : result.code;
}
