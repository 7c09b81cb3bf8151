// The authorization server: a real one, oidc-provider, that grants access tokens bound to the key of a DPoP proof.
import { randomBytes } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { exportJWK, generateKeyPair } from "jose";
import Provider, { type Adapter, type AdapterPayload, errors } from "oidc-provider";
import { listen } from "./loopback.js";

/** The name of our API: what a client asks a token for, and the `aud` of that token. */
export const API_NAME = "https://api.example.com";

/** What a user can let an app do at our API. */
export const API_SCOPE = "messages";

export interface AuthorizationServer {
  readonly issuer: string;
  /** A client with a secret, which acts for itself. */
  readonly clientId: string;
  readonly clientSecret: string;
  /** A client without one, which acts for a user: an app in a browser or on a phone. */
  readonly app: App;
  close(): Promise<void>;
}

export interface App {
  readonly clientId: string;
  readonly redirectUri: string;
}

export async function startAuthorizationServer(): Promise<AuthorizationServer> {
  const { server, origin, close } = await listen();
  const clientId = "demo-client";
  const clientSecret = randomBytes(32).toString("base64url");
  const app = { clientId: "demo-app", redirectUri: "https://app.example.com/callback" };
  const { privateKey } = await generateKeyPair("ES256", { extractable: true });

  const provider = new Provider(origin, {
    adapter: memory(),
    jwks: { keys: [{ ...(await exportJWK(privateKey)), kid: "demo", alg: "ES256", use: "sig" }] },
    cookies: { keys: [randomBytes(32).toString("base64url")] },
    clients: [
      {
        client_id: clientId,
        client_secret: clientSecret,
        grant_types: ["client_credentials"],
        response_types: [],
        redirect_uris: [],
        dpop_bound_access_tokens: true, // no proof, no token (RFC 9449 section 5.2)
        id_token_signed_response_alg: "ES256", // never used here, but RS256, its default, has no key in `jwks`
      },
      {
        client_id: app.clientId,
        token_endpoint_auth_method: "none", // so its refresh tokens are bound to its key (section 5)
        grant_types: ["authorization_code", "refresh_token"],
        response_types: ["code"],
        redirect_uris: [app.redirectUri],
        require_pushed_authorization_requests: true,
        dpop_bound_access_tokens: true,
        id_token_signed_response_alg: "ES256",
      },
    ],
    // Seconds that each of them lives.
    ttl: {
      AccessToken: 600,
      ClientCredentials: 600,
      Grant: 600,
      Interaction: 60,
      RefreshToken: 600,
      Session: 600,
    },
    issueRefreshToken: async (_ctx, client) => client.grantTypeAllowed("refresh_token"),
    findAccount: (_ctx, accountId) => ({ accountId, claims: () => ({ sub: accountId }) }),
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      dPoP: {
        enabled: true,
        nonceSecret: randomBytes(32),
        requireNonce: () => true, // section 8: proofs can't be made in advance
        allowReplay: false,
      },
      resourceIndicators: {
        enabled: true,
        getResourceServerInfo(_ctx, resource) {
          if (resource !== API_NAME) throw new errors.InvalidTarget();
          return {
            scope: API_SCOPE,
            audience: API_NAME,
            accessTokenFormat: "jwt",
            jwt: { sign: { alg: "ES256" } },
          };
        },
      },
    },
  });
  provider.on("server_error", (_ctx, error) => console.error(error)); // else a client sees a bare 500

  const answer = provider.callback();
  server.on("request", (req, res) => {
    if (req.url?.startsWith("/interaction/") !== true) return void answer(req, res);
    consentAtOnce(provider, req, res).catch((error: unknown) => {
      console.error(error);
      res.writeHead(500).end();
    });
  });
  return { issuer: origin, clientId, clientSecret, app, close };
}

/** Where a login page and a question would be: here the user is Ann, who says yes to everything. */
async function consentAtOnce(
  provider: Provider,
  req: IncomingMessage,
  res: ServerResponse,
): Promise<void> {
  const { prompt, params, session } = await provider.interactionDetails(req, res);
  if (prompt.name === "login") {
    return provider.interactionFinished(req, res, { login: { accountId: "ann" } });
  }
  const { client_id: clientId } = params;
  if (session === undefined || typeof clientId !== "string") throw new Error("nobody logged in");
  const grant = new provider.Grant({ accountId: session.accountId, clientId });
  grant.addResourceScope(API_NAME, API_SCOPE);
  return provider.interactionFinished(req, res, { consent: { grantId: await grant.save() } });
}

/** Storage for a process that lives for seconds: nothing expires, and only what these grants need is there. */
function memory(): (model: string) => Adapter {
  const stored = new Map<string, AdapterPayload>();
  return (model) => ({
    upsert: async (id, payload) => void stored.set(`${model}:${id}`, payload),
    find: async (id) => stored.get(`${model}:${id}`),
    destroy: async (id) => void stored.delete(`${model}:${id}`),
    findByUid: async (uid) => [...stored.values()].find((payload) => payload.uid === uid),
    consume: async (id) => {
      const payload = stored.get(`${model}:${id}`);
      if (payload !== undefined) payload["consumed"] = Math.floor(Date.now() / 1000);
    },
    revokeByGrantId: async (grantId) => {
      for (const [key, payload] of stored) if (payload.grantId === grantId) stored.delete(key);
    },
    findByUserCode: async () => {
      throw new Error("no device asks for a token here");
    },
  });
}
