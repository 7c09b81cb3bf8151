import express, { type RequestHandler } from "express";
import { failed, ISSUER, jwks } from "../issuer.js";
import { type Endpoint, metadata, pushedResponse, tokenResponse } from "./authorization-server.js";
import { authorize } from "./grants.js";

function handler(endpoint: Endpoint): RequestHandler {
  return async (req, res) => {
    const form = new URLSearchParams(req.body); // not an object, which hides what comes twice
    const answer = await endpoint(req.headersDistinct["dpop"], form).catch(failed);
    res.status(answer.status).set(answer.headers).json(answer.body);
  };
}

export const app = express();
app.use(express.text({ type: "application/x-www-form-urlencoded" }));
app.post("/par", handler(pushedResponse));
app.post("/token", handler(tokenResponse));
app.get("/authorize", (req, res) => {
  const location = authorize(new URL(req.url, ISSUER).searchParams, ISSUER); // after your login
  if (location === null) res.sendStatus(400);
  else res.redirect(303, location);
});
app.get("/.well-known/oauth-authorization-server", (_, res) => void res.json(metadata));
app.get("/jwks", (_, res) => void res.json(jwks));
