// Koa 3, over HTTP.
import { createServer } from "node:http";
import { createGuard, type DpopState } from "dpop-core/koa"; // glue
import type { GuardOptions } from "dpop-core/koa";
import Koa from "koa";
import type { Claims } from "../support/api.js";
import { SECRET_OF_HANDLER, type TestServer } from "../support/server.js";
import { serve } from "./express.js";

export function koaApp(options: GuardOptions<Claims>) {
  const app = new Koa<DpopState<Claims>>();
  app.silent = true; // or Koa logs errors
  app.use((ctx, next) => {
    if (ctx.path !== "/open") return next();
    ctx.body = { open: true };
    return undefined;
  });
  const guard = createGuard(options); // glue
  app.use(guard()); // glue
  const write = guard({ scope: ["write"] });
  app.use((ctx, next) => (ctx.path === "/write" ? write(ctx, next) : next()));
  app.use((ctx) => {
    ctx.body = { sub: ctx.state.dpop.token.sub };
    if (ctx.path === "/cached")
      ctx.set({ "Cache-Control": "public, max-age=60", "DPoP-Nonce": "forged" });
    if (ctx.path === "/redirect") ctx.redirect("/elsewhere");
    if (ctx.path === "/throws") throw new Error(SECRET_OF_HANDLER);
  });
  return app;
}

export const koa: TestServer = {
  name: "koa 3",
  file: "koa.ts",
  start: (options) => serve(createServer(koaApp(options).callback())),
};
