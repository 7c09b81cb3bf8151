// What the programmer gives to a guard: a mistake is refused when the guard is made, and named.
import { createGuard as express } from "dpop-core/express";
import { createGuard as fastify } from "dpop-core/fastify";
import { createGuard as fetch } from "dpop-core/fetch";
import { createGuard as hono } from "dpop-core/hono";
import { createGuard as http } from "dpop-core/http";
import { createGuard as koa } from "dpop-core/koa";
import { describe, expect, test } from "vitest";
import { fixture } from "./api.js";

const ADAPTERS = { express, fastify, fetch, hono, http, koa };
const { options } = fixture();
const { api } = options;

describe.each(Object.entries(ADAPTERS))("%s", (_, createGuard) => {
  test.each<readonly [string, object]>([
    ["did you mean origin?", { ...options, orgin: "https://api.example" }],
    ["options", []],
    ["api must", { ...options, api: undefined }],
    ["api.authenticate", { ...options, api: { ...api, authenticate: true } }],
    ["api.insufficientScope", { ...options, api: { ...api, insufficientScope: undefined } }],
    ["origin", { ...options, origin: "https://api.example/" }],
    ["origin", { ...options, origin: undefined }],
    ["onError", { ...options, onError: undefined }],
    ["onError", { ...options, onError: "ignored" }],
    ["problemDetails", { ...options, problemDetails: true }],
    ["problemDetails", { ...options, problemDetails: "rfc7807" }],
    ["cors must", { ...options, cors: "any" }],
    ["cors must", { ...options, cors: { origins: "any", credentials: true } }],
    ["cors.origins", { ...options, cors: {} }],
    ["cors.origins", { ...options, cors: { origins: "https://app.example" } }],
    ["cors.origins", { ...options, cors: { origins: ["https://app.example/"] } }],
    ["cors.origins", { ...options, cors: { origins: ["app.example"] } }],
    ["cors.origins", { ...options, cors: { origins: ["*"] } }],
    ["cors.origins", { ...options, cors: { origins: ["null"] } }],
    ["cors.origins", { ...options, cors: { origins: ["Xhttps://app.example"] } }],
    ["cors.origins", { ...options, cors: { origins: ["a/b://app.example"] } }],
    ["cors.origins", { ...options, cors: { origins: [["https://app.example"]] } }],
    ["cors.origins", { ...options, cors: { origins: ["xhttps://a.example", "https://b c"] } }],
  ])("a mistaken option is a TypeError that names it: %s", (message, mistaken) => {
    const make = createGuard as (options: object) => unknown;
    expect(() => make(mistaken)).toThrow(TypeError);
    expect(() => make(mistaken)).toThrow(message);
    const origins = ["https://app.example:8443", "h2+x.y-z://app"];
    for (const right of [
      { problemDetails: undefined, cors: undefined },
      { problemDetails: "none", cors: { origins } },
    ])
      expect(() => make({ ...options, ...right })).not.toThrow();
  });

  test.each<readonly [string, unknown]>([
    ["did you mean scope?", { scopes: ["read"] }],
    ["scope", { scope: "read" }],
    ["scope", { scope: "" }],
    ["scope", { scope: ["read write"] }],
    ["scope", { scope: [1] }],
    ["options", []],
  ])("a mistaken option of a route is a TypeError that names it: %s", (message, route) => {
    const guard = createGuard(options) as (route: unknown, handler: () => unknown) => unknown;
    expect(() => guard(route, () => undefined)).toThrow(TypeError);
    expect(() => guard(route, () => undefined)).toThrow(message);
    expect(() => guard({ scope: [] }, () => undefined)).not.toThrow();
    expect(() => guard({ scope: undefined }, () => undefined)).not.toThrow();
  });

  test("accessOf throws where no guard ran", () => {
    expect(() => createGuard(options).accessOf({ req: {} })).toThrow(
      new TypeError("the guard must run before accessOf"),
    );
  });
});

test.each([
  ["fetch", fetch],
  ["http", http],
])("%s: a handler must be a function", (_, createGuard) => {
  const guard = createGuard(options) as (...args: readonly unknown[]) => unknown;
  for (const args of [[{}], [{}, {}], [{ scope: ["read"] }, null]])
    expect(() => guard(...args)).toThrow(new TypeError("handler must be a function"));
});

test("a scope that is changed later changes nothing", async () => {
  const { options: own, asked } = fixture();
  const scope = ["read"];
  const handler = fetch(own)({ scope }, () => new Response());
  scope.push("write");
  await handler(new Request("https://internal.example/"));
  expect(asked).toMatchObject([{ scope: ["read"] }]);
});
