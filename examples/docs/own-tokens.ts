import { createAsyncResourceServer, createAsyncVerifier, createMemoryReplayStore } from "dpop-core";
import { nodeCrypto } from "dpop-core/node-crypto";

/** A row of your database. It is found by a hash, so that the database holds no token that works. */
export interface Row {
  readonly user: string;
  readonly jkt: string; // the key that the token is bound to
  readonly scopes: readonly string[];
  readonly expiresAt: number; // seconds since the epoch
}

export function createApi(find: (hash: string) => Promise<Row | undefined>) {
  return createAsyncResourceServer({
    verifier: createAsyncVerifier({ replay: createMemoryReplayStore(), backend: nodeCrypto }),
    accessTokens: async (_, hash) => {
      const row = hash === undefined ? undefined : await find(hash); // a Bearer token has no hash
      if (row === undefined || row.expiresAt <= Date.now() / 1000) return null;
      return { binding: { jkt: row.jkt }, claims: row, scopes: row.scopes };
    },
  });
}
