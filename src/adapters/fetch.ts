// The adapter for handlers from a Request to a Response (RFC 9449 section 7), as Next.js, h3, SvelteKit,
// Workers, Deno and Bun have them: a wrapper of a handler.
import type { ResponseHeaders } from "../server/answer.js";
import { type Access, createJudge, type GuardOptions, type RouteOptions } from "./guard.js";
import {
  type PlatformRequest,
  type PlatformResponse,
  type RequestLike,
  requestIncoming,
  respond,
  withFields,
} from "./web.js";

/** What handles a request that has access. `rest` is what the platform passes behind the request. */
export type Handler<Req, Rest extends readonly unknown[], C extends object = object> = (
  request: Req,
  access: Access<C>,
  ...rest: Rest
) => PlatformResponse | Promise<PlatformResponse>;

/** What a platform calls. */
export type Wrapped<Req, Rest extends readonly unknown[]> = (
  request: Req,
  ...rest: Rest
) => Promise<PlatformResponse>;

/** What createGuard returns. */
export interface Guard<C extends object = object> {
  /** Wraps a handler. */
  <Req extends RequestLike = PlatformRequest, Rest extends readonly unknown[] = []>(
    handler: Handler<Req, Rest, C>,
  ): Wrapped<Req, Rest>;
  /** Wraps a handler. Throws a TypeError for a scope that holds anything but names of scopes. */
  <Req extends RequestLike = PlatformRequest, Rest extends readonly unknown[] = []>(
    options: RouteOptions,
    handler: Handler<Req, Rest, C>,
  ): Wrapped<Req, Rest>;
  /** Returns the access of a request. Throws a TypeError where no guard ran. */
  accessOf(request: object): Access<C>;
  /** Returns the header fields of CORS for a route without a guard. */
  corsHeaders(request: RequestLike): ResponseHeaders;
}

/**
 * Makes the guard of an API whose handlers take a Request and return a Response:
 * `guard((request, access) => …)`, or `guard({ scope: ["read"] }, handler)`. What the platform passes behind
 * the request comes behind the access.
 *
 * - The URL is made of `origin` and of what follows the host in `request.url`.
 * - The nonce that is due, and its `Cache-Control: no-store`, win over the fields of the handler's response,
 *   which is copied for that; one that can't be copied (status 101) is passed on as it is.
 * - A Response that a handler throws gets them too, and is thrown. Anything else that it throws propagates,
 *   since frameworks redirect so; the client gets its next nonce later then.
 *
 * @param options the resource server, the origin that clients call, and what is told of errors.
 * @returns a function that wraps handlers.
 * @throws a TypeError that names the option.
 * @example
 * ```ts
 * import type { AsyncResourceServer } from "dpop-core";
 * import { createGuard } from "dpop-core/fetch";
 *
 * declare const api: AsyncResourceServer<{ sub: string }>;
 * const guard = createGuard({ api, origin: "https://api.example", onError: console.error });
 * export const GET = guard((request, access) => Response.json({ user: access.token.sub }));
 * ```
 * @see RFC 9449 section 7
 */
export function createGuard<C extends object>(options: GuardOptions<C>): Guard<C> {
  const { judge, accessOf, corsHeaders, readScope } = createJudge(options);
  const guard = <Req extends RequestLike, Rest extends readonly unknown[]>(
    first: RouteOptions | Handler<Req, Rest, C>,
    second?: Handler<Req, Rest, C>,
  ): Wrapped<Req, Rest> => {
    const [route, handler] = typeof first === "function" ? [undefined, first] : [first, second];
    if (typeof handler !== "function") throw new TypeError("handler must be a function");
    const scope = readScope(route);
    return async (request, ...rest) => {
      const verdict = await judge(request, requestIncoming(request), scope);
      const { access, headers } = verdict;
      if (access === null) return respond(verdict);
      try {
        return withFields(await handler(request, access, ...rest), headers);
      } catch (error) {
        throw withFields(error, headers);
      }
    };
  };
  return Object.assign(guard, {
    accessOf,
    corsHeaders: (request: RequestLike) => corsHeaders(requestIncoming(request)),
  });
}
