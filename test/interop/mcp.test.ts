// examples/mcp over HTTP: its server as a process, its client, and those who must not get in.
import { fileURLToPath } from "node:url";
import {
  type ClientSession,
  createClientSession,
  createDpopFetch,
  createSigner,
  generatePrivateJwk,
} from "dpop-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { connect } from "../../examples/mcp/client.js";
import { type Service, startService } from "../support/process.js";
import { freePort, HOST } from "./support/loopback.js";
import { type McpIssuer, startMcpIssuer } from "./support/mcp-issuer.js";
import { member } from "./support/peers.js";

let issuer: McpIssuer;
let server: Service;
let origin: string;
let url: string;

beforeAll(async () => {
  issuer = await startMcpIssuer();
  const port = await freePort();
  origin = `http://${HOST}:${port}`;
  url = `${origin}/mcp`;
  server = startServer({ PORT: String(port), ISSUER: issuer.issuer, API: origin });
  await Promise.race([answers(`${origin}${METADATA}`), server.ended]);
});
afterAll(async () => {
  await server.stop();
  await issuer.close();
});

const METADATA = "/.well-known/oauth-protected-resource/mcp";
const path = (file: string): string => fileURLToPath(new URL(file, import.meta.url));

function startServer(variables: NodeJS.ProcessEnv): Service {
  const args = ["--import", "tsx", path("../../examples/mcp/server.ts")];
  const env = { ...process.env, ...variables, TSX_TSCONFIG_PATH: path("tsconfig.json") };
  return startService(process.execPath, args, { limit: 120_000, cwd: path("../.."), env });
}

