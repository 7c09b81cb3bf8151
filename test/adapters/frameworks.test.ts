// What is special in one framework: mounts, rewritten URLs, methods that are overridden, responses that are wrapped.
import { createServer } from "node:http";
import { createGuard as createExpressGuard } from "dpop-core/express";
import { createGuard as createFastifyGuard } from "dpop-core/fastify";
import { createGuard as createFetchGuard } from "dpop-core/fetch";
import { createGuard as createHonoGuard } from "dpop-core/hono";
import { createGuard as createKoaGuard } from "dpop-core/koa";
import express from "express";
import fastify from "fastify";
import { Hono } from "hono";
import { methodOverride as honoOverride } from "hono/method-override";
import Koa from "koa";
import koaOverride from "koa-override";
import methodOverride from "method-override";
import { beforeAll, describe, expect, test } from "vitest";
import { serve } from "./servers/express.js";
import { createApi, NONCE, OLD_NONCE } from "./support/api.js";
import { createKey, issue, type Key, prove } from "./support/client.js";
import { type RawResponse, send } from "./support/wire.js";

const origin = "https://api.example";
const onError = (error: unknown): never => {
  throw error;
};
const options = { api: createApi("optional"), origin, onError };

let key: Key;
let token: string;
beforeAll(async () => {
  key = await createKey();
  token = issue(key.jkt);
});

