// Handlers from a Request to a Response: what the resource server is asked, and what the client gets.
import { type AccessRefusal, createResourceServer, createVerifier, FAILURES } from "dpop-core";
import { createGuard } from "dpop-core/fetch";
import { afterEach, describe, expect, test, vi } from "vitest";
import { GRANTED, fixture, NONCE_DUE, REFUSED } from "./api.js";

afterEach(() => vi.unstubAllGlobals());

const get = (path = "/orders", init: RequestInit = {}): Request =>
  new Request(`http://internal.example${path}`, init);
const fieldsOf = ({ headers }: Response): Record<string, string> => Object.fromEntries(headers);

describe("the request", () => {
  test("is asked for by its method, URL and both fields", async () => {
    const { options, asked } = fixture();
    const handler = createGuard(options)({ scope: ["read"] }, () => new Response());
    const headers = { Authorization: "DPoP a-token", DPoP: "a-proof" };
    await handler(get("/a%2Fb?c=d", { method: "POST", headers }));
    const url = "https://api.example/v1/a%2Fb?c=d";
    const fields = { authorization: "DPoP a-token", proof: "a-proof" };
    expect(asked).toEqual([{ method: "POST", url, ...fields, scope: ["read"] }]);
  });

  test("without them is asked for without them; repeated ones are joined", async () => {
    const { options, asked } = fixture();
    const handler = createGuard(options)(() => new Response());
    await handler(get());
    const headers = new Headers([
      ["DPoP", "one"],
      ["dpop", "two"],
    ]);
    await handler(get("/", { headers }));
    expect(asked).toMatchObject([
      { authorization: null, proof: null, scope: [] },
      { proof: "one, two" },
    ]);
  });
});

describe("access", () => {
  test("is an argument of the handler, before what the platform passes", async () => {
    const { options } = fixture();
    const guard = createGuard(options);
    const handler = guard((request, access, env: string, context: number) => {
      expect(guard.accessOf(request)).toBe(access);
      return Response.json([request.url, access.token.sub, env, context]);
    });
    const response = await handler(get(), "env", 7);
    expect(await response.json()).toEqual(["http://internal.example/orders", "someone", "env", 7]);
  });

  test("has the due fields on the response, over the handler's, and its other fields stay", async () => {
    const { options } = fixture();
    const headers = { "Cache-Control": "public", "DPoP-Nonce": "forged", "X-Own": "own" };
    const original = new Response("body", { status: 201, statusText: "Made", headers });
    const response = await createGuard(options)(() => original)(get());
    expect(fieldsOf(response)).toMatchObject({
      "cache-control": "no-store",
      "dpop-nonce": "the-nonce",
      "x-own": "own",
    });
    expect([response.status, response.statusText]).toEqual([201, "Made"]);
    expect(await response.text()).toBe("body");
    expect(original.headers.get("DPoP-Nonce")).toBe("forged"); // it may be kept and sent again
  });

  test("leaves the response as it is where nothing is due, and where it can't be copied", async () => {
    const quiet = fixture({ ...GRANTED, headers: {} });
    const response = new Response();
    expect(await createGuard(quiet.options)(() => response)(get())).toBe(response);
    const upgrade = Object.create(response, { status: { value: 101 } }) as Response;
    expect(await createGuard(fixture().options)(() => upgrade)(get())).toBe(upgrade);
  });

  test("of a Response that is not the platform's has them too", async () => {
    const { options } = fixture();
    class Foreign {
      readonly status = 202;
      readonly statusText = "";
      readonly headers = new Headers({ "Cache-Control": "public" });
      readonly body = null;
      arrayBuffer = async () => new ArrayBuffer(0);
    }
    const response = await createGuard(options)(() => new Foreign() as unknown as Response)(get());
    expect(response.status).toBe(202);
    expect(fieldsOf(response)).toMatchObject({ "cache-control": "no-store" });
  });

  test.each([
    undefined,
    null,
    "text",
    { status: 200, headers: new Headers() },
    { arrayBuffer: () => undefined },
  ])("is not set on what is no Response: %o", async (value) => {
    const handler = createGuard(fixture().options)(() => value as unknown as Response);
    expect(await handler(get())).toBe(value);
  });

  test("of a platform without Response is a TypeError", async () => {
    const response = new Response();
    vi.stubGlobal("Response", undefined);
    const answer = createGuard(fixture().options)(() => response)(get());
    await expect(answer).rejects.toThrow(new TypeError("the platform must have Response"));
  });
});

