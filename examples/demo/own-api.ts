// An API on this library whose tokens are opaque: it asks the authorization server what they are bound to (RFC 9449
// section 6.2), and wants nonces of its own making in the proofs (section 9).
import {
  bindingFromClaims,
  createMemoryReplayStore,
  createNonceIssuer,
  createResourceServer,
  resourceMetadata,
  type Verifier,
  type VerifierOptions,
} from "dpop-core";
import { answerWith, listen, type Reply, type Running } from "./loopback.js";
import type { OwnAuthorizationServer } from "./own-authorization-server.js";

const METADATA = "/.well-known/oauth-protected-resource";

export async function startOwnApi(
  { origin: issuer, introspect, nonceSecret }: OwnAuthorizationServer,
  makeVerifier: (options: VerifierOptions) => Verifier,
): Promise<Running> {
  const { server, origin, close } = await listen();
  const nonce = createNonceIssuer({ secrets: [nonceSecret], audience: origin });
  const verifier = makeVerifier({ nonce, replay: createMemoryReplayStore() });
  const resourceServer = createResourceServer({
    verifier,
    accessTokens(accessToken) {
      const claims = introspect(accessToken);
      return { binding: bindingFromClaims(claims), claims };
    },
    resourceMetadataUrl: `${origin}${METADATA}`, // in every challenge: where a client finds out how to get in
  });
  const metadata = {
    resource: origin,
    authorization_servers: [issuer],
    ...resourceMetadata(resourceServer),
  };

  server.on(
    "request",
    answerWith((req): Reply => {
      if (req.url === METADATA) return { status: 200, headers: {}, body: metadata };
      const access = resourceServer.authenticate({
        method: req.method ?? "",
        url: `${origin}${req.url ?? ""}`,
        authorization: req.headersDistinct["authorization"],
        proof: req.headersDistinct["dpop"],
      });
      if (!access.ok) return { ...access, body: { code: access.failure.code } }; // the code is for the demo's table
      return { status: 200, headers: access.headers, body: { hello: access.token.sub } };
    }),
  );
  return { origin, close };
}
