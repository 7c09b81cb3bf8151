// The adapter for Hono (RFC 9449 section 7): a middleware before the handlers.
import type { ResponseHeaders } from "../server/answer.js";
import { joined } from "./cors.js";
import { type Access, createJudge, type GuardOptions, type RouteOptions } from "./guard.js";
import { type PlatformResponse, type RequestLike, requestIncoming, respond } from "./web.js";

/** What is used of a context of Hono. */
export interface HonoContext {
  readonly req: { readonly raw: RequestLike };
  readonly res: { readonly headers: { get(name: string): string | null } };
  set(name: "dpop", value: never): void;
  header(name: string, value: string): void;
}

/** For `new Hono<{ Variables: DpopVariables<Claims> }>()`: what a guard adds to `c.var`. */
export interface DpopVariables<C extends object = object> {
  /** The access of this request. */
  dpop: Access<C>;
}

/** A middleware of Hono 4. */
export type Middleware = (
  c: HonoContext,
  next: () => Promise<void>,
) => Promise<PlatformResponse | undefined>;

/** What createGuard returns. */
export interface Guard<C extends object = object> {
  /** Makes a middleware. Throws a TypeError for a scope that holds anything but names of scopes. */
  (options?: RouteOptions): Middleware;
  /** Returns the access of a request, which `c.var.dpop` has too. Throws a TypeError where no guard ran. */
  accessOf(c: object): Access<C>;
  /** Returns the header fields of CORS for a route without a guard. */
  corsHeaders(c: Pick<HonoContext, "req">): ResponseHeaders;
}

/**
 * Makes the guard of an API in Hono 4: `app.use(guard())` or
 * `app.get(path, guard({ scope: ["read"] }), handler)`. A handler behind it finds the access in
 * `c.var.dpop`; `guard.accessOf(c)` returns it with the type of the token's claims.
 *
 * - The URL is made of `origin` and of what follows the host in the URL of the request. In an app under
 *   `mount`, the origin carries the prefix that `mount` strips. Put the guard before `methodOverride`.
 * - The nonce that is due, and its `Cache-Control: no-store`, are set after the handler, on redirects and on
 *   what `onError` returns too.
 * - Several guards on one route check the proof once.
 *
 * @param options the resource server, the origin that clients call, and what is told of errors.
 * @returns a function that makes middleware.
 * @throws a TypeError that names the option.
 * @example
 * ```ts
 * import type { AsyncResourceServer } from "dpop-core";
 * import { createGuard } from "dpop-core/hono";
 *
 * declare const api: AsyncResourceServer<{ sub: string }>;
 * const guard = createGuard({ api, origin: "https://api.example", onError: console.error });
 * const protect = guard({ scope: ["read"] }); // app.get("/orders", protect, listOrders)
 * ```
 * @see RFC 9449 section 7
 */
export function createGuard<C extends object>(options: GuardOptions<C>): Guard<C> {
  const { judge, accessOf, corsHeaders, readScope } = createJudge(options);
  const guard = (route?: RouteOptions): Middleware => {
    const scope = readScope(route);
    return async (c, next) => {
      const verdict = await judge(c, requestIncoming(c.req.raw), scope);
      const { access, headers } = verdict;
      if (access === null) return respond(verdict);
      c.set("dpop", access as never); // its type is known to those who declared the variable
      await next();
      for (const [name, value] of Object.entries(headers)) {
        c.header(name, joined(name, value, c.res.headers.get(name) ?? undefined));
      }
      return undefined;
    };
  };
  return Object.assign(guard, {
    accessOf,
    corsHeaders: (c: Pick<HonoContext, "req">) => corsHeaders(requestIncoming(c.req.raw)),
  });
}
