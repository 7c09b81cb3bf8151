// Whole proofs (RFC 9449 section 4.3): a function that verifies them becomes an implementation.
import { demand, type Implementation } from "../engine/contest.js";
import { at, type BoundRequest, type ProofSet } from "./fixtures.js";

/** Returns whether a proof is good for a request; a rejection is a refusal too. */
export type Verify = (proof: string, request: BoundRequest) => boolean | Promise<boolean>;

/** The proofs of one client, again and again: what can be remembered of it is. */
export function hotVerify(name: string, set: ProofSet, verify: Verify): Implementation {
  const run = (turn: number) => verify(at(set.proofs, turn), set.client.request);
  return { name, check: () => checkVerify(set, verify), run };
}

/** A proof of another client each time; `verify` must remember nothing. */
export function coldVerify(name: string, set: ProofSet, verify: Verify): Implementation {
  const run = (turn: number) => {
    const { proof, client } = at(set.strangers, turn);
    return verify(proof, client.request);
  };
  return { name, check: () => checkVerify(set, verify), run };
}

/** Every good proof is accepted, every bad one refused: cold, hot, and cold again. */
export async function checkVerify(set: ProofSet, verify: Verify): Promise<void> {
  for (const { client, proof } of set.strangers) {
    demand(await accepts(verify, proof, client.request), "a stranger's good proof is refused");
  }
  for (let round = 0; round < 2; round++) {
    for (const proof of set.proofs) {
      demand(await accepts(verify, proof, set.client.request), "a good proof is refused");
    }
    for (const { what, proof, request } of set.bad) {
      demand(!(await accepts(verify, proof, request)), `accepted: ${what}`);
    }
    for (const proof of set.forged) {
      demand(!(await accepts(verify, proof, set.client.request)), "accepted: a forged proof");
    }
  }
}

async function accepts(verify: Verify, proof: string, request: BoundRequest): Promise<boolean> {
  try {
    return await verify(proof, request);
  } catch (error) {
    if (error instanceof Error && isRefusal(error)) return false;
    throw error;
  }
}

/** Other libraries refuse by an error of their own; an error of the engine is not a verdict. */
function isRefusal(error: Error): boolean {
  const { code } = error as { readonly code?: unknown }; // read only: any Error may have one
  return typeof code === "string" && /^(ERR_J|OAUTH_|invalid_dpop_proof$)/.test(code);
}
