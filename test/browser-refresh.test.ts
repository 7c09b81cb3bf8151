// Tokens of dpop-core/browser after the login (RFC 6749 section 6, RFC 7009): their refresh, their loss and their end, in one
// tab and in two, over an IndexedDB in memory and an authorization server whose every answer is the test's.
import { decodeJwt } from "jose";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import {
  type BrowserSession,
  type BrowserSessionEvent,
  type BrowserSessionOptions,
  openBrowserSession,
} from "dpop-core/browser";
import { createIndexedDb } from "./support/indexed-db.js";

const ISSUER = "https://as.example";
const API = "https://api.example";
const REDIRECT = "https://app.example/callback";
const METADATA = {
  issuer: ISSUER,
  authorization_endpoint: `${ISSUER}/authorize`,
  token_endpoint: `${ISSUER}/token`,
};
const REVOKING = { ...METADATA, revocation_endpoint: `${ISSUER}/revoke` };
const START = 1_800_000_000; // seconds since the epoch
const LIFETIME = 300; // seconds
const DUE = START + LIFETIME - 30;
const OVER = START + LIFETIME;

let database = createIndexedDb();
let sessions: BrowserSession[] = [];
let sent: { readonly url: string; readonly form: Readonly<Record<string, string>> }[] = [];
let used: (string | null)[] = [];
let proofs: string[] = [];
/** What the API gives as DPoP-Nonce. */
let nonce: string | undefined;
let count = 0;
/** What the token endpoint does in place of giving tokens. */
let fault: (() => Response | Promise<Response>) | undefined;
let more: Readonly<Record<string, unknown>> = {};

beforeEach(() => {
  database = createIndexedDb();
  vi.stubGlobal("indexedDB", database);
  vi.spyOn(Date, "now");
  at(START);
  [sessions, sent, used, proofs, nonce] = [[], [], [], [], undefined];
  [count, fault, more] = [0, undefined, {}];
});

