// The examples of docs/access-tokens.md, at issuers whose tokens are as theirs are.
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { createCheck } from "../../examples/docs/introspect.js";
import { auth0, entra, keycloak, okta } from "../../examples/docs/issuers.js";
import { createApi } from "../../examples/docs/jwt.js";
import { API, ISSUER, newKey, tokenOf } from "./issuer.js";

const key = newKey("RS256", "one");
const second = (): number => Math.floor(Date.now() / 1000);
const asked: string[] = [];

beforeEach(() => {
  asked.length = 0;
  vi.stubGlobal("fetch", async (url: string, init: { readonly body?: string }) => {
    asked.push(url);
    if (init.body !== undefined) return Response.json({ active: init.body.includes("good") });
    if (url.endsWith("/keys")) return Response.json({ keys: [key.jwk] });
    if (!url.endsWith("/.well-known/openid-configuration"))
      return new Response("", { status: 404 });
    const issuer = url.replace("/.well-known/openid-configuration", "");
    const slash = issuer.includes("auth0") ? "/" : "";
    return Response.json({ issuer: issuer + slash, jwks_uri: `${issuer}/keys` });
  });
});
afterEach(() => {
  vi.unstubAllGlobals();
});

const ENTRA = "https://login.microsoftonline.com/00000000-0000-0000-0000-000000000000/v2.0";

test.each([
  [
    "Keycloak",
    keycloak,
    { typ: "at+jwt" },
    {
      iss: "https://sso.example/realms/main",
      aud: ["account", "orders-api"],
      azp: "web",
      scope: "a b",
    },
  ],
  [
    "Auth0",
    auth0,
    { typ: "at+jwt" },
    {
      iss: "https://tenant.auth0.com/",
      aud: "https://api.example",
      client_id: "web",
      scope: "a b",
    },
  ],
  [
    "Okta",
    okta,
    { typ: undefined },
    {
      iss: "https://org.okta.com/oauth2/default",
      aud: "api://default",
      cid: "web",
      scp: ["a", "b"],
    },
  ],
  [
    "Entra",
    entra,
    { typ: "JWT" },
    { iss: ENTRA, aud: "11111111-1111-1111-1111-111111111111", azp: "web", scp: "a b" },
  ],
])("a token as %s makes it", async (_, check, header, claims) => {
  const times = { iat: second(), exp: second() + 60, client_id: undefined, scope: undefined };
  const token = tokenOf(key, "RS256", { ...times, ...claims }, header);
  expect(await check(token, undefined)).toMatchObject({ scopes: ["a", "b"] });
  expect(asked).toHaveLength(3);
  const other = tokenOf(key, "RS256", { ...times, ...claims, aud: "web" }, header);
  expect(await check(other, undefined)).toBeNull();
});

test("an API for JWTs", async () => {
  const api = createApi(ISSUER, API);
  const request = { method: "GET", url: `${API}/`, proof: undefined };
  expect(await api.authenticate({ ...request, authorization: undefined })).toMatchObject({
    status: 401,
  });
});

test("introspection", async () => {
  const check = createCheck("https://as.example/introspect", "orders api", "sec:ret");
  expect(await check("good", undefined)).toMatchObject({ binding: { unbound: true } });
  expect(await check("bad", undefined)).toBeNull();
});