async function answers(address: string): Promise<void> {
  for (;;) {
    const isThere = await fetch(address).then(
      () => true,
      () => false,
    );
    if (isThere) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

function newSession(): ClientSession {
  return createClientSession({ signer: createSigner(generatePrivateJwk("ES256")) });
}

/** A client without the SDK, which keeps what it sent and got. */
interface RawClient {
  readonly session: ClientSession;
  readonly sent: readonly RequestInit[];
  readonly got: readonly Answer[];
  send(init: Sent): Promise<Response>;
}

type Answer = Pick<Response, "status" | "headers">;

interface Sent {
  readonly accessToken: string;
  readonly method?: string;
  readonly sessionId?: string | undefined;
  readonly message?: object;
}

function rawClient(session = newSession()): RawClient {
  const sent: RequestInit[] = [];
  const got: Answer[] = [];
  const kept = async (input: string | URL | Request, init: RequestInit = {}): Promise<Response> => {
    const response = await fetch(input, init);
    sent.push(init);
    got.push({ status: response.status, headers: response.headers });
    return response;
  };
  const dpopFetch = createDpopFetch({ session, fetch: kept });
  return {
    session,
    sent,
    got,
    send: ({ accessToken, method = "POST", sessionId, message }) =>
      dpopFetch(url, {
        method,
        headers: {
          Authorization: `DPoP ${accessToken}`,
          Accept: method === "GET" ? "text/event-stream" : "application/json, text/event-stream",
          "Content-Type": "application/json",
          ...(sessionId === undefined ? {} : { "Mcp-Session-Id": sessionId }),
        },
        ...(message === undefined ? {} : { body: JSON.stringify(message) }),
      }),
  };
}

const INITIALIZE = {
  jsonrpc: "2.0",
  id: 1,
  method: "initialize",
  params: {
    protocolVersion: "2025-06-18",
    capabilities: {},
    clientInfo: { name: "raw", version: "1.0.0" },
  },
};
const WHOAMI = { jsonrpc: "2.0", id: 2, method: "tools/call", params: { name: "whoami" } };

/** A token for this server and the key of a session. */
function tokenFor({ jkt }: ClientSession): Promise<string> {
  return issuer.issue({ audience: url, scope: "mcp", jkt });
}

/** What the tool said, in the body of a response. */
async function toldBy(response: Response): Promise<unknown> {
  const data = /^data: (.+)$/m.exec(await response.text())?.[1] ?? "null";
  return told(member(JSON.parse(data), "result"));
}

function told(result: unknown): unknown {
  const content = member(result, "content");
  const text = Array.isArray(content) ? member(content[0], "text") : undefined;
  return typeof text === "string" ? JSON.parse(text) : undefined;
}

/** What the server said of who called. */
function callerOf({ jkt }: ClientSession): object {
  return {
    clientId: "an-mcp-client",
    scopes: ["mcp"],
    expiresAt: expect.any(Number),
    extra: { jkt },
  };
}

function refusalOf(response: Response): readonly [number, string | undefined] {
  const challenge = response.headers.get("WWW-Authenticate") ?? "";
  expect(challenge).toMatch(/^DPoP /);
  expect(challenge).toContain(`resource_metadata="${origin}${METADATA}"`);
  return [response.status, /error="(\w+)"/.exec(challenge)?.[1]];
}

describe("the client of examples/mcp at its server", () => {
  test("finds the issuer, gets a token for its key, and calls a tool that knows client and key", async () => {
    const session = newSession();
    const client = await connect(new URL(url), session, issuer.consent);
    const { tools } = await client.listTools();
    expect(tools.map(({ name }) => name)).toEqual(["whoami"]);
    expect(told(await client.callTool({ name: "whoami" }))).toEqual(callerOf(session));
    await client.close();
    expect(issuer.codeKeys.at(-1)).toBe(session.jkt);
    expect(issuer.outcomes.slice(-2)).toEqual(["nonce_missing", session.jkt]);
  });

  test("takes no token that is bound to nothing", async () => {
    const session = newSession();
    const misled: ClientSession = {
      ...session,
      readTokenResponse: (body) =>
        session.readTokenResponse(Object.assign({}, body, { token_type: "Bearer" })),
    };
    const connected = connect(new URL(url), misled, issuer.consent);
    await expect(connected).rejects.toThrow("the token must be bound");
  });

  test("is sent away where the code is for another key", async () => {
    const consent = (page: URL): Promise<string> => {
      page.searchParams.set("dpop_jkt", newSession().jkt);
      return issuer.consent(page);
    };
    await expect(connect(new URL(url), newSession(), consent)).rejects.toThrow();
    expect(issuer.outcomes).toContain("jkt_mismatch");
  });
});

describe("the server of examples/mcp", () => {
  test("publishes what RFC 9728 asks for, at the URL that its challenges name", async () => {
    const anonymous = await fetch(url, { method: "POST" });
    expect(refusalOf(anonymous)).toEqual([401, undefined]);
    const response = await fetch(`${origin}${METADATA}`);
    expect(await response.json()).toEqual({
      resource: url,
      authorization_servers: [issuer.issuer],
      scopes_supported: ["mcp"],
      dpop_signing_alg_values_supported: expect.arrayContaining(["ES256", "Ed25519"]),
      dpop_bound_access_tokens_required: true,
    });
  });

  test("asks for a nonce once, with no-store, and then lets the same request in", async () => {
    const client = rawClient();
    const accessToken = await tokenFor(client.session);
    await client.send({ accessToken, message: INITIALIZE });
    const [asked, granted, ...more] = client.got;
    expect([asked, granted].map((response) => response?.status)).toEqual([401, 200]);
    expect(more).toEqual([]);
    expect(asked?.headers.get("WWW-Authenticate")).toContain('error="use_dpop_nonce"');
    expect(asked?.headers.get("DPoP-Nonce")).toMatch(/./);
    expect(asked?.headers.get("Cache-Control")).toBe("no-store");
    expect(granted?.headers.get("Mcp-Session-Id")).toMatch(/./);
  });

  test("refuses a thief with the token and another key", async () => {
    const owner = rawClient();
    const accessToken = await tokenFor(owner.session);
    const thief = rawClient();
    const own = await tokenFor(thief.session);
    expect((await thief.send({ accessToken: own, message: INITIALIZE })).status).toBe(200);
    const stolen = await thief.send({ accessToken, message: INITIALIZE });
    expect(refusalOf(stolen)).toEqual([401, "invalid_token"]);
    expect((await owner.send({ accessToken, message: INITIALIZE })).status).toBe(200);
  });

  test("refuses the token as Bearer, with a proof and without", async () => {
    const client = rawClient();
    const accessToken = await tokenFor(client.session);
    await client.send({ accessToken, message: INITIALIZE });
    const Authorization = `Bearer ${accessToken}`;
    const DPoP = client.session.buildProof({ method: "POST", url, accessToken });
    for (const headers of [{ Authorization }, { Authorization, DPoP }]) {
      const response = await fetch(url, { method: "POST", headers });
      expect(refusalOf(response)[0]).toBe(401);
    }
  });

  test("refuses a request that is sent again as it was", async () => {
    const client = rawClient();
    const accessToken = await tokenFor(client.session);
    const first = await client.send({ accessToken, message: INITIALIZE });
    expect(first.status).toBe(200);
    const again = await fetch(url, client.sent.at(-1));
    expect(refusalOf(again)).toEqual([401, "invalid_dpop_proof"]);
  });

  test("refuses a token that is unbound, for another server, expired, or without the scope", async () => {
    const client = rawClient();
    const { jkt } = client.session;
    const good = { audience: url, scope: "mcp", jkt };
    const refused = async (token: Parameters<McpIssuer["issue"]>[0]) =>
      refusalOf(await client.send({ accessToken: await issuer.issue(token), message: INITIALIZE }));
    expect(await refused({ ...good, jkt: undefined })).toEqual([401, "invalid_token"]);
    expect(await refused({ ...good, audience: origin })).toEqual([401, "invalid_token"]);
    expect(await refused({ ...good, life: -1 })).toEqual([401, "invalid_token"]);
    expect(await refused({ ...good, scope: "other" })).toEqual([403, "insufficient_scope"]);
  });
});

describe("a session of the server of examples/mcp", () => {
  async function openSession(client: RawClient, accessToken: string): Promise<string> {
    const response = await client.send({ accessToken, message: INITIALIZE });
    await response.text();
    return response.headers.get("Mcp-Session-Id") ?? "";
  }

  test("is found by a new token of its key", async () => {
    const client = rawClient();
    const sessionId = await openSession(client, await tokenFor(client.session));
    const accessToken = await tokenFor(client.session);
    const response = await client.send({ accessToken, sessionId, message: WHOAMI });
    expect(await toldBy(response)).toEqual(callerOf(client.session));
    const stream = await client.send({ accessToken, sessionId, method: "GET" });
    expect([stream.status, stream.headers.get("Content-Type")]).toEqual([200, "text/event-stream"]);
    await stream.body?.cancel();
  });

  test("is as unknown to another key, with a good token of its own, as one that never was", async () => {
    const owner = rawClient();
    const ownerToken = await tokenFor(owner.session);
    const sessionId = await openSession(owner, ownerToken);
    const stranger = rawClient();
    const accessToken = await tokenFor(stranger.session);
    for (const method of ["GET", "DELETE", "POST"]) {
      const request = { accessToken, method, ...(method === "POST" ? { message: WHOAMI } : {}) };
      const [other, none] = [
        await stranger.send({ ...request, sessionId }),
        await stranger.send({ ...request, sessionId: crypto.randomUUID() }),
      ];
      expect([other.status, await other.text()]).toEqual([404, ""]);
      expect([none.status, await none.text()]).toEqual([404, ""]);
    }
    const still = await owner.send({ accessToken: ownerToken, sessionId, message: WHOAMI });
    expect(await toldBy(still)).toEqual(callerOf(owner.session));
  });

  test("ends when its own key deletes it", async () => {
    const client = rawClient();
    const accessToken = await tokenFor(client.session);
    const sessionId = await openSession(client, accessToken);
    const deleted = await client.send({ accessToken, sessionId, method: "DELETE" });
    expect(deleted.status).toBe(200);
    const after = await client.send({ accessToken, sessionId, message: WHOAMI });
    expect([after.status, await after.text()]).toEqual([404, ""]);
  });
});
