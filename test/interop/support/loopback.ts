// HTTP servers on 127.0.0.1, each on a free port, so that every peer is an origin of its own.
import { once } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer } from "node:net";
import { text } from "node:stream/consumers";
import { listen, type Loopback } from "../../../examples/demo/loopback.js";

export { listen, type Loopback };

export const HOST = "127.0.0.1";

/** For a server that takes a number: no server listens there now. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, HOST);
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  if (address === null || typeof address === "string") throw new Error("no port to listen on");
  return address.port;
}

/** A request as a server of ours looks at it. */
export interface Received {
  readonly method: string;
  /** The path without the query. */
  readonly path: string;
  /** Absolute, with the server's own origin: what a client puts into `Host` proves nothing. */
  readonly url: string;
  readonly authorization: readonly string[] | undefined;
  readonly proof: readonly string[] | undefined;
  readonly query: URLSearchParams;
  /** The body, read as application/x-www-form-urlencoded. */
  readonly form: URLSearchParams;
}

export interface Reply {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** To be sent as JSON. */
  readonly body?: unknown;
}

/** Lets a function answer every request; what it throws is a 500 that says so. */
export function answerWith(
  { server, origin }: Loopback,
  answer: (request: Received) => Reply | Promise<Reply>,
): void {
  server.on("request", async (req, res) => {
    try {
      send(res, await answer(await receive(req, origin)));
    } catch (error) {
      console.error(error);
      send(res, { status: 500 });
    }
  });
}

async function receive(req: IncomingMessage, origin: string): Promise<Received> {
  const target = new URL(req.url ?? "/", origin);
  return {
    method: req.method ?? "",
    path: target.pathname,
    url: `${origin}${req.url ?? ""}`,
    authorization: req.headersDistinct["authorization"],
    proof: req.headersDistinct["dpop"],
    query: target.searchParams,
    form: new URLSearchParams(await text(req)),
  };
}

function send(res: ServerResponse, { status, headers, body }: Reply): void {
  res.writeHead(status, { "Content-Type": "application/json", ...headers });
  res.end(body === undefined ? undefined : JSON.stringify(body));
}
