// The same API with express-oauth2-jwt-bearer. It takes a proof twice, knows no nonces, and compares the URL that it
// makes of `Host`, so that a proxy must be trusted.
import express from "express";
import { auth, requiredScopes } from "express-oauth2-jwt-bearer"; // glue

export function otherApp(issuerBaseURL: string, audience: string) {
  const app = express();
  app.get("/open", (_req, res) => void res.json({ open: true }));
  app.set("trust proxy", true); // glue
  app.use(auth({ issuerBaseURL, audience, dpop: { enabled: true, required: true } })); // glue
  app.get("/orders", (req, res) => void res.json({ sub: req.auth?.payload.sub }));
  app.get("/write", requiredScopes("write"), (req, res) => {
    res.json({ sub: req.auth?.payload.sub });
  });
  return app;
}
