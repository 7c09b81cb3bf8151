// An MCP client over the MCP SDK, its requests signed by a session of ours. The conformance suite runs it, with the
// server's URL as its last argument: client.ts MODE URL. All modes but "dpop" are clients that do it wrong.
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import {
  type OAuthClientProvider,
  UnauthorizedError,
} from "@modelcontextprotocol/sdk/client/auth.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import type {
  OAuthClientInformationMixed,
  OAuthTokens,
} from "@modelcontextprotocol/sdk/shared/auth.js";
import {
  type ClientSession,
  createClientSession,
  createDpopFetch,
  createSigner,
  generatePrivateJwk,
} from "dpop-core";
import type { Mode } from "./suite.js";

type Fetch = (input: string | URL, init?: RequestInit) => Promise<Response>;

const REDIRECT_URI = "http://localhost:3000/callback"; // no server listens there: we read the code off the URL

function newSession(): ClientSession {
  return createClientSession({ signer: createSigner(generatePrivateJwk("ES256")) });
}

/** The SDK knows no scheme but Bearer; this one the session takes for its own. */
function asDpop(send: Fetch): Fetch {
  return (input, init) => {
    const headers = new Headers(init?.headers);
    const authorization = headers.get("Authorization") ?? "";
    if (authorization.startsWith("Bearer ")) {
      headers.set("Authorization", authorization.replace("Bearer", "DPoP"));
    }
    return send(input, { ...init, headers });
  };
}

function fetchOf(mode: Mode, session: ClientSession): Fetch {
  const right = asDpop(createDpopFetch({ session }));
  if (mode === "dpop") return right;
  if (mode === "bearer") return fetch;
  if (mode === "deaf") return asDpop(withoutRetry(session));
  const wrong = asDpop(createDpopFetch({ session: newSession() }));
  const isCall = (init?: RequestInit): boolean => new Headers(init?.headers).has("Authorization");
  return (input, init) => (isCall(init) ? wrong : right)(input, init);
}

/** Adds proofs, and never learns a nonce. */
function withoutRetry(session: ClientSession): Fetch {
  return (input, init) => {
    const headers = new Headers(init?.headers);
    const [, accessToken] = (headers.get("Authorization") ?? "").split(" ");
    const method = init?.method ?? "GET";
    headers.set("DPoP", session.buildProof({ method, url: new URL(input).href, accessToken }));
    return fetch(input, { ...init, headers });
  };
}

/** Consents at once: it fetches the authorization endpoint itself, and keeps the code. */
class Provider implements OAuthClientProvider {
  readonly redirectUrl = REDIRECT_URI;
  readonly clientMetadata = {
    client_name: "dpop-core",
    redirect_uris: [REDIRECT_URI],
    grant_types: ["authorization_code"],
    response_types: ["code"],
    token_endpoint_auth_method: "none",
  };
  code = "";
  #information: OAuthClientInformationMixed | undefined;
  #tokens: OAuthTokens | undefined;
  #verifier = "";
  readonly #isBound: (tokens: OAuthTokens) => boolean;

  constructor(isBound: (tokens: OAuthTokens) => boolean) {
    this.#isBound = isBound;
  }
  clientInformation(): OAuthClientInformationMixed | undefined {
    return this.#information;
  }
  saveClientInformation(information: OAuthClientInformationMixed): void {
    this.#information = information;
  }
  tokens(): OAuthTokens | undefined {
    return this.#tokens;
  }
  saveTokens(tokens: OAuthTokens): void {
    if (!this.#isBound(tokens)) throw new Error("the token should be bound to our key");
    this.#tokens = tokens;
  }
  async redirectToAuthorization(url: URL): Promise<void> {
    const { headers } = await fetch(url, { redirect: "manual" });
    this.code = new URL(headers.get("Location") ?? "").searchParams.get("code") ?? "";
  }
  saveCodeVerifier(verifier: string): void {
    this.#verifier = verifier;
  }
  codeVerifier(): string {
    return this.#verifier;
  }
}

async function main(mode: Mode, url: URL): Promise<void> {
  const session = newSession();
  const authProvider = new Provider(
    (tokens) => mode === "bearer" || session.readTokenResponse(tokens).ok,
  );
  const options = { authProvider, fetch: fetchOf(mode, session) };
  const connect = async (): Promise<Client> => {
    const client = new Client({ name: "dpop-core", version: "1.0.0" });
    await client.connect(new StreamableHTTPClientTransport(url, options));
    return client;
  };
  const client = await connect().catch(async (error: unknown) => {
    if (!(error instanceof UnauthorizedError)) throw error;
    await new StreamableHTTPClientTransport(url, options).finishAuth(authProvider.code);
    return connect();
  });
  const { tools } = await client.listTools();
  for (const { name } of tools) await client.callTool({ name, arguments: {} });
  await client.close();
}

const [mode, url] = process.argv.slice(2);
if (url === undefined) throw new RangeError("client.ts MODE URL");
await main(mode as Mode, new URL(url)); // only suite.ts starts it
