// What both servers of serve verify proofs with.
import { randomBytes } from "node:crypto";
import { createMemoryReplayStore, createNonceIssuer } from "dpop-core/core";
import { nodeCrypto } from "dpop-core/node-crypto";

/** The options of a verifier for the server at an origin. */
export function verifierOptions(
  origin: string,
  { nonces, clock }: { readonly nonces: boolean; clock(): number },
) {
  const backend = nodeCrypto;
  const replay = createMemoryReplayStore({ backend });
  const nonce = nonces
    ? createNonceIssuer({ backend, secrets: [randomBytes(32)], audience: origin, clock })
    : undefined;
  return { backend, replay, nonce, clock };
}
