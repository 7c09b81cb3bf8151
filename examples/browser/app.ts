// The app: a page that logs in, calls an API, and logs out, in any number of tabs.
import { openBrowserSession } from "dpop-core/browser";

// An app would have these as constants.
const { authorizationServer, api } = await (await fetch("/config.json")).json();

const session = await openBrowserSession({
  name: "example",
  authorizationServer,
  clientId: "example-app",
  redirectUri: `${location.origin}/callback`,
  apis: [api],
  onEvent(event) {
    log(event.type === "login_required" ? `Please log in again: ${event.reason}` : event.type);
    void showState();
  },
});

const login = await session.finishLogin(location.href);
if (login !== null) {
  if (!login.ok) log(`Please try again: ${login.code}`);
  // A page that is loaded again must not come here with an old code.
  history.replaceState(null, "", login.ok && login.appState === "/orders" ? login.appState : "/");
}

onClick("login", async () => location.assign(await session.startLogin({ appState: "/orders" })));
onClick("call", async () => {
  const response = await session.fetch(`${api}/hello`);
  log(`${response.status} ${await response.text()}`);
});
onClick("logout", () => session.forget());
await showState();
Object.assign(globalThis, { session }); // to try in the console

async function showState(): Promise<void> {
  const state = (await session.isLoggedIn()) ? "You are logged in." : "You are not logged in.";
  element("state").textContent = state;
}

function onClick(id: string, run: () => Promise<void>): void {
  element(id).addEventListener("click", () => {
    run().catch((error: unknown) => log(String(error)));
  });
}

function log(line: string): void {
  element("log").append(`${line}\n`);
}

function element(id: string): HTMLElement {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`the page has no ${id}`);
  return found;
}
