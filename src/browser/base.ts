// What the parts of a session have in common: what it was opened with, the store, and the client of its key.
import type { AsyncClientSession } from "../client/session.js";
import type { Hasher } from "../jose/hash.js";
import type { AuthorizationServerMetadata, Send } from "./authorization-server.js";
import type { BrowserSessionEvent } from "./event.js";
import type { Exclusive } from "./lock.js";
import type { Store } from "./store.js";
import type { Owner, Tokens } from "./tokens.js";

/** The client of one key. */
export interface KeyedClient {
  readonly session: AsyncClientSession;
  /** fetch with proofs of this key. */
  readonly send: Send;
}

/** The parts of one session share it. */
export interface Base {
  /** Of the session. */
  readonly name: string;
  readonly owner: Owner;
  readonly redirectUri: string;
  readonly scope: string | undefined;
  readonly resource: string | undefined;
  readonly alg: string;
  readonly store: Store;
  /** For whatever replaces the tokens by asking the authorization server. */
  readonly exclusive: Exclusive;
  readonly hasher: Hasher;
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
}

/** Returns the time in seconds since the epoch. */
export { platformClock as now } from "../input/clock.js";
