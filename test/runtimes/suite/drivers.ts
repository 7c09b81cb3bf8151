// Verifying by both drivers: what answers at once and what answers later must say the same, to the
// last member.
import {
  createAsyncVerifier,
  createVerifier,
  type FieldValue,
  type ProofRequest,
  type VerifierOptions,
  type VerifyResult,
} from "dpop-core";
import type { Contender, SigningLabel } from "./contenders.js";
import type { Check } from "./tally.js";

/** What a verifier is made of but its backend; made anew for each, since a store has a memory. */
export interface Parts extends Partial<Omit<VerifierOptions, "backend" | "algs">> {
  /** ES256, EdDSA and Ed25519 where they are not given, as far as the engine has them. */
  readonly labels?: readonly SigningLabel[] | undefined;
}

export interface Use {
  readonly proof: FieldValue;
  readonly request: ProofRequest;
}

const DEFAULT_LABELS: readonly SigningLabel[] = ["ES256", "EdDSA", "Ed25519"];

/** Gives every use, in order, to one verifier of each driver; the results of the asynchronous one. */
export async function verifyAll(
  check: Check,
  contender: Contender,
  uses: readonly Use[],
  parts: () => Parts = () => ({}),
): Promise<readonly VerifyResult[]> {
  const results: VerifyResult[] = [];
  const { labels, ...options } = parts();
  const taken = (labels ?? DEFAULT_LABELS).filter((label) => contender.labels.includes(label));
  const { backend, sync } = contender;
  const algs = taken.map((label) => contender.alg(label));
  const later = createAsyncVerifier({ replay: "none", ...options, backend, algs });
  for (const { proof, request } of uses) results.push(await later.verify(proof, request));
  if (sync === null) return results;
  const { labels: _, ...fresh } = parts();
  const syncAlgs = taken.flatMap((label) => contender.syncAlg(label) ?? []);
  const atOnce = createVerifier({ replay: "none", ...fresh, backend: sync, algs: syncAlgs });
  uses.forEach(({ proof, request }, i) => {
    check("both drivers say the same", atOnce.verify(proof, request), results[i]);
  });
  return results;
}

/** The same for one use. */
export async function verifyOne(
  check: Check,
  contender: Contender,
  use: Use,
  parts?: () => Parts,
): Promise<VerifyResult> {
  const [result] = await verifyAll(check, contender, [use], parts);
  if (result === undefined) throw new Error("a result was due");
  return result;
}

/** "ok", or the code of the failure. */
export function codeOf(result: VerifyResult | undefined): string {
  if (result === undefined) return "no result";
  return result.ok ? "ok" : result.code;
}
