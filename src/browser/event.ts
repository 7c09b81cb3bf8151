// What an app is told of its session: events of all tabs, and errors of calls.

/**
 * Why the user has to log in again. `key_lost`: the key that the tokens are bound to is gone or damaged.
 * `refresh_refused`: the authorization server takes the refresh token no more. `refresh_token_missing`: the
 * access token has ended, and the server gave no refresh token.
 */
export type LoginReason = "key_lost" | "refresh_refused" | "refresh_token_missing";

/** What happened to a session. */
export type BrowserSessionEvent =
  /** A login ended well, in this tab or in another. */
  | { readonly type: "logged_in" }
  /** `forget` was called, in this tab or in another. */
  | { readonly type: "logged_out" }
  /** The session can't go on. It is told once for each login, in every tab. */
  | { readonly type: "login_required"; readonly reason: LoginReason }
  /**
   * The browser keeps nothing, or no keys, or has stopped doing so: in some private windows, in lockdown modes, on a full disk. The
   * key and the tokens are in the memory of this page and end with it; no other tab sees them.
   */
  | { readonly type: "storage_failed"; readonly error: unknown };

/**
 * `login_required`: there are no tokens. `refresh_failed`: the authorization server gave no new token, and the
 * old one has ended; the session is still there, so try again later. `request_refused`: the authorization server
 * refused the pushed authorization request.
 */
export type BrowserSessionErrorCode = "login_required" | "refresh_failed" | "request_refused";

/** What calls of a session reject with. Test `name` or `code` rather than `instanceof`. */
export class BrowserSessionError extends Error {
  override readonly name = "BrowserSessionError";
  readonly code: BrowserSessionErrorCode;
  /** What the authorization server gave as `error`, if it answered. */
  readonly error: string | undefined;

  /** @param cause what was thrown underneath. */
  constructor(code: BrowserSessionErrorCode, error?: string, cause?: unknown) {
    super(MESSAGES[code]);
    this.code = code;
    this.error = error;
    if (cause !== undefined) Object.assign(this, { cause });
  }
}

const MESSAGES: Readonly<Record<BrowserSessionErrorCode, string>> = {
  login_required: "The user has to log in",
  refresh_failed: "The access token could not be refreshed now",
  request_refused: "The authorization server refused the authorization request",
};

/** Returns the event that another tab sent; null for anything else. */
export function readEvent(value: unknown): BrowserSessionEvent | null {
  const { type, reason } = Object(value) as { readonly type?: unknown; readonly reason?: unknown };
  if (type === "logged_in" || type === "logged_out") return { type };
  if (type !== "login_required" || typeof reason !== "string") return null;
  return { type, reason: reason as LoginReason }; // of a tab with this package
}
