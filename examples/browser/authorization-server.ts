// An authorization server for public clients in browsers: codes with PKCE and PAR, and refresh tokens that are bound to a
// key and replaced at each use. Everything is in memory, and every visitor is Alice.
import { createHash, randomBytes } from "node:crypto";
import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import {
  accessControlExposeHeaders,
  createAuthorizationServer,
  createMemoryReplayStore,
  createNonceIssuer,
  createVerifier,
  parseDpopJkt,
  serverMetadata,
} from "dpop-core";
import { nodeCrypto } from "dpop-core/node-crypto";

export interface Settings {
  readonly issuer: string;
  readonly clientId: string;
  readonly redirectUri: string;
  /** Seconds that an access token is good for. */
  lifetime: number;
  /** Seconds in which a refresh token that was replaced is taken once more, for clients that missed the answer. */
  leeway: number;
  /** What a second use later than that does. */
  readonly reuse: "ends the session" | "is refused";
  /** Whether authorization requests are pushed. */
  readonly pushes: boolean;
}

/** What an access token stands for. */
export interface Introspection {
  readonly active: boolean;
  readonly sub?: string;
  readonly cnf?: { readonly jkt: string } | undefined;
}

/** What users agreed to once: all its tokens end together. */
interface Session {
  readonly jkt: string;
  isOver: boolean;
}

interface RefreshToken {
  readonly session: Session;
  /** Milliseconds since the epoch; undefined until it is used. */
  usedAt?: number;
}

interface AuthorizationRequest {
  readonly challenge: string;
  readonly state: string;
  readonly jkt: string | undefined;
}

