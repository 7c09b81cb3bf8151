// From HTTP/1.1, which the suite speaks, to a server that speaks something else: HTTP/2, or a function that takes a
// simulated request.
import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import { connect, type Http2Server, type OutgoingHttpHeaders } from "node:http2";
import { buffer, text } from "node:stream/consumers";
import type { Running } from "./server.js";
import { close, listen } from "./wire.js";

/** What a function answers. */
export interface Simulated {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | readonly string[] | number | undefined>>;
  readonly body: string;
}

/** A server whose requests a function answers. */
export async function simulated(
  answer: (req: IncomingMessage, body: string) => Promise<Simulated>,
  end: () => Promise<void> = async () => undefined,
): Promise<Running> {
  const server = createServer(async (req, res) => {
    try {
      const { status, headers, body } = await answer(req, await text(req));
      for (const [name, value] of Object.entries(headers))
        if (value !== undefined) res.setHeader(name, value);
      res.writeHead(status).end(body);
    } catch (error) {
      res.destroy(error instanceof Error ? error : undefined);
    }
  });
  return {
    port: await listen(server),
    async close() {
      await close(server);
      await end();
    },
  };
}

/** Every value of every field, by its name in small letters. */
export function fieldsOf({ rawHeaders }: IncomingMessage): ReadonlyMap<string, readonly string[]> {
  const fields = new Map<string, string[]>();
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = (rawHeaders[i] ?? "").toLowerCase();
    fields.set(name, [...(fields.get(name) ?? []), rawHeaders[i + 1] ?? ""]);
  }
  return fields;
}

/** The fields of HTTP/1.1 that HTTP/2 has not. */
const CONNECTION = new Set(["connection", "host", "transfer-encoding", "keep-alive"]);

/** A server of HTTP/2 behind one of HTTP/1.1. */
export async function bridged(server: Http2Server): Promise<Running> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port to listen on");
  const session = connect(`http://127.0.0.1:${address.port}`);
  const answer = async (req: IncomingMessage, body: string): Promise<Simulated> => {
    const path = (req.url ?? "").replace(/^https?:\/\/[^/]+/i, "");
    const headers: OutgoingHttpHeaders = { ":method": req.method, ":path": path };
    for (const [name, values] of fieldsOf(req)) {
      // The client of Node sends this field only once; some proxies join it so.
      if (name === "authorization") headers[name] = values.join(", ");
      else if (!CONNECTION.has(name)) headers[name] = [...values];
    }
    const stream = session.request(headers, { endStream: body === "" });
    const whole = buffer(stream);
    const arrived = once(stream, "response");
    if (body !== "") stream.end(body);
    const [{ ":status": status, ...fields }] = (await arrived) as [Simulated["headers"]];
    return { status: Number(status), headers: fields, body: (await whole).toString("utf8") };
  };
  return simulated(answer, async () => {
    session.close();
    server.close();
    await once(server, "close");
  });
}
