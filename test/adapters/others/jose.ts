// The same API with jose, by hand: a newcomer's resource server after a good reading of RFC 9449. It has no nonces, and
// its list of proofs holds for one process.
import { createHash } from "node:crypto"; // glue
import express from "express";
import { calculateJwkThumbprint, createRemoteJWKSet, EmbeddedJWK, errors, jwtVerify } from "jose"; // glue

export function otherApp(issuer: string, origin: string) {
  const app = express();
  app.get("/open", (_req, res) => void res.json({ open: true }));
  const keys = createRemoteJWKSet(new URL(`${issuer}/jwks`)); // glue
  const seen = new Map<string, number>(); // glue
  // glue: from here
  const guard =
    (scope?: string): express.RequestHandler =>
    async (req, res, next) => {
      const refuse = (status: number, error?: string): void => {
        const params = [`algs="ES256"`, ...(error === undefined ? [] : [`error="${error}"`])];
        res.set({ "WWW-Authenticate": `DPoP ${params.join(", ")}`, "Cache-Control": "no-store" });
        res.status(status).end();
      };
      try {
        const [authorization, ...moreTokens] = req.headersDistinct["authorization"] ?? [];
        const [proof, ...moreProofs] = req.headersDistinct["dpop"] ?? [];
        if (moreTokens.length > 0) return refuse(400, "invalid_request");
        if (authorization === undefined) return refuse(401);
        const token = /^DPoP ([\w.~+/-]+=*)$/i.exec(authorization)?.[1];
        if (token === undefined) return refuse(401);
        const rules = { issuer, audience: origin, typ: "at+jwt", requiredClaims: ["exp"] };
        const { payload } = await jwtVerify<{ cnf?: { jkt?: string }; scope?: string }>(
          token,
          keys,
          rules,
        );
        if (proof === undefined || moreProofs.length > 0) return refuse(401, "invalid_dpop_proof");
        const checked = await jwtVerify(proof, EmbeddedJWK, {
          typ: "dpop+jwt",
          algorithms: ["ES256"],
          maxTokenAge: 60,
          clockTolerance: 15,
          requiredClaims: ["jti", "htm", "htu", "ath"],
        });
        const { htm, htu, ath, jti } = checked.payload;
        const hash = createHash("sha256").update(token).digest("base64url");
        const url = new URL(origin + req.originalUrl);
        const called = url.origin + url.pathname;
        if (htm !== req.method || typeof htu !== "string" || new URL(htu).href !== called)
          return refuse(401, "invalid_dpop_proof");
        if (ath !== hash || typeof jti !== "string") return refuse(401, "invalid_dpop_proof");
        const { jwk } = checked.protectedHeader;
        if (jwk === undefined || (await calculateJwkThumbprint(jwk)) !== payload.cnf?.jkt)
          return refuse(401, "invalid_token");
        const now = Date.now();
        for (const [key, end] of seen) if (end < now) seen.delete(key);
        if (seen.has(jti)) return refuse(401, "invalid_dpop_proof");
        seen.set(jti, now + 90_000);
        if (scope !== undefined && payload.scope?.split(" ").includes(scope) !== true)
          return refuse(403, "insufficient_scope");
        res.locals["token"] = payload;
        next();
      } catch (error) {
        if (error instanceof errors.JWKSTimeout || !(error instanceof errors.JOSEError)) {
          res.set({ "Retry-After": "1", "Cache-Control": "no-store" }).status(503).end();
        } else refuse(401, "invalid_token");
      }
    };
  // glue: to here
  app.get("/orders", guard(), (_req, res) => void res.json(res.locals["token"]));
  app.get("/write", guard("write"), (_req, res) => void res.json(res.locals["token"]));
  return app;
}
