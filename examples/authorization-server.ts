import { randomBytes } from "node:crypto";
import { createServer } from "node:http";
import * as dpop from "dpop-core";
import { exportJWK, generateKeyPair, SignJWT } from "jose";

const { PORT = "4000", API: aud = "http://localhost:3000" } = process.env;
const iss = `http://localhost:${PORT}`;
const pair = await generateKeyPair("ES256");
const jwks = JSON.stringify({ keys: [await exportJWK(pair.publicKey)] });
const nonce = dpop.createNonceIssuer({ secrets: [randomBytes(32)], audience: iss });
const verifier = dpop.createVerifier({ nonce, replay: dpop.createMemoryReplayStore() });
const endpoint = dpop.createTokenEndpoint({ verifier });
createServer(async (req, res) => {
  res.setHeader("Content-Type", "application/json");
  if (req.url === "/jwks") return res.end(jwks);
  // Yours, as without DPoP: to authenticate the client, check its grant, look up its metadata.
  const client = { clientType: "confidential", boundAccessTokens: true } as const;
  const { method = "", url = "", headersDistinct: fields } = req;
  const result = endpoint.check({ method, url: iss + url, proof: fields["dpop"], ...client });
  const sent = res.writeHead(result.ok ? 200 : result.status, result.headers);
  if (!result.ok) return sent.end(JSON.stringify(result.body));
  const jwt = new SignJWT({ iss, aud, cnf: result.cnf }).setExpirationTime("10m");
  const token = await jwt.setProtectedHeader({ alg: "ES256", typ: "at+jwt" }).sign(pair.privateKey);
  return sent.end(JSON.stringify({ access_token: token, token_type: result.tokenType }));
}).listen(PORT);
