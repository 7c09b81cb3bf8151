// HTTP servers on 127.0.0.1, each on a free port, and guards for the JSON that comes back from them.
import { once } from "node:events";
import {
  createServer,
  type IncomingMessage,
  type OutgoingHttpHeaders,
  request,
  type RequestListener,
  type Server,
} from "node:http";

export interface Running {
  /** Scheme, host and port, without a slash at the end. */
  readonly origin: string;
  close(): Promise<void>;
}

export interface Loopback extends Running {
  readonly server: Server;
}

/** Listens before anybody answers: an issuer has its port in its name, so the port must be known first. */
export async function listen(): Promise<Loopback> {
  const server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port to listen on");
  return {
    server,
    origin: `http://127.0.0.1:${address.port}`,
    async close() {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections(); // fetch keeps its connections open for a while
      await closed;
    },
  };
}

/** What a server answers: the body is sent as JSON. */
export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

/** `answer` gets the request and the text of its body. */
export function answerWith(
  answer: (req: IncomingMessage, text: string) => Reply | Promise<Reply>,
): RequestListener {
  return async (req, res) => {
    try {
      let text = "";
      for await (const chunk of req.setEncoding("utf8")) text += String(chunk);
      const { status, headers, body } = await answer(req, text);
      res.writeHead(status, { "Content-Type": "application/json", ...headers });
      res.end(body === undefined ? "" : JSON.stringify(body));
    } catch (error) {
      console.error(error); // ours to repair: nothing that a client sends gets here
      res.writeHead(500).end();
    }
  };
}

export interface RawAnswer {
  readonly status: number;
  readonly challenge: string;
  readonly body: unknown;
}

/** A GET through node:http, because fetch joins two fields of one name with a comma, and we want to send two. */
export async function getWithFields(url: string, headers: OutgoingHttpHeaders): Promise<RawAnswer> {
  const sent = request(url, { headers });
  const answered = new Promise<RawAnswer>((resolve, reject) => {
    sent.on("error", reject);
    sent.on("response", (response) => {
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (chunk: string) => (text += chunk));
      response.on("error", reject);
      response.on("end", () => {
        const challenge = response.headers["www-authenticate"] ?? "";
        resolve({ status: response.statusCode ?? 0, challenge, body: parseJson(text) });
      });
    });
  });
  sent.end();
  return answered;
}

/** What is no JSON is undefined, and has no members. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** A member of what should be a JSON object; undefined where it is not an object, or has no such member of its own. */
export function member(value: unknown, name: string): unknown {
  if (typeof value !== "object" || value === null || !Object.hasOwn(value, name)) return undefined;
  return (value as Readonly<Record<string, unknown>>)[name]; // an object with that member, as was just checked
}

/** The same where only a string will do. */
export function stringMember(value: unknown, name: string): string | undefined {
  const found = member(value, name);
  return typeof found === "string" ? found : undefined;
}
