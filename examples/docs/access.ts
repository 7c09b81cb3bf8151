import { createAsyncResourceServer, createAsyncVerifier, createMemoryReplayStore } from "dpop-core";
import { nodeCrypto } from "dpop-core/node-crypto";

/** A row of your database. */
export interface Session {
  readonly user: string;
  readonly jkt: string; // the key that the token is bound to
  readonly scopes: readonly string[];
}

/** `find` returns the session of an opaque token, null for one that is unknown, expired or revoked. */
export function createApi(find: (accessToken: string) => Promise<Session | null>) {
  return createAsyncResourceServer({
    verifier: createAsyncVerifier({ replay: createMemoryReplayStore(), backend: nodeCrypto }),
    accessTokens: async (accessToken) => {
      const claims = await find(accessToken);
      return claims && { binding: { jkt: claims.jkt }, claims, scopes: claims.scopes };
    },
  });
}
