// The script of the pages that cases use: it opens sessions with options of the case, and makes calls.
import {
  type BrowserSession,
  type BrowserSessionEvent,
  type BrowserSessionOptions,
  openBrowserSession,
} from "dpop-core/browser";

const events: BrowserSessionEvent[] = [];

/** Opens the session of the example, or another one. */
async function openSession(options: Partial<BrowserSessionOptions> = {}): Promise<void> {
  const { authorizationServer, api } = await (await fetch("/config.json")).json();
  const session = await openBrowserSession({
    name: "example",
    authorizationServer,
    clientId: "example-app",
    redirectUri: `${location.origin}/callback`,
    apis: [api],
    onEvent: (event) => events.push(event),
    ...options,
  });
  Object.assign(globalThis, { session, api });
}

/** Calls the API, and says what came of it: a status, or the code of an error. */
async function call(): Promise<number | string> {
  const { session, api } = globalThis as unknown as { session: BrowserSession; api: string };
  try {
    const response = await session.fetch(`${api}/hello`);
    await response.text();
    return response.status;
  } catch (error) {
    return String((error as { readonly code?: unknown }).code ?? error); // an error of any kind
  }
}

/** Reads, changes or removes what the store of the example holds. */
function inStore(
  change: (values: IDBObjectStore) => IDBRequest,
  name = "example",
): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const opening = indexedDB.open(`dpop-core ${name}`, 1);
    opening.addEventListener("error", () => reject(opening.error));
    opening.addEventListener("success", () => {
      const transaction = opening.result.transaction("values", "readwrite");
      const request = change(transaction.objectStore("values"));
      transaction.addEventListener("abort", () => reject(transaction.error));
      transaction.addEventListener("complete", () => {
        opening.result.close();
        resolve(request.result);
      });
    });
  });
}

/** The types of the events so far, with the reasons. */
const seen = () =>
  events.map((event) =>
    event.type === "login_required" ? `${event.type} ${event.reason}` : event.type,
  );

Object.assign(globalThis, { call, events, inStore, openSession, seen });
