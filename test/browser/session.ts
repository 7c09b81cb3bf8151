// dpop-core/browser where it lives: many tabs, one key, one rotating refresh token, servers of other origins.
import { deepStrictEqual, equal, ok } from "node:assert/strict";
import { later } from "../support/process.js";
import type { Tab } from "./browser.js";
import { answerLogin, type Case, eventually, type Stage, untilSays } from "./stage.js";

const TABS = 20;
const ROUNDS = 50;

export const cases: readonly Case[] = [
  {
    name: "the example logs in, calls, survives a reload and a second tab, and logs out in all of them",
    inPrivate: true,
    async run({ browser, app, issuer, asked, authorizationServer }) {
      const tab = await browser.open(`${app}/`);
      await untilSays(tab, "state", "You are not logged in.");
      await click(tab, "login");
      await answerLogin(tab, issuer);
      await untilSays(tab, "state", "You are logged in.");
      equal(new URL(await tab.url()).pathname, "/orders"); // the code is no longer in the address
      ok(asked.includes("as POST /par"));
      await click(tab, "call");
      await untilSays(tab, "log", '200 {"hello":"alice"}');
      if (!(await isKept(tab))) return; // what else there is, is for the case of a key in memory
      await later(1_500); // till the nonces are kept
      asked.length = 0;
      await tab.goto(`${app}/`);
      await untilSays(tab, "state", "You are logged in.");
      await click(tab, "call");
      await untilSays(tab, "log", '200 {"hello":"alice"}');
      // One request: the nonce outlived the page.
      deepStrictEqual(
        asked.filter((one) => one.startsWith("api")),
        ["api GET /hello"],
      );
      const other = await browser.open(`${app}/`);
      await untilSays(other, "state", "You are logged in.");
      await click(tab, "logout");
      await untilSays(other, "log", "logged_out");
      await untilSays(other, "state", "You are not logged in.");
      await click(other, "call");
      await untilSays(other, "log", "The user has to log in");
      await eventually(async () => authorizationServer.counts.revocations === 1);
    },
  },
  {
    name: "tabs that are fresh and open at once share one key",
    async run(stage) {
      const tabs = await openTabs(stage, 5);
      const metadata = `{ authorizationServer: {
        issuer: "${stage.issuer}",
        authorization_endpoint: "${stage.issuer}/authorize",
        token_endpoint: "${stage.issuer}/token",
      } }`;
      for (let round = 0; round < 10; round++) {
        const keys = await inAll(
          tabs,
          `await openSession({ name: "fresh ${round}", ...${metadata} });
           return new URL(await session.startLogin()).searchParams.get("dpop_jkt");`,
        );
        equal(new Set(keys).size, 1, `round ${round}: ${keys.join(" ")}`);
        equal(String(keys[0]).length, 43);
      }
    },
  },
  {
    name: `${TABS} tabs and ${ROUNDS} access tokens that end: one refresh for each, and no session is lost`,
    async run(stage) {
      const { authorizationServer, asked } = stage;
      const tabs = await openTabs(stage, TABS);
      await loggedIn(stage, tabs);
      for (let round = 1; round <= ROUNDS; round++) {
        authorizationServer.endAccessTokens();
        const answers = await inAll(tabs, "return call();");
        deepStrictEqual(
          answers,
          tabs.map(() => 200),
          `round ${round}`,
        );
        equal(authorizationServer.counts.refreshes, round);
      }
      deepStrictEqual(authorizationServer.counts, {
        codes: 1,
        refreshes: ROUNDS,
        reuses: 0,
        refusals: 0,
        revocations: 0,
      });
      deepStrictEqual(
        await inAll(tabs, "return seen();"),
        tabs.map(() => []),
      );
      equal(asked.filter((one) => one === "api GET /hello").length >= TABS * ROUNDS, true);
    },
  },
  {
    name: "access tokens of two seconds are refreshed before they end, once for all tabs",
    settings: { lifetime: 2 },
    async run(stage) {
      const { authorizationServer } = stage;
      const tabs = await openTabs(stage, 5);
      await loggedIn(stage, tabs);
      const begin = Date.now();
      const answers = await inAll(
        tabs,
        `const statuses = [];
         for (const end = Date.now() + 8000; Date.now() < end; ) {
           statuses.push(await call());
           await new Promise((done) => setTimeout(done, 100));
         }
         return statuses;`,
      );
      const seconds = (Date.now() - begin) / 1000;
      deepStrictEqual([...new Set(answers.flat())], [200]);
      const { refreshes, reuses, refusals } = authorizationServer.counts;
      deepStrictEqual({ reuses, refusals }, { reuses: 0, refusals: 0 });
      // Half of a life is left at the time of a refresh.
      ok(refreshes >= 3 && refreshes <= seconds + 1, `${refreshes} refreshes in ${seconds} s`);
    },
  },
  {
    name: "a tab that is killed in the middle of a refresh loses nothing where the server forgives",
    settings: { leeway: 60 },
    async run(stage) {
      const [dying, other] = await killedInRefresh(stage);
      await dying.kill();
      equal(await other.run("return call();"), 200);
      deepStrictEqual(await other.run("return seen();"), []);
      const { refreshes, reuses } = stage.authorizationServer.counts;
      deepStrictEqual({ refreshes, reuses }, { refreshes: 1, reuses: 1 });
    },
  },
  {
    name: "a tab that is killed in the middle of a refresh asks for a login where the server does not forgive",
    async run(stage) {
      const [dying, other] = await killedInRefresh(stage);
      const third = await stage.open();
      await third.run("await openSession();");
      await dying.kill();
      equal(await other.run("return call();"), 401); // what the API said
      const due = ["login_required refresh_refused"];
      deepStrictEqual(await other.run("return seen();"), due);
      await eventually(
        async () => JSON.stringify(await third.run("return seen();")) === JSON.stringify(due),
      );
      // No loop: without tokens, no one is asked.
      stage.asked.length = 0;
      deepStrictEqual(await inAll([other, third], "return [await call(), await call()];"), [
        ["login_required", "login_required"],
        ["login_required", "login_required"],
      ]);
      deepStrictEqual(stage.asked, []);
      await stage.logIn(other);
      await other.run("await openSession();");
      deepStrictEqual(await inAll([other, third], "return call();"), [200, 200]);
    },
  },
  {
    name: "without the platform's locks, tabs still take turns",
    async run(stage) {
      stage.before(`Object.defineProperty(navigator, "locks", { value: undefined });`);
      const tabs = await openTabs(stage, 5);
      await loggedIn(stage, tabs);
      for (let round = 1; round <= 5; round++) {
        stage.authorizationServer.endAccessTokens();
        deepStrictEqual(
          await inAll(tabs, "return call();"),
          tabs.map(() => 200),
        );
        equal(stage.authorizationServer.counts.refreshes, round);
      }
      equal(stage.authorizationServer.counts.reuses, 0);
    },
  },
  {
    name: "a page that dies with a lease holds up the others for seconds only",
    settings: { leeway: 60 },
    async run(stage) {
      stage.before(`Object.defineProperty(navigator, "locks", { value: undefined });`);
      const [dying, other] = await killedInRefresh(stage);
      await dying.kill();
      equal(await other.run("return call();"), 200);
    },
  },
  {
    name: "of two refreshes in flight, the one that is refused takes the result of the other",
    settings: { reuse: "is refused" },
    async run(stage) {
      // Locks that lock nothing: what a page that slept may find.
      stage.before("navigator.locks.request = (name, options, run) => run();");
      const tabs = await openTabs(stage, 2);
      await loggedIn(stage, tabs);
      stage.authorizationServer.endAccessTokens();
      const held = [stage.hold("as POST /token"), stage.hold("as POST /token")];
      const calls = inAll(tabs, "return call();");
      await Promise.all(held.map(({ arrived }) => arrived));
      for (const { release } of held.toReversed()) release(); // the refusal comes first
      deepStrictEqual(await calls, [200, 200]);
      deepStrictEqual(await inAll(tabs, "return seen();"), [[], []]);
      const { refreshes, refusals } = stage.authorizationServer.counts;
      const asked = stage.asked.slice(-16).join(", ");
      deepStrictEqual({ refreshes, refusals, asked }, { refreshes: 1, refusals: 1, asked });
    },
  },
  {
    name: "a refresh that is refused is told once in every tab, and is no loop",
    async run(stage) {
      const tabs = await openTabs(stage, 3);
      await loggedIn(stage, tabs);
      stage.authorizationServer.endSessions();
      stage.asked.length = 0;
      await inAll(tabs, "return call();");
      await inAll(tabs, "return [await call(), await call()];");
      await eventually(async () => {
        const seen = await inAll(tabs, "return seen();");
        return seen.every((one) => JSON.stringify(one) === '["login_required refresh_refused"]');
      });
      equal(stage.authorizationServer.counts.refusals, 1);
    },
  },
  {
    name: "a server that fails for a while loses no session",
    async run(stage) {
      const tabs = await openTabs(stage, 3);
      await loggedIn(stage, tabs);
      stage.authorizationServer.endAccessTokens();
      stage.fail("as POST /token");
      deepStrictEqual(await inAll(tabs, "return call();"), [401, 401, 401]);
      stage.fail(null);
      deepStrictEqual(await inAll(tabs, "return call();"), [200, 200, 200]);
      deepStrictEqual(await inAll(tabs, "return seen();"), [[], [], []]);
    },
  },
  ...[
    ["removed", 'values.delete("key")'],
    ["damaged", 'values.put({ id: "key", keyPair: { privateKey: 1, publicKey: 2 } }, "key")'],
    ["replaced by another", 'values.put(window.another, "key")'],
  ].map(([what = "", change = ""]): Case => ({
    name: `a key that is ${what} asks for a login once, and is no loop`,
    async run(stage) {
      const tab = await stage.open();
      await stage.logIn(tab);
      const other = await stage.open();
      await other.run("await openSession();");
      await tab.run(`
        await openSession({ name: "another" });
        window.another = await inStore((values) => values.get("key"), "another");
        await inStore((values) => ${change});`);
      await tab.goto(`${stage.app}/blank`);
      stage.asked.length = 0;
      await tab.run("await openSession();");
      const due = ["login_required key_lost"];
      deepStrictEqual(await tab.run("return seen();"), due);
      await eventually(
        async () => JSON.stringify(await other.run("return seen();")) === JSON.stringify(due),
      );
      deepStrictEqual(await inAll([tab, other], "return call();"), [
        "login_required",
        "login_required",
      ]);
      deepStrictEqual(
        stage.asked.filter((one) => !one.startsWith("app")),
        [],
      );
      await tab.goto(`${stage.app}/blank`);
      await tab.run("await openSession();");
      deepStrictEqual(await tab.run("return seen();"), []);
      await stage.logIn(tab);
      await tab.run("await openSession();");
      deepStrictEqual(await inAll([tab, other], "return call();"), [200, 200]);
    },
  })),
  ...[
    [
      "that throws",
      `Object.defineProperty(globalThis, "indexedDB", { get() { throw new DOMException("no", "SecurityError"); } });`,
    ],
    ["that is not there", `Object.defineProperty(globalThis, "indexedDB", { value: undefined });`],
    [
      "that fails to open",
      `IDBFactory.prototype.open = () => {
        const request = Object.assign(new EventTarget(), { error: new DOMException("no", "UnknownError") });
        setTimeout(() => request.dispatchEvent(new Event("error")), 10);
        return request;
      };`,
    ],
    [
      "that can't keep keys",
      `const put = IDBObjectStore.prototype.put; IDBObjectStore.prototype.put = function (value, key) { if (key === "key") throw new DOMException("no", "DataCloneError"); return put.call(this, value, key); };`,
    ],
  ].map(([what = "", script = ""]): Case => ({
    name: `IndexedDB ${what}: the key is in memory, an event says so, and a login goes well`,
    async run(stage) {
      stage.before(script);
      const tab = await stage.open();
      // The page of the redirect must lack it too.
      await tab.run(`await openSession({ redirectUri: location.origin + "/blank" });
        globalThis.login = await session.startLogin();`);
      await tab.begin("location.assign(login);");
      await answerLogin(tab, stage.issuer);
      await eventually(async () => (await tab.url()).startsWith(`${stage.app}/blank`));
      await eventually(async () => (await tab.run("return typeof openSession;")) === "function");
      const login = await tab.run(`
        await openSession({ redirectUri: location.origin + "/blank" });
        const { ok, code } = await session.finishLogin(location.href);
        return [ok, String(code), await call(), seen()];`);
      deepStrictEqual(login, [true, "undefined", 200, ["storage_failed", "logged_in"]]);
      // The end of the page is the end of the session: no loop, no error.
      await tab.goto(`${stage.app}/blank`);
      stage.asked.length = 0;
      deepStrictEqual(await tab.run("await openSession(); return [await call(), seen()];"), [
        "login_required",
        ["storage_failed"],
      ]);
      deepStrictEqual(stage.asked, ["app GET /config.json"]);
    },
    redirectPath: "/blank",
  })),
  {
    name: "a disk that is full at a refresh: the tab goes on with what it got",
    async run(stage) {
      const tab = await stage.open();
      await stage.logIn(tab);
      await tab.run(`await openSession();
        IDBObjectStore.prototype.put = () => { throw new DOMException("full", "QuotaExceededError"); };`);
      stage.authorizationServer.endAccessTokens();
      deepStrictEqual(await tab.run("return [await call(), seen()];"), [200, ["storage_failed"]]);
      stage.authorizationServer.endAccessTokens();
      equal(await tab.run("return call();"), 200);
      equal(stage.authorizationServer.counts.refreshes, 2);
    },
  },
  {
    name: "a connection that the browser closes is opened again",
    async run(stage) {
      stage.before(`const open = IDBFactory.prototype.open; IDBFactory.prototype.open = function (...args) {
        const request = open.apply(this, args);
        request.addEventListener("success", () => { window.connection = request.result; });
        return request;
      };`);
      const tab = await stage.open();
      await stage.logIn(tab);
      await tab.run("await openSession();");
      deepStrictEqual(await tab.run("connection.close(); return [await call(), seen()];"), [
        200,
        [],
      ]);
    },
  },
  {
    name: "a service worker shares the key, the tokens and the refresh",
    async run(stage) {
      const tab = await stage.open();
      await stage.logIn(tab);
      await tab.run(`await openSession();
        await navigator.serviceWorker.register("/worker.js");
        await navigator.serviceWorker.ready;`);
      await tab.goto(`${stage.app}/blank`); // now the worker controls it
      await tab.run("await openSession();");
      const both = `return Promise.all([
        fetch("/from-worker").then(async (response) => [response.status, await response.text()]),
        call(),
      ]);`;
      deepStrictEqual(await tab.run(both), [[200, '{"hello":"alice"}'], 200]);
      stage.authorizationServer.endAccessTokens();
      deepStrictEqual(await tab.run(both), [[200, '{"hello":"alice"}'], 200]);
      const { codes, refreshes, reuses } = stage.authorizationServer.counts;
      deepStrictEqual({ codes, refreshes, reuses }, { codes: 1, refreshes: 1, reuses: 0 });
      await tab.run(
        `for (const one of await navigator.serviceWorker.getRegistrations()) await one.unregister();`,
      );
    },
  },
  {
    name: "the URL of a login that comes twice, in two tabs and after a reload: the code is used once",
    async run(stage) {
      const tabs = await openTabs(stage, 2);
      const [first] = tabs as [Tab, Tab]; // two, as asked
      const url = String(
        await first.run(`await openSession(); return session.startLogin({ appState: "here" });`),
      );
      const back = await redirectOf(url, stage.issuer);
      const finish = `await openSession(); return session.finishLogin(${JSON.stringify(back)});`;
      const result = {
        ok: true,
        appState: "here",
        granted: { token_type: "DPoP", expires_in: 300, scope: "hello" },
      };
      deepStrictEqual(await inAll(tabs, finish), [result, result]);
      await first.goto(`${stage.app}/blank`);
      deepStrictEqual(await first.run(finish), result);
      equal(stage.authorizationServer.counts.codes, 1);
      equal(stage.authorizationServer.counts.refusals, 0);
      // After the logout, it is of no use.
      const [ok_, code] = (await first.run(
        `await session.forget(); const { ok, code } = await session.finishLogin(${JSON.stringify(back)}); return [ok, code];`,
      )) as [boolean, string]; // what the line returns
      deepStrictEqual([ok_, code], [false, "state_unknown"]);
    },
  },
  {
    name: "a login in one tab, such as a popup, is known in the others",
    async run(stage) {
      const [tab, popup] = (await openTabs(stage, 2)) as [Tab, Tab]; // two, as asked
      await tab.run("await openSession();");
      await stage.logIn(popup);
      await eventually(
        async () => JSON.stringify(await tab.run("return seen();")) === '["logged_in"]',
      );
      equal(await tab.run("return call();"), 200);
    },
  },
  {
    name: "a page that comes back from the browser's cache knows of the logout that it missed",
    async run(stage) {
      const [tab, other] = (await openTabs(stage, 2)) as [Tab, Tab]; // two, as asked
      await loggedIn(stage, [tab, other]);
      await tab.run(`dispatchEvent(new PageTransitionEvent("pagehide", { persisted: true }));`);
      await other.run("await session.forget();");
      await later(300);
      deepStrictEqual(await tab.run("return seen();"), []);
      await tab.run(`dispatchEvent(new PageTransitionEvent("pageshow", { persisted: true }));`);
      await eventually(
        async () => JSON.stringify(await tab.run("return seen();")) === '["logged_out"]',
      );
      equal(await tab.run("return call();"), "login_required");
    },
  },
  {
    name: "a logout in the middle of a refresh stays one, and the new refresh token is revoked",
    async run(stage) {
      const [tab, other] = (await openTabs(stage, 2)) as [Tab, Tab]; // two, as asked
      await loggedIn(stage, [tab, other]);
      stage.authorizationServer.endAccessTokens();
      const held = stage.hold("as POST /token");
      const calling = tab.run("return call();");
      await held.arrived;
      await other.run("await session.forget();");
      held.release();
      equal(await calling, 401);
      equal(await tab.run("return session.isLoggedIn();"), false);
      await eventually(async () => stage.authorizationServer.counts.revocations === 2);
    },
  },
  {
    name: "no script reads the private key",
    async run(stage) {
      const tab = await stage.open();
      await tab.run("await openSession();");
      const tried = await tab.run(`
        const { keyPair: { privateKey } } = await inStore((values) => values.get("key"));
        const formats = ["jwk", "pkcs8"].map((format) =>
          crypto.subtle.exportKey(format, privateKey).then(() => "exported", ({ name }) => name));
        return [privateKey.extractable, ...(await Promise.all(formats))];`);
      deepStrictEqual(tried, [false, "InvalidAccessError", "InvalidAccessError"]);
    },
  },
];

