// The adapter for Koa (RFC 9449 section 7): a middleware before the handlers.
import type { ResponseHeaders } from "../server/answer.js";
import { type Access, createJudge, type GuardOptions, type RouteOptions } from "./guard.js";
import { hold, nodeIncoming, type NodeRequest, type NodeResponse } from "./node.js";

/** What is used of a context of Koa. */
export interface KoaContext {
  readonly req: NodeRequest;
  readonly res: NodeResponse;
  readonly originalUrl: string;
  readonly state: object;
  status: number;
  body: unknown;
}

/** For `new Koa<DpopState<Claims>>()`: what a guard adds to `ctx.state`. */
export interface DpopState<C extends object = object> {
  /** The access of this request. */
  dpop: Access<C>;
}

/** A middleware of Koa 3. */
export type Middleware = (ctx: KoaContext, next: () => Promise<unknown>) => Promise<void>;

/** What createGuard returns. */
export interface Guard<C extends object = object> {
  /** Makes a middleware. Throws a TypeError for a scope that holds anything but names of scopes. */
  (options?: RouteOptions): Middleware;
  /** Returns the access of a request, which `ctx.state.dpop` has too. Throws a TypeError where no guard ran. */
  accessOf(ctx: { readonly req: object }): Access<C>;
  /** Returns the header fields of CORS for a route without a guard. */
  corsHeaders(ctx: Pick<KoaContext, "req" | "originalUrl">): ResponseHeaders;
}

/**
 * Makes the guard of an API in Koa 3: `app.use(guard())`, or `guard({ scope: ["read"] })` before the
 * handler of a router. A handler behind it finds the access in `ctx.state.dpop`; `guard.accessOf(ctx)`
 * returns it with the type of the token's claims.
 *
 * - The URL is made of `origin` and `ctx.originalUrl`. Put the guard before a middleware that overrides the
 *   method: Koa keeps no other.
 * - The nonce that is due, and its `Cache-Control: no-store`, are set when the header section is written:
 *   after `ctx.throw` too, which removes every other field.
 * - Several guards on one route check the proof once.
 *
 * @param options the resource server, the origin that clients call, and what is told of errors.
 * @returns a function that makes middleware.
 * @throws a TypeError that names the option.
 * @example
 * ```ts
 * import type { AsyncResourceServer } from "dpop-core";
 * import { createGuard } from "dpop-core/koa";
 *
 * declare const api: AsyncResourceServer<{ sub: string }>;
 * const guard = createGuard({ api, origin: "https://api.example", onError: console.error });
 * const protect = guard({ scope: ["read"] }); // app.use(protect)
 * ```
 * @see RFC 9449 section 7
 */
export function createGuard<C extends object>(options: GuardOptions<C>): Guard<C> {
  const { judge, accessOf, corsHeaders, readScope } = createJudge(options);
  const guard = (route?: RouteOptions): Middleware => {
    const scope = readScope(route);
    return async (ctx, next) => {
      const { req, res, originalUrl } = ctx;
      const verdict = await judge(req, nodeIncoming(req, originalUrl), scope);
      hold(res, verdict.headers);
      if (verdict.access === null) {
        ctx.body = verdict.body; // first, since null sets the status too
        ctx.status = verdict.status;
        return;
      }
      Object.assign(ctx.state, { dpop: verdict.access });
      await next();
    };
  };
  return Object.assign(guard, {
    accessOf: ({ req }: { readonly req: object }) => accessOf(req),
    corsHeaders: ({ req, originalUrl }: Pick<KoaContext, "req" | "originalUrl">) =>
      corsHeaders(nodeIncoming(req, originalUrl)),
  });
}
