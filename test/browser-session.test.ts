// dpop-core/browser where there is no browser: what needs no IndexedDB, against the servers of the example. The rest is in
// test/browser.
import { createHash } from "node:crypto";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { createClientSession, createDpopFetch, createSigner, generatePrivateJwk } from "dpop-core";
import {
  type BrowserSession,
  type BrowserSessionEvent,
  type BrowserSessionOptions,
  openBrowserSession,
} from "dpop-core/browser";
import { createExampleApi } from "../examples/browser/api.js";
import { createExampleAuthorizationServer } from "../examples/browser/authorization-server.js";
import { listen, type Loopback } from "../examples/demo/loopback.js";
import { createLock, isHeld } from "../src/browser/lock.js";
import { createMemoryStore } from "../src/browser/store.js";
import { isDue, isOver, readTokens, tokensOf } from "../src/browser/tokens.js";
import { readResponse } from "../src/browser/code-flow.js";

const APP = "http://127.0.0.1:9";
const REDIRECT = `${APP}/callback`;

let servers: Loopback[] = [];
let as: ReturnType<typeof createExampleAuthorizationServer>;
let api = "";
let issuer = "";
let sent: string[] = [];
let events: BrowserSessionEvent[] = [];

beforeEach(async () => {
  servers = [await listen(), await listen()];
  [issuer = "", api = ""] = servers.map(({ origin }) => origin);
  as = createExampleAuthorizationServer({
    issuer,
    clientId: "app",
    redirectUri: REDIRECT,
    lifetime: 300,
    leeway: 0,
    reuse: "ends the session",
    pushes: true,
  });
  servers[0]?.server.on("request", as.listener);
  servers[1]?.server.on("request", createExampleApi(api, APP, as.introspect));
  sent = [];
  events = [];
});

afterEach(() => Promise.all(servers.map((server) => server.close())));

function open(options: Partial<BrowserSessionOptions> = {}): Promise<BrowserSession> {
  return openBrowserSession({
    name: `session ${Math.random()}`,
    authorizationServer: issuer,
    clientId: "app",
    redirectUri: REDIRECT,
    apis: [api],
    onEvent: (event) => events.push(event),
    fetch: (input: string, init?: RequestInit) => {
      sent.push(`${init?.method ?? "GET"} ${input}`);
      return fetch(input, init);
    },
    ...options,
  });
}

/** Where the authorization server sends the browser after the login. */
async function loginOf(url: string): Promise<string> {
  const page = await (await fetch(url)).text();
  const request = /name="request" value="([^"]+)"/.exec(page)?.[1] ?? "";
  const body = new URLSearchParams({ request });
  const { headers } = await fetch(`${issuer}/login`, { method: "POST", body, redirect: "manual" });
  return headers.get("location") ?? "";
}

/** `sessionStorage`, which Node has not. */
function stubStorage(): void {
  const values = new Map<string, string>();
  vi.stubGlobal("sessionStorage", {
    getItem: (name: string) => values.get(name) ?? null,
    setItem: (name: string, value: string) => void values.set(name, value),
  });
}

async function loggedIn(options: Partial<BrowserSessionOptions> = {}): Promise<BrowserSession> {
  stubStorage();
  const session = await open(options);
  const back = await loginOf(await session.startLogin({ appState: "/here" }));
  expect(await session.finishLogin(back)).toMatchObject({ ok: true, appState: "/here" });
  return session;
}

afterEach(() => vi.unstubAllGlobals());
afterEach(() => vi.restoreAllMocks());

