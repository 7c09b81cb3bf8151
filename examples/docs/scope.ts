import { type AsyncResourceServer, wwwAuthenticate } from "dpop-core";

/** For a good token whose scope is too small. */
export function insufficientScope({ algs }: AsyncResourceServer, scope: string): Response {
  const error = "insufficient_scope";
  const challenge = wwwAuthenticate({ scheme: "DPoP", error, scope, algs });
  return new Response(null, { status: 403, headers: { "WWW-Authenticate": challenge } });
}
