import type { AsyncAccessTokens } from "dpop-core/jwt";

interface Row {
  readonly user: string;
  readonly jkt: string;
  readonly scopes: readonly string[];
  readonly expiresAt: number; // seconds since the epoch
}

/** Tokens of your own: `find` looks a hash up, so that the database holds no token that works. */
export function tokensIn(find: (hash: string) => Promise<Row | undefined>): AsyncAccessTokens<Row> {
  return async (_, hash) => {
    const row = hash === undefined ? undefined : await find(hash); // a Bearer token has no hash
    if (row === undefined || row.expiresAt <= Date.now() / 1000) return null;
    return { binding: { jkt: row.jkt }, claims: row, scopes: row.scopes };
  };
}
