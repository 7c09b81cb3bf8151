// A service worker of the app: it answers /from-worker with what the API says, and shares key, tokens and nonces with the pages.
import { openBrowserSession } from "dpop-core/browser";

interface FetchEvent extends Event {
  readonly request: Request;
  respondWith(response: Promise<Response>): void;
}

async function callApi(): Promise<Response> {
  const { authorizationServer, api } = await (await fetch("/config.json")).json();
  const session = await openBrowserSession({
    name: "example",
    authorizationServer,
    clientId: "example-app",
    redirectUri: `${location.origin}/callback`,
    apis: [api],
    onEvent: ({ type }) => console.log(type),
  });
  try {
    return await session.fetch(`${api}/hello`);
  } finally {
    session.close();
  }
}

addEventListener("fetch", (event) => {
  const { request, respondWith } = event as FetchEvent;
  if (new URL(request.url).pathname === "/from-worker") respondWith.call(event, callApi());
});
