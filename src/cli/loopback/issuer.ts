// The authorization server of serve: client credentials for one client, and tokens that are bound to its key.
import { randomBytes, timingSafeEqual } from "node:crypto";
import type { IncomingMessage } from "node:http";
import {
  type AuthorizationServer,
  createAuthorizationServer,
  createVerifier,
  type ServerEvent,
  serverMetadata,
  type SyncSigner,
} from "dpop-core/core";
import { createSigner, generatePrivateJwk } from "dpop-core/node-crypto";
import { thumbprintOf } from "../base/key.js";
import { answerWith, type Listening, type Reply } from "./listen.js";
import { verifierOptions } from "./proofs.js";

/** What the authorization server is to be like. */
export interface IssuerOptions {
  /** What its tokens are for. */
  readonly audience: string;
  readonly clientId: string;
  readonly clientSecret: string;
  /** Whether proofs need a nonce. */
  readonly nonces: boolean;
  /** Of a token, in seconds. */
  readonly life: number;
  clock(): number;
  onEvent(event: ServerEvent): void;
  /** Is told of a refusal that is not about DPoP. */
  onRefusal(error: string): void;
  tell(error: unknown): void;
}

interface Issuer extends IssuerOptions {
  readonly origin: string;
  readonly endpoint: AuthorizationServer;
  readonly signer: SyncSigner;
  /** The name of its key. */
  readonly kid: string;
}

/** Lets a server answer as an authorization server. */
export function serveIssuer({ server, origin }: Listening, options: IssuerOptions): void {
  const verifier = createVerifier(verifierOptions(origin, options));
  const signer = createSigner(generatePrivateJwk("ES256"));
  const issuer: Issuer = {
    ...options,
    origin,
    endpoint: createAuthorizationServer({ verifier, onEvent: options.onEvent }),
    signer,
    kid: thumbprintOf(signer.publicJwk),
  };
  server.on(
    "request",
    answerWith((req, text) => answer(req, text, issuer), options.tell),
  );
}

function answer(req: IncomingMessage, text: string, issuer: Issuer): Reply {
  const { origin, endpoint, signer, kid } = issuer;
  const [path] = (req.url ?? "").split("?", 1);
  switch (`${req.method} ${path}`) {
    case "GET /.well-known/oauth-authorization-server":
      return { status: 200, body: metadataOf(origin, endpoint) };
    case "GET /jwks":
      return {
        status: 200,
        body: { keys: [{ ...signer.publicJwk, kid, alg: signer.alg, use: "sig" }] },
      };
    case "POST /token":
      return tokenReply(req, new URLSearchParams(text), issuer);
    default:
      return { status: 404, body: { error: "not_found" } };
  }
}

/** RFC 8414. */
function metadataOf(issuer: string, endpoint: AuthorizationServer): object {
  return {
    issuer,
    token_endpoint: `${issuer}/token`,
    jwks_uri: `${issuer}/jwks`,
    response_types_supported: [],
    grant_types_supported: ["client_credentials"],
    token_endpoint_auth_methods_supported: ["client_secret_basic", "client_secret_post"],
    ...serverMetadata(endpoint),
  };
}

function tokenReply(req: IncomingMessage, form: URLSearchParams, issuer: Issuer): Reply {
  const { origin, endpoint, audience, life } = issuer;
  if (!isClient(req.headers.authorization, form, issuer))
    return refusal(401, "invalid_client", issuer);
  if (form.get("grant_type") !== "client_credentials")
    return refusal(400, "unsupported_grant_type", issuer);
  if (form.getAll("resource").some((resource) => resource !== audience))
    return refusal(400, "invalid_target", issuer);
  const result = endpoint.checkTokenRequest({
    method: "POST",
    url: `${origin}/token`,
    proof: req.headersDistinct["dpop"],
    clientType: "confidential",
    boundAccessTokens: true, // no proof, no token
    grant: { type: "client_credentials" },
  });
  if (!result.ok) return { status: result.status, headers: result.headers, body: result.body };
  const scope = form.get("scope") ?? undefined;
  const body = {
    access_token: signToken(issuer, { cnf: result.cnf, scope }),
    token_type: result.tokenType,
    expires_in: life,
    scope,
  };
  return { status: 200, headers: result.headers, body };
}

function refusal(status: number, error: string, { onRefusal }: Issuer): Reply {
  onRefusal(error);
  const challenge = status === 401 ? { "WWW-Authenticate": 'Basic realm="dpop-core serve"' } : {};
  return { status, headers: { "Cache-Control": "no-store", ...challenge }, body: { error } };
}

/** Reads the client's name and secret from the header field, else from the form (RFC 6749 section 2.3.1). */
function isClient(
  authorization: string | undefined,
  form: URLSearchParams,
  issuer: Issuer,
): boolean {
  const [, basic] = /^basic +([\w+/=]+)$/i.exec(authorization ?? "") ?? [];
  if (basic === undefined) {
    return isPair(form.get("client_id") ?? "", form.get("client_secret") ?? "", issuer);
  }
  const [id = "", ...secret] = Buffer.from(basic, "base64").toString("utf8").split(":");
  return isPair(formDecoded(id), formDecoded(secret.join(":")), issuer);
}

function isPair(id: string, secret: string, { clientId, clientSecret }: Issuer): boolean {
  const [given, due] = [Buffer.from(secret), Buffer.from(clientSecret)];
  return id === clientId && given.length === due.length && timingSafeEqual(given, due);
}

function formDecoded(text: string): string {
  return new URLSearchParams(`v=${text.replaceAll("&", "%26")}`).get("v") ?? "";
}

/** A JWT access token (RFC 9068). */
function signToken(
  { signer, kid, origin, audience, clientId, life, clock }: Issuer,
  { cnf, scope }: { readonly cnf: unknown; readonly scope: string | undefined },
): string {
  const iat = Math.floor(clock());
  const header = { typ: "at+jwt", alg: signer.alg, kid };
  const claims = {
    iss: origin,
    aud: audience,
    sub: clientId,
    client_id: clientId,
    iat,
    exp: iat + life,
    jti: randomBytes(16).toString("base64url"),
    scope,
    cnf,
  };
  const segment = (value: object): string =>
    Buffer.from(JSON.stringify(value)).toString("base64url");
  const input = `${segment(header)}.${segment(claims)}`;
  return `${input}.${Buffer.from(signer.sign(Buffer.from(input))).toString("base64url")}`;
}
