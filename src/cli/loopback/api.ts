// The API of serve: tells every client that gets in what it was seen to send.
import { createAsyncResourceServer, createAsyncVerifier, type ServerEvent } from "dpop-core/core";
import { createGuard } from "dpop-core/http";
import { createJwtAccessTokens } from "dpop-core/jwt";
import { nodeCrypto } from "dpop-core/node-crypto";
import type { Listening } from "./listen.js";
import { verifierOptions } from "./proofs.js";

/** What the API is to be like. */
export interface ApiOptions {
  /** Whose tokens it takes. */
  readonly issuer: string;
  /** What these have in `aud`. */
  readonly audience: string;
  /** Whether proofs need a nonce. */
  readonly nonces: boolean;
  clock(): number;
  onEvent(event: ServerEvent): void;
  tell(error: unknown): void;
}

/** Lets a server answer as an API. */
export function serveApi({ server, origin }: Listening, options: ApiOptions): void {
  const { issuer, audience, clock, onEvent, tell } = options;
  const verifier = createAsyncVerifier(verifierOptions(origin, options));
  const accessTokens = createJwtAccessTokens({
    backend: nodeCrypto,
    issuer,
    audience,
    clock,
    // What older issuers write or leave out: this API guards nothing.
    typ: ["at+jwt", "JWT"],
    untypedTokens: "accepted",
    optionalClaims: ["client_id", "sub", "iat"],
  });
  const api = createAsyncResourceServer({ verifier, accessTokens, onEvent });
  const guard = createGuard({ api, origin, onError: tell, problemDetails: "rfc9457" });
  server.on(
    "request",
    guard((req, res, access) => {
      const { sub, client_id: client, scope } = access.token;
      const jkt = access.scheme === "DPoP" ? access.jkt : undefined;
      const seen = { method: req.method, path: req.url, jkt, sub, client_id: client, scope };
      res.writeHead(200, { "Content-Type": "application/json" });
      res.end(`${JSON.stringify(seen)}\n`);
    }),
  );
}
