// What the parts of a session share: its store and locks, the client of its key, its authorization server, and the
// way to the app and to the other tabs.
import { encodeBase64url } from "../bytes/base64url.js";
import { createDpopFetch, type FetchLike } from "../client/fetch.js";
import { type AsyncClientSession, createAsyncClientSession } from "../client/session.js";
import { leave } from "../input/argument.js";
import type { Backend } from "../jose/alg.js";
import {
  type AuthorizationServerMetadata,
  discover,
  postForm,
  type Send,
} from "./authorization-server.js";
import { type BrowserSessionEvent, readEvent } from "./event.js";
import { openKey } from "./key-store.js";
import { createLock, type Exclusive } from "./lock.js";
import type { Settings } from "./options.js";
import { learnServers, recallServers, shareServers } from "./server-share.js";
import { openStore, type Store } from "./store.js";
import { openTabs } from "./tabs.js";
import type { Owner, Tokens } from "./tokens.js";

/** The client of one key. */
export interface KeyedClient {
  readonly session: AsyncClientSession;
  /** fetch with proofs of this key. */
  readonly send: Send;
}

/** What the parts of a session share. */
export interface Base {
  readonly settings: Settings;
  readonly owner: Owner;
  readonly store: Store;
  /** For whatever replaces the tokens by asking the authorization server. */
  readonly exclusive: Exclusive;
  readonly backend: Pick<Backend, "sha256" | "randomBytes">;
  /** fetch without proofs. */
  readonly plainSend: Send;
  /** Returns 43 letters that no one can guess. */
  newSecret(): string;
  /** Returns the client of the key that this tab knows. */
  client(): Promise<KeyedClient>;
  /** Returns the client of the key that is kept now: another tab may have replaced it. */
  currentClient(): Promise<KeyedClient>;
  server(): Promise<AuthorizationServerMetadata>;
  /** Revokes a refresh token (RFC 7009) where the server can. Never rejects: it is a courtesy. */
  revoke(tokens: Tokens): Promise<void>;
  /** Tells the app, in all tabs. */
  announce(event: BrowserSessionEvent): void;
  /** Stops listening to the other tabs. */
  close(): void;
}

/**
 * Opens what the parts share.
 *
 * @param onEvent is told of the events of all tabs.
 * @param onReturn is told when a page is shown again that has missed events.
 */
export function openBase(
  settings: Settings,
  backend: Base["backend"],
  onEvent: (event: BrowserSessionEvent) => void,
  onReturn: () => void,
): Base {
  const { issuer, clientId, plainHttp } = settings;
  const place = `dpop-core ${settings.name}`;
  const newSecret = (): string => encodeBase64url(backend.randomBytes(32));
  const plainSend: Send = (url, init) => sendWith(settings.fetch)(url, init);
  const store = openStore(place, (error) => onEvent({ type: "storage_failed", error }));
  const keyExclusive = createLock(`${place} key`, store, newSecret);
  const tabs = openTabs(place, hear, onReturn);
  let client: Promise<KeyedClient> | undefined;
  let server: Promise<AuthorizationServerMetadata> | undefined;

  async function openClient(previous?: KeyedClient): Promise<KeyedClient> {
    const { alg, correctClockSkew } = settings;
    const signer = await openKey(store, keyExclusive, alg, newSecret);
    const session = createAsyncClientSession({ signer, backend, plainHttp, correctClockSkew });
    if (previous?.session.jkt === session.jkt) return previous;
    await recallServers(session, store);
    const dpopFetch = createDpopFetch<FetchLike>({
      session: shareServers(session, store, tabs.tell),
      fetch: settings.fetch,
    });
    return { session, send: sendWith(dpopFetch) };
  }

  /** A failure is not kept: the next call tries again. */
  function keepClient(opening: Promise<KeyedClient>): Promise<KeyedClient> {
    client = opening;
    opening.catch(() => {
      if (client === opening) client = undefined;
    });
    return opening;
  }

  /** A failure is not kept: the next call tries again. */
  async function findServer(): Promise<AuthorizationServerMetadata> {
    try {
      return settings.metadata ?? (await discover(plainSend, issuer, plainHttp));
    } catch (error) {
      server = undefined;
      throw error;
    }
  }

  function hear(message: unknown): void {
    const event = readEvent(message);
    // A page that keeps its tokens to itself has a session of its own.
    if (event !== null && store.lasts()) onEvent(event);
    client?.then(({ session }) => learnServers(session, message)).catch(leave);
  }

  const base: Base = {
    settings,
    owner: { issuer, clientId },
    store,
    exclusive: createLock(`${place} tokens`, store, newSecret),
    backend,
    plainSend,
    newSecret,
    client: () => client ?? keepClient(openClient()),
    currentClient: async () => keepClient(openClient(await base.client())),
    server: () => (server ??= findServer()),
    async revoke({ refreshToken }) {
      if (refreshToken === undefined) return;
      try {
        const { revocation_endpoint: url } = await base.server();
        const form = { token: refreshToken, client_id: clientId };
        if (url !== undefined) await postForm(plainSend, url, form);
      } catch {
        // It ends by itself some time.
      }
    },
    announce(event) {
      onEvent(event);
      if (store.lasts()) tabs.tell(event);
    },
    close: tabs.close,
  };
  return base;
}

/** Any fetch, as this package calls it. Browsers want theirs called without an owner. */
function sendWith(given: FetchLike | undefined): Send {
  const { fetch } = globalThis as { readonly fetch?: unknown };
  return (given ?? fetch) as Send; // its own types, or the platform, say that it is one
}