describe("a session where nothing is kept", () => {
  test("says so, logs in and calls", async () => {
    const session = await loggedIn();
    expect(events.map(({ type }) => type)).toEqual(["storage_failed", "logged_in"]);
    expect(await (await session.fetch(`${api}/hello`)).json()).toEqual({ hello: "alice" });
  });

  test("asks no server without tokens", async () => {
    const session = await open();
    await expect(session.fetch(`${api}/hello`)).rejects.toMatchObject({ code: "login_required" });
    expect(sent).toEqual([]);
  });

  test("a burst of calls whose token is refused costs one refresh", async () => {
    const session = await loggedIn();
    as.endAccessTokens();
    const calls = Array.from({ length: 20 }, () => session.fetch(`${api}/hello`));
    expect((await Promise.all(calls)).map(({ status }) => status)).toEqual(Array(20).fill(200));
    expect(as.counts).toMatchObject({ refreshes: 1, reuses: 0 });
  });

  test("an API that refuses every token is no loop", async () => {
    const session = await loggedIn();
    servers[1]?.server.removeAllListeners("request");
    servers[1]?.server.on("request", (_req, res) => res.writeHead(401).end());
    for (let i = 0; i < 5; i++) expect((await session.fetch(`${api}/hello`)).status).toBe(401);
    expect(as.counts.refreshes).toBe(1);
  });

  test.each(["invalid_dpop_proof", "insufficient_scope", "use_dpop_nonce"])(
    "a 401 with %s is no reason for a refresh",
    async (error) => {
      const session = await loggedIn();
      servers[1]?.server.removeAllListeners("request");
      servers[1]?.server.on("request", (_req, res) => {
        res.writeHead(401, { "WWW-Authenticate": `DPoP error="${error}"` }).end();
      });
      expect((await session.fetch(`${api}/hello`)).status).toBe(401);
      expect(as.counts.refreshes).toBe(0);
    },
  );

  test("a stream is not sent twice, and the next call has a new token", async () => {
    const session = await loggedIn();
    as.endAccessTokens();
    const body = new Blob(["x"]).stream();
    const init = { method: "POST", body, duplex: "half" } as RequestInit;
    expect((await session.fetch(`${api}/hello`, init)).status).toBe(401);
    expect((await session.fetch(`${api}/hello`)).status).toBe(200);
    expect(as.counts.refreshes).toBe(1);
  });

  test("the body of a Request is sent again with the new token", async () => {
    const session = await loggedIn();
    as.endAccessTokens();
    const request = new Request(`${api}/hello`, { method: "POST", body: "x" });
    expect((await session.fetch(request)).status).toBe(200);
    expect(as.counts.refreshes).toBe(1);
  });

  test("a server that can't be reached when a token has ended is no logout", async () => {
    vi.spyOn(Date, "now");
    const session = await loggedIn();
    vi.mocked(Date.now).mockImplementation(() => new Date().getTime() + 400_000);
    const token = as.listener;
    servers[0]?.server.removeAllListeners("request");
    servers[0]?.server.on("request", (_req, res) => res.destroy());
    const call = session.fetch(`${api}/hello`);
    await expect(call).rejects.toMatchObject({ code: "refresh_failed" });
    vi.mocked(Date.now).mockRestore();
    servers[0]?.server.removeAllListeners("request");
    servers[0]?.server.on("request", token);
    expect(await session.isLoggedIn()).toBe(true);
    expect((await session.fetch(`${api}/hello`)).status).toBe(200);
  });

  test("a token goes to no origin that is not in apis, and no header of the caller's", async () => {
    const session = await loggedIn();
    sent = [];
    await expect(session.fetch(`${issuer}/hello`)).rejects.toThrow(TypeError);
    await expect(session.fetch("/hello")).rejects.toThrow(TypeError);
    const headers = { authorization: "Bearer x" };
    await expect(session.fetch(`${api}/hello`, { headers })).rejects.toThrow(TypeError);
    expect(sent).toEqual([]);
  });
});

