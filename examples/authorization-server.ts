import { randomBytes } from "node:crypto";
import { createServer, type IncomingMessage } from "node:http";
import * as dpop from "dpop-core";
import { exportJWK, generateKeyPair, SignJWT } from "jose";
const { PORT = "4000", API: aud = "http://localhost:3000" } = process.env;
const iss = `http://localhost:${PORT}`;
const { privateKey, publicKey } = await generateKeyPair("ES256");
const nonce = dpop.createNonceIssuer({ secrets: [randomBytes(32)], audience: iss });
const verifier = dpop.createVerifier({ nonce, replay: dpop.createMemoryReplayStore() });
const endpoint = dpop.createAuthorizationServer({ verifier });
async function token({ method = "", url = "", headersDistinct: fields }: IncomingMessage) {
  const grant = { type: "client_credentials" } as const; // once you authenticated the client
  const client = { clientType: "confidential", boundAccessTokens: true, grant } as const;
  const result = endpoint.checkTokenRequest({
    method,
    url: iss + url,
    proof: fields["dpop"],
    ...client,
  });
  if (!result.ok) return result;
  const jwt = new SignJWT({ iss, aud, cnf: result.cnf }).setExpirationTime("10m");
  const signed = await jwt.setProtectedHeader({ alg: "ES256", typ: "at+jwt" }).sign(privateKey);
  return { ...result, status: 200, body: { access_token: signed, token_type: result.tokenType } };
}
createServer(async (req, res) => {
  res.setHeader("Content-Type", "application/json");
  if (req.url === "/jwks") return res.end(JSON.stringify({ keys: [await exportJWK(publicKey)] }));
  const answer = await token(req).catch((e) => void console.error(e));
  return res.writeHead(answer?.status ?? 500, answer?.headers).end(JSON.stringify(answer?.body));
}).listen(PORT);
