// Explains a verdict (RFC 9449 section 4.3).
import type { FieldValue } from "../input/http.js";
import type { AsyncProofRequest, ProofRequest } from "../verify/request.js";
import type { Explanation } from "./explanation.js";
import type { AsyncExplainOptions, ExplainOptions } from "./options.js";

/** Explains. */
export function explainProof(
  proof: FieldValue,
  request: ProofRequest,
  options: ExplainOptions,
): Explanation {
  throw new Error(`to come ${String([proof, request, options].length)}`);
}

/** Explains with parts that may answer later. */
export async function explainProofAsync(
  proof: FieldValue,
  request: AsyncProofRequest,
  options: AsyncExplainOptions,
): Promise<Explanation> {
  throw new Error(`to come ${String([proof, request, options].length)}`);
}
