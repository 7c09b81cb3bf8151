// dpop-core/browser: the session of a web app, for pages, workers and service workers: one key and one set of tokens for
// all tabs.
import { type BrowserSession, openSession } from "./browser/session.js";
import type { BrowserSessionOptions } from "./browser/options.js";
import { webcrypto } from "./webcrypto.js";

export type { BrowserSession } from "./browser/session.js";
export type { BrowserSessionOptions } from "./browser/options.js";
export type { AuthorizationServerMetadata } from "./browser/authorization-server.js";
export type { LoginFailureCode, LoginOptions, LoginResult } from "./browser/code-flow.js";
export {
  BrowserSessionError,
  type BrowserSessionErrorCode,
  type BrowserSessionEvent,
  type LoginReason,
} from "./browser/event.js";

/**
 * Opens the session of a web app, a public client. All tabs, workers and service workers of the origin that open one of
 * the same name share it:
 *
 * - one key pair in IndexedDB, whose private key no script can read;
 * - the tokens beside it, refreshed before they end and where an API refuses them, once for all tabs, also where each refresh
 *   token can be used only once;
 * - the nonces of all servers.
 *
 * It logs in by authorization code with PKCE, `state`, `iss` and `dpop_jkt`, by a pushed request where the server takes them.
 * Where the browser keeps nothing, the key is in memory, and the event `storage_failed` says so.
 *
 * @param options the authorization server, the client and the APIs.
 * @returns the session. It asks no server before it is needed.
 * @throws rejects with a TypeError that names the option, and where the platform has no Web Cryptography: browsers offer it
 *   only to secure contexts.
 * @example
 * ```ts
 * import { openBrowserSession } from "dpop-core/browser";
 *
 * const session = await openBrowserSession({
 *   name: "app",
 *   authorizationServer: "https://as.example",
 *   clientId: "app",
 *   redirectUri: "https://app.example/callback",
 *   apis: ["https://api.example"],
 *   onEvent: (event) => console.log(event.type),
 * });
 * const login = await session.finishLogin("https://app.example/"); // null: not the end of a login
 * const url = (await session.isLoggedIn()) ? null : await session.startLogin();
 * ```
 * @see RFC 9449 sections 5, 7, 10 and 11.4; RFC 9700 section 2.1
 */
export function openBrowserSession(options: BrowserSessionOptions): Promise<BrowserSession> {
  return openSession(options, webcrypto);
}
