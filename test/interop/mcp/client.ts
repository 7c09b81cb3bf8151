// The client of examples/mcp. The conformance suite runs it, with the server's URL as its last argument: client.ts MODE
// URL. In all modes but "dpop" its session or its fetch does what a client must not do.
import {
  type ClientSession,
  createClientSession,
  createSigner,
  generatePrivateJwk,
} from "dpop-core";
import { connect } from "../../../examples/mcp/client.js";
import type { Mode } from "./suite.js";

function newSession(unboundTokens: "refused" | "accepted" = "refused"): ClientSession {
  const signer = createSigner(generatePrivateJwk("ES256"));
  return createClientSession({ signer, unboundTokens });
}

function sessionOf(mode: Mode): ClientSession {
  const session = newSession();
  switch (mode) {
    case "dpop":
      return session;
    case "bearer":
      return newSession("accepted");
    case "stranger":
      return withOtherKey(session, newSession());
    case "deaf":
      return { ...session, observe: () => undefined, shouldRetry: () => false };
  }
}

/** Proves API calls with another key. */
function withOtherKey(session: ClientSession, other: ClientSession): ClientSession {
  return {
    ...session,
    buildProof: (request) =>
      (request.accessToken === undefined ? session : other).buildProof(request),
    observe(request, response) {
      session.observe(request, response);
      other.observe(request, response);
    },
  };
}

/** Takes all that is DPoP's off each request: the fetch of a client that knows nothing of it. */
function withoutDpop(send: typeof fetch): typeof fetch {
  return (input, init) => {
    const headers = new Headers(init?.headers);
    headers.delete("DPoP");
    const authorization = headers.get("Authorization");
    if (authorization !== null) {
      headers.set("Authorization", authorization.replace("DPoP", "Bearer"));
    }
    return send(input, { ...init, headers });
  };
}

/** Consents at once: the suite's authorization server has no login. */
async function consent(page: URL): Promise<string> {
  const { headers } = await fetch(page, { redirect: "manual" });
  return new URL(headers.get("Location") ?? "").searchParams.get("code") ?? "";
}

async function main(mode: Mode, url: URL): Promise<void> {
  if (mode === "bearer") globalThis.fetch = withoutDpop(fetch);
  const client = await connect(url, sessionOf(mode), consent);
  const { tools } = await client.listTools();
  for (const { name } of tools) await client.callTool({ name, arguments: {} });
  await client.close();
}

const [mode, url] = process.argv.slice(2);
if (url === undefined) throw new RangeError("client.ts MODE URL");
await main(mode as Mode, new URL(url)); // only suite.ts starts it
