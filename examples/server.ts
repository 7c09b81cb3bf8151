import { serve } from "@hono/node-server";
import * as dpop from "dpop-core";
import { createGuard } from "dpop-core/hono";
import { createJwtAccessTokens } from "dpop-core/jwt";
import { nodeCrypto as backend } from "dpop-core/node-crypto";
import { Hono } from "hono";

const { ISSUER = "http://localhost:4000", API = "http://localhost:3000" } = process.env;
const accessTokens = createJwtAccessTokens({ backend, issuer: ISSUER, audience: API });
const verifier = dpop.createAsyncVerifier({ backend, replay: dpop.createMemoryReplayStore() });
const api = dpop.createAsyncResourceServer({ verifier, accessTokens });
const guard = createGuard({ api, origin: API, onError: console.error });
serve(new Hono().get("/things", guard(), (c) => c.json(guard.accessOf(c).token))); // at port 3000
