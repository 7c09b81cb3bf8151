// Logging in (RFC 6749 section 4.1 with PKCE of RFC 7636, PAR of RFC 9126, `iss` of RFC 9207 and dpop_jkt of RFC
// 9449 section 10): from a request to the URL of the authorization server, and from the URL that it returns to, to tokens.
import { encodeBase64url } from "../bytes/base64url.js";
import { asciiBytes } from "../bytes/utf8.js";
import { membersArgument, optionalString, stringArgument } from "../input/argument.js";
import type { JsonObject } from "../input/json.js";
import { errorOf, postForm, type AuthorizationServerMetadata } from "./authorization-server.js";
import { type Base, now } from "./base.js";
import { BrowserSessionError } from "./event.js";
import { type PageStorage, platform } from "./platform.js";
import { type Login, readTokens, TOKENS, tokensOf, withoutTokens } from "./tokens.js";

/** Options of startLogin. */
export interface LoginOptions {
  /** What `finishLogin` returns: where the user was, say. Take it for what it is: your own text. */
  readonly appState?: string | undefined;
  /** Further parameters of the authorization request: `prompt`, `login_hint`, `ui_locales`. */
  readonly params?: Readonly<Record<string, string>> | undefined;
}

/**
 * Why a login did not end well. `state_unknown`: it was not begun in this browser, or an hour ago, or it is over.
 * `issuer_mismatch`: the response is from another authorization server, or does not say from which. `authorization_refused`: the
 * user or the server said no; see `error`. `key_lost`: the key that the code is bound to is gone. `code_refused`: see `error`.
 * `token_response_invalid`, `token_type_not_dpop`: the tokens are none, or not bound to the key.
 */
export type LoginFailureCode =
  | "state_unknown"
  | "issuer_mismatch"
  | "authorization_refused"
  | "key_lost"
  | "code_refused"
  | "token_response_invalid"
  | "token_type_not_dpop";

/** How a login ended. */
export type LoginResult =
  | {
      readonly ok: true;
      /** As `startLogin` got it. */
      readonly appState: string | undefined;
      /**
       * The members of the token response beside the tokens: `scope`, `id_token`. They are as the server sent them; an ID token is
       * not checked.
       */
      readonly granted: JsonObject;
    }
  | {
      readonly ok: false;
      readonly code: LoginFailureCode;
      readonly message: string;
      /** The `error` of the authorization server (RFC 6749 sections 4.1.2.1 and 5.2), if it gave one. */
      readonly error: string | undefined;
    };

/** A login that was begun. */
interface Pending {
  readonly state: string;
  readonly verifier: string;
  /** The key that the code is bound to; undefined where no key outlives the page. */
  readonly jkt: string | undefined;
  readonly issuer: string;
  readonly appState: string | undefined;
  /** Seconds since the epoch. */
  readonly begunAt: number;
}

/** The name of the logins in the store. */
export const LOGINS = "logins";

/** Seconds. Users look for passwords. */
const LONGEST_LOGIN = 3600;

/** Each tab may begin one, and leave it. */
const MOST_LOGINS = 16;

/** Parameters that are not for the caller to set. */
const OWN_PARAMS = [
  "response_type",
  "client_id",
  "redirect_uri",
  "scope",
  "resource",
  "state",
  "code_challenge",
  "code_challenge_method",
  "dpop_jkt",
  "request",
  "request_uri",
  "response_mode",
];