describe("a refusal", () => {
  test("has its status, its fields and no body, and no handler is called", async () => {
    const { options } = fixture(REFUSED);
    const handler = vi.fn(() => new Response());
    const response = await createGuard(options)(handler)(get());
    expect(response.status).toBe(401);
    expect(response.headers.get("WWW-Authenticate")).toBe(REFUSED.headers["WWW-Authenticate"]);
    expect(response.headers.get("Content-Type")).toBeNull();
    expect(response.body).toBeNull();
    expect(handler).not.toHaveBeenCalled();
  });

  test.each([
    [400, "Bad Request"],
    [401, "Unauthorized"],
    [403, "Forbidden"],
    [503, "Service Unavailable"],
  ] as const)("with problem details says so: %i", async (status, title) => {
    const refusal: AccessRefusal = { ...REFUSED, status };
    const { options } = fixture(refusal, { problemDetails: "rfc9457" });
    const handler = createGuard(options)(() => new Response());
    const response = await handler(get());
    expect(response.headers.get("Content-Type")).toBe("application/problem+json");
    expect(response.headers.get("WWW-Authenticate")).toBe(REFUSED.headers["WWW-Authenticate"]);
    const detail = FAILURES.credentials_missing.message;
    expect(await response.json()).toEqual({ type: "about:blank", title, status, detail });
    const head = await handler(get("/", { method: "HEAD" }));
    expect([head.status, head.body, head.headers.get("Content-Type")]).toEqual([
      status,
      null,
      null,
    ]);
  });
});

describe("what is thrown", () => {
  test("by the resource server is a 503, told with the URL but without its query", async () => {
    const error = new Error("secret");
    const { options, told } = fixture(error, { problemDetails: "rfc9457" });
    const response = await createGuard(options)(() => new Response())(get("/a?token=secret#b"));
    expect(fieldsOf(response)).toEqual({
      "cache-control": "no-store",
      "content-type": "application/problem+json",
      "retry-after": "1",
    });
    const title = "Service Unavailable";
    expect(await response.json()).toEqual({ type: "about:blank", title, status: 503 });
    expect(told).toEqual([[error, { method: "GET", url: "https://api.example/v1/a" }]]);
  });

  test("or rejected by the log changes no answer", async () => {
    for (const onError of [
      () => {
        throw new Error("the disk is full");
      },
      async () => {
        throw new Error("the disk is full");
      },
    ]) {
      const { options } = fixture(new Error("secret"), { onError });
      expect((await createGuard(options)(() => new Response())(get())).status).toBe(503);
    }
  });

  test("by a handler propagates: a Response with the due fields, anything else as it is", async () => {
    const { options, told } = fixture();
    const guard = createGuard(options);
    const thrown = await guard(() => {
      throw new Response("login", { status: 401 });
    })(get()).catch((error: unknown) => error);
    expect(thrown).toBeInstanceOf(Response);
    expect(fieldsOf(thrown as Response)).toMatchObject({ "dpop-nonce": "the-nonce" });
    const error = Object.assign(new Error("redirect"), { status: 302, headers: new Headers() });
    const failing = guard(async () => {
      throw error;
    });
    await expect(failing(get())).rejects.toBe(error);
    expect(told).toEqual([]);
  });
});

describe("two guards on one request", () => {
  test("check the proof once, and each its scope", async () => {
    const { options, asked } = fixture();
    const guard = createGuard(options);
    const inner = guard({ scope: ["read"] }, () => new Response("read"));
    const outer = guard((request) => inner(request));
    const response = await outer(get());
    expect(await response.text()).toBe("read");
    expect(response.headers.get("DPoP-Nonce")).toBe("the-nonce");
    expect(asked.length).toBe(1);
    const write = guard({ scope: ["read", "write"] }, () => new Response("write"));
    const refused = await guard((request) => write(request))(get());
    expect(refused.status).toBe(403);
    expect(refused.headers.get("WWW-Authenticate")).toContain('scope="read write"');
    expect(refused.headers.get("DPoP-Nonce")).toBe("the-nonce");
  });

  test("a refused request is asked for again", async () => {
    const { options, asked } = fixture(REFUSED);
    const handler = createGuard(options)(() => new Response());
    const request = get();
    await handler(request);
    await handler(request);
    expect(asked.length).toBe(2);
  });
});

test("a synchronous resource server is taken too", async () => {
  const api = createResourceServer({
    verifier: createVerifier({ replay: "none" }),
    accessTokens: () => null,
  });
  const { options } = fixture();
  const handler = createGuard({ ...options, api })(() => new Response());
  expect((await handler(get())).status).toBe(401);
});

