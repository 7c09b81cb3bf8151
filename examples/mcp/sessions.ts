import { randomUUID } from "node:crypto";
import { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import { StreamableHTTPServerTransport } from "@modelcontextprotocol/sdk/server/streamableHttp.js";

const sessions = new Map<string, StreamableHTTPServerTransport>(); // by key and session id

/** Returns the session if this key opened it, else undefined; a new one where there is no id. */
export async function sessionOf(jkt: string | undefined, id: string | string[] | undefined) {
  if (id !== undefined) return sessions.get(`${jkt} ${id}`);
  const transport = new StreamableHTTPServerTransport({
    sessionIdGenerator: randomUUID,
    onsessioninitialized: (newId) => void sessions.set(`${jkt} ${newId}`, transport),
    onsessionclosed: (closedId) => void sessions.delete(`${jkt} ${closedId}`),
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
