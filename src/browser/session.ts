// A session of a web app (RFC 9449 sections 5, 7, 10 and 11.4): one key and one set of tokens for all tabs and workers
// of an origin, from login to logout.
import { encodeBase64url } from "../bytes/base64url.js";
import { createDpopFetch, type FetchLike, type PlatformFetch } from "../client/fetch.js";
import { createAsyncClientSession } from "../client/session.js";
import { leave } from "../input/argument.js";
import type { Backend } from "../jose/alg.js";
import { createApiFetch } from "./api-fetch.js";
import {
  discover,
  postForm,
  type Send,
  type AuthorizationServerMetadata,
} from "./authorization-server.js";
import type { Base, KeyedClient } from "./base.js";
import {
  finishLogin,
  LOGINS,
  type LoginOptions,
  type LoginResult,
  startLogin,
} from "./code-flow.js";
import { type BrowserSessionEvent, readEvent } from "./event.js";
import { KEY, openKey } from "./key-store.js";
import { createLock } from "./lock.js";
import { createNonceShare, NONCES, readSharedNonce } from "./nonces.js";
import { type BrowserSessionOptions, readOptions } from "./options.js";
import { createRefresher } from "./refresh.js";
import { openStore } from "./store.js";
import { openTabs } from "./tabs.js";
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
  backend: Pick<Backend, "sha256" | "randomBytes">,
): Promise<BrowserSession> {
  const settings = readOptions(options);
  const { name, issuer, clientId, alg, plainHttp, correctClockSkew } = settings;
  const owner = { issuer, clientId };
  const place = `dpop-core ${name}`;
  const newSecret = (): string => encodeBase64url(backend.randomBytes(32));
  const plainSend: Send = (url, init) => sendWith(settings.fetch)(url, init);

  const tell = (event: BrowserSessionEvent): void => {
    wasLoggedIn = event.type === "logged_in" || (event.type === "storage_failed" && wasLoggedIn);
    try {
      leave(settings.onEvent(event));
    } catch {
      // An app that fails to show something must not end its session.
    }
  };
  const store = openStore(place, (error) => tell({ type: "storage_failed", error }));
  const exclusive = createLock(`${place} tokens`, store, newSecret);
  const keyExclusive = createLock(`${place} key`, store, newSecret);
  const nonces = createNonceShare(store, (nonce) => tabs.tell(nonce));
  let wasLoggedIn = false;
  let client: Promise<KeyedClient> | undefined;
  let metadata: Promise<AuthorizationServerMetadata> | undefined;

  async function openClient(previous?: KeyedClient): Promise<KeyedClient> {
    const signer = await openKey(store, keyExclusive, alg, newSecret);
    const session = createAsyncClientSession({ signer, backend, plainHttp, correctClockSkew });
    if (previous?.session.jkt === session.jkt) return previous;
    await nonces.recall(session);
    const dpopFetch = createDpopFetch<FetchLike>({
      session: nonces.sharing(session),
      fetch: settings.fetch,
    });
    return { session, send: sendWith(dpopFetch) };
  }

  const base: Base = {
    name,
    owner,
    redirectUri: settings.redirectUri,
    scope: settings.scope,
    resource: settings.resource,
    alg,
    store,
    exclusive,
    hasher: backend,
    plainSend,
    newSecret,
    client: () => (client ??= keep(openClient())),
    currentClient: async () => (client = keep(openClient(await base.client()))),
    server: () => (metadata ??= keepServer()),
    announce(event) {
      tell(event);
      if (store.lasts()) tabs.tell(event);
    },
    async revoke({ refreshToken }) {
      if (refreshToken === undefined) return;
      try {
        const { revocation_endpoint: url } = await base.server();
        const form = { token: refreshToken, token_type_hint: "refresh_token", client_id: clientId };
        if (url !== undefined) await postForm(plainSend, url, form);
      } catch {
        // It ends by itself some time.
      }
    },
  };

  /** A failure is not kept: the next call tries again. */
  function keep(opening: Promise<KeyedClient>): Promise<KeyedClient> {
    opening.catch(() => {
      if (client === opening) client = undefined;
    });
    return opening;
  }

  function keepServer(): Promise<AuthorizationServerMetadata> {
    const found = settings.metadata ?? discover(plainSend, issuer, plainHttp);
    const finding = Promise.resolve(found);
    finding.catch(() => {
      metadata = undefined;
    });
    return finding;
  }

  const refresher = createRefresher(base);
  const tabs = openTabs(place, hear, lookAgain);

  function hear(message: unknown): void {
    const event = readEvent(message);
    const nonce = readSharedNonce(message);
    // A page that keeps its tokens to itself has a session of its own.
    if (event !== null && store.lasts()) tell(event);
    if (nonce !== null)
      client?.then(({ session }) => nonces.learn(session, nonce)).catch(() => undefined);
  }

  /** The page was away, and missed what happened. */
  function lookAgain(): void {
    const was = wasLoggedIn;
    refresher.peek().then((tokens) => {
      if ((tokens !== null) !== was) tell({ type: tokens === null ? "logged_out" : "logged_in" });
    }, leave);
  }

  async function isLoggedIn(): Promise<boolean> {
    const tokens = await refresher.peek();
    wasLoggedIn = tokens !== null;
    return wasLoggedIn;
  }

  async function forget(): Promise<void> {
    const tokens = readTokens(await store.read(TOKENS), owner);
    // The tokens first: a refresh that is under way finds that they are gone.
    for (const kept of [TOKENS, KEY, LOGINS, NONCES]) await store.update(kept, () => undefined);
    base.announce({ type: "logged_out" });
    if (tokens !== null) await base.revoke(tokens);
  }

  await base.client();
  await isLoggedIn();
  return Object.freeze({
    // It passes its arguments to the fetch of the platform and returns what that returns.
    fetch: createApiFetch(base, settings.apis, refresher) as FetchLike as PlatformFetch,
    startLogin: (login?: LoginOptions) => startLogin(base, login),
    finishLogin: (url: string) => finishLogin(base, url),
    isLoggedIn,
    forget,
    close: tabs.close,
  });
}

/** Any fetch as this package calls it: with a URL as a string, and an init. Browsers want it called without an owner. */
function sendWith(given: FetchLike | undefined): Send {
  const { fetch } = globalThis as { readonly fetch?: unknown };
  return (given ?? fetch) as Send; // its own types, or the platform, say that it is one
}
