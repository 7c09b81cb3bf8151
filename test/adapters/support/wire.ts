// HTTP/1.1 as bytes: a client that sends what no library would, and a proxy with TLS that strips a prefix and
// passes on everything else as it came.
import { once } from "node:events";
import { connect, type Server, type Socket } from "node:net";
import { connect as connectTls, createServer as createTlsServer } from "node:tls";
import type { Certificate } from "./certificate.js";

export interface RawRequest {
  readonly method: string;
  /** As it stands in the request line. */
  readonly target: string;
  readonly headers: readonly (readonly [string, string])[];
  readonly body?: string | undefined;
}

export interface RawResponse {
  readonly status: number;
  /** The values of a header field, in order. */
  all(name: string): readonly string[];
  /** The only value of a header field, undefined without one. Throws where there are several. */
  one(name: string): string | undefined;
  readonly body: string;
  /** All of it, as it came. */
  readonly text: string;
}

/** Where to send: through the proxy with its certificate, or in the clear. */
export interface Peer {
  readonly port: number;
  readonly ca?: string | undefined;
}

/** Milliseconds. */
const LIMIT = 10_000;

export async function send(peer: Peer, request: RawRequest): Promise<RawResponse> {
  const { method, target, headers, body } = request;
  const length = body === undefined ? [] : [["Content-Length", String(Buffer.byteLength(body))]];
  const fields = [["Host", "internal.example"], ["Connection", "close"], ...length, ...headers];
  const head = fields.map(([name, value]) => `${name}: ${value}\r\n`).join("");
  const socket = open(peer);
  socket.setTimeout(LIMIT, () => socket.destroy(new Error(`no response in ${LIMIT} ms`)));
  socket.write(`${method} ${target} HTTP/1.1\r\n${head}\r\n${body ?? ""}`);
  const chunks: Buffer[] = [];
  for await (const chunk of socket) chunks.push(chunk as Buffer); // no encoding was set
  return parse(Buffer.concat(chunks).toString("utf8"));
}

function open({ port, ca }: Peer): Socket {
  if (ca === undefined) return connect(port, "127.0.0.1");
  return connectTls({ port, host: "127.0.0.1", servername: "localhost", ca });
}

function parse(text: string): RawResponse {
  const end = text.indexOf("\r\n\r\n");
  const [line = "", ...rest] = text.slice(0, end).split("\r\n");
  const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(line)?.[1]);
  if (Number.isNaN(status)) throw new Error(`no response: ${text.slice(0, 200)}`);
  const fields = rest.map((field): [string, string] => {
    const colon = field.indexOf(":");
    return [field.slice(0, colon).toLowerCase(), field.slice(colon + 1).trim()];
  });
  const all = (name: string): string[] =>
    fields.filter(([field]) => field === name.toLowerCase()).map(([, value]) => value);
  const one = (name: string): string | undefined => {
    const [value, ...more] = all(name);
    if (more.length > 0) throw new Error(`${name} came ${more.length + 1} times`);
    return value;
  };
  const raw = text.slice(end + 4);
  return {
    status,
    all,
    one,
    text,
    body: one("transfer-encoding") === "chunked" ? joined(raw) : raw,
  };
}

function joined(chunks: string): string {
  let text = "";
  for (let rest = chunks; ;) {
    const [size = ""] = rest.split("\r\n", 1);
    const length = Number.parseInt(size, 16);
    if (!(length > 0)) return text;
    text += rest.slice(size.length + 2, size.length + 2 + length);
    rest = rest.slice(size.length + 4 + length);
  }
}

export interface Proxy {
  readonly port: number;
  /** Where it sends, once that is known. */
  to(port: number): void;
  close(): Promise<void>;
}

export async function startProxy(certificate: Certificate, prefix: string): Promise<Proxy> {
  let backend = 0;
  const server = createTlsServer(certificate, (client) => {
    client.on("error", () => undefined); // a client may go away
    client.once("data", (head) => {
      const upstream = connect(backend, "127.0.0.1");
      upstream.on("error", () => client.destroy());
      upstream.write(head.toString("latin1").replace(` ${prefix}/`, " /"), "latin1");
      client.pipe(upstream).pipe(client);
    });
  });
  const port = await listen(server);
  return {
    port,
    to(next) {
      backend = next;
    },
    close: () => close(server),
  };
}

export async function listen(server: Server): Promise<number> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port to listen on");
  return address.port;
}

export async function close(server: Server): Promise<void> {
  server.close();
  if ("closeAllConnections" in server && typeof server.closeAllConnections === "function")
    server.closeAllConnections();
  await once(server, "close");
}
