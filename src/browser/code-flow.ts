// Logging in (RFC 6749 section 4.1 with PKCE of RFC 7636, PAR of RFC 9126, `iss` of RFC 9207 and dpop_jkt of RFC
// 9449 section 10): from a request to the URL of the authorization server, and from the URL that it returns to, to tokens.
import { encodeBase64url } from "../bytes/base64url.js";
import { asciiBytes } from "../bytes/utf8.js";
import {
  membersArgument,
  objectArgument,
  optionalString,
  stringArgument,
} from "../input/argument.js";
import { platformClock as now } from "../input/clock.js";
import type { TokenResponseCode } from "../client/token-response.js";
import type { JsonObject } from "../input/json.js";
import { errorOf, postForm, type AuthorizationServerMetadata } from "./authorization-server.js";
import type { Base } from "./base.js";
import { BrowserSessionError } from "./event.js";
import { platform } from "./platform.js";
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
 * `token_refused`: an error with the status of a success.
 * `token_response_invalid`, `token_type_not_dpop`: the tokens are none, or not bound to the key.
 */
export type LoginFailureCode =
  | "state_unknown"
  | "issuer_mismatch"
  | "authorization_refused"
  | "key_lost"
  | "code_refused"
  | TokenResponseCode;

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

/** Parameters that no option sets, and that are not for the caller to set either. */
const NOT_FOR_CALLERS = { request: "", request_uri: "", response_mode: "" };

/** Returns the URL to go to. */
export async function startLogin(base: Base, options: LoginOptions = {}): Promise<string> {
  const given = membersArgument(options, "options", ["appState", "params"]);
  const appState = optionalString(given.appState, "appState");
  const server = await base.server();
  requireAlg(base, server);
  const { session, send } = await base.currentClient();
  // Where the key ends with the page, a code that is bound to it could never be used.
  const jkt = base.store.lasts() ? session.jkt : undefined;
  const [state, verifier] = [base.newSecret(), base.newSecret()];
  const { clientId, issuer } = base.owner;
  const own = {
    response_type: "code",
    client_id: clientId,
    redirect_uri: base.settings.redirectUri,
    scope: base.settings.scope,
    resource: base.settings.resource,
    state,
    code_challenge: encodeBase64url(base.backend.sha256(asciiBytes(verifier))),
    code_challenge_method: "S256",
    dpop_jkt: jkt,
  };
  const request = { ...readParams(given.params, { ...own, ...NOT_FOR_CALLERS }), ...own };
  const login = { state, verifier, jkt, issuer, appState, begunAt: now() };
  await changeLogins(base, (logins) => [...logins.slice(1 - MOST_LOGINS), login]);
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

/** Guards further parameters; a name that is taken is refused. */
function readParams(params: unknown, taken: object): Readonly<Record<string, string>> {
  const given = objectArgument(params ?? {}, "params");
  const read: Record<string, string> = {};
  for (const [name, value] of Object.entries(given)) {
    if (name in taken) throw new TypeError(`params.${name} is not for the caller to set`);
    read[name] = stringArgument(value, `params.${name}`);
  }
  return read;
}

function requireAlg({ settings: { alg } }: Base, server: AuthorizationServerMetadata): void {
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
  const pending = (await readLogins(base)).find((login) => login.state === state);
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
    redirect_uri: base.settings.redirectUri,
    client_id: owner.clientId,
    code_verifier: pending.verifier,
    resource: base.settings.resource,
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
  return { ok: false, code, error };
}

/** Forgets a login that is over. */
async function end(base: Base, state: string, result: LoginResult): Promise<LoginResult> {
  await changeLogins(base, (logins) => logins.filter((login) => login.state !== state));
  return result;
}

/** Returns the logins that were begun and may still end well. */
async function readLogins(base: Base): Promise<readonly Pending[]> {
  const { store } = base;
  return guarded(store.lasts() ? await store.read(LOGINS) : inTab(base), base);
}

async function changeLogins(
  base: Base,
  change: (logins: readonly Pending[]) => readonly Pending[],
): Promise<void> {
  const { store } = base;
  if (store.lasts()) await store.update(LOGINS, (value) => change(guarded(value, base)));
  else inTab(base, change(guarded(inTab(base), base)));
}

/**
 * Returns what the storage of the tab has, which outlives the page where nothing else does, and replaces it.
 * Some browsers throw here: the login is lost then.
 */
function inTab({ settings: { name } }: Base, logins?: readonly Pending[]): unknown {
  try {
    const { sessionStorage: storage } = platform();
    const place = `dpop-core ${name}`;
    if (logins !== undefined) storage?.setItem(place, JSON.stringify(logins));
    return JSON.parse(storage?.getItem(place) ?? "");
  } catch {
    return undefined;
  }
}

function guarded(value: unknown, { owner }: Base): readonly Pending[] {
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
