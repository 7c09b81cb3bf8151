import { createMemoryReplayStore, createVerifier, type FieldValue, resourceError } from "dpop-core";
import { nodeCrypto } from "dpop-core/node-crypto";

const verifier = createVerifier({
  replay: createMemoryReplayStore(),
  backend: nodeCrypto,
  maxAge: 30,
});

/** The proof in the handshake of a WebSocket, say, beside a token that is bound to `jkt`. */
export function checkHandshake(proof: FieldValue, accessToken: string, jkt: string) {
  const request = { method: "GET", url: "https://api.example/socket", accessToken, jkt };
  const result = verifier.verify(proof, request);
  return result.ok ? result.claims : resourceError(result, { algs: verifier.algs });
}
