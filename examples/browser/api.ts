// An API that a web app of another origin calls: bound tokens, nonces, and CORS.
import { randomBytes } from "node:crypto";
import {
  bindingFromClaims,
  createMemoryReplayStore,
  createNonceIssuer,
  createResourceServer,
  createVerifier,
} from "dpop-core";
import { createGuard } from "dpop-core/http";
import { nodeCrypto } from "dpop-core/node-crypto";
import type { Introspection } from "./authorization-server.js";

export function createExampleApi(
  origin: string,
  appOrigin: string,
  introspect: (accessToken: string) => Introspection,
) {
  const nonce = createNonceIssuer({ secrets: [randomBytes(32)], audience: origin });
  const replay = createMemoryReplayStore({ maxEntries: 100_000 });
  const verifier = createVerifier({ backend: nodeCrypto, nonce, replay });
  const api = createResourceServer({
    verifier,
    accessTokens(accessToken) {
      const claims = introspect(accessToken);
      return { binding: bindingFromClaims(claims), claims };
    },
  });
  const cors = { origins: [appOrigin] };
  const guard = createGuard({ api, origin, cors, onError: console.error });
  return guard((_req, res, { token }) => {
    res.writeHead(200, { "Content-Type": "application/json" });
    res.end(JSON.stringify({ hello: token.sub }));
  });
}
