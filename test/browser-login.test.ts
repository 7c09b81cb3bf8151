// Logins of dpop-core/browser (RFC 6749 section 4.1, RFC 7636, RFC 9126, RFC 9207, RFC 9449 section 10) where IndexedDB keeps
// the key and where nothing is kept, against an authorization server whose every answer is the test's. Real browsers and
// servers are in test/browser and browser-session.test.ts.
import { createHash } from "node:crypto";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import {
  type BrowserSession,
  type BrowserSessionEvent,
  type BrowserSessionOptions,
  openBrowserSession,
} from "dpop-core/browser";
import { createIndexedDb } from "./support/indexed-db.js";

const ISSUER = "https://as.example";
const REDIRECT = "https://app.example/callback";
const METADATA = {
  issuer: ISSUER,
  authorization_endpoint: `${ISSUER}/authorize?tenant=1`,
  token_endpoint: `${ISSUER}/token`,
};
const PUSHING = { ...METADATA, pushed_authorization_request_endpoint: `${ISSUER}/par` };
const REQUEST_URI = "urn:request:1";
const TOKENS = {
  access_token: "token",
  token_type: "DPoP",
  expires_in: 300,
  refresh_token: "refresh",
  scope: "hello",
};

/** A request that the authorization server got. */
interface Sent {
  readonly url: string;
  readonly isProven: boolean;
  readonly form: Readonly<Record<string, string>>;
}

let database = createIndexedDb();
let sessions: BrowserSession[] = [];
let events: BrowserSessionEvent[] = [];
let sent: Sent[] = [];
/** What the authorization server answers next; a string is no JSON. */
let pushed: readonly [status: number, body: unknown] = [201, { request_uri: REQUEST_URI }];
let granted: readonly [status: number, body: unknown] = [200, TOKENS];

beforeEach(() => {
  database = createIndexedDb();
  vi.stubGlobal("indexedDB", database);
  sessions = [];
  events = [];
  sent = [];
  pushed = [201, { request_uri: REQUEST_URI }];
  granted = [200, TOKENS];
});

