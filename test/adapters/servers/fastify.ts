// Fastify 5, over HTTP.
import type { AddressInfo } from "node:net";
import { createGuard } from "dpop-core/fastify"; // glue
import type { GuardOptions } from "dpop-core/fastify";
import fastify from "fastify";
import type { Claims } from "../support/api.js";
import { SECRET_OF_HANDLER, type TestServer } from "../support/server.js";

export async function fastifyApp(options: GuardOptions<Claims>) {
  const app = fastify({ forceCloseConnections: true });
  app.get("/open", async () => ({ open: true }));
  const guard = createGuard(options); // glue
  await app.register(async (api) => {
    await api.register(guard.plugin); // glue
    const answer = (request: object) => ({ sub: guard.accessOf(request).token.sub });
    api.route({ method: ["GET", "POST", "OPTIONS"], url: "/orders", handler: answer });
    api.get("/write", { preHandler: guard({ scope: ["write"] }) }, answer);
    api.get("/files/*", answer);
    api.get("/cached", async (request, reply) => {
      reply.headers({ "Cache-Control": "public, max-age=60", "DPoP-Nonce": "forged" });
      return answer(request);
    });
    api.get("/redirect", (_request, reply) => reply.redirect("/elsewhere"));
    api.get("/throws", async () => {
      throw new Error(SECRET_OF_HANDLER);
    });
  });
  return app;
}

export const fastifyServer: TestServer = {
  name: "fastify 5",
  file: "fastify.ts",
  async start(options) {
    const app = await fastifyApp(options);
    await app.listen({ port: 0, host: "127.0.0.1" });
    const [address] = app.addresses() as readonly AddressInfo[]; // of TCP
    return { port: address?.port ?? 0, close: () => app.close() };
  },
};
