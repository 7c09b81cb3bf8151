// Access tokens that are good (RFC 6749 section 6, RFC 9449 section 5): refreshed once for all tabs, also where each
// refresh token can be used only once (RFC 9700 section 4.14.2).
import { platformClock as now } from "../input/clock.js";
import { errorOf, postForm } from "./authorization-server.js";
import type { Base } from "./base.js";
import { BrowserSessionError, type LoginReason } from "./event.js";
import { pause } from "./platform.js";
import { isDue, isOver, readTokens, TOKENS, type Tokens, tokensOf } from "./tokens.js";

/** Gives access tokens. */
export interface Refresher {
  /**
   * Returns tokens that are good, after a refresh if it is time for one. Rejects with a BrowserSessionError.
   */
  good(): Promise<Tokens>;
  /** Returns other tokens than those with this access token, which a server has refused. */
  otherThan(accessToken: string): Promise<Tokens>;
  /** Returns what there is, or null. */
  peek(): Promise<Tokens | null>;
}

/** Seconds without another try, after one that failed and was not needed yet. */
const QUIET = 5;

/** Milliseconds between looks at the store, and how many. */
const LOOK_DELAY = 250;
const LOOKS = 4;

export function createRefresher(base: Base): Refresher {
  const { owner, store, exclusive } = base;
  let underWay: Promise<Tokens> | undefined;
  let quietUntil = 0;

  const stored = async (): Promise<Tokens | null> => readTokens(await store.read(TOKENS), owner);

  /** Returns tokens that are bound to the key that is kept; null where there are none. */
  async function peek(): Promise<Tokens | null> {
    for (;;) {
      const tokens = await stored();
      if (tokens === null) return null;
      const { session } = await base.client();
      if (tokens.jkt === session.jkt) return tokens;
      const current = await base.currentClient(); // another tab may have logged in with a new one
      if (tokens.jkt === current.session.jkt) return tokens;
      if (await lose(tokens, "key_lost")) return null;
    }
  }

  /** Removes tokens that are of no use, and tells; false where others are there by now. */
  async function lose(tokens: Tokens, reason: LoginReason): Promise<boolean> {
    let isLost = false;
    await store.update(TOKENS, (value) => {
      isLost = isSame(readTokens(value, owner), tokens);
      return isLost ? undefined : value;
    });
    if (isLost) base.announce({ type: "login_required", reason });
    return isLost;
  }

  /** One refresh of this tab at a time: the others of the tab take its result. */
  function refresh(refused?: string): Promise<Tokens> {
    underWay ??= exclusive(() => refreshAlone(refused)).finally(() => {
      underWay = undefined;
    });
    return underWay;
  }

  /** No other tab is here at the same time. */
  async function refreshAlone(refused: string | undefined): Promise<Tokens> {
    const tokens = await peek();
    if (tokens === null) throw new BrowserSessionError("login_required");
    const isRefused = tokens.accessToken === refused;
    // Another tab was first.
    if (!isRefused && !isDue(tokens, now())) return tokens;
    const mustGo = isRefused || isOver(tokens, now());
    const { refreshToken } = tokens;
    if (refreshToken === undefined) {
      if (!mustGo) return tokens;
      await lose(tokens, "refresh_token_missing");
      throw new BrowserSessionError("login_required");
    }
    try {
      return await use(refreshToken, tokens);
    } catch (cause) {
      const isOurs = cause instanceof BrowserSessionError;
      if (isOurs && cause.code === "login_required") throw cause;
      if (!mustGo) {
        quietUntil = now() + QUIET;
        return tokens; // good for a while
      }
      // What fails on the way to the server is no verdict on the session.
      throw isOurs ? cause : new BrowserSessionError("refresh_failed", undefined, cause);
    }
  }

  async function use(refreshToken: string, tokens: Tokens): Promise<Tokens> {
    const { session, send } = await base.client();
    const { token_endpoint: url } = await base.server();
    const sentAt = now();
    const answer = await postForm(send, url, {
      grant_type: "refresh_token",
      refresh_token: refreshToken,
      client_id: owner.clientId,
      resource: base.settings.resource,
    });
    const error = errorOf(answer);
    if (error === "invalid_grant") return afterRefusal(tokens);
    const token = session.readTokenResponse(answer.body);
    if (answer.status !== 200 || answer.body === undefined || !token.ok) {
      throw new BrowserSessionError("refresh_failed", error);
    }
    const { accessToken } = token;
    const next = tokensOf({ ...tokens, accessToken }, answer.body, sentAt, refreshToken);
    await store.update(TOKENS, (value) =>
      isSame(readTokens(value, owner), tokens) ? next : value,
    );
    // Not `next` where the user has logged out meanwhile, or has logged in again.
    const kept = await peek();
    if (kept !== null) return kept;
    await base.revoke(next);
    throw new BrowserSessionError("login_required");
  }

  /**
   * Without the platform's locks, or after a page that slept, two tabs can use one refresh token. The one that
   * is refused takes what the other got, which may be a moment from being stored.
   */
  async function afterRefusal(tokens: Tokens): Promise<Tokens> {
    for (let looks = LOOKS; ; looks--) {
      const present = await peek();
      if (present === null) throw new BrowserSessionError("login_required");
      if (!isSame(present, tokens)) return present;
      if (looks === 0) break;
      await pause(LOOK_DELAY);
    }
    await lose(tokens, "refresh_refused");
    throw new BrowserSessionError("login_required");
  }

  return {
    peek,
    async good() {
      const tokens = await peek();
      if (tokens === null) throw new BrowserSessionError("login_required");
      const waits = now() < quietUntil && !isOver(tokens, now());
      return isDue(tokens, now()) && !waits ? refresh() : tokens;
    },
    async otherThan(accessToken) {
      const tokens = await refresh(accessToken);
      // The refresh that was under way may have begun for another reason.
      return tokens.accessToken === accessToken ? refresh(accessToken) : tokens;
    },
  };
}

/** The same refresh and access token: no one has replaced them. */
function isSame(tokens: Tokens | null, other: Tokens): boolean {
  return (
    tokens !== null &&
    tokens.accessToken === other.accessToken &&
    tokens.refreshToken === other.refreshToken
  );
}
