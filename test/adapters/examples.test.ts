// The examples of docs/frameworks.md, as they are written there: who has access, and who has not.
import "reflect-metadata";
import { createServer, request as requestOf } from "node:http";
import { text } from "node:stream/consumers";
import { type CanActivate, Controller, Get, type INestApplication, Req } from "@nestjs/common";
import { UseGuards } from "@nestjs/common";
import { NestFactory } from "@nestjs/core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { origin, sessions } from "../../examples/frameworks/api.js";
import { app as express } from "../../examples/frameworks/express.js";
import { app as fastify } from "../../examples/frameworks/fastify.js";
import { app as hono } from "../../examples/frameworks/hono.js";
import { server } from "../../examples/frameworks/http.js";
import { app as koa } from "../../examples/frameworks/koa.js";
import { accessOf, dpop } from "../../examples/frameworks/nest.js";
import { GET } from "../../examples/frameworks/next.js";
import { getRequestListener } from "@hono/node-server";
import { createKey, type Key, prove } from "./support/client.js";
import { close, listen } from "./support/wire.js";

let key: Key;
beforeAll(async () => {
  key = await createKey();
  sessions.set("wide", { jkt: key.jkt, user: "someone", scope: "orders" });
  sessions.set("narrow", { jkt: key.jkt, user: "someone", scope: "other" });
});

const PATH = "/orders/7";

class OrdersController {
  list(request: object) {
    return { user: accessOf(request).token.user };
  }
}

/** As the decorators do, without their syntax. */
function nestModule(guard: CanActivate) {
  const { prototype } = OrdersController;
  const list = Object.getOwnPropertyDescriptor(prototype, "list");
  if (list === undefined) throw new Error("list must be a method");
  Get("orders")(prototype, "list", list);
  UseGuards(guard)(prototype, "list", list);
  Req()(prototype, "list", 0);
  Controller()(OrdersController);
  return { module: Object, controllers: [OrdersController] };
}

let nest: INestApplication;
beforeAll(async () => {
  nest = await NestFactory.create(nestModule(dpop({ scope: ["orders"] })), { logger: false });
  await nest.init();
});
afterAll(() => nest.close());

describe.each([
  ["express", () => createServer(express)],
  ["fastify", async () => (await fastify.ready(), fastify.server)],
  ["koa", () => createServer(koa.callback())],
  ["hono", () => createServer(getRequestListener(hono.fetch))],
  ["http", () => server],
  ["nest", () => nest.getHttpServer() as ReturnType<typeof createServer>],
] as const)("%s", (_, open) => {
  test("a good request has access, a narrow token and a request with nothing have none", async () => {
    const opened = await open();
    const port = await listen(opened);
    const get = async (token?: string): Promise<readonly [number | undefined, string]> => {
      const proof = prove(key, { htm: "GET", htu: `${origin}/orders`, token: token ?? "" });
      const headers =
        token === undefined ? {} : { Authorization: `DPoP ${token}`, DPoP: await proof };
      return new Promise((resolve, reject) => {
        const sent = requestOf({ port, path: "/orders", headers, agent: false }, (res) => {
          text(res).then((body) => resolve([res.statusCode, body]), reject);
        });
        sent.once("error", reject).end();
      });
    };
    try {
      expect(await get("wide")).toEqual([200, '{"user":"someone"}']);
      expect(await get("narrow")).toEqual([403, ""]);
      expect(await get()).toEqual([401, ""]);
    } finally {
      await close(opened);
    }
  });
});

test("next", async () => {
  const call = async (token: string): Promise<Response> => {
    const htu = origin + PATH;
    const proof = await prove(key, { htm: "GET", htu, token });
    const headers = { Authorization: `DPoP ${token}`, DPoP: proof };
    const request = new Request(`http://internal.example${PATH}`, { headers });
    return GET(request, { params: Promise.resolve({ id: "7" }) });
  };
  expect(await (await call("wide")).json()).toEqual({ id: "7", user: "someone" });
  expect((await call("narrow")).status).toBe(403);
});
