// The guard behind every adapter (RFC 9449 section 7): from what a framework knows of a request to access, or
// to the response that refuses it.
import { functionMember, leave, membersArgument, objectArgument } from "../input/argument.js";
import type { FieldValue } from "../input/http.js";
import { pathEnd } from "../proof/htu.js";
import type { ResponseHeaders } from "../server/answer.js";
import { joinTarget, originArgument } from "../server/request-url.js";
import type {
  AccessRefusal,
  AccessResult,
  BearerAccess,
  DpopAccess,
  ResourceRequest,
} from "../server/resource.js";
import { type CorsOptions, corsFields, preflightFields, readCors } from "./cors.js";
import { problemOf, type ProblemDetails, readProblemDetails } from "./problem.js";

/** What a handler finds: access by DPoP, or by Bearer where `unboundTokens` is "accepted". */
export type Access<C extends object = object> = DpopAccess<C> | BearerAccess<C>;

/** What a guard uses of a resource server, synchronous or asynchronous. */
export interface GuardedApi<C extends object = object> {
  /** Returns access, or the refusal to send. */
  authenticate(request: ResourceRequest): AccessResult<C> | Promise<AccessResult<C>>;
  /** Returns the refusal of a good token with too small a scope. */
  insufficientScope(scope: readonly string[]): AccessRefusal;
}

/** What `onError` is told of a request: nothing that is secret. */
export interface FailedRequest {
  /** The HTTP method, as it was received. */
  readonly method: string;
  /** The URL that the client called, without query and fragment. */
  readonly url: string;
}

/** Options of createGuard. */
export interface GuardOptions<C extends object = object> {
  /** The resource server: of createAsyncResourceServer or createResourceServer. */
  readonly api: GuardedApi<C>;
  /**
   * What clients call: scheme and host, the port if it is not the usual one, and the path prefix if a proxy
   * or a mount strips one, such as `https://api.example/v1`.
   */
  readonly origin: string;
  /**
   * Is told what `accessTokens`, a store or a backend threw; the client gets status 503 and nothing of it.
   * `console.error` will do. What it throws is ignored.
   */
  readonly onError: (error: unknown, request: FailedRequest) => void;
  /** The body of refusals: "none", or "rfc9457" for `application/problem+json`. Default "none". */
  readonly problemDetails?: ProblemDetails | undefined;
  /** Lets scripts of other origins call the API. Default: nothing is said of that. */
  readonly cors?: CorsOptions | undefined;
}

/** What one route needs. */
export interface RouteOptions {
  /** The scope that a token must have: names. Default: none. */
  readonly scope?: readonly string[] | undefined;
}

/** What an adapter reads of a request, as it arrived. */
export interface Incoming {
  readonly method: string;
  /** The request target, neither decoded nor cut. */
  readonly target: string;
  /** Returns every value of a header field, whose name is in small letters. */
  field(name: string): FieldValue;
}

/** What to do with a request. `headers` are due on the response, also where a handler sends it. */
export type Verdict<C extends object> =
  | { readonly access: Access<C>; readonly headers: ResponseHeaders }
  | {
      readonly access: null;
      readonly headers: ResponseHeaders;
      readonly status: number;
      readonly body: string | null;
    };

/** What every adapter is made of. */
export interface Judge<C extends object> {
  /** Returns the verdict on a request; `key` is the object that stands for it. Never rejects. */
  judge(key: object, incoming: Incoming, scope: readonly string[]): Promise<Verdict<C>>;
  /** Returns the access that was granted to a request. Throws a TypeError where none was. */
  accessOf(key: object): Access<C>;
  /** Returns the header fields that CORS asks for. */
  corsHeaders(incoming: Incoming): ResponseHeaders;
  /** Checks the options of a route. */
  readScope(options: RouteOptions | undefined): readonly string[];
  /** Tells `onError`, whatever that does. */
  tell(error: unknown, incoming: Incoming): void;
}

const OPTIONS = ["api", "origin", "onError", "problemDetails", "cors"];

/** Throws a TypeError that names the option. */
export function createJudge<C extends object>(options: GuardOptions<C>): Judge<C> {
  const given = membersArgument(options, "options", OPTIONS);
  const { api, onError } = given;
  for (const name of ["authenticate", "insufficientScope"]) {
    functionMember(objectArgument(api, "api"), name, "api");
  }
  if (typeof onError !== "function") {
    throw new TypeError("onError must be a function, such as console.error");
  }
  const origin = originArgument(given.origin);
  const problems = readProblemDetails(given.problemDetails);
  const cors = readCors(given.cors);
  const granted = new WeakMap<object, Access<C>>();
  const tell = (error: unknown, { method, target }: Incoming): void => {
    const url = joinTarget(origin, target);
    try {
      leave(onError(error, { method, url: url.slice(0, pathEnd(url)) }));
    } catch {
      // A log that fails is no reason to answer otherwise.
    }
  };
  const authenticate = async (
    incoming: Incoming,
    scope: readonly string[],
  ): Promise<AccessResult<C> | typeof UNAVAILABLE> => {
    const { method, target } = incoming;
    const url = joinTarget(origin, target);
    const authorization = incoming.field("authorization");
    try {
      const proof = incoming.field("dpop");
      return await api.authenticate({ method, url, authorization, proof, scope });
    } catch (error) {
      tell(error, incoming);
      return UNAVAILABLE;
    }
  };
  /** The same proof twice would be a replay, so the second guard of a route asks for its scope only. */
  const again = (access: Access<C>, scope: readonly string[]): Access<C> | AccessRefusal =>
    scope.every((name) => access.scopes.includes(name)) ? access : api.insufficientScope(scope);
  return {
    tell,
    async judge(key, incoming, scope) {
      const preflight = preflightFields(cors, incoming);
      if (preflight !== null) return { access: null, status: 204, headers: preflight, body: null };
      const before = granted.get(key);
      const result =
        before === undefined ? await authenticate(incoming, scope) : again(before, scope);
      const headers = { ...result.headers, ...corsFields(cors, incoming) };
      if (!result.ok) return { access: null, ...problemOf(problems, result, headers, incoming) };
      granted.set(key, result);
      return { access: result, headers };
    },
    accessOf(key) {
      const access = granted.get(key);
      if (access === undefined) throw new TypeError("the guard must run before accessOf");
      return access;
    },
    corsHeaders: (incoming) => preflightFields(cors, incoming) ?? corsFields(cors, incoming),
    readScope(route = {}) {
      const { scope = [] } = membersArgument(route, "options", ["scope"]);
      if (!Array.isArray(scope)) throw new TypeError("scope must be an array of strings");
      if (scope.length > 0) api.insufficientScope(scope); // throws for what is no name of a scope
      return [...scope];
    },
  };
}

/** The answer where a part threw: nothing is granted, and no token is called bad. */
const UNAVAILABLE = {
  ok: false,
  status: 503,
  headers: { "Retry-After": "1", "Cache-Control": "no-store" },
  failure: undefined,
} as const;
