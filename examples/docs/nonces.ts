import { createMemoryReplayStore, createNonceIssuer, createVerifier } from "dpop-core";
import { nodeCrypto } from "dpop-core/node-crypto";

/** `secrets`: the same on every instance; the first issues, all are accepted. */
export function createVerifierWithNonces(secrets: readonly Uint8Array[], audience: string) {
  const nonce = createNonceIssuer({ secrets, audience, backend: nodeCrypto });
  const replay = createMemoryReplayStore();
  return createVerifier({ nonce, replay, backend: nodeCrypto });
}
