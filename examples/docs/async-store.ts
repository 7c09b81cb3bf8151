import { createAsyncVerifier, type ReplayStore } from "dpop-core";

/** Over a store that inserts a key unless it is there, in one atomic step, and drops it in time. */
export function verifierOver(insertIfAbsent: (key: string, expiresAt: number) => Promise<boolean>) {
  const replay: ReplayStore = {
    add: async (key, expiresAt) => ((await insertIfAbsent(key, expiresAt)) ? "new" : "seen"),
  };
  return createAsyncVerifier({ replay, maxAge: 30 }); // verify() returns a promise
}
