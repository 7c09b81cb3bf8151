// Requests and responses of Node: which fields are read, and which can't be taken back.
import { once } from "node:events";
import * as http from "node:http";
import * as http2 from "node:http2";
import type { AddressInfo } from "node:net";
import { buffer, text } from "node:stream/consumers";
import { createGuard, type HttpRequest, type HttpResponse } from "dpop-core/http";
import { createGuard as createExpressGuard } from "dpop-core/express";
import { createGuard as createFastifyGuard } from "dpop-core/fastify";
import { createGuard as createHonoGuard } from "dpop-core/hono";
import { createGuard as createKoaGuard } from "dpop-core/koa";
import type { NodeRequest } from "../../src/adapters/node.js";
import { describe, expect, test, vi } from "vitest";
import { type Fixture, fixture, GRANTED, NONCE_DUE, REFUSED } from "./api.js";

/** What a handler does with a response: the real one, of either protocol. */
type Handle = (res: http.ServerResponse, req: http.IncomingMessage) => unknown;

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: string;
}

type Listener = (req: HttpRequest, res: HttpResponse) => void;

async function over1(listener: Listener, init: http.RequestOptions = {}): Promise<Answer> {
  const server = http.createServer(listener).listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  try {
    const request = http.request({ port, path: "/", agent: false, ...init }).end();
    const [res] = (await once(request, "response")) as [http.IncomingMessage];
    return { status: res.statusCode ?? 0, headers: res.headers, body: await text(res) };
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

async function over2(listener: Listener, init: http.RequestOptions = {}): Promise<Answer> {
  const server = http2.createServer(listener).listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const session = http2.connect(`http://127.0.0.1:${port}`);
  try {
    const { method = "GET", path = "/" } = init;
    const stream = session.request({ ":method": method, ":path": path ?? "/" });
    const body = buffer(stream);
    const [{ ":status": status, ...headers }] = (await once(stream, "response")) as [
      http2.IncomingHttpHeaders & http2.IncomingHttpStatusHeader,
    ];
    return { status: Number(status), headers, body: (await body).toString() };
  } finally {
    session.close();
    server.close();
  }
}

const guarded = ({ options }: Fixture, handle: Handle): Listener =>
  createGuard(options)((req, res) =>
    handle(res as http.ServerResponse, req as http.IncomingMessage),
  );

describe.each([
  ["HTTP/1.1", over1],
  ["HTTP/2", over2],
] as const)("over %s, the nonce and no-store win over", (_, over) => {
  const flat = ["Cache-Control", "public", "dpop-nonce", "forged", "X-Own", "own"];
  test.each<readonly [string, Handle]>([
    [
      "nothing",
      (res) => {
        res.setHeader("x-own", "own");
        res.end("body");
      },
    ],
    [
      "setHeader",
      (res) => {
        res.setHeader("CACHE-CONTROL", "public");
        res.setHeader("DPoP-Nonce", ["forged"]);
        res.setHeader("x-own", "own");
        res.end("body");
      },
    ],
    [
      "an object of writeHead",
      (res) =>
        res
          .writeHead(200, { "CACHE-control": "public", "dpop-NONCE": "forged", "X-Own": "own" })
          .end("body"),
    ],
    ["a list of writeHead", (res) => res.writeHead(200, flat).end("body")],
    [
      "both of them",
      (res) => {
        res.setHeader("dpop-nonce", "forged");
        res
          .writeHead(200, over === over1 ? "OK" : "", { "Cache-Control": "public", "x-own": "own" })
          .end("body");
      },
    ],
    [
      "write",
      (res) => {
        res.setHeader("x-own", "own");
        res.write("bo");
        res.end("dy");
      },
    ],
    [
      "flushHeaders",
      (res) => {
        res.setHeader("x-own", "own");
        res.flushHeaders();
        res.end("body");
      },
    ],
  ])("%s", async (_name, handle) => {
    const { status, headers, body } = await over(guarded(fixture(), handle));
    expect([status, body]).toEqual([200, "body"]);
    expect(headers).toMatchObject({
      "cache-control": "no-store",
      "dpop-nonce": "the-nonce",
      "x-own": "own",
    });
  });

  test("a handler that throws, and what it set is gone; only the log knows why", async () => {
    const own = fixture();
    const error = new Error("secret");
    const handle: Handle = (res) => {
      res.setHeader("x-own", "own");
      res.setHeader("Content-Length", "99");
      throw error;
    };
    const { status, headers, body } = await over(guarded(own, handle), { path: "/a?b" });
    expect([status, body]).toEqual([500, ""]);
    expect(headers).toMatchObject({ "cache-control": "no-store", "dpop-nonce": "the-nonce" });
    expect(headers).not.toHaveProperty("x-own");
    expect(own.told).toEqual([[error, { method: "GET", url: "https://api.example/v1/a" }]]);
  });

  test("and a handler that rejects is answered in the same way", async () => {
    const own = fixture();
    const { status } = await over(guarded(own, () => Promise.reject(new Error("secret"))));
    expect([status, own.told.length]).toEqual([500, 1]);
  });
});

test("pairs in a list of writeHead are read, and lists in them", async () => {
  const pairs = [
    ["set-cookie", ["a=1", "b=2"]],
    ["Cache-Control", "public"],
    ["X-Own", "own"],
  ] as unknown as string[];
  const { headers } = await over1(
    guarded(fixture(), (res) => res.writeHead(200, pairs).end("body")),
  );
  expect(headers).toMatchObject({
    "set-cookie": ["a=1", "b=2"],
    "cache-control": "no-store",
    "x-own": "own",
  });
});

test("a list in a flat list of writeHead is a value, and null is no fields", async () => {
  const flat = ["Set-Cookie", ["a=1", "b=2"], "Cache-Control", "public"] as unknown as string[];
  const { headers } = await over1(
    guarded(fixture(), (res) => res.writeHead(200, flat).end("body")),
  );
  expect(headers).toMatchObject({ "set-cookie": ["a=1", "b=2"], "cache-control": "no-store" });
  const nothing = null as unknown as string[];
  const { status } = await over1(guarded(fixture(), (res) => res.writeHead(201, nothing).end()));
  expect(status).toBe(201);
});

test("without due fields a response is left as it is", async () => {
  const own = fixture({ ...GRANTED, headers: {} });
  const { headers } = await over1(
    guarded(own, (res) => {
      expect(Object.hasOwn(res, "writeHead")).toBe(false);
      res.writeHead(200, { "Cache-Control": "public" }).end();
    }),
  );
  expect(headers).toMatchObject({ "cache-control": "public" });
});

test("what a list of the response and CORS have in common is joined, wherever it came from", async () => {
  const own = fixture(GRANTED, { cors: { origins: ["https://app.example"] } });
  const init = { headers: { Origin: "https://app.example" } };
  const expected = {
    vary: "Accept, Accept-Language, Origin",
    "access-control-expose-headers": "ETag, WWW-Authenticate, DPoP-Nonce, Date",
  };
  const set: Handle = (res) => {
    res.setHeader("Vary", ["Accept", "Accept-Language"]);
    res.setHeader("Access-Control-Expose-Headers", "ETag").end();
  };
  const given: Handle = (res) => {
    const vary = { vary: "Accept, Accept-Language", "access-control-expose-headers": "ETag" };
    res.writeHead(200, vary).end();
  };
  const listed: Handle = (res) => {
    const list = ["Vary", "Accept", "vary", "Accept-Language"];
    res.writeHead(200, [...list, "Access-Control-Expose-Headers", "ETag"]).end();
  };
  const bare = await over1(
    guarded(own, (res) => res.end()),
    init,
  );
  expect(bare.headers).toMatchObject({
    vary: "Origin",
    "access-control-expose-headers": "WWW-Authenticate, DPoP-Nonce, Date",
  });
  for (const handle of [set, given, listed]) {
    const { headers } = await over1(guarded(own, handle), init);
    expect({
      ...headers,
      vary: String(headers["vary"]).replaceAll(/,\s*/g, ", "),
    }).toMatchObject(expected);
  }
});

test("a handler that throws in the middle of a body ends the connection", async () => {
  const own = fixture();
  const listener = guarded(own, (res) => {
    res.write("half");
    throw new Error("secret");
  });
  await expect(over1(listener)).rejects.toThrow();
  expect(own.told.length).toBe(1);
});

test("writing the header section twice stays the handler's error", async () => {
  const own = fixture();
  const listener = guarded(own, (res) => {
    res.writeHead(200).end("body");
    res.writeHead(201);
  });
  await over1(listener).catch(() => undefined);
  expect(own.told).toMatchObject([[{ code: "ERR_HTTP_HEADERS_SENT" }, {}]]);
});

test("a refusal has its fields and no body, and a response that was sent meanwhile stays", async () => {
  const own = fixture(REFUSED);
  const handle = vi.fn();
  const refused = await over1(guarded(own, handle));
  expect([refused.status, refused.body]).toEqual([401, ""]);
  expect(refused.headers).toMatchObject({ "content-length": "0", "cache-control": "no-store" });
  const late = await over1((req, res) => {
    guarded(own, handle)(req, res);
    res.writeHead(503).write("too ");
    setTimeout(() => res.end("slow"), 50);
  });
  expect([late.status, late.body]).toEqual([503, "too slow"]);
  expect(handle).not.toHaveBeenCalled();
  expect(own.told).toEqual([]);
});

test("a refusal over HTTP/2 and its problem details", async () => {
  const own = fixture(REFUSED, { problemDetails: "rfc9457" });
  const { status, headers, body } = await over2(guarded(own, vi.fn()));
  expect(status).toBe(401);
  expect(headers).toMatchObject({ "content-type": "application/problem+json" });
  expect(JSON.parse(body)).toMatchObject({ status: 401 });
});

/** A response that takes everything and keeps what the guard does. */
function fakeResponse() {
  const fields = new Map<string, string>();
  const res = {
    statusCode: 200,
    headersSent: false,
    /** What `end` was called with. */
    ended: undefined as readonly unknown[] | undefined,
    fields,
    getHeader: (name: string) => fields.get(name.toLowerCase()),
    getHeaderNames: () => [...fields.keys()],
    removeHeader: (name: string) => fields.delete(name),
    setHeader: (name: string, value: string) => fields.set(name.toLowerCase(), value),
    writeHead: (_status: number): unknown => res,
    write: () => true,
    destroy: () => undefined,
    end(...args: readonly unknown[]) {
      res.writeHead(res.statusCode);
      res.ended = args;
    },
  };
  return res;
}

const asked = async (req: NodeRequest): Promise<object | undefined> => {
  const own = fixture(REFUSED);
  const res = fakeResponse();
  const done = new Promise((resolve) => (res.destroy = () => void resolve(undefined)));
  const handler = createGuard(own.options)(() => undefined) as unknown as (
    req: NodeRequest,
    res: object,
  ) => Promise<void>;
  await Promise.race([handler(req, res), done]);
  return own.asked[0];
};

describe("the fields of a request are", () => {
  const base = { method: "GET", url: "/", headers: {} };

  test.each<readonly [string, Partial<NodeRequest>, object]>([
    [
      "all that arrived",
      {
        rawHeaders: [
          "DPoP",
          "one",
          "X-DPoP",
          "dpop",
          "X-Name",
          "dpop",
          "dpop",
          "two",
          "AUTHORIZATION",
          "DPoP a",
        ],
        headersDistinct: { dpop: ["less"] },
        headers: { dpop: "less", authorization: "less" },
      },
      { proof: ["one", "two"], authorization: ["DPoP a"] },
    ],
    [
      "what headersDistinct has, where nothing arrived",
      { rawHeaders: ["Host", "a"], headersDistinct: { dpop: ["one", "two"] }, headers: {} },
      { proof: ["one", "two"], authorization: undefined },
    ],
    [
      "what headers has, where headersDistinct is empty",
      { rawHeaders: [], headersDistinct: {}, headers: { dpop: "one", authorization: "DPoP a" } },
      { proof: "one", authorization: "DPoP a" },
    ],
    [
      "what headers has, where there is nothing else",
      { headers: { dpop: ["one", "two"] } },
      { proof: ["one", "two"], authorization: undefined },
    ],
    ["nothing of a list that is cut", { rawHeaders: ["dpop"] }, { proof: undefined }],
  ])("%s", async (_, over, expected) => {
    expect(await asked({ ...base, ...over })).toMatchObject(expected);
  });

  test("method and target before a framework changed them", async () => {
    const changed = { originalMethod: "POST", originalUrl: "/a/b?c", method: "PUT", url: "/b" };
    const url = "https://api.example/v1/a/b?c";
    expect(await asked({ headers: {}, ...changed })).toMatchObject({ method: "POST", url });
    expect(await asked({ headers: {} })).toMatchObject({ method: "", url: "https:///" });
  });

  test("a target in absolute form or an asterisk without a host of its own", async () => {
    const absolute = { ...base, url: "http://evil.example/a?b" };
    expect(await asked(absolute)).toMatchObject({ url: "https://api.example/v1/a?b" });
    const asterisk = { ...base, method: "OPTIONS", url: "*" };
    expect(await asked(asterisk)).toMatchObject({ url: "https://api.example/v1" });
  });
});

test("corsHeaders reads the request", () => {
  const guard = createGuard(fixture(GRANTED, { cors: { origins: "any" } }).options);
  expect(guard.corsHeaders({ headers: {} })).toMatchObject({ "Access-Control-Allow-Origin": "*" });
});

const REQ = { method: "GET", url: "/cut", headers: { dpop: "a-proof" } };
const URL_ASKED = "https://api.example/v1/orders";

describe("express", () => {
  const run = (own: Fixture, req: NodeRequest & object, options?: { scope: string[] }) => {
    const guard = createExpressGuard(own.options);
    const res = fakeResponse();
    return new Promise<{ guard: typeof guard; res: typeof res; passed: unknown }>((resolve) => {
      const { end } = res;
      res.end = (...args) => {
        end(...args);
        resolve({ guard, res, passed: false });
      };
      guard(options)(req, res, (error) => resolve({ guard, res, passed: error ?? true }));
    });
  };

  test("access is in req.dpop, and the fields are held", async () => {
    const own = fixture();
    const req = { ...REQ, originalUrl: "/orders" };
    const { guard, res, passed } = await run(own, req, { scope: ["read"] });
    expect(passed).toBe(true);
    expect(own.asked).toMatchObject([{ url: URL_ASKED, proof: "a-proof", scope: ["read"] }]);
    expect(guard.accessOf(req)).toBe(GRANTED);
    expect(req).toMatchObject({ dpop: GRANTED });
    res.end();
    expect(Object.fromEntries(res.fields)).toEqual({
      "cache-control": "no-store",
      "dpop-nonce": "the-nonce",
    });
  });

  test("a refusal ends the response, and no handler is called", async () => {
    const req = { ...REQ };
    const { guard, res, passed } = await run(fixture(REFUSED), req);
    expect([passed, res.statusCode, res.ended]).toEqual([false, 401, []]);
    expect(res.fields.get("www-authenticate")).toBe(REFUSED.headers["WWW-Authenticate"]);
    expect(req).not.toHaveProperty("dpop");
    expect(() => guard.accessOf(req)).toThrow(TypeError);
  });

  test("what a response throws goes to the error handlers", async () => {
    const error = new Error("a broken response");
    const guard = createExpressGuard(fixture(REFUSED).options);
    const res = fakeResponse();
    res.end = () => {
      throw error;
    };
    expect(await new Promise((resolve) => guard()({ ...REQ }, res, resolve))).toBe(error);
  });

  test("corsHeaders reads the request", () => {
    const guard = createExpressGuard(fixture(GRANTED, { cors: { origins: "any" } }).options);
    expect(guard.corsHeaders(REQ)).toMatchObject({ "Access-Control-Allow-Origin": "*" });
    const preflight = { origin: "https://a.example", "access-control-request-method": "PUT" };
    const request = { method: "OPTIONS", headers: preflight };
    expect(guard.corsHeaders(request)).toMatchObject({ "Access-Control-Allow-Methods": "PUT" });
    const twice = { rawHeaders: ["Origin", "https://a.example", "Origin", "https://b.example"] };
    expect(guard.corsHeaders({ ...request, ...twice })).not.toHaveProperty(
      "Access-Control-Allow-Methods",
    );
  });
});

describe("koa", () => {
  const contextOf = () => ({
    req: REQ,
    res: fakeResponse(),
    originalUrl: "/orders",
    state: {},
    status: 404,
    body: undefined as unknown,
  });

  test("access is in ctx.state.dpop, and the next middleware is waited for", async () => {
    const own = fixture();
    const guard = createKoaGuard(own.options);
    const ctx = contextOf();
    const order: string[] = [];
    await guard({ scope: ["read"] })(ctx, async () => {
      await Promise.resolve();
      order.push("next");
    });
    order.push("guard");
    expect(order).toEqual(["next", "guard"]);
    expect(own.asked).toMatchObject([{ url: URL_ASKED, scope: ["read"] }]);
    expect(ctx.state).toEqual({ dpop: GRANTED });
    expect(guard.accessOf(ctx)).toBe(GRANTED);
    ctx.res.end();
    expect(ctx.res.fields.get("dpop-nonce")).toBe("the-nonce");
    expect(guard.corsHeaders(ctx)).toEqual({});
  });

  test("a refusal sets status and body, and no other middleware is called", async () => {
    const next = vi.fn();
    const ctx = contextOf();
    await createKoaGuard(fixture(REFUSED).options)()(ctx, next);
    expect([ctx.status, ctx.body]).toEqual([401, null]);
    expect(next).not.toHaveBeenCalled();
    ctx.res.end();
    expect(ctx.res.fields.get("cache-control")).toBe("no-store");
  });
});

describe("fastify", () => {
  const make = () => {
    const sent: unknown[] = [];
    const request = { raw: REQ, originalUrl: "/orders" };
    const reply = {
      raw: fakeResponse(),
      code: (status: number) => sent.push(status),
      send: (body?: string) => sent.push(body),
    };
    return { sent, request, reply };
  };

  test("access is in request.dpop, and the hook goes on", async () => {
    const own = fixture();
    const guard = createFastifyGuard(own.options);
    const { sent, request, reply } = make();
    expect(await guard({ scope: ["read"] })(request, reply)).toBeUndefined();
    expect(own.asked).toMatchObject([{ url: URL_ASKED, scope: ["read"] }]);
    expect(request).toMatchObject({ dpop: GRANTED });
    expect(guard.accessOf(request)).toBe(GRANTED);
    expect(sent).toEqual([]);
    reply.raw.end();
    expect(reply.raw.fields.get("dpop-nonce")).toBe("the-nonce");
    expect(guard.corsHeaders(request)).toEqual({});
  });

  test("a refusal is sent, and the hook returns the reply", async () => {
    const { sent, request, reply } = make();
    const guard = createFastifyGuard(fixture(REFUSED).options);
    expect(await guard()(request, reply)).toBe(reply);
    expect(sent).toEqual([401, undefined]);
    const problem = make();
    const own = fixture(REFUSED, { problemDetails: "rfc9457" });
    await createFastifyGuard(own.options)()(problem.request, problem.reply);
    expect(problem.sent).toEqual([401, expect.stringContaining("about:blank")]);
  });

  test("the plugin adds the hook and the member, once", async () => {
    const guard = createFastifyGuard(fixture().options);
    const decorated = new Map<string, unknown>();
    const hooks: unknown[] = [];
    const app = {
      addHook: (name: string, hook: unknown) => hooks.push(name, hook),
      hasRequestDecorator: (name: string) => decorated.has(name),
      decorateRequest(name: string, value: null) {
        expect(decorated.has(name)).toBe(false);
        decorated.set(name, value);
      },
    };
    await guard.plugin(app, {});
    await guard.plugin(app, { scope: ["read"] });
    expect([...decorated]).toEqual([["dpop", null]]);
    expect(hooks).toEqual(["onRequest", expect.any(Function), "onRequest", expect.any(Function)]);
    expect(Reflect.get(guard.plugin, Symbol.for("skip-override"))).toBe(true);
    await expect(guard.plugin(app, { scope: ["a b"] })).rejects.toThrow(TypeError);
  });
});

describe("hono", () => {
  const make = (headers: Record<string, string> = {}) => {
    const variables = new Map<string, unknown>();
    const fields = new Headers(headers);
    const c = {
      req: { raw: new Request("http://internal.example/orders") },
      res: { headers: fields },
      set: (name: string, value: never) => void variables.set(name, value),
      header: (name: string, value: string) => fields.set(name, value),
    };
    return { c, fields, variables };
  };

  test("access is in c.var.dpop, and the fields are set after the handler", async () => {
    const own = fixture(GRANTED, { cors: { origins: ["https://app.example"] } });
    const guard = createHonoGuard(own.options);
    const { c, fields, variables } = make({ Vary: "Accept" });
    const next = async (): Promise<void> => {
      expect(fields.has("DPoP-Nonce")).toBe(false);
      fields.set("Cache-Control", "public");
    };
    expect(await guard({ scope: ["read"] })(c, next)).toBeUndefined();
    expect(own.asked).toMatchObject([{ url: URL_ASKED, scope: ["read"] }]);
    expect(variables.get("dpop")).toBe(GRANTED);
    expect(guard.accessOf(c)).toBe(GRANTED);
    const due = Object.entries(NONCE_DUE).map(([name, value]) => [name.toLowerCase(), value]);
    expect(Object.fromEntries(fields)).toEqual({
      ...Object.fromEntries(due),
      vary: "Accept, Origin",
    });
    expect(guard.corsHeaders(c)).toEqual({ Vary: "Origin" });
  });

  test("a refusal is a response, and no handler is called", async () => {
    const { c } = make();
    const next = vi.fn();
    const response = await createHonoGuard(fixture(REFUSED).options)()(c, next);
    expect(response).toMatchObject({ status: 401, body: null });
    expect(next).not.toHaveBeenCalled();
  });
});