function click(tab: Tab, id: string): Promise<void> {
  return tab.begin(`document.getElementById("${id}").click();`);
}

/** False where a browser keeps no keys in its private windows. */
async function isKept(tab: Tab): Promise<boolean> {
  return !String(await tab.run(`return document.getElementById("log").textContent;`)).includes(
    "storage_failed",
  );
}

function openTabs(stage: Stage, count: number): Promise<readonly Tab[]> {
  return Promise.all(Array.from({ length: count }, () => stage.open()));
}

function inAll(tabs: readonly Tab[], body: string): Promise<readonly unknown[]> {
  return Promise.all(tabs.map((tab) => tab.run(body)));
}

/** Logs in on the first of these tabs, and opens the session in all. No events so far. */
async function loggedIn(stage: Stage, tabs: readonly Tab[]): Promise<void> {
  const [first] = tabs;
  if (first === undefined) throw new Error("a tab was expected");
  await stage.logIn(first);
  await inAll(tabs, "await openSession();");
}

/** A tab that waits for the answer to its refresh, which the server has done; and another. */
async function killedInRefresh(stage: Stage): Promise<readonly [Tab, Tab]> {
  const [dying, other] = (await openTabs(stage, 2)) as [Tab, Tab]; // two, as asked
  await loggedIn(stage, [dying, other]);
  equal(await dying.run("return call();"), 200); // it has the nonces
  stage.authorizationServer.endAccessTokens();
  const held = stage.hold("as POST /token");
  dying.run("return call();").catch(() => undefined); // it ends with the tab
  await held.arrived;
  equal(stage.authorizationServer.counts.refreshes, 1);
  return [dying, other];
}

/** Where the authorization server sends the browser after the login. */
async function redirectOf(url: string, issuer: string): Promise<string> {
  const page = await (await fetch(url)).text();
  const request = /name="request" value="([^"]+)"/.exec(page)?.[1] ?? "";
  const body = new URLSearchParams({ request });
  const { headers } = await fetch(`${issuer}/login`, { method: "POST", body, redirect: "manual" });
  return headers.get("location") ?? "";
}