describe("CORS", () => {
  const APP = "https://app.example";
  const EXPOSED = "WWW-Authenticate, DPoP-Nonce, Date";
  const cors = { origins: [APP, "capacitor://localhost"] };
  const preflight = (over: Record<string, string> = {}): Request => {
    const headers = { Origin: APP, "Access-Control-Request-Method": "PUT", ...over };
    return get("/orders", { method: "OPTIONS", headers });
  };

  test("says nothing where it is not asked for", async () => {
    const { options, asked } = fixture();
    const guard = createGuard(options);
    const handler = guard(() => new Response());
    expect(fieldsOf(await handler(preflight()))).not.toHaveProperty("access-control-allow-origin");
    expect(asked.length).toBe(1);
    expect(guard.corsHeaders(preflight())).toEqual({});
    expect(guard.corsHeaders(get())).toEqual({});
  });

  test("answers a preflight request before authentication", async () => {
    const { options, asked } = fixture(GRANTED, { cors });
    const wanted = "content-type, dPoP,authorization, ,a b, x-dpop ,dpop-x";
    const response = await createGuard(options)(() => new Response())(
      preflight({ "Access-Control-Request-Headers": wanted }),
    );
    expect([response.status, response.body]).toEqual([204, null]);
    expect(fieldsOf(response)).toEqual({
      "access-control-allow-headers": "Authorization, DPoP, content-type, x-dpop, dpop-x",
      "access-control-allow-methods": "PUT",
      "access-control-allow-origin": APP,
      "access-control-max-age": "600",
      vary: "Origin",
    });
    expect(asked).toEqual([]);
  });

  test("allows the two fields where no others are asked for, and any origin if any may call", async () => {
    const { options } = fixture(GRANTED, { cors: { origins: "any" } });
    const guard = createGuard(options);
    expect(guard.corsHeaders(preflight({ Origin: "null" }))).toEqual({
      "Access-Control-Allow-Headers": "Authorization, DPoP",
      "Access-Control-Allow-Methods": "PUT",
      "Access-Control-Allow-Origin": "*",
      "Access-Control-Max-Age": "600",
    });
    expect(guard.corsHeaders(get())).toEqual({
      "Access-Control-Allow-Origin": "*",
      "Access-Control-Expose-Headers": EXPOSED,
    });
  });

  test.each([
    ["another origin", { Origin: "https://evil.example" }],
    ["an origin in other letters", { Origin: "https://APP.example" }],
    ["an origin that only begins so", { Origin: "https://app.example.evil.example" }],
    ["a method that is none", { "Access-Control-Request-Method": "P UT" }],
    ["an empty method", { "Access-Control-Request-Method": "" }],
  ])("allows nothing to %s", async (name, over) => {
    const { options } = fixture(GRANTED, { cors });
    const response = await createGuard(options)(() => new Response())(preflight(over));
    expect(response.status).toBe(204);
    expect(response.headers.get("Vary")).toBe("Origin");
    expect(response.headers.get("Access-Control-Allow-Methods")).toBeNull();
    expect(response.headers.get("Access-Control-Allow-Headers")).toBeNull();
    if (name.includes("origin"))
      expect(response.headers.get("Access-Control-Allow-Origin")).toBeNull();
  });

  test("takes for a preflight request only OPTIONS with both fields", async () => {
    const { options, asked } = fixture(REFUSED, { cors });
    const handler = createGuard(options)(() => new Response());
    const both = { Origin: APP, "Access-Control-Request-Method": "PUT" };
    const requests = [
      get("/", { method: "POST", headers: both }),
      get("/", { method: "OPTIONS", headers: { Origin: APP } }),
      get("/", { method: "OPTIONS", headers: { "Access-Control-Request-Method": "PUT" } }),
    ];
    for (const request of requests) expect((await handler(request)).status).toBe(401);
    expect(asked.length).toBe(3);
  });

  test("joins what it exposes and Vary to the handler's; replaces the origin", async () => {
    const { options } = fixture(GRANTED, { cors });
    const guard = createGuard(options);
    const call = async (headers: Record<string, string>): Promise<Record<string, string>> =>
      fieldsOf(
        await guard(() => new Response("", { headers }))(get("/", { headers: { Origin: APP } })),
      );
    const joined = await call({
      Vary: "Accept-Encoding",
      "Access-Control-Expose-Headers": "ETag",
      "Access-Control-Allow-Origin": "*",
    });
    expect(joined).toMatchObject({
      vary: "Accept-Encoding, Origin",
      "access-control-expose-headers": `ETag, ${EXPOSED}`,
      "access-control-allow-origin": APP,
      "dpop-nonce": "the-nonce",
    });
    for (const vary of ["Origin", "accept, ORIGIN", "*", "origin , accept"])
      expect(await call({ Vary: vary })).toMatchObject({ vary });
    expect(await call({ Vary: "X-Origin" })).toMatchObject({ vary: "X-Origin, Origin" });
  });

  test("stands on refusals and on 503 too", async () => {
    for (const result of [REFUSED, new Error("secret")]) {
      const { options } = fixture(result, { cors });
      const handler = createGuard(options)(() => new Response());
      const response = await handler(get("/", { headers: { Origin: "capacitor://localhost" } }));
      expect(fieldsOf(response)).toMatchObject({
        "access-control-allow-origin": "capacitor://localhost",
        "access-control-expose-headers": EXPOSED,
        "cache-control": "no-store",
        vary: "Origin",
      });
    }
  });
});

test("the fields of access are those that a resource server returns", () => {
  expect(Object.keys(NONCE_DUE)).toEqual(["DPoP-Nonce", "Cache-Control"]);
});
