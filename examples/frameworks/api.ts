import { createAsyncResourceServer, createAsyncVerifier, createMemoryReplayStore } from "dpop-core";
import { nodeCrypto } from "dpop-core/node-crypto";

export const { API: origin = "http://localhost:3000" } = process.env; // what clients call

/** Your access tokens: opaque ones in a database here. */
export const sessions = new Map<string, { jkt: string; user: string; scope: string }>();

async function accessTokens(accessToken: string) {
  const session = sessions.get(accessToken);
  return session === undefined ? null : { binding: { jkt: session.jkt }, claims: session };
}

const verifier = createAsyncVerifier({ replay: createMemoryReplayStore(), backend: nodeCrypto });
export const api = createAsyncResourceServer({ verifier, accessTokens });
