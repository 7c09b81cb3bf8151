// node:http and node:http2.
import { createServer } from "node:http";
import * as http2 from "node:http2";
import { createGuard, type Handler, type HttpRequest, type HttpResponse } from "dpop-core/http"; // glue
import type { GuardOptions } from "dpop-core/http";
import type { Claims } from "../support/api.js";
import { bridged } from "../support/bridge.js";
import { SECRET_OF_HANDLER, type TestServer } from "../support/server.js";
import { serve } from "./express.js";

export function httpHandler(options: GuardOptions<Claims>) {
  const guard = createGuard(options); // glue
  const routes: Handler<HttpRequest, HttpResponse, Claims> = (req, res, { token }) => {
    const body = JSON.stringify({ sub: token.sub });
    if (req.url === "/throws") throw new Error(SECRET_OF_HANDLER);
    else if (req.url === "/redirect") res.writeHead(302, { location: "/elsewhere" }).end();
    else if (req.url === "/cached") {
      res.setHeader("cache-control", "no-cache");
      res.writeHead(200, { "cache-control": "public, max-age=60", "dpop-nonce": "forged" });
      res.end(body);
    } else res.end(body);
  };
  const api = guard(routes); // glue
  const write = guard({ scope: ["write"] }, api);
  return (req: HttpRequest, res: HttpResponse): void => {
    if (req.url === "/open") res.end(JSON.stringify({ open: true }));
    else if (req.url === "/write") write(req, res);
    else api(req, res);
  };
}

export const http: TestServer = {
  name: "node:http",
  file: "http.ts",
  start: (options) => serve(createServer(httpHandler(options))),
};

export const http2Server: TestServer = {
  name: "node:http2",
  file: "http.ts",
  start: (options) => bridged(http2.createServer(httpHandler(options))),
};
