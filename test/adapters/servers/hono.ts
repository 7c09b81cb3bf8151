// Hono 4, over HTTP by its server for Node.
import { createServer } from "node:http";
import { getRequestListener } from "@hono/node-server";
import { createGuard, type DpopVariables } from "dpop-core/hono"; // glue
import type { GuardOptions } from "dpop-core/hono";
import { Hono } from "hono";
import type { Claims } from "../support/api.js";
import { SECRET_OF_HANDLER, type TestServer } from "../support/server.js";
import { serve } from "./express.js";

export function honoApp(options: GuardOptions<Claims>) {
  const app = new Hono<{ Variables: DpopVariables<Claims> }>();
  app.onError((_error, c) => c.text("", 500)); // or Hono logs errors
  app.get("/open", (c) => c.json({ open: true }));
  const guard = createGuard(options); // glue
  app.use(guard()); // glue
  app.on(["GET", "POST", "OPTIONS"], "/orders", (c) => c.json({ sub: c.var.dpop.token.sub }));
  app.get("/write", guard({ scope: ["write"] }), (c) => c.json({ sub: c.var.dpop.token.sub }));
  app.get("/files/*", (c) => c.json({ sub: c.var.dpop.token.sub }));
  app.get("/cached", (c) => {
    const headers = { "Cache-Control": "public, max-age=60", "DPoP-Nonce": "forged" };
    return c.json({ sub: c.var.dpop.token.sub }, 200, headers);
  });
  // Its header fields are immutable.
  app.get("/redirect", () => Response.redirect("https://localhost/elsewhere", 302));
  app.get("/throws", () => {
    throw new Error(SECRET_OF_HANDLER);
  });
  return app;
}

export const hono: TestServer = {
  name: "hono 4",
  file: "hono.ts",
  start: (options) => serve(createServer(getRequestListener(honoApp(options).fetch))),
};
