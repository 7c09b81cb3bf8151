// The adapter for Express (RFC 9449 section 7): a middleware before the handlers of a route.
import type { ResponseHeaders } from "../server/answer.js";
import { type Access, createJudge, type GuardOptions, type RouteOptions } from "./guard.js";
import { hold, nodeIncoming, type NodeRequest, type NodeResponse, refuse } from "./node.js";

/** A middleware of Express 4 and 5, and of connect. */
export type Middleware = (
  req: NodeRequest,
  res: NodeResponse,
  next: (error?: unknown) => void,
) => void;

/** What createGuard returns. */
export interface Guard<C extends object = object> {
  /** Makes a middleware. Throws a TypeError for a scope that holds anything but names of scopes. */
  (options?: RouteOptions): Middleware;
  /** Returns the access of a request, which `req.dpop` has too. Throws a TypeError where no guard ran. */
  accessOf(req: object): Access<C>;
  /** Returns the header fields of CORS for a route without a guard. */
  corsHeaders(req: NodeRequest): ResponseHeaders;
}

/**
 * Makes the guard of an API in Express 4 or 5: `app.use(guard())` or
 * `app.get(path, guard({ scope: ["read"] }), handler)`. A handler behind it finds the access in `req.dpop`;
 * `guard.accessOf(req)` returns it with the type of the token's claims.
 *
 * - The URL is made of `origin` and `req.originalUrl`, the method is the one before an override.
 * - The nonce that is due, and its `Cache-Control: no-store`, are set when the header section is written: on
 *   redirects and error pages too, and over what a handler set.
 * - Several guards on one route check the proof once.
 *
 * @param options the resource server, the origin that clients call, and what is told of errors.
 * @returns a function that makes middleware.
 * @throws a TypeError that names the option.
 * @example
 * ```ts
 * import type { AsyncResourceServer } from "dpop-core";
 * import { createGuard } from "dpop-core/express";
 *
 * declare const api: AsyncResourceServer<{ sub: string }>;
 * const guard = createGuard({ api, origin: "https://api.example", onError: console.error });
 * const protect = guard({ scope: ["read"] }); // app.get("/orders", protect, listOrders)
 * const listOrders = (req: object) => guard.accessOf(req).token.sub;
 * ```
 * @see RFC 9449 section 7
 */
export function createGuard<C extends object>(options: GuardOptions<C>): Guard<C> {
  const { judge, accessOf, corsHeaders, readScope } = createJudge(options);
  const guard = (route?: RouteOptions): Middleware => {
    const scope = readScope(route);
    return (req, res, next) => {
      judge(req, nodeIncoming(req), scope)
        .then((verdict) => {
          hold(res, verdict.headers);
          if (verdict.access === null) return refuse(res, verdict);
          Object.assign(req, { dpop: verdict.access });
          next();
        })
        .catch(next);
    };
  };
  return Object.assign(guard, {
    accessOf,
    corsHeaders: (req: NodeRequest) => corsHeaders(nodeIncoming(req)),
  });
}
