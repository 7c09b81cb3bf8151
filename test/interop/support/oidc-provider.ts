// oidc-provider as a foreign authorization server, with a confidential client and a public one. Its userinfo endpoint serves as a
// foreign protected resource; the token for it is made by hand, since there is no login here.
import { randomBytes } from "node:crypto";
import { exportJWK, generateKeyPair } from "jose";
import Provider, { type Adapter, type AdapterPayload } from "oidc-provider";
import { listen } from "./loopback.js";
import { member, textMember } from "./peers.js";

/** What the access tokens of the client credentials grant are for. */
export const API_NAME = "https://api.example.com";
export const REDIRECT_URI = "https://client.example/callback";

const CLIENT_ID = "a-client";
const PUBLIC_CLIENT_ID = "a-public-client";
const ACCOUNT_ID = "an-account";

export interface ForeignProvider {
  readonly tokenUrl: string;
  readonly pushedUrl: string;
  readonly introspectionUrl: string;
  readonly userinfoUrl: string;
  /** Of its metadata, as JSON brought it. */
  readonly algs: unknown;
  /** The value of Authorization that authenticates the client. */
  readonly basic: string;
  readonly accountId: string;
  readonly issuer: string;
  readonly publicClientId: string;
  /** A refresh token of the public client, bound to a key. */
  refreshTokenFor(jkt: string): Promise<string>;
  /** An access token for the userinfo endpoint, bound to a key. */
  userinfoToken(jkt: string): Promise<string>;
  close(): Promise<void>;
}

export async function startOidcProvider(options: {
  readonly nonces: boolean;
}): Promise<ForeignProvider> {
  const { server, origin, close } = await listen();
  const clientSecret = randomBytes(32).toString("base64url");
  const { privateKey } = await generateKeyPair("ES256", { extractable: true });

  const provider = new Provider(origin, {
    adapter: memory(),
    jwks: { keys: [{ ...(await exportJWK(privateKey)), kid: "one", alg: "ES256", use: "sig" }] },
    cookies: { keys: [randomBytes(32).toString("base64url")] },
    clients: [
      {
        client_id: CLIENT_ID,
        client_secret: clientSecret,
        grant_types: ["client_credentials", "authorization_code"],
        response_types: ["code"],
        redirect_uris: [REDIRECT_URI],
        dpop_bound_access_tokens: true, // no proof, no token
        id_token_signed_response_alg: "ES256", // RS256, its default, has no key in `jwks`
      },
      {
        client_id: PUBLIC_CLIENT_ID,
        token_endpoint_auth_method: "none",
        grant_types: ["authorization_code", "refresh_token"],
        response_types: ["code"],
        redirect_uris: [REDIRECT_URI],
        dpop_bound_access_tokens: true,
        id_token_signed_response_alg: "ES256",
      },
    ],
    ttl: { AccessToken: 60, ClientCredentials: 60, Grant: 60, RefreshToken: 60 }, // seconds
    findAccount: (_ctx, accountId) => ({ accountId, claims: async () => ({ sub: accountId }) }),
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      introspection: { enabled: true },
      pushedAuthorizationRequests: { enabled: true },
      dPoP: {
        enabled: true,
        allowReplay: false,
        ...(options.nonces ? { nonceSecret: randomBytes(32), requireNonce: () => true } : {}),
      },
      resourceIndicators: {
        enabled: true,
        getResourceServerInfo: () => ({
          scope: "",
          audience: API_NAME,
          accessTokenFormat: "jwt",
          jwt: { sign: { alg: "ES256" } },
        }),
      },
    },
  });
  provider.on("server_error", (_ctx, error) => console.error(error)); // else a client sees a bare 500
  server.on("request", provider.callback());

  const metadata: unknown = await (
    await fetch(`${origin}/.well-known/openid-configuration`)
  ).json();
  return {
    tokenUrl: textMember(metadata, "token_endpoint"),
    pushedUrl: textMember(metadata, "pushed_authorization_request_endpoint"),
    introspectionUrl: textMember(metadata, "introspection_endpoint"),
    userinfoUrl: textMember(metadata, "userinfo_endpoint"),
    algs: member(metadata, "dpop_signing_alg_values_supported"),
    basic: `Basic ${Buffer.from(`${CLIENT_ID}:${clientSecret}`).toString("base64")}`,
    accountId: ACCOUNT_ID,
    issuer: origin,
    publicClientId: PUBLIC_CLIENT_ID,
    async refreshTokenFor(jkt) {
      const token = new provider.RefreshToken(await granted(PUBLIC_CLIENT_ID, "offline_access"));
      token.jkt = jkt;
      return token.save();
    },
    async userinfoToken(jkt) {
      const token = new provider.AccessToken(await granted(CLIENT_ID, "openid"));
      token.jkt = jkt;
      return token.save();
    },
    close,
  };

  /** What a token is made of after a code flow. */
  async function granted(clientId: string, scope: string) {
    const client = await provider.Client.find(clientId);
    if (client === undefined) throw new Error("the client should be known");
    const grant = new provider.Grant({ accountId: ACCOUNT_ID, clientId });
    grant.addOIDCScope(scope);
    const grantId = await grant.save();
    return { accountId: ACCOUNT_ID, client, grantId, scope, gty: "authorization_code" };
  }
}

/** Storage for a process that lives for seconds: nothing expires, and only what is needed here is there. */
function memory(): (model: string) => Adapter {
  const stored = new Map<string, AdapterPayload>();
  return (model) => ({
    upsert: async (id, payload) => void stored.set(`${model}:${id}`, payload),
    find: async (id) => stored.get(`${model}:${id}`),
    destroy: async (id) => void stored.delete(`${model}:${id}`),
    findByUserCode: unused,
    findByUid: unused,
    async consume(id) {
      const payload = stored.get(`${model}:${id}`);
      if (payload !== undefined) payload.consumed = Math.floor(Date.now() / 1000);
    },
    revokeByGrantId: unused,
  });
}

async function unused(): Promise<never> {
  throw new Error("nothing here needs this");
}