/** Returns the URL to go to. */
export async function startLogin(base: Base, options: LoginOptions = {}): Promise<string> {
  const given = membersArgument(options, "options", ["appState", "params"]);
  const appState = optionalString(given.appState, "appState");
  const params = readParams(given.params);
  const server = await base.server();
  requireAlg(base, server);
  const { session, send } = await base.currentClient();
  // Where the key ends with the page, a code that is bound to it could never be used.
  const jkt = base.store.lasts() ? session.jkt : undefined;
  const [state, verifier] = [base.newSecret(), base.newSecret()];
  const { clientId, issuer } = base.owner;
  await keep(base, { state, verifier, jkt, issuer, appState, begunAt: now() });
  const request = {
    response_type: "code",
    client_id: clientId,
    redirect_uri: base.redirectUri,
    scope: base.scope,
    resource: base.resource,
    state,
    code_challenge: encodeBase64url(base.hasher.sha256(asciiBytes(verifier))),
    code_challenge_method: "S256",
    dpop_jkt: jkt,
    ...params,
  };
  const pushTo = server.pushed_authorization_request_endpoint;
  if (pushTo === undefined) return withQuery(server.authorization_endpoint, request);
  const answer = await postForm(jkt === undefined ? base.plainSend : send, pushTo, request);
  const requestUri = answer.body?.["request_uri"];
  if ((answer.status !== 201 && answer.status !== 200) || typeof requestUri !== "string") {
    throw new BrowserSessionError("request_refused", errorOf(answer));
  }
  const pushed = { client_id: clientId, request_uri: requestUri };
  return withQuery(server.authorization_endpoint, pushed);
}

function readParams(value: unknown): Readonly<Record<string, string>> {
  if (value === undefined) return {};
  const params: Readonly<Record<string, string>> = Object.fromEntries(
    Object.entries(value as object).map(([name, text]) => [
      name,
      stringArgument(text, `params.${name}`),
    ]),
  );
  const own = OWN_PARAMS.find((name) => name in params);
  if (own !== undefined) throw new TypeError(`params.${own} is not for the caller to set`);
  return params;
}

function requireAlg({ alg }: Base, server: AuthorizationServerMetadata): void {
  const listed = server.dpop_signing_alg_values_supported;
  if (listed !== undefined && !listed.includes(alg)) {
    throw new TypeError(`alg must be one that the authorization server takes: ${alg} is not`);
  }
}

function withQuery(url: string, fields: Readonly<Record<string, string | undefined>>): string {
  const { URL } = platform();
  const parsed = new URL(url);
  for (const [name, value] of Object.entries(fields)) {
    if (value !== undefined) parsed.searchParams.append(name, value);
  }
  return parsed.href;
}

/**
 * Returns how the login ended that a URL is the end of; null for any other URL. Rejects where the server could not be
 * reached: the same URL can be tried again.
 */
export async function finishLogin(base: Base, url: string): Promise<LoginResult | null> {
  const response = readResponse(stringArgument(url, "url"));
  return response === null ? null : base.exclusive(() => finishAlone(base, response));
}

/** The parameters of an authorization response, each there at most once. */
interface AuthorizationResponse {
  readonly state: string;
  readonly code: string | undefined;
  readonly error: string | undefined;
  readonly iss: string | undefined;
}

/** Returns null for a URL that is no authorization response. */
export function readResponse(url: string): AuthorizationResponse | null {
  const { URL } = platform();
  const { searchParams } = new URL(url);
  const found = ["state", "code", "error", "iss"].map((name) => searchParams.getAll(name));
  if (found.some((values) => values.length > 1)) return null; // RFC 6749 section 3.1
  const [state, code, error, iss] = found.map(([value]) => value);
  if (state === undefined || (code === undefined) === (error === undefined)) return null;
  return { state, code, error, iss };
}

