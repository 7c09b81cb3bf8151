import { createDpopFetch } from "dpop-core";
import * as oauth from "oauth4webapi";
import type { Account } from "./refresh.js";
import type { Refresh, Session } from "./tokens.js";

const send = (url: string, init?: object) => fetch(url, init); // as it is typed there

/** Every request of oauth4webapi gets a proof, and is sent again where a nonce is wanted. */
export function createRefresh(session: Session, account: Account): Refresh {
  const client: oauth.Client = { client_id: account.clientId };
  const issuer = new URL(account.issuer);
  const options = {
    [oauth.customFetch]: createDpopFetch({ session, fetch: send }),
    [oauth.allowInsecureRequests]: issuer.hostname === "127.0.0.1",
  };
  return async () => {
    const found = await oauth.discoveryRequest(issuer, { ...options, algorithm: "oauth2" });
    const as = await oauth.processDiscoveryResponse(issuer, found);
    const [none, token] = [oauth.None(), account.refreshToken];
    const response = await oauth.refreshTokenGrantRequest(as, client, none, token, options);
    const granted = await oauth.processRefreshTokenResponse(as, client, response);
    account.refreshToken = granted.refresh_token ?? token; // store it: the old one may end
    return granted;
  };
}
