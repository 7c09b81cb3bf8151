// Program: an HTTP server for load.ts, started as `engine server.js NAME`. It writes its port to the standard
// output, and answers a request for /processor with the microseconds of processor time that it has used.
import { createServer } from "node:http";
import process from "node:process";
import { demand } from "../engine/contest.js";
import { type Bindings, SERVERS } from "../implementations/servers.js";

async function readBindings(): Promise<Bindings> {
  let text = "";
  for await (const chunk of process.stdin.setEncoding("utf8")) text += chunk;
  const told: unknown = JSON.parse(text);
  demand(Array.isArray(told), "bindings are a list");
  return new Map(told.map(([token, jkt]) => [String(token), String(jkt)]));
}

const judge = SERVERS[process.argv[2] ?? ""]?.(await readBindings());
demand(judge !== undefined, "there is no such server");

const server = createServer(async (request, response) => {
  if (request.url === "/processor") {
    const { user, system } = process.cpuUsage();
    response.end(String(user + system));
    return;
  }
  const verdict = judge(request);
  const good = typeof verdict === "boolean" ? verdict : await verdict.catch(() => false);
  response.writeHead(good ? 200 : 401, { "content-type": "text/plain", "content-length": "5" });
  response.end("hello");
});
server.keepAliveTimeout = 600_000;
// A connection waits for its turn longer than a minute, after which Node would answer 408.
server.headersTimeout = 0;
server.requestTimeout = 0;
server.listen(0, "127.0.0.1", () => {
  const address = server.address();
  if (typeof address === "object" && address !== null) process.stdout.write(`${address.port}\n`);
});