describe("a login", () => {
  test("is pushed with a proof, or without one where no key is kept", async () => {
    stubStorage();
    const session = await open();
    const url = new URL(await session.startLogin());
    expect([...url.searchParams.keys()]).toEqual(["client_id", "request_uri"]);
  });

  test("has PKCE, state and the caller's parameters, and none of them twice", async () => {
    const metadata = {
      issuer,
      authorization_endpoint: `${issuer}/authorize?tenant=1`,
      token_endpoint: `${issuer}/token`,
    };
    const session = await open({ authorizationServer: metadata, scope: "hello" });
    const { searchParams } = new URL(await session.startLogin({ params: { prompt: "login" } }));
    expect(Object.fromEntries(searchParams)).toMatchObject({
      tenant: "1",
      response_type: "code",
      code_challenge_method: "S256",
      scope: "hello",
      prompt: "login",
    });
    expect(searchParams.get("code_challenge")).toHaveLength(43);
    expect(searchParams.get("state")).toHaveLength(43);
    for (const name of ["state", "redirect_uri", "request_uri", "dpop_jkt"])
      await expect(session.startLogin({ params: { [name]: "x" } })).rejects.toThrow(TypeError);
  });

  test.each([
    ["another state", (url: URL) => url.searchParams.set("state", "x"), "state_unknown"],
    [
      "another issuer",
      (url: URL) => url.searchParams.set("iss", "https://evil"),
      "issuer_mismatch",
    ],
    ["no issuer", (url: URL) => url.searchParams.delete("iss"), "issuer_mismatch"],
    ["another code", (url: URL) => url.searchParams.set("code", "x"), "code_refused"],
    [
      "a refusal",
      (url: URL) => {
        url.searchParams.delete("code");
        url.searchParams.set("error", "access_denied");
      },
      "authorization_refused",
    ],
  ])("that ends with %s gives no tokens, and can't be tried again", async (_, change, code) => {
    stubStorage();
    const session = await open();
    const good = await loginOf(await session.startLogin());
    const back = new URL(good);
    change(back);
    expect(await session.finishLogin(back.href)).toMatchObject({ ok: false, code });
    expect(await session.isLoggedIn()).toBe(false);
    if (code === "state_unknown") return; // whose login it was is not known
    expect(await session.finishLogin(good)).toMatchObject({ code: "state_unknown" });
  });

  test.each([
    "https://app/",
    "https://app/?code=1",
    "https://app/?state=1",
    "https://app/?state=1&code=1&error=1",
    "https://app/?state=1&state=2&code=1",
    "https://app/?state=1&code=1&iss=1&iss=2",
  ])("%s is not the end of one", (url) => {
    expect(readResponse(url)).toBeNull();
  });

  test("that can't reach the token endpoint can be tried again", async () => {
    stubStorage();
    let fails = false;
    const session = await open({
      fetch: (input: string, init?: RequestInit) =>
        fails ? Promise.reject(new TypeError("offline")) : fetch(input, init),
    });
    const back = await loginOf(await session.startLogin());
    fails = true;
    await expect(session.finishLogin(back)).rejects.toThrow("offline");
    fails = false;
    expect(await session.finishLogin(back)).toMatchObject({ ok: true });
  });

  test("at a server that takes no such key is refused before anyone is sent there", async () => {
    const session = await open({ alg: "ES512" });
    await expect(session.startLogin()).rejects.toThrow(TypeError);
  });

  test("metadata of another issuer is not used", async () => {
    const session = await open({ authorizationServer: `${issuer}/other` });
    await expect(session.startLogin()).rejects.toThrow("no metadata");
  });
});

describe("options", () => {
  test.each([
    ["authorizationServer", { authorizationServer: "http://as.example" }],
    ["authorizationServer.token_endpoint", { authorizationServer: { issuer: "https://as.example", authorization_endpoint: "https://as.example/a", token_endpoint: "http://as.example/t" } }], // prettier-ignore
    ["apis", { apis: [] }],
    ["apis", { apis: ["https://api.example/path"] }],
    ["apis", { apis: ["api.example"] }],
    ["onEvent", { onEvent: undefined as never }],
    ["name", { name: 1 as never }],
    ["plainHttp", { plainHttp: "everywhere" as never }],
    ["correctClockSkew", { correctClockSkew: 1 as never }],
    ["options", { unknown: 1 } as never],
  ])("a mistaken %s is a TypeError that names it", async (name, options) => {
    await expect(open(options)).rejects.toThrow(name);
    await expect(open(options)).rejects.toThrow(TypeError);
  });
});

