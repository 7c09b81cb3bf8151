// The judges of requests inside a server, one line each: what load.ts sends requests to. They do not verify
// the access token: a Map holds what each token is bound to.
import type { IncomingMessage } from "node:http";
import {
  type AsyncVerifierOptions,
  type Backend,
  createAsyncResourceServer,
  createAsyncVerifier,
  createMemoryReplayStore,
  createResourceServer,
  createVerifier,
} from "dpop-core";
import { betterAuthVerify } from "./better-auth.js";
import { AUDIENCE, NOW } from "./fixtures.js";
import { joseVerify } from "./jose.js";
import { fast, nodeCrypto, wasm, webcrypto } from "./ours.js";
import type { Verify } from "./verifiers.js";
import type { SyncBackend } from "../../src/jose/alg.js";

/** Access token → the thumbprint that it is bound to. */
export type Bindings = ReadonlyMap<string, string>;

export type Judge = (request: IncomingMessage) => boolean | Promise<boolean>;

/** Every server, by its name. The first verifies nothing. */
export const SERVERS: Readonly<Record<string, (bindings: Bindings) => Judge>> = {
  none: () => () => true,
  jose: (bindings) => judgeOf(bindings, withoutReplays(joseVerify("ES256"))),
  "better-auth": (bindings) => judgeOf(bindings, betterAuthVerify("ES256", "refused")),
  "node-crypto": (bindings) => ours(bindings, nodeCrypto),
  webcrypto: (bindings) => oursAsync(bindings, webcrypto),
  fast: (bindings) => ours(bindings, fast),
  "fast, grouped": (bindings) => oursAsync(bindings, fast, "turn"),
  wasm: (bindings) => ours(bindings, wasm),
  "wasm, grouped": (bindings) => oursAsync(bindings, wasm, "turn"),
};

const clock = (): number => NOW;

const tokensOf = (bindings: Bindings) => (token: string) => {
  const jkt = bindings.get(token);
  return { binding: jkt === undefined ? null : { jkt }, claims: {} };
};

const requestOf = ({ method = "", url = "", headersDistinct: fields }: IncomingMessage) => ({
  method,
  url: AUDIENCE + url,
  authorization: fields["authorization"],
  proof: fields["dpop"],
});

function ours(bindings: Bindings, backend: SyncBackend): Judge {
  const verifier = createVerifier({ backend, replay: createMemoryReplayStore(), clock });
  const api = createResourceServer({ verifier, accessTokens: tokensOf(bindings) });
  return (request) => api.authenticate(requestOf(request)).ok;
}

function oursAsync(
  bindings: Bindings,
  backend: Backend,
  grouping?: AsyncVerifierOptions["grouping"],
): Judge {
  const replay = createMemoryReplayStore();
  const verifier = createAsyncVerifier({ backend, replay, clock, grouping });
  const api = createAsyncResourceServer({ verifier, accessTokens: tokensOf(bindings) });
  return async (request) => (await api.authenticate(requestOf(request))).ok;
}

/** For others: they are told what ours finds out by itself. */
function judgeOf(bindings: Bindings, verify: Verify): Judge {
  return async ({ method = "", url = "", headers: { authorization = "", dpop } }) => {
    const accessToken = authorization.slice("DPoP ".length);
    const jkt = bindings.get(accessToken);
    if (typeof dpop !== "string" || jkt === undefined) return false;
    return verify(dpop, { method, url: AUDIENCE + url, accessToken, jkt, now: NOW });
  };
}

/** A Set finds replays, so that all do the same. */
function withoutReplays(verify: Verify): Verify {
  const seen = new Set<string>();
  return async (proof, request) => {
    if (!(await verify(proof, request)) || seen.has(proof)) return false;
    seen.add(proof);
    return true;
  };
}
