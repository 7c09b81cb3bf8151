// oauth4webapi: validateJwtAccessToken, the whole function. It verifies the access token's own
// signature too, so that a call checks two signatures. It imports the key of one.
import {
  type AuthorizationServer,
  clockSkew,
  jwksCache,
  type JWKSCacheInput,
  validateJwtAccessToken,
} from "oauth4webapi";
import { AUDIENCE, type BoundRequest, ISSUER, type Issuer, type Label } from "./fixtures.js";
import type { Verify } from "./verifiers.js";

export function oauth4webapiVerify(issuer: Issuer, label: Label): Verify {
  const server: AuthorizationServer = { issuer: ISSUER, jwks_uri: `${ISSUER}/jwks` };
  const jwks = { keys: [{ ...issuer.jwk, alg: "ES256", kid: "1", use: "sig" }] };
  // Of tomorrow, so that it stays fresh for as long as this takes, and nothing is fetched.
  const cache: JWKSCacheInput = { jwks, uat: Math.floor(Date.now() / 1000) + 86_400 };
  const requests = new Map<string, { readonly of: BoundRequest; readonly made: Request }>();
  return async (proof, request) => {
    // A server gets its Request ready made: making it is left out.
    const kept = requests.get(proof);
    const made = kept?.of === request ? kept.made : requestOf(proof, request);
    if (kept === undefined) requests.set(proof, { of: request, made });
    const claims = await validateJwtAccessToken(server, made, AUDIENCE, {
      requireDPoP: true,
      signingAlgorithms: ["ES256", label],
      [jwksCache]: cache,
      [clockSkew]: request.now - Math.floor(Date.now() / 1000),
    });
    return claims.cnf?.jkt === request.jkt;
  };
}

function requestOf(proof: string, { method, url, accessToken }: BoundRequest): Request {
  const headers = { authorization: `DPoP ${accessToken}`, dpop: proof };
  return new Request(url, { method, headers });
}
