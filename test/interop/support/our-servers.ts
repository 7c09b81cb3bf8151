// An authorization server and an API of ours, each on an origin of its own: the thinnest HTTP around createAuthorizationServer
// and createResourceServer, for clients that others wrote. Only DPoP is real here: there is no login, and neither client
// authentication nor PKCE is looked at.
import { randomBytes, randomUUID } from "node:crypto";
import {
  type AccessResult,
  bindingFromClaims,
  createMemoryReplayStore,
  createNonceIssuer,
  createResourceServer,
  createAuthorizationServer,
  createVerifier,
  type Grant,
  type PushedResult,
  serverMetadata,
  type TokenGranted,
  type TokenResult,
  type Verifier,
} from "dpop-core";
import { answerWith, listen, type Received, type Reply } from "./loopback.js";

/** One request that carried a proof, and what became of it. */
export interface Seen {
  readonly proof: string;
  /** The thumbprint of the proof's key, or why the request was refused. */
  readonly outcome: string;
}

export interface OurServers {
  readonly issuer: string;
  readonly tokenUrl: string;
  readonly apiUrl: string;
  /** What reached each endpoint so far, in order. */
  readonly seen: Readonly<Record<"token" | "pushed" | "api", readonly Seen[]>>;
  /** A refresh token that is bound to a key, as a code flow would have ended with. */
  refreshTokenFor(jkt: string): string;
  /** What is stored of an access token, as introspection would tell it. */
  claimsOf(accessToken: string): AccessTokenClaims | undefined;
  close(): Promise<void>;
}

export interface AccessTokenClaims {
  readonly active: true;
  readonly token_type: string;
  readonly cnf?: { readonly jkt: string };
}

export const REDIRECT_URI = "https://client.example/callback";

export function outcomes(seen: readonly Seen[]): readonly string[] {
  return seen.map(({ outcome }) => outcome);
}

/** The last request that carried a proof, and what became of it. */
export function last(seen: readonly Seen[]): Seen {
  const found = seen.at(-1);
  if (found === undefined) throw new Error("nothing was seen");
  return found;
}

/** The callback that the authorization endpoint redirects to after a pushed request. */
export async function authorize(servers: OurServers, requestUri: string): Promise<URL> {
  const url = new URL("/authorize", servers.issuer);
  url.searchParams.set("client_id", "a-client");
  url.searchParams.set("request_uri", requestUri);
  const response = await fetch(url, { redirect: "manual" });
  return new URL(response.headers.get("Location") ?? "");
}

