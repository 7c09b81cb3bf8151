// The servers of the suite, in the order in which they are tried.
import { express, expressBefore } from "./servers/express.js";
import { fastifyServer } from "./servers/fastify.js";
import { h3, srvx } from "./servers/fetch.js";
import { hono } from "./servers/hono.js";
import { http, http2Server } from "./servers/http.js";
import { koa } from "./servers/koa.js";
import { inject, lambda } from "./servers/simulated.js";
import type { TestServer } from "./support/server.js";

export const SERVERS: readonly TestServer[] = [
  express,
  expressBefore,
  lambda,
  fastifyServer,
  inject,
  koa,
  hono,
  http,
  http2Server,
  srvx,
  h3,
];