interface Call {
  readonly method: string;
  readonly path: string;
  /** What the client signs, where it differs. */
  readonly htu?: string;
  readonly nonce?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

async function signed({ method, path, htu, nonce = NONCE, headers = {} }: Call) {
  const url = htu ?? origin + path.split("?", 1)[0];
  const proof = await prove(key, { htm: method, htu: url, token, nonce });
  return { Authorization: `DPoP ${token}`, DPoP: proof, ...headers };
}

async function call(listener: Parameters<typeof createServer>[1], wanted: Call) {
  const running = await serve(createServer(listener));
  try {
    return await callPort(running.port, wanted);
  } finally {
    await running.close();
  }
}

async function callPort(port: number, wanted: Call): Promise<RawResponse> {
  const { method, path } = wanted;
  const headers = Object.entries(await signed(wanted));
  return send({ port }, { method, target: path, headers });
}

describe("express", () => {
  const guard = createExpressGuard(options);

  test("a router that is mounted twice over sees the path that was signed", async () => {
    const inner = express.Router().get("/list", guard(), (_req, res) => void res.send("list"));
    const app = express().use("/a", express.Router().use("/b", inner));
    expect((await call(app, { method: "GET", path: "/a/b/list" })).body).toBe("list");
    const elsewhere = { method: "GET", path: "/a/b/list", htu: `${origin}/list` };
    expect((await call(app, elsewhere)).status).toBe(401);
  });

  test("the method is the one before method-override", async () => {
    const app = express().use(methodOverride("X-HTTP-Method-Override"));
    app.delete("/orders", guard(), (_req, res) => void res.send("gone"));
    const headers = { "X-HTTP-Method-Override": "DELETE" };
    const path = "/orders";
    expect((await call(app, { method: "POST", path, headers })).body).toBe("gone");
  });

  test("a middleware that moves the token into Authorization is seen", async () => {
    const app = express().use((req, _res, next) => {
      req.headers.authorization = `DPoP ${String(req.headers["x-token"])}`;
      next();
    });
    app.get("/", guard(), (req, res) => void res.send(guard.accessOf(req).token.sub));
    const running = await serve(createServer(app));
    const { DPoP: proof } = await signed({ method: "GET", path: "/" });
    const headers = Object.entries({ "X-Token": token, DPoP: proof });
    const response = await send({ port: running.port }, { method: "GET", target: "/", headers });
    await running.close();
    expect(response.body).toBe("someone");
  });

  test("req.dpop has the access, and accessOf throws where no guard ran", async () => {
    const app = express().get("/", guard(), (req, res) => {
      const { dpop } = req as { dpop?: unknown };
      res.json({ same: dpop === guard.accessOf(req), open: didThrow(() => guard.accessOf({})) });
    });
    const { body } = await call(app, { method: "GET", path: "/" });
    expect(JSON.parse(body)).toEqual({ same: true, open: true });
  });
});

function didThrow(run: () => unknown): boolean {
  try {
    run();
    return false;
  } catch {
    return true;
  }
}

describe("koa", () => {
  const guard = createKoaGuard(options);

  test("the path is the one before a middleware cut it", async () => {
    const app = new Koa().use((ctx, next) => {
      ctx.path = "/list";
      return next();
    });
    app.use(guard()).use((ctx) => void (ctx.body = ctx.path));
    expect((await call(app.callback(), { method: "GET", path: "/a/list" })).body).toBe("/list");
  });

  test("under Express, the path is the one before its mount", async () => {
    const koa = new Koa().use(guard()).use((ctx) => void (ctx.body = ctx.path));
    const app = express().use("/a", koa.callback());
    expect((await call(app, { method: "GET", path: "/a/list" })).body).toBe("/list");
  });

  test("before koa-override, the method is the one that was signed", async () => {
    const app = new Koa().use(guard()).use(koaOverride());
    app.use((ctx) => void (ctx.body = ctx.method));
    const headers = { "X-HTTP-Method-Override": "DELETE" };
    const wanted = { method: "POST", path: "/", headers };
    expect((await call(app.callback(), wanted)).body).toBe("DELETE");
  });
});

describe("fastify", () => {
  const guard = createFastifyGuard(options);

  test("the path is the one before rewriteUrl", async () => {
    const app = fastify({ rewriteUrl: (req) => (req.url ?? "").replace("/v2", "") });
    app.get("/list", { preHandler: guard() }, async () => "list");
    await app.ready();
    const listener = (...args: Parameters<typeof app.routing>) => app.routing(...args);
    expect((await call(listener, { method: "GET", path: "/v2/list" })).body).toBe("list");
  });

  test("the nonce that is due wins over an onSend hook and over the raw response", async () => {
    const app = fastify();
    await app.register(guard.plugin);
    app.addHook("onSend", async (_request, reply) => {
      reply.header("cache-control", "public").header("dpop-nonce", "forged");
    });
    app.get("/list", async () => "list");
    app.get("/raw", (_request, reply) => {
      reply.hijack();
      reply.raw.writeHead(200, ["Cache-Control", "public", "dpop-nonce", "forged"]).end("raw");
    });
    await app.ready();
    for (const path of ["/list", "/raw"]) {
      const headers = await signed({ method: "GET", path, nonce: OLD_NONCE });
      const response = await app.inject({ method: "GET", url: path, headers });
      expect(response.statusCode).toBe(200);
      expect(response.headers).toMatchObject({ "cache-control": "no-store", "dpop-nonce": NONCE });
    }
  });

  test("the plugin guards where it is registered, refuses an unknown option, and may come twice", async () => {
    const app = fastify();
    app.get("/open", async () => "open");
    await app.register(async (scope) => {
      await scope.register(guard.plugin);
      await scope.register(guard.plugin, { scope: ["write"] });
      scope.get("/write", (request) => Object.hasOwn(request, "dpop"));
    });
    await app.ready();
    expect((await app.inject("/open")).body).toBe("open");
    const headers = await signed({ method: "GET", path: "/write" });
    expect((await app.inject({ url: "/write", headers })).statusCode).toBe(403);
    const broken = fastify();
    const misspelt = { scopes: ["write"] };
    // @ts-expect-error no such option
    await expect(async () => broken.register(guard.plugin, misspelt)).rejects.toThrow(TypeError);
  });
});

describe("hono", () => {
  const guard = createHonoGuard(options);
  const get = async (app: Hono, wanted: Call): Promise<Response> =>
    app.request(wanted.path, { method: wanted.method, headers: await signed(wanted) });

  test("a route of an app that is routed sees the path that was signed", async () => {
    const inner = new Hono().basePath("/b").get("/list", guard(), (c) => c.text("list"));
    const app = new Hono().route("/a", inner);
    expect(await (await get(app, { method: "GET", path: "/a/b/list" })).text()).toBe("list");
  });

  test("under mount, the origin has the prefix that mount strips", async () => {
    const mounted = createHonoGuard({ ...options, origin: `${origin}/a` });
    const inner = new Hono().get("/list", mounted(), (c) => c.text("list"));
    const app = new Hono().mount("/a", inner.fetch);
    expect(await (await get(app, { method: "GET", path: "/a/list" })).text()).toBe("list");
  });

  test("before methodOverride, the method is the one that was signed", async () => {
    const app = new Hono();
    const override = honoOverride({ app, header: "X-HTTP-Method-Override" });
    app.post("/orders", guard(), override);
    app.delete("/orders", (c) => c.text("gone"));
    const headers = { "X-HTTP-Method-Override": "DELETE" };
    const wanted = { method: "POST", path: "/orders", headers };
    expect(await (await get(app, wanted)).text()).toBe("gone");
  });

  test("a response that was fetched elsewhere gets the nonce, though its fields are immutable", async () => {
    const backend = await serve(createServer((_req, res) => void res.end("elsewhere")));
    const app = new Hono().get("/", guard(), () => fetch(`http://127.0.0.1:${backend.port}/`));
    const response = await get(app, { method: "GET", path: "/", nonce: OLD_NONCE });
    expect(await response.text()).toBe("elsewhere");
    expect(response.headers.get("DPoP-Nonce")).toBe(NONCE);
    await backend.close();
  });
});

describe("fetch", () => {
  const guard = createFetchGuard(options);
  const request = async (wanted: Call): Promise<Request> =>
    new Request(`http://internal.example${wanted.path}`, {
      method: wanted.method,
      headers: await signed(wanted),
    });

  test("basePath is in the origin", async () => {
    const based = createFetchGuard({ ...options, origin: `${origin}/base` });
    const handler = based((_request, access) => new Response(access.token.sub));
    const wanted = { method: "GET", path: "/orders", htu: `${origin}/base/orders` };
    expect(await (await handler(await request(wanted))).text()).toBe("someone");
  });

  test("a thrown Response has the nonce that is due; any other value is thrown as it is", async () => {
    const wanted = { method: "GET", path: "/", nonce: OLD_NONCE };
    const thrown = guard(() => {
      throw Response.redirect("https://api.example/login");
    });
    const response: unknown = await thrown(await request(wanted)).catch((error: unknown) => error);
    expect(response).toBeInstanceOf(Response);
    expect(response).toMatchObject({ status: 302 });
    expect((response as Response).headers.get("DPoP-Nonce")).toBe(NONCE);
    const redirect = Object.assign(new Error("NEXT_REDIRECT"), { digest: "NEXT_REDIRECT;/login" });
    const redirecting = guard(() => {
      throw redirect;
    });
    await expect(redirecting(await request(wanted))).rejects.toBe(redirect);
  });

  test("several cookies stay several", async () => {
    const handler = guard(() => {
      const response = new Response("");
      for (const name of ["a", "b"]) response.headers.append("Set-Cookie", `${name}=1`);
      return response;
    });
    const response = await handler(await request({ method: "GET", path: "/", nonce: OLD_NONCE }));
    expect(response.headers.getSetCookie()).toEqual(["a=1", "b=1"]);
    expect(response.headers.get("Cache-Control")).toBe("no-store");
  });
});
