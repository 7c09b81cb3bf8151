// What our authorization server knows besides DPoP: its clients, codes and tokens, in memory and as small as can be. Of
// DPoP it keeps one thing: with each of them, the thumbprint of the key that it is bound to.
import { createHash, randomBytes } from "node:crypto";
import type { Grant } from "dpop-core";

export interface Client {
  readonly id: string;
  readonly type: "public" | "confidential";
  /** Where it wants codes sent to. */
  readonly redirectUri?: string;
}

/** What a client asked a code for. `jkt`: the key that the code is bound to. */
export interface CodeRequest {
  readonly client: Client;
  readonly codeChallenge: string;
  readonly state: string;
  readonly jkt: string | undefined;
}

/** What a client has shown that it may have a token for. */
export interface Redeemed {
  /** With the key that it is bound to. */
  readonly grant: Grant;
  /** For what can be used but once. */
  spend?(): void;
}

/** The answer of RFC 7662 for an access token. */
export interface Introspection {
  readonly active: boolean;
  readonly sub?: string;
  readonly token_type?: string;
  readonly cnf?: { readonly jkt: string } | undefined;
}

export interface Grants {
  keepCode(request: CodeRequest): string;
  /** Null where the form of a token request has nothing that a token could be granted for. */
  read(client: Client, form: URLSearchParams): Redeemed | null;
  keepAccessToken(introspection: Introspection): string;
  keepRefreshToken(client: Client, jkt: string | undefined): string;
  introspect(accessToken: string): Introspection;
}

export function createGrants(): Grants {
  const codes = new Map<string, CodeRequest>();
  const accessTokens = new Map<string, Introspection>();
  const refreshTokens = new Map<string, { client: Client; jkt: string | undefined }>();
  return {
    keepCode: (request) => keep(codes, request),
    keepAccessToken: (introspection) => keep(accessTokens, introspection),
    keepRefreshToken: (client, jkt) => keep(refreshTokens, { client, jkt }),
    introspect: (accessToken) => accessTokens.get(accessToken) ?? { active: false },
    read(client, form) {
      switch (form.get("grant_type")) {
        case "client_credentials":
          return client.type === "confidential" ? { grant: { type: "client_credentials" } } : null;
        case "authorization_code":
          return readCode(client, form);
        case "refresh_token": {
          // Bound to a key, a refresh token need not be replaced at every use.
          const stored = refreshTokens.get(form.get("refresh_token") ?? "");
          if (stored?.client !== client) return null;
          return { grant: { type: "refresh_token", jkt: stored.jkt } };
        }
        default:
          return null;
      }
    },
  };

  function readCode(client: Client, form: URLSearchParams): Redeemed | null {
    const code = form.get("code") ?? "";
    const stored = codes.get(code);
    const challenge = createHash("sha256").update(form.get("code_verifier") ?? "");
    if (stored?.codeChallenge !== challenge.digest("base64url")) return null; // PKCE, RFC 7636
    if (stored.client !== client || form.get("redirect_uri") !== client.redirectUri) return null;
    const grant = { type: "authorization_code", jkt: stored.jkt } as const;
    return { grant, spend: () => void codes.delete(code) };
  }
}

/** Stores a value under a name that can't be guessed, and returns the name. */
export function keep<T>(values: Map<string, T>, value: T, prefix = ""): string {
  const name = prefix + randomBytes(32).toString("base64url");
  values.set(name, value);
  return name;
}

/** A service with a secret, and an app without one. */
export const SERVICE: Client = { id: "service", type: "confidential" };
export const APP = {
  id: "app",
  type: "public",
  redirectUri: "https://app.example.com/callback",
} as const satisfies Client;

/** Who sends a request: with HTTP Basic the service, with the bare name the app; null for anybody else. */
export function authenticate(
  authorization: string | undefined,
  form: URLSearchParams,
  serviceSecret: string,
): Client | null {
  if (authorization === undefined) return form.get("client_id") === APP.id ? APP : null;
  const [scheme, credentials = ""] = authorization.split(" ");
  const [id, secret = ""] = Buffer.from(credentials, "base64").toString("latin1").split(":");
  const isService = id === SERVICE.id && formDecoded(secret) === serviceSecret;
  return scheme === "Basic" && isService ? SERVICE : null;
}

/** RFC 6749 section 2.3.1 has names and secrets encoded like the values of a form. */
function formDecoded(text: string): string | null {
  return new URLSearchParams(`value=${text}`).get("value");
}
