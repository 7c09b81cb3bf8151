// What compiles with the frameworks' own types, in strict mode and without a cast. Nothing here is run.
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { createSecureServer, createServer as createHttp2Server } from "node:http2";
import type { AsyncResourceServer, ResourceServer } from "dpop-core";
import { createGuard as createExpressGuard } from "dpop-core/express";
import { createGuard as createFastifyGuard } from "dpop-core/fastify";
import { createGuard as createFetchGuard } from "dpop-core/fetch";
import { createGuard as createHonoGuard, type DpopVariables } from "dpop-core/hono";
import { createGuard as createHttpGuard } from "dpop-core/http";
import { createGuard as createKoaGuard, type DpopState } from "dpop-core/koa";
import express, { Router } from "express";
import fastify from "fastify";
import { Hono } from "hono";
import Koa from "koa";

interface Claims {
  readonly sub: string;
  readonly tenant: number;
}

declare const api: AsyncResourceServer<Claims>;
declare const syncApi: ResourceServer<Claims>;
const origin = "https://api.example";
const onError = console.error;
const options = { api, origin, onError };

/** Takes nothing but the type itself. */
function same<A>(
  _value: A,
): <B>(check: [A] extends [B] ? ([B] extends [A] ? B : never) : never) => void {
  return () => undefined;
}

export function expressTypes(): void {
  const guard = createExpressGuard(options);
  const fromSync = createExpressGuard({ api: syncApi, origin, onError });
  const app = express();
  app.use(guard());
  app.use("/v1", guard({ scope: ["read"] }));
  app.get("/orders/:id", guard(), (req, res) => {
    same(req.params.id)<string>(req.params.id);
    const { token, scopes, jkt } = guard.accessOf(req);
    same(token)<Claims>(token);
    res.json({ tenant: token.tenant.toFixed(), scopes, jkt });
  });
  app.get("/sync", fromSync(), (req, res) => res.json(fromSync.accessOf(req).token.sub.length));
  const router = Router();
  router.post("/", guard(), (req, res) => {
    res.set(guard.corsHeaders(req)).end();
  });
  // @ts-expect-error the claims have no such member
  app.get("/", guard(), (req, res) => res.json(guard.accessOf(req).token.user));
  // @ts-expect-error no such option
  guard({ scopes: ["read"] });
  // @ts-expect-error what is told of errors is required
  createExpressGuard({ api, origin });
}

export async function fastifyTypes(): Promise<void> {
  const guard = createFastifyGuard(options);
  const app = fastify();
  await app.register(guard.plugin);
  await app.register(guard.plugin, { scope: ["read"] });
  app.addHook("onRequest", guard());
  app.get("/a", { onRequest: guard() }, (request) => guard.accessOf(request).token.tenant);
  app.get("/b", { preHandler: [guard({ scope: ["read"] })] }, (request, reply) =>
    reply.headers(guard.corsHeaders(request)).send(guard.accessOf(request).token.sub),
  );
  const secure = fastify({ http2: true, https: {} });
  secure.get("/a", { onRequest: guard() }, (request) => guard.accessOf(request).token.sub);
  await secure.register(guard.plugin);
}

export function koaTypes(): void {
  const guard = createKoaGuard(options);
  const app = new Koa<DpopState<Claims>>();
  app.use(guard());
  app.use((ctx) => {
    same(ctx.state.dpop.token)<Claims>(ctx.state.dpop.token);
    ctx.set(guard.corsHeaders(ctx));
    ctx.body = guard.accessOf(ctx).token.sub.length;
  });
  new Koa().use(guard({ scope: ["read"] })).use((ctx) => {
    ctx.body = guard.accessOf(ctx).token.tenant.toFixed();
  });
}

export function honoTypes(): void {
  const guard = createHonoGuard(options);
  const app = new Hono<{ Variables: DpopVariables<Claims> }>();
  app.use(guard());
  app.get("/orders/:id", guard({ scope: ["read"] }), (c) => {
    same(c.req.param("id"))<string>(c.req.param("id"));
    same(c.var.dpop.token)<Claims>(c.var.dpop.token);
    return c.json({ tenant: c.get("dpop").token.tenant.toFixed() });
  });
  const other = new Hono<{ Bindings: { KV: string } }>();
  other.use("*", guard());
  other.get("/", guard(), (c) => c.text(guard.accessOf(c).token.sub, 200, guard.corsHeaders(c)));
  new Hono().get("/", guard(), (c) => c.text(guard.accessOf(c).token.sub));
}

export function httpTypes(): void {
  const guard = createHttpGuard(options);
  createServer(
    guard((req, res, access) => {
      same(access.token)<Claims>(access.token);
      res.writeHead(200, guard.corsHeaders(req)).end(access.token.sub);
    }),
  );
  createServer(guard({ scope: ["read"] }, async (_req, res, { token }) => res.end(token.sub)));
  createServer(
    {},
    guard((req: IncomingMessage, res: ServerResponse, { token }) => {
      same(token)<Claims>(token);
      res.end(token.sub + req.httpVersion).getHeaders();
    }),
  );
  createSecureServer(
    {},
    guard((_req, res, { token }) => res.end(token.sub)),
  );
  createHttp2Server(guard((_req, res, { token }) => res.stream.end(token.sub)));
}

export function fetchTypes(): void {
  const guard = createFetchGuard(options);
  const plain: (request: Request) => Promise<Response> = guard(
    (request, access) => new Response(access.token.sub + request.url),
  );
  const next = guard(
    { scope: ["read"] },
    async (_request, access, context: { params: Promise<{ id: string }> }) =>
      Response.json({ id: (await context.params).id, tenant: access.token.tenant.toFixed() }),
  );
  const worker = {
    fetch: guard((_request, access, env: { KV: string }, _context: object) =>
      Response.json(env.KV + access.token.sub),
    ),
  };
  const called = next(new Request(origin), { params: Promise.resolve({ id: "1" }) });
  same(called)<Promise<Response>>(called);
  same([plain, worker.fetch] as const)<unknown>([plain, worker.fetch] as const as never);
}