export async function startOurServers(options: { readonly nonces: boolean }): Promise<OurServers> {
  const [server, api] = await Promise.all([listen(), listen()]);
  const seen: Record<"token" | "pushed" | "api", Seen[]> = { token: [], pushed: [], api: [] };
  const issued = new Map<string, AccessTokenClaims>();
  const secret = randomBytes(32); // shared by the two: only the audience tells their nonces apart

  const tokenEndpoint = createAuthorizationServer({ verifier: verifierFor(server.origin) });
  const resourceServer = createResourceServer({
    verifier: verifierFor(api.origin),
    accessTokens(accessToken) {
      const claims = issued.get(accessToken);
      return claims === undefined ? null : { binding: bindingFromClaims(claims), claims };
    },
  });

  const tokenUrl = `${server.origin}/token`;
  const pushedUrl = `${server.origin}/par`;
  const authorizeUrl = `${server.origin}/authorize`;

  const pushed = new Map<string, BoundRequest>();
  const codes = new Map<string, string | undefined>(); // to the key that the code is bound to
  const refreshTokens = new Map<string, string | undefined>(); // to the key that it is bound to

  answerWith(server, (request) => {
    switch (request.path) {
      case "/.well-known/oauth-authorization-server":
        return { status: 200, body: metadata() };
      case "/token":
        return tokenReply(request);
      case "/par":
        return pushedReply(request);
      case "/authorize":
        return authorizeReply(request.query);
      default:
        return { status: 404 };
    }
  });
  answerWith(api, apiReply);

  return {
    issuer: server.origin,
    tokenUrl,
    apiUrl: `${api.origin}/things`,
    seen,
    refreshTokenFor,
    claimsOf: (accessToken) => issued.get(accessToken),
    async close() {
      await Promise.all([server.close(), api.close()]);
    },
  };

  function verifierFor(audience: string): Verifier {
    return createVerifier({
      replay: createMemoryReplayStore(),
      nonce: options.nonces ? createNonceIssuer({ secrets: [secret], audience }) : undefined,
    });
  }

  function metadata(): object {
    return {
      issuer: server.origin,
      authorization_endpoint: authorizeUrl,
      token_endpoint: tokenUrl,
      pushed_authorization_request_endpoint: pushedUrl,
      response_types_supported: ["code"],
      code_challenge_methods_supported: ["S256"],
      authorization_response_iss_parameter_supported: true,
      ...serverMetadata(tokenEndpoint),
    };
  }

  function tokenReply({ method, url, proof, form }: Received): Reply {
    const code = form.get("code");
    const refreshToken = form.get("refresh_token");
    const result = tokenEndpoint.checkTokenRequest({
      method,
      url,
      proof,
      clientType: form.has("client_secret") ? "confidential" : "public",
      boundAccessTokens: true,
      grant: () => redeemed(code, refreshToken),
    });
    note(seen.token, proof, result);
    if (!result.ok) return result;
    if (code !== null) codes.delete(code);
    return { status: 200, headers: result.headers, body: grant(result, form) };
  }

  function redeemed(code: string | null, refreshToken: string | null): Grant | null {
    if (code !== null)
      return codes.has(code) ? { type: "authorization_code", jkt: codes.get(code) } : null;
    if (refreshToken === null) return { type: "client_credentials" };
    if (!refreshTokens.has(refreshToken)) return null;
    return { type: "refresh_token", jkt: refreshTokens.get(refreshToken) };
  }

  function grant({ tokenType, cnf, refreshJkt }: TokenGranted, form: URLSearchParams): object {
    const accessToken = randomUUID();
    issued.set(accessToken, {
      active: true,
      token_type: tokenType,
      ...(cnf === undefined ? {} : { cnf }),
    });
    const granted = { access_token: accessToken, token_type: tokenType, expires_in: 60 };
    if (form.get("grant_type") === "client_credentials") return granted;
    return { ...granted, refresh_token: refreshTokenFor(refreshJkt) };
  }

  function refreshTokenFor(jkt: string | undefined): string {
    const refreshToken = randomUUID();
    refreshTokens.set(refreshToken, jkt);
    return refreshToken;
  }

  function pushedReply({ method, url, proof, form }: Received): Reply {
    const dpopJkt = form.getAll("dpop_jkt");
    const result = tokenEndpoint.checkPushedRequest({ method, url, proof, dpopJkt });
    note(seen.pushed, proof, result);
    if (!result.ok) return result;
    const requestUri = `urn:ietf:params:oauth:request_uri:${randomUUID()}`;
    pushed.set(requestUri, { jkt: result.jkt, state: form.get("state") });
    const body = { request_uri: requestUri, expires_in: 60 };
    return { status: 201, headers: result.headers, body };
  }

  /** Everybody consents at once. */
  function authorizeReply(query: URLSearchParams): Reply {
    const request = pushed.get(query.get("request_uri") ?? "");
    if (request === undefined) return { status: 400 };
    const code = randomUUID();
    codes.set(code, request.jkt);
    const location = new URL(REDIRECT_URI);
    location.searchParams.set("code", code);
    location.searchParams.set("iss", server.origin);
    if (request.state !== null) location.searchParams.set("state", request.state);
    return { status: 303, headers: { Location: location.href } };
  }

  function apiReply({ method, url, authorization, proof }: Received): Reply {
    const result = resourceServer.authenticate({
      method,
      url,
      authorization,
      proof,
    });
    note(seen.api, proof, result);
    if (!result.ok) return { status: result.status, headers: result.headers };
    return { status: 200, headers: result.headers, body: { jkt: result.jkt } };
  }
}

interface BoundRequest {
  readonly jkt: string | undefined;
  readonly state: string | null;
}

function note(
  seen: Seen[],
  proof: readonly string[] | undefined,
  result: TokenResult | PushedResult | AccessResult,
): void {
  const outcome = result.ok ? (result.jkt ?? "no proof") : result.failure.code;
  seen.push({ proof: proof?.join(", ") ?? "", outcome });
}
