import { createAsyncResourceServer, createAsyncVerifier, createMemoryReplayStore } from "dpop-core";
import { createJwtAccessTokens } from "dpop-core/jwt";
import { nodeCrypto } from "dpop-core/node-crypto";

/** The API that calls itself `audience` at the authorization server. */
export function createApi(issuer: string, audience: string) {
  return createAsyncResourceServer({
    verifier: createAsyncVerifier({ backend: nodeCrypto, replay: createMemoryReplayStore() }),
    accessTokens: createJwtAccessTokens({ backend: nodeCrypto, issuer, audience }),
  });
}
