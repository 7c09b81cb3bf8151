// An app of React Native, for Hermes: the example of examples/clients, and calls of an API over the fetch of React Native,
// which is whatwg-fetch over the XMLHttpRequest of host.ts.
import "whatwg-fetch";
import { createApiFetch } from "../../../examples/clients/api-fetch.js";
import { openSession } from "../../../examples/clients/react-native.js";
import { type Account, createRefresh } from "../../../examples/clients/refresh.js";
import { createTokens } from "../../../examples/clients/tokens.js";

/** What the test puts before the script. */
declare const given: {
  /** null: only the key is made. */
  readonly account: Account | null;
  readonly url: string;
  /** The secure store of the device. */
  readonly stored: Record<string, string>;
};
declare function print(text: string): void;

const store = {
  getItemAsync: async (key: string) => given.stored[key] ?? null,
  setItemAsync: async (key: string, value: string) => void (given.stored[key] = value),
};

async function main(): Promise<object> {
  const session = await openSession(store, "one");
  const { jkt } = session;
  if (given.account === null) return { jkt, stored: given.stored };
  const tokens = createTokens(session, createRefresh(session, given.account));
  const apiFetch = createApiFetch(session, tokens);
  const body = JSON.stringify({ name: "two" });
  const added = await apiFetch(`${given.url}/things`, { method: "POST", body });
  const listed = await apiFetch(`${given.url}/things`);
  return { jkt, added: await added.json(), listed: await listed.json() };
}

main().then(
  (done) => print(JSON.stringify({ done })),
  (error: unknown) => print(JSON.stringify({ failed: String(error) })),
);