const OWNER = { issuer: "https://as.example", clientId: "app" };
const GIVEN = {
  ...OWNER,
  jkt: "j",
  accessToken: "a",
  login: { state: "s", appState: undefined, granted: {} },
};

describe("tokens", () => {
  test.each([
    [300, 270, 300],
    ["300", 270, 300],
    [40, 20, 40],
    [2, 1, 2],
    [0, undefined, undefined],
    [-1, undefined, undefined],
    ["soon", undefined, undefined],
    [undefined, undefined, undefined],
  ])("that last %s seconds are due after %s", (lifetime, dueAt, endsAt) => {
    const body = lifetime === undefined ? {} : { expires_in: lifetime };
    const tokens = tokensOf(GIVEN, body, 0);
    expect(tokens).toMatchObject({ dueAt, endsAt });
    expect(isDue(tokens, (dueAt ?? 1e9) - 0.5)).toBe(false);
    if (dueAt !== undefined && endsAt !== undefined) {
      expect([isDue(tokens, dueAt), isOver(tokens, endsAt - 0.5), isOver(tokens, endsAt)]).toEqual([
        true,
        false,
        true,
      ]);
    }
  });

  test("a response without a refresh token leaves the old one", () => {
    expect(tokensOf(GIVEN, {}, 0, "old").refreshToken).toBe("old");
    expect(tokensOf(GIVEN, { refresh_token: "new" }, 0, "old").refreshToken).toBe("new");
  });

  test.each([
    undefined,
    null,
    7,
    {},
    { ...GIVEN, issuer: "https://other.example" },
    { ...GIVEN, clientId: "other" },
    { ...GIVEN, jkt: "" },
    { ...GIVEN, accessToken: "a b" },
    { ...GIVEN, refreshToken: 1 },
    { ...GIVEN, login: undefined },
  ])("that are damaged or of someone else are none: %j", (value) => {
    expect(readTokens(value, OWNER)).toBeNull();
    expect(readTokens(tokensOf(GIVEN, {}, 0), OWNER)).not.toBeNull();
  });
});

