// An authorization server on this library: createAuthorizationServer answers for all that is DPoP (RFC 9449 sections 5, 8 and
// 10). The rest, clients and codes and tokens, is in own-grants.ts.
import { randomBytes } from "node:crypto";
import type { IncomingMessage } from "node:http";
import {
  createMemoryReplayStore,
  createNonceIssuer,
  createAuthorizationServer,
  serverMetadata,
  type AuthorizationServer,
  type Verifier,
  type VerifierOptions,
} from "dpop-core";
import type { BindingOf } from "./answers.js";
import { answerWith, listen, type Reply, type Running } from "./loopback.js";
import {
  authenticate,
  type CodeRequest,
  createGrants,
  type Grants,
  type Introspection,
  keep,
} from "./own-grants.js";

export interface OwnAuthorizationServer extends Running {
  /** The secret of the client "service"; the client "app" has none. */
  readonly serviceSecret: string;
  /** Shared with the API, to show that the nonces of one are none of the other. */
  readonly nonceSecret: Uint8Array;
  /** RFC 7662, without HTTP between. */
  introspect(accessToken: string): Introspection;
}

/** What the endpoints have in common. */
interface Shared {
  readonly origin: string;
  readonly endpoint: AuthorizationServer;
  readonly serviceSecret: string;
  readonly grants: Grants;
  /** By request_uri. */
  readonly pushed: Map<string, CodeRequest>;
}

export async function startOwnAuthorizationServer(
  makeVerifier: (options: VerifierOptions) => Verifier,
): Promise<OwnAuthorizationServer> {
  const { server, origin, close } = await listen();
  const serviceSecret = randomBytes(32).toString("base64url");
  const nonceSecret = randomBytes(32);
  const grants = createGrants();

  const nonce = createNonceIssuer({ secrets: [nonceSecret], audience: origin });
  const verifier = makeVerifier({ nonce, replay: createMemoryReplayStore() });
  const endpoint = createAuthorizationServer({ verifier });
  const shared: Shared = { origin, endpoint, serviceSecret, grants, pushed: new Map() };

  server.on(
    "request",
    answerWith((req, text): Reply => {
      const { pathname, searchParams } = new URL(req.url ?? "", origin);
      switch (`${req.method} ${pathname}`) {
        case "GET /.well-known/oauth-authorization-server":
          return { status: 200, headers: {}, body: metadata(shared) };
        case "POST /par":
          return push(req, new URLSearchParams(text), shared);
        case "GET /authorize":
          return authorize(searchParams, shared);
        case "POST /token":
          return token(req, new URLSearchParams(text), shared);
        default:
          return { status: 404, headers: {} };
      }
    }),
  );
  return { origin, close, serviceSecret, nonceSecret, introspect: grants.introspect };
}

/** RFC 8414. That DPoP is known here, the list of its algorithms says (section 5.1). */
function metadata({ origin, endpoint }: Shared): object {
  return {
    issuer: origin,
    authorization_endpoint: `${origin}/authorize`,
    token_endpoint: `${origin}/token`,
    pushed_authorization_request_endpoint: `${origin}/par`,
    response_types_supported: ["code"],
    code_challenge_methods_supported: ["S256"],
    authorization_response_iss_parameter_supported: true,
    ...serverMetadata(endpoint),
  };
}

/** RFC 9126: the client says what it wants before the browser goes anywhere. */
function push(req: IncomingMessage, form: URLSearchParams, shared: Shared): Reply {
  const { origin, endpoint, serviceSecret, pushed } = shared;
  const client = authenticate(req.headers.authorization, form, serviceSecret);
  if (client === null) return refusal("invalid_client");
  const redirectUri = form.get("redirect_uri");
  if (redirectUri === null || redirectUri !== client.redirectUri) return refusal("invalid_request");
  const result = endpoint.checkPushedRequest({
    method: "POST",
    url: `${origin}/par`,
    proof: req.headersDistinct["dpop"],
    dpopJkt: form.getAll("dpop_jkt"),
  });
  // The code is for the demo's table; OAuth itself sends only `error` and its description.
  if (!result.ok) return { ...result, body: { ...result.body, code: result.failure.code } };
  const request = {
    client,
    codeChallenge: form.get("code_challenge") ?? "",
    state: form.get("state") ?? "",
    jkt: result.jkt, // the code will be good with this key only (section 10)
  };
  const requestUri = keep(pushed, request, "urn:ietf:params:oauth:request_uri:");
  const body = { request_uri: requestUri, expires_in: 60 };
  return { status: 201, headers: result.headers, body };
}

/** Takes every visitor for the user, who agrees; a real server has its login page here. */
function authorize(query: URLSearchParams, { origin, grants, pushed }: Shared): Reply {
  const requestUri = query.get("request_uri") ?? "";
  const request = pushed.get(requestUri);
  if (request === undefined) return { status: 400, headers: {} };
  pushed.delete(requestUri);
  const { client, state } = request;
  const answer = new URLSearchParams({ code: grants.keepCode(request), state, iss: origin });
  return { status: 303, headers: { Location: `${client.redirectUri}?${answer}` } };
}

function token(req: IncomingMessage, form: URLSearchParams, shared: Shared): Reply {
  const { origin, endpoint, serviceSecret, grants } = shared;
  const client = authenticate(req.headers.authorization, form, serviceSecret);
  if (client === null) return refusal("invalid_client");
  const redeemed = grants.read(client, form);
  if (redeemed === null) return refusal("invalid_grant");
  const result = endpoint.checkTokenRequest({
    method: "POST",
    url: `${origin}/token`,
    proof: req.headersDistinct["dpop"],
    clientType: client.type,
    boundAccessTokens: true, // section 5.2: no proof, no token
    grant: redeemed.grant,
  });
  if (!result.ok) return { ...result, body: { ...result.body, code: result.failure.code } };
  redeemed.spend?.(); // not before: the client must be able to come again, with a nonce

  const { tokenType, cnf, refreshJkt, headers } = result;
  const introspection = { active: true, sub: client.id, token_type: tokenType, cnf };
  const body = {
    access_token: grants.keepAccessToken(introspection),
    token_type: tokenType,
    expires_in: 600,
  };
  if (form.get("grant_type") !== "authorization_code") return { status: 200, headers, body };
  const refreshToken = grants.keepRefreshToken(client, refreshJkt);
  return { status: 200, headers, body: { ...body, refresh_token: refreshToken } };
}

function refusal(error: string): Reply {
  return { status: 400, headers: { "Cache-Control": "no-store" }, body: { error } };
}

/** For the table: the key that a granted token is bound to. */
export function bindingAt({ introspect }: OwnAuthorizationServer): BindingOf {
  return (accessToken) => introspect(accessToken).cnf?.jkt;
}
