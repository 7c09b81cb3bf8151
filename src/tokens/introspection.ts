// Introspection (RFC 7662): an opaque access token to what the authorization server says of it now, or said
// a short time ago.
import {
  membersArgument,
  optionalString,
  stringArgument,
  timeArgument,
} from "../input/argument.js";
import type { JsonObject } from "../input/json.js";
import { type Hasher, hasherArgument } from "../jose/hash.js";
import { hashOf, isAccessToken } from "../proof/ath.js";
import type { PlainHttp } from "../proof/htu.js";
import { type AccessToken, type AsyncAccessTokens, scopesOf } from "./access-token.js";
import { bindingFromActive } from "./binding.js";
import { isDate, isFor, isTime } from "./claims.js";
import {
  type DocumentBounds,
  type DocumentFetch,
  type DocumentPolicy,
  readDocumentPolicy,
  withDocuments,
} from "./document.js";
import { LONGEST_TOKEN } from "./jwt.js";
import {
  createTokenMemory,
  forwardClock,
  readMemoryBounds,
  type TokenMemoryBounds,
  type TokenMemoryOptions,
} from "./memory.js";
import {
  nameArgument,
  namesArgument,
  readClockOption,
  readTolerance,
  urlArgument,
} from "./policy.js";

/** How a resource server proves to the authorization server who it is (RFC 7662 section 2.1). */
export interface IntrospectionCredentials {
  /** The header field `Authorization`, such as `Basic …` or `Bearer …`. */
  readonly authorization?: string | undefined;
  /** Further parameters of the form, such as `client_id` and `client_assertion`. */
  readonly params?: Readonly<Record<string, string>> | undefined;
}

/** Options of createIntrospection. */
export interface IntrospectionOptions {
  /** What hashes: any backend. */
  readonly backend: Hasher;
  /** The URL of the introspection endpoint. */
  readonly endpoint: string;
  /** Returns the credentials of this server, at each request to the endpoint. */
  readonly authenticate: () => IntrospectionCredentials | Promise<IntrospectionCredentials>;
  /**
   * This server, exactly as the answers have it in `aud`; several names where it has several. Default: `aud`
   * is not read, and the endpoint decides which tokens it tells this server of.
   */
  readonly audience?: string | readonly string[] | undefined;
  /** The issuer, exactly as the answers have it in `iss`. Default: `iss` is not read. */
  readonly issuer?: string | undefined;
  /**
   * How far the clock of the issuer may be ahead of ours, in seconds: for `nbf` and `iat`, never for `exp`.
   * Default 15.
   */
  readonly clockTolerance?: number | undefined;
  /** Returns the time in seconds since the epoch. Default: the clock of the platform. */
  readonly clock?: (() => number) | undefined;
  /** Bounds of what is remembered of active tokens. "none" asks at every request. */
  readonly memory?: TokenMemoryOptions | "none" | undefined;
  /** Sends the requests. Default: the platform's fetch at the time of each call. */
  readonly fetch?: DocumentFetch | undefined;
  /** How long an answer may take, in seconds. Default 5. */
  readonly timeout?: number | undefined;
  /** Which hosts may be asked by plain http. Default "loopback". */
  readonly plainHttp?: PlainHttp | undefined;
}

/** An introspection response that says `active: true`, as it was parsed; frozen. */
export interface IntrospectionClaims {
  readonly active: true;
  /** The names of scopes with spaces between them. */
  readonly scope?: string | undefined;
  /** The client that the token was issued to. */
  readonly client_id?: string | undefined;
  /** The user, or the client if it acts for itself. */
  readonly sub?: string | undefined;
  /** When the token expires, in seconds since the epoch. */
  readonly exp?: number | undefined;
  /** Other members are as the server wrote them. */
  readonly [member: string]: unknown;
}

interface Settings {
  readonly hasher: Hasher;
  readonly endpoint: string;
  readonly authenticate: IntrospectionOptions["authenticate"];
  readonly audience: readonly string[] | undefined;
  readonly issuer: string | undefined;
  readonly clockTolerance: number;
  readonly clock: () => number;
  readonly memory: TokenMemoryBounds | undefined;
  readonly documents: DocumentPolicy;
}

/** An active token of this issuer for this server. */
type ActiveToken = AccessToken<JsonObject>;

/**
 * Makes the check of opaque access tokens by introspection (RFC 7662), for the option `accessTokens` of an
 * asynchronous resource server. It asks for JWTs too, where a revoked token must not be taken until it
 * expires.
 *
 * An active token is remembered for 60 seconds, never past its `exp`: a token that is revoked may be taken
 * for so much longer. An inactive one is asked for again. Requests that come with the same token at once
 * share one answer. The answer is JSON; signed answers (RFC 9701) are not read.
 *
 * @typeParam C the members of your server's answers.
 * @param options the endpoint, the credentials and the backend, and what differs from the defaults.
 * @returns a function that returns what is known of an active token, null for one that is not active, not
 *   good now, or not for this server. It rejects for every other answer and for no answer, with an Error:
 *   then it is not known whether the token is good, and the answer to the client is 503. What `authenticate`
 *   throws propagates.
 * @throws a TypeError or RangeError that names the option.
 * @example
 * ```ts
 * import {
 *   createAsyncResourceServer,
 *   createAsyncVerifier,
 *   createMemoryReplayStore,
 * } from "dpop-core";
 * import { createIntrospection } from "dpop-core/jwt";
 * import { nodeCrypto } from "dpop-core/node-crypto";
 *
 * declare const secret: string;
 *
 * const server = createAsyncResourceServer({
 *   verifier: createAsyncVerifier({ backend: nodeCrypto, replay: createMemoryReplayStore() }),
 *   accessTokens: createIntrospection({
 *     backend: nodeCrypto,
 *     endpoint: "https://as.example/introspect",
 *     authenticate: () => ({ authorization: `Basic ${btoa(`orders-api:${secret}`)}` }),
 *   }),
 * });
 * ```
 * @see RFC 7662 section 2; RFC 9449 section 6.2
 */
