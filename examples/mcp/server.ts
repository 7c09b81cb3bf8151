import { randomBytes } from "node:crypto";
import { createMcpExpressApp } from "@modelcontextprotocol/sdk/server/express.js";
import { createAsyncResourceServer, createAsyncVerifier, createMemoryReplayStore } from "dpop-core";
import { createNonceIssuer, profiles, resourceMetadata } from "dpop-core";
import { createGuard } from "dpop-core/express";
import { createJwtAccessTokens } from "dpop-core/jwt";
import { nodeCrypto as backend } from "dpop-core/node-crypto";
import { handle } from "./sessions.js";

const { PORT, ISSUER = "http://localhost:4000", API = "http://localhost:3000" } = process.env;
const resource = `${API}/mcp`; // what clients call, and the audience of their tokens
const metadataUrl = new URL("/.well-known/oauth-protected-resource/mcp", API); // RFC 9728
const nonce = createNonceIssuer({ secrets: [randomBytes(32)], audience: API, backend });
const replay = createMemoryReplayStore();
const api = createAsyncResourceServer({
  verifier: createAsyncVerifier({ ...profiles.mcp, nonce, replay, backend }),
  accessTokens: createJwtAccessTokens({ issuer: ISSUER, audience: resource, backend }),
  resourceMetadataUrl: metadataUrl.href,
});
const guard = createGuard({ api, origin: API, onError: console.error });
const document = { resource, authorization_servers: [ISSUER], scopes_supported: ["mcp"] };

const app = createMcpExpressApp({ allowedHosts: [metadataUrl.hostname] });
app.get(metadataUrl.pathname, (_, res) => void res.json({ ...document, ...resourceMetadata(api) }));
app.all("/mcp", guard({ scope: ["mcp"] }), (req, res, next) => {
  const { accessToken, token, scopes, jkt } = guard.accessOf(req);
  const about = { clientId: token.client_id ?? "", expiresAt: token.exp, extra: { jkt } };
  const auth = { token: accessToken, scopes: [...scopes], ...about }; // AuthInfo, for the tools
  handle(jkt, Object.assign(req, { auth }), res).catch(next);
});
app.listen(Number(PORT ?? 3000));
