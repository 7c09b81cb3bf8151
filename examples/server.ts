import { serve } from "@hono/node-server";
import { createAsyncResourceServer, createAsyncVerifier, createMemoryReplayStore } from "dpop-core";
import { createGuard } from "dpop-core/hono";
import { createJwtAccessTokens } from "dpop-core/jwt";
import { nodeCrypto as backend } from "dpop-core/node-crypto";
import { Hono } from "hono";

const {
  PORT,
  ISSUER: issuer = "http://localhost:4000",
  API: origin = "http://localhost:3000",
} = process.env;
const verifier = createAsyncVerifier({ backend, replay: createMemoryReplayStore() });
const accessTokens = createJwtAccessTokens({ backend, issuer, audience: origin });
const api = createAsyncResourceServer({ verifier, accessTokens });
const guard = createGuard({ api, origin, onError: console.error }); // origin: what clients call
const app = new Hono();
app.get("/things", guard(), (c) => c.text(`hello ${c.var.dpop.token.sub}\n`));
serve({ fetch: app.fetch, port: Number(PORT ?? 3000) });
