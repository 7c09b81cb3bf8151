// An authorization server for MCP clients: registration (RFC 7591), codes with PKCE, JWT access tokens (RFC 9068) bound by
// createAuthorizationServer, always with nonces. There is no login: everybody consents at once.
import { createHash, randomBytes, randomUUID } from "node:crypto";
import {
  createAuthorizationServer,
  createMemoryReplayStore,
  createNonceIssuer,
  createVerifier,
  type Grant,
  serverMetadata,
} from "dpop-core";
import { exportJWK, generateKeyPair, SignJWT } from "jose";
import { answerWith, listen, type Received, type Reply } from "./loopback.js";

export interface McpIssuer {
  readonly issuer: string;
  /** What each token request came to: the thumbprint of its key, or why it was refused. */
  readonly outcomes: readonly string[];
  /** The `dpop_jkt` of each authorization request. */
  readonly codeKeys: readonly (string | null)[];
  /** Consents, and returns the code, as a user agent and the callback would. */
  consent(page: URL): Promise<string>;
  issue(token: TokenInit): Promise<string>;
  close(): Promise<void>;
}

export interface TokenInit {
  readonly audience: string;
  readonly scope: string;
  /** Without it the token is bound to nothing. */
  readonly jkt?: string | undefined;
  /** Seconds. Default: 60. */
  readonly life?: number;
}

interface Code {
  readonly jkt: string | undefined;
  readonly challenge: string;
  readonly audience: string;
  readonly scope: string;
}

const CLIENT_ID = "an-mcp-client";

export async function startMcpIssuer(): Promise<McpIssuer> {
  const loopback = await listen();
  const issuer = loopback.origin;
  const { privateKey, publicKey } = await generateKeyPair("ES256");
  const jwk = { ...(await exportJWK(publicKey)), alg: "ES256", use: "sig" };
  const nonce = createNonceIssuer({ secrets: [randomBytes(32)], audience: issuer });
  const verifier = createVerifier({ replay: createMemoryReplayStore(), nonce });
  const server = createAuthorizationServer({ verifier });
  const codes = new Map<string, Code>();
  const outcomes: string[] = [];
  const codeKeys: (string | null)[] = [];

  const issue: McpIssuer["issue"] = ({ audience, scope, jkt, life = 60 }) => {
    const now = Math.floor(Date.now() / 1000);
    const claims = { client_id: CLIENT_ID, scope, ...(jkt === undefined ? {} : { cnf: { jkt } }) };
    return new SignJWT(claims)
      .setProtectedHeader({ alg: "ES256", typ: "at+jwt" })
      .setIssuer(issuer)
      .setAudience(audience)
      .setSubject("a-user")
      .setJti(randomUUID())
      .setIssuedAt(now)
      .setExpirationTime(now + life)
      .sign(privateKey);
  };

  answerWith(loopback, (request) => {
    switch (request.path) {
      case "/.well-known/oauth-authorization-server":
        return { status: 200, body: metadata() };
      case "/jwks":
        return { status: 200, body: { keys: [jwk] } };
      case "/register":
        return registered();
      case "/authorize":
        return authorized(request.query);
      case "/token":
        return tokenReply(request);
      default:
        return { status: 404 };
    }
  });
  return { issuer, outcomes, codeKeys, consent, issue, close: loopback.close };

  function metadata(): object {
    return {
      issuer,
      authorization_endpoint: `${issuer}/authorize`,
      token_endpoint: `${issuer}/token`,
      registration_endpoint: `${issuer}/register`,
      jwks_uri: `${issuer}/jwks`,
      response_types_supported: ["code"],
      code_challenge_methods_supported: ["S256"],
      token_endpoint_auth_methods_supported: ["none"],
      ...serverMetadata(server),
    };
  }

  function registered(): Reply {
    const body = { client_id: CLIENT_ID, redirect_uris: ["http://localhost:8080/callback"] };
    return { status: 201, body };
  }

  function authorized(query: URLSearchParams): Reply {
    const jkt = query.get("dpop_jkt");
    codeKeys.push(jkt);
    const code = randomUUID();
    codes.set(code, {
      jkt: jkt ?? undefined,
      challenge: query.get("code_challenge") ?? "",
      audience: query.get("resource") ?? "",
      scope: query.get("scope") ?? "",
    });
    const location = new URL(query.get("redirect_uri") ?? "");
    location.searchParams.set("code", code);
    return { status: 303, headers: { Location: location.href } };
  }

  async function tokenReply({ method, url, proof, form }: Received): Promise<Reply> {
    const code = form.get("code") ?? "";
    const found = codes.get(code);
    const isRight = found?.challenge === challengeOf(form.get("code_verifier") ?? "");
    const grant = (): Grant | null =>
      isRight ? { type: "authorization_code", jkt: found?.jkt } : null;
    const request = { method, url, proof, clientType: "public", boundAccessTokens: true } as const;
    const result = server.checkTokenRequest({ ...request, grant });
    outcomes.push(result.ok ? (result.jkt ?? "no proof") : result.failure.code);
    if (!result.ok || found === undefined) return result.ok ? { status: 400 } : result;
    codes.delete(code);
    const accessToken = await issue({ ...found, jkt: result.jkt });
    const body = { access_token: accessToken, token_type: result.tokenType, expires_in: 60 };
    return { status: 200, headers: result.headers, body };
  }
}

function challengeOf(verifier: string): string {
  return createHash("sha256").update(verifier).digest("base64url");
}

async function consent(page: URL): Promise<string> {
  const { headers } = await fetch(page, { redirect: "manual" });
  return new URL(headers.get("Location") ?? "").searchParams.get("code") ?? "";
}
