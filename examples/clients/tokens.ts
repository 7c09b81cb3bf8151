import type { AsyncClientSession, ClientSession } from "dpop-core";

export type Session = ClientSession | AsyncClientSession;
/** Returns a token response: refresh.ts, oauth4webapi.ts, openid-client.ts. */
export type Refresh = () => Promise<{ readonly expires_in?: number | undefined }>;
export type Tokens = ReturnType<typeof createTokens>;

/** The access token of an account. All that wait for a new one share one refresh. */
export function createTokens(session: Session, refresh: Refresh) {
  let kept = { accessToken: "", until: 0 };
  let pending: Promise<void> | undefined;
  async function renew() {
    const response = await refresh();
    const token = session.readTokenResponse(response);
    if (!token.ok) throw new Error(token.code); // log in again
    const life = (response.expires_in ?? 60) - 10; // seconds, a little less than it has
    kept = { accessToken: token.accessToken, until: Date.now() + life * 1000 };
  }
  async function get() {
    if (kept.until < Date.now()) await (pending ??= renew().finally(() => (pending = undefined)));
    return kept.accessToken;
  }
  const drop = (accessToken: string) => kept.accessToken === accessToken && (kept.until = 0);
  return { get, drop }; // drop a token that an API refused
}
