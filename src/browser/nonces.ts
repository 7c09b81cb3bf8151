// Nonces of all tabs (RFC 9449 sections 8.2 and 9): what a server gave to one tab serves the others, and the next page too.
import { nonceOf } from "../client/challenge.js";
import type { AnsweredRequest, AsyncClientSession } from "../client/session.js";
import { normalizeHtu, originOf } from "../proof/htu.js";
import type { ServerRole } from "../client/server-memory.js";
import { isNonce } from "../proof/nonce.js";
import { platform } from "./platform.js";
import type { Store } from "./store.js";

/** The name of the nonces in the store. */
export const NONCES = "nonces";

/** A nonce, and what it is for. */
export interface SharedNonce {
  readonly origin: string;
  readonly role: ServerRole;
  readonly nonce: string;
}

/** A session as a tab uses it: it tells the others which nonces it was given. */
export type SharingSession = Pick<AsyncClientSession, "buildProof" | "observe" | "shouldRetry">;

/** Servers whose nonces are kept. A session calls a few. */
const MOST_SERVERS = 16;

/** Milliseconds between two writes: some servers give a nonce with every response. */
const WRITE_DELAY = 1000;

/** What shares the nonces of a session. */
export interface NonceShare {
  sharing(session: AsyncClientSession): SharingSession;
  /** Gives a session what another tab was given. */
  learn(session: AsyncClientSession, nonce: SharedNonce): void;
  /** Gives a new session what is kept. */
  recall(session: AsyncClientSession): Promise<void>;
}

/** @param tell tells the other tabs. */
export function createNonceShare(store: Store, tell: (nonce: SharedNonce) => void): NonceShare {
  const latest = new Map<string, SharedNonce>();
  let isResting = false;
  let isDue = false;

  function keep(shared: SharedNonce): boolean {
    const name = nameOf(shared);
    if (latest.get(name)?.nonce === shared.nonce) return false;
    latest.delete(name); // the latest come last
    latest.set(name, shared);
    for (const oldest of latest.keys()) {
      if (latest.size <= MOST_SERVERS) break;
      latest.delete(oldest);
    }
    return true;
  }

  /** The first at once, since a page may go right after a login; those that come soon after it together. */
  function write(): void {
    if (isResting) {
      isDue = true;
      return;
    }
    isResting = true;
    isDue = false;
    store.update(NONCES, () => [...latest.values()]).catch(() => undefined); // it costs a request
    platform().setTimeout(() => {
      isResting = false;
      if (isDue) write();
    }, WRITE_DELAY);
  }

  return {
    sharing: (session) => ({
      buildProof: session.buildProof,
      shouldRetry: session.shouldRetry,
      observe(request, response) {
        session.observe(request, response);
        const nonce = nonceOf(response);
        const htu = normalizeHtu(request.url);
        if (nonce === null || htu === null) return;
        const role = request.accessToken === undefined ? "authorization" : "resource";
        const shared: SharedNonce = { origin: originOf(htu), role, nonce };
        if (!keep(shared)) return;
        tell(shared);
        write();
      },
    }),
    learn(session, shared) {
      if (keep(shared)) observe(session, shared);
    },
    async recall(session) {
      const kept = await store.read(NONCES);
      for (const value of Array.isArray(kept) ? kept.slice(-MOST_SERVERS) : []) {
        const shared = readSharedNonce(value);
        // What other tabs said since is newer than what is kept.
        if (shared !== null && !latest.has(nameOf(shared))) keep(shared);
      }
      for (const shared of latest.values()) observe(session, shared);
    },
  };
}

function nameOf({ role, origin }: SharedNonce): string {
  return `${role} ${origin}`;
}

/** Lets a session see a response that has the nonce and says nothing else. */
function observe(session: AsyncClientSession, { origin, role, nonce }: SharedNonce): void {
  const request: AnsweredRequest =
    role === "resource" ? { url: origin, accessToken: "-" } : { url: origin };
  const headers = { get: (name: string) => (name === "dpop-nonce" ? nonce : null) };
  session.observe(request, { status: 200, headers });
}

/** Returns null for anything that is no nonce of a server. */
export function readSharedNonce(value: unknown): SharedNonce | null {
  if (typeof value !== "object" || value === null) return null;
  const { origin, role, nonce } = value as Partial<Record<keyof SharedNonce, unknown>>;
  if (typeof origin !== "string" || normalizeHtu(origin) === null) return null;
  if ((role !== "resource" && role !== "authorization") || !isNonce(nonce)) return null;
  return { origin, role, nonce };
}
