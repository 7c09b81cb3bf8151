// Whole proofs (RFC 9449 section 4.3): whoever verifies them, as contestants.
import type { Contestant } from "./contest.js";
import { demand } from "./contest.js";
import type { BadProof, BoundRequest, ProofSet } from "./proofs.js";

/** Answers whether a proof is good for a request; a rejection is a refusal too. */
export type Verify = (proof: string, request: BoundRequest) => boolean | Promise<boolean>;

/** The proofs of one client, again and again: what can be remembered of it is. */
export function hotContestant(name: string, set: ProofSet, verify: Verify): Contestant {
  const { proofs, client } = set;
  return {
    name,
    check: () => checkVerify(set, verify),
    run: (turn) => verify(proofs[turn & 31] ?? "", client.request),
  };
}

/** A proof of another client each time. That nothing is remembered is for `verify` to see to. */
export function coldContestant(name: string, set: ProofSet, verify: Verify): Contestant {
  const { strangers } = set;
  return {
    name,
    check: () => checkVerify(set, verify),
    run(turn) {
      const stranger = strangers[turn % strangers.length];
      return stranger !== undefined && verify(stranger.proof, stranger.client.request);
    },
  };
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
    if (isMistake(error)) throw error;
    return false;
  }
}

/** A peer refuses by a rejection of its own; what the engine throws is no verdict. */
function isMistake(error: unknown): boolean {
  return !(error instanceof Error) || error.name === "NotSupportedError" || !isVerdict(error);
}

function isVerdict(error: Error): boolean {
  const { code } = error as { readonly code?: unknown }; // read only: any Error may have one
  return typeof code === "string" && (code.startsWith("ERR_J") || code.startsWith("OAUTH_"));
}

/** A bad proof by what is wrong with it. */
export function badProof(set: ProofSet, what: string): BadProof {
  const found = set.bad.find((bad) => bad.what === what);
  demand(found !== undefined, `there is no such bad proof: ${what}`);
  return found;
}