export function createExampleAuthorizationServer(settings: Settings) {
  const { issuer, clientId, redirectUri } = settings;
  const nonce = createNonceIssuer({ secrets: [randomBytes(32)], audience: issuer });
  const verifier = createVerifier({
    backend: nodeCrypto,
    nonce,
    replay: createMemoryReplayStore({ maxEntries: 100_000 }),
  });
  const server = createAuthorizationServer({ verifier });
  const requests = new Map<string, AuthorizationRequest>();
  const codes = new Map<string, AuthorizationRequest>();
  const refreshTokens = new Map<string, RefreshToken>();
  const accessTokens = new Map<string, { readonly session: Session; readonly end: number }>();
  const counts = { codes: 0, refreshes: 0, reuses: 0, refusals: 0, revocations: 0 };

  const metadata = {
    issuer,
    authorization_endpoint: `${issuer}/authorize`,
    token_endpoint: `${issuer}/token`,
    revocation_endpoint: `${issuer}/revoke`,
    ...(settings.pushes ? { pushed_authorization_request_endpoint: `${issuer}/par` } : {}),
    response_types_supported: ["code"],
    code_challenge_methods_supported: ["S256"],
    authorization_response_iss_parameter_supported: true,
    ...serverMetadata(server),
  };

  const listener: RequestListener = async (req, res) => {
    const { pathname, searchParams } = new URL(req.url ?? "", issuer);
    const form = new URLSearchParams(await bodyOf(req));
    allow(req, res, new URL(redirectUri).origin);
    switch (`${req.method} ${pathname}`) {
      case "GET /.well-known/oauth-authorization-server":
        return json(res, 200, metadata);
      case "POST /par":
        return push(req, res, form);
      case "GET /authorize":
        return showLogin(res, searchParams);
      case "POST /login":
        return finishLogin(res, form);
      case "POST /token":
        return giveTokens(req, res, form);
      case "POST /revoke":
        revoke(form.get("token") ?? "");
        return json(res, 200, {});
      default:
        return req.method === "OPTIONS" ? res.writeHead(204).end() : json(res, 404, {});
    }
  };

  function push(req: IncomingMessage, res: ServerResponse, form: URLSearchParams): void {
    const proof = req.headersDistinct["dpop"];
    const dpopJkt = form.getAll("dpop_jkt");
    const result = server.checkPushedRequest({
      method: "POST",
      url: `${issuer}/par`,
      proof,
      dpopJkt,
    });
    if (!result.ok) return json(res, result.status, result.body, result.headers);
    const requestUri = keepRequest(form, result.jkt);
    if (requestUri === null) return json(res, 400, { error: "invalid_request" });
    return json(res, 201, { request_uri: requestUri, expires_in: 60 }, result.headers);
  }

  function keepRequest(form: URLSearchParams, jkt: string | undefined): string | null {
    const challenge = form.get("code_challenge");
    const isOurs = form.get("client_id") === clientId && form.get("redirect_uri") === redirectUri;
    if (!isOurs || challenge === null || form.get("code_challenge_method") !== "S256") return null;
    return keep(requests, { challenge, state: form.get("state") ?? "", jkt }, "urn:request:");
  }

  function showLogin(res: ServerResponse, query: URLSearchParams): void {
    const jkt = parseDpopJkt(query.getAll("dpop_jkt"));
    const requestUri = query.get("request_uri") ?? (jkt.ok ? keepRequest(query, jkt.jkt) : null);
    if (requestUri === null) return json(res, 400, { error: "invalid_request" });
    const value = encodeURIComponent(requestUri);
    res.setHeader("Content-Type", "text/html; charset=utf-8");
    res.end(`<!doctype html><title>Log in</title><form method="post" action="/login">
<input type="hidden" name="request" value="${value}"><button>Log in as Alice</button></form>`);
  }

  function finishLogin(res: ServerResponse, form: URLSearchParams): void {
    const request = take(requests, decodeURIComponent(form.get("request") ?? ""));
    if (request === undefined) return json(res, 400, { error: "invalid_request" });
    const answer = new URLSearchParams({
      code: keep(codes, request),
      state: request.state,
      iss: issuer,
    });
    res.writeHead(303, { Location: `${redirectUri}?${answer}` }).end();
  }

  function giveTokens(req: IncomingMessage, res: ServerResponse, form: URLSearchParams): void {
    const grant = findGrant(form);
    const result = server.checkTokenRequest({
      method: "POST",
      url: `${issuer}/token`,
      proof: req.headersDistinct["dpop"],
      clientType: "public",
      boundAccessTokens: true,
      grant: grant && { type: grant.type, jkt: grant.jkt },
    });
    if (!result.ok) {
      if (result.failure.code !== "nonce_missing") counts.refusals++;
      return json(res, result.status, result.body, result.headers);
    }
    if (result.jkt === undefined || grant === null)
      return json(res, 400, { error: "invalid_grant" });
    const session = grant.use(result.jkt);
    const { lifetime } = settings;
    const body = {
      access_token: keep(accessTokens, { session, end: Date.now() + lifetime * 1000 }),
      token_type: result.tokenType,
      expires_in: lifetime,
      refresh_token: keep(refreshTokens, { session }),
      scope: "hello",
    };
    return json(res, 200, body, result.headers);
  }

  /** `use` is called once the proof was good. */
  function findGrant(form: URLSearchParams) {
    if (form.get("client_id") !== clientId) return null;
    if (form.get("grant_type") === "refresh_token") return findRefreshToken(form);
    const code = form.get("code") ?? "";
    const request = codes.get(code);
    const challenge = createHash("sha256").update(form.get("code_verifier") ?? "");
    if (request?.challenge !== challenge.digest("base64url")) return null;
    return {
      type: "authorization_code" as const,
      jkt: request.jkt,
      use(jkt: string): Session {
        codes.delete(code);
        counts.codes++;
        return { jkt, isOver: false };
      },
    };
  }

  function findRefreshToken(form: URLSearchParams) {
    const token = refreshTokens.get(form.get("refresh_token") ?? "");
    if (token === undefined || token.session.isOver) return null;
    const { session, usedAt } = token;
    const isReused = usedAt !== undefined;
    if (isReused && Date.now() - usedAt >= settings.leeway * 1000) {
      // RFC 9700 section 4.14.2: one of the two who used it may be a thief
      if (settings.reuse === "ends the session") session.isOver = true;
      return null;
    }
    return {
      type: "refresh_token" as const,
      jkt: session.jkt,
      use(): Session {
        token.usedAt ??= Date.now();
        if (isReused) counts.reuses++;
        else counts.refreshes++;
        return session;
      },
    };
  }

  function revoke(refreshToken: string): void {
    const found = refreshTokens.get(refreshToken);
    if (found === undefined) return;
    found.session.isOver = true;
    counts.revocations++;
  }

  return {
    listener,
    settings,
    /** What was granted and refused so far. */
    counts,
    introspect(accessToken: string): Introspection {
      const found = accessTokens.get(accessToken);
      if (found === undefined || found.session.isOver || found.end <= Date.now()) {
        return { active: false };
      }
      return { active: true, sub: "alice", cnf: { jkt: found.session.jkt } };
    },
    /** Ends the access tokens that were given so far, as the end of their time would. */
    endAccessTokens: () => accessTokens.clear(),
    /** Ends everything that Alice agreed to, as she could on a page of the server. */
    endSessions: () => refreshTokens.forEach(({ session }) => (session.isOver = true)),
  };
}

/** CORS: scripts of the app may call, and may read what DPoP needs. */
function allow(req: IncomingMessage, res: ServerResponse, origin: string): void {
  if (req.headers.origin !== origin) return;
  res.setHeader("Access-Control-Allow-Origin", origin);
  res.setHeader("Access-Control-Expose-Headers", accessControlExposeHeaders());
  if (req.method !== "OPTIONS") return;
  res.setHeader("Access-Control-Allow-Headers", "DPoP, Content-Type");
  res.setHeader("Access-Control-Allow-Methods", "GET, POST");
  res.setHeader("Access-Control-Max-Age", "600");
}

function json(
  res: ServerResponse,
  status: number,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): void {
  res.writeHead(status, {
    "Content-Type": "application/json",
    "Cache-Control": "no-store",
    ...headers,
  });
  res.end(JSON.stringify(body));
}

async function bodyOf(req: IncomingMessage): Promise<string> {
  let text = "";
  for await (const chunk of req.setEncoding("utf8")) text += String(chunk);
  return text;
}

/** Stores a value under a name that can't be guessed, and returns the name. */
function keep<T>(values: Map<string, T>, value: T, prefix = ""): string {
  const name = prefix + randomBytes(32).toString("base64url");
  values.set(name, value);
  return name;
}

function take<T>(values: Map<string, T>, name: string): T | undefined {
  const value = values.get(name);
  values.delete(name);
  return value;
}
