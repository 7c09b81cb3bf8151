// Handlers from a Request to a Response: h3 2 and srvx, over HTTP.
import { createGuard } from "dpop-core/fetch"; // glue
import type { GuardOptions } from "dpop-core/fetch";
import { H3, serve as serveH3 } from "h3";
import { serve } from "srvx";
import type { Claims } from "../support/api.js";
import { SECRET_OF_HANDLER, type TestServer } from "../support/server.js";

export function fetchHandler(options: GuardOptions<Claims>) {
  const guard = createGuard(options); // glue
  const routes = guard((request, { token }) => {
    const { pathname } = new URL(request.url);
    if (pathname === "/throws") throw new Response(SECRET_OF_HANDLER.slice(0, 0), { status: 500 });
    // Its header fields are immutable.
    if (pathname === "/redirect") return Response.redirect("https://localhost/elsewhere", 302);
    const fields = { "Cache-Control": "public, max-age=60", "DPoP-Nonce": "forged" };
    return Response.json({ sub: token.sub }, pathname === "/cached" ? { headers: fields } : {});
  }); // glue
  const write = guard({ scope: ["write"] }, routes);
  return async (request: Request): Promise<Response> => {
    const { pathname } = new URL(request.url);
    if (pathname === "/open") return Response.json({ open: true });
    try {
      return await (pathname === "/write" ? write : routes)(request);
    } catch (error) {
      if (error instanceof Response) return error; // as frameworks do that know thrown responses
      throw error;
    }
  };
}

const LOOPBACK = { port: 0, hostname: "127.0.0.1", silent: true } as const;

export const srvx: TestServer = {
  name: "fetch by srvx",
  file: "fetch.ts",
  async start(options) {
    const server = serve({ ...LOOPBACK, fetch: fetchHandler(options) });
    await server.ready();
    return { port: Number(new URL(server.url ?? "").port), close: () => server.close(true) };
  },
};

export const h3: TestServer = {
  name: "h3 2",
  file: "fetch.ts",
  async start(options) {
    const app = new H3({ silent: true });
    const handler = fetchHandler(options);
    app.all("/**", (event) => handler(event.req));
    const server = serveH3(app, LOOPBACK);
    await server.ready();
    return { port: Number(new URL(server.url ?? "").port), close: () => server.close(true) };
  },
};