afterEach(() => {
  for (const session of sessions) session.close();
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

function at(seconds: number): void {
  vi.mocked(Date.now).mockReturnValue(seconds * 1000);
}

function json(status: number, body: unknown): Response {
  return new Response(JSON.stringify(body), { status });
}

async function answer(url: string, init: RequestInit = {}): Promise<Response> {
  if (String(url).startsWith(API)) {
    const headers = new Headers(init.headers);
    used.push(headers.get("authorization"));
    proofs.push(headers.get("dpop") ?? "");
    return new Response("{}", { headers: nonce === undefined ? {} : { "dpop-nonce": nonce } });
  }
  sent.push({ url, form: Object.fromEntries(new URLSearchParams(String(init.body))) });
  if (fault !== undefined) return fault();
  const n = ++count;
  const tokens = { access_token: `token-${n}`, refresh_token: `refresh-${n}` };
  return json(200, { ...tokens, token_type: "DPoP", expires_in: LIFETIME, ...more });
}

/** Opens the session of a tab; all of a test have one name. */
async function open(
  events: BrowserSessionEvent[] = [],
  options: Partial<BrowserSessionOptions> = {},
): Promise<BrowserSession> {
  const session = await openBrowserSession({
    name: "test",
    authorizationServer: METADATA,
    clientId: "app",
    redirectUri: REDIRECT,
    apis: [API],
    onEvent: (event) => events.push(event),
    fetch: answer,
    correctClockSkew: false,
    ...options,
  });
  sessions.push(session);
  return session;
}

async function logIn(session: BrowserSession): Promise<void> {
  const state = new URL(await session.startLogin()).searchParams.get("state") ?? "";
  const back = `${REDIRECT}?${new URLSearchParams({ state, code: "code" })}`;
  expect(await session.finishLogin(back)).toMatchObject({ ok: true });
  sent = [];
}

const values = (): Map<string, unknown> => database.values("dpop-core test");

describe("an access token", () => {
  test("is used until it is due, and then refreshed with the latest refresh token", async () => {
    const session = await open([], { resource: API });
    await logIn(session);
    for (const time of [START, DUE - 1, DUE, DUE + LIFETIME - 30]) {
      at(time);
      await session.fetch(API);
    }
    expect(used).toEqual(["DPoP token-1", "DPoP token-1", "DPoP token-2", "DPoP token-3"]);
    const form = { grant_type: "refresh_token", client_id: "app", resource: API };
    const url = `${ISSUER}/token`;
    expect(sent).toEqual([
      { url, form: { ...form, refresh_token: "refresh-1" } },
      { url, form: { ...form, refresh_token: "refresh-2" } },
    ]);
  });

  test("that one tab refreshed serves the others", async () => {
    const [one, two] = [await open(), await open()];
    await logIn(one);
    at(DUE);
    await Promise.all([one.fetch(API), two.fetch(API)]);
    expect(used).toEqual(["DPoP token-2", "DPoP token-2"]);
    expect(sent).toHaveLength(1);
  });

  test.each([
    ["can't be reached", () => Promise.reject(new TypeError("offline")), undefined],
    ["is down", () => json(503, { error: "temporarily_unavailable" }), undefined],
    ["refuses it for now", () => json(400, { error: "slow_down" }), "slow_down"],
    ["sends no JSON", () => new Response("no"), undefined],
    ["sends tokens with another status", () => json(202, { access_token: "t", token_type: "DPoP" }), undefined], // prettier-ignore
    ["sends a Bearer token", () => json(200, { access_token: "t", token_type: "Bearer" }), undefined], // prettier-ignore
  ])("is used to its end where the server %s, with a try each five seconds", async (...row) => {
    const [, answers, error] = row;
    const events: BrowserSessionEvent[] = [];
    const session = await open(events);
    await logIn(session);
    fault = answers;
    for (const [time, tries] of [
      [DUE, 1],
      [DUE + 4, 1],
      [DUE + 5, 2],
      [DUE + 9, 2],
    ] as const) {
      // prettier-ignore
      at(time);
      await session.fetch(API);
      expect(sent).toHaveLength(tries);
    }
    expect(new Set(used)).toEqual(new Set(["DPoP token-1"]));
    at(OVER);
    const call = session.fetch(API);
    await expect(call).rejects.toMatchObject({ code: "refresh_failed", error });
    expect(await session.isLoggedIn()).toBe(true);
    expect(events).toEqual([{ type: "logged_in" }]);
    fault = undefined;
    await session.fetch(API);
    expect(used.at(-1)).toBe("DPoP token-2");
  });

  test("without a refresh token is used to its end, and then the user has to log in", async () => {
    more = { refresh_token: undefined };
    const events: BrowserSessionEvent[] = [];
    const session = await open(events);
    await logIn(session);
    at(DUE);
    await session.fetch(API);
    at(OVER);
    await expect(session.fetch(API)).rejects.toMatchObject({ code: "login_required" });
    await expect(session.fetch(API)).rejects.toMatchObject({ code: "login_required" });
    const lost = { type: "login_required", reason: "refresh_token_missing" };
    expect(events).toEqual([{ type: "logged_in" }, lost]);
    expect(sent).toEqual([]);
  });
});

describe("a refresh token that is refused", () => {
  const refuse = () => json(400, { error: "invalid_grant" });

  test("ends the session, also before the access token has ended, and tells once", async () => {
    const events: BrowserSessionEvent[] = [];
    const session = await open(events);
    await logIn(session);
    fault = refuse;
    at(DUE);
    await expect(session.fetch(API)).rejects.toMatchObject({ code: "login_required" });
    await expect(session.fetch(API)).rejects.toMatchObject({ code: "login_required" });
    const lost = { type: "login_required", reason: "refresh_refused" };
    expect(events).toEqual([{ type: "logged_in" }, lost]);
    expect(await session.isLoggedIn()).toBe(false);
    expect(sent).toHaveLength(1);
  });

  test("since another tab used it is no end: what that tab got is taken, once it is there", async () => {
    const session = await open();
    await logIn(session);
    fault = () => {
      const tokens = values().get("tokens");
      const next = { ...Object(tokens), accessToken: "other", refreshToken: "r", dueAt: OVER + 9 };
      setTimeout(() => values().set("tokens", next), 100);
      return refuse();
    };
    at(DUE);
    await session.fetch(API);
    expect(used).toEqual(["DPoP other"]);
    expect(sent).toHaveLength(1);
  });

  test("while the user logs out is no second loss", async () => {
    const events: BrowserSessionEvent[] = [];
    const session = await open(events);
    await logIn(session);
    fault = () => {
      values().delete("tokens");
      return refuse();
    };
    at(DUE);
    await expect(session.fetch(API)).rejects.toMatchObject({ code: "login_required" });
    expect(events).toEqual([{ type: "logged_in" }]);
  });
});

describe("tokens whose key is", () => {
  test("gone are removed, and the user has to log in", async () => {
    await logIn(await open());
    values().delete("key");
    const events: BrowserSessionEvent[] = [];
    const next = await open(events);
    expect(await next.isLoggedIn()).toBe(false);
    expect(await next.isLoggedIn()).toBe(false);
    expect(events).toEqual([{ type: "login_required", reason: "key_lost" }]);
    expect(values().has("tokens")).toBe(false);
  });

  test("another than this tab knew are good, since another tab has logged in anew", async () => {
    const events: BrowserSessionEvent[] = [];
    const [one, two] = [await open(), await open(events)];
    await logIn(one);
    expect(await two.isLoggedIn()).toBe(true);
    await one.forget();
    await logIn(one);
    expect(await two.isLoggedIn()).toBe(true);
    expect((await two.fetch(API)).status).toBe(200);
    expect(events).not.toContainEqual({ type: "login_required", reason: "key_lost" });
  });

  test("gone and can't be made anew at once are no end: the next call tries again", async () => {
    const session = await open();
    values().delete("key");
    vi.spyOn(crypto.subtle, "generateKey").mockRejectedValueOnce(new Error("not now"));
    await expect(session.startLogin()).rejects.toThrow("not now");
    await logIn(session);
  });
});

describe("a logout", () => {
  test("removes all and revokes the refresh token", async () => {
    const session = await open([], { authorizationServer: REVOKING });
    await logIn(session);
    await session.forget();
    expect([...values().keys()]).toEqual([]);
    const form = { token: "refresh-1", client_id: "app" };
    expect(sent).toEqual([{ url: `${ISSUER}/revoke`, form }]);
    await session.forget();
    expect(sent).toHaveLength(1);
  });

  test("resolves where the server can't be reached", async () => {
    const session = await open([], { authorizationServer: REVOKING });
    await logIn(session);
    fault = () => Promise.reject(new TypeError("offline"));
    await session.forget();
    expect(await session.isLoggedIn()).toBe(false);
    expect(sent).toHaveLength(1);
  });

  test("without an endpoint or a refresh token sends nothing", async () => {
    const session = await open();
    await logIn(session);
    await session.forget();
    more = { refresh_token: undefined };
    const other = await open([], { authorizationServer: REVOKING });
    await logIn(other);
    await other.forget();
    expect(sent).toEqual([]);
  });

  test("while a refresh is under way ends what the refresh gives", async () => {
    const session = await open([], { authorizationServer: REVOKING });
    await logIn(session);
    at(DUE);
    fault = () => {
      fault = undefined;
      values().delete("tokens");
      return answer(`${ISSUER}/token`);
    };
    await expect(session.fetch(API)).rejects.toMatchObject({ code: "login_required" });
    expect(sent.at(-1)).toEqual({
      url: `${ISSUER}/revoke`,
      form: { token: "refresh-2", client_id: "app" },
    });
    expect(await session.isLoggedIn()).toBe(false);
  });
});

describe("the tabs", () => {
  test("are told of a login and a logout, and of nothing that is no event", async () => {
    const [here, there]: BrowserSessionEvent[][] = [[], []];
    const session = await open(here);
    await open(there);
    const channel = new BroadcastChannel("dpop-core test");
    for (const message of [null, 1, { type: "other" }, { type: "login_required" }])
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a channel is of one origin
      channel.postMessage(message);
    await logIn(session);
    await session.forget();
    const told = [{ type: "logged_in" }, { type: "logged_out" }];
    await vi.waitFor(() => expect(there).toEqual(told));
    expect(here).toEqual(told);
    channel.close();
  });

  test("are told of a nonce that one of them was given", async () => {
    const [one, two] = [await open(), await open()];
    await logIn(one);
    nonce = "given";
    await one.fetch(API);
    nonce = undefined;
    await vi.waitFor(async () => {
      await two.fetch(API);
      expect(decodeJwt(proofs.at(-1) ?? "")["nonce"]).toBe("given");
    });
  });

  test("that keep nothing are told nothing, and tell nothing", async () => {
    vi.stubGlobal("indexedDB", undefined);
    vi.stubGlobal("sessionStorage", storage());
    const there: BrowserSessionEvent[] = [];
    const [session, other] = [await open(), await open(there)];
    expect(await other.isLoggedIn()).toBe(false);
    const heard: unknown[] = [];
    const channel = new BroadcastChannel("dpop-core test");
    channel.addEventListener("message", ({ data }) => heard.push(data));
    await logIn(session);
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a channel is of one origin
    channel.postMessage({ type: "logged_out" });
    await new Promise((done) => setTimeout(done, 100));
    expect(there.map(({ type }) => type)).toEqual(["storage_failed"]);
    expect(heard).toEqual([]);
    channel.close();
  });
});

/** `sessionStorage`, which Node has not. */
function storage() {
  const kept = new Map<string, string>();
  return {
    getItem: (name: string) => kept.get(name) ?? null,
    setItem: (name: string, value: string) => void kept.set(name, value),
  };
}
