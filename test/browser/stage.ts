// What each case finds: a browser, and the servers of the example with origins of their own, so that no case finds
// what another has left.
import type { RequestListener } from "node:http";
import type { Settings } from "../../examples/browser/authorization-server.js";
import { bundle } from "../../examples/browser/bundle.js";
import { startExample } from "../../examples/browser/server.js";
import { later, within } from "../support/process.js";
import type { Browser, Tab } from "./browser.js";

type Example = Awaited<ReturnType<typeof startExample>>;

/** The place of a case. */
export interface Stage extends Example {
  readonly browser: Browser;
  /** What the servers were asked, as `as POST /token`; preflight requests are left out. */
  readonly asked: string[];
  /** Opens a tab of the app that has the functions of page.ts. */
  open(): Promise<Tab>;
  /** Logs in on a tab, by the page of the authorization server. */
  logIn(tab: Tab): Promise<void>;
  /** Holds what a server has to say to the next request of this kind. */
  hold(request: string): Held;
  /** From now on, a server fails for requests of this kind; null: for none. */
  fail(request: string | null): void;
  /** A script that runs before all others in every tab that is opened or loaded from now on. */
  before(script: string): void;
}

export interface Held {
  /** The server has done all that it does. */
  readonly arrived: Promise<void>;
  release(): void;
}

/** A case: it rejects where something is not as it should be. */
export interface Case {
  readonly name: string;
  readonly settings?: Partial<Settings>;
  readonly redirectPath?: string;
  /** Also in a browser whose windows are all private; only there where it is "only". Default false. */
  readonly inPrivate?: boolean | "only";
  run(stage: Stage): Promise<void>;
}

/** Milliseconds. */
const CASE_LIMIT = 180_000;

let pageScript: Promise<string> | undefined;

export async function runCase(one: Case, browser: Browser): Promise<void> {
  const asked: string[] = [];
  const holds: (Held & { readonly request: string; answer(send: () => void): void })[] = [];
  let first = "";
  let failing: string | null = null;
  pageScript ??= bundle(new URL("page.ts", import.meta.url), "esm");
  const functions = await pageScript;
  const tabs: Tab[] = [];

  const wrap =
    (name: string, listener: RequestListener): RequestListener =>
    (req, res) => {
      const { pathname } = new URL(req.url ?? "", "http://any");
      const request = `${name} ${req.method} ${pathname}`;
      if (req.method !== "OPTIONS") asked.push(request);
      if (request === "app GET /test.js") {
        res.writeHead(200, { "Content-Type": "text/javascript; charset=utf-8" }).end(functions);
        return;
      }
      if (request === "app GET /blank") {
        res.writeHead(200, { "Content-Type": "text/html; charset=utf-8" });
        res.end(`<!doctype html><title>blank</title><link rel="icon" href="data:,">
<script>${first}</script><script type="module" src="/test.js"></script>`);
        return;
      }
      if (request === failing) {
        res.writeHead(503).end();
        return;
      }
      const at = holds.findIndex((held) => held.request === request);
      const [held] = at === -1 ? [] : holds.splice(at, 1);
      if (held !== undefined) {
        const end = res.end.bind(res) as (...args: unknown[]) => void; // any of its forms
        res.end = (...args: unknown[]) => {
          held.answer(() => end(...args));
          return res;
        };
      }
      listener(req, res);
    };

  const { settings = {}, redirectPath = "/callback" } = one;
  const example = await startExample({ ports: [0, 0, 0], settings, redirectPath, wrap });
  const open = async (): Promise<Tab> => {
    const tab = await browser.open(`${example.app}/blank`);
    tabs.push(tab);
    return tab;
  };
  const stage: Stage = {
    ...example,
    browser: {
      async open(url) {
        const tab = await browser.open(url);
        tabs.push(tab);
        return tab;
      },
    },
    asked,
    open,
    async logIn(tab) {
      await tab.run("await openSession(); globalThis.login = await session.startLogin();");
      await tab.begin("location.assign(login);");
      await answerLogin(tab, example.issuer);
      await untilSays(tab, "state", "You are logged in.");
      await tab.goto(`${example.app}/blank`);
    },
    hold(request) {
      let release = (): void => undefined;
      const released = new Promise<void>((done) => (release = done));
      let arrive = (): void => undefined;
      const arrived = new Promise<void>((done) => (arrive = done));
      const answer = (send: () => void): void => {
        arrive();
        released.then(send, send);
      };
      holds.push({ request, arrived, release, answer });
      return { arrived, release };
    },
    fail: (request) => (failing = request),
    before: (script) => (first = script),
  };
  try {
    await within(CASE_LIMIT, one.name, one.run(stage));
  } finally {
    await Promise.all(tabs.map((tab) => tab.kill().catch(() => undefined)));
    example.close();
  }
}

/** Waits for the page of the authorization server, and agrees. */
export async function answerLogin(tab: Tab, issuer: string): Promise<void> {
  await until(tab, issuer);
  await eventually(async () => (await tab.run("return document.forms.length")) === 1);
  await tab.begin("document.forms[0].submit();");
}

/** Waits till a tab is at a URL that begins so. */
export function until(tab: Tab, start: string): Promise<void> {
  return eventually(async () => (await tab.url()).startsWith(start));
}

/** Waits till an element of the example's page has this text. */
export function untilSays(tab: Tab, id: string, text: string): Promise<void> {
  const script = `return document.getElementById("${id}").textContent`;
  return eventually(async () => String(await tab.run(script)).includes(text));
}

/** Milliseconds. */
const WAIT_LIMIT = 20_000;

/** Waits till something is so. */
export async function eventually(isSo: () => Promise<boolean>): Promise<void> {
  const end = Date.now() + WAIT_LIMIT;
  for (;;) {
    // A page that is about to go runs nothing.
    if (await isSo().catch(() => false)) return;
    if (Date.now() > end) throw new Error(`never came about: ${isSo.toString()}`);
    await later(50);
  }
}
