// Better Auth, as its own servers check a proof: over jose, with the key of every proof imported.
import { createInMemoryDpopReplayStore, verifyDpopProof } from "@better-auth/core/oauth2";
import type { Label } from "./fixtures.js";
import type { Verify } from "./verifiers.js";

/** With `replays: "refused"` it remembers the proofs that it accepted. */
export function betterAuthVerify(label: Label, replays: "accepted" | "refused"): Verify {
  const replayStore = replays === "refused" ? { replayStore: createInMemoryDpopReplayStore() } : {};
  return async (proofJwt, { method, url, accessToken, jkt, now }) => {
    const request = { proofJwt, method, url, accessToken, requireAth: true, expectedJkt: jkt };
    const rules = { nowSeconds: now, signingAlgorithms: [label] };
    const verified = await verifyDpopProof({ ...request, ...rules, ...replayStore });
    return verified.jkt === jkt;
  };
}
