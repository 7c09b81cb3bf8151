import { auth, type OAuthClientProvider } from "@modelcontextprotocol/sdk/client/auth.js";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import type * as sdk from "@modelcontextprotocol/sdk/shared/auth.js";
import { type ClientSession, createDpopFetch } from "dpop-core";

type Kept = { client?: sdk.OAuthClientInformationMixed; tokens?: sdk.OAuthTokens; pkce?: string };
const redirectUrl = "http://localhost:8080/callback"; // where the code arrives, which `ask` returns

export async function connect(url: URL, session: ClientSession, ask: (at: URL) => Promise<string>) {
  const dpopFetch = createDpopFetch({ session });
  const fetchFn = (input: string | URL, init?: RequestInit) => {
    const headers = new Headers(init?.headers);
    const bearer = headers.get("Authorization"); // the SDK knows no other scheme
    if (bearer) headers.set("Authorization", bearer.replace(/^Bearer /, "DPoP "));
    return dpopFetch(input, { ...init, headers });
  };
  const kept: Kept = {}; // store it with the key of the session
  const authProvider: OAuthClientProvider = {
    redirectUrl,
    clientMetadata: { redirect_uris: [redirectUrl], token_endpoint_auth_method: "none" },
    clientInformation: () => kept.client,
    saveClientInformation: (client) => void (kept.client = client),
    codeVerifier: () => kept.pkce ?? "",
    saveCodeVerifier: (verifier) => void (kept.pkce = verifier),
    async redirectToAuthorization(page) {
      page.searchParams.set("dpop_jkt", session.jkt); // no other key can redeem the code
      await auth(authProvider, { serverUrl: url, fetchFn, authorizationCode: await ask(page) });
    },
    tokens: () => kept.tokens,
    saveTokens(tokens) {
      if (!session.readTokenResponse(tokens).ok) throw new Error("the token must be bound");
      kept.tokens = tokens;
    },
  };
  await auth(authProvider, { serverUrl: url, fetchFn });
  const client = new Client({ name: "example", version: "1.0.0" });
  await client.connect(new StreamableHTTPClientTransport(url, { authProvider, fetch: fetchFn }));
  return client;
}
