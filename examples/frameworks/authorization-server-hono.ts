import { type Context, Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import { failed, ISSUER, jwks } from "../issuer.js";
import { type Endpoint, metadata, pushedResponse, tokenResponse } from "./authorization-server.js";
import { authorize } from "./grants.js";

function handler(endpoint: Endpoint) {
  return async (c: Context) => {
    const form = new URLSearchParams(await c.req.text());
    const answer = await endpoint(c.req.header("DPoP"), form).catch(failed);
    return Response.json(answer.body, { status: answer.status, headers: answer.headers });
  };
}

export const app = new Hono();
app.use(bodyLimit({ maxSize: 65_536 })); // bytes
app.post("/par", handler(pushedResponse));
app.post("/token", handler(tokenResponse));
app.get("/authorize", (c) => {
  const location = authorize(new URL(c.req.url).searchParams, ISSUER); // after your login
  return location === null ? c.body(null, 400) : c.redirect(location, 303);
});
app.get("/.well-known/oauth-authorization-server", (c) => c.json(metadata));
app.get("/jwks", (c) => c.json(jwks));
