// HTTP servers on this machine: a port, a listener that gets the body, and an end.
import { once } from "node:events";
import { createServer, type IncomingMessage, type RequestListener, type Server } from "node:http";
import { mistake } from "../base/fault.js";

const HOST = "127.0.0.1";

/** A server that listens and does not answer yet: an issuer has its port in its name. */
export interface Listening {
  readonly server: Server;
  /** Scheme, host and port. */
  readonly origin: string;
  close(): Promise<void>;
}

/** Listens at a port of this machine only; 0 is any free port. */
export async function listen(port: number): Promise<Listening> {
  const server = createServer();
  server.listen(port, HOST);
  try {
    await once(server, "listening");
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    if (code === "EADDRINUSE")
      throw mistake(
        `port ${port} is in use`,
        "Choose others with --port, or any free ones with --port 0",
      );
    if (code === "EACCES")
      throw mistake(
        `the system permits no server at port ${port}`,
        "Choose a port above 1023 with --port",
      );
    throw error;
  }
  const address = server.address();
  if (address === null || typeof address === "string") throw new TypeError("a server has a port");
  return {
    server,
    origin: `http://${HOST}:${address.port}`,
    async close() {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

/** What a server sends back: the body as JSON. */
export interface Reply {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly body?: unknown;
}

/** Characters; a token request has some hundreds. */
const MOST_BODY = 65_536;

/** Makes a listener of a function that gets the request and its body. What it throws goes to `tell`. */
export function answerWith(
  answer: (req: IncomingMessage, text: string) => Reply | Promise<Reply>,
  tell: (error: unknown) => void,
): RequestListener {
  return async (req, res) => {
    try {
      let text = "";
      for await (const chunk of req.setEncoding("utf8")) {
        text += String(chunk);
        if (text.length > MOST_BODY) {
          res.writeHead(413, { Connection: "close" }).end();
          return;
        }
      }
      const { status, headers, body } = await answer(req, text);
      res.writeHead(status, { "Content-Type": "application/json", ...headers });
      res.end(body === undefined ? "" : `${JSON.stringify(body)}\n`);
    } catch (error) {
      tell(error);
      if (!res.headersSent) res.writeHead(500);
      res.end();
    }
  };
}