describe("a lock", () => {
  afterEach(() => void vi.useRealTimers());

  test.each([
    ["none", undefined, false],
    ["damaged", { owner: 1, until: "x" }, false],
    ["ours", { owner: "me", until: 1001 }, false],
    ["of another", { owner: "you", until: 1001 }, true],
    ["over", { owner: "you", until: 1000 }, false],
    ["later than any can be, after a clock was set back", { owner: "you", until: 9000 }, false],
  ])("whose lease is %s", (_, lease, held) => {
    expect(isHeld(lease, "me", 1000)).toBe(held);
  });

  test("a lease lets one run at a time, and the next one where one fails", async () => {
    const store = createMemoryStore();
    let owners = 0;
    let running = 0;
    const run = async (): Promise<void> => {
      running++;
      expect(running).toBe(1);
      await new Promise((done) => setTimeout(done, 20));
      running--;
      throw new Error("it fails");
    };
    const lock = createLock("test", store, () => String(owners++));
    const all = Array.from({ length: 3 }, () => lock(run));
    expect((await Promise.allSettled(all)).map(({ status }) => status)).toEqual(
      Array(3).fill("rejected"),
    );
    expect(owners).toBe(3);
  });

  test("where a page sleeps with the lock, those that wait go on one at a time", async () => {
    vi.useFakeTimers();
    const queues = new Map<string, Promise<unknown>>();
    const request = (
      name: string,
      { signal }: { signal: AbortSignal },
      run: () => Promise<void>,
    ): Promise<unknown> => {
      const before = queues.get(name) ?? Promise.resolve();
      const aborted = new Promise((_, reject) =>
        signal.addEventListener("abort", () => reject(new DOMException("late", "AbortError"))),
      );
      const turn = Promise.race([before, aborted]).then(run);
      queues.set(
        name,
        turn.catch(() => before),
      );
      return turn;
    };
    queues.set("test", new Promise(() => undefined)); // it sleeps
    vi.stubGlobal("navigator", { locks: { request } });
    let running = 0;
    const lock = createLock("test", createMemoryStore(), () => "me");
    const runs = [1, 2, 3].map((value) =>
      lock(async () => {
        running++;
        expect(running).toBe(1);
        await new Promise((done) => setTimeout(done, 100));
        running--;
        return value;
      }),
    );
    await vi.advanceTimersByTimeAsync(29_000);
    expect(running).toBe(0);
    await vi.advanceTimersByTimeAsync(2_000);
    expect(await Promise.all(runs)).toEqual([1, 2, 3]);
  });

  test("a lease is kept up while its run goes on, and given back once", async () => {
    vi.useFakeTimers();
    vi.stubGlobal("navigator", undefined);
    const store = createMemoryStore();
    let end = (): void => undefined;
    const run = createLock("test", store, () => "me")(() => new Promise<void>((done) => (end = done))); // prettier-ignore
    await vi.advanceTimersByTimeAsync(20_000);
    expect(isHeld(await store.read("lock test"), "you", Date.now())).toBe(true);
    end();
    await run;
    await vi.advanceTimersByTimeAsync(2_000);
    expect(await store.read("lock test")).toBeUndefined();
  });

  test("a lease that another has by now is not given back", async () => {
    vi.useFakeTimers();
    vi.stubGlobal("navigator", undefined);
    const store = createMemoryStore();
    const other = { owner: "you", until: Date.now() + 5_000 };
    await createLock("test", store, () => "me")(() => store.update("lock test", () => other));
    await vi.advanceTimersByTimeAsync(0);
    expect(await store.read("lock test")).toEqual(other);
  });

  test("what runs under a lock that the platform takes back is not run twice", async () => {
    const request = async (_: string, __: unknown, run: () => Promise<void>): Promise<void> => {
      await run();
      throw new DOMException("stolen", "AbortError");
    };
    vi.stubGlobal("navigator", { locks: { request } });
    let runs = 0;
    await createLock("test", createMemoryStore(), () => "me")(async () => runs++);
    await new Promise((done) => setTimeout(done, 20));
    expect(runs).toBe(1);
  });

  test("where a platform gives its locks to no one, there is a lease", async () => {
    const request = () => Promise.reject(new DOMException("no", "SecurityError"));
    vi.stubGlobal("navigator", { locks: { request } });
    const lock = createLock("test", createMemoryStore(), () => "me");
    expect(await lock(async () => 1)).toBe(1);
  });
});

test("the example's server refuses a refresh token that was used in the same millisecond", async () => {
  const signer = createSigner(generatePrivateJwk("ES256"));
  const send = createDpopFetch({ session: createClientSession({ signer }) });
  const token = async (grant: Record<string, string>): Promise<Record<string, unknown>> => {
    const body = new URLSearchParams({ client_id: "app", redirect_uri: REDIRECT, ...grant });
    return Object(await (await send(`${issuer}/token`, { method: "POST", body })).json());
  };
  const verifier = "a".repeat(43);
  const challenge = createHash("sha256").update(verifier).digest("base64url");
  const query = `client_id=app&redirect_uri=${encodeURIComponent(REDIRECT)}&state=s`;
  const back = await loginOf(
    `${issuer}/authorize?${query}&code_challenge=${challenge}&code_challenge_method=S256`,
  );
  const code = new URL(back).searchParams.get("code") ?? "";
  const first = await token({ grant_type: "authorization_code", code, code_verifier: verifier });
  vi.spyOn(Date, "now").mockReturnValue(Date.now());
  const grant = { grant_type: "refresh_token", refresh_token: String(first["refresh_token"]) };
  expect(await token(grant)).toHaveProperty("access_token");
  expect(await token(grant)).toMatchObject({ error: "invalid_grant" });
});
