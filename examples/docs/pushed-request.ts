import { createAuthorizationServer, type FieldValue, type Verifier } from "dpop-core";

/** Returns what the code of a pushed authorization request is to be bound to, or a refusal. */
export function createPushedEndpoint(verifier: Verifier, url: string) {
  const server = createAuthorizationServer({ verifier });
  return (proof: FieldValue, parameters: URLSearchParams) =>
    server.checkPushedRequest({
      method: "POST",
      url,
      proof,
      dpopJkt: parameters.getAll("dpop_jkt"),
    });
}
