import { createAsyncVerifier, type ReplayStore } from "dpop-core";

/** Any store that can insert a key unless it is there, in one atomic step, and forget it at a given second. */
export function verifierOver(insertIfAbsent: (key: string, expiresAt: number) => Promise<boolean>) {
  const replay: ReplayStore = {
    add: async (key, expiresAt) => ((await insertIfAbsent(key, expiresAt)) ? "new" : "seen"),
  };
  return createAsyncVerifier({ replay, maxAge: 30 }); // verify() returns a promise
}
