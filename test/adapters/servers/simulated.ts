// Requests that never came over HTTP: light-my-request, by Fastify's inject, and serverless-http before Express.
import type { GuardOptions } from "dpop-core/express";
import type { IncomingMessage } from "node:http";
import type { InjectOptions } from "fastify";
import serverless from "serverless-http";
import type { Claims } from "../support/api.js";
import { fieldsOf, type Simulated, simulated } from "../support/bridge.js";
import type { TestServer } from "../support/server.js";
import { expressApp } from "./express.js";
import { fastifyApp } from "./fastify.js";

export const inject: TestServer = {
  name: "fastify 5 by inject",
  file: "fastify.ts",
  async start(options) {
    const app = await fastifyApp(options);
    const answer = async (req: IncomingMessage, payload: string): Promise<Simulated> => {
      const { statusCode, headers, body } = await app.inject({
        method: (req.method ?? "GET") as NonNullable<InjectOptions["method"]>, // one that HTTP knows
        url: req.url ?? "",
        // Lists where a field came more than once.
        headers: Object.fromEntries(
          [...fieldsOf(req)].map(([name, all]) => [
            name,
            all.length > 1 ? [...all] : (all[0] ?? ""),
          ]),
        ),
        payload,
      });
      return { status: statusCode, headers: withoutLength(headers), body };
    };
    return simulated(answer, () => app.close());
  },
};

export const lambda: TestServer = {
  name: "express 5 by serverless-http",
  file: "express.ts",
  async start(options: GuardOptions<Claims>) {
    const handler = serverless(expressApp(options));
    return simulated(async (req, body) => {
      // An event of API Gateway, version 2.0, which joins the fields that came more than once.
      const fields = [...fieldsOf(req)].map(([name, all]) => [name, all.join(",")] as const);
      const [rawPath = "", rawQueryString = ""] = (req.url ?? "").split("?");
      const answer = (await handler(
        {
          version: "2.0",
          rawPath,
          rawQueryString,
          headers: Object.fromEntries(fields),
          requestContext: { http: { method: req.method, sourceIp: "127.0.0.1" } },
          body,
        },
        {},
      )) as { statusCode: number; headers: Simulated["headers"]; body: string };
      return {
        status: answer.statusCode,
        headers: withoutLength(answer.headers),
        body: answer.body,
      };
    });
  },
};

/** The bridge sends the body anew. */
function withoutLength(headers: Simulated["headers"]): Simulated["headers"] {
  const dropped = new Set(["content-length", "transfer-encoding", "connection"]);
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !dropped.has(name)));
}
