// npm run example:browser: a web app, an authorization server and an API, each of an origin of its own.
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer, type RequestListener, type Server, type ServerResponse } from "node:http";
import { pathToFileURL } from "node:url";
import { createExampleApi } from "./api.js";
import { createExampleAuthorizationServer, type Settings } from "./authorization-server.js";
import { bundle } from "./bundle.js";

export interface ExampleOptions {
  /** Of the app, the authorization server and the API; 0 is any that is free. */
  readonly ports: readonly [number, number, number];
  readonly settings?: Partial<Settings>;
  /** The path of the app that the authorization server returns to. Default /callback. */
  readonly redirectPath?: string;
  /** Stands before each server, in tests. */
  readonly wrap?: (name: "app" | "as" | "api", listener: RequestListener) => RequestListener;
}

export async function startExample(options: ExampleOptions) {
  const { ports, settings, redirectPath = "/callback", wrap = (_, listener) => listener } = options;
  const servers = await Promise.all(ports.map(listen));
  const [app, issuer, api] = servers.map(originOf) as [string, string, string]; // as many as ports
  const authorizationServer = createExampleAuthorizationServer({
    issuer,
    clientId: "example-app",
    redirectUri: `${app}${redirectPath}`,
    lifetime: 300,
    leeway: 0,
    reuse: "ends the session",
    pushes: true,
    ...settings,
  });
  const [page, script, worker] = await Promise.all([
    readFile(new URL("index.html", import.meta.url), "utf8"),
    bundle(new URL("app.ts", import.meta.url), "esm"),
    bundle(new URL("worker.ts", import.meta.url), "iife"),
  ]);
  const config = JSON.stringify({ authorizationServer: issuer, api });
  const appListener: RequestListener = ({ url = "" }, res) => {
    switch (new URL(url, app).pathname) {
      case "/config.json":
        return send(res, "application/json", config);
      case "/app.js":
        return send(res, "text/javascript; charset=utf-8", script);
      case "/worker.js":
        return send(res, "text/javascript; charset=utf-8", worker);
      default: // the page finds out itself where it is
        return send(res, "text/html; charset=utf-8", page);
    }
  };
  const apiListener = createExampleApi(api, app, authorizationServer.introspect);
  servers[0]?.on("request", wrap("app", appListener));
  servers[1]?.on("request", wrap("as", authorizationServer.listener));
  servers[2]?.on("request", wrap("api", apiListener));
  return {
    app,
    issuer,
    api,
    authorizationServer,
    close() {
      for (const server of servers) {
        server.close();
        server.closeAllConnections();
      }
    },
  };
}

async function listen(port: number): Promise<Server> {
  const server = createServer();
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  return server;
}

function originOf(server: Server): string {
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port to listen on");
  return `http://127.0.0.1:${address.port}`;
}

function send(res: ServerResponse, type: string, text: string): void {
  res.writeHead(200, { "Content-Type": type, "Cache-Control": "no-store" }).end(text);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const { app } = await startExample({ ports: [4000, 4001, 4002] });
  console.log(`open ${app} in a browser`);
}
