import { createServer } from "node:http";
import { failed, jwks, metadata, PORT } from "./issuer.js";
import { tokenResponse } from "./token-endpoint.js";

createServer(async (req, res) => {
  res.setHeader("Content-Type", "application/json");
  if (req.url === "/jwks") return res.end(JSON.stringify(jwks));
  if (req.url === "/.well-known/oauth-authorization-server")
    return res.end(JSON.stringify(metadata));
  if (req.url !== "/token" || req.method !== "POST") return res.writeHead(404).end("{}");
  const grant = { type: "client_credentials" } as const; // authenticate the client before this
  const client = { clientType: "confidential", boundAccessTokens: true, grant } as const;
  const answer = await tokenResponse(req, client).catch(failed);
  return res.writeHead(answer.status, answer.headers).end(JSON.stringify(answer.body));
}).listen(PORT);
