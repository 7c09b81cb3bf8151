// A session of a web app (RFC 9449 sections 5, 7, 10 and 11.4): one key and one set of tokens for all tabs and workers
// of an origin, from login to logout.
import type { FetchLike, PlatformFetch } from "../client/fetch.js";
import { leave } from "../input/argument.js";
import { createApiFetch } from "./api-fetch.js";
import { type Base, openBase } from "./base.js";
import {
  finishLogin,
  LOGINS,
  type LoginOptions,
  type LoginResult,
  startLogin,
} from "./code-flow.js";
import type { BrowserSessionEvent } from "./event.js";
import { KEY } from "./key-store.js";
import { type BrowserSessionOptions, readOptions } from "./options.js";
import { createRefresher } from "./refresh.js";
import { SERVERS } from "./server-share.js";
import { readTokens, TOKENS } from "./tokens.js";

/** A session of a web app. */
export interface BrowserSession {
  /**
   * fetch for the APIs: with the access token and a proof, after a refresh if it is time for one. Where an API
   * refuses the token, it is refreshed and the request is sent once more, if its body can be sent twice. Set no `Authorization`.
   * Rejects with a BrowserSessionError where there are no tokens, and with a TypeError for an origin that is not in `apis`.
   */
  readonly fetch: PlatformFetch;
  /**
   * Begins a login.
   *
   * @returns the URL to go to: `location.assign(await session.startLogin())`.
   * @throws rejects with a TypeError for a mistaken option, with a BrowserSessionError where a pushed request is refused, and
   *   with what fetch throws.
   */
  startLogin(options?: LoginOptions): Promise<string>;
  /**
   * Ends a login. Call it with `location.href` on the page of `redirectUri`, and replace that URL then. The same URL may come
   * twice, in two tabs or after a reload: the code is used once, and both get the same result.
   *
   * @returns how the login ended; null for a URL that is not the end of a login.
   * @throws rejects with what fetch throws: the same URL can be tried again.
   */
  finishLogin(url: string): Promise<LoginResult | null>;
  /** Returns true where there are tokens that are bound to the key. It asks no server. */
  isLoggedIn(): Promise<boolean>;
  /**
   * Logs out: removes the tokens and the key from this browser, tells all tabs, and revokes the refresh token where the server
   * has an endpoint for that. Resolves also where the server can't be reached.
   */
  forget(): Promise<void>;
  /** Stops listening to other tabs. The session stays in the browser. */
  close(): void;
}

/** Opens a session with this backend; the entry has the promise that users read. */
export async function openSession(
  options: BrowserSessionOptions,
  backend: Base["backend"],
): Promise<BrowserSession> {
  const settings = readOptions(options);
  let wasLoggedIn = false;

  function tell(event: BrowserSessionEvent): void {
    if (event.type !== "storage_failed") wasLoggedIn = event.type === "logged_in";
    try {
      leave(settings.onEvent(event));
    } catch {
      // An app that fails to show something must not end its session.
    }
  }

  /** The page was away, and missed what happened. */
  function lookAgain(): void {
    const was = wasLoggedIn;
    isLoggedIn().then((is) => {
      if (is !== was) tell({ type: is ? "logged_in" : "logged_out" });
    }, leave);
  }

  const base = openBase(settings, backend, tell, lookAgain);
  const refresher = createRefresher(base);

  async function isLoggedIn(): Promise<boolean> {
    wasLoggedIn = (await refresher.peek()) !== null;
    return wasLoggedIn;
  }

  await base.client();
  await isLoggedIn();
  return Object.freeze({
    // It passes its arguments to the fetch of the platform and returns what that returns.
    fetch: createApiFetch(base, refresher) as FetchLike as PlatformFetch,
    startLogin: (login?: LoginOptions) => startLogin(base, login),
    finishLogin: (url: string) => finishLogin(base, url),
    isLoggedIn,
    forget: () => forget(base),
    close: base.close,
  });
}

async function forget(base: Base): Promise<void> {
  const { store, owner } = base;
  const tokens = readTokens(await store.read(TOKENS), owner);
  // The tokens first: a refresh that is under way finds that they are gone.
  for (const name of [TOKENS, KEY, LOGINS, SERVERS]) await store.update(name, () => undefined);
  base.announce({ type: "logged_out" });
  if (tokens !== null) await base.revoke(tokens);
}
