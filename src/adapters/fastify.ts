// The adapter for Fastify (RFC 9449 section 7): a hook before the handler of a route, and a plugin for all
// routes of a scope.
import type { ResponseHeaders } from "../server/answer.js";
import { type Access, createJudge, type GuardOptions, type RouteOptions } from "./guard.js";
import { hold, nodeIncoming, type NodeRequest, type NodeResponse } from "./node.js";

/** What is used of a request of Fastify. */
export interface FastifyRequest {
  readonly raw: NodeRequest;
  readonly originalUrl: string;
}

/** What is used of a reply of Fastify. */
export interface FastifyReply {
  readonly raw: NodeResponse;
  code(status: number): unknown;
  send(body?: string): unknown;
}

/** A hook for `onRequest`, `preParsing`, `preValidation` or `preHandler`. */
export type Hook = (request: FastifyRequest, reply: FastifyReply) => Promise<unknown>;

/** What a plugin uses of an instance of Fastify. */
export interface FastifyInstance {
  addHook(name: "onRequest", hook: Hook): unknown;
  hasRequestDecorator(name: string): boolean;
  decorateRequest(name: string, value: null): unknown;
}

/** A plugin of Fastify 5, not encapsulated: it holds where it is registered. */
export type Plugin = (app: FastifyInstance, options: RouteOptions) => Promise<void>;

/** What createGuard returns. */
export interface Guard<C extends object = object> {
  /** Makes a hook. Throws a TypeError for a scope that holds anything but names of scopes. */
  (options?: RouteOptions): Hook;
  /** `app.register(guard.plugin, { scope: ["read"] })`: the hook on every route. */
  readonly plugin: Plugin;
  /** Returns the access of a request, which `request.dpop` has too. Throws a TypeError where no guard ran. */
  accessOf(request: object): Access<C>;
  /** Returns the header fields of CORS for a route without a guard. */
  corsHeaders(request: FastifyRequest): ResponseHeaders;
}

/**
 * Makes the guard of an API in Fastify 5: `app.register(guard.plugin)` for all routes, or
 * `app.get(path, { onRequest: guard({ scope: ["read"] }) }, handler)`. A handler behind it finds the access
 * in `request.dpop`; `guard.accessOf(request)` returns it with the type of the token's claims.
 *
 * - The URL is made of `origin` and `request.originalUrl`: what arrived, before `rewriteUrl`.
 * - The nonce that is due, and its `Cache-Control: no-store`, are set when the header section is written:
 *   after `onSend` hooks, and on errors too.
 * - Several guards on one route check the proof once.
 *
 * @param options the resource server, the origin that clients call, and what is told of errors.
 * @returns a function that makes hooks, with a plugin.
 * @throws a TypeError that names the option.
 * @example
 * ```ts
 * import type { AsyncResourceServer } from "dpop-core";
 * import { createGuard } from "dpop-core/fastify";
 *
 * declare const api: AsyncResourceServer<{ sub: string }>;
 * const guard = createGuard({ api, origin: "https://api.example", onError: console.error });
 * const onRequest = guard({ scope: ["read"] }); // app.get("/orders", { onRequest }, listOrders)
 * const listOrders = async (request: object) => guard.accessOf(request).token.sub;
 * ```
 * @see RFC 9449 section 7
 */
export function createGuard<C extends object>(options: GuardOptions<C>): Guard<C> {
  const { judge, accessOf, corsHeaders, readScope } = createJudge(options);
  const guard = (route?: RouteOptions): Hook => {
    const scope = readScope(route);
    return async (request, reply) => {
      const { raw, originalUrl } = request;
      const verdict = await judge(request, nodeIncoming(raw, originalUrl), scope);
      hold(reply.raw, verdict.headers);
      if (verdict.access === null) {
        reply.code(verdict.status);
        reply.send(verdict.body ?? undefined);
        return reply; // Fastify goes on with the request otherwise
      }
      Object.assign(request, { dpop: verdict.access });
      return undefined;
    };
  };
  const plugin: Plugin = async (app, route) => {
    if (!app.hasRequestDecorator("dpop")) app.decorateRequest("dpop", null);
    app.addHook("onRequest", guard(route));
  };
  return Object.assign(guard, {
    plugin: Object.assign(plugin, { [Symbol.for("skip-override")]: true }),
    accessOf,
    corsHeaders: ({ raw, originalUrl }: FastifyRequest) =>
      corsHeaders(nodeIncoming(raw, originalUrl)),
  });
}