async function finishAlone(base: Base, response: AuthorizationResponse): Promise<LoginResult> {
  const { owner, store } = base;
  const { state, code, error } = response;
  const present = readTokens(await store.read(TOKENS), owner);
  // The page was loaded again, or a second tab has the same URL: a code is used once only.
  if (present?.login.state === state) return loggedIn(present.login);
  const pending = await find(base, state);
  if (pending === undefined) return refusal("state_unknown");
  const server = await base.server();
  if (!isFrom(server, response.iss)) return end(base, state, refusal("issuer_mismatch"));
  if (code === undefined) return end(base, state, refusal("authorization_refused", error));
  const { session, send } = await base.currentClient();
  const { jkt } = session;
  if (pending.jkt !== undefined && pending.jkt !== jkt) {
    return end(base, state, refusal("key_lost"));
  }
  const sentAt = now();
  const answer = await postForm(send, server.token_endpoint, {
    grant_type: "authorization_code",
    code,
    redirect_uri: base.redirectUri,
    client_id: owner.clientId,
    code_verifier: pending.verifier,
    resource: base.resource,
  });
  const { status, body } = answer;
  if (status >= 500 || status === 429) throw new Error("the token endpoint can't answer now");
  if (status !== 200 || body === undefined) {
    return end(base, state, refusal("code_refused", errorOf(answer)));
  }
  const token = session.readTokenResponse(body);
  if (!token.ok) return end(base, state, refusal(token.code));
  const login: Login = { state, appState: pending.appState, granted: withoutTokens(body) };
  const { accessToken } = token;
  const tokens = tokensOf({ ...owner, jkt, accessToken, login }, body, sentAt);
  await store.update(TOKENS, () => tokens);
  base.announce({ type: "logged_in" });
  return end(base, state, loggedIn(login));
}

function isFrom(server: AuthorizationServerMetadata, iss: string | undefined): boolean {
  const isDue = server.authorization_response_iss_parameter_supported === true;
  return iss === undefined ? !isDue : iss === server.issuer;
}

function loggedIn({ appState, granted }: Login): LoginResult {
  return { ok: true, appState, granted };
}

function refusal(code: LoginFailureCode, error?: string): LoginResult {
  return { ok: false, code, message: messageOf(code), error };
}

function messageOf(code: LoginFailureCode): string {
  switch (code) {
    case "state_unknown":
      return "The login was not begun in this browser, or is over";
    case "issuer_mismatch":
      return "The authorization response is not from the authorization server";
    case "authorization_refused":
      return "The authorization server refused the login";
    case "key_lost":
      return "The key of the login is gone";
    case "code_refused":
      return "The authorization server refused the code";
    case "token_response_invalid":
      return "The token response has no usable access_token and token_type";
    case "token_type_not_dpop":
      return "The access token is not bound to the DPoP key";
  }
}

async function keep(base: Base, pending: Pending): Promise<void> {
  await base.store.update(LOGINS, (value) => [
    ...readLogins(value, base).slice(1 - MOST_LOGINS),
    pending,
  ]);
  if (!base.store.lasts())
    inSession((storage) => storage.setItem(nameOf(base, pending.state), JSON.stringify(pending)));
}

async function find(base: Base, state: string): Promise<Pending | undefined> {
  const kept = readLogins(await base.store.read(LOGINS), base);
  const inTab = inSession((storage) => JSON.parse(storage.getItem(nameOf(base, state)) ?? "null"));
  return [...kept, ...readLogins([inTab], base)].find((login) => login.state === state);
}

/** Forgets a login that is over. */
async function end(base: Base, state: string, result: LoginResult): Promise<LoginResult> {
  await base.store.update(LOGINS, (value) =>
    readLogins(value, base).filter((login) => login.state !== state),
  );
  inSession((storage) => storage.removeItem(nameOf(base, state)));
  return result;
}

function nameOf({ name }: Base, state: string): string {
  return `dpop-core ${name} ${state}`;
}

/** Uses the storage of the tab, which outlives the page where nothing else does; undefined where there is none. */
function inSession(use: (storage: PageStorage) => unknown): unknown {
  try {
    const { sessionStorage } = platform(); // some browsers throw here
    return sessionStorage === undefined ? undefined : use(sessionStorage);
  } catch {
    return undefined;
  }
}

/** Returns the logins that may still end well, each guarded. */
function readLogins(value: unknown, { owner }: Base): readonly Pending[] {
  const earliest = now() - LONGEST_LOGIN;
  return (Array.isArray(value) ? value : []).filter(
    (login: Partial<Pending> | null): login is Pending =>
      typeof login?.state === "string" &&
      typeof login.verifier === "string" &&
      typeof login.begunAt === "number" &&
      login.begunAt > earliest &&
      login.issuer === owner.issuer,
  );
}
