import { createDpopFetch } from "dpop-core";
import * as openid from "openid-client";
import type { Account } from "./refresh.js";
import type { Refresh, Session } from "./tokens.js";

const send = (url: string, init?: object) => fetch(url, init); // as it is typed there

/** Every request of openid-client gets a proof, and is sent again where a nonce is wanted. */
export function createRefresh(session: Session, account: Account): Refresh {
  const issuer = new URL(account.issuer);
  const options: openid.DiscoveryRequestOptions = {
    [openid.customFetch]: createDpopFetch({ session, fetch: send }),
    algorithm: "oauth2",
    execute: issuer.hostname === "127.0.0.1" ? [openid.allowInsecureRequests] : [],
  };
  let config: openid.Configuration | undefined;
  return async () => {
    const { clientId, refreshToken } = account;
    config ??= await openid.discovery(issuer, clientId, undefined, openid.None(), options);
    const granted = await openid.refreshTokenGrant(config, refreshToken);
    account.refreshToken = granted.refresh_token ?? refreshToken; // store it: the old one may end
    return granted;
  };
}
