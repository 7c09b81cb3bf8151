import { randomUUID } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { AuthInfo } from "@modelcontextprotocol/sdk/server/auth/types.js";
import { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import { StreamableHTTPServerTransport } from "@modelcontextprotocol/sdk/server/streamableHttp.js";

type McpRequest = IncomingMessage & { readonly auth: AuthInfo; readonly body?: unknown };
const sessions = new Map<string, StreamableHTTPServerTransport>(); // by key and session id

/** Hands a request to the session of its id if this key opened that; without an id, to a new one. */
export async function handle(jkt: string | undefined, req: McpRequest, res: ServerResponse) {
  const { "mcp-session-id": id } = req.headers;
  const session = id === undefined ? await open(jkt) : sessions.get(`${jkt} ${id}`);
  if (session === undefined) res.writeHead(404).end();
  else await session.handleRequest(req, res, req.body);
}

async function open(jkt: string | undefined) {
  const transport = new StreamableHTTPServerTransport({
    sessionIdGenerator: randomUUID,
    onsessioninitialized: (id) => void sessions.set(`${jkt} ${id}`, transport),
    onsessionclosed: (id) => void sessions.delete(`${jkt} ${id}`),
  });
  await createMcpServer().connect(transport);
  return transport;
}

/** What you have already. */
function createMcpServer() {
  const server = new McpServer({ name: "example", version: "1.0.0" });
  const config = { description: "Says what the server knows of who calls." };
  server.registerTool("whoami", config, ({ authInfo }) => {
    const text = JSON.stringify({ ...authInfo, token: undefined });
    return { content: [{ type: "text", text }] };
  });
  return server;
}