afterEach(() => {
  for (const session of sessions) session.close();
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

async function answer(url: string, init: RequestInit = {}): Promise<Response> {
  const isProven = new Headers(init.headers).has("dpop");
  sent.push({ url, isProven, form: Object.fromEntries(new URLSearchParams(String(init.body))) });
  const [status, body] = url === PUSHING.pushed_authorization_request_endpoint ? pushed : granted;
  return new Response(typeof body === "string" ? body : JSON.stringify(body), { status });
}

/** Opens the session of a page; all of a test have one name. */
async function open(options: Partial<BrowserSessionOptions> = {}): Promise<BrowserSession> {
  const session = await openBrowserSession({
    name: "test",
    authorizationServer: METADATA,
    clientId: "app",
    redirectUri: REDIRECT,
    apis: ["https://api.example"],
    onEvent: (event) => events.push(event),
    fetch: answer,
    ...options,
  });
  sessions.push(session);
  return session;
}

const paramsOf = (url: string): Record<string, string> =>
  Object.fromEntries(new URL(url).searchParams);

/** Where the server returns to after the login of this URL, with these parameters more. */
function backFrom(url: string, params: Readonly<Record<string, string>> = {}): string {
  const query = { state: paramsOf(url)["state"] ?? "", code: "code", ...params };
  return `${REDIRECT}?${new URLSearchParams(query)}`;
}

/** The record that a session has of its logins. */
const kept = (): unknown => database.values("dpop-core test").get("logins");

function nothingIsKept(): void {
  vi.stubGlobal("indexedDB", undefined);
}

/** `sessionStorage`, which Node has not. */
function stubStorage(): Map<string, string> {
  const values = new Map<string, string>();
  vi.stubGlobal("sessionStorage", {
    getItem: (name: string) => values.get(name) ?? null,
    setItem: (name: string, value: string) => void values.set(name, value),
  });
  return values;
}

describe("an authorization request", () => {
  test("has the parameters of the endpoint, of PKCE and of the key, and none without a value", async () => {
    const session = await open();
    const url = await session.startLogin();
    expect(url.startsWith(`${ISSUER}/authorize?`)).toBe(true);
    expect([...new URL(url).searchParams.keys()]).toEqual([
      "tenant",
      "response_type",
      "client_id",
      "redirect_uri",
      "state",
      "code_challenge",
      "code_challenge_method",
      "dpop_jkt",
    ]);
    expect(paramsOf(url)).toMatchObject({ client_id: "app", redirect_uri: REDIRECT, tenant: "1" });
    expect(paramsOf(url)["dpop_jkt"]).toHaveLength(43);
    expect(sent).toEqual([]);
  });

  test("has scope and resource where the session has them, and a state of its own", async () => {
    const session = await open({ scope: "hello", resource: "https://api.example" });
    const [one, two] = [await session.startLogin(), await session.startLogin()].map(paramsOf);
    expect(one).toMatchObject({ scope: "hello", resource: "https://api.example" });
    for (const name of ["state", "code_challenge"]) expect(one?.[name]).not.toBe(two?.[name]);
    expect(one?.["dpop_jkt"]).toBe(two?.["dpop_jkt"]);
  });

  test.each([200, 201])(
    "is pushed with a proof of the key, and accepted with %i",
    async (status) => {
      pushed = [status, { request_uri: REQUEST_URI }];
      const session = await open({ authorizationServer: PUSHING });
      const url = await session.startLogin({ params: { prompt: "login" } });
      expect(paramsOf(url)).toEqual({ tenant: "1", client_id: "app", request_uri: REQUEST_URI });
      expect(sent).toHaveLength(1);
      expect(sent[0]).toMatchObject({
        url: `${ISSUER}/par`,
        isProven: true,
        form: { response_type: "code", redirect_uri: REDIRECT, prompt: "login" },
      });
      expect(sent[0]?.form["dpop_jkt"]).toHaveLength(43);
    },
  );

  test("is pushed without a proof where the key ends with the page", async () => {
    nothingIsKept();
    const session = await open({ authorizationServer: PUSHING });
    await session.startLogin();
    expect(sent).toHaveLength(1);
    expect(sent[0]?.isProven).toBe(false);
    expect(sent[0]?.form).not.toHaveProperty("dpop_jkt");
  });

  test.each([
    ["an OAuth error", 400, { error: "invalid_request" }, "invalid_request"],
    [
      "a status that is no success, whatever the body",
      400,
      { request_uri: REQUEST_URI },
      undefined,
    ],
    ["another success", 202, { request_uri: REQUEST_URI }, undefined],
    ["no request_uri", 201, {}, undefined],
    ["a request_uri that is no text", 201, { request_uri: 1 }, undefined],
    ["what is no JSON", 201, "no", undefined],
    ["a server that is down", 503, "no", undefined],
  ])("that is pushed and gets %s is refused", async (_, status, body, error) => {
    pushed = [status, body];
    const session = await open({ authorizationServer: PUSHING });
    const start = session.startLogin();
    await expect(start).rejects.toMatchObject({ name: "BrowserSessionError", code: "request_refused", error }); // prettier-ignore
  });
});

describe("a login that ends", () => {
  test("uses the code once, with the verifier of the challenge and a proof", async () => {
    const session = await open({ resource: "https://api.example" });
    const url = await session.startLogin({ appState: "/here" });
    const result = await session.finishLogin(backFrom(url));
    const expected = { token_type: "DPoP", expires_in: 300, scope: "hello" };
    expect(result).toEqual({ ok: true, appState: "/here", granted: expected });
    const verifier = sent[0]?.form["code_verifier"] ?? "";
    expect(createHash("sha256").update(verifier).digest("base64url")).toBe(
      paramsOf(url)["code_challenge"],
    );
    expect(sent).toEqual([
      {
        url: `${ISSUER}/token`,
        isProven: true,
        form: {
          grant_type: "authorization_code",
          code: "code",
          redirect_uri: REDIRECT,
          client_id: "app",
          code_verifier: verifier,
          resource: "https://api.example",
        },
      },
    ]);
    expect(events).toEqual([{ type: "logged_in" }]);
    expect(await session.isLoggedIn()).toBe(true);
    expect(kept()).toEqual([]);
  });

  test("twice in a tab, in two tabs or after a reload gives one result, and one use of the code", async () => {
    const session = await open();
    const back = backFrom(await session.startLogin({ appState: "/here" }));
    const tab = await open();
    const results = await Promise.all([session.finishLogin(back), tab.finishLogin(back)]);
    const reloaded = await open();
    for (const result of [...results, await reloaded.finishLogin(back)])
      expect(result).toMatchObject({ ok: true, appState: "/here", granted: { scope: "hello" } });
    expect(sent).toHaveLength(1);
  });

  test("leaves the others that were begun", async () => {
    const session = await open();
    const [one, two] = [await session.startLogin(), await session.startLogin()];
    expect(await session.finishLogin(backFrom(one))).toMatchObject({ ok: true });
    expect(await session.finishLogin(backFrom(two))).toMatchObject({ ok: true });
    expect(sent).toHaveLength(2);
  });

  test("with a state that no login had sends nothing", async () => {
    const session = await open();
    await session.startLogin();
    const result = await session.finishLogin(`${REDIRECT}?state=foreign&code=code`);
    expect(result).toEqual({ ok: false, code: "state_unknown", error: undefined });
    expect(sent).toEqual([]);
    expect(kept()).toHaveLength(1);
  });

  test("with a URL that is no response is null", async () => {
    const session = await open();
    expect(await session.finishLogin(REDIRECT)).toBeNull();
    await expect(session.finishLogin(1 as never)).rejects.toThrow(TypeError);
  });

  test("after the key is gone sends no code, since it is bound to that key", async () => {
    const session = await open();
    const back = backFrom(await session.startLogin());
    database.values("dpop-core test").delete("key");
    expect(await session.finishLogin(back)).toMatchObject({ ok: false, code: "key_lost" });
    expect(sent).toEqual([]);
    expect(await session.finishLogin(back)).toMatchObject({ code: "state_unknown" });
  });

  test.each([
    [true, ISSUER, true],
    [true, undefined, false],
    [true, "https://evil.example", false],
    [false, ISSUER, true],
    [false, undefined, true],
    [false, "https://evil.example", false],
    [undefined, undefined, true],
  ])("where iss is promised: %s, with iss %s: taken is %s", async (promised, iss, isTaken) => {
    const metadata = { ...METADATA, authorization_response_iss_parameter_supported: promised };
    const session = await open({ authorizationServer: metadata });
    const back = backFrom(await session.startLogin(), iss === undefined ? {} : { iss });
    const expected = isTaken ? { ok: true } : { ok: false, code: "issuer_mismatch" };
    expect(await session.finishLogin(back)).toMatchObject(expected);
    expect(sent).toHaveLength(isTaken ? 1 : 0);
    expect(kept()).toEqual([]);
  });

  test("with a refusal gives the error of the server", async () => {
    const session = await open();
    const { state = "" } = paramsOf(await session.startLogin());
    const back = `${REDIRECT}?${new URLSearchParams({ state, error: "access_denied" })}`;
    expect(await session.finishLogin(back)).toEqual({
      ok: false,
      code: "authorization_refused",
      error: "access_denied",
    });
    expect(sent).toEqual([]);
  });
});

describe("a token endpoint that answers", () => {
  test.each([500, 503, 429])("%i leaves the login as it is", async (status) => {
    const session = await open();
    const back = backFrom(await session.startLogin());
    granted = [status, { error: "temporarily_unavailable" }];
    await expect(session.finishLogin(back)).rejects.toThrow("can't answer now");
    granted = [200, TOKENS];
    expect(await session.finishLogin(back)).toMatchObject({ ok: true });
  });

  test.each([
    ["an OAuth error", 400, { error: "invalid_grant" }, "code_refused", "invalid_grant"],
    ["a status below 500", 499, {}, "code_refused", undefined],
    ["tokens with another status", 201, TOKENS, "code_refused", undefined],
    ["what is no JSON", 200, "no", "code_refused", undefined],
    ["no body", 200, "", "code_refused", undefined],
    ["an error as a success", 200, { error: "invalid_grant" }, "token_refused", undefined],
    ["Bearer", 200, { ...TOKENS, token_type: "Bearer" }, "token_type_not_dpop", undefined],
    ["no token", 200, { token_type: "DPoP" }, "token_response_invalid", undefined],
  ])("%s ends the login, without tokens", async (_, status, body, code, error) => {
    const session = await open();
    const back = backFrom(await session.startLogin());
    granted = [status, body];
    expect(await session.finishLogin(back)).toEqual({ ok: false, code, error });
    expect(events).toEqual([]);
    expect(await session.isLoggedIn()).toBe(false);
    granted = [200, TOKENS];
    expect(await session.finishLogin(back)).toMatchObject({ code: "state_unknown" });
  });
});

describe("logins that were begun", () => {
  test("are sixteen at most: the oldest is forgotten, the others end well", async () => {
    const session = await open();
    const urls: string[] = [];
    for (let i = 0; i < 17; i++) urls.push(await session.startLogin());
    expect(kept()).toHaveLength(16);
    const [oldest = "", ...others] = urls.map((url) => backFrom(url));
    expect(await session.finishLogin(oldest)).toMatchObject({ code: "state_unknown" });
    for (const back of others) expect(await session.finishLogin(back)).toMatchObject({ ok: true });
  });

  const NOW = 1_800_000_000; // seconds since the epoch
  const LOGIN = { state: "s", verifier: "v", jkt: undefined, issuer: ISSUER, begunAt: NOW - 3599 };

  test.each([
    ["whole", LOGIN, true],
    ["null", null, false],
    ["a text", "login", false],
    ["without a state", { ...LOGIN, state: 1 }, false],
    ["without a verifier", { ...LOGIN, verifier: undefined }, false],
    ["without a time", { ...LOGIN, begunAt: undefined }, false],
    ["of a time that is a text", { ...LOGIN, begunAt: String(NOW) }, false],
    ["an hour old", { ...LOGIN, begunAt: NOW - 3600 }, false],
    ["of another authorization server", { ...LOGIN, issuer: "https://other.example" }, false],
  ])("and are kept, one of them %s: it can end well: %s", async (_, login, isGood) => {
    vi.spyOn(Date, "now").mockReturnValue(NOW * 1000);
    const session = await open();
    database.values("dpop-core test").set("logins", [login]);
    await session.startLogin();
    expect(kept()).toHaveLength(isGood ? 2 : 1);
    expect(events).toEqual([]); // no failure of the storage
    database.values("dpop-core test").set("logins", [login]);
    const expected = isGood ? { ok: true } : { ok: false, code: "state_unknown" };
    expect(await session.finishLogin(`${REDIRECT}?state=s&code=c`)).toMatchObject(expected);
  });

  test("are none where the record is no list", async () => {
    const session = await open();
    database.values("dpop-core test").set("logins", { 0: "login" });
    await session.startLogin();
    expect(kept()).toHaveLength(1);
  });

  test("are in the storage of the tab where nothing else is kept", async () => {
    nothingIsKept();
    const values = stubStorage();
    const url = await (await open()).startLogin({ appState: "/here" });
    expect(paramsOf(url)).not.toHaveProperty("dpop_jkt");
    expect([...values.keys()]).toEqual(["dpop-core test"]);
    const next = await open(); // the page that the server returns to has another key
    expect(await next.finishLogin(backFrom(url))).toMatchObject({ ok: true, appState: "/here" });
    expect(values.get("dpop-core test")).toBe("[]");
  });

  test.each([
    ["is missing", undefined],
    ["throws", { getItem: () => { throw new Error("no"); }, setItem: () => { throw new Error("no"); } }], // prettier-ignore
    ["is damaged", { getItem: () => "{", setItem: () => undefined }],
    ["holds something else", { getItem: () => "{}", setItem: () => undefined }],
  ])("are lost where that storage %s too, and no code is sent", async (_, storage) => {
    nothingIsKept();
    vi.stubGlobal("sessionStorage", storage);
    const session = await open();
    const back = backFrom(await session.startLogin());
    expect(await session.finishLogin(back)).toMatchObject({ ok: false, code: "state_unknown" });
    expect(sent).toEqual([]);
  });
});
