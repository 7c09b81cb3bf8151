// What is known of servers, for all tabs (RFC 9449 sections 8.2 and 9): a nonce that one tab was given serves the
// others, and the next page too.
import { nonceOf } from "../client/challenge.js";
import type { SessionState } from "../client/server-memory.js";
import type { AsyncClientSession } from "../client/session.js";
import { normalizeHtu, originOf } from "../proof/htu.js";
import { platform } from "./platform.js";
import type { Store } from "./store.js";

/** The name of the state in the store. */
export const SERVERS = "servers";

/** Milliseconds between two writes: some servers give a nonce with every response. */
const WRITE_DELAY = 1000;

/**
 * Returns a session that tells the other tabs of each new nonce, and keeps what it learns for the next page.
 *
 * @param tell tells the other tabs; each gives it to `restore` of its session.
 */
export function shareServers(
  session: AsyncClientSession,
  store: Store,
  tell: (state: SessionState) => void,
): AsyncClientSession {
  const told = new Map<string, string>();
  let isResting = false;
  let isDue = false;

  /** The first at once, since a page may go right after a login; those that come soon after it together. */
  function write(): void {
    if (isResting) {
      isDue = true;
      return;
    }
    isResting = true;
    isDue = false;
    store.update(SERVERS, () => session.state()).catch(() => undefined); // it costs a request
    platform().setTimeout(() => {
      isResting = false;
      if (isDue) write();
    }, WRITE_DELAY);
  }

  return {
    ...session,
    observe(request, response) {
      session.observe(request, response);
      const nonce = nonceOf(response);
      const htu = normalizeHtu(request.url);
      if (nonce === null || htu === null) return;
      const origin = originOf(htu);
      const role = request.accessToken === undefined ? "authorization" : "resource";
      if (told.get(role + origin) === nonce) return;
      told.set(role + origin, nonce); // a session calls a few servers
      // No more than is new: of the rest, other tabs may know better.
      tell({ servers: [{ origin, nonces: { [role]: nonce } }] });
      write();
    },
  };
}

/** Gives a session what is kept. */
export async function recallServers(session: AsyncClientSession, store: Store): Promise<void> {
  learnServers(session, await store.read(SERVERS));
}

/** Gives a session what another tab has told, or what was kept: it may be anything. */
export function learnServers(session: AsyncClientSession, state: unknown): void {
  if (typeof state === "object" && state !== null && "servers" in state) session.restore(state);
}
