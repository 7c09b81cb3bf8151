import {
  type AsyncResourceServerOptions,
  createAsyncResourceServer,
  resourceMetadata,
} from "dpop-core";

export function apiForAWhile({ verifier, accessTokens }: AsyncResourceServerOptions) {
  const api = createAsyncResourceServer({
    verifier,
    accessTokens,
    unboundTokens: "accepted", // a token that is bound is never taken as Bearer
    scope: "things", // the challenges name it
    resourceMetadataUrl: "https://api.example/.well-known/oauth-protected-resource",
  });
  return { api, document: { resource: "https://api.example", ...resourceMetadata(api) } };
}
