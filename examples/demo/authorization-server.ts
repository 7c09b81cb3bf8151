// The authorization server: a real one, oidc-provider, that grants access tokens bound to the key of a DPoP proof.
import { randomBytes } from "node:crypto";
import { exportJWK, generateKeyPair } from "jose";
import Provider, { type Adapter, type AdapterPayload, errors } from "oidc-provider";
import { listen } from "./loopback.js";

/** The name of our API: what a client asks a token for, and the `aud` of that token. */
export const API_NAME = "https://api.example.com";

export interface AuthorizationServer {
  readonly issuer: string;
  /** The one client that it knows. */
  readonly clientId: string;
  readonly clientSecret: string;
  close(): Promise<void>;
}

export async function startAuthorizationServer(): Promise<AuthorizationServer> {
  const { server, origin, close } = await listen();
  const clientId = "demo-client";
  const clientSecret = randomBytes(32).toString("base64url");
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
    ],
    ttl: { ClientCredentials: 600 }, // seconds that an access token lives
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
            scope: "",
            audience: API_NAME,
            accessTokenFormat: "jwt",
            jwt: { sign: { alg: "ES256" } },
          };
        },
      },
    },
  });
  provider.on("server_error", (_ctx, error) => console.error(error)); // else a client sees a bare 500
  server.on("request", provider.callback());
  return { issuer: origin, clientId, clientSecret, close };
}

/** Storage for a process that lives for seconds: nothing expires, and only what this grant needs is there. */
function memory(): (model: string) => Adapter {
  const stored = new Map<string, AdapterPayload>();
  return (model) => ({
    upsert: async (id, payload) => void stored.set(`${model}:${id}`, payload),
    find: async (id) => stored.get(`${model}:${id}`),
    destroy: async (id) => void stored.delete(`${model}:${id}`),
    findByUserCode: unused,
    findByUid: unused,
    consume: unused,
    revokeByGrantId: unused,
  });
}

async function unused(): Promise<never> {
  throw new Error("the client credentials grant does not need this");
}