export function createIntrospection<C extends object = IntrospectionClaims>(
  options: IntrospectionOptions,
): AsyncAccessTokens<C> {
  const settings = readSettings(options);
  const { hasher, clockTolerance } = settings;
  const ageOf = forwardClock();
  const readNow = (): number => timeArgument(settings.clock(), "clock()");
  const memory =
    settings.memory === undefined ? undefined : createTokenMemory<ActiveToken>(settings.memory);
  const pending = new Map<string, Promise<ActiveToken | null>>(); // by the token, while it is asked for

  const ask = (accessToken: string): Promise<ActiveToken | null> => {
    const asked = pending.get(accessToken);
    if (asked !== undefined) return asked;
    const answer = introspect(settings, accessToken).finally(() => pending.delete(accessToken));
    pending.set(accessToken, answer);
    return answer;
  };

  const look = async (
    accessToken: string,
    given: string | undefined,
  ): Promise<ActiveToken | null> => {
    if (accessToken.length > LONGEST_TOKEN) return null;
    const age = ageOf(readNow());
    const hash = memory === undefined ? "" : (given ?? hashOf(accessToken, hasher));
    if (hash === null) return null;
    const remembered = memory?.find(hash, age);
    if (remembered !== undefined) return remembered;
    if (!isAccessToken(accessToken)) return null;
    const token = await ask(accessToken);
    if (token !== null) memory?.add(hash, token, age, JSON.stringify(token.claims).length);
    return token;
  };

  return async (accessToken, hash) => {
    stringArgument(accessToken, "accessToken");
    const token = await look(accessToken, optionalString(hash, "hash"));
    if (token === null || !isTime(token.claims, readNow(), clockTolerance)) return null;
    return token as AccessToken<object> as AccessToken<C>; // C is the caller's knowledge of the server
  };
}

const OPTIONS = [
  "backend",
  "endpoint",
  "authenticate",
  "audience",
  "issuer",
  "clockTolerance",
  "clock",
  "memory",
  "fetch",
  "timeout",
  "plainHttp",
];

function readSettings(options: IntrospectionOptions): Settings {
  const given = membersArgument(options, "options", OPTIONS);
  const { authenticate, audience, issuer } = given;
  if (typeof authenticate !== "function") {
    throw new TypeError("authenticate must be a function that returns the credentials");
  }
  const documents = readDocumentPolicy(given);
  return {
    hasher: hasherArgument(given.backend),
    endpoint: urlArgument(given.endpoint, "endpoint", documents.plainHttp),
    authenticate,
    audience: audience === undefined ? undefined : namesArgument(audience, "audience"),
    issuer: issuer === undefined ? undefined : nameArgument(issuer, "issuer"),
    clockTolerance: readTolerance(given.clockTolerance),
    clock: readClockOption(given.clock),
    memory: readMemoryBounds(given.memory),
    documents,
  };
}

const ANSWER: DocumentBounds = { bytes: 65_536, members: 256, values: 2048, outside: 65_536 };

/** Asks once. Returns null for a token that is not active, or not for this server. */
async function introspect(settings: Settings, accessToken: string): Promise<ActiveToken | null> {
  const { authorization, params } = readCredentials(await settings.authenticate());
  const headers = {
    accept: "application/json",
    "content-type": "application/x-www-form-urlencoded",
    ...(authorization === undefined ? {} : { authorization }),
  };
  const fields = { ...params, token: accessToken, token_type_hint: "access_token" };
  const init = { method: "POST", headers, body: formOf(fields) };
  const answer = await withDocuments(settings.documents, "the introspection", (get) =>
    get("the introspection response", settings.endpoint, ANSWER, init),
  );
  return readAnswer(answer, settings);
}

/** Throws an Error for an answer that says neither yes nor no: it is no reason to call a token bad. */
function readAnswer(answer: JsonObject, { audience, issuer }: Settings): ActiveToken | null {
  const { active, exp, nbf, iat, aud, iss } = answer;
  if (active === false) return null;
  if (active !== true) throw new Error("the introspection response: active must be true or false");
  if (![exp, nbf, iat].every((date) => date === undefined || isDate(date))) {
    throw new Error("the introspection response: exp, nbf and iat must be numbers");
  }
  if (audience !== undefined && !isFor(aud, audience)) return null;
  if (issuer !== undefined && iss !== issuer) return null;
  return Object.freeze({
    binding: Object.freeze(bindingFromActive(answer)),
    claims: answer,
    scopes: Object.freeze(scopesOf(answer)),
  });
}

function readCredentials(value: IntrospectionCredentials): IntrospectionCredentials {
  const what = "the result of authenticate";
  const { authorization, params } = membersArgument(value, what, ["authorization", "params"]);
  optionalString(authorization, `authorization in ${what}`);
  if (params === undefined) return { authorization };
  const copy = { ...membersArgument(params, `params in ${what}`, Object.keys(params)) };
  for (const [name, param] of Object.entries(copy)) {
    stringArgument(param, `params.${name} in ${what}`);
    if (name === "token" || name === "token_type_hint") {
      throw new TypeError(`params in ${what} must not have ${name}`);
    }
  }
  return { authorization, params: copy };
}

function formOf(fields: Readonly<Record<string, string>>): string {
  return Object.entries(fields)
    .map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`)
    .join("&");
}
