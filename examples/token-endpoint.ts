import type { IncomingMessage } from "node:http";
import { createAuthorizationServer, createMemoryReplayStore, createVerifier } from "dpop-core";
import { nodeCrypto } from "dpop-core/node-crypto";
import { type Client, ISSUER, signAccessToken } from "./issuer.js"; // what you have already

const verifier = createVerifier({ replay: createMemoryReplayStore(), backend: nodeCrypto });
const server = createAuthorizationServer({ verifier });
export async function tokenResponse(req: IncomingMessage, client: Client) {
  const request = { method: "POST", url: `${ISSUER}/token`, proof: req.headersDistinct["dpop"] };
  const result = server.checkTokenRequest({ ...request, ...client });
  if (!result.ok) return result; // status, headers and body of the refusal
  const body = { access_token: await signAccessToken(result.cnf), token_type: result.tokenType };
  return { status: 200, headers: result.headers, body };
}
