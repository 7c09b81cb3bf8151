import { createDpopFetch } from "dpop-core";
import type { Refresh, Session } from "./tokens.js";

/** What is stored of an account, beside its key. */
export interface Account {
  readonly issuer: string;
  readonly tokenEndpoint: string;
  readonly clientId: string;
  refreshToken: string;
}

/** Asks without a library. */
export function createRefresh(session: Session, account: Account): Refresh {
  const dpopFetch = createDpopFetch({ session });
  return async () => {
    const { tokenEndpoint, clientId, refreshToken } = account;
    const grant = { grant_type: "refresh_token", refresh_token: refreshToken };
    const body = `${new URLSearchParams({ ...grant, client_id: clientId })}`; // for React Native
    const headers = { "Content-Type": "application/x-www-form-urlencoded" };
    const response = await dpopFetch(tokenEndpoint, { method: "POST", headers, body });
    const granted = await response.json();
    account.refreshToken = granted.refresh_token ?? refreshToken; // store it: the old one may end
    return granted;
  };
}
