import { type AsyncVerifier, createAsyncResourceServer, resourceMetadata } from "dpop-core";

export function apiForAWhile(verifier: AsyncVerifier) {
  const api = createAsyncResourceServer({
    verifier,
    unboundTokens: "accepted", // a token that is bound is never taken as Bearer
    scope: "things", // the challenges name it
    resourceMetadataUrl: "https://api.example/.well-known/oauth-protected-resource",
  });
  return { api, document: { resource: "https://api.example", ...resourceMetadata(api) } };
}
