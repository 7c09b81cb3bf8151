// The adapter for node:http, node:https and node:http2 (RFC 9449 section 7): a wrapper of a handler.
import type { ResponseHeaders } from "../server/answer.js";
import { type Access, createJudge, type GuardOptions, type RouteOptions } from "./guard.js";
import { hold, nodeIncoming, type NodeRequest, type NodeResponse, refuse } from "./node.js";

/**
 * What is used of a response: of ServerResponse or Http2ServerResponse. The compiler gives it to a handler in
 * `createServer(guard(…))` of node:http; annotate `req` and `res` for more.
 */
export interface HttpResponse extends NodeResponse {
  writeHead(status: number, headers?: Readonly<Record<string, string>>): HttpResponse;
  write(chunk: string): unknown;
  getHeaderNames(): readonly string[];
  removeHeader(name: string): unknown;
  destroy(): unknown;
}

/** What is read of a request: of IncomingMessage or Http2ServerRequest. */
export type HttpRequest = NodeRequest;

/** What handles a request that has access. */
export type Handler<Req, Res, C extends object = object> = (
  req: Req,
  res: Res,
  access: Access<C>,
) => unknown;

/** What createGuard returns. */
export interface Guard<C extends object = object> {
  /** Wraps a handler for createServer. */
  <Req extends HttpRequest, Res extends HttpResponse>(
    handler: Handler<Req, Res, C>,
  ): (req: Req, res: Res) => void;
  /** Wraps a handler. Throws a TypeError for a scope that holds anything but names of scopes. */
  <Req extends HttpRequest, Res extends HttpResponse>(
    options: RouteOptions,
    handler: Handler<Req, Res, C>,
  ): (req: Req, res: Res) => void;
  /** Returns the access of a request. Throws a TypeError where no guard ran. */
  accessOf(req: object): Access<C>;
  /** Returns the header fields of CORS for a route without a guard. */
  corsHeaders(req: HttpRequest): ResponseHeaders;
}

/**
 * Makes the guard of an API over node:http, node:https or node:http2:
 * `createServer(guard((req, res, access) => …))`, or `guard({ scope: ["read"] }, handler)`.
 *
 * - The URL is made of `origin` and `req.url`, or `req.originalUrl` where there is one.
 * - The nonce that is due, and its `Cache-Control: no-store`, win over what the handler gives to
 *   `setHeader` and `writeHead`.
 * - A handler that throws or rejects is told to `onError` and answered with status 500; the connection is
 *   closed if a part of the response was sent.
 *
 * @param options the resource server, the origin that clients call, and what is told of errors.
 * @returns a function that wraps handlers.
 * @throws a TypeError that names the option.
 * @example
 * ```ts
 * import { createServer } from "node:http";
 * import type { AsyncResourceServer } from "dpop-core";
 * import { createGuard } from "dpop-core/http";
 *
 * declare const api: AsyncResourceServer<{ sub: string }>;
 * const guard = createGuard({ api, origin: "https://api.example", onError: console.error });
 * createServer(guard((req, res, access) => res.end(access.token.sub))).listen(3000);
 * ```
 * @see RFC 9449 section 7
 */
export function createGuard<C extends object>(options: GuardOptions<C>): Guard<C> {
  const { judge, accessOf, corsHeaders, readScope, tell } = createJudge(options);
  const wrap =
    <Req extends HttpRequest, Res extends HttpResponse>(
      handler: Handler<Req, Res, C>,
      scope: readonly string[],
    ) =>
    async (req: Req, res: Res): Promise<void> => {
      const incoming = nodeIncoming(req);
      const verdict = await judge(req, incoming, scope);
      try {
        hold(res, verdict.headers);
        if (verdict.access === null) refuse(res, verdict);
        else await handler(req, res, verdict.access);
      } catch (error) {
        tell(error, incoming);
        fail(res);
      }
    };
  const guard = <Req extends HttpRequest, Res extends HttpResponse>(
    first: RouteOptions | Handler<Req, Res, C>,
    second?: Handler<Req, Res, C>,
  ): ((req: Req, res: Res) => void) => {
    const [route, handler] = typeof first === "function" ? [undefined, first] : [first, second];
    if (typeof handler !== "function") throw new TypeError("handler must be a function");
    return wrap(handler, readScope(route));
  };
  return Object.assign(guard, {
    accessOf,
    corsHeaders: (req: HttpRequest) => corsHeaders(nodeIncoming(req)),
  });
}

/** Nothing of the error, and nothing that the handler set for another response. */
function fail(res: HttpResponse): void {
  if (res.headersSent) {
    res.destroy();
    return;
  }
  for (const name of res.getHeaderNames()) res.removeHeader(name);
  refuse(res, { status: 500, body: null });
}
